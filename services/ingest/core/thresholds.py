"""The threshold engine: from the readings of one gauge, in the log's order, to what has become of its level.

A pure fold. What it knows of a gauge is a `Gauge`; each observation gives the next one and the changes it brought, so
whoever folds the same records has the same state: after a restart, and in two ingests.

- *Up* at the first reading at or above a threshold, if it is believable; *down* only when three readings at different
  times lie a hysteresis below it. Missing never changes a level, and is not falling.
- *Doubted* is a reading that no river makes: a jump of more than 1.5 m in ten minutes, a leap to or from exactly 0, one
  that its source marks suspect, and one first seen above the flood level. Staff hear of it at once; people do only
  after a second reading agrees, of a gauge first seen flooded after it has been seen to move like water.
- *Absent* from a list that names only gauges above a threshold: three good and fresh answers in different slots clear it.
- A reading that is an hour old when it comes is of a dead sensor: no gauge above its threshold is that slow.
- Levels are compared only with thresholds of the same datum.

Source of the numbers: practice and measurements in the project's notes on river feeds, §1.3, §2.3.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from schemas.observation import Crossing, Kind, Observation, Quality, Station, Threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The numbers of the engine; every one can be another for a source or gauge."""

    hysteresis_m: float = 0.10
    falls: int = 3
    """Readings at different times below a threshold, until it counts as left."""
    absences: int = 3
    jump_m: float = 1.5
    """The most a river moves in `jump_s`."""
    jump_s: float = 600.0
    zero_m: float = 0.3
    """A leap larger than this to or from exactly 0.00 is a sensor's, not a river's."""
    move_m: float = 0.3
    """How far a gauge first seen flooded must rise before it is believed."""
    dead_s: float = 3600.0
    future_s: float = 600.0
    """A reading further ahead of its receipt is of a wrong clock; believed, it would hide every later one."""
    lost_s: float = 3600.0
    rise_m: float = 0.5
    """Risen this far within `rise_s`: a signal of its own."""
    rise_s: float = 1800.0
    fit_s: float = 3600.0
    """How far back a trend looks."""


RULES = Rules()
SAMPLES_MAX = 64
"""Readings remembered of a gauge; an hour at one a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A level at an instant, metres from the gauge's datum."""

    observed: datetime
    value: float


class Doubt(StrEnum):
    """Why a reading is not believed yet."""

    JUMP = "jump"
    SUSPECT = "suspect"
    FIRST_SEEN_FLOODED = "first-seen-flooded"


class Turn(StrEnum):
    """What a reading brought."""

    RAISED = "raised"
    LOWERED = "lowered"
    """Below the level it had, still above a lower one."""
    CLEARED = "cleared"
    HELD = "held"
    """For staff: it would raise the level, and is doubted."""
    DISMISSED = "dismissed"
    """For staff: what was held has gone, or was believed."""
    RISING = "rising"
    """For staff: it rises fast."""
    STEADY = "steady"
    """For staff: it no longer does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of a gauge.

    `sample` is None where it was cleared by absence. `at` is the instant it is of, or that of the change before where
    that is later; `order` counts changes of one instant. `next_s`: seconds until the next threshold at the present
    rate, None when unknown or none.
    """

    turn: Turn
    at: datetime
    order: int
    crossing: Crossing | None
    before: Crossing | None
    sample: Sample | None
    doubt: Doubt | None = None
    rise_m: float = 0.0
    next_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """What is known of one gauge. `level`: the highest threshold it counts as above, None below all."""

    about: Station
    level: Crossing | None = None
    samples: tuple[Sample, ...] = ()
    held: tuple[Sample, ...] = ()
    doubt: Doubt | None = None
    absences: tuple[datetime, ...] = ()
    is_rising: bool = False
    gone_at: datetime | None = None
    """The first of the answers without it by which it was cleared."""
    changed: datetime | None = None
    order: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The gauge after an observation, None while nothing is known of it, and what it brought."""

    gauge: Gauge | None
    changes: tuple[Change, ...] = ()


def step(before: Gauge | None, seen: Observation, rules: Rules = RULES) -> Step:
    """Fold one observation in."""
    about = seen.about or (before.about if before else None)
    if seen.kind is not Kind.STAGE or about is None or not about.thresholds:
        return Step(gauge=before)
    gauge = Gauge(about=about) if before is None else replace(before, about=about)
    if not seen.listed:
        return _absent(gauge, seen.observed, rules)
    sample = _usable(gauge, seen, rules)
    ladder = rungs(about, seen.datum, seen.observed.date())
    if sample is None or not ladder:
        return Step(gauge=before)
    return _judge(_without(gauge, sample), sample, ladder, rules, is_suspect=seen.quality is Quality.SUSPECT)


def _usable(gauge: Gauge, seen: Observation, rules: Rules) -> Sample | None:
    """The reading, None where it is a gap, of a wrong time, known, or older than what is known."""
    if seen.value is None or not -rules.future_s <= (seen.received - seen.observed).total_seconds() <= rules.dead_s:
        return None
    if gauge.gone_at is not None and seen.observed < gauge.gone_at:
        return None  # older than the answers that did not name the gauge any more
    sample, newest = Sample(observed=seen.observed, value=seen.value), _newest(gauge)
    is_news = newest is None or (sample.observed >= newest.observed and sample != newest)
    return sample if is_news else None


def rungs(about: Station, datum: str | None, day: date) -> tuple[Threshold, ...]:
    """The thresholds of a datum in force on a day, lowest first; of two for one crossing the newer counts."""
    newest: dict[Crossing, Threshold] = {}
    for one in sorted(about.thresholds, key=lambda one: one.valid_from or date.min):
        if one.datum == datum and (one.valid_from is None or one.valid_from <= day):
            newest[one.crossing] = one
    return tuple(sorted(newest.values(), key=lambda one: one.value))


def is_lost(gauge: Gauge, now: datetime, rules: Rules = RULES) -> bool:
    """Whether a gauge above a threshold has said nothing for so long that nobody knows how high the river is."""
    newest = _newest(gauge)
    return gauge.level is not None and newest is not None and (now - newest.observed).total_seconds() > rules.lost_s


# --- order and doubt ---


def _newest(gauge: Gauge) -> Sample | None:
    return max((*gauge.samples[-1:], *gauge.held[-1:]), key=lambda sample: sample.observed, default=None)


def _without(gauge: Gauge, sample: Sample) -> Gauge:
    """Without an earlier value of the same instant: a correction takes its place."""
    return replace(
        gauge,
        samples=tuple(one for one in gauge.samples if one.observed != sample.observed),
        held=tuple(one for one in gauge.held if one.observed != sample.observed),
        absences=(),
    )


def _judge(gauge: Gauge, sample: Sample, ladder: tuple[Threshold, ...], rules: Rules, *, is_suspect: bool) -> Step:
    last = gauge.samples[-1] if gauge.samples else None
    doubt = _doubt(gauge, last, sample, ladder, rules, is_suspect=is_suspect)
    if doubt is None:
        return _accept(gauge, sample, ladder, rules)
    held = replace(gauge, held=(*gauge.held, sample)[-SAMPLES_MAX:], doubt=doubt)
    raises = _above(ladder, sample.value) > _index(ladder, gauge.level)
    changes: list[Change] = []
    if raises and not gauge.held:
        held = _changed(held, changes, Turn.HELD, sample.observed, gauge.level, sample, doubt=doubt)
    return Step(gauge=held, changes=tuple(changes))


def _doubt(
    gauge: Gauge, last: Sample | None, sample: Sample, ladder: tuple[Threshold, ...], rules: Rules, *, is_suspect: bool
) -> Doubt | None:
    if last is None:
        return _first_seen(gauge, sample, ladder, rules, is_suspect=is_suspect)
    agrees = bool(gauge.held) and sample.value != 0 and plausible(gauge.held[-1], sample, rules)
    if is_suspect:
        return Doubt.SUSPECT
    return None if agrees or plausible(last, sample, rules) else Doubt.JUMP


def _first_seen(
    gauge: Gauge, sample: Sample, ladder: tuple[Threshold, ...], rules: Rules, *, is_suspect: bool
) -> Doubt | None:
    floods = [one.value for one in ladder if one.crossing is Crossing.FLOOD]
    if floods and sample.value >= floods[0]:
        lowest = min((one.value for one in gauge.held), default=sample.value)
        moved = (
            bool(gauge.held)
            and plausible(gauge.held[-1], sample, rules)
            and _apart(sample.value, lowest) >= rules.move_m
        )
        return None if moved and not is_suspect else Doubt.FIRST_SEEN_FLOODED
    return Doubt.SUSPECT if is_suspect else None


def plausible(before: Sample, after: Sample, rules: Rules = RULES) -> bool:
    """Whether a river can have moved so."""
    moved = abs(_apart(after.value, before.value))
    if 0.0 in {before.value, after.value} and moved > rules.zero_m:
        return False
    took_s = max(abs((after.observed - before.observed).total_seconds()), rules.jump_s)
    return moved <= rules.jump_m * took_s / rules.jump_s


# --- levels ---


def _accept(gauge: Gauge, sample: Sample, ladder: tuple[Threshold, ...], rules: Rules) -> Step:
    since = sample.observed - timedelta(seconds=rules.fit_s)
    kept = (*gauge.samples, sample)
    recent = tuple(one for one in kept if one.observed >= since)
    believed = replace(gauge, samples=max(kept[-rules.falls :], recent, key=len)[-SAMPLES_MAX:], held=(), doubt=None)
    changes: list[Change] = []
    if gauge.held:
        believed = _changed(believed, changes, Turn.DISMISSED, sample.observed, gauge.level, sample)
    believed = _levelled(believed, changes, sample, ladder, rules)
    believed = _rise(believed, changes, sample, ladder, rules)
    return Step(gauge=believed, changes=tuple(changes))


def _levelled(
    gauge: Gauge, changes: list[Change], sample: Sample, ladder: tuple[Threshold, ...], rules: Rules
) -> Gauge:
    was, above = _index(ladder, gauge.level), _above(ladder, sample.value)
    at, before = sample.observed, gauge.level
    if above > was:
        raised = replace(gauge, level=ladder[above - 1].crossing)
        return _changed(raised, changes, Turn.RAISED, at, before, sample, next_s=next_s(gauge.samples, ladder, rules))
    lately = gauge.samples[-rules.falls :]
    holds = max(_above(ladder, one.value + rules.hysteresis_m, is_open=True) for one in lately)
    if holds >= was or len(lately) < rules.falls:
        return gauge
    lowered = replace(gauge, level=ladder[holds - 1].crossing if holds else None)
    return _changed(lowered, changes, Turn.LOWERED if holds else Turn.CLEARED, at, before, sample)


def _above(ladder: tuple[Threshold, ...], value: float, *, is_open: bool = False) -> int:
    """How many thresholds a value has reached; `is_open`: has passed."""
    apart = [_apart(value, one.value) for one in ladder]
    return sum(one > 0 or (one == 0 and not is_open) for one in apart)


def _apart(value: float, other: float) -> float:
    """The difference: decimal fractions do not add up exactly in binary, and a millimetre's thousandth decides nothing."""
    return round(value - other, 6)


def _index(ladder: tuple[Threshold, ...], level: Crossing | None) -> int:
    """The rung of a level; one that is no longer on the ladder is above all, so that it is left like any other."""
    rungs_by_crossing = {one.crossing: index for index, one in enumerate(ladder, start=1)}
    return 0 if level is None else rungs_by_crossing.get(level, len(ladder) + 1)


def _absent(gauge: Gauge, at: datetime, rules: Rules) -> Step:
    newest = _newest(gauge)
    if at in gauge.absences or newest is None or at <= newest.observed:
        return Step(gauge=gauge)
    absences = (*gauge.absences, at)
    if len(absences) < rules.absences:
        return Step(gauge=replace(gauge, absences=absences))
    gone = replace(
        gauge, level=None, samples=(), held=(), doubt=None, absences=(), is_rising=False, gone_at=absences[0]
    )
    changes: list[Change] = []
    if gauge.is_rising:
        gone = _changed(gone, changes, Turn.STEADY, at, gauge.level, None)
    if gauge.held:
        gone = _changed(gone, changes, Turn.DISMISSED, at, gauge.level, None)
    if gauge.level is not None:
        gone = _changed(gone, changes, Turn.CLEARED, at, gauge.level, None)
    return Step(gauge=gone, changes=tuple(changes))


# --- the trend ---


def _rise(gauge: Gauge, changes: list[Change], sample: Sample, ladder: tuple[Threshold, ...], rules: Rules) -> Gauge:
    since = sample.observed - timedelta(seconds=rules.rise_s)
    rise_m = _apart(sample.value, min(one.value for one in gauge.samples if one.observed >= since))
    is_rising = rise_m >= (rules.rise_m / 2 if gauge.is_rising else rules.rise_m)
    if is_rising == gauge.is_rising:
        return gauge
    return _changed(
        replace(gauge, is_rising=is_rising),
        changes,
        Turn.RISING if is_rising else Turn.STEADY,
        sample.observed,
        gauge.level,
        sample,
        rise_m=rise_m,
        next_s=next_s(gauge.samples, ladder, rules),
    )


def next_s(samples: tuple[Sample, ...], ladder: tuple[Threshold, ...], rules: Rules = RULES) -> float | None:
    """Seconds until the next threshold at the rate of the last hour (least squares); None when it does not rise."""
    last = samples[-1]
    fit = [one for one in samples if (last.observed - one.observed).total_seconds() <= rules.fit_s]
    times = [(one.observed - last.observed).total_seconds() for one in fit]
    middle_s, middle_m = sum(times) / len(fit), sum(one.value for one in fit) / len(fit)
    spread = sum((at - middle_s) ** 2 for at in times)
    slope = (
        sum((at - middle_s) * (one.value - middle_m) for at, one in zip(times, fit, strict=True)) / spread
        if spread
        else 0.0
    )
    above = [one.value - last.value for one in ladder if one.value > last.value]
    return above[0] / slope if above and slope > 0 else None


def _changed(  # noqa: PLR0917 - a change is of all of these
    gauge: Gauge,
    changes: list[Change],
    turn: Turn,
    at: datetime,
    before: Crossing | None,
    sample: Sample | None,
    *,
    doubt: Doubt | None = None,
    rise_m: float = 0.0,
    next_s: float | None = None,
) -> Gauge:
    """Note a change; the gauge after it, which counts those of one instant.

    Their instants never go back: a reading may be older than the answer without its gauge that came before it, and a
    revision that did not rise would be lost.
    """
    at = max(at, gauge.changed or at)
    order = gauge.order + 1 if gauge.changed == at else 0
    crossing = gauge.level
    changes.append(
        Change(
            turn=turn,
            at=at,
            order=order,
            crossing=crossing,
            before=before,
            sample=sample,
            doubt=doubt,
            rise_m=rise_m,
            next_s=next_s,
        )
    )
    return replace(gauge, changed=at, order=order)
