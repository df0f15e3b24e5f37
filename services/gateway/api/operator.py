"""What this machine's own operator may ask: the sends in progress and what became of them."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.gateway.api.errors import json_response
from services.gateway.api.health import is_from_here
from services.gateway.core.sends import Sends, answer

SENDS_MAX = 100
"""Sends answered, the newest; the rest is in topic `receipts`."""


def router(sends: Callable[[], Sends]) -> APIRouter:
    """The routes, over what is known now."""
    api = APIRouter()

    @api.get("/v1/operator/sends", summary="Sends and their receipts, for this machine only", response_model=None)
    async def progress(request: Request) -> Response:
        if not is_from_here(request):
            raise HTTPException(404)
        return json_response(answer(sends(), SENDS_MAX), headers={"cache-control": "no-store"})

    return api
