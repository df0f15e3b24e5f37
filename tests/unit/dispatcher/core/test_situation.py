from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.alert import Alert, MsgType, Origin
from schemas.lifecycle import Stream, StreamState, standing
from schemas.situation import CANARY_STREAM
from services.dispatcher.core.situation import (
    FORGET_AFTER,
    Change,
    Draft,
    Situation,
    Step,
    Taken,
    concerning,
    forget,
    seed,
    take,
)
from tests.factories import HACHIOJI, ODAWARA, ZUSHI, an_alert, an_info, at

WATCH = frozenset({ODAWARA, ZUSHI})
STREAM = "jma:VPWW56:140000"


def taken(situation: Situation, alert: Alert) -> Step:
    return take(situation, alert.streams[0], alert, WATCH)


def night(*alerts: Alert) -> tuple[Situation, dict[str, Stream]]:
    """The situation after the alerts, and what stands published by then."""
    situation, published = Situation(), dict[str, Stream]()
    for alert in alerts:
        step = taken(situation, alert)
        situation = step.situation
        publish(published, step.changes)
    return situation, published


def publish(published: dict[str, Stream], changes: Iterable[Change]) -> None:
    for change in changes:
        if change.value is None:
            published.pop(change.stream, None)
        else:
            published[change.stream] = change.value


def test_only_the_areas_that_the_city_watches_are_kept() -> None:
    alert = an_alert(0, an_info(areas=(ODAWARA, HACHIOJI)), an_info("flood:1", areas=(HACHIOJI,)))
    assert concerning(alert, WATCH).info == (an_info(areas=(ODAWARA,)),)


def test_a_warning_for_the_city_is_published() -> None:
    step = taken(Situation(), an_alert())
    assert step.taken is Taken.CHANGED
    assert [change.stream for change in step.changes] == [STREAM]


def test_a_repeat_publishes_nothing() -> None:
    situation, _ = night(an_alert())
    step = taken(situation, an_alert())
    assert (step.taken, step.changes) == (Taken.UNCHANGED, ())


def test_a_warning_elsewhere_is_folded_and_not_published() -> None:
    step = taken(Situation(), an_alert(0, an_info(areas=(HACHIOJI,))))
    assert (step.taken, step.changes) == (Taken.ELSEWHERE, ())
    assert STREAM in step.situation.streams


def test_a_revision_that_no_longer_names_the_city_ends_the_stream_for_it() -> None:
    _, published = night(an_alert(), an_alert(5, an_info(areas=(HACHIOJI,))))
    assert published[STREAM].state is StreamState.ENDED


def test_a_stream_is_gone_when_no_kept_alert_names_the_city_any_more() -> None:
    alerts = [an_alert(), *(an_alert(minute, an_info(areas=(HACHIOJI,))) for minute in range(1, 9))]
    _, published = night(*alerts)
    assert published == {}


def test_a_withdrawal_that_comes_first_waits_for_its_alert() -> None:
    early = an_alert(5, msg_type=MsgType.CANCEL)
    assert taken(Situation(), early).taken is Taken.ELSEWHERE
    _, published = night(early, an_alert())
    assert published[STREAM].state is StreamState.CANCELLED


# --- drills ---


def drill(minute: float, run: str, **changes: object) -> Alert:
    return an_alert(minute, run=run, **changes)  # type: ignore[arg-type]


def test_a_new_run_ends_what_the_run_before_left() -> None:
    _, published = night(drill(0, "run-1"), drill(5, "run-2", stream="jma:VPWW55:140000"))
    assert published[f"{STREAM}~run-1"].state is StreamState.ENDED
    assert published["jma:VPWW55:140000~run-2"].state is StreamState.ACTIVE


def test_the_run_before_the_last_is_forgotten() -> None:
    _, published = night(drill(0, "run-1"), drill(5, "run-2"), drill(9, "run-3"))
    assert set(published) == {f"{STREAM}~run-2", f"{STREAM}~run-3"}


def test_a_run_elsewhere_is_forgotten_without_a_word() -> None:
    situation, published = night(drill(0, "run-1", info=()), drill(5, "run-2"), drill(9, "run-3"))
    assert set(published) == {f"{STREAM}~run-2", f"{STREAM}~run-3"}
    assert set(situation.streams) == set(published)


def test_a_late_alert_of_the_run_before_opens_nothing() -> None:
    _, published = night(drill(0, "run-2"), drill(5, "run-1"))
    assert published[f"{STREAM}~run-1"].state is StreamState.ENDED


def test_a_late_alert_of_an_older_run_is_not_taken() -> None:
    situation, _ = night(drill(0, "run-2"), drill(5, "run-3"))
    step = taken(situation, drill(1, "run-1"))
    assert (step.taken, step.changes) == (Taken.OLD_RUN, ())


def test_a_drill_changes_nothing_real_and_nothing_real_changes_a_drill() -> None:
    _, published = night(an_alert(0), drill(3, "run-1"), drill(5, "run-2"), an_alert(6, an_info(released=True)))
    assert published[STREAM].state is StreamState.ENDED
    assert published[f"{STREAM}~run-2"].state is StreamState.ACTIVE


def test_the_offices_drill_ends_by_the_offices_word_alone() -> None:
    own = drill(0, "2026-1", stream="office:1", origin=Origin.OFFICE)
    _, published = night(own, drill(5, "run-1"), drill(9, "run-2"))
    assert published["office:1~2026-1"].state is StreamState.ACTIVE


# --- tests ---


def test_the_canary_has_its_one_stream() -> None:
    first, second = an_alert(0, test=True, stream=CANARY_STREAM), an_alert(1, test=True, stream=CANARY_STREAM)
    _, published = night(first, second)
    assert published[CANARY_STREAM].kept == (second,)
    situation, _ = night(second)
    assert taken(situation, first).taken is Taken.UNCHANGED


def test_any_other_test_goes_no_further() -> None:
    step = taken(Situation(), an_alert(test=True))
    assert (step.taken, step.changes) == (Taken.TEST, ())


# --- restart and forgetting ---


def test_a_fold_goes_on_from_what_was_published() -> None:
    alerts = [an_alert(), drill(1, "run-1"), an_alert(2, an_info(level=5)), drill(3, "run-2"), drill(4, "run-3")]
    situation, published = night(*alerts)
    again = seed(published)
    assert again == situation
    assert again.runs == {"jma": ("run-3", "run-2")}


def test_a_seed_without_drills_knows_no_runs() -> None:
    own = drill(0, "2026-1", stream="office:1", origin=Origin.OFFICE)
    _, published = night(an_alert(), own)
    assert seed(published).runs == {}


FOREVER = at(0) + FORGET_AFTER


def test_what_has_been_over_for_a_week_is_forgotten() -> None:
    situation, _ = night(an_alert(), an_alert(5, an_info(released=True)))
    assert forget(situation, FOREVER).changes == ()
    step = forget(situation, FOREVER + timedelta(minutes=5))
    assert step.changes == (Change(stream=STREAM, value=None),)
    assert step.situation.streams == {}


def test_what_never_concerned_the_city_is_forgotten_silently() -> None:
    situation, _ = night(an_alert(0, an_info(areas=(HACHIOJI,))))
    step = forget(situation, FOREVER)
    assert (step.changes, step.situation.streams) == ((), {})


@pytest.mark.parametrize(
    ("expires", "after", "gone"),
    [(None, timedelta(days=3650), False), (60, FORGET_AFTER, False), (60, FORGET_AFTER + timedelta(hours=1), True)],
)
def test_what_is_in_force_is_forgotten_only_after_its_stated_end(
    expires: float | None, after: timedelta, gone: bool
) -> None:
    info = an_info(expires=None if expires is None else at(expires))
    situation, _ = night(an_alert(0, info))
    assert bool(forget(situation, at(0) + after).changes) is gone


# --- any order ---

EVENTS = st.lists(
    st.one_of(
        st.builds(
            lambda minute, level, areas: an_alert(minute, an_info(level=level, areas=areas)),
            st.integers(0, 30),
            st.integers(2, 5),
            st.sampled_from([(ODAWARA,), (ZUSHI, HACHIOJI), (HACHIOJI,)]),
        ),
        st.builds(lambda minute: an_alert(minute, an_info(released=True)), st.integers(0, 30)),
        st.builds(lambda minute: an_alert(minute, msg_type=MsgType.CANCEL), st.integers(0, 30)),
        st.builds(lambda minute, run: drill(minute, f"run-{run}"), st.integers(0, 30), st.integers(1, 4)),
    ),
    max_size=12,
)


@given(EVENTS, st.randoms(use_true_random=False))
def test_any_shuffle_publishes_the_same_situation(alerts: list[Alert], chance: object) -> None:
    shuffled = [*alerts, *alerts]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert night(*shuffled)[1] == night(*alerts)[1]


def test_an_ended_run_has_nothing_standing() -> None:
    _, published = night(drill(0, "run-1"), drill(5, "run-2"))
    assert standing(published[f"{STREAM}~run-1"]) is None


def test_many_in_one_draft_are_as_one_after_the_other_and_leave_what_was_before_alone() -> None:
    before, _ = night(an_alert(0))
    alerts = [
        an_alert(1, an_info(level=5)),
        an_alert(1, an_info(level=5)),
        an_alert(2, an_info(areas=(HACHIOJI,)), stream="jma:elsewhere"),
        an_alert(3, run="1"),
        an_alert(4, run="2"),
        an_alert(5, run="3"),
        an_alert(6, run="1"),
        an_alert(7, test=True),
        an_alert(8, test=True, stream=CANARY_STREAM),
    ]
    draft, one_by_one = Draft(before), before
    for alert in alerts:
        changes, what = draft.take(alert.streams[0], alert, WATCH)
        step = taken(one_by_one, alert)
        assert (changes, what) == (step.changes, step.taken)
        one_by_one = step.situation
    assert draft.done() == one_by_one
    assert before == night(an_alert(0))[0]
    assert Draft(before).done() is before
