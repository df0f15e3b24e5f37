"""The record: everything that was asked for in the office, by whom and what came of it, with the chain's last link."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.gateway.api.office.door import NO_PAGE, Door, Stopped
from services.gateway.core import console, history
from services.gateway.core.answers import refused
from services.gateway.core.incident import Incident

PAGE = 50
"""Lines of one page, the newest first."""


def add(api: APIRouter, door: Door) -> None:
    """Add the page, and what is answered where there is none."""

    async def record(request: Request) -> Response:
        visit = await door.enter(request)
        entries, asked = door.desk.store.entries, request.query_params.get("before", "")
        before = int(asked) if asked.isascii() and asked.isdigit() else len(entries)
        lines = list(reversed(entries[max(0, before - PAGE) : before]))
        values = {
            "lines": lines,
            "earlier": max(0, before - PAGE),
            "total": len(entries),
            "link": door.desk.store.link,
            "said": history.said,
            "refused": refused,
            "titled": lambda id_: _titled(door.desk.store.office.incidents.get(id_)),
        }
        return door.page(visit, "record.html", values, here="record")

    async def nothing(request: Request) -> Response:
        await door.enter(request)
        raise Stopped(NO_PAGE, 404)

    api.add_api_route("/record", record, methods=["GET"], response_model=None)
    api.add_api_route("/{path:path}", nothing, methods=["GET", "POST"], response_model=None)


def _titled(incident: Incident | None) -> str:
    if incident is None:
        return "（受け付けなかった案件）"
    return f"【訓練】{console.title_of(incident)}" if incident.drill else console.title_of(incident)
