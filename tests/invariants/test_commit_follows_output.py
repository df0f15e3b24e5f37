"""Invariants 2 and 9: a crash anywhere in the consumer's loop loses no output, and a bad record stops nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Protocol

from services.eventlog.memory import MemoryLog
from services.eventlog.port import Consumer, EventLog, Message, Output, Position, Record, Release
from services.runtime.clock import Clock, SystemClock
from services.runtime.consuming import Handle, run_group
from tests.invariants import Twin, hold

GROUP = "copying"
SOURCE_TOPIC = "alerts.routine"
TARGET_TOPIC = "drills"
RECORDS = 12


class Loop(Protocol):
    """A consumer's loop as `run_group` is one."""

    async def __call__(
        self, log: EventLog, group: str, topics: Sequence[str], handle: Handle, *, clock: Clock, batch_max: int = 100
    ) -> None: ...


class Crash(BaseException):
    """The process dies here: no handler may catch it."""


@dataclass
class CrashingConsumer:
    """A consumer whose process dies before its n-th call on the log."""

    consumer: Consumer
    fuse: list[int]

    async def fetch(self, limit: int = 3) -> list[Record]:
        return await self.consumer.fetch(min(limit, 3))

    @property
    def places(self) -> frozenset[tuple[str, int]]:
        return self.consumer.places

    async def changed(self, known: frozenset[tuple[str, int]]) -> frozenset[tuple[str, int]]:
        return await self.consumer.changed(known)

    async def assured(self) -> None:
        await self.consumer.assured()

    async def commit(self, finished: Sequence[Record], outputs: Sequence[Output] = ()) -> list[Position]:
        burn(self.fuse)
        return await self.consumer.commit(finished, outputs)


class CrashingLog(MemoryLog):
    """The log of a process that dies before its n-th write; the records outlive it."""

    def __init__(self) -> None:
        super().__init__()
        self.fuse = [1 << 30]

    @asynccontextmanager
    async def consume(
        self, group: str, topics: Sequence[str], *, alone: bool = False, release: Release | None = None
    ) -> AsyncIterator[Consumer]:
        async with super().consume(group, topics, alone=alone, release=release) as consumer:
            yield CrashingConsumer(consumer, self.fuse)

    async def append(self, topic: str, messages: Sequence[Message]) -> list[Position]:
        burn(self.fuse)
        return await super().append(topic, messages)


def burn(fuse: list[int]) -> None:
    fuse[0] -= 1
    if fuse[0] == 0:
        raise Crash


async def copy(record: Record) -> list[Output]:
    if record.key == "bad":
        raise RuntimeError("this record breaks its handler")
    return [Output(topic=TARGET_TOPIC, message=Message(key=record.key, value=record.value, id=f"copy:{record.id}"))]


async def drain(loop: Loop, log: CrashingLog, crash_at: int) -> None:
    """Run the loop, killing it at one write, and again until everything is committed."""
    log.fuse[0] = crash_at
    while True:
        running = asyncio.ensure_future(loop(log, GROUP, [SOURCE_TOPIC], copy, clock=SystemClock(), batch_max=3))
        while not running.done():
            await asyncio.sleep(0)
            lags = await log.groups()
            if lags and all(lag.lag_records == 0 for lag in lags):
                running.cancel()
                with suppress(asyncio.CancelledError, Crash):
                    await running
                return
        with suppress(Crash):
            running.result()


async def ids(log: EventLog, topic: str) -> set[str]:
    return {record.id for partition in range(4) for record in await log.read(topic, partition)}


async def check_no_crash_loses_an_output(loop: Loop) -> None:
    for crash_at in range(1, 9):
        log = CrashingLog()
        await log.append(SOURCE_TOPIC, [Message(key=f"k{n}", value=b"x", id=f"r{n}") for n in range(RECORDS)])
        async with asyncio.timeout(20):
            await drain(loop, log, crash_at)
        wanted = {f"copy:r{n}" for n in range(RECORDS)}
        hold(2, await ids(log, TARGET_TOPIC) == wanted, f"a crash at write {crash_at} lost an output")
        await log.close()


async def check_a_bad_record_stops_nobody(loop: Loop) -> None:
    log = CrashingLog()
    keys = ["a", "bad", "b", "bad", "c"]
    await log.append(SOURCE_TOPIC, [Message(key=key, value=b"x", id=f"r{n}") for n, key in enumerate(keys)])
    try:
        async with asyncio.timeout(20):
            await drain(loop, log, 1 << 30)
    except RuntimeError:
        hold(9, condition=False, message="a bad record stopped its consumer")
    hold(9, await ids(log, TARGET_TOPIC) == {"copy:r0", "copy:r2", "copy:r4"}, "a good record was not handled")
    hold(9, len(await ids(log, "dead")) == 2, "a bad record left no dead letter")
    await log.close()


async def test_no_crash_loses_an_output() -> None:
    await check_no_crash_loses_an_output(run_group)


async def test_a_bad_record_stops_nobody() -> None:
    await check_a_bad_record_stops_nobody(run_group)


async def committing_first(
    log: EventLog, group: str, topics: Sequence[str], handle: Handle, *, clock: Clock, batch_max: int = 100
) -> None:
    del clock
    async with log.consume(group, topics) as consumer:
        while True:
            batch = await consumer.fetch(batch_max)
            await consumer.commit(batch)
            for record in batch:
                for output in await handle(record):
                    await log.append(output.topic, [output.message])


TWINS = [
    Twin(2, check_no_crash_loses_an_output, committing_first),
    Twin(9, check_a_bad_record_stops_nobody, committing_first),
]
