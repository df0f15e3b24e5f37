"""What people would read of an alert before it goes out: the same templates that the channels use, per language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.alert import Alert, Info, InfoState
from schemas.area import AreaCode
from schemas.notification import Change, Item, Notice
from schemas.office import Purpose
from schemas.subscription import Language
from schemas.text import Text
from services.gateway.core.card import Card, card
from services.gateway.core.composing import read
from services.gateway.core.incident import Incident
from services.gateway.core.message import of_block
from services.gateway.core.wording import Medium, Wording, word


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The texts of a push, and who gets one: a change that raises nothing changes screens and wakes nobody.

    `sign`: what signs then show, None where they show it no more.
    """

    texts: tuple[Wording, ...]
    sign: Card | None
    change: Change
    wakes: bool


def preview(incident: Incident, purpose: Purpose, alert: Alert, names: Mapping[AreaCode, Text]) -> Preview:
    """The push texts of an alert that would be the incident's next."""
    before = _last_info(incident)
    change = _change(purpose, before)
    said = alert.info[0] if alert.info else before
    # an end and a withdrawal are told at the level at which the thing was told
    told = before if change in {Change.END, Change.CANCEL} else said
    notice = Notice(
        alert=alert.identifier,
        stream=alert.streams[0],
        revision=alert.revision,
        status=alert.status,
        drill=alert.drill,
        sent=alert.sent,
        sender_name=alert.sender_name,
        items=() if told is None else _items(alert, told, change, before),
    )
    texts = tuple(word(notice, language, Medium.PUSH, names) for language in Language)
    return Preview(texts=texts, sign=on_sign(alert, names), change=change, wakes=_wakes(purpose, before, said))


def on_sign(alert: Alert, names: Mapping[AreaCode, Text]) -> Card | None:
    """What signs show by an alert of the office; None when they show it no more."""
    info = alert.info[0] if alert.info else None
    if info is None or info.state is not InfoState.ACTIVE:
        return None
    places = dict.fromkeys(area.area_desc for area in info.area if area.code is not None)
    return card(of_block(alert, info, names), list(places), Language.JA)


def _last_info(incident: Incident) -> Info | None:
    """The block that is in force, as people were told it."""
    for issue in reversed(incident.issues):
        alert = read(issue.alert)
        if alert is not None and alert.info:
            return alert.info[0]
    return None


def _change(purpose: Purpose, before: Info | None) -> Change:
    if purpose is Purpose.END:
        return Change.END
    if purpose is Purpose.WITHDRAW:
        return Change.CANCEL
    return Change.NEW if before is None else Change.RISE


def _wakes(purpose: Purpose, before: Info | None, said: Info | None) -> bool:
    if purpose is not Purpose.CHANGE or before is None or said is None:
        return True
    return (said.rank or 0) > (before.rank or 0)


def _items(alert: Alert, info: Info, change: Change, before: Info | None) -> tuple[Item, ...]:
    return tuple(
        Item(
            change=change,
            hazard=info.hazard,
            area=area.code,
            area_desc=area.area_desc,
            event=info.event,
            level=info.level,
            rank=info.rank or 1,
            was=before.rank if before is not None and change is Change.RISE else None,
            origin=alert.origin,
            instruction=info.instruction,
            instruction_easy=info.instruction_easy,
            instruction_en=info.instruction_en,
        )
        for area in info.area
        if area.code is not None
    )
