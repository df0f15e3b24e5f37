"""Moved time: everything at its moment, in one order, threads waited for, and nothing waits for the machine."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

from tests.scenario.quiet import GRAIN_S, MovedClock, run

START = datetime(2026, 9, 1, 20, tzinfo=UTC)


async def _an_hour(said: list[tuple[str, float]]) -> None:
    clock = MovedClock(START)

    async def tick(name: str, every_s: float) -> None:
        while True:
            await clock.sleep(every_s)
            await asyncio.to_thread(time.sleep, 0.0005)
            said.append((name, clock.monotonic()))

    ticking = [asyncio.create_task(tick("quarter", 900)), asyncio.create_task(tick("third", 1300))]
    await clock.move_to(START + timedelta(hours=1))
    assert clock.now() == START + timedelta(hours=1)
    for one in ticking:
        one.cancel()


def test_everything_happens_at_its_moment_and_threads_take_no_time() -> None:
    said: list[tuple[str, float]] = []
    run(_an_hour(said))
    assert said == [
        ("quarter", 900),
        ("third", 1300),
        ("quarter", 1800),
        ("third", 2600),
        ("quarter", 2700),
        ("quarter", 3600),
    ]


async def _woken_after(span_s: float) -> float:
    clock = MovedClock(START)
    sleeper = asyncio.create_task(clock.sleep(span_s))
    sleeper.add_done_callback(lambda _: woken.append(clock.monotonic()))
    woken: list[float] = []
    await clock.move_to(START + timedelta(minutes=1))
    return woken[0]


def test_short_and_long_waits_are_exact_and_those_of_some_seconds_are_coarse() -> None:
    assert [run(_woken_after(span_s)) for span_s in (0.05, 1, 45)] == [0.05, GRAIN_S, 45]


async def _nobody_moves() -> float:
    before = time.monotonic()
    await asyncio.sleep(0.02)
    return time.monotonic() - before


def test_where_nobody_moves_time_it_passes_as_everywhere() -> None:
    assert run(_nobody_moves()) >= 0.02
