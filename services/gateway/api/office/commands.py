"""From a pressed button to what it did: one command, one answer, and a way on that carries the offset."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from schemas.alert import Alert
from schemas.office import Body, Content, Purpose
from services.gateway.api.office import render
from services.gateway.api.office.desk import Desk
from services.gateway.api.office.door import Stopped, Visit
from services.gateway.core import composing
from services.gateway.core.answers import USED_FORM, NotAccepted, NotKnown, Told, is_same, not_taken, refused
from services.gateway.core.approval import Refusal, Why
from services.gateway.core.drafting import Objection, objections
from services.gateway.core.history import Entry
from services.gateway.core.incident import Incident

UNKNOWN = Refusal(why=Why.UNKNOWN)


async def give(
    desk: Desk, visit: Visit, *, command: str, incident: str, body: Body, at: datetime | None = None
) -> Entry:
    """Give a command and wait for what it did; raises `Stopped` where it was not taken, or did nothing.

    `at`: the moment at which the alert in it was composed, which says so itself.
    """
    back = f"/office/incidents/{incident}"
    earlier = desk.store.judged(command)
    if earlier is not None and not (earlier.command.incident == incident and is_same(earlier.command.body, body)):
        raise Stopped(USED_FORM, 409, back)
    told = desk.store.command(id=command, incident=incident, actor=visit.actor, body=body, at=at)
    given = await desk.store.give(told)
    if isinstance(given, NotAccepted | NotKnown):
        raise Stopped(not_taken(given), 503, back)
    if not is_same(given.command.body, body):
        raise Stopped(USED_FORM, 409, back)
    if isinstance(given.outcome, Refusal):
        raise Stopped(refused(given.outcome), 409, back)
    return given


def onward(incident: str, entry: Entry, done: str) -> Response:
    """To the incident's page, which waits until its gateway has read this command."""
    query = urlencode({"at": entry.offset, "done": done})
    return RedirectResponse(f"/office/incidents/{incident}?{query}", status_code=303, headers=render.HEADERS)


def incident_of(desk: Desk, id_: str) -> Incident:
    """The incident; raises `Stopped` where there is none."""
    found = desk.store.office.incidents.get(id_)
    if found is None:
        raise Stopped(refused(UNKNOWN), 404, "/office/drafts")
    return found


def objections_to(desk: Desk, incident: Incident, purpose: Purpose, content: Content) -> tuple[Objection, ...]:
    """What keeps a draft from being submitted."""
    return objections(
        incident.matter,
        content,
        purpose=purpose,
        drill=incident.drill is not None,
        now=desk.clock.now(),
        sender=desk.sender,
    )


def composed(desk: Desk, incident: Incident, purpose: Purpose, content: Content, at: datetime) -> Alert:
    """The alert that a draft would become at this time."""
    return composing.compose(incident, purpose, content, at=at, sender=desk.sender)


def stale(desk: Desk, offset: str) -> Told | None:
    """What a page says that does not know yet what another gateway took."""
    if offset.isascii() and offset.isdigit() and int(offset) > desk.store.position:
        return Told("E5506", "最新の操作をまだ読み込んでいます。", "数秒待って、開き直してください。")
    return None
