"""A group's consumer on Kafka: the embedded engines' own (`services.eventlog.consumer`), whose partitions change hands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from schemas.topics import Policy, Topic
from services.eventlog.admission import Entry
from services.eventlog.consumer import GroupConsumer
from services.eventlog.kafka.groups import Office
from services.eventlog.kafka.membership import Member
from services.eventlog.kafka.wire import Address
from services.eventlog.news import News
from services.eventlog.port import FETCH_BYTES_MAX, FETCH_MAX, LogUnavailable, Output, Position, Record, Release
from services.eventlog.progress import Place, Progress, Wanted, share

RETRY_S = 0.5


class Lanes(Protocol):
    """What a consumer needs of its log."""

    @property
    def news(self) -> News: ...
    @property
    def office(self) -> Office: ...
    async def follow(self, places: Sequence[Place]) -> None: ...
    async def look_up(self, place: Place, after: int, limit: int, bytes_max: int, end: int) -> list[Record]: ...
    def admitted(self, outputs: Sequence[Output]) -> list[Entry]: ...
    async def quiet(self) -> None: ...
    async def send(self, entries: Sequence[Entry]) -> list[Position]: ...


class KafkaConsumer(GroupConsumer):
    """One member; see `services.eventlog.port.Consumer`."""

    def __init__(
        self, log: Lanes, address: Address, group: str, topics: Sequence[Topic], *, alone: bool, release: Release | None
    ) -> None:
        """Enter `joined` before anything else."""
        self._urgent = frozenset(topic.name for topic in topics if topic.urgent)
        super().__init__(group, _Lanes(log), Progress({}))
        self._topics = frozenset(topic.name for topic in topics)
        self._log = log
        self._former: set[Place] = set()
        """Places that were ours at one time: of those a record may be finished that is no longer ours to finish."""
        self._committing = asyncio.Lock()
        self._open = asyncio.Event()
        self._open.set()
        self._member = Member(
            address,
            group,
            [(topic.name, partition) for topic in topics for partition in range(topic.partitions)],
            alone=alone,
            committed=lambda: log.office.positions(group),
            given=self._given,
            closing=self._close,
            taken=self._taken,
            release=release,
            quiet=log.quiet,
        )

    @asynccontextmanager
    async def joined(self) -> AsyncIterator[None]:
        """Be a member."""
        try:
            await self._member.join()
            yield
        finally:
            self.leave()
            await self._member.leave()

    async def fetch(self, limit: int = FETCH_MAX) -> list[Record]:
        """Wait for records and hand them out; see the port. Nothing while our partitions are on their way to others."""
        while True:
            records = await super().fetch(limit)
            if self._open.is_set():
                return records
            await self._open.wait()  # they come again to whoever has their partition then
            self._bell()

    def counts(self) -> Mapping[str, int]:
        """What it took to stay a member."""
        return {"rebalances": self._member.rebalances, "member_rebuilds": self._member.rebuilds}

    async def _given(self, committed: Mapping[Place, int]) -> None:
        await self._log.follow(list(committed))
        self._former |= set(committed)
        self._progress = Progress(committed, self._urgent)
        self._open.set()
        self._log.news.ring()

    def _close(self) -> None:
        self._open.clear()

    def leave(self) -> None:
        """The consumer was closed: whoever still fetches gets `LogClosed`."""
        super().leave()
        self._open.set()

    def _taken(self) -> None:
        self._progress = Progress({})
        self._log.news.ring()

    async def commit(self, finished: Sequence[Record], outputs: Sequence[Output] = ()) -> list[Position]:
        """Append, then commit; see the port."""
        self._bell()
        progress = self._progress
        mine = [record for record in finished if self._is_ours(progress, record)]
        positions = await self._kept(self._log.admitted(outputs))
        if mine:
            async with self._committing:
                before = progress.committed
                staged = progress.stage(mine)
                offsets = {place: offset + 1 for place, offset in staged.items() if offset != before[place]}
                kept = progress is self._progress and (not offsets or await self._member.commit(offsets))
                progress.settle(kept=kept)
                self._log.news.ring()  # a partition that was full of unfinished records is fetched again
        return positions

    async def _kept(self, entries: Sequence[Entry]) -> list[Position]:
        """Append what happened, and when all of that is acknowledged, how things stand after it.

        Nothing here is one transaction. Should we die in between, an order stands without its entry in the ledger and is
        made up for; the entry without its order would say that somebody was told who was not.
        """
        positions: dict[int, Position] = {}
        for policy in (Policy.DELETE, Policy.COMPACT):
            numbers = [number for number, entry in enumerate(entries) if entry.topic.policy is policy]
            if numbers:
                positions |= zip(numbers, await self._log.send([entries[number] for number in numbers]), strict=True)
        return [positions[number] for number in range(len(entries))]

    async def assured(self) -> None:
        """Ask the group's coordinator, unless it said so a moment ago; see the port.

        The question is a commit that moves nothing: it is answered only to a member of the group as it is now.
        """
        while not self._member.is_sure():
            self._bell()
            async with self._committing:
                ours = next(iter(self._progress.committed.items()), None)
                if not self._member.is_sure() and ours is not None and self._open.is_set():
                    await self._member.commit({ours[0]: ours[1] + 1})
            if not self._member.is_sure():
                await asyncio.sleep(RETRY_S)

    def _is_ours(self, progress: Progress, record: Record) -> bool:
        try:
            progress.check([record])
        except ValueError:
            moved = self._member.rebalances + self._member.rebuilds
            if not moved or (record.topic, record.partition) not in self._former:
                raise
            return False  # it went to another member, and may have come back
        return True


class _Lanes:
    """The log's lanes as one consumer reads them."""

    def __init__(self, log: Lanes) -> None:
        self._log = log

    @property
    def news(self) -> News:
        return self._log.news

    async def pull(self, lanes: Sequence[Sequence[Wanted]], limit: int) -> list[Record]:
        """As `services.eventlog.consumer.gather`, but reading waits for the brokers."""
        while True:
            try:
                return await self._gather(lanes, limit)
            except LogUnavailable:
                self._log.news.check_open()
                await asyncio.sleep(RETRY_S)

    async def _gather(self, lanes: Sequence[Sequence[Wanted]], limit: int) -> list[Record]:
        records: list[Record] = []
        bytes_left = FETCH_BYTES_MAX
        for lane in lanes:
            for index, (place, after, room) in enumerate(lane):
                left = limit - len(records)
                if left == 0 or (records and bytes_left <= 0):
                    return records
                most = min(room, share(left, len(lane) - index))
                end = self._log.news.head(place) + 1
                got = await self._log.look_up(place, after, most, bytes_left, end)
                bytes_left -= sum(len(record.value or b"") for record in got)
                records += got
        return records

    async def keep(self, progress: Progress, finished: Sequence[Record], outputs: Sequence[Output]) -> list[Position]:
        """Never called: `KafkaConsumer.commit` does it in two steps."""
        raise NotImplementedError
