"""The event log on Apache Kafka, behind the same port as the others. Its topics are made by `hansho topics apply`.

Appending waits while brokers are silent; reading says so (`LogUnavailable`), found out by a question that is asked every
second. Retention is done here (`maintain`), for the broker's own knows nothing of who has read what.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any, Self

from aiokafka.errors import KafkaError

from schemas.topics import Policy, Topic
from services.eventlog.admission import (
    Entry,
    admit,
    admit_outputs,
    checked_limit,
    checked_place,
    entry_of,
    topic_named,
)
from services.eventlog.consumer import member_text
from services.eventlog.kafka import topics as shapes
from services.eventlog.kafka.consuming import KafkaConsumer
from services.eventlog.kafka.groups import Office
from services.eventlog.kafka.membership import Member
from services.eventlog.kafka.producing import Header, Producing
from services.eventlog.kafka.reading import CATCH_UP_S, LOOK_EVERY_S, SILENT, Asker, Reader, Tail
from services.eventlog.kafka.wire import Address, Now, Stamped, milliseconds, moved_at
from services.eventlog.news import News
from services.eventlog.port import (
    BEFORE_FIRST,
    FETCH_BYTES_MAX,
    FETCH_MAX,
    Consumer,
    EventLogError,
    GroupInUse,
    GroupLag,
    LogMismatch,
    LogUnavailable,
    Message,
    Output,
    Position,
    Record,
    Release,
)
from services.eventlog.progress import Place
from services.eventlog.retention import cutoff

PULSE_EVERY_S = 1.0
MISSED_MAX = 2
"""Questions without an answer, one after the other, before the brokers count as silent."""
RENEW_AFTER = 5
READERS = 2

_log = logging.getLogger("hansho.eventlog")


class KafkaLog:
    """See `services.eventlog.port.EventLog`; made by `KafkaLog.open`."""

    def __init__(self, address: Address, topics: Mapping[str, Topic], clock: Now, stamped: Stamped) -> None:
        """Use `open`, which connects and checks the topics."""
        self._address = address
        self._topics = topics
        self._clock = clock
        self._news = News({})
        self._asker = Asker(address)
        self._office = Office(address)
        self._producers = {urgent: Producing(address, urgent=urgent) for urgent in (True, False)}
        places = [(topic.name, p) for topic in topics.values() for p in range(topic.partitions)]
        lanes = {urgent: [one for one in places if topics[one[0]].urgent is urgent] for urgent in (True, False)}
        self._tails = {urgent: Tail(address, lane, stamped, self._news) for urgent, lane in lanes.items()}
        self._readers = {
            urgent: [Reader(address, lane, stamped) for _ in range(READERS)] for urgent, lane in lanes.items()
        }
        self._turn: Counter[bool] = Counter()
        self._members: dict[str, KafkaConsumer] = {}
        self._past: Counter[str] = Counter()
        self._appending: set[asyncio.Task[list[Position]]] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._silent: LogUnavailable | None = None
        self._shutting: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        address: Address,
        topics: Mapping[str, Topic],
        *,
        clock: Now,
        stamped: Stamped,
        dev: bool,
    ) -> Self:
        """Connect and check the topics. Raises `LogUnavailable`, and `LogMismatch` naming what is not as it should be."""
        log = cls(address, topics, clock, stamped)
        try:
            await log._start(dev=dev)
        except BaseException as error:
            await log._stop()
            if isinstance(error, KafkaError | OSError):
                raise LogUnavailable(SILENT.format(repr(error))) from error
            raise
        return log

    async def _start(self, *, dev: bool) -> None:
        await self._office.start()
        drifts = await shapes.check(self._office.admin, self._address, self._topics, dev=dev)
        if drifts:
            raise LogMismatch(
                "The log's topics are not as they must be, nothing was started: " + "; ".join(map(str, drifts))
            )
        await self._asker.start()
        for producer in self._producers.values():
            await producer.start()
        for tail in self._tails.values():
            await tail.start()
            self._tasks.append(asyncio.create_task(tail.run()))
        self._tasks.append(asyncio.create_task(self._pulse()))

    # --- whether anybody answers ---

    async def _pulse(self) -> None:
        """Ask the brokers something every second, and look whether the tails hear what there is."""
        missed, looked_at, answering_since = 0, 0.0, 0.0
        loop = asyncio.get_running_loop()
        while True:
            followed = [place for tail in self._tails.values() for place in tail.rings]
            try:
                is_due = loop.time() - looked_at >= LOOK_EVERY_S
                ends = await self._asker.ends(followed if is_due and followed else [self._any_place()])
            except LogUnavailable as error:
                missed, answering_since = missed + 1, 0.0
                if missed % RENEW_AFTER == 0:  # perhaps it is our own client that is stuck
                    await self._asker.renew()
                    await self._office.renew()
                if missed >= MISSED_MAX and self._silent is None:
                    self._silent = error
                    _log.error("%s %s", error.code, error)
                    self._news.ring()  # whoever waits for news is told
                continue
            missed, self._silent = 0, None
            answering_since = answering_since or loop.time()
            for producer in self._producers.values():
                await producer.look(loop.time() - answering_since)
            if is_due:
                looked_at = loop.time()
                for tail in self._tails.values():
                    await tail.look({place: end for place, end in ends.items() if place in tail.rings})
            await asyncio.sleep(PULSE_EVERY_S)

    def _any_place(self) -> Place:
        return next(iter(self._topics)), 0

    def check_answering(self) -> None:
        """Raise `LogClosed` after the end, and `LogUnavailable` while the brokers are silent."""
        self._news.check_open()
        if self._silent is not None:
            raise LogUnavailable(str(self._silent))

    # --- appending ---

    async def append(self, topic: str, messages: Sequence[Message]) -> list[Position]:
        """Keep the messages; see the port."""
        self._news.check_open()
        return await self.send(admit(self._topics, topic, messages))

    async def send(
        self, entries: Sequence[Entry], extra: Sequence[Sequence[Header]] = (), at: Sequence[datetime] = ()
    ) -> list[Position]:
        """Keep entries of one lane or both, the urgent first. `extra`, `at`: further headers and the stamp, by entry."""
        stamps = at or [self._clock()] * len(entries)
        lanes = {
            urgent: [n for n, entry in enumerate(entries) if entry.topic.urgent is urgent] for urgent in (True, False)
        }
        found: dict[int, Position] = {}
        for urgent, numbers in lanes.items():
            if numbers:
                more = [extra[n] for n in numbers] if extra else ()
                due = [entries[n] for n in numbers]
                sending = self._producers[urgent].append(due, [stamps[n] for n in numbers], more)
                task = asyncio.ensure_future(sending)
                self._appending.add(task)
                task.add_done_callback(self._appended)
                # what was handed over cannot be taken back: whoever is cancelled leaves it to be acknowledged
                found |= zip(numbers, await asyncio.shield(task), strict=True)
        for position in found.values():
            place = (position.topic, position.partition)
            if place in self._tail(place).rings:
                self._tail(place).heard(place, position.offset)
        self._news.ring()
        return [found[number] for number in range(len(entries))]

    def _appended(self, task: asyncio.Task[list[Position]]) -> None:
        self._appending.discard(task)
        if not task.cancelled():
            task.exception()  # whoever appended may be gone

    async def quiet(self) -> None:
        """Return when everything that is handed over now is acknowledged or refused."""
        if self._appending:
            await asyncio.wait(self._appending)

    # --- reading ---

    async def read(
        self, topic: str, partition: int, *, after: int = BEFORE_FIRST, limit: int = FETCH_MAX
    ) -> list[Record]:
        """Records of one partition; see the port."""
        self._news.check_open()
        place = checked_place(self._topics, topic, partition)
        most = checked_limit(limit)
        self.check_answering()
        ring = self._tail(place).rings.get(place)
        if ring is not None and (records := ring.above(after, most, FETCH_BYTES_MAX)):
            return records
        end = (await self._ends([place]))[place]
        if after + 1 >= end:
            return []
        return await self.look_up(place, after, most, FETCH_BYTES_MAX, end)

    async def look_up(self, place: Place, after: int, limit: int, bytes_max: int, end: int) -> list[Record]:
        """Records above `after` where the partition is known to end at `end`: from its ring, or from the broker."""
        ring = self._tail(place).rings.get(place)
        if ring is not None and after + 1 >= ring.start:
            with suppress(TimeoutError):  # the tail is behind: its own watch sees to it
                async with asyncio.timeout(CATCH_UP_S):
                    await self._tail(place).has_come_to(place, after)
            if records := ring.above(after, limit, bytes_max):
                return records
        urgent = self._topics[place[0]].urgent
        self._turn[urgent] += 1
        reader = self._readers[urgent][self._turn[urgent] % READERS]
        try:
            return await reader.read(place, after, limit, bytes_max, end)
        except EventLogError:
            self._news.check_open()  # closed under way
            raise

    async def head(self, topic: str, partition: int) -> int:
        """The highest offset ever given in the partition."""
        self._news.check_open()
        place = checked_place(self._topics, topic, partition)
        self.check_answering()
        return (await self._ends([place]))[place] - 1

    async def wait(self, seen: Mapping[tuple[str, int], int]) -> None:
        """Return when there is a record above; see the port."""
        self._news.check_open()
        asked = {checked_place(self._topics, *place): offset for place, offset in seen.items()}
        await self.follow(asked)
        known: dict[Place, int] = {}
        for place, offset in asked.items():
            head = self._news.head(place)
            # Compaction and retention leave heads without a record: only a record is news.
            if head > offset and await self.read(*place, after=offset, limit=1):
                return
            known[place] = max(offset, head)
        topics = frozenset(topic for topic, _ in known)
        while True:
            bell = self._news.bell(topics)
            self.check_answering()
            if any(self._news.head(place) > offset for place, offset in known.items()):
                return
            await bell.wait()

    def _tail(self, place: Place) -> Tail:
        return self._tails[self._topics[place[0]].urgent]

    async def _ends(self, places: Collection[Place]) -> dict[Place, int]:
        try:
            return await self._asker.ends(places)
        except LogUnavailable:
            self._news.check_open()  # closed under way
            raise

    async def follow(self, places: Collection[Place]) -> None:
        """Have these in rings from now on."""
        fresh = [place for place in places if place not in self._tail(place).rings]
        if fresh:
            ends = await self._ends(fresh)
            for place in fresh:
                self._tail(place).follow({place: ends[place]})

    # --- groups ---

    @asynccontextmanager
    async def consume(
        self, group: str, topics: Sequence[str], *, alone: bool = False, release: Release | None = None
    ) -> AsyncIterator[Consumer]:
        """Join a group; see the port."""
        self._news.check_open()
        named = [topic_named(self._topics, name) for name in topics]
        if group in self._members:
            raise GroupInUse(member_text(group))
        consumer = KafkaConsumer(self, self._address, group, named, alone=alone, release=release)
        self._members[group] = consumer
        try:
            async with consumer.joined():
                yield consumer
        finally:
            self._past.update(consumer.counts())
            del self._members[group]

    @property
    def news(self) -> News:
        """Heads and bell, for consumers."""
        return self._news

    @property
    def office(self) -> Office:
        """Where groups are looked up, for consumers."""
        return self._office

    def admitted(self, outputs: Sequence[Output]) -> list[Entry]:
        """Outputs that may be appended."""
        return admit_outputs(self._topics, outputs)

    async def groups(self, named: Collection[str] = ()) -> list[GroupLag]:
        """Registered groups; see the port."""
        self._news.check_open()
        self.check_answering()
        found = await self._office.all(named)
        places = {place for positions in found.values() for place in positions if place[0] in self._topics}
        ends = await self._ends(places)
        lags: list[GroupLag] = []
        for group, positions in sorted(found.items()):
            for place, at in sorted(positions.items()):
                if place in ends:
                    lags.append(await self._lag(group, place, at, ends[place]))
        return lags

    async def _lag(self, group: str, place: Place, at: int, end: int) -> GroupLag:
        now = self._clock()
        oldest = await self.look_up(place, at - 1, 1, FETCH_BYTES_MAX, end) if at < end else []
        before = cutoff(self._topics[place[0]], now)
        is_old = bool(oldest) and before is not None and oldest[0].appended_at < before
        return GroupLag(
            group=group,
            topic=place[0],
            partition=place[1],
            committed=at - 1,
            lag_records=end - max(at, oldest[0].offset) if oldest else 0,
            lag_s=max(0.0, (now - oldest[0].appended_at).total_seconds()) if oldest else 0.0,
            holds_back=is_old and self._topics[place[0]].policy is Policy.DELETE,
        )

    def counts(self) -> Mapping[str, int]:
        """See the port."""
        counted = Counter(self._past)
        counted["producer_rebuilds"] = sum(one.rebuilds for one in self._producers.values())
        counted["reader_rebuilds"] = sum(one.rebuilds for one in self._tails.values())
        for member in self._members.values():
            counted.update(member.counts())
        return counted

    async def forget(self, group: str) -> bool:
        """Remove a group; see the port."""
        self._news.check_open()
        if group in self._members:
            raise GroupInUse(member_text(group))
        return await self._office.forget(group)

    # --- moving here ---

    async def take_over(self, records: Sequence[Record]) -> list[Position]:
        """Keep records of another engine: with their ids, keys, partitions, and the time at which they were appended there."""
        entries = [entry_of(self._topics, record) for record in records]
        times = [record.appended_at for record in records]
        return await self.send(entries, [[moved_at(at)] for at in times], times)

    async def set_positions(self, group: str, positions: Mapping[Place, int]) -> None:
        """Register a group at these offsets (of the next record each). `GroupInUse` where it has members."""
        member = Member(self._address, group, list(positions))
        try:
            await member.join()
            if not await member.commit(positions):
                raise GroupInUse(f"Group {group} has members: stop every service that runs on this log first.")
        finally:
            await member.leave()

    # --- upkeep ---

    async def maintain(self, now: datetime) -> int:
        """Delete what is old and committed by every registered group, from the oldest record on; see the port."""
        self._news.check_open()
        self.check_answering()
        due: dict[Place, int] = {}
        for topic in self._topics.values():
            before = cutoff(topic, now)
            if before is not None and topic.policy is Policy.DELETE:
                due |= {(topic.name, p): milliseconds(before) for p in range(topic.partitions)}
        ends, starts = await self._ends(due), await self._asker.beginnings(due)
        full = {place: at for place, at in due.items() if ends[place] > starts[place]}
        young = await self._asker.at(full) if full else {}
        floors: dict[Place, int] = {}
        for positions in (await self._office.all()).values():
            for place, at in positions.items():
                floors[place] = min(at, floors.get(place, at))
        until: dict[Place, int] = {}
        for place in full:
            first = young[place]
            limit = ends[place] if first is None else first
            limit = min(limit, floors.get(place, limit))
            if limit > starts[place]:
                until[place] = limit
        await self._office.delete_below(until)
        return sum(limit - starts[place] for place, limit in until.items())

    async def close(self) -> None:
        """Finish what is under way and let go; see the port."""
        if self._shutting is None:
            self._news.close()
            self._shutting = asyncio.create_task(self._stop())
        await asyncio.shield(self._shutting)

    async def _stop(self) -> None:
        if self._appending:
            await asyncio.wait(self._appending, timeout=5.0)
        ending = [*self._tasks, *self._appending]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        parts: list[Any] = [*self._producers.values(), *self._tails.values(), self._asker, self._office]
        parts += [reader for readers in self._readers.values() for reader in readers]
        await asyncio.gather(*(part.stop() for part in parts))
