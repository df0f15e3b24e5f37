"""`hansho migrate`: the log of one host, moved to Kafka: the same records, ids and keys, and how far every group has come.

Offsets are new there, so groups' positions are translated and the epoch of the streams changes: signs and pages take a
fresh snapshot. A move that was broken off goes on where it stopped; a repeat of one that was completed does nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from schemas import codec
from schemas.codec import Payload
from schemas.situation import EPOCH_KEY
from schemas.status import Condition, StatusReport
from schemas.telegram import Epoch
from schemas.topics import TOPICS, Topic
from services.eventlog.kafka.log import KafkaLog
from services.eventlog.kafka.wire import parse
from services.eventlog.port import BEFORE_FIRST, FETCH_MAX, EventLog, LogMismatch, Message, Record
from services.eventlog.progress import Place
from services.eventlog.sqlite import SqliteLog

MARK = "migration"
"""The subject in `status` under which it stands that a move was completed."""
SOURCE = "migrate"
Name = tuple[str, str]
"""(key, id): names a record within its partition, in every engine."""

Say = Callable[[str], None]


async def migrate(source: Path, to: str, say: Say, *, topics: Mapping[str, Topic] = TOPICS, dev: bool = False) -> str:
    """Move the log at `source` to `to`; answers what was done, in a line.

    Raises ValueError for a wrong address, `LogInUse` while hansho runs on the source, `LogMismatch` where there is no
    source, or where the target has records that are not of this move.
    """
    address = parse(to)
    if address is None:
        raise ValueError(f"--to {to!r}: an address is kafka://HOST:PORT[,HOST:PORT]/PREFIX")
    if not await asyncio.to_thread(source.exists):
        raise LogMismatch(f"There is no log at {source}. Give the data directory of the `hansho run` that is to move.")
    here = await SqliteLog.open(source, topics)
    try:
        there = await KafkaLog.open(address, topics, clock=lambda: datetime.now(UTC), stamped=lambda at: at, dev=dev)
        try:
            return await _Move(here, there, topics, say).run()
        finally:
            await there.close()
    finally:
        await here.close()


class _Move:
    def __init__(self, here: SqliteLog, there: KafkaLog, topics: Mapping[str, Topic], say: Say) -> None:
        self._here = here
        self._there = there
        self._places = [(name, partition) for name, topic in topics.items() for partition in range(topic.partitions)]
        self._say = say

    async def run(self) -> str:
        """Copy, translate positions, mark."""
        if await self._is_done():
            return "this log was moved there before: nothing was done"
        offsets: dict[Place, dict[int, int]] = {}
        count = 0
        for place in self._places:
            records = [one for one in await _all(self._here, place) if (place[0], one.key) != ("situation", EPOCH_KEY)]
            count += await self._copy(place, records)
            offsets[place] = await self._mapped(place, records)
            if records:
                self._say(f"{place[0]}/{place[1]}: {len(records)} records")
        groups = await self._set_positions(offsets)
        await self._begin_anew()
        await self._mark(count)
        return f"moved {count} records and the positions of {groups} groups; start the services on the new log now"

    async def _is_done(self) -> bool:
        return any(record.key == MARK for record in await _all(self._there, ("status", 0)))

    async def _copy(self, place: Place, records: Sequence[Record]) -> int:
        """Append what is not there yet; answers how many."""
        wanted = {_name(record) for record in records}
        found = {_name(record) for record in await _all(self._there, place)}
        strange = {name for name in found - wanted if name[0] != EPOCH_KEY}
        if strange:
            raise LogMismatch(
                f"{place[0]}/{place[1]} of the new log has records that are not of this move, such as {min(strange)}: "
                "nothing more was moved. Move to another prefix, or to topics that nobody has used."
            )
        left = [record for record in records if _name(record) not in found]
        for start in range(0, len(left), FETCH_MAX):
            await self._there.take_over(left[start : start + FETCH_MAX])
        return len(left)

    async def _mapped(self, place: Place, records: Sequence[Record]) -> dict[int, int]:
        """Old offset → new; reads everything back, so what is not there is found out."""
        new = {_name(record): record.offset for record in await _all(self._there, place)}
        lost = [record.id for record in records if _name(record) not in new]
        if lost:
            raise LogMismatch(
                f"{place[0]}/{place[1]}: {len(lost)} records did not arrive, such as {lost[0]}; run it again"
            )
        return {record.offset: new[_name(record)] for record in records}

    async def _set_positions(self, offsets: Mapping[Place, Mapping[int, int]]) -> int:
        positions: dict[str, dict[Place, int]] = {}
        for lag in await self._here.groups():
            place = (lag.topic, lag.partition)
            passed = [new for old, new in offsets.get(place, {}).items() if old <= lag.committed]
            positions.setdefault(lag.group, {})[place] = max(passed, default=BEFORE_FIRST) + 1
        for group, places in positions.items():
            await self._there.set_positions(group, places)
        return len(positions)

    async def _begin_anew(self) -> None:
        """A cursor of the old log must not be taken for one of the new: their offsets differ."""
        if not any(record.key == EPOCH_KEY for record in await _all(self._there, ("situation", 0))):
            epoch = uuid4().hex
            await self._there.append("situation", [_message(Epoch(epoch=epoch), EPOCH_KEY, f"epoch:{epoch}")])

    async def _mark(self, count: int) -> None:
        now = datetime.now(UTC)
        said = f"{count} records were moved here from the log of one host"
        report = StatusReport(subject=MARK, condition=Condition.OK, since=now, reported_at=now, message=said)
        await self._there.append("status", [_message(report, MARK, f"{MARK}:{now.isoformat()}")])


async def _all(log: EventLog, place: Place) -> list[Record]:
    found: list[Record] = []
    after = BEFORE_FIRST
    while batch := await log.read(*place, after=after):
        found += batch
        after = batch[-1].offset
    return found


def _name(record: Record) -> Name:
    return record.key, record.id


def _message(payload: Payload, key: str, id_: str) -> Message:
    headers = codec.headers(payload, id=id_, source=SOURCE, at=datetime.now(UTC))
    return Message(key=key, value=codec.encode(payload), id=id_, headers=headers)
