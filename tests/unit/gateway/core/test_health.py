from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import pytest

from schemas.status import Condition, StatusReport
from services.gateway.core.fanout import Signs
from services.gateway.core.health import (
    CANARY_STAGES,
    Crowd,
    Overall,
    Problem,
    answer,
    canary_ages_s,
    overall,
    problems,
)
from services.gateway.core.session import Kind
from services.gateway.core.view import Trouble, View
from tests.factories import at

START = at(0)
LIMIT_S = 90.0
CROWD = Crowd(connections={Kind.SIGN: 2}, signs=Signs(connected=2, confirmed=1))
FULL = Trouble(since=at(4), code="E2001", message="the disk is full", hint="make room")


def report(
    subject: str,
    minute: float = 9.9,
    *,
    silence_s: float | None = None,
    until: datetime | None = None,
    alarm: str = "",
    **words: str,
) -> StatusReport:
    return StatusReport(
        subject=subject,
        condition=Condition.ALARM if alarm else Condition.OK,
        since=at(minute - 1),
        reported_at=at(minute),
        silence_s=silence_s,
        until=until,
        message=alarm,
        **words,
    )


CANARIES = tuple(report(f"canary:{stage}") for stage in CANARY_STAGES)


def a_view(*reports: StatusReport, minute: float = 10, canaries: tuple[StatusReport, ...] = CANARIES) -> View:
    known = {one.subject: one for one in (*canaries, *reports)}
    return View(now=at(minute), started_at=START, reports=known, loaded=True, as_of=at(minute))


def wrong(view: View) -> list[Problem]:
    return problems(view, canary_limit_s=LIMIT_S)


def codes(view: View) -> list[tuple[str, str]]:
    return [(problem.subject, problem.code) for problem in wrong(view)]


def test_when_all_report_and_nothing_is_wrong_it_is_ok() -> None:
    view = a_view(report("feed:jma.extra", silence_s=180), report("lease:jma.extra", until=at(190)))
    assert wrong(view) == []
    assert overall([]) is Overall.OK


def test_before_the_situation_is_loaded_every_answer_would_be_a_guess() -> None:
    view = replace(a_view(), loaded=False)
    assert codes(view) == [("gateway:projection", "E5201")]
    assert overall(wrong(view)) is Overall.UNAVAILABLE


def test_a_log_that_refuses_appends_makes_the_gateway_unavailable() -> None:
    view = replace(a_view(), appending=FULL)
    assert codes(view) == [("gateway:append", "E5202")]
    assert overall(wrong(view)) is Overall.UNAVAILABLE


def test_a_log_that_cannot_be_read_degrades_it_and_the_last_situation_stays() -> None:
    view = replace(a_view(), reading=FULL)
    assert codes(view) == [("gateway:read", "E5203")]
    assert overall(wrong(view)) is Overall.DEGRADED


def test_a_record_that_cannot_be_read_is_named_with_its_stream() -> None:
    assert codes(replace(a_view(), unreadable={"rain": FULL})) == [("gateway:record:rain", "E5204")]


def test_an_alarm_of_a_part_is_passed_on_in_its_own_words() -> None:
    view = a_view(report("feed:jma.extra", alarm="frozen since 10:00", code="E3101", hint="look at the feed"))
    assert wrong(view) == [
        Problem(
            subject="feed:jma.extra",
            code="E3101",
            since=at(8.9),
            message="frozen since 10:00",
            hint="look at the feed",
        )
    ]


def test_an_alarm_without_words_gets_ours() -> None:
    wordless = replace(report("clock", alarm="x"), message="")
    (problem,) = wrong(a_view(wordless))
    assert (problem.code, problem.message) == ("E5205", "clock reports an alarm")
    assert "clock" in problem.hint


@pytest.mark.parametrize(
    ("subject", "hint"), [("feed:jma.extra", "use other sources"), ("service:dispatcher", "whether dispatcher runs")]
)
def test_a_part_that_falls_silent_is_as_bad_as_one_that_alarms(subject: str, hint: str) -> None:
    (problem,) = wrong(a_view(report(subject, minute=5, silence_s=60)))
    assert (problem.subject, problem.code) == (subject, "E5206")
    assert hint in problem.hint


def test_who_never_promised_to_speak_may_be_silent() -> None:
    assert wrong(a_view(report("deployment:mode", minute=-1000))) == []


def test_what_fell_silent_before_our_start_has_time_to_speak_again() -> None:
    old = report("service:dispatcher", minute=-1000, silence_s=60)
    assert wrong(a_view(old, minute=0.9)) == []
    assert codes(a_view(old, minute=1.1)) == [("service:dispatcher", "E5206")]


def test_while_we_cannot_hear_nobody_else_is_blamed_for_silence() -> None:
    view = replace(a_view(report("service:dispatcher", minute=3.5, silence_s=60)), reading=FULL)
    assert codes(view) == [("gateway:read", "E5203")]


def test_an_alarm_that_we_raised_ourselves_is_no_news() -> None:
    assert wrong(a_view(report("alarm:feed:jma.extra", alarm="raised"))) == []


# --- leases ---


def test_a_lease_that_ends_soon_is_announced_before_anything_lapses() -> None:
    view = a_view(report("lease:jma.extra", minute=1, until=at(13)))
    (problem,) = wrong(view)
    assert (problem.subject, problem.code) == ("lease:jma.extra", "E5207")
    assert "ends at 2026-09-01T11:13:00.000Z" in problem.message


def test_a_lease_that_has_ended_is_said_to_have_ended() -> None:
    lease, lapse = wrong(a_view(report("lease:jma.extra", minute=1, until=at(10), alarm="half gone", code="E3110")))
    assert (lease.subject, lease.code, "ended at" in lease.message) == ("lease:jma.extra", "E5207", True)
    assert (lapse.subject, lapse.code, lapse.since) == ("lapse:jma.extra", "E5209", at(10))


def test_an_order_whose_lease_ends_is_renewed_by_an_officer() -> None:
    (problem,) = wrong(a_view(report("lease:office:i1", minute=1, until=at(13))))
    assert problem.hint.startswith("renew or end the order: /office/incidents/i1;")


def test_a_source_s_own_alarm_about_its_lease_is_passed_on() -> None:
    assert codes(a_view(report("lease:jma.extra", minute=9, until=at(60), alarm="half gone", code="E3110"))) == [
        ("lease:jma.extra", "E3110")
    ]


def test_an_alarm_about_a_lease_from_before_our_start_waits_to_be_said_again() -> None:
    stale = report("lease:jma.extra", minute=-9, until=at(600), alarm="half gone", code="E3110")
    assert wrong(a_view(stale)) == []


# --- the canary ---


def test_each_stage_has_the_age_of_its_last_canary() -> None:
    view = a_view(canaries=CANARIES[:1])
    ages = canary_ages_s(view)
    assert ages["poll"] == pytest.approx(6)
    assert {stage: ages[stage] for stage in CANARY_STAGES[1:]} == dict.fromkeys(CANARY_STAGES[1:])


def test_the_first_stage_it_did_not_come_through_is_the_one_to_look_at() -> None:
    stuck = (*CANARIES[:2], *(report(f"canary:{stage}", minute=2) for stage in CANARY_STAGES[2:]))
    assert codes(a_view(canaries=stuck)) == [("canary:parse", "E5208")]


def test_a_canary_that_never_came_is_missed_once_it_is_due() -> None:
    assert wrong(a_view(canaries=(), minute=1.4)) == []
    (problem,) = wrong(a_view(canaries=(), minute=1.6))
    assert (problem.subject, problem.since) == ("canary:poll", START)


def test_a_canary_from_before_our_start_has_time_to_come_again() -> None:
    old = tuple(report(f"canary:{stage}", minute=-500) for stage in CANARY_STAGES)
    assert wrong(a_view(canaries=old, minute=1)) == []


def test_a_silent_canary_is_one_problem_not_two() -> None:
    quiet = tuple(report(f"canary:{stage}", minute=2, silence_s=30) for stage in CANARY_STAGES)
    assert codes(a_view(canaries=quiet)) == [("canary:poll", "E5208")]


# --- the answer ---


def test_the_answer_shows_what_it_was_judged_from() -> None:
    view = replace(
        a_view(
            report("feed:jma.extra", minute=5, silence_s=60),
            report("service:dispatcher"),
            report("lease:jma.extra", until=at(190)),
        ),
        appending=FULL,
    )
    body = answer(view, wrong(view), CROWD)
    assert body["status"] == "unavailable"
    assert [(one["subject"], one["code"]) for one in body["reasons"]] == [
        ("gateway:append", "E5202"),
        ("feed:jma.extra", "E5206"),
    ]
    assert all(set(one) == {"subject", "code", "since", "message", "hint"} for one in body["reasons"])
    assert body["feeds"] == {
        "jma.extra": {
            "condition": "ok",
            "age_s": 300.0,
            "since": "2026-09-01T11:04:00.000Z",
            "silent": True,
            "message": "",
            "hint": "",
        }
    }
    assert body["leases"] == {"jma.extra": "2026-09-01T14:10:00.000Z"}
    assert list(body["services"]) == ["dispatcher"]
    assert list(body["canary"]) == list(CANARY_STAGES)
    assert body["log"] == {"appendable": False, "readable": True}
    assert body["connections"] == {"sign": 2}
    assert body["signs"] == {"connected": 2, "confirmed": 1}


@pytest.mark.parametrize(
    ("changes", "as_of"), [({}, "2026-09-01T11:10:00.000Z"), ({"as_of": None}, None)], ids=["confirmed", "never"]
)
def test_the_answer_says_how_old_the_situation_is(changes: Mapping[str, None], as_of: str | None) -> None:
    view = replace(a_view(), **changes)  # type: ignore[arg-type]  # names are the test's own
    projection = answer(view, [], CROWD)["projection"]
    assert (projection["loaded"], projection["as_of"], projection["streams"]) == (True, as_of, 0)
