from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.observation import Crossing, Kind, Native, Observation, Quality, Station, Threshold
from services.ingest.core.thresholds import (
    RULES,
    SAMPLES_MAX,
    Change,
    Doubt,
    Gauge,
    Sample,
    Turn,
    is_lost,
    next_s,
    plausible,
    rungs,
    step,
)

AT = datetime(2026, 9, 1, 11, 0, tzinfo=UTC)
START, DANGER, FLOOD = 4.0, 5.0, 7.0
LADDER = (
    Threshold(crossing=Crossing.START, value=START, datum="TP"),
    Threshold(crossing=Crossing.DANGER, value=DANGER, datum="TP"),
    Threshold(crossing=Crossing.FLOOD, value=FLOOD, datum="TP"),
)
ABOUT = Station(source="kriver", station="1", name="見本橋", jis5=("14206",), thresholds=LADDER)
ABSENT = None


def seen(value: float | None, minute: float, **changes: object) -> Observation:
    """What the gauge read so many minutes after AT; None: the list did not name it."""
    at = AT + timedelta(minutes=minute)
    made = Observation(
        source="kriver",
        station="1",
        kind=Kind.STAGE,
        value=value,
        unit="m",
        datum="TP",
        quality=Quality.GOOD if value is not None else Quality.MISSING,
        observed=at,
        native=Native(),
        received=at + timedelta(minutes=2),
        listed=value is not None,
        about=ABOUT if value is not None else None,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def fold(*series: Observation) -> tuple[Gauge | None, list[Change]]:
    """The gauge after a series, and what happened on the way."""
    gauge: Gauge | None = None
    changes: list[Change] = []
    for one in series:
        after = step(gauge, one)
        gauge = after.gauge
        changes += after.changes
    return gauge, changes


def every_ten(*values: float | None) -> list[Observation]:
    """A reading every ten minutes."""
    return [seen(value, 10 * index) for index, value in enumerate(values)]


def turns(*series: Observation) -> list[tuple[str, str | None]]:
    """What people are told: turn and level."""
    _, changes = fold(*series)
    told = {Turn.RAISED, Turn.LOWERED, Turn.CLEARED}
    return [(change.turn, change.crossing) for change in changes if change.turn in told]


def staff(*series: Observation) -> list[str]:
    """What the staff hear besides."""
    _, changes = fold(*series)
    return [change.turn for change in changes if change.turn not in {Turn.RAISED, Turn.LOWERED, Turn.CLEARED}]


# --- up and down ---


def test_the_first_reading_at_a_threshold_raises_it() -> None:
    assert turns(*every_ten(3.9, 4.0)) == [("raised", "start")]
    assert turns(*every_ten(3.9, 3.99)) == []


def test_a_rise_past_two_thresholds_is_one_change() -> None:
    assert turns(*every_ten(3.9, 5.0)) == [("raised", "danger")]


def test_it_falls_when_three_readings_lie_a_hysteresis_below() -> None:
    assert turns(*every_ten(4.2, 3.9, 3.9)) == [("raised", "start")]
    assert turns(*every_ten(4.2, 3.9, 3.9, 3.9)) == [("raised", "start"), ("cleared", None)]
    assert turns(*every_ten(4.2, 3.91, 3.91, 3.91, 3.91)) == [("raised", "start")]


def test_flapping_around_a_threshold_is_told_once() -> None:
    flapping = [4.02, 3.95] * 20
    assert turns(*every_ten(3.5, *flapping)) == [("raised", "start")]


def test_one_reading_up_again_begins_the_count_anew() -> None:
    assert turns(*every_ten(4.2, 3.8, 3.8, 4.0, 3.8, 3.8)) == [("raised", "start")]


def test_it_falls_to_the_level_that_it_still_holds() -> None:
    assert turns(*every_ten(4.5, 5.2, 4.6, 4.5, 4.4)) == [
        ("raised", "start"),
        ("raised", "danger"),
        ("lowered", "start"),
    ]


def test_missing_closed_and_other_things_measured_change_nothing() -> None:
    gauge, _ = fold(seen(5.2, 0))
    for other in (
        seen(None, 10, listed=True, quality=Quality.MISSING),
        seen(None, 10, listed=True, quality=Quality.CLOSED),
        seen(1.0, 10, kind=Kind.DISCHARGE, unit="m3/s"),
        seen(1.0, 10, datum="gauge-zero"),
        seen(1.0, 10, datum=None),
    ):
        assert step(gauge, other).gauge == gauge
        assert step(gauge, other).changes == ()


def test_the_same_value_can_be_low_by_one_datum_and_high_by_another() -> None:
    both = replace(ABOUT, thresholds=(*LADDER, Threshold(crossing=Crossing.DANGER, value=1.0, datum="gauge-zero")))
    assert turns(seen(3.0, 0, about=both)) == []
    assert turns(seen(3.0, 0, about=both, datum="gauge-zero")) == [("raised", "danger")]


def test_a_gauge_without_thresholds_or_unknown_is_nothing() -> None:
    bare = replace(ABOUT, thresholds=())
    assert fold(seen(9.0, 0, about=bare)) == (None, [])
    assert fold(seen(9.0, 0, about=None)) == (None, [])
    assert fold(seen(ABSENT, 0)) == (None, [])


def test_what_a_reading_does_not_say_of_its_station_is_remembered() -> None:
    assert turns(seen(4.2, 0), seen(5.2, 10, about=None)) == [("raised", "start"), ("raised", "danger")]


# --- thresholds ---


def test_of_two_thresholds_the_newer_counts_from_its_day() -> None:
    old = Threshold(crossing=Crossing.DANGER, value=5.0, datum="TP", valid_from=date(2020, 1, 1))
    new = Threshold(crossing=Crossing.DANGER, value=4.5, datum="TP", valid_from=date(2026, 9, 2))
    about = replace(ABOUT, thresholds=(new, old, LADDER[0]))
    assert [one.value for one in rungs(about, "TP", date(2026, 9, 1))] == [4.0, 5.0]
    assert [one.value for one in rungs(about, "TP", date(2026, 9, 2))] == [4.0, 4.5]


def test_a_level_that_was_taken_off_the_ladder_is_left_like_any_other() -> None:
    without = replace(ABOUT, thresholds=LADDER[:1])
    series = [seen(5.2, 0), *(seen(4.5, 10 * index, about=without) for index in range(1, 4))]
    assert turns(*series) == [("raised", "danger"), ("lowered", "start")]


# --- order ---


def test_an_older_reading_and_a_repeat_change_nothing() -> None:
    gauge, _ = fold(*every_ten(4.2, 5.2))
    assert step(gauge, seen(9.0, 5)).gauge == gauge
    assert step(gauge, seen(5.2, 10)).gauge == gauge


def test_a_corrected_value_takes_the_place_of_the_first() -> None:
    gauge, changes = fold(seen(4.2, 0), seen(4.9, 10), seen(5.1, 10))
    assert gauge is not None
    assert [one.value for one in gauge.samples] == [4.2, 5.1]
    assert [(one.turn, one.order) for one in changes] == [(Turn.RAISED, 0), (Turn.RISING, 0), (Turn.RAISED, 1)]


def test_a_reading_an_hour_old_when_it_comes_is_of_a_dead_sensor() -> None:
    late = seen(9.0, 0, received=AT + timedelta(minutes=61))
    assert fold(late) == (None, [])
    gauge, _ = fold(seen(4.2, 0))
    assert step(gauge, seen(9.0, 10, received=AT + timedelta(days=600))).gauge == gauge


def test_a_reading_from_the_future_hides_no_later_one() -> None:
    ahead = seen(4.2, 0, observed=AT + timedelta(days=1))
    assert turns(ahead, seen(4.3, 10)) == [("raised", "start")]


def test_a_reading_older_than_the_answer_before_it_still_rises_in_revision() -> None:
    gone = [seen(4.2, 0), seen(ABSENT, 10), seen(ABSENT, 20), seen(ABSENT, 30)]
    _, changes = fold(*gone, seen(4.4, 25, received=AT + timedelta(minutes=43)))
    assert [(change.turn, change.at - AT, change.order) for change in changes] == [
        (Turn.RAISED, timedelta(0), 0),
        (Turn.CLEARED, timedelta(minutes=30), 0),
        (Turn.RAISED, timedelta(minutes=30), 1),
    ]
    assert turns(*gone, seen(4.4, 5)) == [("raised", "start"), ("cleared", None)]


def test_changes_of_one_instant_are_counted() -> None:
    _, changes = fold(*every_ten(3.5, 4.2))
    assert [(one.turn, one.order) for one in changes] == [(Turn.RAISED, 0), (Turn.RISING, 1)]


# --- doubt ---


def test_a_jump_that_no_river_makes_waits_for_a_second_that_agrees() -> None:
    spike = every_ten(3.0, 5.6, 3.0)
    assert (turns(*spike), staff(*spike)) == ([], ["held", "dismissed"])
    real = every_ten(3.0, 5.6, 5.7)
    assert (turns(*real), staff(*real)) == ([("raised", "danger")], ["held", "dismissed", "rising"])


def test_a_second_jump_elsewhere_does_not_agree() -> None:
    wild = every_ten(3.0, 5.6, 8.0, 11.0, 3.0)
    assert (turns(*wild), staff(*wild)) == ([], ["held", "dismissed"])


def test_a_jump_that_raises_nothing_is_held_without_a_word() -> None:
    fall = every_ten(5.6, 2.0, 5.6)
    assert (turns(*fall), staff(*fall)) == ([("raised", "danger")], ["dismissed"])


@pytest.mark.parametrize("height", [5.6, 1.0])
def test_a_leap_to_exactly_zero_never_agrees_with_itself(height: float) -> None:
    series = every_ten(height, 0.0, 0.0, 0.0, 0.0, height)
    assert [turn for turn, _ in turns(*series)] == (["raised"] if height > START else [])


def test_what_the_source_doubts_waits_for_a_good_one() -> None:
    doubted = [seen(4.2, 0, quality=Quality.SUSPECT), seen(4.3, 10, quality=Quality.SUSPECT)]
    assert (turns(*doubted), staff(*doubted)) == ([], ["held"])
    assert turns(*doubted, seen(4.3, 20)) == [("raised", "start")]
    assert turns(seen(3.9, 0), seen(4.2, 10, quality=Quality.SUSPECT)) == []


def test_a_gauge_first_seen_flooded_must_move_like_water() -> None:
    still = every_ten(7.5, 7.45, 7.58, 7.5)
    assert (turns(*still), staff(*still)) == ([], ["held"])
    rising = every_ten(7.5, 7.6, 7.8)
    assert turns(*rising) == [("raised", "flood")]
    leaping = every_ten(7.5, 9.5)
    assert turns(*leaping) == []
    fallen = every_ten(7.5, 6.8)
    assert turns(*fallen) == [("raised", "danger")]
    suspect = [seen(7.5, 0), seen(7.9, 10, quality=Quality.SUSPECT)]
    assert turns(*suspect) == []


def test_why_it_is_doubted_is_said() -> None:
    assert [change.doubt for change in fold(*every_ten(7.5))[1]] == [Doubt.FIRST_SEEN_FLOODED]
    assert [change.doubt for change in fold(*every_ten(3.0, 5.6))[1]] == [Doubt.JUMP]
    assert [change.doubt for change in fold(seen(4.2, 0, quality=Quality.SUSPECT))[1]] == [Doubt.SUSPECT]


def test_a_gauge_without_a_flood_level_is_believed_at_first_sight() -> None:
    about = replace(ABOUT, thresholds=LADDER[:2])
    assert turns(seen(9.0, 0, about=about)) == [("raised", "danger")]


@pytest.mark.parametrize(
    ("before", "after", "minutes", "can_be"),
    [(3.0, 4.5, 10, True), (3.0, 4.51, 10, False), (3.0, 4.5, 1, True), (3.0, 6.0, 20, True), (0.2, 0.0, 10, True)],
)
def test_how_far_a_river_moves(before: float, after: float, minutes: float, can_be: bool) -> None:
    later = Sample(observed=AT + timedelta(minutes=minutes), value=after)
    assert plausible(Sample(observed=AT, value=before), later) is can_be


# --- absence ---


def test_three_absences_clear_a_gauge_and_two_do_not() -> None:
    assert turns(*every_ten(5.2, ABSENT, ABSENT)) == [("raised", "danger")]
    assert turns(*every_ten(5.2, ABSENT, ABSENT, ABSENT)) == [("raised", "danger"), ("cleared", None)]


def test_a_return_begins_the_count_anew_and_a_new_episode_is_told_anew() -> None:
    back = every_ten(4.2, ABSENT, ABSENT, 4.1, ABSENT, ABSENT)
    assert turns(*back) == [("raised", "start")]
    again = every_ten(4.2, ABSENT, ABSENT, ABSENT, ABSENT, 4.1)
    assert [turn for turn, _ in turns(*again)] == ["raised", "cleared", "raised"]


def test_one_answer_counts_once_and_an_older_one_not_at_all() -> None:
    assert turns(seen(4.2, 0), *[seen(ABSENT, 10)] * 5) == [("raised", "start")]
    assert turns(seen(4.2, 60), *(seen(ABSENT, minute) for minute in (10, 20, 30))) == [("raised", "start")]


def test_absence_lets_go_of_what_was_held_and_of_a_rise() -> None:
    held = every_ten(7.5, ABSENT, ABSENT, ABSENT)
    assert (turns(*held), staff(*held)) == ([], ["held", "dismissed"])
    risen = every_ten(4.0, 4.8, ABSENT, ABSENT, ABSENT)
    assert staff(*risen) == ["rising", "steady"]
    calm = every_ten(3.0, ABSENT, ABSENT, ABSENT)
    assert fold(*calm)[0] == Gauge(about=ABOUT, gone_at=AT + timedelta(minutes=10))


# --- the trend, and silence ---


def test_a_fast_rise_is_a_signal_of_its_own_once() -> None:
    _, changes = fold(*every_ten(2.0, 2.3, 2.6, 2.9, 3.1, 3.15, 3.16, 3.17))
    assert [(change.turn, change.rise_m) for change in changes] == [(Turn.RISING, 0.6), (Turn.STEADY, 0.07)]
    assert changes[0].next_s == pytest.approx((START - 2.6) / (0.3 / 600))


def test_when_the_next_level_will_be_reached() -> None:
    def at(*values: float) -> tuple[Sample, ...]:
        return tuple(Sample(observed=AT + timedelta(minutes=10 * n), value=value) for n, value in enumerate(values))

    assert next_s(at(4.0, 4.1, 4.2), LADDER) == pytest.approx(0.8 / (0.1 / 600))
    assert next_s(at(4.0, 4.0), LADDER) is None
    assert next_s(at(4.0), LADDER) is None
    assert next_s(at(8.0, 8.1), LADDER) is None


def test_a_gauge_above_a_threshold_that_is_silent_for_an_hour_is_lost() -> None:
    gauge, _ = fold(seen(4.2, 0))
    low, _ = fold(seen(3.0, 0))
    assert gauge is not None
    assert low is not None
    assert not is_lost(gauge, AT + timedelta(minutes=60))
    assert is_lost(gauge, AT + timedelta(minutes=61))
    assert not is_lost(low, AT + timedelta(days=2))
    assert not is_lost(replace(gauge, samples=()), AT + timedelta(days=2))


def test_no_more_is_remembered_than_is_needed() -> None:
    gauge, _ = fold(*(seen(3.0, minute / 10) for minute in range(2_000)))
    assert gauge is not None
    assert len(gauge.samples) == SAMPLES_MAX
    sparse, _ = fold(*(seen(3.0, 120 * hour) for hour in range(20)))
    assert sparse is not None
    assert len(sparse.samples) == RULES.falls


# --- any series ---

levels = st.lists(
    st.one_of(st.none(), st.sampled_from([3.0, 3.88, 3.95, 4.0, 4.5, 4.95, 5.0, 5.5, 6.5, 7.0, 8.0])), max_size=40
)


@given(levels)
def test_levels_are_told_alternately_and_at_rising_instants(values: list[float | None]) -> None:
    gauge, changes = fold(*every_ten(*values))
    told = [change for change in changes if change.turn in {Turn.RAISED, Turn.LOWERED, Turn.CLEARED}]
    level: Crossing | None = None
    for change in told:
        assert change.before is level
        assert change.crossing is not level
        level = change.crossing
    assert (gauge.level if gauge else None) is level
    assert all((one.at, one.order) < (two.at, two.order) for one, two in pairwise(changes))


@given(levels, st.integers(0, 40))
def test_a_repeat_of_all_that_came_before_changes_nothing(values: list[float | None], upto: int) -> None:
    series = every_ten(*values)
    gauge, _ = fold(*series)
    if gauge is not None and gauge.samples:
        for one in series[:upto]:
            if one.listed and one.observed <= gauge.samples[-1].observed:
                assert step(gauge, one).changes == ()
