from __future__ import annotations

import pytest

from services.ingest.core.bodies.on_off import read
from services.ingest.core.defect import Code
from tests.telegrams import warnings
from tests.unit.ingest.core.bodies.reading import codes, reading, refused, said

ODAWARA, HAKONE = ("1420600", "小田原市"), ("1438200", "箱根町")
ON = [("1", "竜巻注意情報", "発表")]
NONE = [("0", "なし", "なし")]


@pytest.mark.parametrize(("hazard", "strength"), [("tornado", "- 3"), ("record_rain", "- 3"), ("landslide", "4 4")])
def test_each_is_as_strong_as_it_is(hazard: str, strength: str) -> None:
    assert said(read, hazard, warnings((*ODAWARA, ON))) == [f"class20:1420600 {hazard} {strength} active"]


def test_where_there_is_nothing_nothing_is_said_but_the_place_was_named() -> None:
    found = reading(read, "tornado", warnings((*ODAWARA, ON), (*HAKONE, NONE)))
    assert [one.area.code for one in found.entries] == ["1420600"]
    assert [area.code for area in found.listed] == ["1420600", "1438200"]


def test_its_release_is_the_end() -> None:
    body = warnings((*ODAWARA, [("1", "解除", "解除")]))
    assert said(read, "landslide", body) == ["class20:1420600 landslide - - released"]


def test_another_word_is_taken_to_be_in_force_and_it_is_said() -> None:
    body = warnings((*ODAWARA, [("3", "警戒", "再開")]))
    assert said(read, "landslide", body) == ["class20:1420600 landslide 4 4 active"]
    assert codes(read, "landslide", body) == [Code.UNKNOWN_STATE]


def test_the_list_of_municipalities_counts_where_there_is_one() -> None:
    body = warnings(("140020", "西部", ON), layer="一次細分区域等") + warnings((*ODAWARA, ON))
    assert said(read, "tornado", body) == ["class20:1420600 tornado - 3 active"]


def test_else_the_list_that_there_is() -> None:
    body = warnings(("140020", "西部", ON), layer="発表細分")
    assert said(read, "record_rain", body) == ["class10:140020 record_rain - 3 active"]


@pytest.mark.parametrize("body", ["", warnings()], ids=["no list", "an empty one"])
def test_without_a_list_it_is_no_all_clear(body: str) -> None:
    assert refused(read, "tornado", body) is Code.NOTHING_LISTED
