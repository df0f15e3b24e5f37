"""The canary in ingest: what it says of each stage it passes (poll, log, parse). Its silence is the alarm."""

from __future__ import annotations

from datetime import datetime

from schemas.status import Condition, StatusReport

SILENT_INTERVALS = 3
"""A stage that no canary has passed for three of its intervals has an alarm; who reads the status judges that."""


def passed(stage: str, at: datetime, every_s: float) -> StatusReport:
    """`canary:<stage>`: a canary has just passed it."""
    return StatusReport(
        subject=f"canary:{stage}",
        condition=Condition.OK,
        since=at,
        reported_at=at,
        silence_s=SILENT_INTERVALS * every_s,
        message=f"the canary passed {stage}",
        hint=f"if it falls silent, nothing passes {stage}: look at the logs of ingest",
    )
