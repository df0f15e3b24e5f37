"""L-Alert (Lアラート): a PCXML Report in an EDXL-DE envelope, by itself or in SOAP → the same `Message` as CAP's.

Read are evacuation orders (EvacuationOrder) and shelters (Shelter); of other categories only the envelope. A series is
named by its documentID; each documentRevision is the full current state. What is over says so (解除, 閉鎖).

Namespaces carry version digits and producers make up prefixes, so names count without them (core/xml.py).

Sources: the project's notes on L-Alert, §5 (envelope, Report, versions, sorts); OASIS EDXL-DE-v1.0 §3.2.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from types import MappingProxyType
from xml.etree.ElementTree import Element

from schemas.alert import Category, Certainty, MsgType, Scope, Severity, Status, Urgency
from services.ingest.core.cap import geometry
from services.ingest.core.cap.message import Block, Family, Message, Named, NamedArea, Notes, Reference
from services.ingest.core.cap.written import AREAS_MAX, HEADLINE_MAX, ID_MAX, NAME_MAX, moment
from services.ingest.core.defect import Code, Defect
from services.ingest.core.xml import named, text, token

EVACUATION = "EvacuationOrder"
SHELTER = "Shelter"
LEVEL = "keikaiLevel"
NUMBER_MAX = 999_999
NAMED_BEFORE_MAX = 20
"""Earlier revisions that an Update or Cancel names; the fold of a stream keeps eight."""
JIS = "jisX0402"
TOWN_BLOCK = "ooAzaTyouTyouMokuCode"
UNKNOWN_SENDER = "lalert"

SORTS = MappingProxyType(
    {
        "緊急安全確保": (5, Severity.EXTREME),
        "避難指示": (4, Severity.SEVERE),
        "高齢者等避難": (3, Severity.MODERATE),
        # names of older law: they had no 警戒レベル of today's
        "災害発生情報": (None, Severity.EXTREME),
        "避難指示(緊急)": (None, Severity.SEVERE),
        "避難勧告": (None, Severity.SEVERE),
        "警戒区域": (None, Severity.SEVERE),
        "屋内退避": (None, Severity.SEVERE),
        "避難準備": (None, Severity.MODERATE),
        "避難準備情報": (None, Severity.MODERATE),
        "避難準備・高齢者等避難開始": (None, Severity.MODERATE),
        "自主避難": (None, Severity.MINOR),
    }
)
"""Detail/Sort → 警戒レベル (災害対策基本法, 2021) or None, and CAP's severity."""
LIFTED = "解除"
ISSUED = "発令"
OPEN = "開設"
_STATUSES = {"actual": Status.ACTUAL, "exercise": Status.EXERCISE, "test": Status.TEST, "system": Status.SYSTEM}
_TYPES = {
    "report": None,
    "update": MsgType.UPDATE,
    "cancel": MsgType.CANCEL,
    "ack": MsgType.ACK,
    "error": MsgType.ERROR,
}
_LEVEL_BEFORE = re.compile(r"^[【\[(]?警戒レベル[1-5][】\])]?\s*")


def read_lalert(root: Element) -> tuple[Message, ...] | Defect:
    """Every message in an EDXL-DE or SOAP document; a defect where there is none."""
    found = tuple(_messages(root))
    return found or Defect(code=Code.NO_CAP, reason=f"{named(root.tag)} without an L-Alert contentObject")


def _messages(root: Element) -> Iterator[Message]:
    for envelope in root.iter("EDXLDistribution"):
        for content in envelope.findall("contentObject"):
            yield _message(envelope, content)


def _message(envelope: Element, content: Element) -> Message:
    notes = Notes()
    report = next(content.iter("Report"), Element("Report"))
    head = next(report.iter("Head"), Element("Head"))
    category = _category(content, report)
    document, number = _document(content, head, notes)
    sender = _sender(envelope, content, notes)
    msg_type = _msg_type(envelope, number, notes)
    areas = tuple(_areas(envelope, head, notes))
    blocks = _blocks(report, head, content, category=category, areas=areas, notes=notes)
    return Message(
        family=Family.LALERT,
        type=category,
        identifier=f"{document}.{number}" if document and number else "",
        sender=sender,
        sent=_sent(envelope, head, notes),
        status=_status(envelope, report, notes),
        msg_type=msg_type,
        scope=Scope.PUBLIC,
        references=_before(sender, document, number) if msg_type in {MsgType.UPDATE, MsgType.CANCEL} else (),
        title=text(head, "Title")[:NAME_MAX],
        headline=(text(head, "Headline", "Text") or text(content, "contentDescription"))[:HEADLINE_MAX],
        blocks=blocks,
        document=document,
        number=number,
        areas=areas,
        is_unread=category not in {EVACUATION, SHELTER},
        defects=notes.told(),
    )


# --- which message it is ---


def _category(content: Element, report: Element) -> str:
    """The envelope's word, else the Report's, else what its body is called."""
    written = (text(content, "category") or text(report, "Control", "Title"))[:NAME_MAX]
    if written in {EVACUATION, SHELTER}:
        return written
    return next((tag for tag in (EVACUATION, SHELTER) if next(report.iter(tag), None) is not None), written)


def _document(content: Element, head: Element, notes: Notes) -> tuple[str, int]:
    document = text(content, "documentID") or text(head, "documentID")
    written = token(content, "documentRevision") or token(head, "documentRevision")
    number = int(written) if written.isascii() and written.isdigit() and len(written) <= len(str(NUMBER_MAX)) else 0
    if not document or len(document) > ID_MAX:
        notes.add(Code.LALERT_DOCUMENT, f"documentID is {named(document)}")
        document = ""
    if number < 1:
        notes.add(Code.LALERT_DOCUMENT, f"documentRevision is {named(written)}")
    return document, number


def _sender(envelope: Element, content: Element, notes: Notes) -> str:
    written = text(envelope, "senderID") or text(content, "publishingOfficeID")
    if not written or len(written) > ID_MAX:
        notes.add(Code.CAP_ELEMENT, f"senderID is {named(written)}")
        return UNKNOWN_SENDER
    return written


def _before(sender: str, document: str, number: int) -> tuple[Reference, ...]:
    """The revisions that this one takes the place of."""
    first = max(1, number - NAMED_BEFORE_MAX)
    return tuple(Reference(sender, f"{document}.{one}", "") for one in range(first, number))


def _sent(envelope: Element, head: Element, notes: Notes) -> datetime | None:
    written = text(envelope, "dateTimeSent") or text(head, "ReportDateTime")
    at = moment(written)
    if at is None:
        notes.add(Code.CAP_IDENTITY, f"dateTimeSent is {named(written)}")
    return at


def _status(envelope: Element, report: Element, notes: Notes) -> Status | None:
    """The envelope's word. Where the Report's differs, neither is believed: one of them may not be real."""
    written = text(envelope, "distributionStatus")
    inner = text(report, "Control", "distributionStatus")
    if inner and inner.lower() != written.lower():
        notes.add(Code.CAP_STATUS, f"distributionStatus is {named(written)} outside and {named(inner)} inside")
        return None
    if written.lower() not in _STATUSES:
        notes.add(Code.CAP_STATUS, f"distributionStatus is {named(written)}")
        return None
    return _STATUSES[written.lower()]


def _msg_type(envelope: Element, number: int, notes: Notes) -> MsgType | None:
    written = text(envelope, "distributionType")
    by_number = MsgType.ALERT if number <= 1 else MsgType.UPDATE
    if not written:
        notes.add(Code.CAP_ELEMENT, "no distributionType: taken for a Report")
        return by_number
    if written.lower() not in _TYPES:
        notes.add(Code.CAP_STATUS, f"distributionType is {named(written)}")
        return None
    return _TYPES[written.lower()] or by_number


# --- what it says ---


def _blocks(
    report: Element, head: Element, content: Element, *, category: str, areas: tuple[NamedArea, ...], notes: Notes
) -> tuple[Block, ...]:
    expires = _valid_until(head, notes)
    if category == EVACUATION:
        parts = tuple(_orders(report, areas, notes))
    elif category == SHELTER:
        parts = tuple(_shelters(report, notes))
    else:
        return ()
    if not parts:
        notes.add(Code.CAP_ELEMENT, f"a {category} that says neither what begins nor what is over")
    sender = text(content, "publishingOfficeName") or text(report, "Control", "EditorialOffice", "OrganizationName")
    return tuple(_block(part, sender[:NAME_MAX], head, expires) for part in parts)


Part = tuple[str, int | None, Severity, bool, tuple[NamedArea, ...]]
"""event, 警戒レベル, severity, whether it is over, areas."""


def _block(part: Part, sender: str, head: Element, expires: datetime | None) -> Block:
    event, level, severity, is_over, areas = part
    return Block(
        language="ja",
        category=Category.SAFETY,
        event=event,
        responses=("AllClear",) if is_over else (),
        urgency=Urgency.PAST
        if is_over
        else Urgency.IMMEDIATE
        if severity is not Severity.MODERATE
        else Urgency.EXPECTED,
        severity=severity,
        certainty=Certainty.OBSERVED if is_over else Certainty.LIKELY,
        expires=expires,
        sender_name=sender,
        headline=text(head, "Headline", "Text")[:HEADLINE_MAX],
        parameters=() if level is None else (Named(LEVEL, str(level)),),
        areas=areas,
    )


def _valid_until(head: Element, notes: Notes) -> datetime | None:
    written = text(head, "ValidDateTime")
    at = moment(written) if written else None
    if written and at is None:
        notes.add(Code.CAP_TIME, f"ValidDateTime is {named(written)}")
    return at


def _orders(report: Element, areas: tuple[NamedArea, ...], notes: Notes) -> Iterator[Part]:
    for detail in report.iter("Detail"):
        sort = _LEVEL_BEFORE.sub("", unicodedata.normalize("NFKC", text(detail, "Sort")))[:NAME_MAX]
        word = text(detail, "IssueOrLift")
        if sort not in SORTS:
            notes.add(Code.UNKNOWN_SORT, f"Sort {named(sort)}")
        if word not in {ISSUED, LIFTED}:
            notes.add(Code.UNKNOWN_STATE, f"IssueOrLift {named(word)}")
        level, severity = SORTS.get(sort, (None, Severity.UNKNOWN))
        located = (area for one in detail.iter("Area") for area in _located(one, notes))
        places = tuple(dict.fromkeys(located))[:AREAS_MAX] or areas
        is_over = word == LIFTED
        yield f"{sort}{LIFTED}" if is_over else sort or "避難情報", level, severity, is_over, places


def _shelters(report: Element, notes: Notes) -> Iterator[Part]:
    by_sort: dict[str, dict[NamedArea, None]] = {}
    for information in report.iter("Information"):
        sort = text(information, "Sort")[:NAME_MAX]
        for area in _located(information, notes):
            by_sort.setdefault(sort, {})[area] = None
    for sort, areas in by_sort.items():
        yield f"避難所{sort}", None, Severity.MINOR, sort != OPEN, tuple(areas)[:AREAS_MAX]


def _located(element: Element, notes: Notes) -> Iterator[NamedArea]:
    for location in list(element.iter("Location")) or [element]:
        area = _area(location, notes)
        if area.name or area.geocodes:
            yield area


def _areas(envelope: Element, head: Element, notes: Notes) -> Iterator[NamedArea]:
    """The areas that the envelope and the headline name: those of the whole message."""
    named_ones = (*envelope.findall("targetArea"), *head.findall("Headline/Areas/Area"))
    found = (_area(element, notes) for element in named_ones)
    yield from dict.fromkeys(area for area in found if area.name or area.geocodes)


def _area(element: Element, notes: Notes) -> NamedArea:
    """An area with the finest of its codes."""
    codes = (Named(name, token(element, name)[:NAME_MAX]) for name in (TOWN_BLOCK, JIS))
    finest = next((code for code in codes if code.value), None)
    circles = (geometry.circle(text(one), notes) for one in element.findall("circle") if text(one))
    rings = (geometry.ring(text(one), notes) for one in element.findall("polygon") if text(one))
    return NamedArea(
        name=text(element, "areaName")[:NAME_MAX],
        geocodes=(finest,) if finest else (),
        rings=tuple(one for one in rings if one is not None),
        circles=tuple(one for one in circles if one is not None),
    )
