"""What a form says: read without a library, bounded, and turned into what a draft says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qsl

from fastapi import Request

from schemas.alert import Surface
from schemas.area import AreaCode, UnknownArea, area_code
from schemas.office import Content, Matter, Purpose
from schemas.text import Text

BODY_BYTES_MAX = 65_536
"""A form at its fullest is a tenth of this."""
FIELDS_MAX = 200
JST = timezone(timedelta(hours=9))
_COMMAND = re.compile(r"[0-9a-f]{32}")
_INCIDENT = re.compile(r"[0-9]{8}-[0-9a-f]{6}")


class NotAForm(Exception):
    """The request's body is no form of ours."""


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, each with all its values."""

    fields: Mapping[str, Sequence[str]]

    def one(self, name: str) -> str:
        """The field's value without blanks around it; "" when it is not there."""
        return (self.fields.get(name) or ("",))[0].strip()

    def all(self, name: str) -> tuple[str, ...]:
        """All values of a field."""
        return tuple(self.fields.get(name) or ())

    def command(self) -> str:
        """The id that came with the form; raises `NotAForm` for one that is not ours."""
        if not _COMMAND.fullmatch(self.one("command")):
            raise NotAForm
        return self.one("command")

    def incident(self) -> str:
        """The id that a new incident gets; raises `NotAForm` for one that is not ours."""
        if not _INCIDENT.fullmatch(self.one("incident")):
            raise NotAForm
        return self.one("incident")

    def number(self, name: str) -> int:
        """A whole number; -1 for anything else, which fits nothing."""
        text = self.one(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) < len("1000000000") else -1


async def read(request: Request) -> Form:
    """The form in a request; raises `NotAForm`."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise NotAForm
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise NotAForm
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError as error:
        raise NotAForm from error
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value.replace("\r\n", "\n"))
    return Form(fields)


def new_incident(command: str, now: datetime) -> str:
    """The id of the incident that a form would open: the day in Japan, and a part of the form's own id."""
    return f"{now.astimezone(JST):%Y%m%d}-{command[:6]}"


def content(form: Form) -> Content:
    """What a draft says, as the form has it; what does not fit is left out and objected to later."""
    codes = (area_code(text) for text in form.all("areas"))
    return Content(
        level=form.number("level") if form.one("level") else None,
        cause=form.one("cause"),
        areas=tuple(dict.fromkeys(code for code in codes if not isinstance(code, UnknownArea))),
        districts=" ".join(form.one("districts").split()),
        message=Text(ja=form.one("message_ja"), easy=form.one("message_easy"), en=form.one("message_en")),
        expires=moment(form.one("expires")),
    )


def moment(text: str) -> datetime | None:
    """A date and time as a form has it, in Japan's time; None for none."""
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        return None
    return local.replace(tzinfo=JST, second=0, microsecond=0).astimezone(UTC)


def local(at: datetime | None) -> str:
    """A moment as a form's field takes it; "" for none."""
    return f"{at.astimezone(JST):%Y-%m-%dT%H:%M}" if at else ""


def surfaces(form: Form) -> tuple[Surface, ...]:
    """Where a drill may be shown."""
    named = form.all("surfaces")
    return tuple(surface for surface in Surface if surface in named)


def matter(text: str) -> Matter:
    """The kind of thing; an order where the text names none."""
    return Matter(text) if text in set(Matter) else Matter.ORDER


def purpose(text: str) -> Purpose:
    """What a draft is for; a change where the text names nothing else that can be drafted."""
    return Purpose.END if text == Purpose.END else Purpose.CHANGE


def codes(areas: Sequence[AreaCode]) -> tuple[str, ...]:
    """Areas as a form's fields name them."""
    return tuple(map(str, areas))
