"""What each part says of its own health, and the leases: the payload of topic `status`, one record a subject."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from schemas.alert import WIRE


class Condition(StrEnum):
    """Whether somebody must do something."""

    OK = "ok"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """The newest word on a subject (`feed:jma.extra`, `lease:jma.extra`, `canary:fold`, `service:dispatcher` …).

    `since`: when the condition began. `reported_at`: when this was said; older than `silence_s` means that whoever
    reports fell silent, which is an alarm by itself (None: not expected to repeat). `until`: of a lease, when it ends
    unless renewed. `message` says what is, `hint` what to do about it.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    subject: str
    condition: Condition
    since: datetime
    reported_at: datetime
    silence_s: float | None = None
    until: datetime | None = None
    code: str = ""
    message: str = ""
    hint: str = ""


def next_report(before: StatusReport | None, report: StatusReport) -> StatusReport:
    """The report with `since` carried over from the one before while the condition stays the same."""
    if before is None or before.condition is not report.condition:
        return report
    return StatusReport(
        subject=report.subject,
        condition=report.condition,
        since=before.since,
        reported_at=report.reported_at,
        silence_s=report.silence_s,
        until=report.until,
        code=report.code,
        message=report.message,
        hint=report.hint,
    )


def is_silent(report: StatusReport, now: datetime) -> bool:
    """Whether the reporter has been silent for longer than it said it would ever be."""
    return report.silence_s is not None and (now - report.reported_at).total_seconds() > report.silence_s


def lease_subject(source: str) -> str:
    """The subject under which a source's lease stands."""
    return f"lease:{source}"


def leased_source(subject: str) -> str | None:
    """The source of a lease's subject, None when the subject is no lease."""
    kind, _, source = subject.partition(":")
    return source if kind == "lease" else None
