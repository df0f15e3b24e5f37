"""What this machine's own operator may ask: the sends in progress, and why a device was told of an alert or was not."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Annotated, Protocol

from fastapi import APIRouter, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from schemas.notification import Question
from services.eventlog.port import EventLogError
from services.gateway.api.errors import ApiError, json_response
from services.gateway.api.health import is_from_here
from services.gateway.core.sends import Sends, answer
from services.runtime.clock import Clock

SENDS_MAX = 100
"""Sends answered, the newest; the rest is in topic `receipts`."""


ID_MAX = 300
"""Characters of a device's or an alert's id; a longer one is nobody's."""


class Explains(Protocol):
    """Who knows why: the shards, asked through the log."""

    async def explain(self, question: Question) -> tuple[str, ...] | None:
        """The chain in words; None when nobody answered in time."""
        ...


def router(sends: Callable[[], Sends], explains: Explains, clock: Clock) -> APIRouter:
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
            lines = await explains.explain(question)
        except (EventLogError, TimeoutError) as error:
            raise ApiError(503, "E5011", "the log takes no questions now", f"look at /health: {error}") from error
        if lines is None:
            raise ApiError(
                503, "E5012", "no shard answered in time", "look at service:dispatcher in /health; ask again"
            )
        return json_response(
            {"device": device, "alert": alert, "lines": list(lines)}, headers={"cache-control": "no-store"}
        )

    return api
