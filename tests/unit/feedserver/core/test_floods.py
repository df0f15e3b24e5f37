"""Flood forecasts: one level for a river, and the towns that may be flooded."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime

import pytest

from services.feedserver.core.floods import FLOOD_KINDS, FORM, RELEASED_CODE, FloodedArea, River, flood_telegram
from services.feedserver.core.places import Place
from services.feedserver.core.telegrams import DRILL, Heading
from tests.unit.feedserver.core.little_storm import document, lists, texts

AT = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
RIVER = River(
    section=Place(code="999999000200", name="鐘川上流"),
    river=Place(code="9999990002", name="鐘川"),
    station=Place(code="99999900020000001", name="鐘橋"),
    station_town="大鐘市",
    type="VXKO51",
    suffix="030000",
    office="鐘川事務所",
    prefecture_code="90000",
    flooded=(
        FloodedArea(town=Place(code="9010200", name="大鐘市"), quarters=("一丁目", "二丁目")),
        FloodedArea(town=Place(code="9010100", name="小鐘市"), quarters=("三丁目",)),
    ),
)


@pytest.fixture(name="root")
def _root() -> ET.Element:
    heading = Heading(
        form=FORM,
        title="鐘川",
        status=DRILL,
        editorial_office="鐘気象台",
        publishing_office="鐘川事務所 鐘気象台",
        sent_at=AT,
        reported_at=AT,
        headline="見出し",
    )
    kind = FLOOD_KINDS["レベル４氾濫危険警報（発表）"]
    return document(flood_telegram(heading, RIVER, kind, text="本文", prefecture=Place(code="900000", name="鐘県")))


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("レベル２氾濫注意報（発表）", "20"),
        ("レベル２氾濫注意報（警報解除）", "22"),
        ("レベル３氾濫警報（発表）", "30"),
        ("レベル４氾濫危険警報（発表）", "40"),
        ("レベル５氾濫特別警報", "51"),
        ("レベル２氾濫注意報解除", RELEASED_CODE),
    ],
)
def test_a_condition_has_its_code(condition: str, code: str) -> None:
    assert FLOOD_KINDS[condition].code == code


def test_the_headline_names_section_river_and_prefecture_at_one_level(root: ET.Element) -> None:
    headline = lists(root, "Information")
    assert [texts(items[0], "Code") for items in headline.values()] == [
        ["40", "999999000200"],
        ["40", "9999990002"],
        ["40", "900000"],
    ]
    assert texts(root, "Condition") == ["レベル４氾濫危険警報（発表）"] * 3


def test_the_main_text_belongs_to_the_gauge_and_its_stretch(root: ET.Element) -> None:
    main, _ = lists(root, "Warning")["指定河川洪水予報"]
    assert texts(main, "Type") == ["主文"]
    assert texts(main, "Text") == ["本文"]
    assert texts(main, "Code") == ["9999990002", "99999900020000001"]
    assert texts(main, "Location") == ["大鐘市"]


def test_the_towns_that_may_be_flooded_are_listed_with_their_quarters(root: ET.Element) -> None:
    _, flooded = lists(root, "Warning")["指定河川洪水予報"]
    assert texts(flooded, "CityCode") == ["9010200", "9010100"]
    assert texts(flooded, "SubCityList") == ["一丁目 二丁目", "三丁目"]
    assert texts(flooded, "PrefectureCode") == ["90000", "90000"]


def test_both_offices_stand_at_the_end(root: ET.Element) -> None:
    office = next(element for element in root.iter() if element.tag.endswith("OfficeInfo"))
    assert texts(office, "Name") == ["鐘川事務所", "鐘気象台"]
