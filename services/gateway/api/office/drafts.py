"""Drafts: the lists, the form, its preview, and keeping what it says. Real drafts and drills have pages of their own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from schemas.alert import Drill, Surface
from schemas.hazard import HAZARDS
from schemas.office import Content, Edit, Matter, Open, Purpose, Submit
from services.gateway.api.office import forms
from services.gateway.api.office.commands import composed, give, incident_of, objections_to, onward
from services.gateway.api.office.desk import Desk
from services.gateway.api.office.door import Door, Stopped, Visit
from services.gateway.api.office.forms import Form
from services.gateway.core import composing, console, drafting
from services.gateway.core.answers import refused
from services.gateway.core.approval import Refusal, Why
from services.gateway.core.incident import OVER, Incident, Standing
from services.gateway.core.preview import preview

LIST_MAX = 50
"""Incidents that are over, in a list, the newest first; all of them stand in the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A form as it is filled in: of which incident, for what, which version it began from, and what it says."""

    incident: Incident
    purpose: Purpose
    version: int
    content: Content
    surfaces: tuple[Surface, ...]

    @property
    def is_new(self) -> bool:
        """Whether saving it opens an incident."""
        return self.version == 0


def add(api: APIRouter, door: Door) -> None:
    """Add the lists and the forms, real and drill."""
    for drill, page in ((False, "/drafts"), (True, "/drills")):
        pages = _Pages(door=door, drill=drill)
        api.add_api_route(page, pages.listed, methods=["GET"], response_model=None)
        api.add_api_route(f"{page}/new", pages.begin, methods=["GET"], response_model=None)
        api.add_api_route(f"{page}/new", pages.open, methods=["POST"], response_model=None)
    edits = _Edits(door=door)
    api.add_api_route("/incidents/{incident}/edit", edits.begin, methods=["GET"], response_model=None)
    api.add_api_route("/incidents/{incident}/edit", edits.save, methods=["POST"], response_model=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pages:
    """Lists and new drafts, of one of the two kinds."""

    door: Door
    drill: bool

    @property
    def here(self) -> str:
        return "drills" if self.drill else "drafts"

    async def listed(self, request: Request) -> Response:
        visit = await self.door.enter(request)
        office = self.door.desk.store.office
        mine = [one for one in office.incidents.values() if (one.drill is not None) == self.drill]
        newest = sorted(mine, key=lambda one: one.id, reverse=True)
        values = {
            "drill": self.drill,
            "at_work": [one for one in newest if one.draft is not None and one.standing not in OVER],
            "in_force": [one for one in newest if one.holds(visit.now)],
            "over": [one for one in newest if _is_over(one, visit.now)][:LIST_MAX],
            "standing_of": console.standing_of,
            "title_of": console.title_of,
        }
        return self.door.page(visit, "drafts.html", values, here=self.here)

    async def begin(self, request: Request) -> Response:
        visit = await self.door.enter(request)
        asked = request.query_params
        matter = forms.matter(asked.get("matter", ""))
        level = _level(asked.get("level", "")) if matter is Matter.ORDER else None
        cause = asked.get("cause", "") if asked.get("cause") in drafting.CAUSES else ""
        own = tuple(self.door.desk.sender.areas)
        content = Content(
            level=level,
            cause=cause,
            areas=own if len(own) == 1 else (),
            message=drafting.beginning(matter, Purpose.ISSUE, level, cause),
            expires=drafting.usual_end(matter, drill=self.drill, now=visit.now),
        )
        command = self.door.desk.new_id()
        incident = self._incident(forms.new_incident(command, visit.now), matter, tuple(Surface))
        sheet = Sheet(incident=incident, purpose=Purpose.ISSUE, version=0, content=content, surfaces=tuple(Surface))
        return await _form(self.door, visit, sheet, command, here=self.here)

    async def open(self, request: Request) -> Response:
        visit = await self.door.enter(request)
        form = await self.door.form(request, visit)
        surfaces = forms.surfaces(form)
        incident = self._incident(form.incident(), forms.matter(form.one("matter")), surfaces)
        sheet = Sheet(
            incident=incident, purpose=Purpose.ISSUE, version=0, content=forms.content(form), surfaces=surfaces
        )
        return await _taken(self.door, visit, form, sheet, here=self.here)

    def _incident(self, id_: str, matter: Matter, surfaces: tuple[Surface, ...]) -> Incident:
        drill = Drill(run=id_, surfaces=surfaces) if self.drill else None
        return Incident(id=id_, matter=matter, drill=drill)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edits:
    """Changes of a draft, and drafts of changes and ends."""

    door: Door

    async def begin(self, request: Request, incident: str) -> Response:
        visit = await self.door.enter(request)
        found = incident_of(self.door.desk, incident)
        purpose = forms.purpose(request.query_params.get("purpose", ""))
        sheet = _sheet(found, found.draft.purpose if found.draft else purpose)
        return await _form(self.door, visit, sheet, self.door.desk.new_id(), here=_here(found))

    async def save(self, request: Request, incident: str) -> Response:
        visit = await self.door.enter(request)
        form = await self.door.form(request, visit)
        found = incident_of(self.door.desk, incident)
        purpose = Purpose(form.one("purpose")) if form.one("purpose") in _DRAFTED else Purpose.CHANGE
        sheet = Sheet(
            incident=found,
            purpose=purpose,
            version=form.number("version"),
            content=forms.content(form),
            surfaces=found.drill.surfaces if found.drill else (),
        )
        return await _taken(self.door, visit, form, sheet, here=_here(found))


def _is_over(incident: Incident, now: datetime) -> bool:
    return incident.standing in OVER or (incident.standing is Standing.IN_FORCE and not incident.holds(now))


_DRAFTED = frozenset({Purpose.ISSUE, Purpose.CHANGE, Purpose.END})


def _here(incident: Incident) -> str:
    return "drills" if incident.drill else "drafts"


def _level(text: str) -> int | None:
    return int(text) if text in {str(level) for level in drafting.ORDER_LEVELS} else None


def _sheet(incident: Incident, purpose: Purpose) -> Sheet:
    """The form of an incident's draft, or one that begins with what is in force."""
    said = incident.draft.content if incident.draft else incident.content()
    if said is None or (incident.draft is None and incident.standing is not Standing.IN_FORCE):
        raise Stopped(refused(Refusal(why=Why.OVER)), 409, f"/office/incidents/{incident.id}")
    if incident.draft is None and purpose is Purpose.END:
        said = replace(said, message=drafting.beginning(incident.matter, purpose, said.level, said.cause))
    return Sheet(
        incident=incident,
        purpose=purpose,
        version=incident.version,
        content=said,
        surfaces=incident.drill.surfaces if incident.drill else (),
    )


async def _taken(door: Door, visit: Visit, form: Form, sheet: Sheet, *, here: str) -> Response:
    """Do what the pressed button says: words to begin with, a look at the texts, keep, or keep and submit."""
    do = form.one("do")
    if do == "words":
        content = sheet.content
        message = drafting.beginning(sheet.incident.matter, sheet.purpose, content.level, content.cause)
        sheet = replace(sheet, content=replace(content, message=message))
        return await _form(door, visit, sheet, form.command(), here=here)
    found = objections_to(door.desk, sheet.incident, sheet.purpose, sheet.content)
    if sheet.is_new and sheet.incident.drill is not None and not sheet.surfaces:
        found = (*found, drafting.Objection("surfaces", "訓練を出す先を一つ以上選んでください。"))
    if do == "look" or (do == "submit" and found):
        status = 422 if do == "submit" else 200
        return await _form(door, visit, sheet, form.command(), here=here, objections=found, status=status)
    return await _kept(door.desk, visit, form, sheet, submit=do == "submit")


async def _kept(desk: Desk, visit: Visit, form: Form, sheet: Sheet, *, submit: bool) -> Response:
    id_, command = sheet.incident.id, form.command()
    body: Open | Edit = (
        Open(matter=sheet.incident.matter, drill=sheet.incident.drill, content=sheet.content)
        if sheet.is_new
        else Edit(version=sheet.version, purpose=sheet.purpose, content=sheet.content)
    )
    kept = await give(desk, visit, command=command, incident=id_, body=body)
    if not submit:
        return onward(id_, kept, "kept")
    return await submitted(desk, visit, id_, version=sheet.version + 1, command=following(command))


def following(command: str) -> str:
    """The id of the second command of one press: made from the first, so that a second press repeats both."""
    return sha256(f"{command} submit".encode()).hexdigest()[:32]


async def submitted(desk: Desk, visit: Visit, id_: str, *, version: int, command: str) -> Response:
    """Ask a second officer to approve the draft at this version."""
    incident = incident_of(desk, id_)
    draft = incident.draft
    at = desk.clock.now()
    text = "" if draft is None else composing.text_of(composed(desk, incident, draft.purpose, draft.content, at))
    entry = await give(desk, visit, command=command, incident=id_, body=Submit(version=version, alert=text), at=at)
    return onward(id_, entry, "submitted")


async def _form(
    door: Door,
    visit: Visit,
    sheet: Sheet,
    command: str,
    *,
    here: str,
    objections: tuple[drafting.Objection, ...] = (),
    status: int = 200,
) -> Response:
    values = {
        "sheet": sheet,
        "incident": sheet.incident,
        "drill": sheet.incident.drill is not None,
        "command": command,
        "errors": {one.field: one.text for one in reversed(objections)},
        "causes": [(cause, HAZARDS[cause].name.ja) for cause in drafting.CAUSES],
        "levels": drafting.ORDER_LEVELS,
        "areas": [(str(code), name.ja) for code, name in door.desk.sender.areas.items()],
        "chosen": forms.codes(sheet.content.areas),
        "all_surfaces": tuple(Surface),
        **await shown(door.desk, sheet.incident, sheet.purpose, sheet.content),
    }
    return door.page(visit, "form.html", values, here=here, status=status)


async def shown(desk: Desk, incident: Incident, purpose: Purpose, content: Content) -> dict[str, Any]:
    """What a preview shows: the alert that this would become now, what people would read, and how many."""
    alert = composed(desk, incident, purpose, content, desk.clock.now())
    return {
        "alert": alert,
        "content": content,
        "purpose": purpose,
        "preview": preview(incident, purpose, alert, desk.names),
        "audience": await desk.audience(alert),
    }
