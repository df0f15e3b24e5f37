"""Two people for a real alert: the office's rules as one pure function, and the fold of topic `office` by it.

`decide` says what a command does to an incident: events, or why nothing. Drafts may be written, submitted, given back and
thrown away by any officer; bytes go out only

- approved by an officer who neither began nor last changed nor submitted them, within `APPROVAL_S`, unchanged;
- alone, by one officer who types that they mean it (break-glass), never to end anything, to be co-signed;
- as a withdrawal with fixed words, by one officer who types that they mean it, to be co-signed.

A drill is a drill from its first draft on: matter and drill of an incident never change, and every command that lets
something go out says which of the two the officer was told it is.

    E5510  no such incident                          E5518  not an officer
    E5511  the incident exists already               E5519  a drill taken for real, or the other way round
    E5512  changed by somebody else since            E5520  the bytes do not say what the draft says
    E5513  the incident is over                      E5521  not confirmed
    E5514  not possible in this state                E5522  the draft lacks something
    E5515  own work                                  E5523  appended after its deadline
    E5516  not what was shown                        E5524  judged by other rules
    E5517  void after 30 minutes
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from schemas.office import (
    ADMIN,
    ROLL,
    RULES,
    Approve,
    Body,
    Cosign,
    Discard,
    Edit,
    IssueAlone,
    OfficeCommand,
    Open,
    Purpose,
    Renew,
    Return,
    SetOfficer,
    Submit,
    Withdraw,
    fingerprint,
)
from services.gateway.core.composing import fault
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


class Why(StrEnum):
    """Why a command did nothing; the value is its code."""

    UNKNOWN = "E5510"
    EXISTS = "E5511"
    STALE = "E5512"
    OVER = "E5513"
    NOT_NOW = "E5514"
    OWN_WORK = "E5515"
    OTHER_BYTES = "E5516"
    VOID = "E5517"
    NO_OFFICER = "E5518"
    DRILL = "E5519"
    BYTES = "E5520"
    NOT_CONFIRMED = "E5521"
    INCOMPLETE = "E5522"
    LATE = "E5523"
    RULES = "E5524"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Nothing happened, and why; `detail` is for whoever looks into it."""

    why: Why
    detail: str = ""


Outcome = tuple[Event, ...] | Refusal

ALONE = "単独発令"
ALONE_DRILL = "訓練単独"
WITHDRAW = "誤報取消"
WITHDRAW_DRILL = "訓練取消"


def confirmation(do: type[IssueAlone | Withdraw], *, drill: bool) -> str:
    """What an officer must type to do something alone: other words for a drill than for the real thing."""
    if do is Withdraw:
        return WITHDRAW_DRILL if drill else WITHDRAW
    return ALONE_DRILL if drill else ALONE


def decide(incident: Incident | None, command: Body, actor: str, now: datetime) -> Outcome:
    """What the command of an officer does to the incident at this time; `incident` None: there is none of this id."""
    if isinstance(command, Open):
        return _open(incident, command, actor)
    if incident is None or isinstance(command, SetOfficer):
        return Refusal(why=Why.UNKNOWN)
    if incident.standing in OVER and not isinstance(command, Cosign):
        return Refusal(why=Why.OVER)
    return _RULES[type(command)](incident, command, actor, now)


def _open(incident: Incident | None, command: Open, actor: str) -> Outcome:
    if incident is not None:
        return Refusal(why=Why.EXISTS)
    draft = Draft(version=1, purpose=Purpose.ISSUE, content=command.content, author=actor, editor=actor)
    return (Drafted(draft=draft, opened=(command.matter, command.drill)),)


def _edit(incident: Incident, command: Edit, actor: str, _: datetime) -> Outcome:
    if command.version != incident.version:
        return Refusal(why=Why.STALE)
    if not _may_draft(incident, command.purpose):
        return Refusal(why=Why.NOT_NOW)
    author = actor if incident.draft is None else incident.draft.author
    draft = Draft(
        version=incident.version + 1, purpose=command.purpose, content=command.content, author=author, editor=actor
    )
    return (Drafted(draft=draft),)


def _may_draft(incident: Incident, purpose: Purpose) -> bool:
    """One draft at a time, for what can be next: first to issue, then to change or end what is in force."""
    if incident.draft is not None:
        return purpose is incident.draft.purpose
    return incident.standing is Standing.IN_FORCE and purpose in {Purpose.CHANGE, Purpose.END}


def _discard(incident: Incident, command: Discard, _: str, __: datetime) -> Outcome:
    refusal = _not_the_draft(incident, command.version)
    return refusal or (Discarded(),)


def _submit(incident: Incident, command: Submit, actor: str, now: datetime) -> Outcome:
    refusal = _not_the_draft(incident, command.version) or _wrong_bytes(incident, command.alert, now)
    if refusal or incident.draft is None:
        return refusal or Refusal(why=Why.NOT_NOW)
    submission = Submission(
        alert=command.alert,
        sha256=fingerprint(command.alert),
        purpose=incident.draft.purpose,
        by=actor,
        at=now,
    )
    return (Submitted(submission=submission),)


def _not_the_draft(incident: Incident, version: int) -> Refusal | None:
    if incident.draft is None:
        return Refusal(why=Why.NOT_NOW)
    return Refusal(why=Why.STALE) if version != incident.version else None


def _wrong_bytes(incident: Incident, alert: str, now: datetime) -> Refusal | None:
    assert incident.draft is not None
    wrong = fault(incident, incident.draft.purpose, incident.draft.content, alert, now)
    return Refusal(why=Why.BYTES, detail=wrong) if wrong else None


def _approve(incident: Incident, command: Approve, actor: str, now: datetime) -> Outcome:
    waiting, draft = incident.submission, incident.draft
    if waiting is None or draft is None:
        return Refusal(why=Why.NOT_NOW)
    if command.drill != (incident.drill is not None):
        return Refusal(why=Why.DRILL)
    if command.sha256 != waiting.sha256:
        return Refusal(why=Why.OTHER_BYTES)
    if actor in {draft.author, draft.editor, waiting.by}:
        return Refusal(why=Why.OWN_WORK)
    if now >= waiting.void_at():
        return Refusal(why=Why.VOID)
    issue = Issue(
        alert=waiting.alert,
        sha256=waiting.sha256,
        purpose=waiting.purpose,
        by=waiting.by,
        approver=actor,
        at=now,
        content=draft.content,
    )
    return (Issued(issue=issue),)


def _return(incident: Incident, command: Return, actor: str, _: datetime) -> Outcome:
    if incident.submission is None:
        return Refusal(why=Why.NOT_NOW)
    if command.sha256 != incident.submission.sha256:
        return Refusal(why=Why.OTHER_BYTES)
    if not command.reason.strip():
        return Refusal(why=Why.INCOMPLETE)
    return (Returned(by=actor, reason=command.reason.strip()),)


def _issue_alone(incident: Incident, command: IssueAlone, actor: str, now: datetime) -> Outcome:
    refusal = _not_the_draft(incident, command.version)
    draft = incident.draft
    if refusal or draft is None or draft.purpose is Purpose.END:
        return refusal or Refusal(why=Why.NOT_NOW)
    refusal = _unconfirmed(incident, command, command.confirmation) or _wrong_bytes(incident, command.alert, now)
    if refusal:
        return refusal
    return (Issued(issue=_alone(command.alert, draft, actor, now)),)


def _withdraw(incident: Incident, command: Withdraw, actor: str, now: datetime) -> Outcome:
    if incident.standing is not Standing.IN_FORCE:
        return Refusal(why=Why.NOT_NOW)
    refusal = _unconfirmed(incident, command, command.confirmation)
    if refusal:
        return refusal
    wrong = fault(incident, Purpose.WITHDRAW, None, command.alert, now)
    if wrong:
        return Refusal(why=Why.BYTES, detail=wrong)
    return (Issued(issue=_alone(command.alert, None, actor, now)),)


def _unconfirmed(incident: Incident, command: IssueAlone | Withdraw, typed: str) -> Refusal | None:
    wanted = confirmation(type(command), drill=incident.drill is not None)
    return None if typed == wanted else Refusal(why=Why.NOT_CONFIRMED)


def _alone(alert: str, draft: Draft | None, actor: str, now: datetime) -> Issue:
    return Issue(
        alert=alert,
        sha256=fingerprint(alert),
        purpose=draft.purpose if draft else Purpose.WITHDRAW,
        by=actor,
        approver="",
        at=now,
        content=draft.content if draft else None,
    )


def _cosign(incident: Incident, command: Cosign, actor: str, _: datetime) -> Outcome:
    done = next((one for one in incident.issues if one.sha256 == command.sha256), None)
    if done is None or not done.needs_cosigning():
        return Refusal(why=Why.NOT_NOW)
    if actor == done.by:
        return Refusal(why=Why.OWN_WORK)
    return (Cosigned(sha256=done.sha256, by=actor),)


def _renew(incident: Incident, _: Renew, __: str, now: datetime) -> Outcome:
    return (Renewed(at=now),) if incident.lapses_at() is not None else Refusal(why=Why.NOT_NOW)


_RULES: Mapping[type[Body], Callable[[Incident, Any, str, datetime], Outcome]] = MappingProxyType(
    {
        Edit: _edit,
        Discard: _discard,
        Submit: _submit,
        Approve: _approve,
        Return: _return,
        IssueAlone: _issue_alone,
        Withdraw: _withdraw,
        Cosign: _cosign,
        Renew: _renew,
    }
)


# --- the fold ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The office after a command, and what the command did; `outcome` None for a repeat, which does nothing."""

    office: Office
    outcome: Outcome | None


def fold(office: Office, command: OfficeCommand, appended_at: datetime) -> Step:
    """The office after one record of its topic: the same at every gateway, today and in ten years."""
    incident = office.incidents.get(command.incident)
    given = office.given if incident is None else incident.given
    if command.id in given:
        return Step(office=office, outcome=None)
    outcome = _out_of_time(command, appended_at) or _judged(office, incident, command)
    return Step(office=_noted(office, incident, command, outcome), outcome=outcome)


def _out_of_time(command: OfficeCommand, appended_at: datetime) -> Refusal | None:
    if command.rules != RULES:
        return Refusal(why=Why.RULES, detail=f"rules {command.rules}, this program has {RULES}")
    if appended_at > command.deadline:
        return Refusal(why=Why.LATE, detail=f"appended {appended_at.isoformat()}")
    return None


def _judged(office: Office, incident: Incident | None, command: OfficeCommand) -> Outcome:
    body = command.body
    if isinstance(body, SetOfficer) or command.incident == ROLL or command.actor == ADMIN:
        return _roll(command)
    entry = office.officers.get(command.actor)
    if entry is None or not entry.enabled:
        return Refusal(why=Why.NO_OFFICER)
    if isinstance(body, Open) and body.drill is not None and body.drill.run != command.incident:
        return Refusal(why=Why.DRILL)
    return decide(incident, body, command.actor, command.at)


def _roll(command: OfficeCommand) -> Outcome:
    """Who is an officer: said by whoever has the machine, under a key of its own, and nothing else there."""
    body = command.body
    if not isinstance(body, SetOfficer) or command.incident != ROLL or command.actor != ADMIN:
        return Refusal(why=Why.NO_OFFICER)
    if not body.officer or body.officer == ADMIN:
        return Refusal(why=Why.INCOMPLETE)
    return (OfficerSet(officer=body.officer, name=body.name, enabled=body.enabled),)


def _noted(office: Office, incident: Incident | None, command: OfficeCommand, outcome: Outcome) -> Office:
    events = () if isinstance(outcome, Refusal) else outcome
    after = evolve(incident, command.incident, events)
    if after is not None:
        after = replace(after, given=after.given | {command.id})
        return replace(office, incidents=MappingProxyType({**office.incidents, after.id: after}))
    officers = {
        one.officer: RollEntry(name=one.name, enabled=one.enabled) for one in events if isinstance(one, OfficerSet)
    }
    return replace(
        office,
        given=office.given | {command.id},
        officers=MappingProxyType({**office.officers, **officers}) if officers else office.officers,
    )
