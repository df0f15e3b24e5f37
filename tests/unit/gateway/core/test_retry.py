from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.gateway.core.retry import (
    BACKOFF_MAX_S,
    HOLD_S,
    RETRY_AFTER_MAX_S,
    Gate,
    again_at,
    backoff_s,
    heard,
)
from services.gateway.core.sending import Attempt, Verdict

NOW = datetime(2026, 9, 1, 13, 40, tzinfo=UTC)
DOWN = Attempt(verdict=Verdict.RETRY, code="UNAVAILABLE")
OK = Attempt(verdict=Verdict.ACCEPTED)
BUSY = Attempt(verdict=Verdict.RETRY, code="QUOTA_EXCEEDED", retry_after_s=20.0, pauses_all=True)


def later(span_s: float) -> datetime:
    return NOW + timedelta(seconds=span_s)


@pytest.mark.parametrize(
    ("failures", "jitter", "span_s"),
    [(1, 0.5, 1.0), (2, 0.5, 2.0), (4, 0.0, 4.0), (4, 1.0, 12.0), (99, 0.5, 64.0), (0, 0.5, 1.0)],
)
def test_waits_double_with_every_failure_and_spread_by_chance(failures: int, jitter: float, span_s: float) -> None:
    assert backoff_s(failures, jitter) == span_s
    assert again_at(DOWN, failures, NOW, jitter) == later(span_s)


def test_a_channel_that_says_how_long_is_obeyed_within_bounds_and_not_by_all_at_once() -> None:
    assert again_at(BUSY, 1, NOW, 0.25) == later(20.25)
    endless = Attempt(verdict=Verdict.RETRY, retry_after_s=86_400.0)
    assert again_at(endless, 1, NOW, 0.0) == later(RETRY_AFTER_MAX_S)


def test_an_open_gate_lets_all_through() -> None:
    assert Gate().allowance(NOW, 100) == 100


def test_one_phone_that_fails_says_nothing_about_the_channel() -> None:
    stray = heard(Gate(), [DOWN], NOW, 0.5)
    assert stray.allowance(NOW, 100) == 100
    assert heard(stray, [OK], NOW, 0.5) == Gate()
    assert heard(Gate(), [DOWN, DOWN, OK, DOWN], NOW, 0.5) == Gate()
    assert heard(Gate(), [], NOW, 0.5) == Gate()


def test_one_phone_that_fails_again_and_again_with_nobody_else_served_says_it() -> None:
    gate = Gate()
    for _ in range(2):
        gate = heard(gate, [DOWN], NOW, 0.5)
        assert gate.closed_until is None
    assert heard(gate, [DOWN], NOW, 0.5) == Gate(failures=1, closed_until=later(1), closed_since=NOW)


def test_where_all_fail_the_gate_closes_and_one_message_asks_again() -> None:
    closed = heard(Gate(), [DOWN] * 3, NOW, 0.5)
    assert closed == Gate(failures=1, closed_until=later(1), closed_since=NOW)
    assert [closed.allowance(at, 100) for at in (NOW, later(0.9), later(1))] == [0, 0, 1]


def test_a_closed_gate_waits_longer_after_each_asking_in_vain() -> None:
    gate = heard(Gate(), [DOWN] * 3, NOW, 0.5)
    for failures in range(2, 12):
        assert gate.closed_until is not None
        asked_at = gate.closed_until
        gate = heard(gate, [DOWN], asked_at, 0.5)
        assert gate.failures == failures
        assert gate.closed_until == asked_at + timedelta(seconds=min(BACKOFF_MAX_S, 2.0 ** (failures - 1)))
        assert gate.closed_since == NOW


def test_answers_to_what_was_under_way_when_it_closed_change_nothing() -> None:
    closed = heard(Gate(), [DOWN] * 3, NOW, 0.5)
    assert heard(closed, [DOWN] * 10, later(0.5), 0.5) == closed
    assert heard(closed, [OK] * 10, later(0.5), 0.5) == closed


@pytest.mark.parametrize("verdict", [Verdict.ACCEPTED, Verdict.DEAD, Verdict.REFUSED])
def test_any_answer_that_is_one_opens_it(verdict: Verdict) -> None:
    closed = heard(Gate(), [DOWN] * 3, NOW, 0.5)
    assert heard(closed, [Attempt(verdict=verdict)], later(1), 0.5) == Gate()


def test_too_many_at_once_pauses_everything_for_as_long_as_is_said() -> None:
    paused = heard(Gate(), [OK, OK, BUSY], NOW, 0.0)
    assert paused == Gate(failures=1, closed_until=later(20), closed_since=NOW)
    assert not paused.held


def test_refused_credentials_hold_the_channel() -> None:
    held = heard(Gate(), [OK, Attempt(verdict=Verdict.HOLD, code="HTTP_401")], NOW, 0.5)
    assert held == Gate(failures=1, closed_until=later(HOLD_S), closed_since=NOW, held=True)
    assert heard(held, [OK], later(HOLD_S), 0.5) == Gate()
