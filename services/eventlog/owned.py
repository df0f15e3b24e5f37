"""A log for whoever alone may write something: before each write it is certain that this is still so.

A process that stood still (a paused machine, a swap storm) is taken for dead, and its partitions go to another. When it
wakes it would write on with what it knew. Here every write first asks the group that says who owns what.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from services.eventlog.patient import PatientLog
from services.eventlog.port import FETCH_MAX, Consumer, EventLog, Message, Output, Position, Record, Release


class OwnersLog(PatientLog):
    """See `services.eventlog.port.EventLog`. `append` and its consumers' `commit` wait until `membership` is assured."""

    def __init__(self, inner: EventLog) -> None:
        """Set `membership` before anything is written."""
        super().__init__(inner)
        self.membership: Consumer | None = None

    async def assured(self) -> None:
        """See `Consumer.assured`."""
        assert self.membership is not None, "nobody writes as an owner before it is one"
        await self.membership.assured()

    async def append(self, topic: str, messages: Sequence[Message]) -> list[Position]:
        """Keep the messages; see the port."""
        await self.assured()
        return await super().append(topic, messages)

    @asynccontextmanager
    async def consume(
        self, group: str, topics: Sequence[str], *, alone: bool = False, release: Release | None = None
    ) -> AsyncIterator[Consumer]:
        """Join a group; see the port."""
        async with super().consume(group, topics, alone=alone, release=release) as consumer:
            yield _Owners(consumer, self)


class _Owners:
    """A consumer whose commits are an owner's."""

    def __init__(self, inner: Consumer, log: OwnersLog) -> None:
        self._inner = inner
        self._log = log

    async def fetch(self, limit: int = FETCH_MAX) -> list[Record]:
        return await self._inner.fetch(limit)

    async def commit(self, finished: Sequence[Record], outputs: Sequence[Output] = ()) -> list[Position]:
        await self._log.assured()
        return await self._inner.commit(finished, outputs)

    @property
    def places(self) -> frozenset[tuple[str, int]]:
        return self._inner.places

    async def changed(self, known: frozenset[tuple[str, int]]) -> frozenset[tuple[str, int]]:
        return await self._inner.changed(known)

    async def assured(self) -> None:
        await self._log.assured()
