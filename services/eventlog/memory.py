"""The event log in memory, for tests: the same promises as the SQLite engine, but durability ends with the process."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import orjson

from schemas.topics import TOPICS, Policy, Topic
from services.eventlog.admission import Entry, admit, admit_outputs, checked_limit, checked_place, topic_named
from services.eventlog.consumer import GroupConsumer, cut, gather, member_text
from services.eventlog.news import News
from services.eventlog.port import (
    BEFORE_FIRST,
    FETCH_BYTES_MAX,
    FETCH_MAX,
    Consumer,
    GroupInUse,
    GroupLag,
    Message,
    Output,
    Position,
    Record,
    Release,
)
from services.eventlog.progress import Place, Progress, Wanted
from services.eventlog.retention import cutoff, is_removable


def _offset(record: Record) -> int:
    return record.offset


class MemoryLog:
    """Lists of records, one a partition, and dictionaries beside them."""

    def __init__(
        self, topics: Mapping[str, Topic] = TOPICS, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Start empty. `clock` stamps the records."""
        self._topics = topics
        self._clock = clock
        self._records: dict[Place, list[Record]] = defaultdict(list)
        self._standing: dict[tuple[str, str], Position] = {}
        """(topic, id) → position, of the records in topics that are not compacted."""
        self._newest: dict[tuple[str, str], Position] = {}
        """(topic, key) → position, of the records in compacted topics."""
        self._last_offset = 0
        self._groups: dict[str, dict[Place, int]] = {}
        self._members: set[str] = set()
        self._news = News({})

    @property
    def news(self) -> News:
        """Heads and bell, for consumers."""
        return self._news

    async def append(self, topic: str, messages: Sequence[Message]) -> list[Position]:
        """Keep the messages; see the port."""
        self._news.check_open()
        entries = admit(self._topics, topic, messages)
        # A caller must not get used to an append that never yields: the other engines do.
        await asyncio.sleep(0)
        self._news.check_open()
        return self._keep(entries)

    def _keep(self, entries: Sequence[Entry]) -> list[Position]:
        at = self._clock()
        positions = [self._placed(entry, at) for entry in entries]
        self._news.ring()
        return positions

    def _placed(self, entry: Entry, at: datetime) -> Position:
        topic, message = entry.topic, entry.message
        compacted = topic.policy is Policy.COMPACT
        index = self._newest if compacted else self._standing
        name = (topic.name, message.key if compacted else message.id)
        stands = index.get(name)
        if stands is not None and not compacted:
            return stands
        if stands is not None:
            self._drop(stands)
        self._last_offset += 1
        position = Position(topic=topic.name, partition=entry.partition, offset=self._last_offset)
        index[name] = position
        place = (topic.name, entry.partition)
        self._records[place].append(
            Record(
                topic=topic.name,
                partition=entry.partition,
                offset=position.offset,
                key=message.key,
                value=message.value,
                id=message.id,
                headers=orjson.loads(entry.headers),
                appended_at=at,
            )
        )
        self._news.raise_heads({place: position.offset})
        return position

    def _drop(self, position: Position) -> None:
        records = self._records[position.topic, position.partition]
        del records[bisect_right(records, position.offset - 1, key=_offset)]

    async def read(
        self, topic: str, partition: int, *, after: int = BEFORE_FIRST, limit: int = FETCH_MAX
    ) -> list[Record]:
        """Records of one partition; see the port."""
        self._news.check_open()
        place = checked_place(self._topics, topic, partition)
        return self._read(place, after, checked_limit(limit), FETCH_BYTES_MAX)

    def _read(self, place: Place, after: int, limit: int, bytes_max: int) -> list[Record]:
        records = self._records[place]
        start = bisect_right(records, after, key=_offset)
        return cut(records[start : start + limit], bytes_max)

    async def head(self, topic: str, partition: int) -> int:
        """The highest offset ever given in the partition."""
        self._news.check_open()
        return self._news.head(checked_place(self._topics, topic, partition))

    async def wait(self, seen: Mapping[tuple[str, int], int]) -> None:
        """Return when there is a record above; see the port."""
        self._news.check_open()
        known: dict[Place, int] = {}
        for (topic, partition), offset in seen.items():
            place = checked_place(self._topics, topic, partition)
            if self._read(place, offset, 1, FETCH_BYTES_MAX):
                return
            known[place] = max(offset, self._news.head(place))
        await self._news.above(known)

    @asynccontextmanager
    async def consume(
        self, group: str, topics: Sequence[str], *, alone: bool = False, release: Release | None = None
    ) -> AsyncIterator[Consumer]:
        """Join a group; see the port. Here its only member has every partition for ever."""
        del alone, release
        self._news.check_open()
        named = [topic_named(self._topics, name) for name in topics]
        if group in self._members:
            raise GroupInUse(member_text(group))
        places = [(topic.name, partition) for topic in named for partition in range(topic.partitions)]
        committed = self._groups.setdefault(group, {})
        for place in places:
            committed.setdefault(place, BEFORE_FIRST)
        progress = Progress(
            {place: committed[place] for place in places}, (topic.name for topic in named if topic.urgent)
        )
        consumer = GroupConsumer(group, _MemorySource(self, group), progress)
        self._members.add(group)
        try:
            yield consumer
        finally:
            self._members.discard(group)
            consumer.leave()

    def pull(self, lanes: Sequence[Sequence[Wanted]], limit: int) -> list[Record]:
        """Read for a consumer."""
        return gather(lanes, limit, self._read)

    def commit(
        self, group: str, progress: Progress, finished: Sequence[Record], outputs: Sequence[Output]
    ) -> list[Position]:
        """Outputs and positions of a consumer: nothing here can fail half-way."""
        entries = admit_outputs(self._topics, outputs)
        self._groups.setdefault(group, {}).update(progress.stage(finished))
        progress.settle(kept=True)
        return self._keep(entries)

    async def groups(self, named: Collection[str] = ()) -> list[GroupLag]:
        """Registered groups; see the port."""
        self._news.check_open()
        now = self._clock()
        return [
            self._lag(group, place, committed, now)
            for group, positions in sorted(self._groups.items())
            if not named or group in named
            for place, committed in sorted(positions.items())
        ]

    def _lag(self, group: str, place: Place, committed: int, now: datetime) -> GroupLag:
        records = self._records[place]
        behind = records[bisect_right(records, committed, key=_offset) :]
        before = cutoff(self._topics[place[0]], now)
        return GroupLag(
            group=group,
            topic=place[0],
            partition=place[1],
            committed=committed,
            lag_records=len(behind),
            lag_s=max(0.0, (now - behind[0].appended_at).total_seconds()) if behind else 0.0,
            holds_back=any(is_removable(self._topics[place[0]], record, before) for record in behind),
        )

    def counts(self) -> Mapping[str, int]:
        """Nothing: there is nobody here to lose."""
        return {}

    async def forget(self, group: str) -> bool:
        """Remove a group; see the port."""
        self._news.check_open()
        if group in self._members:
            raise GroupInUse(member_text(group))
        return self._groups.pop(group, None) is not None

    async def maintain(self, now: datetime) -> int:
        """Remove what retention allows; see the port."""
        self._news.check_open()
        return sum(self._removed(place, now) for place in list(self._records))

    def _removed(self, place: Place, now: datetime) -> int:
        topic = self._topics[place[0]]
        before = cutoff(topic, now)
        floor = min((group[place] for group in self._groups.values() if place in group), default=None)
        gone = [
            record
            for record in self._records[place]
            if is_removable(topic, record, before) and (floor is None or record.offset <= floor)
        ]
        for record in gone:
            self._drop(Position(topic=record.topic, partition=record.partition, offset=record.offset))
            self._standing.pop((record.topic, record.id), None)
            if topic.policy is Policy.COMPACT:
                self._newest.pop((record.topic, record.key), None)
        return len(gone)

    async def close(self) -> None:
        """Let nobody in any more; the records go with the object."""
        self._news.close()


class _MemorySource:
    """The log as one group's consumer sees it."""

    def __init__(self, log: MemoryLog, group: str) -> None:
        self._log = log
        self._group = group

    @property
    def news(self) -> News:
        return self._log.news

    async def pull(self, lanes: Sequence[Sequence[Wanted]], limit: int) -> list[Record]:
        await asyncio.sleep(0)
        return self._log.pull(lanes, limit)

    async def keep(self, progress: Progress, finished: Sequence[Record], outputs: Sequence[Output]) -> list[Position]:
        await asyncio.sleep(0)
        self._log.news.check_open()
        return self._log.commit(self._group, progress, finished, outputs)
