"""Errors as they leave the gateway: one shape, `{code, message, hint}`, whatever went wrong.

    E5000  a fault of ours             E5006  an area that this gateway does not watch
    E5001  no such address             E5007  no such alert
    E5002  method not allowed          E5008  not ready: the situation is not loaded yet
    E5003  the question does not fit   E5009  too many connections
    E5004  a malformed area            E5010  a page of another host
    E5005  an unknown area

Over the stream E51xx (core/session.py), in `/health` and alarms E52xx (core/health.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.runtime import logs

_log = logs.get("gateway")


class ApiError(Exception):
    """A refusal: raised by an endpoint, answered in the one shape."""

    def __init__(
        self, status: int, code: str, message: str, hint: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Say what happened and what to do about it."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint
        self.headers = headers

    def response(self) -> Response:
        """The answer."""
        body = {"code": self.code, "message": self.message, "hint": self.hint}
        return json_response(body, status=self.status, headers=self.headers)


def json_response(body: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer; asked for anew each time unless the headers say otherwise."""
    return Response(
        orjson.dumps(body),
        status_code=status,
        headers={"cache-control": "no-cache", **(headers or {})},
        media_type="application/json",
    )


def not_ready() -> ApiError:
    """Before the situation was read once, every answer would be a guess."""
    return ApiError(
        503,
        "E5008",
        "the situation is not loaded yet",
        "ask again in a second; should it stay so, see /health",
        {"retry-after": "1"},
    )


def install(app: FastAPI) -> None:
    """Give every error answer of an application the one shape."""
    app.add_exception_handler(ApiError, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _fault)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return error.response()


_WORDS: Mapping[int, tuple[str, str, str]] = {
    404: ("E5001", "there is nothing at {path}", "see /openapi.json for what there is"),
    405: ("E5002", "{path} does not take {method}", "the header Allow says what it takes"),
}


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, message, hint = _WORDS.get(error.status_code, ("E5003", str(error.detail), "see /openapi.json"))
    words = {"path": request.url.path, "method": request.method}
    return ApiError(error.status_code, code, message.format_map(words), hint, error.headers).response()


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found: list[dict[str, Any]] = list(error.errors())
    message = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in found)
    return ApiError(422, "E5003", message, "see /openapi.json for what it takes").response()


async def _fault(request: Request, error: Exception) -> Response:
    _log.error("request.failed", path=request.url.path, error=repr(error))
    hint = "ask again; should it stay so, tell the operator the time"
    return ApiError(500, "E5000", "the gateway failed to answer", hint).response()
