"""Where a run keeps its data, and that demo, live and other data never meet in one directory."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from schemas.status import Condition, StatusReport
from services.eventlog.port import BEFORE_FIRST, EventLog
from services.runtime import records
from services.runtime.clock import Clock
from services.runtime.errors import HanshoError
from services.runtime.reporting import Reporter
from services.runtime.settings import Settings

SUBJECT = "deployment:mode"


class DataDirRefused(HanshoError):
    """The data directory holds the log of another kind of run."""

    code: ClassVar[str] = "E6002"


def data_dir(settings: Settings) -> Path:
    """The directory of this run's log: its own for each mode unless one is named."""
    return settings.data_path


async def claim(log: EventLog, settings: Settings, clock: Clock) -> None:
    """Mark a new log with this run's mode; refuse one that another mode has ever written (`DataDirRefused`)."""
    marked = await _mode(log)
    if marked == settings.mode:
        return
    if marked is None and await log.head("telegrams", 0) == BEFORE_FIRST:
        now = clock.now()
        mark = StatusReport(subject=SUBJECT, condition=Condition.OK, since=now, reported_at=now, message=settings.mode)
        await log.append("status", [Reporter("runtime", clock).output(mark).message])
        return
    msg = (
        f"{settings.log_url} holds the data of a {marked or 'nameless'} run and this is a {settings.mode} run: drills and "
        "real alerts must never share a log. Use another --data-dir (or another prefix on Kafka), or move the old one away."
    )
    raise DataDirRefused(msg)


async def _mode(log: EventLog) -> str | None:
    after = BEFORE_FIRST
    mode: str | None = None
    while batch := await log.read("status", 0, after=after):
        after = batch[-1].offset
        for record in batch:
            report = records.payload(record)
            if record.key == SUBJECT and isinstance(report, StatusReport):
                mode = report.message
    return mode
