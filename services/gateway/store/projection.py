"""What this gateway knows, followed from the log: topic `situation` into a mirror, topic `status` into reports.

Both are followed without a group from their beginning, so any number of gateways agree and none holds anything back.
While the log cannot be read the last situation stays, with its age; reading goes on as soon as it can.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TypeGuard

from schemas.codec import Payload, Undecodable
from schemas.lifecycle import Stream
from schemas.situation import EPOCH_KEY
from schemas.status import StatusReport
from schemas.telegram import Epoch
from services.eventlog.port import BEFORE_FIRST, EventLog, EventLogError, Record
from services.gateway.core.mirror import Change, Mirror, fold
from services.gateway.core.view import Trouble, View
from services.runtime import logs, records
from services.runtime.clock import Clock
from services.runtime.consuming import dead

RETRY_S = 1.0
"""How long to wait before the log is asked again after it failed."""

_log = logs.get("gateway")


@dataclass(slots=True)
class Projection:
    """The gateway's state. It changes only between awaits of the event loop; `view` is its value at one moment."""

    log: EventLog
    clock: Clock
    started_at: datetime
    mirror: Mirror = field(default_factory=Mirror)
    reports: Mapping[str, StatusReport] = field(default_factory=lambda: MappingProxyType({}))
    unreadable: Mapping[str, Trouble] = field(default_factory=lambda: MappingProxyType({}))
    appending: Trouble | None = None
    _read_to_head: set[str] = field(default_factory=set)
    _failed: dict[str, Trouble] = field(default_factory=dict)
    _bell: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def loaded(self) -> bool:
        """Whether both topics were read to their heads once, and the log's epoch is known."""
        return self._read_to_head >= {"situation", "status"} and bool(self.mirror.epoch)

    def view(self) -> View:
        """Everything known now."""
        now = self.clock.now()
        reading = next(iter(self._failed.values()), None)
        return View(
            now=now,
            started_at=self.started_at,
            mirror=self.mirror,
            reports=self.reports,
            loaded=self.loaded,
            as_of=now if reading is None else reading.since,
            reading=reading,
            appending=self.appending,
            unreadable=self.unreadable,
        )

    def bell(self) -> asyncio.Event:
        """Rings at the next change. Take it before looking at the view: then no change falls between look and wait."""
        return self._bell

    async def follow_situation(self) -> None:
        """Keep the mirror at the head of `situation` until cancelled."""
        await self._follow("situation", self._take_situation)

    async def follow_status(self) -> None:
        """Keep the newest report of each subject until cancelled."""
        await self._follow("status", self._take_status)

    async def _follow(self, topic: str, take: Callable[[Sequence[Record]], Awaitable[None]]) -> None:
        after = BEFORE_FIRST
        while True:
            try:
                batch = await self.log.read(topic, 0, after=after)
                if batch:
                    await take(batch)
                    after = batch[-1].offset
                    continue
                self._at_head(topic)
                await self.log.wait({(topic, 0): after})
            except EventLogError as error:
                self._fail(topic, error)
                await self.clock.sleep(RETRY_S)

    def _at_head(self, topic: str) -> None:
        self._failed.pop(topic, None)
        if topic not in self._read_to_head:
            self._read_to_head.add(topic)
            _log.event("projection.loaded", topic=topic, offset=self.mirror.offset, streams=len(self.mirror.streams))
        self._ring()

    def _fail(self, topic: str, error: EventLogError) -> None:
        if topic not in self._failed:
            _log.error("log.unreadable", topic=topic, code=error.code, error=str(error))
        hint = "look at the log's disk and process; the last situation stays on the screens, with its age"
        trouble = Trouble(since=self.clock.now(), code=error.code, message=f"{topic}: {error}", hint=hint)
        self._failed.setdefault(topic, trouble)

    async def _take_situation(self, batch: Sequence[Record]) -> None:
        # In a thread: to read a situation of hundreds of streams takes longer than the event loop may be held.
        live = "situation" in self._read_to_head
        self.mirror, defects = await asyncio.to_thread(folded, self.mirror, batch, live=live)
        readable = {record.key for record in batch} - {record.key for record, _ in defects}
        if defects or not readable.isdisjoint(self.unreadable):
            self.unreadable = MappingProxyType({k: v for k, v in self.unreadable.items() if k not in readable})
            for record, defect in defects:
                await self._bury(record, defect)
        self._ring()

    async def _bury(self, record: Record, defect: Undecodable) -> None:
        hint = "what is shown of this stream is older than what is known; update this gateway, or mend the writer"
        message = f"situation {record.key} at offset {record.offset}: {defect.reason}"
        trouble = Trouble(since=self.clock.now(), code=defect.code, message=message, hint=hint)
        self.unreadable = MappingProxyType({**self.unreadable, record.key: trouble})
        _log.error(
            "situation.unreadable", code=defect.code, stream=record.key, offset=record.offset, error=defect.reason
        )
        letter = dead(record, code=defect.code, reason=defect.reason, hint=hint, clock=self.clock)
        try:
            await self.log.append(letter.topic, [letter.message])
        except EventLogError as error:  # the record itself stands in `situation`: nothing is lost
            _log.error("dead.refused", code=error.code, stream=record.key, error=str(error))

    async def _take_status(self, batch: Sequence[Record]) -> None:
        reports = dict(self.reports)
        for record in batch:
            report = records.payload(record)
            if report is None:
                reports.pop(record.key, None)
            elif isinstance(report, StatusReport):
                reports[record.key] = report
            else:
                _log.warning("status.unreadable", subject=record.key, offset=record.offset)
        self.reports = MappingProxyType(reports)
        self._ring()

    def _ring(self) -> None:
        ringing, self._bell = self._bell, asyncio.Event()
        ringing.set()


def folded(mirror: Mirror, batch: Sequence[Record], *, live: bool) -> tuple[Mirror, list[tuple[Record, Undecodable]]]:
    """The mirror after these records, and those that it could not take."""
    changes: list[Change] = []
    defects: list[tuple[Record, Undecodable]] = []
    for record in batch:
        value = records.payload(record)
        if isinstance(value, Undecodable):
            defects.append((record, value))
        elif _fits(value, record):
            changes.append(_change(record, value))
        else:
            defects.append((record, Undecodable(code="E5204", reason=f"its value is no stream {record.key!r}")))
    try:
        return fold(mirror, changes, live=live), defects
    except Exception:  # noqa: BLE001 - whatever a record does to the fold, the others must be taken
        return folded_singly(mirror, batch, live=live)


def folded_singly(
    mirror: Mirror, batch: Sequence[Record], *, live: bool
) -> tuple[Mirror, list[tuple[Record, Undecodable]]]:
    """Record by record, without those that the fold cannot take."""
    defects: list[tuple[Record, Undecodable]] = []
    for record in batch:
        value = records.payload(record)
        try:
            assert _fits(value, record), "the value is not what its key says"
            mirror = fold(mirror, [_change(record, value)], live=live)
        except Exception as error:  # noqa: BLE001 - as above
            defects.append((record, Undecodable(code="E5204", reason=repr(error))))
    return mirror, defects


def _fits(value: Payload | Undecodable | None, record: Record) -> TypeGuard[Stream | Epoch | None]:
    """Whether the value is what its key says: a stream under its own id, the epoch, or a stream's end."""
    if isinstance(value, Stream):
        return record.key == value.stream
    return value is None or (record.key == EPOCH_KEY and isinstance(value, Epoch))


def _change(record: Record, value: Stream | Epoch | None) -> Change:
    cause = record.headers.get("ce_causationid", "")
    return Change(offset=record.offset, key=record.key, id=record.id, cause=cause, value=value)
