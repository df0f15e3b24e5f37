"""A log for whoever has nothing better to do than wait: where its servers do not answer, reading waits as appending does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import TypeVar

from services.eventlog.port import (
    BEFORE_FIRST,
    FETCH_MAX,
    Consumer,
    EventLog,
    GroupLag,
    LogUnavailable,
    Message,
    Position,
    Record,
    Release,
)

RETRY_S = 0.5

_Answer = TypeVar("_Answer")


class PatientLog:
    """See `services.eventlog.port.EventLog`; never raises `LogUnavailable`."""

    def __init__(self, inner: EventLog) -> None:
        """Wait on this one."""
        self._inner = inner

    async def _patiently(self, ask: Callable[[], Awaitable[_Answer]]) -> _Answer:
        while True:
            try:
                return await ask()
            except LogUnavailable:
                await asyncio.sleep(RETRY_S)

    async def append(self, topic: str, messages: Sequence[Message]) -> list[Position]:
        """Keep the messages; see the port."""
        return await self._inner.append(topic, messages)

    async def read(
        self, topic: str, partition: int, *, after: int = BEFORE_FIRST, limit: int = FETCH_MAX
    ) -> list[Record]:
        """Records of one partition; see the port."""
        return await self._patiently(lambda: self._inner.read(topic, partition, after=after, limit=limit))

    async def head(self, topic: str, partition: int) -> int:
        """The highest offset; see the port."""
        return await self._patiently(lambda: self._inner.head(topic, partition))

    async def wait(self, seen: Mapping[tuple[str, int], int]) -> None:
        """Wait for more; see the port."""
        await self._patiently(lambda: self._inner.wait(seen))

    def consume(
        self, group: str, topics: Sequence[str], *, alone: bool = False, release: Release | None = None
    ) -> AbstractAsyncContextManager[Consumer]:
        """Join a group; see the port."""
        return self._inner.consume(group, topics, alone=alone, release=release)

    async def groups(self, named: Collection[str] = ()) -> list[GroupLag]:
        """Registered groups; see the port."""
        return await self._patiently(lambda: self._inner.groups(named))

    def counts(self) -> Mapping[str, int]:
        """What the engine did to stay alive; see the port."""
        return self._inner.counts()

    async def forget(self, group: str) -> bool:
        """Remove a group; see the port."""
        return await self._patiently(lambda: self._inner.forget(group))

    async def maintain(self, now: datetime) -> int:
        """Remove what retention allows; see the port."""
        return await self._patiently(lambda: self._inner.maintain(now))

    async def close(self) -> None:
        """Let go of the storage; see the port."""
        await self._inner.close()
