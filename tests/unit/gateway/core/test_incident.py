from __future__ import annotations

from datetime import timedelta

import pytest

from schemas.office import Matter, Purpose
from services.gateway.core.incident import (
    OVER,
    Cosigned,
    Discarded,
    Draft,
    Drafted,
    Event,
    Incident,
    Issue,
    Issued,
    Office,
    OfficerSet,
    Renewed,
    Returned,
    RollEntry,
    Standing,
    Submission,
    Submitted,
    evolve,
)
from tests.factories import at
from tests.office import REAL, A, B, C, a_content, a_drill

DRAFT = Draft(version=1, purpose=Purpose.ISSUE, content=a_content(), author=A, editor=A)
OPENED = Drafted(draft=DRAFT, opened=(Matter.ORDER, None))
SUBMISSION = Submission(alert="{}", sha256="1", purpose=Purpose.ISSUE, by=A, at=at(0))


def an_issue(purpose: Purpose = Purpose.ISSUE, *, approver: str = B, minute: float = 1, sha256: str = "1") -> Issue:
    content = None if purpose is Purpose.WITHDRAW else a_content()
    return Issue(alert="{}", sha256=sha256, purpose=purpose, by=A, approver=approver, at=at(minute), content=content)


def after(*events: Event) -> Incident:
    found = evolve(None, REAL, events)
    assert found is not None
    return found


def test_an_incident_begins_with_its_first_draft_and_keeps_what_it_is() -> None:
    found = after(Drafted(draft=DRAFT, opened=(Matter.SHELTER, a_drill())))
    assert (found.id, found.matter, found.drill, found.version) == (REAL, Matter.SHELTER, a_drill(), 1)


@pytest.mark.parametrize("event", [Discarded(), Drafted(draft=DRAFT)])
def test_nothing_else_begins_one(event: Event) -> None:
    assert evolve(None, REAL, [event]) is None


def test_a_new_draft_voids_what_was_submitted() -> None:
    assert after(OPENED, Submitted(submission=SUBMISSION), Drafted(draft=DRAFT)).submission is None


def test_a_submission_that_is_given_back_leaves_the_reason_with_the_draft() -> None:
    found = after(OPENED, Submitted(submission=SUBMISSION), Returned(by=B, reason="地区"))
    assert found.draft is not None
    assert (found.submission, found.draft.returned, found.draft.returned_by) == (None, "地区", B)
    again = evolve(found, REAL, [Submitted(submission=SUBMISSION)])
    assert again is not None
    assert again.draft is not None
    assert again.draft.returned == ""


def test_events_that_find_no_draft_change_none() -> None:
    found = after(OPENED, Discarded(), Submitted(submission=SUBMISSION), Returned(by=B, reason="地区"))
    assert found.draft is None


@pytest.mark.parametrize(
    ("purpose", "standing"),
    [
        (Purpose.ISSUE, Standing.IN_FORCE),
        (Purpose.CHANGE, Standing.IN_FORCE),
        (Purpose.END, Standing.ENDED),
        (Purpose.WITHDRAW, Standing.WITHDRAWN),
    ],
)
def test_what_goes_out_says_how_the_incident_stands(purpose: Purpose, standing: Standing) -> None:
    found = after(OPENED, Submitted(submission=SUBMISSION), Issued(issue=an_issue(purpose)))
    assert (found.standing, found.draft, found.submission) == (standing, None, None)
    assert (found.standing in OVER) == (standing is not Standing.IN_FORCE)


def test_a_draft_thrown_away_ends_only_what_never_went_out() -> None:
    assert after(OPENED, Discarded()).standing is Standing.DISCARDED
    assert after(OPENED, Issued(issue=an_issue()), Discarded()).standing is Standing.IN_FORCE


def test_what_one_did_alone_needs_a_second_signature_on_that_and_nothing_else() -> None:
    alone = an_issue(approver="", sha256="2")
    found = after(OPENED, Issued(issue=an_issue()), Issued(issue=alone))
    assert [one.needs_cosigning() for one in found.issues] == [False, True]
    signed = evolve(found, REAL, [Cosigned(sha256="2", by=C)])
    assert signed is not None
    assert [(one.cosigner, one.needs_cosigning()) for one in signed.issues] == [("", False), (C, False)]


def test_an_order_lapses_twelve_hours_after_the_office_last_said_that_it_holds() -> None:
    found = after(OPENED, Issued(issue=an_issue(minute=1)))
    assert found.lapses_at() == at(1) + timedelta(hours=12)
    renewed = evolve(found, REAL, [Renewed(at=at(60))])
    assert renewed is not None
    assert renewed.lapses_at() == at(60) + timedelta(hours=12)


def test_what_is_not_in_force_or_states_its_end_lapses_never() -> None:
    assert after(OPENED).lapses_at() is None
    assert after(OPENED, Issued(issue=an_issue()), Issued(issue=an_issue(Purpose.END))).lapses_at() is None
    issue = Issue(
        alert="", sha256="", purpose=Purpose.ISSUE, by=A, approver=B, at=at(0), content=a_content(expires=at(90))
    )
    assert after(OPENED, Issued(issue=issue)).lapses_at() is None


def test_what_is_said_is_what_the_last_draft_said_a_withdrawal_has_none() -> None:
    found = after(OPENED, Issued(issue=an_issue()), Issued(issue=an_issue(Purpose.WITHDRAW)))
    assert found.content() == a_content()
    assert after(OPENED).content() is None


def test_a_submission_holds_half_an_hour() -> None:
    assert SUBMISSION.void_at() == at(30)


def test_the_roll_is_not_the_incident_s() -> None:
    before = after(OPENED)
    assert evolve(before, REAL, [OfficerSet(officer=A, name="A", enabled=True)]) == before


def test_an_officer_without_a_name_is_called_by_their_id() -> None:
    office = Office(officers={A: RollEntry(name="防災課 A", enabled=True)})
    assert (office.name(A), office.name(B)) == ("防災課 A", B)


def test_it_holds_until_it_is_over_or_its_stated_end_has_come() -> None:
    assert not after(OPENED).holds(at(0))
    assert after(OPENED, Issued(issue=an_issue())).holds(at(10_000))
    stated = Issue(
        alert="", sha256="", purpose=Purpose.ISSUE, by=A, approver=B, at=at(0), content=a_content(expires=at(90))
    )
    found = after(OPENED, Issued(issue=stated))
    assert found.holds(at(89))
    assert not found.holds(at(90))
