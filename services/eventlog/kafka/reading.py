"""Reading: the newest records of partitions that somebody follows, and any record by its offset. Two lanes, urgent and not.

A `Tail` keeps polling its lane and hands what comes to bounded rings, from which followers and groups read without a
round trip; a `Reader` looks up what is older. Both are consumers without a group, assigned to every partition and paused
on all but those they want: following one more partition costs no new assignment.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.eventlog.consumer import cut
from services.eventlog.kafka.wire import Address, Stamped, record_of
from services.eventlog.news import News
from services.eventlog.port import LogUnavailable, Record
from services.eventlog.progress import Place

RING_RECORDS = 1_000
RING_BYTES = 8_000_000
"""What is kept of a followed partition's newest records; older ones are read from the broker again."""
TAIL_WAIT_MS = 100
"""How long a fetch of a tail waits for the first record: also how late a newly followed partition may be heard."""
READ_WAIT_MS = 10
ASK_MAX_S = 2.0
"""How long the brokers may take to answer a question before they count as silent."""
READ_MAX_S = 5.0
CATCH_UP_S = 0.3
"""How long a read waits for the tail to hear what the broker says is there, before it fetches it by itself."""
LOOK_EVERY_S = 5.0
STALLS_MAX = 3
"""Looks at which a tail stood still while its partitions grew, before it is rebuilt."""

_log = logging.getLogger("hansho.eventlog")

SILENT = (
    "The log's servers do not answer ({}). Look at the brokers and the line to them; what was accepted is kept, and this "
    "goes on by itself when they answer."
)


def consumer(address: Address, **more: object) -> AIOKafkaConsumer:
    """A consumer as every one of ours: it commits nothing by itself and begins at the oldest record."""
    return AIOKafkaConsumer(
        bootstrap_servers=address.servers,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        metadata_max_age_ms=30_000,
        retry_backoff_ms=100,
        **more,
    )


async def stopped(one: Any, limit_s: float = 2.0) -> None:
    """Stop a client; where the brokers are silent, without waiting for them."""
    with contextlib.suppress(KafkaError, OSError, TimeoutError, RuntimeError):
        async with asyncio.timeout(limit_s):
            await one.stop()


class Asker:
    """Questions to the brokers, on connections on which nothing else waits."""

    def __init__(self, address: Address) -> None:
        """Call `start` before asking."""
        self._address = address
        self._consumer = consumer(address, request_timeout_ms=5_000)
        self._asked: set[Place] = set()
        self._next: asyncio.Future[dict[Place, int]] | None = None
        self._asking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect."""
        await self._consumer.start()

    async def stop(self) -> None:
        """Let go."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)
        if self._next is not None:
            self._next.cancel()
        await stopped(self._consumer)

    async def ends(self, places: Iterable[Place]) -> dict[Place, int]:
        """The offset after the last record of each; raises `LogUnavailable` when nobody answers in time.

        Everybody who asks while a question is under way is answered by the next one: sixteen shards that look at the same
        partitions ask once.
        """
        asked = set(places)
        if not asked:
            return {}
        self._asked |= asked
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        answer = self._next
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        try:
            async with asyncio.timeout(ASK_MAX_S):  # with the question before ours, if that is what is not answered
                found = await asyncio.shield(answer)
        except TimeoutError as error:
            raise LogUnavailable(SILENT.format(repr(error))) from error
        except asyncio.CancelledError:
            if answer.cancelled():
                raise LogUnavailable(SILENT.format("the log is being closed")) from None
            raise
        return {place: found[place] for place in asked}

    async def _ask(self) -> None:
        while self._next is not None:
            answer, asked = self._next, self._asked
            self._next, self._asked = None, set()
            try:
                found = await self._answered(self._consumer.end_offsets, asked)
            except LogUnavailable as error:
                answer.set_exception(error)
                answer.exception()  # whoever asked may be gone
            except BaseException:
                answer.cancel()
                raise
            else:
                answer.set_result(found)

    async def beginnings(self, places: Iterable[Place]) -> dict[Place, int]:
        """The offset of the oldest record kept of each."""
        return await self._answered(self._consumer.beginning_offsets, places)

    async def at(self, times_ms: Mapping[Place, int]) -> dict[Place, int | None]:
        """The first offset stamped at that time or later; None when there is none."""
        asked = {self._address.partition(place): at for place, at in times_ms.items()}
        found = await self._within(self._consumer.offsets_for_times(asked))
        return {self._address.place(one): None if at is None else at.offset for one, at in found.items()}

    async def _answered(self, ask: Callable[[list[TopicPartition]], Any], places: Iterable[Place]) -> dict[Place, int]:
        asked = [self._address.partition(place) for place in places]
        if not asked:
            return {}
        found = await self._within(ask(asked))
        return {self._address.place(one): offset for one, offset in found.items()}

    async def _within(self, question: Any) -> Any:
        try:
            async with asyncio.timeout(ASK_MAX_S):
                return await question
        except Exception as error:  # aiokafka's connections raise RuntimeError too
            raise LogUnavailable(SILENT.format(repr(error))) from error

    async def renew(self) -> None:
        """Make the client anew: one whose own tasks have died never answers again."""
        old, self._consumer = self._consumer, consumer(self._address, request_timeout_ms=5_000)
        await stopped(old)
        with contextlib.suppress(KafkaError, OSError, TimeoutError):
            async with asyncio.timeout(ASK_MAX_S):
                await self._consumer.start()


@dataclass(slots=True)
class Ring:
    """The newest records of one partition: all with an offset from `start` up to below `end`."""

    start: int
    end: int
    records: list[Record] = field(default_factory=list)
    sizes: int = 0
    users: int = 0

    def put(self, records: Sequence[Record]) -> None:
        """Take in what came, and let go of the oldest."""
        self.records += records
        self.sizes += sum(map(_size, records))
        self.end = records[-1].offset + 1
        if len(self.records) > 2 * RING_RECORDS or self.sizes > 2 * RING_BYTES:
            self._trim()

    def _trim(self) -> None:
        drop, sizes = max(0, len(self.records) - RING_RECORDS), self.sizes
        sizes -= sum(map(_size, self.records[:drop]))
        while drop < len(self.records) and sizes > RING_BYTES:
            sizes -= _size(self.records[drop])
            drop += 1
        self.start = self.records[drop].offset if drop < len(self.records) else self.end
        del self.records[:drop]
        self.sizes = sizes

    def above(self, after: int, limit: int, bytes_max: int) -> list[Record] | None:
        """Records above an offset; None when the ring does not reach back so far."""
        if after + 1 < self.start:
            return None
        first = bisect_right(self.records, after, key=lambda record: record.offset)
        return cut(self.records[first : first + limit], bytes_max)


def _size(record: Record) -> int:
    return len(record.value or b"")


class Reader:
    """Any record by its offset, one reading at a time."""

    def __init__(self, address: Address, places: Sequence[Place], stamped: Stamped) -> None:
        """It can read these places."""
        self._address = address
        self._stamped = stamped
        self._all = [address.partition(place) for place in places]
        self._turn = asyncio.Lock()
        self._consumer: AIOKafkaConsumer | None = None

    async def _opened(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            made = consumer(self._address, fetch_max_wait_ms=READ_WAIT_MS, max_partition_fetch_bytes=2_000_000)
            made.assign(self._all)
            made.pause(*self._all)
            try:
                await made.start()
            except BaseException:
                await stopped(made)
                raise
            self._consumer = made
        return self._consumer

    async def stop(self) -> None:
        """Let go."""
        if self._consumer is not None:
            await stopped(self._consumer)
        self._consumer = None

    async def read(self, place: Place, after: int, limit: int, bytes_max: int, end: int) -> list[Record]:
        """Records above `after` and below `end`: at most so many, at most so many bytes but never none for that."""
        try:
            async with self._turn, asyncio.timeout(READ_MAX_S):
                return await self._read(place, after, limit, bytes_max, end)
        except Exception as error:
            await self.stop()
            raise LogUnavailable(SILENT.format(repr(error))) from error

    async def _read(self, place: Place, after: int, limit: int, bytes_max: int, end: int) -> list[Record]:
        client, partition = await self._opened(), self._address.partition(place)
        client.seek(partition, after + 1)
        client.resume(partition)
        found: list[Record] = []
        total = 0
        try:
            while len(found) < limit and total < bytes_max:
                got = await client.getmany(partition, timeout_ms=100, max_records=limit - len(found))
                for raw in got.get(partition, ()):
                    found.append(record_of(place, raw, self._stamped))
                    total += len(raw.value or b"")
                # compaction leaves gaps: only the position says that nothing more is there
                if await client.position(partition) >= end:
                    break
        finally:
            client.pause(partition)
        return cut([record for record in found if record.offset > after], bytes_max)


class Tail:
    """The rings of one lane. Raises the heads in `news` and rings its bell."""

    def __init__(self, address: Address, places: Sequence[Place], stamped: Stamped, news: News) -> None:
        """It can follow these places."""
        self._address = address
        self._stamped = stamped
        self._news = news
        self._all = [address.partition(place) for place in places]
        self._consumer: AIOKafkaConsumer | None = None
        self.rings: dict[Place, Ring] = {}
        self.rebuilds = 0
        self._still: dict[Place, tuple[int, int]] = {}

    async def start(self) -> None:
        """Connect."""
        made = consumer(self._address, fetch_max_wait_ms=TAIL_WAIT_MS, request_timeout_ms=10_000)
        made.assign(self._all)
        made.pause(*self._all)
        await made.start()
        self._consumer = made

    async def stop(self) -> None:
        """Let go."""
        if self._consumer is not None:
            await stopped(self._consumer)
            self._consumer = None

    def follow(self, ends: Mapping[Place, int]) -> None:
        """Follow these from their ends on; nothing for those followed already."""
        for place, end in ends.items():
            if place not in self.rings:
                self.rings[place] = Ring(start=end, end=end)
                self.heard(place, end - 1)
                self._begin(place)

    def heard(self, place: Place, offset: int) -> None:
        """There is a record at this offset: the tail has it, or whoever appended it says so."""
        if offset > self._news.head(place):
            self._news.raise_heads({place: offset})

    async def has_come_to(self, place: Place, offset: int) -> None:
        """Wait until the ring has what stands above this offset."""
        ring = self.rings[place]
        while ring.end <= offset + 1:
            await self._news.bell(frozenset({place[0]})).wait()

    def unfollow(self, place: Place) -> None:
        """Nobody needs it any more."""
        if self.rings.pop(place, None) is not None and self._consumer is not None:
            self._consumer.pause(self._address.partition(place))

    def _begin(self, place: Place) -> None:
        if self._consumer is not None:
            partition = self._address.partition(place)
            self._consumer.seek(partition, self.rings[place].end)
            self._consumer.resume(partition)

    async def run(self) -> None:
        """Keep polling until cancelled; a consumer that fails is rebuilt."""
        while True:
            try:
                if self._consumer is None:
                    await self.start()
                    for place in self.rings:
                        self._begin(place)
                await self._poll()
            except Exception as error:  # noqa: BLE001 - whatever its client does, a lane must be heard again
                await self._rebuild(repr(error))

    async def _poll(self) -> None:
        assert self._consumer is not None
        found = await self._consumer.getmany(timeout_ms=500)
        for partition, raws in found.items():
            place = self._address.place(partition)
            ring = self.rings.get(place)
            if ring is None:
                continue
            records = [record_of(place, raw, self._stamped) for raw in raws if raw.offset >= ring.end]
            if records:
                ring.put(records)
                self.heard(place, ring.end - 1)
        if found:
            self._news.ring()

    async def _rebuild(self, why: str) -> None:
        self.rebuilds += 1
        _log.warning("the reader of %s is rebuilt: %s", self._address.prefix, why)
        await self.stop()
        await asyncio.sleep(CATCH_UP_S)

    async def look(self, ends: Mapping[Place, int]) -> None:
        """Our own liveness: rebuild where partitions have grown and nothing of it was heard for several looks."""
        stalled = False
        for place, ring in self.rings.items():
            at, times = self._still.get(place, (ring.end, 0))
            behind = ends.get(place, 0) > ring.end and at == ring.end
            times = times + 1 if behind else 0
            self._still[place] = (ring.end, times)
            stalled = stalled or times >= STALLS_MAX
        if stalled:
            self._still.clear()
            await self._rebuild("it heard nothing of what is there")
