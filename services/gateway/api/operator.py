"""What this machine's own operator may ask: the sends in progress, and why a device was told of an alert or was not."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from typing import Annotated, Protocol

from fastapi import APIRouter, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from schemas import codec
from schemas.alert import Alert
from schemas.notification import Answer, Question
from services.eventlog.port import EventLogError
from services.gateway.api.errors import ApiError, json_response
from services.gateway.api.health import is_from_here
from services.gateway.core.audience import Audience, lines
from services.gateway.core.sends import Sends, answer
from services.runtime.clock import Clock

SENDS_MAX = 100
"""Sends answered, the newest; the rest is in topic `receipts`."""


DRAFT_BYTES_MAX = 262_144
"""The largest alert that is counted before it goes out."""
ID_MAX = 300
"""Characters of a device's or an alert's id; a longer one is nobody's."""


class Explains(Protocol):
    """Who knows why: the shards, asked through the log."""

    async def explain(self, question: Question) -> Answer | None:
        """The chain in words; None when nobody answered in time."""
        ...


Counts = Callable[[Alert], Awaitable[Audience | None]]
"""Whom an alert would be pushed to; None when not every shard has answered in time."""


def router(sends: Callable[[], Sends], explains: Explains, clock: Clock, *, counted: Counts) -> APIRouter:
    """The routes, over what is known now."""
    api = APIRouter()

    @api.get("/v1/operator/sends", summary="Sends and their receipts, for this machine only", response_model=None)
    async def progress(request: Request) -> Response:
        if not is_from_here(request):
            raise HTTPException(404)
        return json_response(answer(sends(), SENDS_MAX), headers={"cache-control": "no-store"})

    @api.get(
        "/v1/operator/explain", summary="Why a device was told of an alert, for this machine only", response_model=None
    )
    async def explain(
        request: Request,
        device: Annotated[str, Query(max_length=ID_MAX)],
        alert: Annotated[str, Query(max_length=ID_MAX)],
    ) -> Response:
        if not is_from_here(request):
            raise HTTPException(404)
        question = Question(id=secrets.token_hex(16), device=device, alert=alert, asked_at=clock.now())
        try:
            found = await explains.explain(question)
        except (EventLogError, TimeoutError) as error:
            raise ApiError(503, "E5011", "the log takes no questions now", f"look at /health: {error}") from error
        if found is None:
            raise ApiError(
                503, "E5012", "no shard answered in time", "look at service:dispatcher in /health; ask again"
            )
        return json_response(
            {"device": device, "alert": alert, "lines": list(found.lines)}, headers={"cache-control": "no-store"}
        )

    _add_preview(api, counted)
    return api


def _add_preview(api: APIRouter, counted: Counts) -> None:
    @api.post(
        "/v1/operator/preview", summary="Whom an alert would be pushed to, for this machine only", response_model=None
    )
    async def preview(request: Request) -> Response:
        if not is_from_here(request):
            raise HTTPException(404)
        draft = await _draft(request)
        try:
            found = await counted(draft)
        except (EventLogError, TimeoutError) as error:
            raise ApiError(503, "E5011", "the log takes no questions now", f"look at /health: {error}") from error
        if found is None:
            raise ApiError(
                503, "E5012", "not every shard answered in time", "look at service:dispatcher in /health; ask again"
            )
        body = {"devices": found.devices, "takes_s": found.takes_s, "lines": list(lines(found))}
        return json_response(body, headers={"cache-control": "no-store"})


async def _draft(request: Request) -> Alert:
    """The alert in the request: as it would stand in the log."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > DRAFT_BYTES_MAX:
            raise ApiError(413, "E5003", "the draft is too large", f"at most {DRAFT_BYTES_MAX} bytes")
    found = codec.decode({"ce_type": f"jp.hansho.alert.v{codec.MAJOR}"}, body)
    if not isinstance(found, Alert):
        reason = found.reason if isinstance(found, codec.Undecodable) else "another kind"
        raise ApiError(422, "E5003", f"this is no alert: {reason}", "send one as it stands in topic alerts.*")
    return found
