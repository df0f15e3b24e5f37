"""The engines under test and the topics they are tested with. A further engine is one line in `ENGINES`."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from schemas.topics import DAY_S, Partitioning, Policy, Topic
from services.eventlog.memory import MemoryLog
from services.eventlog.port import BEFORE_FIRST, Consumer, EventLog, Message, Record
from services.eventlog.sqlite import SqliteLog

Place = tuple[str, int]


def _topic(
    name: str,
    partitions: int,
    *,
    policy: Policy = Policy.DELETE,
    retention_s: int | None = DAY_S,
    urgent: bool = False,
    partitioning: Partitioning = Partitioning.KEY,
    value_bytes_max: int = 1_000_000,
) -> Topic:
    return Topic(
        name=name,
        key="key",
        partitions=partitions,
        policy=policy,
        retention_s=retention_s,
        payload="test",
        content="of a test",
        writers=("test",),
        readers=("test",),
        urgent=urgent,
        partitioning=partitioning,
        value_bytes_max=value_bytes_max,
    )


_ALL = (
    _topic("letters", 3),
    _topic("bells", 2, urgent=True),
    _topic("table", 2, policy=Policy.COMPACT, retention_s=None),
    _topic("shards", 4, partitioning=Partitioning.SHARD),
    _topic("annals", 1, retention_s=None),
    _topic("notes", 1, value_bytes_max=10),
    _topic("parcels", 1, value_bytes_max=12_000_000),
)
TOPICS: dict[str, Topic] = {topic.name: topic for topic in _ALL}


class Clock:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, span_s: float) -> None:
        self.now += timedelta(seconds=span_s)


class Open(Protocol):
    """Opens the log of a folder."""

    async def __call__(self, folder: Path, clock: Clock, topics: Mapping[str, Topic] = TOPICS) -> EventLog: ...


async def open_memory(folder: Path, clock: Clock, topics: Mapping[str, Topic] = TOPICS) -> EventLog:
    del folder
    return MemoryLog(topics, clock=clock)


async def open_sqlite(folder: Path, clock: Clock, topics: Mapping[str, Topic] = TOPICS) -> EventLog:
    return await SqliteLog.open(folder / "log.sqlite", topics, clock=clock)


async def open_kafka(folder: Path, clock: Clock, topics: Mapping[str, Topic] = TOPICS) -> EventLog:
    """A log of its own for each folder, on the broker that runs."""
    from services.eventlog.kafka import topics as shapes
    from services.eventlog.kafka.groups import office
    from services.eventlog.kafka.log import KafkaLog
    from services.eventlog.kafka.wire import Address

    prefix = f"t{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
    address = Address(servers=KAFKA, prefix=prefix)
    made_with = {"segment.ms": "100", "min.cleanable.dirty.ratio": "0.01"}
    async with office(address) as asked:
        await shapes.apply(asked.admin, address, topics, dev=True, made_with=made_with)
    return await KafkaLog.open(address, topics, clock=clock, stamped=lambda at: at, dev=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """How to open an engine, and in which of the things the port leaves free it differs."""

    open: Open
    survives_closing: bool = True
    drops_repeats: bool = True
    """A repeated id is not kept twice."""
    compacts_at_once: bool = True
    """Of a compacted topic only the newest record of a key can be read, from the moment at which it was appended."""
    by_our_clock: bool = True
    """Tombstones go by the clock that the log was given, and wait for groups; retention finds any old record."""


ENGINES: dict[str, Engine] = {
    "memory": Engine(open=open_memory, survives_closing=False),
    "sqlite": Engine(open=open_sqlite),
}
KAFKA = os.environ.get("HANSHO_TEST_KAFKA", "")
"""HOST:PORT of the broker that `make test-kafka` started; without it there is no such engine here."""
if KAFKA:
    ENGINES["kafka"] = Engine(open=open_kafka, drops_repeats=False, compacts_at_once=False, by_our_clock=False)


@dataclass(frozen=True, slots=True)
class Bench:
    """One log of one engine, with its clock."""

    engine: Engine
    folder: Path
    clock: Clock

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[EventLog]:
        """The log, closed at the end; for an engine that survives closing it is the same one each time."""
        log = await self.engine.open(self.folder, self.clock)
        try:
            yield log
        finally:
            await log.close()


def a_message(key: str = "k", value: bytes | None = b"v", *, id: str = "", **more: object) -> Message:  # noqa: A002
    """A message; without an id it gets one of its key and value."""
    return Message(key=key, value=value, id=id or f"{key}={value!r}", **more)  # type: ignore[arg-type]


def places(*topics: str) -> list[Place]:
    """All partitions of these topics."""
    return [(name, partition) for name in topics for partition in range(TOPICS[name].partitions)]


async def everything(log: EventLog, *topics: str) -> list[Record]:
    """All records of these topics, read page by page until an empty page, in order within each partition."""
    found: list[Record] = []
    for topic, partition in places(*topics):
        after = BEFORE_FIRST
        while page := await log.read(topic, partition, after=after):
            found += page
            after = page[-1].offset
    return found


async def compacted(bench: Bench, log: EventLog, topic: str) -> list[Record]:
    """All records of a compacted topic, once only the newest of each key is left.

    Kafka compacts what is no longer written to, some time later: there every partition is given more until it did.
    """
    others = {key for key in map(str, range(100)) if not bench.engine.compacts_at_once}
    async with asyncio.timeout(30):
        while True:
            found = [record for record in await everything(log, topic) if record.key not in others]
            if bench.engine.compacts_at_once or len({record.key for record in found}) == len(found):
                return found
            await asyncio.sleep(0.2)
            bench.clock.advance(1)  # a segment is closed by the age of its records
            await log.append(topic, [a_message(key) for key in sorted(others)[:8]])


def values(records: Sequence[Record]) -> list[bytes | None]:
    return [record.value for record in records]


async def fetched(consumer: Consumer, count: int) -> list[Record]:
    """The next `count` records of a consumer, in as many fetches as it takes."""
    records: list[Record] = []
    while len(records) < count:
        records += await consumer.fetch(count - len(records))
    return records
