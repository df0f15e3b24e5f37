"""Invariant 10, at the source: a feed that is frozen, empty or gone is noticed, whatever its HTTP status says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from hypothesis import example, given
from hypothesis import strategies as st

from schemas.status import Condition, StatusReport
from services.ingest.core import polling, trouble
from services.ingest.core.polling import Answer, Failed, Fresh, Source, Unchanged, Watch
from tests.factories import EVENING, at
from tests.invariants import Twin, hold

Rule = Callable[[Source, Watch, Answer, datetime], Watch]

AGE_MINUTES = 5
LEASE_MINUTES = 10
SOURCE = Source(
    id="jma.extra",
    base="https://feeds.example",
    feed="/extra.xml",
    long_feed=None,
    interval_s=60,
    age_limit_s=60 * AGE_MINUTES,
    lease_s=60 * LEASE_MINUTES,
)
UNHEARD_MINUTES = SOURCE.unheard_limit_s / 60

NEWS, OLD, SAME, EMPTY, REFUSED, GONE = "news", "200 old", "304", "200 empty", "500", "no answer"
NIGHTS = st.lists(st.sampled_from([NEWS, OLD, SAME, EMPTY, REFUSED, GONE]), max_size=25)


def answer(kind: str, minute: int, updated: int) -> Answer:
    """What the server says at a minute; `updated`: the minute of its last news."""
    match kind:
        case "200 empty":
            return Fresh(updated_at=at(minute), oldest_at=None, newest_at=None)
        case "304":
            return Unchanged()
        case "500":
            return Failed(trouble=trouble.bad_status(SOURCE.id, 500), backs_off=True)
        case "no answer":
            return Failed(trouble=trouble.no_answer(SOURCE.id, "nobody there"))
        case _:
            return Fresh(updated_at=at(updated), oldest_at=at(-60), newest_at=at(updated))


def check_a_source_without_news_is_noticed_and_renews_nothing(after: Rule) -> None:
    @given(NIGHTS)
    @example([OLD] * 20)
    @example([SAME] * 20)
    @example([EMPTY] * 20)
    @example([EMPTY, *[SAME] * 19])
    @example([REFUSED] * 20)
    def check(night: list[str]) -> None:
        watch = after(SOURCE, Watch(started_at=EVENING), answer(NEWS, 0, 0), at(0))
        updated = heard = 0  # minutes: of the feed's last news, and of when it was heard last
        shown = NEWS  # what the feed shows, as far as we know: a 304 says that it is still so
        for minute, kind in enumerate(night, 1):
            updated = minute if kind == NEWS else updated
            shown = kind if kind in {NEWS, OLD, EMPTY} else shown
            answers = kind in {NEWS, OLD, SAME, EMPTY}
            heard = minute if answers and shown != EMPTY and minute - updated <= AGE_MINUTES else heard
            watch = after(SOURCE, watch, answer(kind, minute, updated), at(minute))
            look(watch, minute, heard, kind)

    check()


def look(watch: Watch, minute: int, heard: int, kind: str) -> None:
    report = polling.feed_report(SOURCE, watch, at(minute))
    if minute - heard > max(UNHEARD_MINUTES, AGE_MINUTES):
        hold(10, report.condition is Condition.ALARM, f"silent for {minute - heard} min, then {kind}: no alarm")
    if minute == heard:
        hold(10, report.condition is Condition.OK, f"an alarm although it was heard just now ({kind})")
    lease = polling.lease_report(SOURCE, watch, at(minute))
    until = lease.until if lease else None
    hold(
        10,
        until is None or until <= at(heard + LEASE_MINUTES),
        f"{kind} renewed a lease without a word from the source",
    )


def any_200_is_good(source: Source, watch: Watch, answer: Answer, now: datetime) -> Watch:
    found = polling.after(source, watch, answer, now)
    return replace(found, heard_at=now, trouble=None) if isinstance(answer, Fresh) else found


def any_304_is_good(source: Source, watch: Watch, answer: Answer, now: datetime) -> Watch:
    found = polling.after(source, watch, answer, now)
    return replace(found, heard_at=now, trouble=None) if isinstance(answer, Unchanged) else found


def an_empty_feed_is_a_quiet_day(source: Source, watch: Watch, answer: Answer, now: datetime) -> Watch:
    quiet = isinstance(answer, Fresh) and answer.newest_at is None
    return polling.after(source, watch, replace(answer, newest_at=now) if quiet else answer, now)  # type: ignore[arg-type]


def whoever_answers_is_alive(source: Source, watch: Watch, answer: Answer, now: datetime) -> Watch:
    found = polling.after(source, watch, answer, now)
    return replace(found, heard_at=now) if isinstance(answer, Failed) and answer.backs_off else found


def a_failed_poll_changes_nothing_and_says_nothing(
    source: Source, watch: Watch, answer: Answer, now: datetime
) -> Watch:
    return replace(watch, heard_at=now) if isinstance(answer, Failed) else polling.after(source, watch, answer, now)


ClockRule = Callable[[float, datetime], StatusReport]


def check_a_clock_that_is_off_is_noticed(rule: ClockRule) -> None:
    @given(st.floats(-1e6, 1e6))
    def check(off_s: float) -> None:
        is_alarm = rule(off_s, EVENING).condition is Condition.ALARM
        hold(10, is_alarm == (abs(off_s) > 30), f"a clock that is {off_s:.0f} s off")

    check()


def only_a_fast_clock_is_wrong(off_s: float, now: datetime) -> StatusReport:
    return polling.clock_report(max(off_s, 0.0), now)


def test_a_source_without_news_is_noticed_and_renews_nothing() -> None:
    check_a_source_without_news_is_noticed_and_renews_nothing(polling.after)


def test_a_clock_that_is_off_is_noticed() -> None:
    check_a_clock_that_is_off_is_noticed(polling.clock_report)


TWINS = [
    Twin(10, check_a_source_without_news_is_noticed_and_renews_nothing, any_200_is_good),
    Twin(10, check_a_source_without_news_is_noticed_and_renews_nothing, any_304_is_good),
    Twin(10, check_a_source_without_news_is_noticed_and_renews_nothing, an_empty_feed_is_a_quiet_day),
    Twin(10, check_a_source_without_news_is_noticed_and_renews_nothing, whoever_answers_is_alive),
    Twin(
        10,
        check_a_source_without_news_is_noticed_and_renews_nothing,
        a_failed_poll_changes_nothing_and_says_nothing,
    ),
    Twin(10, check_a_clock_that_is_off_is_noticed, only_a_fast_clock_is_wrong),
]
