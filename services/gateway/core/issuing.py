"""What follows from a command of the office outside it: alerts to append, leases to report, alarms to raise and clear.

`effects` is judged from the fold alone. `released` is the last look, at the moment of appending: what the city does not
know as its own area goes out nowhere, and what waited until nobody can want it any more is not sent but reported.

    E5530  one officer let something go out alone: to be co-signed
    E5531  what was approved was not sent, because its area is not the city's
    E5532  what was approved was not sent, because it is too old
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.alert import Alert
from schemas.area import AreaCode
from schemas.office import LEASE_S, Purpose, lease_source
from schemas.status import Condition, StatusReport, lease_subject
from services.gateway.core.approval import Outcome, Refusal
from services.gateway.core.composing import TOPIC_OF, read
from services.gateway.core.incident import Cosigned, Event, Incident, Issue, Issued, Renewed


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Append exactly these bytes to `alerts.*` or `drills`."""

    topic: str
    alert: Alert
    text: str
    purpose: Purpose
    issued_at: datetime

    @property
    def id(self) -> str:
        """The record's id: the same however often it is appended."""
        return f"alert:{self.alert.identifier}@{self.alert.streams[0]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """A subject of `status` that is no more: the lease of what is over, an alarm that was answered."""

    subject: str


Effect = Send | StatusReport | Gone


def effects(incident: Incident, outcome: Outcome | None) -> tuple[Effect, ...]:
    """What follows from what a command did; `incident` as it stands after it."""
    if outcome is None or isinstance(outcome, Refusal):
        return ()
    return tuple(effect for event in outcome for effect in _following(incident, event))


def _following(incident: Incident, event: Event) -> Iterator[Effect]:
    if isinstance(event, Issued):
        yield from _issued(incident, event.issue)
    elif isinstance(event, Renewed):
        yield _lease(incident, event.at)
    elif isinstance(event, Cosigned):
        yield Gone(subject=cosign_subject(incident, event.sha256))


def _issued(incident: Incident, issue: Issue) -> Iterator[Effect]:
    alert = read(issue.alert)
    assert alert is not None, "only alerts are issued: approval.fault has read it"
    topic = "drills" if incident.drill is not None else TOPIC_OF[incident.matter]
    if alert.references:
        yield Gone(subject=_unsent_subject(alert))  # whatever of it was not sent before, this is its newest word
    yield Send(topic=topic, alert=alert, text=issue.alert, purpose=issue.purpose, issued_at=issue.at)
    if alert.lease:
        yield _lease(incident, issue.at)
    elif alert.references:
        yield Gone(subject=lease_subject(lease_source(incident.id)))
    if not issue.approver:
        yield _unsigned(incident, issue)


def _lease(incident: Incident, at: datetime) -> StatusReport:
    return StatusReport(
        subject=lease_subject(lease_source(incident.id)),
        condition=Condition.OK,
        since=at,
        reported_at=at,
        until=at + timedelta(seconds=LEASE_S),
        message="the office says that it holds",
    )


def cosign_subject(incident: Incident, sha256: str) -> str:
    """Under which subject of `status` it stands that a co-signature is missing."""
    return f"office:cosign:{incident.id}:{sha256[:8]}"


def _unsigned(incident: Incident, issue: Issue) -> StatusReport:
    did = "withdrew" if issue.purpose is Purpose.WITHDRAW else "issued"
    kind = "drill" if incident.drill is not None else incident.matter
    return StatusReport(
        subject=cosign_subject(incident, issue.sha256),
        condition=Condition.ALARM,
        since=issue.at,
        reported_at=issue.at,
        code="E5530",
        message=f"one officer ({issue.by}) {did} {kind} {incident.id} alone",
        hint=f"a second officer looks at it now and co-signs: /office/incidents/{incident.id}",
    )


# --- the last look ---


def released(effect: Effect, now: datetime, own: frozenset[AreaCode]) -> Effect:
    """The effect itself, or in place of an alert that must not go out the alarm that it did not."""
    if not isinstance(effect, Send):
        return effect
    strange = [area.code for info in effect.alert.info for area in info.area if area.code not in own]
    if strange:
        named = ", ".join(map(str, strange))
        return _unsent(effect, "E5531", f"its area {named} is not this city's", "mend the city's file; issue it anew")
    if _is_too_old(effect, now):
        waited_s = (now - effect.issued_at).total_seconds()
        return _unsent(effect, "E5532", f"it waited {waited_s:.0f} s", "issue it anew if it still holds")
    return effect


def _is_too_old(send: Send, now: datetime) -> bool:
    """What raises something is not said after its own lease or end; that something is over may be said at any time."""
    if send.purpose not in {Purpose.ISSUE, Purpose.CHANGE}:
        return False
    ends = [info.expires or send.issued_at + timedelta(seconds=LEASE_S) for info in send.alert.info]
    return all(now >= end for end in ends)


def _unsent(send: Send, code: str, why: str, hint: str) -> StatusReport:
    return StatusReport(
        subject=_unsent_subject(send.alert),
        condition=Condition.ALARM,
        since=send.issued_at,
        reported_at=send.issued_at,
        code=code,
        message=f"{send.alert.identifier} was approved and NOT sent: {why}",
        hint=hint,
    )


def _unsent_subject(alert: Alert) -> str:
    return f"office:unsent:{alert.streams[0]}"
