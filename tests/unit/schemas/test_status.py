from __future__ import annotations

from dataclasses import replace

from schemas.status import Condition, StatusReport, is_silent, lease_subject, leased_source, next_report
from tests.factories import at

FINE = StatusReport(
    subject="feed:jma.extra", condition=Condition.OK, since=at(0), reported_at=at(0), silence_s=180, message="heard"
)


def test_since_stays_while_the_condition_does() -> None:
    later = replace(FINE, since=at(5), reported_at=at(5), message="heard again")
    assert next_report(FINE, later) == replace(later, since=at(0))


def test_since_begins_anew_when_the_condition_turns() -> None:
    alarm = replace(FINE, condition=Condition.ALARM, since=at(5), reported_at=at(5))
    assert next_report(FINE, alarm) == alarm
    assert next_report(None, FINE) == FINE


def test_a_reporter_is_silent_after_its_own_limit() -> None:
    assert not is_silent(FINE, at(3))
    assert is_silent(FINE, at(3.1))
    assert not is_silent(replace(FINE, silence_s=None), at(9999))


def test_a_lease_is_found_by_its_subject() -> None:
    assert leased_source(lease_subject("jma.extra")) == "jma.extra"
    assert leased_source("feed:jma.extra") is None
