from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from services.runtime.clock import WAIT_S_MIN, ClockInvalid, ScaledClock, SystemClock, machine_s, read


def test_without_a_setting_the_machine_tells_the_time() -> None:
    assert isinstance(read(""), SystemClock)


@pytest.mark.parametrize("sign", ["x", "×"])
def test_a_rehearsal_begins_where_it_is_told_and_runs_faster(sign: str) -> None:
    began = time.time() - 2
    clock = read(f"2026-09-01T20:00:00+09:00{sign}1000@{began}")
    passed = clock.now() - datetime(2026, 9, 1, 11, tzinfo=UTC)
    assert (
        timedelta(seconds=2000)
        <= passed
        <= timedelta(seconds=2000) + timedelta(seconds=(time.time() - began - 2) * 1000 + 60)
    )


def test_processes_that_are_given_the_same_words_agree() -> None:
    clock = read("2026-09-01T20:00:00+09:00x60")
    assert isinstance(clock, ScaledClock)
    again = read(str(clock))
    assert isinstance(again, ScaledClock)
    assert abs((again.now() - clock.now()).total_seconds()) < 60
    assert (again.start, again.speed) == (clock.start, clock.speed)


async def test_a_span_of_the_rehearsal_is_short_in_life() -> None:
    clock = read("2026-09-01T20:00:00+09:00x10000")
    before = clock.monotonic()
    await clock.sleep(600)
    assert clock.monotonic() - before >= 599


@pytest.mark.parametrize(
    ("span_s", "waits_s"), [(3600, 3.6), (180, 0.18), (60, WAIT_S_MIN), (10, WAIT_S_MIN), (1, WAIT_S_MIN), (0, 0)]
)
def test_a_wait_of_a_rehearsal_is_short_but_never_none(span_s: float, waits_s: float) -> None:
    assert machine_s(read("2026-09-01T20:00:00+09:00x1000"), span_s) == pytest.approx(waits_s)
    assert machine_s(read(""), span_s) == span_s


@pytest.mark.parametrize(
    "text", ["tomorrow", "2026-09-01T20:00:00x10", "2026-09-01T20:00:00+09:00x0", "2026-09-01T20:00:00+09:00"]
)
def test_a_clock_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(ClockInvalid, match="expected FROM"):
        read(text)
