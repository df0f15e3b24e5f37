"""Telegrams in JMA's XML, written by us: the envelope every type shares, and the two types that are only a text.

Source: JMA's disaster information XML format 1.x (Control, Head, Body).
Namespaces are written as plain `xmlns` attributes on the elements where JMA has them, so the bytes read like JMA's.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

JST = timezone(timedelta(hours=9))
ROOT_NS = "http://xml.kishou.go.jp/jmaxml1/"
HEAD_NS = "http://xml.kishou.go.jp/jmaxml1/informationBasis1/"
ELEMENT_NS = "http://xml.kishou.go.jp/jmaxml1/elementBasis1/"
WEATHER_NS = "http://xml.kishou.go.jp/jmaxml1/body/meteorology1/"
QUAKE_NS = "http://xml.kishou.go.jp/jmaxml1/body/seismology1/"

DRILL = "訓練"
TEST = "試験"
ISSUED = "発表"
CORRECTED = "訂正"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What all telegrams of one type have in common."""

    control_title: str
    info_kind: str
    info_kind_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """Control and Head of a telegram. `sent_at` is Control/DateTime, `reported_at` Head/ReportDateTime; aware."""

    form: Form
    title: str
    status: str
    editorial_office: str
    publishing_office: str
    sent_at: datetime
    reported_at: datetime
    headline: str
    info_type: str = ISSUED
    event_id: str = ""
    serial: str = ""


def child(parent: ET.Element, tag: str, text: str | None = None, **attributes: str) -> ET.Element:
    """Append an element and return it; ElementTree escapes text and attributes when it writes."""
    element = ET.SubElement(parent, tag, attributes)
    element.text = text
    return element


def body(namespace: str) -> ET.Element:
    """An empty Body of the given kind (meteorology, seismology)."""
    return ET.Element("Body", {"xmlns": namespace, "xmlns:jmx_eb": ELEMENT_NS})


def report(heading: Heading, content: ET.Element, information: Sequence[ET.Element] = ()) -> bytes:
    """The whole telegram as UTF-8: Control, Head with the headline's `information` lists, and the Body `content`."""
    root = ET.Element("Report", {"xmlns": ROOT_NS, "xmlns:jmx": ROOT_NS})
    _control(root, heading)
    _head(root, heading, information)
    root.append(content)
    ET.indent(root, space="")
    return written(root)


def written(root: ET.Element) -> bytes:
    """A document's bytes: UTF-8, declared the way JMA declares it."""
    document: str = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{document}\n'.encode()


def _control(root: ET.Element, heading: Heading) -> None:
    control = child(root, "Control")
    child(control, "Title", heading.form.control_title)
    child(control, "DateTime", f"{heading.sent_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    child(control, "Status", heading.status)
    child(control, "EditorialOffice", heading.editorial_office)
    child(control, "PublishingOffice", heading.publishing_office)


def _head(root: ET.Element, heading: Heading, information: Sequence[ET.Element]) -> None:
    reported_at = f"{heading.reported_at.astimezone(JST):%Y-%m-%dT%H:%M:%S}+09:00"
    head = child(root, "Head", xmlns=HEAD_NS)
    child(head, "Title", heading.title)
    child(head, "ReportDateTime", reported_at)
    child(head, "TargetDateTime", reported_at)
    child(head, "EventID", heading.event_id or None)
    child(head, "InfoType", heading.info_type)
    child(head, "Serial", heading.serial or None)
    child(head, "InfoKind", heading.form.info_kind)
    child(head, "InfoKindVersion", heading.form.info_kind_version)
    headline = child(head, "Headline")
    child(headline, "Text", heading.headline)
    headline.extend(information)
