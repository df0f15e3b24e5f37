"""Time that a test moves: an event loop that knows when nothing is left to do, and a clock that moves only then.

Whatever runs on the loop takes its time from the clock and waits with `clock.sleep`. The driver lets everything run until
it is quiet (no callback is ready, no thread is at work), wakes whoever sleeps until the next moment, and so on: hours
pass in the time that the work in them takes, and always in the same order.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Any

POLL_S = 0.2
"""How long the loop may block when it is not quiet, in the machine's seconds: a thread that ends wakes it at once."""


class _Selector(selectors.DefaultSelector):
    """Asks the loop before it blocks: to block is to have nothing to do."""

    idle: Callable[[], bool] = staticmethod(lambda: False)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0)
        if found or (timeout is not None and timeout <= 0) or self.idle():
            return found
        return super().select(POLL_S if timeout is None else min(timeout, POLL_S))


class QuietLoop(asyncio.SelectorEventLoop):
    """An event loop on which one can wait until there is nothing left to do now."""

    def __init__(self) -> None:
        """A loop with no work."""
        selector = _Selector()
        super().__init__(selector)
        self._threads = 0
        self._waiting: list[asyncio.Future[None]] = []
        selector.idle = self._idle

    def run_in_executor(  # type: ignore[override]  # its own signature differs between versions
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """As every loop; what runs in a thread is work as well."""
        self._threads += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._thread_ended)
        return future

    def _thread_ended(self, _: object) -> None:
        self._threads -= 1

    def _idle(self) -> bool:
        """Whether somebody waited for this moment: then there is something to do again."""
        if self._threads or not self._waiting:
            return False
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)
        return True

    async def quiet(self) -> None:
        """Wait until nothing is left to do: every task waits for something that only time or we can bring."""
        future: asyncio.Future[None] = self.create_future()
        self._waiting.append(future)
        await future


class MovedClock:
    """A clock that stands still until it is moved."""

    speed = 1.0

    def __init__(self, start: datetime) -> None:
        """Begin at `start` (aware)."""
        self._start = self._now = start
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> datetime:
        """Where it stands."""
        return self._now

    def monotonic(self) -> float:
        """Seconds since it began."""
        return (self._now - self._start).total_seconds()

    async def sleep(self, span_s: float) -> None:
        """Wait until the clock was moved so far."""
        if span_s <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heappush(self._sleepers, (self._now + timedelta(seconds=span_s), self._count, future))
        await future

    async def move_to(self, at: datetime) -> None:
        """Let everything happen up to `at`, each thing at its time."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, QuietLoop)
        await loop.quiet()
        while self._sleepers and self._sleepers[0][0] <= at:
            due, _, sleeper = heappop(self._sleepers)
            if sleeper.done():
                continue  # whoever slept was cancelled
            self._now = max(self._now, due)
            sleeper.set_result(None)
            await loop.quiet()
        self._now = max(self._now, at)
        await loop.quiet()


def run(main: Callable[[], Any]) -> Any:
    """Run a coroutine function on a quiet loop of its own."""
    with asyncio.Runner(loop_factory=QuietLoop) as runner:
        return runner.run(main())
