"""`GET /health`: how the whole path is, and `GET /metrics` for this machine's own collector."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.gateway.api.errors import json_response
from services.gateway.core import health
from services.gateway.core.health import Crowd, Overall
from services.gateway.core.view import View
from services.runtime import metrics


def router(view: Callable[[], View], crowd: Callable[[], Crowd], *, canary_limit_s: float) -> APIRouter:
    """The routes, over what is known now. `canary_limit_s`: how old our own test may be at a stage."""
    api = APIRouter()

    @api.get("/health", summary="How the whole path is: 200 ok or degraded, 503 unavailable", response_model=None)
    async def state() -> Response:
        now = view()
        found = health.problems(now, canary_limit_s=canary_limit_s)
        status = 503 if health.overall(found) is Overall.UNAVAILABLE else 200
        return json_response(health.answer(now, found, crowd()), status=status, headers={"cache-control": "no-store"})

    @api.get("/metrics", include_in_schema=False)
    async def measured(request: Request) -> Response:
        if not is_from_here(request):
            raise HTTPException(404)
        for kind, count in crowd().connections.items():
            metrics.CONNECTIONS.labels(kind=kind).set(count)
        return Response(generate_latest(metrics.REGISTRY), media_type=CONTENT_TYPE_LATEST)

    return api


def is_from_here(request: Request) -> bool:
    """Whether this machine asks for itself, and not a proxy on it for somebody else."""
    if "x-forwarded-for" in request.headers or "forwarded" in request.headers or request.client is None:
        return False
    return ip_address(request.client.host).is_loopback
