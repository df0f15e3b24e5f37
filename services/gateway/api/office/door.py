"""The door of the office: log-in, log-out, and what every page and every form must show before it is served.

A log-in is a random token in a cookie that no script can read and no other site can send (`HttpOnly`,
`SameSite=Strict`, `Secure` where the page came over https); kept is only its SHA-256. Every form carries a second
token made from it. Whoever fails waits, by name and by address; all failures are answered with the same words after the
same work.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.responses import RedirectResponse, Response

from schemas.office import Officer, OfficeSession
from services.gateway.api.office import forms, render
from services.gateway.api.office.desk import Desk
from services.gateway.api.office.forms import Form, NotAForm
from services.gateway.api.office.render import Pages
from services.gateway.core import access
from services.gateway.core.access import TooBusy
from services.gateway.core.answers import OTHER_MEANS, Told
from services.gateway.core.console import waiting
from services.gateway.core.incident import Incident
from services.runtime import logs

COOKIE = "hansho-office"
BEFORE_COOKIE = "hansho-login"
"""Before there is a log-in the form of the log-in itself needs a secret."""
LOGIN = "/office/login"
NAME_MAX = 64
PASSWORD_MAX = 256
"""Characters; longer ones are refused unread, for each costs the same 64 MiB."""

_log = logs.get("gateway")

NOT_LOGGED_IN = Told("E5501", "ログインが必要です。", "ログインし直してください。")
WRONG = Told("E5502", "職員番号またはパスワードが違います。", "入力し直してください。")
BUSY = Told("E5508", "ログインが混み合っています。", "数秒待って、もう一度押してください。")
NOT_OURS = Told(
    "E5504", "この画面は古くなっています。何も行われていません。", "ページを開き直して、もう一度行ってください。"
)
NO_PAGE = Told("E5509", "そのページはありません。", "上の一覧から選び直してください。")
LOADING = Told("E5008", "状況を読み込んでいます。", "数秒待って、開き直してください。急ぐときは" + OTHER_MEANS)
FAULT = Told("E5000", "このページを作れませんでした。", "開き直してください。続くときは時刻を管理者に伝えてください。")


class Stopped(Exception):
    """The page cannot be served: what the officer is told instead."""

    def __init__(self, told: Told, status: int, back: str = "/office") -> None:
        """Say what, with which status, and where the way leads on."""
        super().__init__(told.said)
        self.told = told
        self.status = status
        self.back = back


class LogInFirst(Exception):
    """Nobody is logged in here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """An officer on a page: who, since when, and the secret of their log-in."""

    officer: Officer
    session: OfficeSession
    key: str
    token: str
    now: datetime

    @property
    def actor(self) -> str:
        """The officer's id."""
        return self.officer.officer


@dataclass(slots=True)
class Door:
    """Lets officers in and renders pages for them."""

    desk: Desk
    pages: Pages

    async def enter(self, request: Request) -> Visit:
        """The officer of a request; raises `LogInFirst`, or `Stopped` while nothing is known yet."""
        store, now = self.desk.store, self.desk.clock.now()
        if not (store.loaded and self.desk.view().loaded):
            raise Stopped(LOADING, 503)
        token = request.cookies.get(COOKIE, "")
        key = access.token_key(token)
        session = await store.session(key) if token else None
        officer = store.officers.get(session.officer) if session else None
        if session is None or officer is None or not officer.enabled or not access.is_alive(session, now):
            raise LogInFirst
        await store.seen(key, now)
        return Visit(officer=officer, session=session, key=key, token=token, now=now)

    async def form(self, request: Request, visit: Visit) -> Form:
        """The form of a request; raises `Stopped` for one that is not from a page of this log-in."""
        form = await forms.read(request)
        if _is_from_elsewhere(request) or not access.is_our_form(visit.token, form.one("form")):
            raise Stopped(NOT_OURS, 403)
        return form

    def page(
        self, visit: Visit, name: str, values: Mapping[str, Any], *, status: int = 200, here: str = ""
    ) -> Response:
        """A page for an officer. `here` is the entry of the head that it belongs to."""
        desk = self.desk
        common: dict[str, Any] = {
            **self._common(),
            "officer": visit.officer,
            "now": visit.now,
            "here": here,
            "form_token": access.form_token(visit.token),
            "new_id": desk.new_id,
            "counts": _counts(waiting(desk.store.office, visit.now)),
            "who": desk.store.office.name,
        }
        return self.pages.page(name, {**common, **values}, status)

    def _common(self) -> dict[str, Any]:
        return {"city": self.desk.city, "demo": self.desk.demo, "drill": False, "here": ""}

    def stopped(self, told: Told, status: int, back: str) -> Response:
        """A page that says what went wrong and what to do."""
        values = {**self._common(), "told": told, "back": back}
        return self.pages.page("message.html", values, status)

    # --- log-in ---

    def log_in_page(self, request: Request, told: Told | None = None, status: int = 200) -> Response:
        """The form of the log-in."""
        secret = self.desk.new_token()
        values = {
            **self._common(),
            "told": told,
            "form_token": access.form_token(secret),
            "nobody": self.desk.store.loaded and not any(one.enabled for one in self.desk.store.officers.values()),
            "next": _next(request.query_params.get("next", "")),
        }
        response = self.pages.page("login.html", values, status)
        _set_cookie(request, response, BEFORE_COOKIE, secret)
        return response

    async def log_in(self, request: Request) -> Response:
        """Check name and password, and begin a log-in."""
        form = await forms.read(request)
        secret = request.cookies.get(BEFORE_COOKIE, "")
        if not secret or _is_from_elsewhere(request) or not access.is_our_form(secret, form.one("form")):
            return self.log_in_page(request, NOT_OURS, 403)
        name, address, at_s = form.one("officer")[:NAME_MAX], _address(request), self.desk.clock.monotonic()
        wait_s = max(self.desk.accounts.wait_s(name, at_s), self.desk.addresses.wait_s(address, at_s))
        if wait_s > 0:
            return self.log_in_page(request, _wait(wait_s), 429)
        try:
            officer = await self._proven(name, (form.fields.get("password") or ("",))[0])
        except TooBusy:
            return self.log_in_page(request, BUSY, 503)
        if officer is None:
            self.desk.accounts.failed(name, at_s)
            self.desk.addresses.failed(address, at_s)
            _log.warning("office.log-in-failed", address=address)
            return self.log_in_page(request, WRONG, 401)
        self.desk.accounts.succeeded(name)
        return await self._begin(request, officer, _next(form.one("next")))

    async def _proven(self, name: str, password: str) -> Officer | None:
        """The officer of that name and password. Takes equally long for whoever is not one."""
        known = self.desk.store.officers.get(name)
        usable = known is not None and known.enabled and len(password) <= PASSWORD_MAX
        fits = await self.desk.passwords.verify(known.password if known and usable else None, password[:PASSWORD_MAX])
        return known if fits else None

    async def _begin(self, request: Request, officer: Officer, next_: str) -> Response:
        token, now = self.desk.new_token(), self.desk.clock.now()
        before = access.token_key(request.cookies.get(COOKIE, ""))
        await self.desk.store.log_out(before)
        session = OfficeSession(officer=officer.officer, began_at=now, seen_at=now)
        await self.desk.store.log_in(access.token_key(token), session)
        _log.event("office.log-in", officer=officer.officer)
        response = RedirectResponse(next_, status_code=303, headers=render.HEADERS)
        _set_cookie(request, response, COOKIE, token)
        response.delete_cookie(BEFORE_COOKIE, path="/office")
        return response

    async def log_out(self, request: Request) -> Response:
        """End the log-in."""
        visit = await self.enter(request)
        await self.form(request, visit)
        await self.desk.store.log_out(visit.key)
        response = RedirectResponse(LOGIN, status_code=303, headers=render.HEADERS)
        response.delete_cookie(COOKIE, path="/office")
        return response


def _counts(submitted: list[Incident]) -> dict[str, int]:
    """How many wait for a second officer, by the entry of the head under which they are."""
    drills = sum(one.drill is not None for one in submitted)
    return {"drafts": len(submitted) - drills, "drills": drills}


def router(door: Door) -> APIRouter:
    """The routes of the door itself; those of the pages are added to it."""
    api = APIRouter(prefix="/office", include_in_schema=False, route_class=_route(door))
    api.add_api_route("/login", _page(door.log_in_page), methods=["GET"])
    api.add_api_route("/login", door.log_in, methods=["POST"], response_model=None)
    api.add_api_route("/logout", door.log_out, methods=["POST"], response_model=None)
    return api


def _page(make: Callable[[Request], Response]) -> Callable[[Request], Awaitable[Response]]:
    async def page(request: Request) -> Response:
        return make(request)

    return page


def _route(door: Door) -> type[APIRoute]:
    """Routes whose refusals and faults are pages too."""

    class OfficeRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
            handle = super().get_route_handler()

            async def handled(request: Request) -> Response:
                try:
                    return await handle(request)
                except LogInFirst:
                    return _to_log_in(request)
                except Stopped as stopped:
                    return door.stopped(stopped.told, stopped.status, stopped.back)
                except NotAForm:
                    return door.stopped(NOT_OURS, 400, "/office")
                except Exception as error:  # noqa: BLE001 - whatever fails, the officer is told where to look
                    _log.error("request.failed", path=request.url.path, error=repr(error))
                    return door.stopped(FAULT, 500, "/office")

            return handled

    return OfficeRoute


def _to_log_in(request: Request) -> Response:
    """A page asks to log in and comes back; a form says that nothing was done."""
    if request.method != "GET":
        return RedirectResponse(LOGIN, status_code=303, headers=render.HEADERS)
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"{LOGIN}?next={quote(path, safe='/')}", status_code=303, headers=render.HEADERS)


def _next(path: str) -> str:
    """Where a log-in leads: only to a page of the office."""
    is_ours = path == "/office" or path.startswith(("/office/", "/office?"))
    return path if is_ours and "\\" not in path and path.isprintable() else "/office"


def _is_from_elsewhere(request: Request) -> bool:
    """Whether the browser itself says that another site sent this."""
    return request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}


def _address(request: Request) -> str:
    """Whose failures are counted together: the client's address; behind a proxy of this machine, the one it names."""
    host = request.client.host if request.client else ""
    named = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    return named[:NAME_MAX] if named and _is_loopback(host) else host


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _set_cookie(request: Request, response: Response, name: str, value: str) -> None:
    secure = request.url.scheme == "https" or request.headers.get("x-forwarded-proto", "") == "https"
    response.set_cookie(name, value, path="/office", httponly=True, samesite="strict", secure=secure)


def _wait(wait_s: float) -> Told:
    return Told(
        "E5503",
        "ログインの失敗が続いたため、しばらく受け付けません。",
        f"{int(wait_s) + 1} 秒待ってから、もう一度入力してください。",
    )
