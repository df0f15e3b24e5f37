"""A log that counts every append and commit, and can kill the process at one of them: kill -9, by the engine's own count.

A *point* is (topic or group, n-th append or commit, side). On side `before` nothing of the call was kept; on side `after`
it is durable and nobody was told so.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from services.eventlog.port import (
    BEFORE_FIRST,
    FETCH_MAX,
    Consumer,
    EventLog,
    GroupLag,
    Message,
    Output,
    Position,
    Record,
    Release,
)

BEFORE, AFTER = "before", "after"
NOT_COUNTED = frozenset({"status"})
"""How everybody is: said by the clock, not by an alert."""


class Point(NamedTuple):
    """A moment in the life of a process."""

    what: str
    """A topic, or a group with a colon behind it."""
    nth: int
    side: str

    def __str__(self) -> str:
        """As it is printed and read again."""
        return f"{self.side} {self.what} {self.nth}"


def die() -> None:
    """End at once: nobody gets to tidy up."""
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass(slots=True)
class CountingLog:
    """The log behind it, counted. `kill_at`: where to die; `seen`: every point passed, in order."""

    inner: EventLog
    kill_at: Point | None = None
    kill: Callable[[], None] = die
    seen: list[Point] = field(default_factory=list)
    _counts: Counter[str] = field(default_factory=Counter)

    def count(self, what: str) -> int:
        """One more of these."""
        self._counts[what] += 1
        return self._counts[what]

    def passed(self, what: str, nth: int, side: str) -> None:
        """Note a point, and die if it is the one."""
        point = Point(what, nth, side)
        self.seen.append(point)
        if point == self.kill_at:
            self.kill()

    async def append(self, topic: str, messages: Sequence[Message]) -> list[Position]:
        """Keep the messages; see the port."""
        if topic in NOT_COUNTED:
            return await self.inner.append(topic, messages)
        nth = self.count(topic)
        self.passed(topic, nth, BEFORE)
        positions = await self.inner.append(topic, messages)
        self.passed(topic, nth, AFTER)
        return positions

    @asynccontextmanager
    async def consume(
        self, group: str, topics: Sequence[str], *, alone: bool = False, release: Release | None = None
    ) -> AsyncIterator[Consumer]:
        """Join a group; see the port."""
        async with self.inner.consume(group, topics, alone=alone, release=release) as consumer:
            yield _CountingConsumer(self, f"{group}:", consumer)

    async def read(
        self, topic: str, partition: int, *, after: int = BEFORE_FIRST, limit: int = FETCH_MAX
    ) -> list[Record]:
        """Records of one partition; see the port."""
        return await self.inner.read(topic, partition, after=after, limit=limit)

    async def head(self, topic: str, partition: int) -> int:
        """The highest offset; see the port."""
        return await self.inner.head(topic, partition)

    async def wait(self, seen: Mapping[tuple[str, int], int]) -> None:
        """Wait for more; see the port."""
        await self.inner.wait(seen)

    async def groups(self, named: Collection[str] = ()) -> list[GroupLag]:
        """Groups; see the port."""
        return await self.inner.groups(named)

    def counts(self) -> Mapping[str, int]:
        """See the port."""
        return self.inner.counts()

    async def forget(self, group: str) -> bool:
        """Remove a group; see the port."""
        return await self.inner.forget(group)

    async def maintain(self, now: datetime) -> int:
        """Retention; see the port."""
        return await self.inner.maintain(now)

    async def close(self) -> None:
        """Close; see the port."""
        await self.inner.close()


@dataclass(frozen=True, slots=True)
class _CountingConsumer:
    log: CountingLog
    what: str
    inner: Consumer

    async def fetch(self, limit: int = FETCH_MAX) -> list[Record]:
        return await self.inner.fetch(limit)

    @property
    def places(self) -> frozenset[tuple[str, int]]:
        return self.inner.places

    async def changed(self, known: frozenset[tuple[str, int]]) -> frozenset[tuple[str, int]]:
        return await self.inner.changed(known)

    async def assured(self) -> None:
        await self.inner.assured()

    async def commit(self, finished: Sequence[Record], outputs: Sequence[Output] = ()) -> list[Position]:
        nth = self.log.count(self.what)
        self.log.passed(self.what, nth, BEFORE)
        positions = await self.inner.commit(finished, outputs)
        self.log.passed(self.what, nth, AFTER)
        return positions
