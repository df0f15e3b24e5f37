"""The situation page: what is in force, what waits for whom, how the machine is, how far notices have come."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.gateway.api.office.desk import Desk
from services.gateway.api.office.door import Door
from services.gateway.core import console, situation_view
from services.gateway.core.situation_view import Place
from services.gateway.core.view import View

SENDINGS_MAX = 5
"""Notices whose progress is listed, the newest first; the others are over and stand with their incidents."""


def add(api: APIRouter, door: Door) -> None:
    """Add the page."""

    async def situation(request: Request) -> Response:
        visit = await door.enter(request)
        return door.page(visit, "situation.html", values(door.desk), here="situation")

    api.add_api_route("", situation, methods=["GET"], response_model=None)


def values(desk: Desk) -> dict[str, Any]:
    """What the template shows."""
    view, office = desk.view(), desk.store.office
    rows = _rows(desk, view)
    crowd = desk.crowd()
    return {
        "rows": rows,
        "as_of": view.as_of or view.now,
        "stale": view.reading is not None,
        "waiting": console.waiting(office, view.now),
        "unsigned": console.unsigned(office),
        "suggestions": console.suggestions(rows, office, desk.city.class20, view.now),
        "alarms": console.alarm_rows(desk.problems(view)),
        "feeds": console.feeds(view),
        "leases": console.lease_rows(office, view.now),
        "signs": crowd.signs,
        "sendings": desk.sendings()[:SENDINGS_MAX],
        "maps": [(one, console.level_of(rows, one.areas)) for one in desk.maps],
        "title_of": console.title_of,
    }


def _rows(desk: Desk, view: View) -> list[console.InForce]:
    everywhere = Place(asked=desk.city.jis5, codes=desk.city.watch, everywhere=True)
    return console.in_force(situation_view.held(view, everywhere))
