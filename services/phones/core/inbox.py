"""What each phone has got, as a phone keeps it: newest first, a later message of the same tag replaces the one before.

Bounded: so many phones are drawn, so many notifications kept of each; everything is counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from services.phones.core.wire import Received

PHONES_MAX = 24
"""Phones drawn; those in the book first. Messages to further ones are counted only."""
SHOWN_MAX = 30
"""Notifications kept of a phone, the newest."""
REPEATS_KNOWN_MAX = 50_000
"""Messages remembered to know a repeat by; of more, the oldest are forgotten, and a repeat of them counts as new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One notification. `repeats`: how often the very same message came again; `replaced`: a later one took its place."""

    at: datetime
    title: str
    body: str
    tag: str
    silent: bool
    urgent: bool
    data: Mapping[str, str]
    repeats: int = 0
    replaced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A phone as it is drawn. `listed`: it stands in the book of demo phones."""

    address: str
    name: str = ""
    place: str = ""
    language: str = ""
    listed: bool = False
    shown: tuple[Shown, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """All phones by address, and what was counted. `known`: what came already, by address, alert, revision and tag."""

    phones: Mapping[str, Phone] = field(default_factory=lambda: MappingProxyType({}))
    accepted: int = 0
    repeats: int = 0
    elsewhere: int = 0
    """Messages to phones that are not drawn."""


def empty(book: tuple[Phone, ...] = ()) -> Inbox:
    """Phones that have got nothing yet."""
    return Inbox(phones=MappingProxyType({phone.address: phone for phone in book[:PHONES_MAX]}))


def identity(received: Received) -> tuple[str, ...]:
    """What makes two messages the same one: where it went, what it is about, and what it says."""
    data = received.data
    return (received.address, data.get("alert", ""), data.get("revision", ""), received.tag, received.title)


def deliver(inbox: Inbox, received: Received, at: datetime, *, repeat: bool) -> Inbox:
    """The inbox after a message. `repeat`: the very same one had come before."""
    counted = replace(inbox, accepted=inbox.accepted + 1, repeats=inbox.repeats + repeat)
    phone = inbox.phones.get(received.address)
    if phone is None and len(inbox.phones) >= PHONES_MAX:
        return replace(counted, elsewhere=inbox.elsewhere + 1)
    phone = phone or Phone(address=received.address, language=received.data.get("language", ""))
    after = replace(phone, shown=_shown(phone.shown, received, at, repeat=repeat)[:SHOWN_MAX])
    return replace(counted, phones=MappingProxyType({**inbox.phones, received.address: after}))


def _shown(before: tuple[Shown, ...], received: Received, at: datetime, *, repeat: bool) -> tuple[Shown, ...]:
    same = next((one for one in before if repeat and one.tag == received.tag and one.title == received.title), None)
    if same is not None:
        return tuple(replace(one, repeats=one.repeats + 1) if one is same else one for one in before)
    new = Shown(
        at=at,
        title=received.title,
        body=received.body,
        tag=received.tag,
        silent=received.silent,
        urgent=received.urgent,
        data=received.data,
    )
    older = (replace(one, replaced=True) if received.tag and one.tag == received.tag else one for one in before)
    return (new, *older)


def drawn(inbox: Inbox, now: datetime) -> dict[str, Any]:
    """What the page draws."""
    return {
        "now": now.isoformat(),
        "accepted": inbox.accepted,
        "repeats": inbox.repeats,
        "elsewhere": inbox.elsewhere,
        "phones": [_phone(phone) for phone in inbox.phones.values()],
    }


def _phone(phone: Phone) -> dict[str, Any]:
    return {
        "address": phone.address,
        "name": phone.name,
        "place": phone.place,
        "language": phone.language,
        "listed": phone.listed,
        "shown": [_notification(one) for one in phone.shown],
    }


def _notification(one: Shown) -> dict[str, Any]:
    wanted = ("change", "hazard", "level", "rank", "origin", "drill", "language")
    return {
        "at": one.at.isoformat(),
        "title": one.title,
        "body": one.body,
        "tag": one.tag,
        "silent": one.silent,
        "urgent": one.urgent,
        "repeats": one.repeats,
        "replaced": one.replaced,
        **{name: one.data.get(name, "") for name in wanted},
    }
