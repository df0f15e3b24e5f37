from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from schemas.alert import Drill
from schemas.office import (
    ADMIN,
    ROLL,
    Approve,
    Body,
    Cosign,
    Discard,
    Edit,
    IssueAlone,
    Matter,
    Open,
    Purpose,
    Renew,
    Return,
    SetOfficer,
    Submit,
    Withdraw,
)
from services.gateway.core.approval import Outcome, Refusal, Why, confirmation, decide
from services.gateway.core.incident import Cosigned, Discarded, Drafted, Issued, Returned, Standing, Submitted
from tests.factories import at
from tests.office import DRILL, REAL, A, B, C, D, Play, a_content, a_drill, a_drill_order, a_real_order


def why(outcome: Outcome | None) -> Why:
    assert isinstance(outcome, Refusal), outcome
    return outcome.why


def did(outcome: Outcome | None) -> list[type]:
    assert isinstance(outcome, tuple), outcome
    return [type(event) for event in outcome]


# --- two people ---


def test_an_order_goes_out_as_submitted_once_a_second_officer_approves() -> None:
    play = a_real_order()
    assert did(play.open()) == [Drafted]
    assert did(play.submit()) == [Submitted]
    waiting = play.submission
    assert did(play.approve(B)) == [Issued]
    assert (play.last.alert, play.last.by, play.last.approver) == (waiting.alert, A, B)
    assert play.now.standing is Standing.IN_FORCE
    assert (play.now.draft, play.now.submission) == (None, None)


def test_whoever_began_it_cannot_approve_although_another_submitted_it() -> None:
    play = a_real_order()
    play.open(A)
    play.submit(C)
    assert why(play.approve(A)) is Why.OWN_WORK
    assert why(play.approve(C)) is Why.OWN_WORK
    assert did(play.approve(B)) == [Issued]


def test_whoever_changed_it_last_cannot_approve() -> None:
    play = a_real_order()
    play.open(A)
    play.edit(B)
    play.submit(A)
    assert why(play.approve(B)) is Why.OWN_WORK
    assert did(play.approve(C)) == [Issued]


def test_two_officers_are_enough_when_the_first_takes_it_over_again() -> None:
    play = a_real_order()
    play.open(A)
    play.edit(B)
    play.edit(A)
    play.submit(A)
    assert did(play.approve(B)) == [Issued]


@pytest.mark.parametrize("actor", [D, "nobody", ADMIN, ""])
def test_nobody_but_an_enabled_officer_does_anything(actor: str) -> None:
    play = a_real_order()
    assert why(play.open(actor)) is Why.NO_OFFICER
    play.open(A)
    play.submit(A)
    assert why(play.approve(actor)) is Why.NO_OFFICER


def test_an_approval_is_for_the_bytes_that_were_shown() -> None:
    play = a_real_order()
    play.open()
    play.submit()
    shown = play.submission.sha256
    play.edit(A, a_content(5))
    play.submit()
    assert why(play.do(B, Approve(sha256=shown, drill=False))) is Why.OTHER_BYTES


def test_any_change_voids_what_was_submitted() -> None:
    play = a_real_order()
    play.open()
    play.submit()
    shown = play.submission.sha256
    play.edit(A)
    assert why(play.do(B, Approve(sha256=shown, drill=False))) is Why.NOT_NOW


def test_after_half_an_hour_a_submission_is_void_and_can_be_made_anew() -> None:
    play = a_real_order()
    play.open()
    play.submit()
    play.minute = 30
    assert why(play.approve()) is Why.VOID
    play.submit()
    play.minute = 59.9
    assert did(play.approve()) == [Issued]


def test_a_submission_is_given_back_with_a_reason_and_the_reason_goes_when_it_is_submitted_again() -> None:
    play = a_real_order()
    play.open()
    assert why(play.do(B, Return(sha256="", reason="地区が違う"))) is Why.NOT_NOW
    play.submit()
    shown = play.submission.sha256
    assert why(play.do(B, Return(sha256="0", reason="地区が違う"))) is Why.OTHER_BYTES
    assert why(play.do(B, Return(sha256=shown, reason=" "))) is Why.INCOMPLETE
    assert did(play.do(B, Return(sha256=shown, reason=" 地区が違う "))) == [Returned]
    assert play.now.draft is not None
    assert (play.now.draft.returned, play.now.draft.returned_by, play.now.submission) == ("地区が違う", B, None)
    play.submit()
    assert play.now.draft.returned == ""


# --- drafts ---


def test_an_incident_is_opened_once() -> None:
    play = a_real_order()
    play.open()
    assert why(play.open(B)) is Why.EXISTS


def test_a_draft_is_changed_from_the_version_that_was_seen() -> None:
    play = a_real_order()
    play.open()
    play.edit(B)
    for body in (
        Edit(version=1, purpose=Purpose.ISSUE, content=a_content()),
        Discard(version=1),
        Submit(version=1, alert=play.bytes_()),
        IssueAlone(version=1, alert=play.bytes_(), confirmation=confirmation(IssueAlone, drill=False)),
    ):
        assert why(play.do(A, body)) is Why.STALE


@pytest.mark.parametrize("purpose", [Purpose.CHANGE, Purpose.END, Purpose.WITHDRAW])
def test_what_is_not_in_force_is_neither_changed_nor_ended(purpose: Purpose) -> None:
    play = a_real_order()
    play.open()
    assert why(play.edit(A, purpose=purpose)) is Why.NOT_NOW


@pytest.mark.parametrize("purpose", [Purpose.ISSUE, Purpose.WITHDRAW])
def test_what_is_in_force_is_changed_or_ended_by_drafts_and_nothing_else(purpose: Purpose) -> None:
    assert why(a_real_order().issued().edit(A, purpose=purpose)) is Why.NOT_NOW


def test_a_draft_without_anything_issued_is_thrown_away_with_its_incident() -> None:
    play = a_real_order()
    play.open()
    assert did(play.do(B, Discard(version=1))) == [Discarded]
    assert play.now.standing is Standing.DISCARDED
    assert why(play.edit()) is Why.OVER


def test_a_change_is_thrown_away_and_the_order_stays() -> None:
    play = a_real_order().issued()
    play.edit(C, a_content(5), Purpose.CHANGE)
    play.do(C, Discard(version=play.now.version))
    assert play.now.standing is Standing.IN_FORCE
    assert why(play.do(C, Discard(version=play.now.version))) is Why.NOT_NOW


def test_without_a_draft_nothing_is_submitted_or_issued_alone() -> None:
    play = a_real_order().issued()
    assert why(play.do(A, Submit(version=play.now.version, alert="{}"))) is Why.NOT_NOW
    assert why(play.do(A, IssueAlone(version=play.now.version, alert="{}", confirmation=""))) is Why.NOT_NOW


def test_bytes_that_do_not_say_what_the_draft_says_are_not_submitted() -> None:
    play = a_real_order()
    play.open(content=a_content(3))
    other = Play()
    other.open(content=a_content(5))
    outcome = play.submit(alert=other.bytes_())
    assert why(outcome) is Why.BYTES
    assert isinstance(outcome, Refusal)
    assert "level" in outcome.detail


# --- after it is out ---


def test_a_change_takes_two_and_counts_up() -> None:
    play = a_real_order().issued().changed(Purpose.CHANGE, a_content(5))
    assert [issue.purpose for issue in play.now.issues] == [Purpose.ISSUE, Purpose.CHANGE]
    assert play.now.standing is Standing.IN_FORCE
    said = play.now.content()
    assert said is not None
    assert said.level == 5


def test_an_end_takes_two() -> None:
    play = a_real_order().issued()
    play.edit(C, purpose=Purpose.END)
    play.submit(C)
    assert why(play.approve(C)) is Why.OWN_WORK
    play.approve(A)
    assert play.now.standing is Standing.ENDED


def test_nothing_follows_an_end() -> None:
    play = a_real_order().issued().changed(Purpose.END)
    bodies: tuple[Body, ...] = (Renew(), Edit(version=play.now.version, purpose=Purpose.CHANGE, content=a_content()))
    assert [why(play.do(A, body)) for body in bodies] == [Why.OVER, Why.OVER]
    assert why(play.do(A, Withdraw(alert=play.withdrawal(), confirmation="誤報取消"))) is Why.OVER


def test_an_order_is_renewed_while_it_holds_and_a_stated_end_needs_no_renewing() -> None:
    play = a_real_order()
    play.open()
    assert why(play.do(C, Renew())) is Why.NOT_NOW
    play.submit()
    play.approve()
    play.minute = 600
    play.do(C, Renew())
    assert play.now.lapses_at() == at(600) + timedelta(hours=12)
    drill = a_drill_order().issued(a_content(expires=at(90)))
    assert why(drill.do(C, Renew())) is Why.NOT_NOW


# --- alone ---


def test_one_officer_breaks_the_glass_and_another_signs_later() -> None:
    play = a_real_order()
    play.open()
    assert did(play.alone(A)) == [Issued]
    assert play.last.needs_cosigning()
    sha256 = play.last.sha256
    assert why(play.do(A, Cosign(sha256=sha256))) is Why.OWN_WORK
    assert why(play.do(B, Cosign(sha256="0"))) is Why.NOT_NOW
    assert did(play.do(B, Cosign(sha256=sha256))) == [Cosigned]
    assert why(play.do(C, Cosign(sha256=sha256))) is Why.NOT_NOW


def test_what_two_did_needs_no_signature() -> None:
    play = a_real_order().issued()
    assert why(play.do(C, Cosign(sha256=play.last.sha256))) is Why.NOT_NOW


def test_nobody_ends_an_order_alone() -> None:
    play = a_real_order().issued()
    play.edit(C, purpose=Purpose.END)
    assert why(play.alone(C)) is Why.NOT_NOW


def test_a_mistake_is_withdrawn_by_one_officer_and_what_was_being_written_goes_with_it() -> None:
    play = a_real_order().issued()
    play.edit(C, a_content(5), Purpose.CHANGE)
    play.submit(C)
    assert did(play.withdraw(A)) == [Issued]
    assert play.now.standing is Standing.WITHDRAWN
    assert (play.now.submission, play.now.draft) == (None, None)
    assert did(play.do(B, Cosign(sha256=play.last.sha256))) == [Cosigned]


def test_what_never_went_out_is_not_withdrawn() -> None:
    play = a_real_order()
    play.open()
    assert why(play.withdraw()) is Why.NOT_NOW


def test_a_withdrawal_has_the_fixed_words() -> None:
    play = a_real_order().issued()
    text = play.withdrawal().replace("誤り", "間違い")
    assert why(play.do(A, Withdraw(alert=text, confirmation="誤報取消"))) is Why.BYTES


def test_what_is_done_alone_is_typed_first_in_other_words_for_a_drill() -> None:
    words = {confirmation(kind, drill=drill) for kind in (IssueAlone, Withdraw) for drill in (False, True)}
    assert len(words) == 4
    for play, other in ((a_real_order(), True), (a_drill_order(), False)):
        play.open()
        wrong = IssueAlone(version=1, alert=play.bytes_(), confirmation=confirmation(IssueAlone, drill=other))
        assert why(play.do(A, wrong)) is Why.NOT_CONFIRMED
        play.submit()
        play.approve()
        word = confirmation(Withdraw, drill=other)
        assert why(play.do(A, Withdraw(alert=play.withdrawal(), confirmation=word))) is Why.NOT_CONFIRMED


def test_bytes_are_looked_at_also_when_one_officer_is_alone() -> None:
    play = a_real_order()
    play.open()
    body = IssueAlone(version=1, alert="{}", confirmation=confirmation(IssueAlone, drill=False))
    assert why(play.do(A, body)) is Why.BYTES


# --- drills ---


def test_a_drill_goes_the_same_way_and_stays_a_drill() -> None:
    play = a_drill_order().issued(a_content(expires=at(90)))
    assert play.now.drill == a_drill()
    assert '"status":"Exercise"' in play.last.alert


@pytest.mark.parametrize("begin", [a_real_order, a_drill_order])
def test_what_an_officer_took_for_the_other_kind_is_not_approved(begin: Callable[[], Play]) -> None:
    play = begin()
    play.open()
    play.submit()
    assert why(play.do(B, Approve(sha256=play.submission.sha256, drill=play.drill is None))) is Why.DRILL


def test_a_drill_s_run_is_its_own_incident() -> None:
    play = a_real_order()
    body = Open(matter=Matter.ORDER, drill=Drill(run="another"), content=a_content())
    assert why(play.do(A, body, incident=DRILL)) is Why.DRILL


@pytest.mark.parametrize("drill", [False, True], ids=["real", "drill"])
def test_the_bytes_of_one_kind_are_not_submitted_as_the_other(drill: bool) -> None:
    play = Play(drill=a_drill(REAL) if drill else None)
    other = Play(drill=None if drill else a_drill(REAL))
    play.open()
    other.open()
    assert why(play.submit(alert=other.bytes_())) is Why.BYTES


# --- the fold ---


def test_a_command_about_nothing_does_nothing() -> None:
    assert why(a_real_order().do(A, Renew())) is Why.UNKNOWN
    assert why(decide(None, SetOfficer(officer=A, name="A", enabled=True), A, at(0))) is Why.UNKNOWN


def test_a_second_press_is_the_same_command() -> None:
    play = a_real_order()
    play.open()
    play.submit()
    body = Approve(sha256=play.submission.sha256, drill=False)
    assert did(play.do(B, body, command="press")) == [Issued]
    assert play.do(B, body, command="press") is None
    assert len(play.now.issues) == 1


def test_a_second_press_of_what_was_refused_is_refused_once() -> None:
    play = a_real_order()
    assert why(play.do(A, Renew(), command="press")) is Why.UNKNOWN
    assert play.do(A, Renew(), command="press") is None


def test_what_was_appended_after_its_deadline_does_nothing() -> None:
    play = a_real_order()
    play.open()
    play.submit()
    body = Approve(sha256=play.submission.sha256, drill=False)
    assert why(play.do(B, body, late_s=15.1)) is Why.LATE
    assert did(play.do(B, body, late_s=15)) == [Issued]


def test_a_command_by_other_rules_is_not_judged() -> None:
    play = a_real_order()
    outcome = play.do(A, Open(matter=Matter.ORDER, content=a_content()), rules=2)
    assert why(outcome) is Why.RULES


@pytest.mark.parametrize(
    ("actor", "incident", "body"),
    [
        (A, ROLL, SetOfficer(officer=C, name="C", enabled=False)),
        (ADMIN, REAL, SetOfficer(officer=C, name="C", enabled=False)),
        (ADMIN, ROLL, Open(matter=Matter.ORDER, content=a_content())),
        (A, ROLL, Open(matter=Matter.ORDER, content=a_content())),
    ],
    ids=["an officer", "under an incident", "an incident of the admin", "an incident under the roll"],
)
def test_only_whoever_has_the_machine_says_who_is_an_officer(actor: str, incident: str, body: Body) -> None:
    play = a_real_order()
    assert why(play.do(actor, body, incident=incident)) is Why.NO_OFFICER
    assert play.office.officers[C].enabled


@pytest.mark.parametrize("officer", ["", ADMIN])
def test_some_names_are_nobody_s(officer: str) -> None:
    body = SetOfficer(officer=officer, name="X", enabled=True)
    assert why(a_real_order().do(ADMIN, body, incident=ROLL)) is Why.INCOMPLETE


def test_a_disabled_officer_acts_no_longer() -> None:
    play = a_real_order()
    play.open()
    play.submit()
    play.do(ADMIN, SetOfficer(officer=B, name="B", enabled=False), incident=ROLL)
    assert why(play.approve(B)) is Why.NO_OFFICER
