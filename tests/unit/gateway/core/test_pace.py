"""How often somebody may ask."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.core.pace import KEY_CHARS_MAX, Pace, household


def test_so_many_at_once_and_then_one_in_a_while() -> None:
    pace = Pace(burst=3, every_s=10)
    assert [pace.wait_s("a", 100.0) for _ in range(4)] == [0.0, 0.0, 0.0, 10.0]
    assert pace.wait_s("a", 104.0) == 6.0
    assert pace.wait_s("a", 110.0) == 0.0
    assert pace.wait_s("a", 110.0) == 10.0


def test_to_be_refused_costs_nothing() -> None:
    pace = Pace(burst=1, every_s=10)
    assert pace.wait_s("a", 0.0) == 0.0
    assert [pace.wait_s("a", 5.0) for _ in range(9)] == [5.0] * 9
    assert pace.wait_s("a", 10.0) == 0.0


def test_one_who_asks_too_much_takes_nothing_from_others() -> None:
    pace = Pace(burst=1, every_s=10)
    pace.wait_s("a", 0.0)
    assert pace.wait_s("a", 0.0) > 0
    assert pace.wait_s("b", 0.0) == 0.0


def test_whoever_kept_still_has_the_whole_burst_again_and_no_more() -> None:
    pace = Pace(burst=2, every_s=10)
    pace.wait_s("a", 0.0)
    assert [pace.wait_s("a", 10_000.0) for _ in range(3)] == [0.0, 0.0, 10.0]


def test_memory_is_bounded_and_the_one_who_asked_longest_ago_goes() -> None:
    pace = Pace(burst=1, every_s=1_000, remembered_max=2)
    for key in ("a", "b", "a", "c"):
        pace.wait_s(key, 0.0)
    assert len(pace) == 2
    assert pace.wait_s("b", 0.0) > 0
    assert pace.wait_s("a", 0.0) == 0.0


@given(st.lists(st.floats(0, 100), max_size=60))
def test_never_more_than_the_burst_and_what_time_gave(moments: list[float]) -> None:
    pace = Pace(burst=5, every_s=2)
    allowed = [at for at in sorted(moments) if pace.wait_s("a", at) == 0.0]
    for first in allowed:
        within = [at for at in allowed if first <= at <= first + 10]
        assert len(within) <= 5 + 10 / 2 + 1


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
        ("x" * 500, "x" * KEY_CHARS_MAX),
    ],
)
def test_a_household_is_one_however_many_addresses_it_has(host: str, key: str) -> None:
    assert household(host) == key
