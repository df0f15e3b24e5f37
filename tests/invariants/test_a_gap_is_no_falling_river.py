"""Invariants 4, 6 and 7 at a river's gauge: told once, a gap is no end, and a crossing is nobody's order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from schemas.alert import Alert, Info, Origin
from schemas.area import UnknownArea
from schemas.observation import Crossing, Kind, Native, Observation, Quality, Station, Threshold
from services.ingest.core import gauge_alert, thresholds
from services.ingest.core.thresholds import Change, Gauge, Rules, Sample, Step, Turn
from tests.invariants import Twin, hold
from tests.telegrams import table

Fold = Callable[[Gauge | None, Observation], Step]
"""The rule: a gauge and what was seen of it → the gauge after, and what that brought."""
Tell = Callable[[Station, Change], Alert]
"""The rule: a change of a gauge → its alert."""

AT = datetime(2026, 9, 1, 11, 0, tzinfo=UTC)
ABOUT = Station(
    source="kriver",
    station="1",
    name="見本橋",
    jis5=("14206",),
    thresholds=(
        Threshold(crossing=Crossing.START, value=4.0, datum="TP"),
        Threshold(crossing=Crossing.DANGER, value=5.0, datum="TP"),
    ),
)
TOLD = frozenset({Turn.RAISED, Turn.LOWERED, Turn.CLEARED})


def fold(gauge: Gauge | None, seen: Observation) -> Step:
    return thresholds.step(gauge, seen)


def tell(about: Station, change: Change) -> Alert:
    made = gauge_alert.alert_of(about, change, table())
    assert not isinstance(made, UnknownArea)
    return made


def _seen(minute: float, value: float | None, **changes: object) -> Observation:
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
        about=ABOUT,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def _turns(step: Fold, series: Iterable[Observation]) -> list[Turn]:
    gauge: Gauge | None = None
    turns: list[Turn] = []
    for seen in series:
        after = step(gauge, seen)
        gauge = after.gauge
        turns += [change.turn for change in after.changes if change.turn in TOLD]
    return turns


def check_a_gap_ends_nothing(step: Fold) -> None:
    high = _seen(0, 5.2)
    minutes = range(10, 100, 10)
    missing = [_seen(minute, None) for minute in minutes]
    hold(6, _turns(step, [high, *missing]) == [Turn.RAISED], "a missing value ends nothing")
    dead = [_seen(minute, 1.0, received=AT + timedelta(days=700)) for minute in minutes]
    hold(6, _turns(step, [high, *dead]) == [Turn.RAISED], "a dead sensor ends nothing")
    other = [_seen(minute, 1.0, datum="gauge-zero") for minute in minutes]
    hold(6, _turns(step, [high, *other]) == [Turn.RAISED], "a value from another datum ends nothing")
    twice = [_seen(minute, None, listed=False) for minute in (10, 20)]
    hold(6, _turns(step, [high, *twice]) == [Turn.RAISED], "two answers without the gauge end nothing")
    zero = [_seen(minute, 0.0) for minute in minutes]
    hold(6, _turns(step, [high, *zero]) == [Turn.RAISED], "a sensor that falls to exactly nothing ends nothing")


def check_a_level_is_told_once(step: Fold) -> None:
    flapping = [_seen(10 * index, 4.02 if index % 2 else 3.96) for index in range(30)]
    hold(4, _turns(step, flapping) == [Turn.RAISED], "a river at its threshold is told once")
    spike = [_seen(0, 3.0), _seen(10, 5.5), _seen(20, 3.0)]
    hold(4, _turns(step, spike) == [], "a jump that no river makes is not told")


def check_a_crossing_is_nobodys_order(tell: Tell) -> None:
    for crossing in Crossing:
        change = Change(
            turn=Turn.RAISED, at=AT, order=0, crossing=crossing, before=None, sample=Sample(observed=AT, value=5.2)
        )
        made = tell(ABOUT, change)
        [info] = made.info
        hold(7, made.origin is Origin.GAUGE, "a crossing is of its own kind")
        hold(7, info.level is None, "a gauge has no 警戒レベル")
        hold(7, (info.rank or 0) <= 3, "a gauge is not told as loudly as an official danger")
        hold(7, "避難指示" not in repr(made), "a gauge orders nothing")


def test_a_gap_ends_nothing() -> None:
    check_a_gap_ends_nothing(fold)


def test_a_level_is_told_once() -> None:
    check_a_level_is_told_once(fold)


def test_a_crossing_is_nobodys_order() -> None:
    check_a_crossing_is_nobodys_order(tell)


# --- wrong rules ---


def missing_is_nothing(gauge: Gauge | None, seen: Observation) -> Step:
    return fold(gauge, replace(seen, value=0.5, quality=Quality.GOOD) if seen.value is None and seen.listed else seen)


def age_is_no_matter(gauge: Gauge | None, seen: Observation) -> Step:
    return thresholds.step(gauge, seen, Rules(dead_s=1e12))


def every_metre_is_a_metre(gauge: Gauge | None, seen: Observation) -> Step:
    return fold(gauge, replace(seen, datum="TP"))


def one_absence_is_enough(gauge: Gauge | None, seen: Observation) -> Step:
    return thresholds.step(gauge, seen, Rules(absences=1))


def zero_is_a_level(gauge: Gauge | None, seen: Observation) -> Step:
    return thresholds.step(gauge, seen, Rules(zero_m=1e6, jump_m=1e6))


def what_is_below_has_fallen(gauge: Gauge | None, seen: Observation) -> Step:
    return thresholds.step(gauge, seen, Rules(hysteresis_m=0.0, falls=1))


def every_jump_is_believed(gauge: Gauge | None, seen: Observation) -> Step:
    return thresholds.step(gauge, seen, Rules(jump_m=1e6))


def _each(about: Station, change: Change, alter: Callable[[Info], Info]) -> Alert:
    made = tell(about, change)
    return replace(made, info=tuple(map(alter, made.info)))


def danger_is_level_4(about: Station, change: Change) -> Alert:
    return _each(about, change, lambda info: replace(info, level=4, rank=4))


def flood_is_rank_5(about: Station, change: Change) -> Alert:
    return _each(about, change, lambda info: replace(info, rank=5))


def the_weather_service_says_it(about: Station, change: Change) -> Alert:
    return replace(tell(about, change), origin=Origin.OFFICIAL)


def danger_is_an_order(about: Station, change: Change) -> Alert:
    return replace(tell(about, change), headline="避難指示")


TWINS = [
    Twin(6, check_a_gap_ends_nothing, missing_is_nothing),
    Twin(6, check_a_gap_ends_nothing, age_is_no_matter),
    Twin(6, check_a_gap_ends_nothing, every_metre_is_a_metre),
    Twin(6, check_a_gap_ends_nothing, one_absence_is_enough),
    Twin(6, check_a_gap_ends_nothing, zero_is_a_level),
    Twin(4, check_a_level_is_told_once, what_is_below_has_fallen),
    Twin(4, check_a_level_is_told_once, every_jump_is_believed),
    Twin(7, check_a_crossing_is_nobodys_order, danger_is_level_4),
    Twin(7, check_a_crossing_is_nobodys_order, flood_is_rank_5),
    Twin(7, check_a_crossing_is_nobodys_order, the_weather_service_says_it),
    Twin(7, check_a_crossing_is_nobodys_order, danger_is_an_order),
]
