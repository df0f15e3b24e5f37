"""Lists of CAP messages → their entries: Atom, RSS 2.0 and 1.0, NWS's GeoJSON, or the one message that an address serves.

An entry that has its message in it (Atom content, JSON) is taken from there; any other is fetched by its link. Entries
that lead to the same message are one (MeteoAlarm lists one for each info, area and geocode). A message that was changed
under the same link is another entry, for its time is part of the entry's id.

Sources: RFC 4287 §4.1–4.2; RSS 2.0 (channel, item); the project's notes on CAP §4.2.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from services.ingest.core.cap.documents import ROOTS, is_json
from services.ingest.core.cap.listed import parts, read_json, text_of
from services.ingest.core.cap.message import Notes
from services.ingest.core.cap.written import moment
from services.ingest.core.defect import Code, Defect
from services.ingest.core.feed import ADDRESS_MAX, ENTRIES_MAX, FEED_BYTES_MAX, FEED_ELEMENTS_MAX, TEXT_MAX
from services.ingest.core.xml import named, read_xml, text

LISTS = ("feed", "rss", "RDF")
CAP_MEDIA_TYPE = "application/cap+xml"
_NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
_HEAD = {
    "identifier": "identifier",
    "sent": "sent",
    "status": "status",
    "message_type": "msgType",
    "msgType": "msgType",
}
_INFO = ("event", "urgency", "severity", "certainty", "effective", "onset", "expires")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One message that a list names. `summary`: what the list itself says of it, as an `alert` element without sender.

    `embedded` is the message itself where the list has it, as bytes that can be read like a file.
    """

    id: str
    link: str
    title: str
    updated_at: datetime | None
    summary: Element | None = field(default=None, compare=False)
    embedded: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list as it was read. `updated_at` is its own word on its age, None where it has none."""

    updated_at: datetime | None
    entries: tuple[Listed, ...]
    defects: tuple[Defect, ...] = ()


def read_listing(body: bytes, *, bytes_max: int = FEED_BYTES_MAX) -> Listing | Defect:
    """Read what an address serves; never raises."""
    if is_json(body):
        return _json(body, bytes_max)
    root = read_xml(body, roots=(*LISTS, *ROOTS), bytes_max=bytes_max, elements_max=FEED_ELEMENTS_MAX)
    if isinstance(root, Defect):
        return root
    if root.tag in ROOTS:
        return Listing(updated_at=None, entries=(_single(body, _word(root, "identifier") or root.tag),))
    return read_list(root)


def read_list(root: Element) -> Listing:
    """Read the root of an Atom or RSS feed."""
    notes = Notes()
    channel = root.find("channel")
    if root.tag == "feed":
        written, found = [text(root, "updated")], root.findall("entry")
    else:
        written = [text(channel, tag) for tag in ("pubDate", "lastBuildDate", "date")]
        found = [*(channel.findall("item") if channel is not None else ()), *root.findall("item")]
    if len(found) > ENTRIES_MAX:
        notes.add(Code.TOO_MANY_ENTRIES, f"{len(found)} entries, more than {ENTRIES_MAX}")
    entries: dict[str, Listed] = {}
    for element in found[:ENTRIES_MAX]:
        listed = _entry(element, notes)
        if listed is not None:
            before = entries.get(listed.id)
            entries[listed.id] = listed if before is None else _together(before, listed)
    times = [at for at in map(moment, written) if at is not None]
    return Listing(
        updated_at=max(times).astimezone(UTC) if times else None, entries=tuple(entries.values()), defects=notes.told()
    )


def _json(body: bytes, bytes_max: int) -> Listing | Defect:
    """Each message of a list is kept as the JSON it came as."""
    found = read_json(body, bytes_max=bytes_max)
    if isinstance(found, Defect):
        return found
    value: Any = json.loads(body)
    updated_at = moment(str(value.get("updated", ""))) if isinstance(value, dict) else None
    several = parts(value)[:ENTRIES_MAX]
    entries = [_single(json.dumps(one).encode(), _json_id(one)) for one in several]
    return Listing(
        updated_at=None if updated_at is None else updated_at.astimezone(UTC),
        entries=tuple({one.id: one for one in entries}.values()),
    )


def _json_id(value: Mapping[str, Any]) -> str:
    return text_of(value.get("id") or value.get("identifier") or "alert")[:ADDRESS_MAX]


def _single(body: bytes, called: str) -> Listed:
    """A message that is here already: its content is part of its id, so a changed one is another."""
    return Listed(
        id=f"{called}#{sha256(body).hexdigest()[:16]}", link="", title=called[:TEXT_MAX], updated_at=None, embedded=body
    )


def _entry(element: Element, notes: Notes) -> Listed | None:
    link, own = _link(element), text(element, "id") or text(element, "guid")
    at = moment(text(element, "updated") or text(element, "pubDate") or text(element, "date"))
    title = text(element, "title")[:TEXT_MAX]
    alert = element.find("content/alert")
    if alert is not None:
        single = _single(_bytes(alert), own or text(alert, "identifier"))
        return replace(single, title=title, link=link, updated_at=at)
    if not link and own:
        notes.add(Code.BROKEN_ENTRY, f"the entry {named(own)} has no link: its id is taken for it")
        link = own  # RFC 4287: an id is often the address
    if not link or len(link) > ADDRESS_MAX:
        notes.add(Code.BROKEN_ENTRY, f"id {named(own)}, link {named(link)}")
        return None
    since = f"#{at.astimezone(UTC):%Y%m%dT%H%M%SZ}" if at else ""
    return Listed(id=f"{link}{since}", link=link, title=title, updated_at=at, summary=_summary(element, title))


def _bytes(alert: Element) -> bytes:
    """The element as a document of its own; its names have lost their namespace, which is given back."""
    alert.set("xmlns", _NAMESPACE)
    whole: bytes = tostring(alert, encoding="utf-8")
    return whole


def _link(element: Element) -> str:
    """The link to the message: the one that says it is CAP, else the first that is no other relation."""
    links = element.findall("link")
    by_type = [one.get("href", "") for one in links if one.get("type") == CAP_MEDIA_TYPE]
    by_type += [one.get("url", "") for one in element.findall("enclosure") if one.get("type") == CAP_MEDIA_TYPE]
    plain = [one.get("href", "") or (one.text or "") for one in links if one.get("rel", "alternate") == "alternate"]
    return next((link.strip() for link in (*by_type, *plain) if link.strip()), "")


def _word(root: Element, tag: str) -> str:
    return text(root, tag)[:ADDRESS_MAX]


# --- what the list itself says of a message ---


def _summary(element: Element, title: str) -> Element | None:
    """The entry's own CAP elements as an alert; None where it has none."""
    if not any(element.find(tag) is not None for tag in ("event", "areaDesc", "identifier")):
        return None
    alert = Element("alert")
    for tag, written in _HEAD.items():
        if text(element, tag):
            SubElement(alert, written).text = text(element, tag)
    info = SubElement(alert, "info")
    for tag in _INFO:
        if text(element, tag):
            SubElement(info, tag).text = text(element, tag)
    SubElement(info, "headline").text = title
    area = SubElement(info, "area")
    SubElement(area, "areaDesc").text = text(element, "areaDesc")
    area.extend(element.findall("polygon"))
    area.extend(element.findall("geocode"))
    return alert


def _together(before: Listed, more: Listed) -> Listed:
    """Two entries that lead to the same message: the areas of both."""
    info = before.summary.find("info") if before.summary is not None else None
    if info is not None and more.summary is not None:
        info.extend(more.summary.findall("info/area"))
    return before
