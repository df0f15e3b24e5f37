"""Time as an argument: everything that needs "now" or waits takes it from a clock given to it."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where a process has its time from."""

    def now(self) -> datetime:
        """The time of day, aware, in UTC; it may be set back or forward by the machine."""
        ...

    def monotonic(self) -> float:
        """Seconds that only rise, for spans."""
        ...

    async def sleep(self, span_s: float) -> None:
        """Wait for a span of this clock's time."""
        ...


class SystemClock:
    """The machine's own clock: the only one a live city uses."""

    def now(self) -> datetime:
        """The machine's time of day."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """The machine's monotonic clock."""
        return time.monotonic()

    async def sleep(self, span_s: float) -> None:
        """Wait in real time."""
        await asyncio.sleep(span_s)
