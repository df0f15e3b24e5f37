"""Invariant 3: any shuffle of the same alerts folds to the same situation, and a withdrawal brings back what stood before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from schemas import lifecycle
from schemas.alert import Alert, MsgType
from schemas.lifecycle import Stream, StreamState, standing
from tests.factories import ZUSHI, an_alert, an_info, at
from tests.invariants import Twin, hold

Fold = Callable[[Stream | None, str, Alert], Stream]

STREAM = "jma:VPWW56:140000"
NIGHT = (
    an_alert(0, an_info(level=3)),
    an_alert(10, an_info(level=4)),
    an_alert(12, an_info(level=4, areas=(ZUSHI,)), corrects=at(10)),
    an_alert(15, msg_type=MsgType.CANCEL),
    an_alert(20, an_info(released=True)),
)
ALERTS = st.lists(
    st.builds(
        lambda minute, level, cancel: (
            an_alert(minute, msg_type=MsgType.CANCEL) if cancel else an_alert(minute, an_info(level=level))
        ),
        st.integers(0, 20),
        st.integers(2, 5),
        st.booleans(),
    ),
    min_size=1,
    max_size=10,
)


def folded(fold: Fold, alerts: tuple[Alert, ...]) -> Stream:
    stream = fold(None, STREAM, alerts[0])
    for alert in alerts[1:]:
        stream = fold(stream, STREAM, alert)
    return stream


def check_any_shuffle_folds_to_the_same_stream(fold: Fold) -> None:
    settled = folded(fold, NIGHT)
    for order in permutations(NIGHT):
        now = folded(fold, order)
        hold(3, (now.revision, now.state) == (settled.revision, settled.state), "a shuffle changed the situation")

    @given(ALERTS)
    def check(alerts: list[Alert]) -> None:
        once = folded(fold, tuple(alerts))
        again = folded(fold, (*reversed(alerts), *alerts))
        hold(3, standing(again) == standing(once), "another order left another alert standing")

    check()


def check_a_withdrawal_brings_back_what_stood_before(fold: Fold) -> None:
    stream = folded(fold, (NIGHT[0], NIGHT[1], NIGHT[3]))
    hold(3, standing(stream) == NIGHT[0], "the report before the withdrawn one does not stand")
    hold(3, stream.state is StreamState.ACTIVE, "a withdrawn rise took the warning before it away")


def check_the_revision_never_falls(fold: Fold) -> None:
    @given(ALERTS)
    def check(alerts: list[Alert]) -> None:
        stream: Stream | None = None
        for alert in alerts:
            after = fold(stream, STREAM, alert)
            hold(3, stream is None or after.revision >= stream.revision, "a revision fell")
            stream = after

    check()


def test_any_shuffle_folds_to_the_same_stream() -> None:
    check_any_shuffle_folds_to_the_same_stream(lifecycle.fold)


def test_a_withdrawal_brings_back_what_stood_before() -> None:
    check_a_withdrawal_brings_back_what_stood_before(lifecycle.fold)


def test_the_revision_never_falls() -> None:
    check_the_revision_never_falls(lifecycle.fold)


def the_last_arrival_wins(_: Stream | None, stream: str, alert: Alert) -> Stream:
    return lifecycle.fold(None, stream, alert)


def a_withdrawal_is_an_end(before: Stream | None, stream: str, alert: Alert) -> Stream:
    now = lifecycle.fold(before, stream, alert)
    withdrawn = alert.msg_type is MsgType.CANCEL
    return replace(now, state=StreamState.ENDED, standing=None) if withdrawn else now


TWINS = [
    Twin(3, check_any_shuffle_folds_to_the_same_stream, the_last_arrival_wins),
    Twin(3, check_a_withdrawal_brings_back_what_stood_before, a_withdrawal_is_an_end),
    Twin(3, check_the_revision_never_falls, the_last_arrival_wins),
]
