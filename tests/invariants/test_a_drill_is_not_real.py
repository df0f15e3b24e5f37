"""Invariant 5: a drill never merges with, clears or outranks anything real, and a run ends what the one before left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from schemas.alert import Alert, Status
from schemas.area import AreaCode
from schemas.lifecycle import Stream, StreamState
from services.dispatcher.core import situation
from services.dispatcher.core.situation import Situation, Step
from tests.factories import ODAWARA, an_alert, an_info
from tests.invariants import Twin, hold

Take = Callable[[Situation, str, Alert, frozenset[AreaCode]], Step]
WATCH = frozenset({ODAWARA})


def published(take: Take, alerts: list[Alert]) -> dict[str, Stream]:
    now, found = Situation(), dict[str, Stream]()
    for alert in alerts:
        step = take(now, alert.streams[0], alert, WATCH)
        now = step.situation
        for change in step.changes:
            found.pop(change.stream, None)
            if change.value is not None:
                found[change.stream] = change.value
    return found


def block(level: int) -> Alert:
    return an_alert(0, an_info(level=level) if level else an_info(released=True))


STEPS = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from([0, 2, 3, 4, 5]), st.sampled_from(["", "r1", "r2"])), max_size=10
)


def check_real_streams_are_the_same_without_the_drill(take: Take) -> None:
    @given(STEPS)
    def check(steps: list[tuple[int, int, str]]) -> None:
        alerts = [
            an_alert(minute, an_info(level=level) if level else an_info(released=True), run=run or None)
            for minute, level, run in steps
        ]
        real = [alert for alert in alerts if alert.status is Status.ACTUAL]
        together = published(take, alerts)
        found = {name: stream for name, stream in together.items() if stream.drill is None}
        hold(5, found == published(take, real), "a drill changed what is real")
        drills = [stream for stream in together.values() if stream.drill is not None]
        hold(5, all(alert.drill for stream in drills for alert in stream.kept), "something real went into a drill")

    check()


def check_a_new_run_ends_the_one_before(take: Take) -> None:
    left, new = an_alert(0, run="r1"), an_alert(5, run="r2", stream="jma:VPWW55:140000")
    found = published(take, [left, new])
    hold(5, found[left.streams[0]].state is StreamState.ENDED, "the second start of a drill shows the first one's rest")


def test_real_streams_are_the_same_without_the_drill() -> None:
    check_real_streams_are_the_same_without_the_drill(situation.take)


def test_a_new_run_ends_the_one_before() -> None:
    check_a_new_run_ends_the_one_before(situation.take)


def drills_share_the_real_stream(now: Situation, stream: str, alert: Alert, watch: frozenset[AreaCode]) -> Step:
    return situation.take(now, stream.partition("~")[0], alert, watch)


def runs_know_nothing_of_each_other(now: Situation, stream: str, alert: Alert, watch: frozenset[AreaCode]) -> Step:
    apart = replace(alert, source=alert.drill.run) if alert.drill else alert
    return situation.take(now, stream, apart, watch)


TWINS = [
    Twin(5, check_real_streams_are_the_same_without_the_drill, drills_share_the_real_stream),
    Twin(5, check_a_new_run_ends_the_one_before, runs_know_nothing_of_each_other),
]
