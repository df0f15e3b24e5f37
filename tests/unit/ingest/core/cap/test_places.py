from __future__ import annotations

import pytest
from shapely.geometry import box

from schemas.area import AreaCode
from services.ingest.core.cap.message import Circle, Named, NamedArea
from services.ingest.core.cap.places import Placed, Precision, place, places
from tests.telegrams import table

HERE = AreaCode("class20", "1420600")
WHERE = places(table(), {HERE: box(139.0, 35.2, 139.2, 35.3)})


def _at(name: str = "", *geocodes: tuple[str, str], circle: Circle | None = None) -> Placed:
    coded = tuple(Named(*one) for one in geocodes)
    return place(WHERE, NamedArea(name=name, geocodes=coded, circles=(circle,) if circle else ()))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JISX0402", "142069"),
        ("jisX0402", "14206"),
        ("JIS X 0402", " 142069 "),
        ("ooAzaTyouTyouMokuCode", "142060001001"),
        ("class20", "1420600"),
        ("AreaInformationCity", "1420600"),
    ],
)
def test_a_code_of_japan_says_where(name: str, value: str) -> None:
    assert _at("x", (name, value)) == Placed(codes=(HERE,), precision=Precision.GEOCODE)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JISX0402", "142068"),  # a wrong check digit
        ("JISX0402", "1420"),
        ("JISX0402", "99999"),
        ("ooAzaTyouTyouMokuCode", "142"),
        ("class20", "9999999"),
        ("Whatever", "142069"),
    ],
)
def test_one_that_no_table_knows_is_unknown(name: str, value: str) -> None:
    assert _at("x", (name, value)) == Placed(codes=(), precision=Precision.UNKNOWN)


@pytest.mark.parametrize(
    ("name", "value"), [("UGC", "CAZ001"), ("EMMA_ID", "IE015"), ("profile:CAP-CP:Location:0.3", "1")]
)
def test_one_of_another_country_is_elsewhere(name: str, value: str) -> None:
    assert _at("x", (name, value)).precision is Precision.ELSEWHERE


def test_one_of_the_world_that_says_japan_is_not() -> None:
    assert _at("x", ("ISO 3166-2", "JP-14")).precision is Precision.UNKNOWN


def test_geometry_counts_where_no_code_does() -> None:
    assert _at("x", circle=Circle((35.25, 139.1), 1.0)) == Placed(codes=(HERE,), precision=Precision.GEOMETRY)
    assert _at("x", circle=Circle((51.0, 0.1), 1.0)) == Placed(codes=(), precision=Precision.ELSEWHERE)
    assert _at("x", ("UGC", "CAZ001"), circle=Circle((35.25, 139.1), 1.0)).precision is Precision.GEOMETRY


@pytest.mark.parametrize("name", ["小田原市", "神奈川県小田原市"])
def test_a_name_that_only_one_municipality_has(name: str) -> None:
    assert _at(name) == Placed(codes=(HERE,), precision=Precision.NAME)


@pytest.mark.parametrize("name", ["", "小田原", "酒匂川左岸", "県小田原市", "府中市"])
def test_a_name_that_none_or_several_have_is_unknown(name: str) -> None:
    assert _at(name).precision is Precision.UNKNOWN
