"""The pages, served as the files they are, and the headers that keep every answer in its place."""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

WEB = Path(__file__).resolve().parents[1] / "web"
PAGES = {"/": "resident/index.html", "/sign": "signage/index.html", "/situation": "resident/situation.html"}
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".geojson": "application/geo+json",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
"""What is served, and as what: the machine's own table of types differs from machine to machine."""
WORKERS = frozenset({"sw.js", "service-worker.js"})
"""A service worker may look after pages outside its folder."""
FONT_AGE_S = 2_592_000
"""Fonts never change under their name; everything else is asked for again (ETag), so that an update is seen at once."""

_HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d+)?|\[[0-9A-Fa-f:]+\](:\d+)?")


def install(app: FastAPI, web: Path = WEB) -> None:
    """Serve the pages and their files from a folder."""
    files = Files(directory=web, check_dir=False)

    for path, name in PAGES.items():
        app.add_api_route(path, _page(files, name), include_in_schema=False)
    app.mount("/static", files)


def _page(files: Files, name: str) -> Callable[[Request], Awaitable[Response]]:
    async def page(request: Request) -> Response:
        return await files.get_response(name, request.scope)

    return page


class Files(StaticFiles):
    """Static files of known types. Paths that lead out of the folder, or to anything else, are not found."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """The file with our own media type and caching rule."""
        path = Path(full_path)
        media_type = MEDIA_TYPES.get(path.suffix)
        if media_type is None:
            raise HTTPException(404)
        response = super().file_response(full_path, stat_result, scope, status_code)
        if "content-type" in response.headers:
            response.headers["content-type"] = media_type
        response.headers["cache-control"] = f"max-age={FONT_AGE_S}" if path.suffix == ".woff2" else "no-cache"
        if path.name in WORKERS:
            response.headers["service-worker-allowed"] = "/"
        return response


class Guarded:
    """Around the application: security headers on every answer; HEAD is GET whose body the server leaves out."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        policy = content_security_policy(Headers(scope=scope).get("host", ""))

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["content-security-policy"] = policy
                headers["x-content-type-options"] = "nosniff"
                headers["referrer-policy"] = "no-referrer"
                headers["cross-origin-opener-policy"] = "same-origin"
            await send(message)

        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        await self._app({**scope, "method": method}, receive, guarded)


def content_security_policy(host: str) -> str:
    """Everything from this host and nowhere else. The stream is named: 'self' covers websockets only in newer browsers."""
    stream = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"connect-src 'self'{stream}; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
