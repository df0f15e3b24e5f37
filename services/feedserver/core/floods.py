"""Flood forecasts of a designated river (VXKO): one level for the river, and the towns that may be flooded.

Source: JMA's code table of 指定河川洪水予報 with the names of 2026; the order of the elements is that of recorded telegrams.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass

from services.feedserver.core.places import Place
from services.feedserver.core.telegrams import WEATHER_NS, Form, Heading, body, child, report

FORM = Form(control_title="指定河川洪水予報", info_kind="指定河川洪水予報", info_kind_version="1.1_1")


@dataclass(frozen=True, slots=True, kw_only=True)
class FloodKind:
    """Kind of a flood forecast: level = tens digit of the code, except 10 released and 22 back at level 2."""

    name: str
    code: str
    condition: str


FLOOD_KINDS: Mapping[str, FloodKind] = {
    kind.condition: kind
    for kind in (
        FloodKind(name="レベル２氾濫注意報解除", code="10", condition="レベル２氾濫注意報解除"),
        FloodKind(name="レベル２氾濫注意報", code="20", condition="レベル２氾濫注意報（発表）"),
        FloodKind(name="レベル２氾濫注意報", code="22", condition="レベル２氾濫注意報（警報解除）"),
        FloodKind(name="レベル３氾濫警報", code="30", condition="レベル３氾濫警報（発表）"),
        FloodKind(name="レベル４氾濫危険警報", code="40", condition="レベル４氾濫危険警報（発表）"),
        FloodKind(name="レベル５氾濫特別警報", code="51", condition="レベル５氾濫特別警報"),
    )
}
"""By Kind/Condition, the words a storm's file uses."""
RELEASED_CODE = "10"


@dataclass(frozen=True, slots=True, kw_only=True)
class FloodedArea:
    """A town of 浸水想定地区 and its quarters."""

    town: Place
    quarters: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class River:
    """A river of the forecast: 予報区域 (12 digits), river (10), gauge (17), the offices, and who may be flooded."""

    section: Place
    river: Place
    station: Place
    station_town: str
    type: str
    suffix: str
    """Of the file name: the sending centre, not the prefecture."""
    office: str
    prefecture_code: str
    flooded: tuple[FloodedArea, ...]


def flood_telegram(heading: Heading, river: River, kind: FloodKind, *, text: str, prefecture: Place) -> bytes:
    """A flood forecast: the headline's three lists, the main text for the gauge's section, and the flooded areas."""
    content = body(WEATHER_NS)
    warning = child(content, "Warning", type=FORM.control_title)
    _main_text(warning, river, text)
    _flooded(warning, river, prefecture)
    _offices(content, river, heading.editorial_office)
    lists = (
        ("指定河川洪水予報（予報区域）", "指定河川洪水予報（予報区域）", river.section),
        ("指定河川洪水予報（河川）", "河川", river.river),
        ("指定河川洪水予報（府県予報区等）", "気象情報／府県予報区・細分区域等", prefecture),
    )
    return report(heading, content, [_information(kind, *row) for row in lists])


def _information(kind: FloodKind, type_: str, code_type: str, place: Place) -> ET.Element:
    information = ET.Element("Information", {"type": type_})
    item = child(information, "Item")
    element = child(item, "Kind")
    child(element, "Name", kind.name)
    child(element, "Code", kind.code)
    child(element, "Condition", kind.condition)
    area = child(child(item, "Areas", codeType=code_type), "Area")
    child(area, "Name", place.name)
    child(area, "Code", place.code)
    return information


def _main_text(warning: ET.Element, river: River, text: str) -> None:
    item = child(warning, "Item")
    part = child(child(item, "Kind"), "Property")
    child(part, "Type", "主文")
    child(part, "Text", text)
    area = child(child(item, "Areas", codeType="河川"), "Area")
    child(area, "Name", river.river.name)
    child(area, "Code", river.river.code)
    station = child(child(item, "Stations"), "Station")
    child(station, "Name", river.station.name)
    child(station, "Code", river.station.code, type="水位観測所")
    child(station, "Location", river.station_town)


def _flooded(warning: ET.Element, river: River, prefecture: Place) -> None:
    item = child(warning, "Item")
    kind = child(item, "Kind")
    child(kind, "Name", "浸水想定地区")
    child(kind, "Code", "1")
    child(kind, "Status", "対象地域")
    part = child(kind, "Property")
    child(part, "Type", "浸水想定地区")
    child(part, "Text", "氾濫による浸水が想定される地区※")
    areas = child(item, "Areas")
    for flooded in river.flooded:
        area = child(areas, "Area", codeType="水位観測所")
        child(area, "Name", river.station.name)
        child(area, "Code", river.station.code)
        child(area, "Prefecture", prefecture.name)
        child(area, "PrefectureCode", river.prefecture_code)
        child(area, "City", flooded.town.name)
        child(area, "CityCode", flooded.town.code)
        child(area, "SubCityList", " ".join(flooded.quarters))


def _offices(content: ET.Element, river: River, observatory: str) -> None:
    offices = child(content, "OfficeInfo")
    for type_, name in (("水位関係", river.office), ("気象関係", observatory)):
        child(child(offices, "Office", type=type_), "Name", name)
