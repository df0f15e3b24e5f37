"""An officer at the office's pages: log in, draft, submit, approve, end, with nothing but forms, as without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx

from tests.scenario.people import town
from tests.scenario.timeline import Approves, Drafts


@dataclass(slots=True)
class Form:
    """A form of a page: where it goes, and the fields it would send as it stands."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)

    def names(self) -> set[str]:
        """Its fields."""
        return {name for name, _ in self.fields}

    def filled(self, **values: str | Iterable[str]) -> list[tuple[str, str]]:
        """Its fields, with these changed or added."""
        kept = [(name, value) for name, value in self.fields if name not in values]
        for name, value in values.items():
            kept += [(name, one) for one in ([value] if isinstance(value, str) else value)]
        return kept


class _Forms(HTMLParser):
    """Finds the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._area = ""
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(named.get("action", "")))
        if not self.forms:
            return
        fields, name = self.forms[-1].fields, named.get("name", "")
        if tag == "input" and name and (named.get("type") not in {"checkbox", "radio"} or "checked" in named):
            fields.append((name, named.get("value", "")))
        if tag == "textarea":
            self._area = name
            fields.append((name, ""))
        if tag == "select":
            self._select = name
        if tag == "option" and self._select and "selected" in named:
            fields.append((self._select, named.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""
        if tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        if self._area and self.forms:
            name, value = self.forms[-1].fields.pop()
            self.forms[-1].fields.append((name, (value + data).removeprefix("\n")))


def forms(page: str) -> list[Form]:
    """The forms of a page."""
    parser = _Forms()
    parser.feed(page)
    return parser.forms


class Refused(Exception):
    """The office's pages did not do it."""


@dataclass(slots=True)
class Desk:
    """One officer's browser."""

    client: httpx.AsyncClient
    officer: str
    password: str

    async def log_in(self) -> None:
        """Log in."""
        form = await self._form("/office/login", "/office/login")
        await self._send(form.action, form.filled(officer=self.officer, password=self.password))

    async def does(self, act: Drafts | Approves, incident: str) -> str:
        """Draft and submit, or approve; answers the incident that it was about. `incident`: the one before."""
        if isinstance(act, Approves):
            form = await self._form(f"/office/incidents/{incident}/approve", "/approve")
            await self._send(form.action, form.filled(read="yes"))
            return incident
        if act.level is not None and not act.changes:
            kind = "drills" if act.drill else "drafts"
            form = await self._form(f"/office/{kind}/new?matter=order&level={act.level}&cause=landslide", "/new")
        else:
            purpose = "change" if act.changes else "end"
            form = await self._form(f"/office/incidents/{incident}/edit?purpose={purpose}", "/edit")
        changed: dict[str, str | list[str]] = {}
        if act.level is not None:
            changed = {
                "level": str(act.level),
                "areas": [str(town(name)) for name in act.towns],
                "districts": "全域",
            }
        if act.changes:
            page = await self._send(form.action, form.filled(**changed, do="words"), done=False)
            form = self._of(page, "/edit")
        where = await self._send(form.action, form.filled(**changed, do="submit"))
        return _named(where)

    async def _form(self, path: str, action: str) -> Form:
        page = await self.client.get(path)
        if page.headers.get("location", "").startswith("/office/login"):  # who was away too long logs in again
            await self.log_in()
            page = await self.client.get(path)
        if page.status_code != httpx.codes.OK:
            msg = f"{path}: {page.status_code} {page.headers.get('location', '')} {_said(page.text)}"
            raise Refused(msg)
        return self._of(page.text, action)

    @staticmethod
    def _of(page: str, action: str) -> Form:
        found = [form for form in forms(page) if form.action.partition("?")[0].endswith(action)]
        if not found:
            msg = f"no form {action} in {_said(page)}"
            raise Refused(msg)
        return found[0]

    async def _send(self, path: str, fields: list[tuple[str, str]], *, done: bool = True) -> str:
        """Press the button; where it leads on, or the page that it shows."""
        answer = await self.client.post(path, data=_multi(fields))
        if done and answer.status_code != httpx.codes.SEE_OTHER:
            msg = f"{path}: {answer.status_code} {_said(answer.text)}"
            raise Refused(msg)
        return answer.headers["location"] if done else answer.text


def _multi(fields: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in fields:
        found.setdefault(name, []).append(value)
    return found


def _named(where: str) -> str:
    """The incident that an address is about."""
    return where.partition("/incidents/")[2].partition("?")[0].partition("/")[0]


def _said(page: str) -> str:
    """What a page says, for a failing test."""
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())[:2_000]
