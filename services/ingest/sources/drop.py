"""Directory drop: files that a contract's own decoder leaves in a folder, taken in one by one.

A file is written under another name and renamed to `*.jsonl` when it is whole. What was read goes to `taken/`, what could
not be read to `refused/`, after its readings are in the log: a crash between reads it again, and changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from services.eventlog.port import EventLog
from services.ingest.core import polling, trouble
from services.ingest.core.polling import Failed, Fresh, Watch
from services.ingest.core.river import drop, keeping
from services.ingest.core.river.city import Gauges
from services.ingest.core.river.formats import read_as
from services.ingest.core.river.found import DOCUMENT_BYTES_MAX, Found
from services.ingest.core.river.sources import SOURCES
from services.ingest.sources.jma import Outcome, Polled
from services.ingest.sources.observed import Observed
from services.ingest.sources.rivers import plan_of
from services.runtime import logs
from services.runtime.clock import Clock

SUFFIX = "*.jsonl"
FILES_MAX = 100
"""Files taken at one look; the rest at the next."""
TAKEN, REFUSED = "taken", "refused"

_log = logs.get("ingest")


@dataclass(slots=True, kw_only=True)
class DropPoller:
    """Looks into one folder."""

    log: EventLog
    clock: Clock
    gauges: Gauges
    observed: Observed
    folder: Path
    _watch: Watch | None = field(default=None)

    async def poll_once(self, now: datetime) -> Polled:
        """Take in what lies there."""
        source = SOURCES[drop.SOURCE]
        plan = plan_of(source, "")
        watch = self._watch or Watch(started_at=now, long_due=False)
        await self.observed.refresh()
        appended: list[str] = []
        try:
            files = await asyncio.to_thread(self._files)
            newest = [await self._take(file, now, appended) for file in files]
        except OSError as error:
            failed = Failed(trouble=trouble.no_drop(str(self.folder), error.strerror or repr(error)))
            self._watch = polling.after(plan, watch, failed, now)
            return self._polled(Outcome.FAILED, appended, now)
        latest = max((at for at in (*newest, watch.updated_at) if at is not None), default=None)
        if latest is not None:
            watch = polling.after(plan, watch, Fresh(updated_at=latest, oldest_at=latest, newest_at=latest), now)
        self._watch = watch
        return self._polled(Outcome.FRESH if files else Outcome.UNCHANGED, appended, now)

    def _files(self) -> list[Path]:
        for place in (TAKEN, REFUSED):
            (self.folder / place).mkdir(exist_ok=True)
        return sorted(path for path in self.folder.glob(SUFFIX) if path.is_file())[:FILES_MAX]

    async def _take(self, file: Path, now: datetime, appended: list[str]) -> datetime | None:
        found = await asyncio.to_thread(_read, file)
        said = keeping.observations(found, self.gauges.stations, now)
        appended += await self.observed.append(said, now)
        place = REFUSED if found.defects else TAKEN
        for defect in found.defects:
            _log.error("drop.refused", file=file.name, code=defect.code, reason=defect.reason, hint=defect.hint)
        await asyncio.to_thread(file.rename, self.folder / place / file.name)
        return keeping.newest(found)

    def _polled(self, outcome: Outcome, appended: Iterable[str], now: datetime) -> Polled:
        plan = plan_of(SOURCES[drop.SOURCE], "")
        assert self._watch is not None
        lease = polling.lease_report(plan, self._watch, now)
        reports = [polling.feed_report(plan, self._watch, now), *([lease] if lease else [])]
        return Polled(source=drop.SOURCE, outcome=outcome, appended=tuple(appended), reports=tuple(reports))


def _read(file: Path) -> Found:
    with file.open("rb") as opened:
        return read_as(drop.SOURCE, opened.read(DOCUMENT_BYTES_MAX + 1), file.name)
