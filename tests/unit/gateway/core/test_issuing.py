from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from schemas.area import AreaCode
from schemas.office import Cosign, Matter, Purpose, Renew
from schemas.status import Condition, StatusReport
from services.gateway.core.approval import Outcome, Refusal, Why
from services.gateway.core.incident import Incident, Issued
from services.gateway.core.issuing import Effect, Gone, Send, cosign_subject, effects, released
from tests.factories import ODAWARA, ZUSHI, at
from tests.office import DRILL, REAL, A, B, Play, a_content, a_drill_order, a_real_order

OWN = frozenset({ODAWARA})
LEASE = f"lease:office:{REAL}"
UNSENT = f"office:unsent:office:{REAL}"


def following(play: Play, outcome: Outcome | None) -> tuple[Effect, ...]:
    return effects(play.now, outcome)


def sends(found: tuple[Effect, ...]) -> list[Send]:
    return [one for one in found if isinstance(one, Send)]


def gone(found: tuple[Effect, ...]) -> list[str]:
    return [one.subject for one in found if isinstance(one, Gone)]


def reports(found: tuple[Effect, ...]) -> dict[str, StatusReport]:
    return {one.subject: one for one in found if isinstance(one, StatusReport)}


def an_approval(play: Play) -> tuple[Effect, ...]:
    play.open(content=a_content(expires=at(90)) if play.drill else None)
    play.submit()
    return following(play, play.approve())


def test_drafts_and_refusals_have_no_effect_outside() -> None:
    play = a_real_order()
    assert following_open(play) == ()
    assert following(play, play.submit()) == ()
    assert following(play, Refusal(why=Why.STALE)) == ()
    assert following(play, None) == ()


def following_open(play: Play) -> tuple[Effect, ...]:
    return following(play, play.open())


def test_an_order_is_sent_as_approved_and_its_lease_begins() -> None:
    play = a_real_order()
    found = an_approval(play)
    (send,) = sends(found)
    assert (send.topic, send.text, send.id) == (
        "alerts.emergency",
        play.last.alert,
        f"alert:office:{REAL}:000001@office:{REAL}",
    )
    assert reports(found)[LEASE].until == at(0) + timedelta(hours=12)
    assert gone(found) == []


def test_a_drill_goes_to_its_own_topic_and_has_no_lease() -> None:
    play = a_drill_order()
    found = an_approval(play)
    assert [(send.topic, send.alert.streams[0]) for send in sends(found)] == [("drills", f"office:{DRILL}~{DRILL}")]
    assert reports(found) == {}


def test_a_notice_can_wait() -> None:
    play = Play(matter=Matter.NOTICE)
    play.open(content=a_content(None, expires=at(90)))
    play.submit()
    assert sends(following(play, play.approve()))[0].topic == "alerts.routine"


def test_an_end_is_sent_and_the_lease_goes() -> None:
    play = a_real_order().issued()
    play.edit(B, purpose=Purpose.END)
    play.submit(B)
    found = following(play, play.approve(A))
    assert [send.alert.revision for send in sends(found)] == ["000002"]
    assert gone(found) == [UNSENT, LEASE]


def test_what_is_renewed_gets_a_new_lease_and_sends_nothing() -> None:
    play = a_real_order().issued()
    play.minute = 60
    found = following(play, play.do(A, Renew()))
    assert sends(found) == []
    assert reports(found)[LEASE].until == at(60) + timedelta(hours=12)


@pytest.mark.parametrize(("begin", "kind"), [(a_real_order, "order"), (a_drill_order, "drill")], ids=["real", "drill"])
def test_what_one_officer_did_alone_is_an_alarm_until_another_signs(begin: type[Play], kind: str) -> None:
    play = begin()
    play.open(content=a_content(expires=at(90)) if play.drill else None)
    found = following(play, play.alone(A))
    alarm = reports(found)[cosign_subject(play.now, play.last.sha256)]
    assert (alarm.condition, alarm.code) == (Condition.ALARM, "E5530")
    assert f"({A}) issued {kind}" in alarm.message
    signed = following(play, play.do(B, Cosign(sha256=play.last.sha256)))
    assert gone(signed) == [alarm.subject]


def test_a_withdrawal_is_an_alarm_too() -> None:
    play = a_real_order().issued()
    found = following(play, play.withdraw(A))
    assert gone(found) == [UNSENT, LEASE]
    assert [report.message for report in reports(found).values()] == [f"one officer ({A}) withdrew order {REAL} alone"]


# --- the last look ---


def a_send(purpose: Purpose = Purpose.ISSUE) -> Send:
    play = a_real_order().issued()
    if purpose is Purpose.WITHDRAW:
        found = following(play, play.withdraw())
    elif purpose is Purpose.ISSUE:
        issued = (Issued(issue=play.last),)
        found = effects(play.now, issued)
    else:
        play.edit(B, purpose=purpose)
        play.submit(B)
        found = following(play, play.approve(A))
    return sends(found)[0]


def test_what_concerns_the_city_goes_out() -> None:
    assert released(a_send(), at(0), OWN) == a_send()


def test_what_is_no_alert_is_not_looked_at() -> None:
    assert released(Gone(subject="x"), at(0), OWN) == Gone(subject="x")


@pytest.mark.parametrize("strange", [ZUSHI, AreaCode("class20", "9999900"), None], ids=["neighbour", "unknown", "none"])
def test_an_area_that_is_not_the_city_s_keeps_the_whole_alert_back(strange: AreaCode | None) -> None:
    send = a_send()
    info = send.alert.info[0]
    area = (*info.area, replace(info.area[0], code=strange))
    wrong = replace(send, alert=replace(send.alert, info=(replace(info, area=area),)))
    alarm = released(wrong, at(0), OWN)
    assert isinstance(alarm, StatusReport)
    assert (alarm.subject, alarm.code) == (UNSENT, "E5531")
    assert "NOT sent" in alarm.message


def test_an_order_that_waited_longer_than_it_holds_is_not_sent() -> None:
    alarm = released(a_send(), at(720), OWN)
    assert isinstance(alarm, StatusReport)
    assert alarm.code == "E5532"
    assert isinstance(released(a_send(), at(719), OWN), Send)
    assert isinstance(released(a_send(Purpose.CHANGE), at(720), OWN), StatusReport)


@pytest.mark.parametrize("purpose", [Purpose.END, Purpose.WITHDRAW])
def test_that_something_is_over_may_be_said_at_any_time(purpose: Purpose) -> None:
    assert isinstance(released(a_send(purpose), at(100_000), OWN), Send)


def test_a_stated_end_counts_before_the_lease() -> None:
    play = a_drill_order()
    (send,) = sends(an_approval(play))
    assert isinstance(released(send, at(89), OWN), Send)
    assert isinstance(released(send, at(90), OWN), StatusReport)


def test_an_incident_is_named_where_a_second_officer_looks() -> None:
    assert cosign_subject(Incident(id=REAL, matter=Matter.ORDER), "0123456789") == f"office:cosign:{REAL}:01234567"
