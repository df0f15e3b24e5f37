"""Time as an argument: everything that needs "now" or waits takes it from a clock given to it."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Protocol

from services.runtime.errors import HanshoError


class Clock(Protocol):
    """Where a process has its time from."""

    def now(self) -> datetime:
        """The time of day, aware, in UTC; it may be set back or forward by the machine."""
        ...

    def monotonic(self) -> float:
        """Seconds that only rise, for spans."""
        ...

    @property
    def speed(self) -> float:
        """How many of its seconds pass in one of the machine's: 1 but in a rehearsal."""
        ...

    def at(self, machine: datetime) -> datetime:
        """What this clock read when the machine's time of day was this (aware): others stamp by the machine's."""
        ...

    async def sleep(self, span_s: float) -> None:
        """Wait for a span of this clock's time."""
        ...


class SystemClock:
    """The machine's own clock: the only one a live city uses."""

    speed = 1.0

    def now(self) -> datetime:
        """The machine's time of day."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """The machine's monotonic clock."""
        return time.monotonic()

    def at(self, machine: datetime) -> datetime:
        """The same."""
        return machine

    async def sleep(self, span_s: float) -> None:
        """Wait in real time."""
        await asyncio.sleep(span_s)


class ClockInvalid(HanshoError):
    """A clock that cannot be."""

    code: ClassVar[str] = "E6005"


WAIT_S_MIN = 0.1
"""The shortest wait of a rehearsal, in the machine's seconds: what is done every ten seconds would otherwise be done for
ever without a pause. Whatever sleeps may wake later than it asked to."""

SCALED = re.compile(r"(?P<start>[^x×@]+)[x×](?P<speed>[0-9.]+)(?:@(?P<origin>[0-9.]+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaledClock:
    """A clock for rehearsals: it began at `start` when the machine's clock read `origin_s`, and runs `speed` times as fast.

    Processes given the same three agree on the time, whenever each of them started. Never used live.
    """

    start: datetime
    speed: float
    origin_s: float

    def now(self) -> datetime:
        """The rehearsal's time of day."""
        return self.start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Rehearsed seconds since the start; a rehearsal lives minutes, so the machine's time of day will do."""
        return (time.time() - self.origin_s) * self.speed

    def at(self, machine: datetime) -> datetime:
        """The rehearsal's time of day at an instant of the machine's."""
        return self.start + timedelta(seconds=(machine.timestamp() - self.origin_s) * self.speed)

    async def sleep(self, span_s: float) -> None:
        """Wait for a span of the rehearsal."""
        await asyncio.sleep(machine_s(self, span_s))

    def __str__(self) -> str:
        """As `read` takes it: give it to the processes that must agree."""
        return f"{self.start.isoformat()}x{self.speed:g}@{self.origin_s:.6f}"


def machine_s(clock: Clock, span_s: float) -> float:
    """How many of the machine's seconds to wait for a span of a clock: for what can only wait by the machine."""
    if clock.speed == 1:
        return span_s
    return max(span_s / clock.speed, min(span_s, WAIT_S_MIN))


def read(text: str) -> Clock:
    """The clock of a setting: "" is the machine's, "2026-09-01T20:00:00+09:00x1000" one that runs a thousand times as fast.

    Behind an @ may stand the instant (seconds since 1970) at which it began; else it begins now. Raises `ClockInvalid`.
    """
    if not text:
        return SystemClock()
    found = SCALED.fullmatch(text)
    clock = None if found is None else _scaled(found)
    if clock is None:
        msg = f"clock={text!r}: expected FROM×SPEED with an offset, as in 2026-09-01T20:00:00+09:00x1000"
        raise ClockInvalid(msg)
    return clock


def _scaled(found: re.Match[str]) -> ScaledClock | None:
    try:
        start, speed = datetime.fromisoformat(found["start"]), float(found["speed"])
    except ValueError:
        return None
    if start.tzinfo is None or speed <= 0:
        return None
    origin_s = float(found["origin"]) if found["origin"] else time.time()
    return ScaledClock(start=start.astimezone(UTC), speed=speed, origin_s=origin_s)
