"""An incident: its page, what may be done with it, and the pages on which it is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from schemas.office import (
    REASON_MAX,
    Approve,
    Body,
    Cosign,
    Discard,
    IssueAlone,
    Purpose,
    Renew,
    Return,
    Withdraw,
)
from services.gateway.api.office.commands import composed, give, incident_of, objections_to, onward, stale
from services.gateway.api.office.desk import Desk
from services.gateway.api.office.door import Door, Stopped, Visit
from services.gateway.api.office.drafts import shown, submitted
from services.gateway.api.office.forms import Form
from services.gateway.core import approval, composing, console, history
from services.gateway.core.answers import refused
from services.gateway.core.approval import Refusal, Why
from services.gateway.core.incident import Incident, Issue, Standing
from services.gateway.core.preview import on_sign, preview

_DONE = {
    "kept": "下書きを保存しました。",
    "submitted": "承認を求めました。もう一人の職員が承認すると送られます。",
    "approved": "承認しました。送り出しています。",
    "returned": "差し戻しました。",
    "discarded": "下書きを捨てました。",
    "alone": "一人で発令しました。もう一人の職員の確認が必要です。",
    "withdrawn": "誤りとして取り消しました。もう一人の職員の確認が必要です。",
    "cosigned": "確認しました。",
    "renewed": "継続を確認しました。有効期限を 12 時間延ばしました。",
}


def add(api: APIRouter, door: Door) -> None:
    """Add the pages and the actions."""
    pages = _Incidents(door=door)
    root = "/incidents/{incident}"
    for path, page in (
        ("", pages.shown),
        ("/approve", pages.approval),
        ("/alone", pages.alone),
        ("/withdraw", pages.withdrawal),
    ):
        api.add_api_route(root + path, page, methods=["GET"], response_model=None)
    for path, act in (
        ("/submit", pages.submit),
        ("/approve", pages.approve),
        ("/return", pages.give_back),
        ("/discard", pages.discard),
        ("/alone", pages.issue_alone),
        ("/withdraw", pages.withdraw),
        ("/cosign", pages.cosign),
        ("/renew", pages.renew),
    ):
        api.add_api_route(root + path, act, methods=["POST"], response_model=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Incidents:
    """The pages of incidents."""

    door: Door

    @property
    def desk(self) -> Desk:
        return self.door.desk

    # --- pages ---

    async def shown(self, request: Request, incident: str) -> Response:
        visit = await self.door.enter(request)
        at = request.query_params.get("at", "")
        if stale(self.desk, at) is not None:
            await self.desk.caught_up(int(at))
        found = incident_of(self.desk, incident)
        values = {
            "done": _DONE.get(request.query_params.get("done", ""), ""),
            "stale": stale(self.desk, at),
            **_frame(found),
            **_standing(self.desk, found, visit.now),
            **await _draft(self.desk, visit, found),
            "history": list(reversed(self.desk.store.incident_entries(incident))),
            "said": history.said,
            "sendings": [one for one in self.desk.sendings() if one.alert.startswith(f"office:{found.id}:")],
        }
        return self.door.page(visit, "incident.html", values, here=_here(found))

    async def approval(self, request: Request, incident: str) -> Response:
        visit = await self.door.enter(request)
        found = incident_of(self.desk, incident)
        waiting = found.submission
        alert = composing.read(waiting.alert) if waiting else None
        if waiting is None or alert is None or found.draft is None:
            raise Stopped(refused(Refusal(why=Why.NOT_NOW)), 409, f"/office/incidents/{incident}")
        values = {
            **_frame(found),
            "waiting": waiting,
            "alert": alert,
            "content": found.draft.content,
            "purpose": waiting.purpose,
            "preview": preview(found, waiting.purpose, alert, self.desk.names),
            "audience": await self.desk.audience(alert),
            "own_work": visit.actor in {found.draft.author, found.draft.editor, waiting.by},
            "void": visit.now >= waiting.void_at(),
        }
        return self.door.page(visit, "approve.html", values, here=_here(found))

    async def alone(self, request: Request, incident: str) -> Response:
        visit = await self.door.enter(request)
        found = incident_of(self.desk, incident)
        draft = found.draft
        if (
            draft is None
            or draft.purpose is Purpose.END
            or objections_to(self.desk, found, draft.purpose, draft.content)
        ):
            raise Stopped(refused(Refusal(why=Why.NOT_NOW)), 409, f"/office/incidents/{incident}")
        values = {
            **_frame(found),
            **await shown(self.desk, found, draft.purpose, draft.content),
            "word": approval.confirmation(IssueAlone, drill=found.drill is not None),
        }
        return self.door.page(visit, "alone.html", values, here=_here(found))

    async def withdrawal(self, request: Request, incident: str) -> Response:
        visit = await self.door.enter(request)
        found = incident_of(self.desk, incident)
        if found.standing is not Standing.IN_FORCE:
            raise Stopped(refused(Refusal(why=Why.NOT_NOW)), 409, f"/office/incidents/{incident}")
        alert = composing.compose_withdrawal(found, at=visit.now, sender=self.desk.sender)
        values = {
            **_frame(found),
            "alert": alert,
            "preview": preview(found, Purpose.WITHDRAW, alert, self.desk.names),
            "audience": await self.desk.audience(alert),
            "word": approval.confirmation(Withdraw, drill=found.drill is not None),
        }
        return self.door.page(visit, "withdraw.html", values, here=_here(found))

    # --- actions ---

    async def submit(self, request: Request, incident: str) -> Response:
        visit, form = await self._pressed(request)
        return await submitted(self.desk, visit, incident, version=form.number("version"), command=form.command())

    async def approve(self, request: Request, incident: str) -> Response:
        visit, form = await self._pressed(request)
        if form.one("read") != "yes":
            raise Stopped(refused(Refusal(why=Why.NOT_CONFIRMED)), 422, f"/office/incidents/{incident}/approve")
        body = Approve(sha256=form.one("sha256"), drill=form.one("kind") == "drill")
        return await self._done(visit, form, incident, body, "approved")

    async def give_back(self, request: Request, incident: str) -> Response:
        visit, form = await self._pressed(request)
        body = Return(sha256=form.one("sha256"), reason=form.one("reason")[:REASON_MAX])
        return await self._done(visit, form, incident, body, "returned")

    async def discard(self, request: Request, incident: str) -> Response:
        visit, form = await self._pressed(request)
        return await self._done(visit, form, incident, Discard(version=form.number("version")), "discarded")

    async def issue_alone(self, request: Request, incident: str) -> Response:
        visit, form = await self._pressed(request)
        found = incident_of(self.desk, incident)
        draft = found.draft
        at = self.desk.clock.now()
        text = "" if draft is None else composing.text_of(composed(self.desk, found, draft.purpose, draft.content, at))
        body = IssueAlone(version=form.number("version"), alert=text, confirmation=form.one("confirmation"))
        return await self._done(visit, form, incident, body, "alone", at=at)

    async def withdraw(self, request: Request, incident: str) -> Response:
        visit, form = await self._pressed(request)
        found = incident_of(self.desk, incident)
        at = self.desk.clock.now()
        alert = composing.compose_withdrawal(found, at=at, sender=self.desk.sender)
        body = Withdraw(alert=composing.text_of(alert), confirmation=form.one("confirmation"))
        return await self._done(visit, form, incident, body, "withdrawn", at=at)

    async def cosign(self, request: Request, incident: str) -> Response:
        visit, form = await self._pressed(request)
        return await self._done(visit, form, incident, Cosign(sha256=form.one("sha256")), "cosigned")

    async def renew(self, request: Request, incident: str) -> Response:
        visit, form = await self._pressed(request)
        return await self._done(visit, form, incident, Renew(), "renewed")

    async def _pressed(self, request: Request) -> tuple[Visit, Form]:
        visit = await self.door.enter(request)
        return visit, await self.door.form(request, visit)

    async def _done(
        self, visit: Visit, form: Form, incident: str, body: Body, done: str, *, at: datetime | None = None
    ) -> Response:
        entry = await give(self.desk, visit, command=form.command(), incident=incident, body=body, at=at)
        return onward(incident, entry, done)


# --- what the page of an incident shows ---


def _here(incident: Incident) -> str:
    return "drills" if incident.drill else "drafts"


def _frame(incident: Incident) -> dict[str, Any]:
    return {"incident": incident, "drill": incident.drill is not None, "title": console.title_of(incident)}


def _standing(desk: Desk, incident: Incident, now: datetime) -> dict[str, Any]:
    """What of it is outside the office now."""
    last = incident.issues[-1] if incident.issues else None
    alert = composing.read(last.alert) if last else None
    return {
        "last": last,
        "last_alert": alert,
        "last_sign": on_sign(alert, desk.names) if alert else None,
        "lapses_at": incident.lapses_at(),
        "unsigned": [_unsigned(issue) for issue in incident.issues if issue.needs_cosigning()],
        "in_force": incident.holds(now),
        "standing": console.standing_of(incident, now),
    }


def _unsigned(issue: Issue) -> dict[str, Any]:
    return {"issue": issue, "alert": composing.read(issue.alert)}


async def _draft(desk: Desk, visit: Visit, incident: Incident) -> dict[str, Any]:
    """What is being written of it, and what is wrong with that."""
    draft, waiting = incident.draft, incident.submission
    if draft is None:
        return {"draft": None, "waiting": None, "objections": (), "void": False, "own_work": False}
    makers = {draft.author, draft.editor, *({waiting.by} if waiting else ())}
    return {
        "draft": draft,
        "waiting": waiting,
        "objections": objections_to(desk, incident, draft.purpose, draft.content),
        "void": waiting is not None and visit.now >= waiting.void_at(),
        "own_work": visit.actor in makers,
        **await shown(desk, incident, draft.purpose, draft.content),
    }
