"""A CAP `alert` element → a `Message`: any order, any version, unknown words noted, nothing raised.

Sources: OASIS CAP-v1.2 §3.2 and §3.3.2 (times); the project's notes on CAP §4.1, §4.3, §4.4.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import TypeVar
from xml.etree.ElementTree import Element

from schemas.alert import Category, Certainty, MsgType, Scope, Severity, Status, Urgency
from services.ingest.core.cap import geometry
from services.ingest.core.cap.message import Block, Family, Message, Named, NamedArea, Notes, Reference
from services.ingest.core.defect import Code
from services.ingest.core.xml import named, text

TYPE = "CAP"
HEADLINE_MAX = 2_000
TEXT_MAX = 8_000
"""Characters of a description or instruction; the longest allowed for a telephone is 1,395."""
NAME_MAX = 1_000
"""Characters of an event, a name or a code; areaDesc may be a list of places."""
ID_MAX = 400
"""Characters of an identifier or sender: it is a name, whatever it holds."""
REFERENCES_MAX = 200
"""References of one message; the longest list seen has 14."""
AREAS_MAX = 4_000
"""Areas of one message, all infos together; the largest seen has 900. Of more the rest is not read."""

NAMESPACE = re.compile(rb"urn:oasis:names:tc:emergency:cap:1\.[012]")

_ALERT = (
    "identifier",
    "sender",
    "sent",
    "status",
    "msgType",
    "source",
    "scope",
    "restriction",
    "addresses",
    "code",
    "note",
    "references",
    "incidents",
    "info",
)
_INFO = (
    "language",
    "category",
    "event",
    "responseType",
    "urgency",
    "severity",
    "certainty",
    "audience",
    "eventCode",
    "effective",
    "onset",
    "expires",
    "senderName",
    "headline",
    "description",
    "instruction",
    "web",
    "contact",
    "parameter",
    "resource",
    "area",
)
_HAS_SPACE = re.compile(r"\s+")
_FORBIDDEN = re.compile(r"[\s,<&]")

Word = TypeVar("Word", bound=StrEnum)


def read_alert(alert: Element, *, is_ordered: bool = True) -> Message:
    """Read an `alert` element whose names have lost their namespace (core/xml.py); JSON knows no order of them."""
    notes = Notes()
    if is_ordered:
        _check_order(alert, _ALERT, notes)
        for info in alert.findall("info"):
            _check_order(info, _INFO, notes)
    status = _word(alert, "status", Status, notes)
    msg_type = _word(alert, "msgType", MsgType, notes)
    scope = _word(alert, "scope", Scope, notes)
    identifier, sender = _name(alert, "identifier", notes), _name(alert, "sender", notes)
    return Message(
        family=Family.CAP,
        type=TYPE,
        identifier=identifier,
        sender=sender,
        sent=_sent(alert, notes),
        status=status,
        msg_type=msg_type,
        scope=scope,
        references=_references(alert, msg_type, sender, identifier, notes),
        blocks=_blocks(alert, notes),
        is_signed=alert.find("Signature") is not None,
        defects=notes.told(),
    )


def moment(written: str) -> datetime | None:
    """A time with its offset, kept as written; ISO 8601, else as in mails; None for one that does not say where."""
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        try:
            at = parsedate_to_datetime(written)
        except (TypeError, ValueError, OverflowError):
            return None
    try:
        at.astimezone(UTC)
    except OverflowError:
        return None
    return at if at.tzinfo is not None else None


# --- the message ---


def _check_order(element: Element, order: tuple[str, ...], notes: Notes) -> None:
    places = [order.index(child.tag) for child in element if child.tag in order]
    if places != sorted(places):
        notes.add(Code.CAP_ORDER, f"the elements of {element.tag} are not in CAP's order")


def _name(alert: Element, tag: str, notes: Notes) -> str:
    written = _HAS_SPACE.sub(" ", text(alert, tag))
    if not written:
        notes.add(Code.CAP_IDENTITY, f"no {tag}")
    elif len(written) > ID_MAX:
        notes.add(Code.CAP_IDENTITY, f"{tag} {named(written)} has {len(written)} characters, more than {ID_MAX}")
        return ""
    elif _FORBIDDEN.search(written):
        notes.add(Code.CAP_REFERENCES, f"{tag} {named(written)} holds a character that no reference can name")
    return written


def _sent(alert: Element, notes: Notes) -> datetime | None:
    written = text(alert, "sent")
    at = moment(written)
    if at is None:
        notes.add(Code.CAP_IDENTITY, f"sent is {named(written)}")
    return at


def _word(element: Element, tag: str, words: type[Word], notes: Notes) -> Word | None:
    """One of the standard's words, however it is written; None with a note for any other."""
    written = text(element, tag)
    found = next((word for word in words if word.value.lower() == written.lower()), None)
    if found is None:
        code = Code.CAP_ENUM if words in {Category, Urgency, Severity, Certainty} else Code.CAP_STATUS
        notes.add(code, f"{tag} is {named(written)}")
    return found


def _references(
    alert: Element, msg_type: MsgType | None, sender: str, identifier: str, notes: Notes
) -> tuple[Reference, ...]:
    found = tuple(dict.fromkeys(_triples(text(alert, "references"), notes)))
    if len(found) > REFERENCES_MAX:
        notes.add(Code.CAP_REFERENCES, f"{len(found)} references, more than {REFERENCES_MAX}: the rest is left out")
    if msg_type in {MsgType.UPDATE, MsgType.CANCEL} and not found:
        notes.add(Code.CAP_REFERENCES, f"an {msg_type} that names no message")
    if msg_type is MsgType.ALERT and found:
        notes.add(Code.CAP_REFERENCES, "an Alert that names other messages: taken for an Update")
    if any((one.sender, one.identifier) == (sender, identifier) for one in found):
        notes.add(Code.CAP_REFERENCES, "it names itself: taken for a new version of it")
    return found[:REFERENCES_MAX]


def _triples(written: str, notes: Notes) -> Iterator[Reference]:
    """The triples; also lists joined by commas, and several identifiers in one triple (MoWaS)."""
    words = written.split()
    if written.count(",") == 2 and len(written.split(",")[1].split()) > 1:
        notes.add(Code.CAP_REFERENCES, f"several identifiers in one reference: {named(written)}")
        sender, identifiers, sent = written.split(",")
        words = [f"{sender.strip()},{one},{sent.strip()}" for one in identifiers.split()]
    for word in words:
        parts = word.split(",")
        if len(parts) == 3 and all(parts):
            yield Reference(*parts)
        elif len(parts) % 3 == 0 and all(parts):
            notes.add(Code.CAP_REFERENCES, f"references joined by commas: {named(word)}")
            yield from (Reference(*parts[at : at + 3]) for at in range(0, len(parts), 3))
        else:
            notes.add(Code.CAP_REFERENCES, f"{named(word)} is no reference")


# --- its infos ---


def _blocks(alert: Element, notes: Notes) -> tuple[Block, ...]:
    infos = alert.findall("info")
    left = AREAS_MAX
    blocks: list[Block] = []
    for info in infos:
        areas = info.findall("area")
        if len(areas) > left:
            notes.add(Code.TOO_MANY_AREAS, f"more than {AREAS_MAX} areas: the rest is left out")
        blocks.append(_block(info, areas[:left], notes))
        left -= min(left, len(areas))
    together = geometry.in_company([area for block in blocks for area in block.areas], notes)
    geometry.check(together, notes)
    return tuple(_with(blocks, together))


def _with(blocks: list[Block], areas: tuple[NamedArea, ...]) -> Iterator[Block]:
    rest = iter(areas)
    for block in blocks:
        yield replace(block, areas=tuple(next(rest) for _ in block.areas))


def _block(info: Element, areas: list[Element], notes: Notes) -> Block:
    event = _bounded(text(info, "event"), NAME_MAX, "event", notes)
    if not event:
        notes.add(Code.CAP_ELEMENT, "an info without event")
    if not areas:
        notes.add(Code.CAP_NO_AREA, f"the info {named(event)} names no area")
    expires = _time(info, "expires", notes)
    parameters = _named(info, "parameter", notes)
    return Block(
        language=text(info, "language"),
        category=_word(info, "category", Category, notes) or Category.OTHER,
        event=event,
        responses=tuple(text(one) for one in info.findall("responseType")),
        urgency=_word(info, "urgency", Urgency, notes) or Urgency.UNKNOWN,
        severity=_word(info, "severity", Severity, notes) or Severity.UNKNOWN,
        certainty=_word(info, "certainty", Certainty, notes) or Certainty.UNKNOWN,
        event_codes=_named(info, "eventCode", notes),
        effective=_time(info, "effective", notes),
        onset=_time(info, "onset", notes),
        # NWS: `expires` is when the text is to be renewed, `ends` and eventEndingTime when the hazard ends
        expires=_time(info, "ends", notes) or _ending(parameters) or expires,
        sender_name=_bounded(text(info, "senderName"), NAME_MAX, "senderName", notes),
        headline=_bounded(text(info, "headline"), HEADLINE_MAX, "headline", notes),
        description=_bounded(text(info, "description"), TEXT_MAX, "description", notes),
        instruction=_bounded(text(info, "instruction"), TEXT_MAX, "instruction", notes),
        parameters=parameters,
        areas=tuple(_area(area, notes) for area in areas),
    )


def _ending(parameters: Iterable[Named]) -> datetime | None:
    return next((moment(one.value) for one in parameters if one.name == "eventEndingTime"), None)


def _time(info: Element, tag: str, notes: Notes) -> datetime | None:
    written = text(info, tag)
    at = moment(written) if written else None
    if written and at is None:
        notes.add(Code.CAP_TIME, f"{tag} is {named(written)}")
    return at


def _bounded(written: str, limit: int, tag: str, notes: Notes) -> str:
    if len(written) > limit:
        notes.add(Code.TEXT_CUT, f"{tag} has {len(written)} characters, cut to {limit}")
    return written[:limit]


def _named(element: Element, tag: str, notes: Notes) -> tuple[Named, ...]:
    """valueName and value; CAP 1.0 writes them as `name=value`."""
    found: list[Named] = []
    for one in element.findall(tag):
        name, value = text(one, "valueName"), text(one, "value")
        if not name and not value and "=" in (one.text or ""):
            name, _, value = (part.strip() for part in (one.text or "").partition("="))
        if name or value:
            found.append(Named(_bounded(name, NAME_MAX, tag, notes), _bounded(value, TEXT_MAX, tag, notes)))
    return tuple(found)


def _area(area: Element, notes: Notes) -> NamedArea:
    name = _HAS_SPACE.sub(" ", text(area, "areaDesc"))
    if not name:
        notes.add(Code.CAP_ELEMENT, "an area without areaDesc")
    rings = (geometry.ring(text(one), notes) for one in area.findall("polygon"))
    circles = (geometry.circle(text(one), notes) for one in area.findall("circle") if text(one))
    return NamedArea(
        name=_bounded(name, NAME_MAX, "areaDesc", notes),
        geocodes=tuple(one for one in _named(area, "geocode", notes) if one.value),
        rings=tuple(one for one in rings if one is not None),
        circles=tuple(one for one in circles if one is not None),
    )
