from __future__ import annotations

import pytest

from services.ingest.core.bodies import AREAS_MAX, BodyReading
from services.ingest.core.bodies.river_flood import read, river_of
from services.ingest.core.defect import Code, Defect
from services.ingest.core.xml import read_xml
from tests.telegrams import RIVER, flood, table
from tests.unit.ingest.core.bodies.reading import said

FLOOD = ("flood",)
OTHER = "999999000200"


def _read(body: bytes) -> BodyReading | Defect:
    report = read_xml(body, roots=("Report",))
    assert not isinstance(report, Defect)
    return read(report, table(), FLOOD)


def _reading(body: bytes) -> BodyReading:
    reading = _read(body)
    assert isinstance(reading, BodyReading)
    return reading


def _refused(body: bytes) -> Code:
    refused = _read(body)
    assert isinstance(refused, Defect)
    return refused.code


class TestLevels:
    @pytest.mark.parametrize(
        ("code", "level"),
        [
            ("20", 2),
            ("21", 2),
            ("22", 2),
            ("30", 3),
            ("31", 3),
            ("40", 4),
            ("41", 4),
            ("51", 5),
            ("53", 5),
            ("５１", 5),
        ],
    )
    def test_the_tens_digit_is_the_level_and_the_rank(self, code: str, level: int) -> None:
        kinds = {entry.kind for entry in _reading(flood(code, "1420600")).entries}
        assert [(kind.level, kind.rank, kind.state) for kind in kinds] == [(level, level, "active")]

    def test_10_is_the_release(self) -> None:
        entries = _reading(flood("10", "1420600")).entries
        assert [(one.area.code, one.kind.level, one.kind.rank, one.kind.state) for one in entries] == [
            (RIVER, None, None, "released"),
            ("1420600", None, None, "released"),
        ]

    @pytest.mark.parametrize("code", ["", "00", "11", "60", "3", "300", "L4", "²0", "٢0"])
    def test_any_other_code_is_refused_not_guessed(self, code: str) -> None:
        assert _refused(flood(code, "1420600")) is Code.UNKNOWN_KIND


class TestAreas:
    def test_the_forecast_area_first_then_each_town_once(self) -> None:
        entries = _reading(flood("30", "1420600", "1438200", "1420600")).entries
        assert [(str(one.area), one.kind.hazard) for one in entries] == [
            (f"flood_area:{RIVER}", f"flood:{RIVER}"),
            ("class20:1420600", f"flood:{RIVER}"),
            ("class20:1438200", f"flood:{RIVER}"),
        ]

    def test_the_short_form_names_the_river_only(self) -> None:
        entries = _reading(flood("30")).entries
        assert [str(one.area) for one in entries] == [f"flood_area:{RIVER}"]

    def test_a_town_that_no_table_has_is_left_out_and_named(self) -> None:
        reading = _reading(flood("30", "0000000", "", "1420600"))
        assert [one.area.code for one in reading.entries] == [RIVER, "1420600"]
        assert [defect.code for defect in reading.defects] == [Code.UNKNOWN_AREA]

    def test_two_forecast_areas_are_two_hazards_of_the_same_towns(self) -> None:
        second = f"</Area><Area><Name>試験川下流</Name><Code>{OTHER}</Code>"
        body = flood("30", "1420600").replace(
            b"</Area></Areas></Item></Information>", second.encode() + b"</Area></Areas></Item></Information>"
        )
        entries = _reading(body).entries
        assert [(one.area.code, one.kind.hazard) for one in entries] == [
            (RIVER, f"flood:{RIVER}"),
            ("1420600", f"flood:{RIVER}"),
            (OTHER, f"flood:{OTHER}"),
            ("1420600", f"flood:{OTHER}"),
        ]

    def test_a_forecast_area_that_is_no_number_is_left_out_the_towns_stay(self) -> None:
        reading = _reading(flood("30", "1420600", river="試験 川"))
        assert [(one.area.code, one.kind.hazard) for one in reading.entries] == [("1420600", "flood:試験_川")]

    @pytest.mark.parametrize("layer", ["河川", "府県予報区等"])
    def test_without_a_forecast_area_it_is_refused(self, layer: str) -> None:
        assert _refused(flood("30", "1420600", layer=layer)) is Code.NOTHING_LISTED

    def test_without_a_headline_it_is_refused(self) -> None:
        assert _refused(b"<Report/>") is Code.NOTHING_LISTED

    def test_more_towns_than_the_country_has_are_refused(self) -> None:
        assert _refused(flood("30", *(f"{number:07}" for number in range(AREAS_MAX)))) is Code.TOO_MANY_AREAS


def test_the_river_is_the_first_forecast_area() -> None:
    report, bare = read_xml(flood("30"), roots=("Report",)), read_xml(b"<Report/>", roots=("Report",))
    assert not isinstance(report, Defect)
    assert not isinstance(bare, Defect)
    assert (river_of(report), river_of(bare)) == (RIVER, "")


class TestRiversThatAreOnlyWatched:
    """VXSU 水位周知河川."""

    HEADLINE = """<Information type="水位周知河川に関する情報（発表区間）"><Item><Kind><Name>レベル２氾濫注意報</Name>
<Code>21</Code></Kind><Areas><Area><Name>試験川</Name><Code>9999990001</Code></Area></Areas></Item></Information>"""
    BODY = """<Warning type="水位周知河川に関する情報（浸水想定地区）"><Item><Kind/><Areas>
<Area><Name>横浜市北部</Name><Code>1410011</Code><City>横浜市</City><CityCode>1410000</CityCode></Area>
<Area><Name>地区</Name><City>小田原市</City><CityCode>1420600</CityCode></Area></Areas></Item></Warning>"""

    def test_name_their_stretch_and_their_towns_by_part(self) -> None:
        assert said(read, "flood", self.BODY, information=self.HEADLINE) == [
            "river:9999990001 flood:9999990001 2 2 active",
            "class20:1410011 flood:9999990001 2 2 active",
            "class20:1420600 flood:9999990001 2 2 active",
        ]
