"""Invariant 12: nothing goes out that a second officer has not approved byte for byte, and no drill becomes real.

Exhaustive: from an incident that does not exist yet, every command, right or wrong in each one of its parts, by every
officer, at once or when half an hour has passed, until an incident has been issued twice. Whatever goes out is then
judged by what stood there before, read as plain JSON, with nothing of the rules under test.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from schemas.area import AreaCode
from schemas.office import (
    Approve,
    Body,
    Content,
    Cosign,
    Discard,
    Edit,
    IssueAlone,
    Matter,
    Open,
    Purpose,
    Renew,
    Return,
    Submit,
    Withdraw,
    fingerprint,
)
from services.gateway.core import approval, composing, incident
from services.gateway.core.approval import ALONE, ALONE_DRILL, WITHDRAW, WITHDRAW_DRILL, Outcome, Refusal, Step
from services.gateway.core.incident import Event, Incident, Issued, Office, Returned, Submission
from tests.factories import ZUSHI, at
from tests.invariants import Twin, hold
from tests.office import REAL, SENDER, A, B, C, Fold, Play, a_content, a_drill

ACTORS = (A, B, C)
NOW, LATER = at(0), at(31)
"""Now, and when what was submitted before is void."""
ISSUES_MAX = 1
VERSIONS_MAX = 3
"""How far the ways go: one thing issued, its change or end drafted and changed again; what that becomes is judged too."""
FOURTH = a_content(4, expires=None)
FIFTH = a_content(5)


@dataclass(frozen=True)
class Rules:
    """What is under test: what a command does, and what follows from it for the incident."""

    decide: Callable[[Incident | None, Body, str, datetime], Outcome]
    evolve: Callable[[Incident | None, str, tuple[Event, ...]], Incident | None]
    name: str = ""

    def __str__(self) -> str:
        return self.name


THE_RULES = Rules(approval.decide, incident.evolve, "the rules")


# --- what an officer could ask for ---


@cache
def text(found: Incident, purpose: Purpose, content: Content | None) -> str:
    """The bytes of an alert."""
    if content is None:
        return composing.text_of(composing.compose_withdrawal(found, at=NOW, sender=SENDER))
    return composing.text_of(composing.compose(found, purpose, content, at=NOW, sender=SENDER))


def as_the_other_kind(found: Incident) -> Incident:
    """The incident as if it were real where it is a drill, and the other way round."""
    return replace(found, drill=None if found.drill else a_drill(REAL))


def some_bytes(found: Incident) -> Iterator[str]:
    """The right bytes of a draft, and such as must never go out for it."""
    if found.draft is None:
        return
    purpose, content = found.draft.purpose, found.draft.content
    yield text(found, purpose, content)
    yield text(as_the_other_kind(found), purpose, content)
    yield text(found, purpose, FOURTH if content == FIFTH else FIFTH)
    yield text(found, purpose, replace(content, areas=()))
    yield text(found, purpose, replace(content, areas=(ZUSHI,)))


def commands(found: Incident | None) -> Iterator[tuple[Body, datetime]]:
    """Every command in this state, and when: right in all its parts, or wrong in one of them."""
    if found is None:
        yield Open(matter=Matter.ORDER, content=FOURTH), NOW
        yield Open(matter=Matter.ORDER, drill=a_drill(REAL), content=FOURTH), NOW
        return
    yield Open(matter=Matter.NOTICE, drill=as_the_other_kind(found).drill, content=FOURTH), NOW
    yield from ((body, NOW) for body in _of_drafts(found))
    for sha256 in (found.submission.sha256 if found.submission else "0", "1"):
        yield Return(sha256=sha256, reason="地区"), NOW
        yield from ((Approve(sha256=sha256, drill=drill), at) for drill in (False, True) for at in (NOW, LATER))
    for word in (WITHDRAW, WITHDRAW_DRILL, ""):
        yield Withdraw(alert=text(found, Purpose.WITHDRAW, None), confirmation=word), NOW
        yield Withdraw(alert=text(as_the_other_kind(found), Purpose.WITHDRAW, None), confirmation=word), NOW
    yield from ((Cosign(sha256=issue.sha256), NOW) for issue in found.issues)
    yield Renew(), NOW


def _of_drafts(found: Incident) -> Iterator[Body]:
    yield from (Edit(version=found.version, purpose=purpose, content=FIFTH) for purpose in Purpose)
    yield Edit(version=found.version - 1, purpose=Purpose.ISSUE, content=FIFTH)
    yield from (Discard(version=version) for version in (found.version, found.version - 1))
    word = approval.confirmation(IssueAlone, drill=found.drill is not None)
    for alert in some_bytes(found):
        yield Submit(version=found.version, alert=alert)
        yield IssueAlone(version=found.version, alert=alert, confirmation=word)
    for alert in (*some_bytes(found),)[:1]:
        yield Submit(version=found.version - 1, alert=alert)
        yield IssueAlone(version=found.version - 1, alert=alert, confirmation=word)
        yield from (
            IssueAlone(version=found.version, alert=alert, confirmation=other)
            for other in (ALONE, ALONE_DRILL, "")
            if other != word
        )


# --- everything that can happen ---


@dataclass(frozen=True)
class Path:
    """An incident, and the last command that submitted what is submitted: kept beside the rules, not by them."""

    incident: Incident | None
    waiting: tuple[str, str, datetime] | None = None
    """Bytes, who submitted them, when; None where nothing waits or anything was changed since."""


Judge = Callable[[Path, Body, str, datetime, Outcome, Incident | None], None]


def explore(rules: Rules, *judges: Judge) -> int:
    """Go every way once, before these judges; answers how many states there were."""
    seen: set[Path] = {Path(None)}
    todo = [Path(None)]
    while todo:
        path = todo.pop()
        actors = _actors(path.incident)
        for body, now in commands(path.incident):
            for actor in actors:
                after = _next(rules, path, body, actor, now, judges)
                if after is not path and _is_within(after) and after not in seen:
                    seen.add(after)
                    todo.append(after)
    return len(seen)


def _actors(found: Incident | None) -> tuple[str, ...]:
    """Everybody who took part, and the next who did not: who is called B and who C makes no difference."""
    known = repr(found)
    return ACTORS[: 1 + sum(actor in known for actor in ACTORS)]


def _next(
    rules: Rules,
    path: Path,
    body: Body,
    actor: str,
    now: datetime,
    judges: Sequence[Judge],
) -> Path:
    outcome = rules.decide(path.incident, body, actor, now)
    if isinstance(outcome, Refusal):
        return path
    after = rules.evolve(path.incident, REAL, outcome)
    for judge in judges:
        judge(path, body, actor, now, outcome, after)
    waiting = (body.alert, actor, now) if isinstance(body, Submit) else None
    return Path(
        after, waiting if isinstance(body, Submit) else path.waiting if isinstance(body, Cosign | Renew) else None
    )


def _is_within(path: Path) -> bool:
    found = path.incident
    return found is not None and len(found.issues) <= ISSUES_MAX and found.version <= VERSIONS_MAX


def issued(outcome: Outcome) -> Iterator[Issued]:
    """What goes out."""
    return (event for event in (outcome if isinstance(outcome, tuple) else ()) if isinstance(event, Issued))


# --- what must hold of it ---


def _two_people(path: Path, body: Body, actor: str, now: datetime, outcome: Outcome, _: Incident | None) -> None:
    for event in issued(outcome):
        if isinstance(body, Approve):
            hold(12, path.waiting is not None, "something went out that nobody had submitted as it stands")
            assert path.waiting is not None
            alert, by, since = path.waiting
            hold(12, event.issue.alert == alert, "other bytes went out than were submitted")
            hold(12, body.sha256 == fingerprint(alert), "other bytes were approved than went out")
            hold(12, now < since + timedelta(minutes=30), "it was approved when it was void")
            draft = path.incident.draft if path.incident else None
            makers = {by, draft.author, draft.editor} if draft else {by}
            hold(12, actor not in makers, "an officer approved what they had written")
        else:
            hold(12, isinstance(body, IssueAlone | Withdraw), f"{type(body).__name__} let something out")
            hold(12, event.issue.needs_cosigning(), "what one did alone needs nobody's signature")


def _alone(path: Path, body: Body, _: str, __: datetime, outcome: Outcome, ___: Incident | None) -> None:
    drill = path.incident is not None and path.incident.drill is not None
    for event in issued(outcome):
        if isinstance(body, IssueAlone):
            hold(12, body.confirmation == (ALONE_DRILL if drill else ALONE), "alone, and not even confirmed")
            hold(12, event.issue.purpose is not Purpose.END, "one officer ended an order alone")
        if isinstance(body, Withdraw):
            wanted = WITHDRAW_DRILL if drill else WITHDRAW
            hold(12, body.confirmation == wanted, "withdrawn, and not even confirmed")
            hold(12, "誤りでした" in json.loads(event.issue.alert)["headline"], "withdrawn in words of one's own")


def _the_same_kind(path: Path, body: Body, _: str, __: datetime, outcome: Outcome, after: Incident | None) -> None:
    before = path.incident
    if before is not None and after is not None:
        hold(12, (after.matter, after.drill) == (before.matter, before.drill), "an incident changed what it is")
    for event in issued(outcome):
        assert before is not None
        alert = json.loads(event.issue.alert)
        is_drill = before.drill is not None
        hold(12, (alert["status"] == "Exercise") == is_drill, "a drill and the real thing changed places")
        hold(12, all(("~" in stream) == is_drill for stream in alert["streams"]), "a drill in a real stream")
        if isinstance(body, Approve):
            hold(12, body.drill == is_drill, "approved by somebody who took it for the other kind")
        _holds_what_was_drafted(alert, before, event)


def check_two_people_let_the_same_bytes_out_and_a_drill_stays_a_drill(rules: Rules) -> None:
    hold(12, explore(rules, _two_people, _alone, _the_same_kind) > 100, "hardly anything was tried")


def _holds_what_was_drafted(alert: dict[str, Any], before: Incident, event: Issued) -> None:
    if event.issue.purpose is Purpose.WITHDRAW:
        hold(12, alert["msgType"] == "Cancel" and not alert["info"], "a withdrawal that says something")
        return
    assert before.draft is not None
    content = before.draft.content
    (info,) = alert["info"]
    areas = tuple(AreaCode(area["code"]["scheme"], area["code"]["code"]) for area in info["area"])
    hold(12, areas == content.areas and areas, "another area than was drafted")
    wanted = None if event.issue.purpose is Purpose.END else content.level
    hold(12, info.get("level") == wanted, "another level than was drafted")


def check_what_came_too_late_or_twice_does_nothing(fold: Fold) -> None:
    play = Play(fold=fold)
    play.open()
    play.submit()
    approve = Approve(sha256=play.submission.sha256, drill=False)
    play.do(B, approve, late_s=16)
    hold(12, not play.now.issues, "what had been answered 'not accepted' came true later")
    play.do(B, approve, command="press")
    play.do(A, Edit(version=play.now.version, purpose=Purpose.CHANGE, content=FIFTH), command="change")
    version = play.now.version
    play.do(A, Edit(version=version, purpose=Purpose.CHANGE, content=FIFTH), command="change")
    hold(12, play.now.version == version, "a second press did something")


# --- the rules hold ---


def test_two_people_let_the_same_bytes_out_and_a_drill_stays_a_drill() -> None:
    check_two_people_let_the_same_bytes_out_and_a_drill_stays_a_drill(THE_RULES)


def test_what_came_too_late_or_twice_does_nothing() -> None:
    check_what_came_too_late_or_twice_does_nothing(approval.fold)


# --- rules somebody could have written ---


def whoever_wrote_it_may_approve(found: Incident | None, command: Body, actor: str, now: datetime) -> Outcome:
    return approval.decide(found, command, "somebody else" if isinstance(command, Approve) else actor, now)


def approval_is_for_whatever_is_submitted(found: Incident | None, command: Body, actor: str, now: datetime) -> Outcome:
    waiting = found.submission if found else None
    blind = replace(command, sha256=waiting.sha256) if isinstance(command, Approve) and waiting else command
    return approval.decide(found, blind, actor, now)


def a_submission_never_grows_old(found: Incident | None, command: Body, actor: str, now: datetime) -> Outcome:
    waiting = found.submission if found and isinstance(command, Approve) else None
    return approval.decide(found, command, actor, waiting.at if waiting else now)


def edits_keep_what_was_submitted(
    before: Incident | None, incident_: str, events: tuple[Event, ...]
) -> Incident | None:
    after = incident.evolve(before, incident_, events)
    keeps = before is not None and after is not None and after.draft is not None
    if not keeps or any(isinstance(event, Returned) for event in events):
        return after
    assert before is not None
    assert after is not None
    return replace(after, submission=after.submission or before.submission)


def bytes_are_taken_at_their_word(found: Incident | None, command: Body, actor: str, now: datetime) -> Outcome:
    outcome = approval.decide(found, command, actor, now)
    if not isinstance(command, Submit) or not isinstance(outcome, Refusal) or outcome.why is not approval.Why.BYTES:
        return outcome
    assert found is not None
    assert found.draft is not None
    waiting = Submission(
        alert=command.alert, sha256=fingerprint(command.alert), purpose=found.draft.purpose, by=actor, at=now
    )
    return (incident.Submitted(submission=waiting),)


def the_kind_is_not_asked_for(found: Incident | None, command: Body, actor: str, now: datetime) -> Outcome:
    is_drill = found is not None and found.drill is not None
    return approval.decide(
        found, replace(command, drill=is_drill) if isinstance(command, Approve) else command, actor, now
    )


def a_drill_can_be_made_real(before: Incident | None, incident_: str, events: tuple[Event, ...]) -> Incident | None:
    after = incident.evolve(before, incident_, events)
    return replace(after, drill=None) if after and after.version > 1 else after


def nobody_types_anything(found: Incident | None, command: Body, actor: str, now: datetime) -> Outcome:
    if found is not None and isinstance(command, IssueAlone | Withdraw):
        word = approval.confirmation(type(command), drill=found.drill is not None)
        return approval.decide(found, replace(command, confirmation=word), actor, now)
    return approval.decide(found, command, actor, now)


def ends_are_broken_out_like_anything_else(found: Incident | None, command: Body, actor: str, now: datetime) -> Outcome:
    outcome = approval.decide(found, command, actor, now)
    draft = found.draft if found else None
    if isinstance(command, IssueAlone) and command.confirmation and draft and draft.purpose is Purpose.END:
        issue = incident.Issue(
            alert=command.alert, sha256=fingerprint(command.alert), purpose=draft.purpose, by=actor, approver="", at=now
        )
        return (Issued(issue=issue),)
    return outcome


def what_is_done_alone_counts_as_approved(found: Incident | None, command: Body, actor: str, now: datetime) -> Outcome:
    outcome = approval.decide(found, command, actor, now)
    if isinstance(outcome, Refusal) or not isinstance(command, IssueAlone):
        return outcome
    return tuple(
        Issued(issue=replace(one.issue, approver=actor)) if isinstance(one, Issued) else one for one in outcome
    )


def deadlines_are_only_for_the_browser(office: Office, command: Any, appended_at: datetime) -> Step:
    return approval.fold(office, command, min(appended_at, command.deadline))


def every_press_counts(office: Office, command: Any, appended_at: datetime) -> Step:
    body = command.body
    known = office.incidents.get(command.incident)
    fresh = replace(body, version=known.version) if known and isinstance(body, Edit) else body
    return approval.fold(office, replace(command, body=fresh, id=f"{command.id}{appended_at}{known}"), appended_at)


def _with(decide: Callable[[Incident | None, Body, str, datetime], Outcome]) -> Rules:
    return Rules(decide, incident.evolve, decide.__name__.replace("_", " "))


def _after(evolve: Callable[[Incident | None, str, tuple[Event, ...]], Incident | None]) -> Rules:
    return Rules(approval.decide, evolve, evolve.__name__.replace("_", " "))


TWINS = [
    *(
        Twin(12, check_two_people_let_the_same_bytes_out_and_a_drill_stays_a_drill, rules)
        for rules in (
            _with(whoever_wrote_it_may_approve),
            _with(approval_is_for_whatever_is_submitted),
            _with(a_submission_never_grows_old),
            _with(what_is_done_alone_counts_as_approved),
            _after(edits_keep_what_was_submitted),
            _with(nobody_types_anything),
            _with(ends_are_broken_out_like_anything_else),
            _with(bytes_are_taken_at_their_word),
            _with(the_kind_is_not_asked_for),
            _after(a_drill_can_be_made_real),
        )
    ),
    Twin(12, check_what_came_too_late_or_twice_does_nothing, deadlines_are_only_for_the_browser),
    Twin(12, check_what_came_too_late_or_twice_does_nothing, every_press_counts),
]
