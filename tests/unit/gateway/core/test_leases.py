from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from schemas.status import Condition, StatusReport
from services.gateway.core.leases import GRACE_S_MAX, effective, ends_soon, length_s, revived
from tests.factories import at

START = at(60)


def a_lease(reported_at: datetime, until: datetime | None, source: str = "jma.extra") -> StatusReport:
    return StatusReport(
        subject=f"lease:{source}", condition=Condition.OK, since=reported_at, reported_at=reported_at, until=until
    )


def until(report: StatusReport) -> datetime | None:
    return effective({report.subject: report}, START).get("jma.extra")


def test_a_lease_ends_when_its_report_says() -> None:
    assert until(a_lease(at(61), at(241))) == at(241)


def test_a_lease_that_ran_out_while_we_ran_has_run_out() -> None:
    assert until(a_lease(at(60), at(60.5))) == at(60.5)


def test_after_a_start_nothing_lapses_before_its_source_could_be_heard() -> None:
    assert until(a_lease(at(-600), at(-420))) == START + timedelta(seconds=GRACE_S_MAX)


def test_a_lease_from_before_the_start_that_lasts_longer_than_the_grace_lasts() -> None:
    assert until(a_lease(at(0), at(180))) == at(180)


def test_a_short_lease_has_a_grace_of_its_own_length() -> None:
    assert until(a_lease(at(-600), at(-599))) == START + timedelta(seconds=60)


def test_what_is_no_lease_counts_for_nothing() -> None:
    feed = StatusReport(subject="feed:jma.extra", condition=Condition.OK, since=at(0), reported_at=at(0), until=at(9))
    assert effective({feed.subject: feed, "lease:jma.extra": a_lease(at(61), None)}, START) == {}


def test_a_source_that_is_heard_again_after_its_end_is_revived() -> None:
    assert revived({"jma.extra": at(5)}, {"jma.extra": at(180)}, now=at(5))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"jma.extra": at(60)}, {"jma.extra": at(180)}),
        ({"jma.extra": at(1)}, {"jma.extra": at(1)}),
        ({}, {"jma.extra": at(180)}),
    ],
    ids=["it had not lapsed", "it is still lapsed", "it never had a lease"],
)
def test_a_renewal_in_time_is_no_news(before: dict[str, datetime], after: dict[str, datetime]) -> None:
    assert not revived(before, after, now=at(5))


@pytest.mark.parametrize(("now", "soon"), [(180.9, False), (181.1, True), (242, True)])
def test_the_end_of_a_lease_is_announced_while_a_third_of_it_is_left(now: float, soon: bool) -> None:
    report = a_lease(at(61), at(241))
    assert ends_soon(report, at(241), at(now), START) is soon


def test_right_after_a_start_a_lease_from_before_alarms_only_towards_the_end_of_its_grace() -> None:
    report = a_lease(at(-600), at(-420))
    end = effective({report.subject: report}, START)["jma.extra"]
    assert not ends_soon(report, end, START + timedelta(seconds=119), START)
    assert ends_soon(report, end, START + timedelta(seconds=121), START)


def test_a_report_without_an_end_has_no_length() -> None:
    assert length_s(a_lease(at(0), None)) == 0
    assert length_s(a_lease(at(2), at(1))) == 0
    assert length_s(a_lease(at(0), at(1))) == 60


def test_an_order_of_the_office_gets_no_grace_from_a_start_for_only_people_renew_it() -> None:
    order = a_lease(at(-600), at(-420), source="office:i1")
    assert effective({order.subject: order}, START) == {"office:i1": at(-420)}
    assert ends_soon(a_lease(at(0), at(720), source="office:i1"), at(720), at(481), START)
    assert not ends_soon(a_lease(at(0), at(720), source="office:i1"), at(720), at(479), START)
