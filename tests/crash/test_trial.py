"""The judge of a crash can find each thing wrong."""

from __future__ import annotations

from typing import Any

import pytest

from services.gateway.channels.loopback import PARALLEL
from tests.crash import city, many, trial
from tests.crash.counting import AFTER, BEFORE, Point
from tests.crash.lives import Killed
from tests.crash.run import chosen, were_reached
from tests.factories import ODAWARA

PEOPLE = city.people(36)
STEADY = [one for one in PEOPLE if one.must_hear]
KEY = ("heavy_rain", str(ODAWARA), 4)


def a_message(address: str, at: str = "2026-09-01T11:00:00.000000+00:00") -> dict[str, Any]:
    return {"address": address, "alert": "a", "change": "new", "hazard": "heavy_rain", "at": at}


ALL = [a_message(one.address) for one in STEADY]


def test_every_kind_of_person_is_in_the_city() -> None:
    assert len(STEADY) == 24
    assert any(one.must_not_hear for one in PEOPLE)
    assert {None} < {one.before for one in PEOPLE} | {one.after for one in PEOPLE}


def test_who_is_missed_and_who_is_told_in_vain_is_named() -> None:
    stranger = next(one for one in PEOPLE if one.must_not_hear)
    got = [*ALL[1:], a_message(stranger.address)]
    assert list(trial.people_faults(PEOPLE, ALL, {})) == []
    assert list(trial.people_faults(PEOPLE, got, {STEADY[0].device: "expired"})) == [
        f"{STEADY[0].device} was missed (expired)",
        f"{stranger.device} was told, whom it does not concern",
    ]


def test_repeats_are_messages_that_a_phone_had_already() -> None:
    assert trial.repeated(ALL) == 0
    assert trial.repeated([*ALL, ALL[0], ALL[0], ALL[1]]) == 3


def test_what_may_come_twice_is_what_was_in_flight_and_a_tenth_of_a_second() -> None:
    at = ["11:00:00.000000", "11:00:00.050000", "11:00:00.090000", "11:00:00.200000", "11:00:05.000000"]
    got = [a_message("x", f"2026-09-01T{one}+00:00") for one in at]
    killed = Killed(1_788_260_401.0)  # 11:00:01
    assert trial.repeats_max(got, killed) == PARALLEL + 3


def test_a_ledger_that_differs_is_named_with_who() -> None:
    whole = {KEY: frozenset(one.device for one in STEADY)}
    less = {KEY: frozenset(one.device for one in STEADY[1:])}
    assert list(trial.differences(whole, whole)) == []
    assert list(trial.differences(whole, less)) == [
        f"the ledger of heavy_rain {ODAWARA} 4 differs for {STEADY[0].device}"
    ]


@pytest.mark.parametrize(("sample", "count"), [(None, 3), (2, 2), (9, 3)])
def test_every_append_and_commit_is_a_point_on_one_side_in_turn(sample: int | None, count: int) -> None:
    seen = [Point(what, nth, side) for what, nth in (("a", 1), ("b:", 1), ("a", 2)) for side in (BEFORE, AFTER)]
    found = chosen(seen, 7, sample)
    assert len(found) == count
    assert set(found) <= {Point("a", 1, BEFORE), Point("b:", 1, AFTER), Point("a", 2, BEFORE)}


# --- a whole city, the dispatcher alone ---


def test_who_is_told_otherwise_or_twice_is_named() -> None:
    who = many.crowd(36)
    steady = [one for one in who if one.must_hear]
    stranger = next(one for one in who if one.must_not_hear)
    item = ("new", "heavy_rain", 4)
    whole = {one.device: (item,) for one in steady}
    assert list(many.wrongly_told(who, whole, whole)) == []
    wrong = {**whole, steady[0].device: (), steady[1].device: (item, item), stranger.device: (item,)}
    assert [fault.split(" was told")[0] for fault in many.wrongly_told(who, whole, wrong)] == [
        steady[0].device,
        steady[1].device,
        steady[1].device,
        stranger.device,
        stranger.device,
    ]


def test_each_kind_of_step_is_tried_on_both_sides_and_some_more() -> None:
    steps = (("decide.3:", 1), ("decide.11:", 1), ("decisions", 1), ("decisions", 2), ("situation:", 1))
    seen = [Point(what, nth, side) for what, nth in steps for side in (BEFORE, AFTER)]
    found = many.chosen(seen, 7, 2)
    assert len(found) == len(set(found)) == 8
    kinds = {(point.what.rstrip(":0123456789"), point.side) for point in found}
    assert len(kinds) == 6
    assert set(many.chosen(seen, 7, 99)) == set(seen)


def test_a_crowd_has_every_kind_and_the_rest_changes_nothing() -> None:
    who = many.crowd(many.CHANGING + 10)
    assert len({one.device for one in who}) == many.CHANGING + 10
    assert all(one.must_hear for one in who[many.CHANGING :])
    assert any(one.before is None for one in who)


def trials_at(what: str, reached: int, of: int) -> list[trial.Trial]:
    return [trial.Trial(point=Point(what, nth, BEFORE), reached=nth < reached) for nth in range(of)]


@pytest.mark.parametrize(
    ("results", "enough"),
    [
        (trials_at("decisions", 9, 10) + trials_at("correct.3:", 5, 10), True),
        (trials_at("decisions", 8, 10) + trials_at("correct.3:", 10, 10), False),
        (trials_at("decisions", 10, 10) + trials_at("correct.3:", 4, 10), False),
    ],
)
def test_a_run_that_seldom_gets_to_its_points_says_nothing(results: list[trial.Trial], *, enough: bool) -> None:
    assert were_reached(results) is enough
