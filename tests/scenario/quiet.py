"""Time that a test moves: an event loop whose time passes only when nothing is left to do, and a clock that reads it.

While something can still happen now (a callback is ready, a thread is at work) time stands still. Then it jumps to the
next moment for which somebody waits, and so on up to the moment to which the test moves it: hours pass in as long as the
work in them takes, and always in the same order, but for threads that end at one moment. Short waits are exact; what
wants to be woken every few seconds is woken every thirty, for whoever sleeps may wake later than asked.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine
from contextvars import Context
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

EXACT_S = 0.3
GRAIN_S = 30.0
BLOCK_S = 0.05
"""How long the loop may block for real when time is not being moved: a thread that ends wakes it at once."""

_Answer = TypeVar("_Answer")


class _Selector(selectors.DefaultSelector):
    """Asks the loop before it blocks: to block is to have nothing to do."""

    nothing_to_do: Callable[[float | None], bool]
    blocked: Callable[[float], None]

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0)
        if found or (timeout is not None and timeout <= 0) or self.nothing_to_do(timeout):
            return found
        began = time.monotonic()
        found = super().select(BLOCK_S if timeout is None else min(timeout, BLOCK_S))
        self.blocked(time.monotonic() - began)
        return found


class MovedLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is moved. Where nobody moves it, it passes as everywhere."""

    def __init__(self) -> None:
        """Begin at nought."""
        self._at_s = 0.0
        self._threads = 0
        self._until: tuple[float, asyncio.Future[None]] | None = None
        selector = _Selector()
        selector.nothing_to_do = self._nothing_to_do
        selector.blocked = self._blocked
        super().__init__(selector)

    def time(self) -> float:
        """Its seconds."""
        return self._at_s

    def call_at(  # type: ignore[override]  # its own signature differs between versions
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """As every loop, but that a wait of some seconds may be longer."""
        if EXACT_S <= when - self._at_s < GRAIN_S:
            when = self._at_s + GRAIN_S
        return super().call_at(when, callback, *args, context=context)

    def run_in_executor(  # type: ignore[override]  # its own signature differs between versions
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """As every loop; what runs in a thread is work as well."""
        self._threads += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._thread_ended)
        return future

    async def pass_until(self, at_s: float) -> None:
        """Let everything happen up to a moment, each thing at its time, and everything that follows at that moment."""
        assert self._until is None, "only one can move the time"
        future: asyncio.Future[None] = self.create_future()
        self._until = (max(at_s, self._at_s), future)
        await future

    def _thread_ended(self, _: object) -> None:
        self._threads -= 1

    def _nothing_to_do(self, wait_s: float | None) -> bool:
        """Whether time moved: to the next moment for which somebody waits, or to the end of the way."""
        if self._threads or self._until is None:
            return False
        until_s, future = self._until
        if wait_s is not None and self._at_s + wait_s <= until_s:
            self._at_s += wait_s
            return True
        self._at_s, self._until = until_s, None
        if not future.done():
            future.set_result(None)
        return True

    def _blocked(self, span_s: float) -> None:
        if self._until is None:
            self._at_s += span_s


class MovedClock:
    """The clock of a moved loop; use it inside only."""

    speed = 1.0

    def at(self, machine: datetime) -> datetime:
        """Nobody else stamps here."""
        return machine

    def __init__(self, start: datetime) -> None:
        """It shows `start` (aware) when the loop is at nought."""
        self._start = start.astimezone(UTC)

    def now(self) -> datetime:
        """The time."""
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """The loop's seconds."""
        return asyncio.get_running_loop().time()

    async def sleep(self, span_s: float) -> None:
        """Wait for a span of it."""
        await asyncio.sleep(span_s)

    async def move_to(self, at: datetime) -> None:
        """Let everything happen up to `at`."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, MovedLoop)
        await loop.pass_until((at - self._start).total_seconds())


def run(main: Coroutine[Any, Any, _Answer]) -> _Answer:
    """Run a coroutine on a moved loop of its own."""
    with asyncio.Runner(loop_factory=MovedLoop) as runner:
        return runner.run(main)
