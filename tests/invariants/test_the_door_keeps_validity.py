"""Invariants 5, 6 and 10 at the door: what the public is told, until when, and that silence is noticed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.alert import Alert, Drill, Status, Surface
from schemas.lifecycle import Validity
from schemas.lifecycle import fold as take
from schemas.situation import digest
from schemas.status import Condition, StatusReport
from schemas.telegram import Epoch
from services.gateway.core import leases, situation_view
from services.gateway.core.health import CANARY_STAGES, Problem, problems
from services.gateway.core.mirror import Change, Mirror, fold
from services.gateway.core.situation_view import Held, Place
from services.gateway.core.view import View
from tests.factories import EVERY_SURFACE, ODAWARA, an_alert, an_info, at
from tests.invariants import Twin, hold

Hold = Callable[[View, Place], list[Held]]
HERE = Place(asked="14206", codes=frozenset({ODAWARA}))
MINUTES = st.integers(-600, 600)
HELD_S = 180 * 60.0


def a_lease(reported: float, until: float) -> StatusReport:
    return StatusReport(
        subject="lease:jma.extra", condition=Condition.OK, since=at(reported), reported_at=at(reported), until=at(until)
    )


def a_view(*alerts: Alert, now: float, started: float = -1000, report: StatusReport | None = None) -> View:
    changes = [
        Change(offset=number, key=alert.streams[0], id=f"s:{number}", value=take(None, alert.streams[0], alert))
        for number, alert in enumerate(alerts, 1)
    ]
    mirror = fold(Mirror(), [Change(offset=0, key="epoch", id="", value=Epoch(epoch="e")), *changes], live=False)
    reports = {report.subject: report} if report else {}
    return View(now=at(now), started_at=at(started), mirror=mirror, reports=reports, loaded=True, as_of=at(now))


def public(held: Hold, view: View) -> dict[str, Any]:
    return situation_view.answer(view, HERE, held(view, HERE))


# --- 6: nothing outlives its validity, and running out is no all-clear ---


def check_the_public_is_told_nothing_past_its_validity(held: Hold) -> None:
    @given(MINUTES, MINUTES, st.booleans())
    def check(end: int, now: int, stated: bool) -> None:
        alert = an_alert(-700, an_info(expires=at(end) if stated else None))
        view = a_view(alert, now=now, report=None if stated else a_lease(-700, end))
        told = public(held, view)
        hold(6, bool(told["alerts"]) == (now < end), "the public is told of it past its validity, or not before")
        hold(6, bool(told["lapsed"]) == (not stated and now >= end), "a lapse was not said, or an end was called one")

    check()


Effective = Callable[[Mapping[str, StatusReport], datetime], dict[str, datetime]]


def check_nothing_lapses_before_its_source_could_be_heard(effective: Effective) -> None:
    @given(st.integers(0, 10_000), st.floats(0, 59), st.booleans())
    def check(down_min: int, running_s: float, heard: bool) -> None:
        started, now = at(down_min), at(down_min) + timedelta(seconds=running_s)
        before = a_lease(0, HELD_S / 60)
        heard_now = StatusReport(
            subject=before.subject,
            condition=Condition.OK,
            since=now,
            reported_at=now,
            until=now + timedelta(seconds=HELD_S),
        )
        until = effective({before.subject: heard_now if heard else before}, started)["jma.extra"]
        hold(6, until > now, "it lapsed although its source could not be heard yet, or has just been")

    check()


def test_the_public_is_told_nothing_past_its_validity() -> None:
    check_the_public_is_told_nothing_past_its_validity(situation_view.held)


def test_nothing_lapses_before_its_source_could_be_heard() -> None:
    check_nothing_lapses_before_its_source_could_be_heard(leases.effective)


def what_stands_is_in_force(view: View, where: Place) -> list[Held]:
    """The source would have said so, were it over."""
    return situation_view.held(replace(view, now=at(-10_000)), where)


def what_lapsed_is_over(view: View, where: Place) -> list[Held]:
    return [one for one in situation_view.held(view, where) if one.validity == "in-force"]


def leases_run_on_while_nobody_can_hear(
    reports: Mapping[str, StatusReport],
    started_at: datetime,  # noqa: ARG001 - the mistake
) -> dict[str, datetime]:
    return {subject.removeprefix("lease:"): report.until for subject, report in reports.items() if report.until}


# --- 5: a drill is not real, and our own test is nowhere ---


def check_a_drill_stands_apart(held: Hold) -> None:
    @given(st.sets(st.sampled_from(EVERY_SURFACE)))
    def check(surfaces: set[Surface]) -> None:
        drill = replace(an_alert(0, run="run-1"), drill=Drill(run="run-1", surfaces=tuple(sorted(surfaces))))
        told = public(held, a_view(drill, an_alert(0, stream="rain"), now=1))
        hold(5, all(one["status"] == Status.ACTUAL for one in told["alerts"]), "a drill is told as real")
        hold(5, bool(told["drills"]) == (Surface.PUBLIC in surfaces), "a drill is told where it should not be, or not")

    check()


Fold = Callable[..., Mirror]


def check_the_canary_is_nowhere(fold: Fold) -> None:
    rain = take(None, "rain", an_alert(stream="rain"))
    changes = [
        Change(offset=0, key="epoch", id="", value=Epoch(epoch="e")),
        Change(offset=1, key="rain", id="", value=rain),
        Change(offset=2, key="canary", id="", value=take(None, "canary", an_alert(stream="canary", test=True))),
    ]
    for live in (False, True):
        mirror = fold(Mirror(), changes, live=live)
        hold(5, "canary" not in mirror.snapshot.text, "our own test is in the snapshot")
        hold(5, set(mirror.streams) == {"rain"} and mirror.digest == digest([rain]), "our own test is in the situation")
        hold(5, not any("canary" in step.frame.text for step in mirror.steps), "our own test is sent to everybody")


def test_a_drill_stands_apart() -> None:
    check_a_drill_stands_apart(situation_view.held)


def test_the_canary_is_nowhere() -> None:
    check_the_canary_is_nowhere(fold)


def every_drill_may_be_told(view: View, where: Place) -> list[Held]:
    return [
        Held(
            stream=stream,
            alert=alert,
            info=info,
            areas=info.area,
            validity=Validity.IN_FORCE,
            until=None,
        )
        for stream in view.mirror.streams.values()
        for alert in stream.kept
        for info in alert.info
        if where.codes
    ]


def the_canary_is_a_stream_like_others(mirror: Mirror, changes: Sequence[Change], *, live: bool) -> Mirror:
    after = fold(mirror, changes, live=live)
    canaries = {change.key: change.value for change in changes if change.key == "canary"}
    return replace(after, streams={**after.streams, **canaries})  # type: ignore[dict-item]  # the mistake


# --- 10: silence is noticed ---

Judge = Callable[..., list[Problem]]


def check_silence_is_noticed(judge: Judge) -> None:
    @given(st.sampled_from(("feed:jma.extra", "service:dispatcher")), st.integers(1, 600), st.integers(1, 600))
    def check(subject: str, silence_s: int, more_s: int) -> None:
        said = StatusReport(
            subject=subject, condition=Condition.OK, since=at(0), reported_at=at(0), silence_s=float(silence_s)
        )
        late = at(0) + timedelta(seconds=silence_s + more_s)
        alive = {
            f"canary:{stage}": replace(said, subject=f"canary:{stage}", reported_at=late) for stage in CANARY_STAGES
        }
        view = replace(a_view(now=0), now=late, reports={**alive, subject: said})
        found = [problem.subject for problem in judge(view, canary_limit_s=90)]
        hold(10, found == [subject], "a part fell silent and nobody noticed, or another one was blamed")

    check()


def check_a_canary_that_stops_is_noticed(judge: Judge) -> None:
    @given(st.sampled_from(CANARY_STAGES), st.integers(91, 10_000))
    def check(stage: str, age_s: int) -> None:
        now = at(0) + timedelta(seconds=age_s)
        fresh = StatusReport(subject="", condition=Condition.OK, since=now, reported_at=now)
        reports = {
            f"canary:{one}": replace(
                fresh,
                subject=f"canary:{one}",
                reported_at=at(0) if CANARY_STAGES.index(one) >= CANARY_STAGES.index(stage) else now,
            )
            for one in CANARY_STAGES
        }
        view = replace(a_view(now=0, started=-1), now=now, reports=reports)
        found = [problem.subject for problem in judge(view, canary_limit_s=90)]
        hold(10, found == [f"canary:{stage}"], "the canary stopped and nobody noticed where")

    check()


def test_silence_is_noticed() -> None:
    check_silence_is_noticed(problems)


def test_a_canary_that_stops_is_noticed() -> None:
    check_a_canary_that_stops_is_noticed(problems)


def only_alarms_are_problems(view: View, *, canary_limit_s: float) -> list[Problem]:
    """Who says nothing has nothing to say."""
    spoken = {subject: replace(one, reported_at=view.now) for subject, one in view.reports.items()}
    return problems(replace(view, reports=spoken), canary_limit_s=canary_limit_s)


TWINS = [
    Twin(6, check_the_public_is_told_nothing_past_its_validity, what_stands_is_in_force),
    Twin(6, check_the_public_is_told_nothing_past_its_validity, what_lapsed_is_over),
    Twin(6, check_nothing_lapses_before_its_source_could_be_heard, leases_run_on_while_nobody_can_hear),
    Twin(5, check_a_drill_stands_apart, every_drill_may_be_told),
    Twin(5, check_the_canary_is_nowhere, the_canary_is_a_stream_like_others),
    Twin(10, check_silence_is_noticed, only_alarms_are_problems),
    Twin(10, check_a_canary_that_stops_is_noticed, only_alarms_are_problems),
]
