from __future__ import annotations

import pytest

from services.phones.core.script import HANG_S, PLAIN, SLOW_S, scene


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("dead-1", 404),
        ("mismatch-1", 403),
        ("malformed-1", 400),
        ("refuse-1", 400),
        ("locked-1", 401),
        ("busy-1", 429),
        ("down-1", 503),
    ],
)
def test_an_address_of_this_name_fails_so_every_time(address: str, status: int) -> None:
    for tries in (0, 1, 99):
        answer = scene(address, tries).answer
        assert answer is not None
        assert answer.status == status


def test_a_number_says_how_often() -> None:
    assert [scene("down2-x", tries).answer is None for tries in range(4)] == [False, False, True, True]


def test_slow_ones_are_accepted_late_hanging_ones_after_nobody_waits_and_cut_ones_without_an_answer() -> None:
    assert (scene("slow", 0).wait_s, scene("slow", 0).answer) == (SLOW_S, None)
    assert scene("hang", 0).wait_s == HANG_S
    assert scene("cut", 0).cut


@pytest.mark.parametrize("address", ["demo-odawara-ja", "a-dead-end", "", "x"])
def test_every_other_address_is_accepted(address: str) -> None:
    assert scene(address, 0) == PLAIN
