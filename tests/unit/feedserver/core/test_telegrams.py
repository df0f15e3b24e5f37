"""The envelope every telegram shares: Control, Head, Body, with JMA's namespaces and clocks."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime

from services.feedserver.core.telegrams import (
    CORRECTED,
    DRILL,
    HEAD_NS,
    ISSUED,
    ROOT_NS,
    WEATHER_NS,
    Form,
    Heading,
    body,
    child,
    report,
    written,
)
from tests.unit.feedserver.core.little_storm import document, texts

HEADING = Heading(
    form=Form(control_title="型", info_kind="種", info_kind_version="1.5_0"),
    title="題",
    status=DRILL,
    editorial_office="台",
    publishing_office="県 台",
    sent_at=datetime(2026, 11, 24, 20, 59, 59, tzinfo=UTC),
    reported_at=datetime(2026, 11, 24, 20, 59, 52, 700_000, tzinfo=UTC),
    headline="大雨 & <強風>",
)


def made(heading: Heading = HEADING) -> ET.Element:
    return document(report(heading, body(WEATHER_NS)))


def test_a_telegram_has_control_head_and_body_each_in_jmas_namespace() -> None:
    root = made()
    assert root.tag == f"{{{ROOT_NS}}}Report"
    assert [part.tag for part in root] == [f"{{{ROOT_NS}}}Control", f"{{{HEAD_NS}}}Head", f"{{{WEATHER_NS}}}Body"]


def test_control_speaks_utc_and_head_speaks_japanese_time() -> None:
    root = made()
    assert texts(root, "DateTime") == ["2026-11-24T20:59:59Z"]
    assert texts(root, "ReportDateTime") == texts(root, "TargetDateTime") == ["2026-11-25T05:59:52+09:00"]


def test_what_the_heading_says_stands_in_control_and_head() -> None:
    root = made(replace(HEADING, event_id="e1", serial="3", info_type=CORRECTED))
    said = {
        name: texts(root, name) for name in ("Title", "Status", "PublishingOffice", "EventID", "Serial", "InfoType")
    }
    assert said == {
        "Title": ["型", "題"],
        "Status": [DRILL],
        "PublishingOffice": ["県 台"],
        "EventID": ["e1"],
        "Serial": ["3"],
        "InfoType": [CORRECTED],
    }


def test_event_and_serial_are_there_and_empty_when_a_type_has_none() -> None:
    root = made()
    assert texts(root, "EventID") == texts(root, "Serial") == [""]
    assert texts(root, "InfoType") == [ISSUED]


def test_texts_with_signs_of_xml_come_through_whole() -> None:
    assert texts(made(), "Text") == ["大雨 & <強風>"]


def test_the_headlines_lists_stand_behind_its_text() -> None:
    information = ET.Element("Information", {"type": '一 "二"'})
    headline = document(report(HEADING, body(WEATHER_NS), [information])).find(f".//{{{HEAD_NS}}}Headline")
    assert headline is not None
    assert [part.tag.rpartition("}")[2] for part in headline] == ["Text", "Information"]
    assert headline[1].attrib == {"type": '一 "二"'}


def test_a_child_is_appended_with_its_text_and_attributes() -> None:
    root = ET.Element("a")
    assert child(child(root, "b", x="1"), "c", "text").text == "text"
    assert written(root) == b'<?xml version="1.0" encoding="UTF-8"?>\n<a><b x="1"><c>text</c></b></a>\n'
