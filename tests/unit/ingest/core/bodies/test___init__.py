from __future__ import annotations

from xml.etree.ElementTree import Element

import pytest

from schemas.alert import InfoState
from schemas.area import AreaCode
from services.ingest.core.bodies import (
    AREAS_MAX,
    DEFECTS_MAX,
    WORD_MAX,
    BodyReading,
    Entries,
    Kind,
    informs,
    released,
    text_only,
    town_area,
    weather_area,
)
from services.ingest.core.defect import Code, Defect
from tests import telegrams

ODAWARA = AreaCode("class20", "1420600")
RAIN = Kind(event="雨", code="03", hazard="heavy_rain", state=InfoState.ACTIVE, level=3, rank=3)
MORE_RAIN = Kind(event="大雨", code="43", hazard="heavy_rain", state=InfoState.ACTIVE, level=4, rank=4)
OVER = Kind(event="雨", code="43", hazard="heavy_rain", state=InfoState.RELEASED)
WIND = Kind(event="風", code="05", hazard="wind", state=InfoState.ACTIVE, rank=3)
UNCLEAR = Kind(event="雨？", code="99", hazard="heavy_rain", state=InfoState.ACTIVE)


def _read(*said: tuple[AreaCode, str, Kind]) -> BodyReading:
    entries = Entries(telegrams.table())
    for area, name, kind in said:
        entries.add(area, name, kind)
    reading = entries.reading()
    assert isinstance(reading, BodyReading)
    return reading


def _odawara(*kinds: Kind) -> list[Kind]:
    return [entry.kind for entry in _read(*((ODAWARA, "小田原市", kind) for kind in kinds)).entries]


class TestOneEntryForAnAreaAndAHazard:
    def test_several_hazards_stand_side_by_side(self) -> None:
        assert _odawara(RAIN, WIND) == [RAIN, WIND]

    def test_the_stronger_of_two_stays_whichever_comes_first(self) -> None:
        assert _odawara(RAIN, MORE_RAIN) == _odawara(MORE_RAIN, RAIN) == [MORE_RAIN]

    def test_what_is_in_force_stays_before_what_is_over(self) -> None:
        assert _odawara(OVER, RAIN) == _odawara(RAIN, OVER) == [RAIN]
        assert _odawara(OVER, UNCLEAR) == [UNCLEAR]


class TestAreas:
    def test_an_old_code_becomes_all_parts_each_with_its_name(self) -> None:
        reading = _read((AreaCode("class20", "1410000"), "横浜市", RAIN))
        assert [(entry.area.code, entry.name) for entry in reading.entries] == [
            ("1410011", "横浜市北部"),
            ("1410012", "横浜市南部"),
        ]

    def test_a_current_code_keeps_the_telegrams_own_name(self) -> None:
        [entry] = _read((ODAWARA, "おだわら", RAIN)).entries
        assert entry.name == "おだわら"

    def test_an_unknown_area_is_left_out_and_named_once_the_others_stay(self) -> None:
        unknown = AreaCode("class20", "9999900")
        reading = _read((unknown, "無い町", RAIN), (unknown, "無い町", RAIN), (ODAWARA, "小田原市", RAIN))
        assert [entry.area for entry in reading.entries] == [ODAWARA]
        [defect] = reading.defects
        assert defect.code is Code.UNKNOWN_AREA
        assert "class20:9999900" in defect.reason
        assert "new part" not in defect.reason

    def test_an_unknown_part_of_a_known_town_is_told_with_the_parts_that_are_known(self) -> None:
        [defect] = _read((AreaCode("class20", "1420601"), "小田原市東部", RAIN)).defects
        assert "a new part of class20:1420600" in defect.reason


class TestLimits:
    def test_a_long_name_is_cut_and_it_is_said(self) -> None:
        reading = _read((ODAWARA, "市" * (WORD_MAX + 1), RAIN))
        assert [len(entry.name) for entry in reading.entries] == [WORD_MAX]
        assert [defect.code for defect in reading.defects] == [Code.TEXT_CUT]

    def test_more_entries_than_an_office_has_are_refused(self) -> None:
        entries = Entries(telegrams.table())
        for number in range(AREAS_MAX + 1):
            entries.add(AreaCode("flood_area", f"{number:012}"), "川", RAIN)
        refused = entries.reading()
        assert isinstance(refused, Defect)
        assert refused.code is Code.TOO_MANY_AREAS

    def test_of_very_many_defects_the_rest_is_counted(self) -> None:
        reading = _read(*((AreaCode("class20", f"{number:07}"), "町", RAIN) for number in range(DEFECTS_MAX + 3)))
        assert len(reading.defects) == DEFECTS_MAX + 1
        assert (reading.defects[-1].code, reading.defects[-1].reason) == (Code.MORE_DEFECTS, "3 more defects")

    def test_a_ward_of_an_earthquake_stays_a_ward_if_its_city_is_known(self) -> None:
        kawasaki, nowhere = AreaCode("quake_city", "1413100"), AreaCode("quake_city", "9999900")
        reading = _read((kawasaki, "川崎川崎区", RAIN), (nowhere, "無い町", RAIN))
        assert [(entry.area, entry.name) for entry in reading.entries] == [(kawasaki, "川崎川崎区")]
        assert [defect.code for defect in reading.defects] == [Code.UNKNOWN_AREA]


@pytest.mark.parametrize(
    ("code", "code_type", "area"),
    [
        ("1420600", "", "class20:1420600"),
        ("140020", "", "class10:140020"),
        ("140000", "", "office:140000"),
        ("140024", "", "class15:140024"),
        ("999999", "", "class10:999999"),
        ("010300", "全国・地方予報区等", "center:010300"),
    ],
)
def test_a_code_of_weather_telegrams_is_in_the_finest_system_that_knows_it(
    code: str, code_type: str, area: str
) -> None:
    assert str(weather_area(telegrams.table(), code, code_type)) == area


def test_a_town_is_a_municipality_or_a_ward() -> None:
    codes = ("1420600", "1413100")
    assert [str(town_area(telegrams.table(), code)) for code in codes] == ["class20:1420600", "quake_city:1413100"]


def test_what_informs_is_in_force_at_rank_1_and_what_is_over_at_none() -> None:
    told, over = informs("解説", "1", "heat"), released("解除", "1", "heat")
    assert (told.state, told.level, told.rank) == (InfoState.ACTIVE, None, 1)
    assert (over.state, over.level, over.rank) == (InfoState.RELEASED, None, None)


def test_a_text_speaks_of_no_area() -> None:
    assert text_only(Element("Report"), telegrams.table(), ()) == BodyReading(entries=())
