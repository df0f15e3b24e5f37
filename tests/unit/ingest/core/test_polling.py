from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.status import Condition, StatusReport
from services.ingest.core import trouble
from services.ingest.core.polling import (
    CLOCK_OFF_S_MAX,
    DAY_BYTES_MAX,
    DEAD_ALARM_S,
    GAP_S,
    LONG_TRIES_MAX,
    RETRY_AFTER_S_MAX,
    SAY_AGAIN_S,
    Answer,
    Failed,
    Fresh,
    Seasons,
    Source,
    Spent,
    Unchanged,
    Watch,
    after,
    after_long,
    alarm,
    backoff_s,
    bytes_report,
    clock_report,
    dead_subject,
    eased,
    feed_age_s,
    feed_report,
    first_tick,
    is_due,
    is_worth_saying,
    lease_report,
    notice,
    pause_s,
    quietness,
    say_again_s,
    staleness,
)
from tests.factories import EVENING, at

LIVE = Source(
    id="jma.extra",
    base="https://feeds.example",
    feed="/developer/xml/feed/extra.xml",
    long_feed="/developer/xml/feed/extra_l.xml",
    interval_s=60,
    age_limit_s=6 * 3600,
    lease_s=3 * 3600,
)
CANARY = replace(LIVE, id="canary", long_feed=None, interval_s=2.5, age_limit_s=30, lease_s=None, tells_time=False)
NEW = Watch(started_at=EVENING)
REFUSED = Failed(trouble=trouble.bad_status("jma.extra", 503), backs_off=True)
TIMED_OUT = Failed(trouble=trouble.no_answer("jma.extra", "no complete answer within 48.0 s"))


def fresh(minutes: float, *, oldest: float = -600, newest: float | None = None) -> Fresh:
    """A feed updated so many minutes after the evening began, with entries up to then."""
    return Fresh(updated_at=at(minutes), oldest_at=at(oldest), newest_at=at(minutes if newest is None else newest))


def heard(minutes: float = 0) -> Watch:
    """A source that was heard at that minute, its long feed read."""
    return after_long(after(LIVE, NEW, fresh(minutes), at(minutes)), is_settled=True)


def polled(watch: Watch, answer: Answer, minutes: int, *, source: Source = LIVE, since: int = 0) -> Watch:
    """The watch after the same answer at every minute up to `minutes`."""
    for minute in range(since + 1, minutes + 1):
        watch = after(source, watch, answer, at(minute))
    return watch


class TestWhen:
    def test_a_source_is_polled_until_it_asks_to_be_left_alone(self) -> None:
        waiting = after(LIVE, heard(), REFUSED, at(1))
        assert is_due(heard(), at(1))
        assert not is_due(waiting, at(1.9))
        assert is_due(waiting, at(2))

    def test_a_clock_that_is_set_back_does_not_prolong_a_pause(self) -> None:
        waiting = after(LIVE, heard(), REFUSED, at(1))
        assert is_due(waiting, at(-24 * 60))
        assert not is_due(waiting, at(-60))

    def test_pauses_double_up_to_eight_intervals(self) -> None:
        assert [backoff_s(LIVE, failures, None) for failures in (0, 1, 2, 3, 4, 5, 1000)] == [
            *(60, 60, 120, 240),
            *(480, 480, 480),
        ]

    def test_what_the_server_asks_for_counts_when_it_is_longer_up_to_an_hour(self) -> None:
        assert backoff_s(LIVE, 1, 300) == 300
        assert backoff_s(LIVE, 4, 300) == 480
        assert backoff_s(LIVE, 1, 86_400) == RETRY_AFTER_S_MAX

    def test_a_lost_connection_is_no_reason_to_wait(self) -> None:
        assert is_due(after(LIVE, heard(), TIMED_OUT, at(1)), at(1))

    def test_an_answer_ends_the_waiting(self) -> None:
        again = after(LIVE, after(LIVE, heard(), REFUSED, at(1)), Unchanged(), at(2))
        assert again.resume_at is None
        assert again.failures == 0
        assert again.trouble is None

    @pytest.mark.parametrize(
        ("second", "tick"),
        [(0, "11:00:17"), (16, "11:00:17"), (17, "11:01:17"), (59, "11:01:17")],
    )
    def test_minute_feeds_are_read_around_second_20(self, second: int, tick: str) -> None:
        now = EVENING.replace(second=second)
        first = first_tick(LIVE, now)
        assert first.strftime("%H:%M:%S") == tick
        assert (first + timedelta(seconds=pause_s(LIVE, 0.5))).second == 20
        assert (first + timedelta(seconds=pause_s(LIVE, 1))).second == 23

    def test_faster_feeds_are_read_an_interval_from_now(self) -> None:
        assert first_tick(CANARY, EVENING) == EVENING + timedelta(seconds=2.5)

    @given(st.floats(0, 1))
    def test_a_poll_with_its_pause_ends_before_the_next_tick(self, chance: float) -> None:
        assert pause_s(LIVE, chance) + LIVE.time_limit_s < LIVE.interval_s


class TestTheLongFeed:
    def test_is_due_at_the_start(self) -> None:
        assert after(LIVE, NEW, fresh(0), at(0)).long_due

    def test_is_not_due_while_polls_follow_each_other(self) -> None:
        assert not after(LIVE, heard(), fresh(1), at(1)).long_due

    def test_is_due_after_a_gap(self) -> None:
        late = GAP_S / 60 + 0.1
        assert after(LIVE, heard(), fresh(late), at(late)).long_due
        assert not after(LIVE, heard(), fresh(late), at(GAP_S / 60)).long_due

    def test_is_due_when_the_short_feed_begins_after_the_newest_entry_known(self) -> None:
        assert after(LIVE, heard(), fresh(2, oldest=1), at(2)).long_due
        assert not after(LIVE, heard(), fresh(2, oldest=0), at(2)).long_due

    def test_is_not_due_after_a_304_because_nothing_came_and_went(self) -> None:
        assert not after(LIVE, heard(), Unchanged(), at(20)).long_due

    def test_stays_due_until_it_was_read(self) -> None:
        due = after(LIVE, heard(), fresh(20), at(20))
        assert after(LIVE, due, fresh(21), at(21)).long_due
        assert after_long(due, is_settled=False).long_due
        assert not after_long(due, is_settled=True).long_due

    def test_is_left_after_some_tries_because_the_short_feed_goes_on(self) -> None:
        watch = NEW
        for _ in range(LONG_TRIES_MAX):
            assert watch.long_due
            watch = after_long(watch, is_settled=False)
        assert not watch.long_due
        assert watch.long_tries == 0

    def test_is_never_due_where_there_is_none(self) -> None:
        assert not after(CANARY, NEW, fresh(0), at(0)).long_due

    def test_an_empty_feed_shows_no_gap(self) -> None:
        nothing = Fresh(updated_at=at(1), oldest_at=None, newest_at=None)
        assert not after(LIVE, heard(), nothing, at(1)).long_due
        assert after(LIVE, heard(), nothing, at(1)).newest_at == at(0)


class TestHearing:
    def test_a_list_that_may_be_empty_is_heard_without_an_entry(self) -> None:
        nothing = Fresh(updated_at=at(0), oldest_at=None, newest_at=None)
        assert after(LIVE, NEW, nothing, at(0)).heard_at is None
        assert after(replace(LIVE, may_be_empty=True), NEW, nothing, at(0)).heard_at == at(0)

    def test_200_and_304_within_the_age_limit_are_heard(self) -> None:
        assert heard(1).heard_at == at(1)
        assert after(LIVE, heard(), Unchanged(), at(2)).heard_at == at(2)

    def test_an_error_is_not(self) -> None:
        watch = after(LIVE, heard(), REFUSED, at(1))
        assert watch.heard_at == at(0)
        assert watch.answered_at == at(0)
        assert watch.trouble == REFUSED.trouble

    @pytest.mark.parametrize("answer", [Unchanged(), fresh(0)])
    def test_old_content_is_not_whatever_the_status(self, answer: Answer) -> None:
        limit = LIVE.age_limit_s / 60
        assert after(LIVE, heard(), answer, at(limit)).heard_at == at(limit)
        watch = after(LIVE, heard(), answer, at(limit + 1))
        assert watch.heard_at == at(0)
        assert watch.trouble is not None
        assert watch.trouble.code == "E3204"

    def test_an_empty_feed_is_not_and_stays_so_while_it_is_unchanged(self) -> None:
        watch = after(LIVE, heard(), Fresh(updated_at=at(1), oldest_at=None, newest_at=None), at(1))
        for minute in (1, 2):
            assert watch.heard_at == at(0)
            assert watch.trouble == trouble.empty("jma.extra")
            watch = after(LIVE, watch, Unchanged(), at(minute))
        assert after(LIVE, watch, fresh(3), at(3)).heard_at == at(3)

    def test_304_to_somebody_who_has_nothing_is_not(self) -> None:
        watch = after(LIVE, NEW, Unchanged(), at(0))
        assert watch.heard_at is None
        assert watch.trouble == trouble.not_modified_since_never("jma.extra")

    def test_a_feed_from_the_future_is_not(self) -> None:
        assert staleness(LIVE, at(61), at(0)) == trouble.from_the_future("jma.extra", at(61))
        assert staleness(LIVE, at(60), at(0)) is None

    def test_the_age_is_that_of_the_feed_and_else_counts_from_the_start(self) -> None:
        assert feed_age_s(heard(0), at(3)) == 180
        assert feed_age_s(NEW, at(1)) == 60


def what(report: StatusReport | None) -> tuple[str, str]:
    assert report is not None
    return report.condition, report.code


OK = (Condition.OK, "")


class TestTheFeedReport:
    def test_a_source_that_is_heard_is_well(self) -> None:
        report = feed_report(LIVE, heard(), at(0))
        assert what(report) == OK
        assert report.subject == "feed:jma.extra"
        assert "20:00:00 JST" in report.message
        assert report.silence_s is not None
        assert report.silence_s > LIVE.unheard_limit_s

    def test_a_frozen_feed_is_an_alarm_at_once(self) -> None:
        report = feed_report(LIVE, after(LIVE, heard(), Unchanged(), at(361)), at(361))
        assert what(report) == (Condition.ALARM, "E3204")
        assert "last heard 09-01 20:00:00 JST" in report.message
        assert report.hint

    @pytest.mark.parametrize(
        ("answer", "code"),
        [
            (TIMED_OUT, "E3201"),
            (REFUSED, "E3202"),
            (Fresh(updated_at=at(1), oldest_at=None, newest_at=None), "E3205"),
        ],
    )
    def test_anything_else_is_an_alarm_after_three_intervals(self, answer: Answer, code: str) -> None:
        watch = after(LIVE, heard(), answer, at(1))
        assert what(feed_report(LIVE, watch, at(3))) == (Condition.OK, code)
        assert what(feed_report(LIVE, watch, at(3.1))) == (Condition.ALARM, code)

    def test_a_busy_machine_is_no_outage(self) -> None:
        fast = replace(LIVE, interval_s=1)
        late = at(0) + timedelta(seconds=10)
        assert what(feed_report(fast, after(fast, heard(), TIMED_OUT, late), late)) == (Condition.OK, "E3201")

    def test_polls_that_do_not_come_to_an_end_are_noticed_too(self) -> None:
        assert what(feed_report(LIVE, heard(), at(4))) == (Condition.ALARM, "E3207")

    def test_before_the_first_answer_it_says_so(self) -> None:
        report = feed_report(LIVE, NEW, at(0))
        assert what(report) == (Condition.OK, "E3207")
        assert "not heard since the start" in report.message
        assert what(feed_report(LIVE, NEW, at(4))) == (Condition.ALARM, "E3207")


class TestTheLease:
    def test_counts_from_when_the_source_was_heard(self) -> None:
        report = lease_report(LIVE, heard(), at(0))
        assert what(report) == OK
        assert report is not None
        assert report.subject == "lease:jma.extra"
        assert report.until == at(180)

    def test_is_not_renewed_by_a_frozen_feed(self) -> None:
        watch = polled(heard(), Unchanged(), 600)
        report = lease_report(LIVE, watch, at(600))
        assert report is not None
        assert report.until == at(360 + 180)

    def test_is_an_alarm_before_anything_lapses(self) -> None:
        watch = polled(heard(), REFUSED, 100)
        assert what(lease_report(LIVE, watch, at(90))) == OK
        report = lease_report(LIVE, watch, at(91))
        assert what(report) == (Condition.ALARM, "E3214")
        assert report is not None
        assert "never as ended" in report.hint

    def test_there_is_none_before_the_source_was_heard_or_where_nothing_holds_by_it(self) -> None:
        assert lease_report(LIVE, NEW, at(0)) is None
        assert lease_report(CANARY, after(CANARY, NEW, fresh(0), at(0)), at(0)) is None


class TestOtherReports:
    @pytest.mark.parametrize(("off_s", "words"), [(31.0, "31 s ahead of"), (-600.0, "10 min behind")])
    def test_a_clock_that_is_off_is_an_alarm(self, off_s: float, words: str) -> None:
        report = clock_report(off_s, at(0))
        assert what(report) == (Condition.ALARM, "E3208")
        assert words in report.message

    @pytest.mark.parametrize("off_s", [CLOCK_OFF_S_MAX, 0.0, -CLOCK_OFF_S_MAX])
    def test_a_clock_that_is_nearly_right_is_not(self, off_s: float) -> None:
        assert what(clock_report(off_s, at(0))) == OK

    def test_half_the_day_s_bytes_are_an_alarm_and_a_new_day_begins_at_nothing(self) -> None:
        spent = Spent().plus(DAY_BYTES_MAX // 2 - 1, EVENING)
        assert what(bytes_report(spent, EVENING)) == OK
        assert what(bytes_report(spent.plus(1, EVENING), EVENING)) == (Condition.ALARM, "E3209")
        assert spent.plus(1, EVENING + timedelta(days=1)).received_bytes == 1

    def test_a_notice_is_seen_and_needs_no_act(self) -> None:
        assert what(notice("terms:kawabou", "seldom", at(0))) == OK

    def test_the_day_s_bytes_are_spent_and_the_next_day_has_its_own(self) -> None:
        spent = Spent().plus(DAY_BYTES_MAX - 1, EVENING)
        assert not spent.is_over(EVENING)
        assert spent.plus(1, EVENING).is_over(EVENING)
        assert not spent.plus(1, EVENING).is_over(EVENING + timedelta(days=1))

    def test_an_alarm_about_a_dead_letter_ends_when_none_followed_for_an_hour(self) -> None:
        found = alarm(dead_subject("jma.extra"), trouble.unfetched("jma.extra", "/x.xml", 10, "HTTP 404"), at(0))
        assert what(found) == (Condition.ALARM, "E3210")
        assert eased(None, at(0)) is None
        assert eased(found, at(DEAD_ALARM_S / 60 - 1)) is None
        over = eased(found, at(DEAD_ALARM_S / 60))
        assert what(over) == OK
        assert over is not None
        assert over.subject == "dead:jma.extra"
        assert eased(over, at(600)) is None


class TestWhatIsWorthSaying:
    REPORT = feed_report(LIVE, heard(), at(0))

    def test_the_first_word_and_every_change_are(self) -> None:
        bad = feed_report(LIVE, heard(), at(4))
        assert is_worth_saying(None, self.REPORT, 5)
        assert is_worth_saying(self.REPORT, bad, 1e9)
        assert is_worth_saying(replace(bad, code="E3201"), bad, 1e9)

    def test_the_same_is_after_a_while(self) -> None:
        later = replace(self.REPORT, reported_at=datetime(2026, 9, 1, 11, 0, 5, tzinfo=UTC))
        assert is_worth_saying(self.REPORT, later, 5)
        assert not is_worth_saying(self.REPORT, later, 5.1)

    def test_a_clock_that_is_set_back_does_not_make_us_dumb(self) -> None:
        assert is_worth_saying(self.REPORT, replace(self.REPORT, reported_at=at(-60)), 5)

    def test_news_of_a_short_lease_is_repeated_ten_times_a_lease(self) -> None:
        assert say_again_s(LIVE) == SAY_AGAIN_S
        assert say_again_s(replace(LIVE, lease_s=4.0)) == 0.4
        assert say_again_s(CANARY) == 3.0


class TestTheSeason:
    SEASONAL = replace(LIVE, quiet=Seasons(24 * 3600, 72 * 3600))
    WINTER = datetime(2026, 12, 1, 11, tzinfo=UTC)

    def _report(self, now: datetime, newest_h: float) -> StatusReport:
        watch = replace(NEW, heard_at=now, updated_at=now, newest_at=now - timedelta(hours=newest_h))
        return feed_report(self.SEASONAL, watch, now)

    @pytest.mark.parametrize(("hours", "code"), [(23, ""), (25, "E3221")])
    def test_a_day_without_any_telegram_is_strange_in_summer(self, hours: float, code: str) -> None:
        report = self._report(EVENING, hours)
        assert (report.code, report.condition) == (code, Condition.ALARM if code else Condition.OK)

    @pytest.mark.parametrize(("hours", "code"), [(25, ""), (71, ""), (73, "E3221")])
    def test_three_are_in_winter(self, hours: float, code: str) -> None:
        assert self._report(self.WINTER, hours).code == code

    def test_the_season_is_japans(self) -> None:
        assert Seasons(1, 2).at(datetime(2026, 4, 30, 15, tzinfo=UTC)) == 1
        assert Seasons(1, 2).at(datetime(2026, 10, 31, 15, tzinfo=UTC)) == 2

    def test_without_a_limit_or_an_entry_nothing_is_strange(self) -> None:
        assert quietness(LIVE, EVENING - timedelta(days=9), EVENING) is None
        assert quietness(self.SEASONAL, None, EVENING) is None
