"""What an alert's area means to people who follow municipalities."""

from __future__ import annotations

import pytest

from schemas.area import AreaCode, AreaTable, City, parse_city, parse_table
from services.dispatcher.core.places import Covers, above, covers, current, municipalities
from tests.factories import a_device

AREAS = """# version: test
scheme,code,name,kana,english,parent
office,140000,神奈川県,,,
class10,140020,西部,,,140000
class15,140024,西湘,,,140020
class20,1420600,小田原市,おだわらし,Odawara,140024
class20,1438200,箱根町,はこねまち,Hakone,140024
class20,1410000,横浜市,よこはまし,Yokohama,140024
class20,1420800,逗子市,ずしし,Zushi,140024
"""
ALIASES = """scheme,old,new
class20,1420699,1420600
"""
WARDS = """jis5,first,last
14100,14101,14118
"""
ODAWARA = """
id = "odawara"
jis5 = "14206"
neighbours = []
drills_from_feeds = []
name = { ja = "小田原市", easy = "おだわらし", en = "Odawara" }
prefecture = { ja = "神奈川県", easy = "かながわけん", en = "Kanagawa" }
[watch]
tsunami = ["330"]
quake_city = ["1420600"]
flood_area = []
"""
ZUSHI = (
    ODAWARA.replace("odawara", "zushi")
    .replace("14206", "14208")
    .replace("quake_city", "volcano")
    .replace("1420800", "315")
)


@pytest.fixture(scope="module")
def covered() -> Covers:
    table = parse_table(AREAS, ALIASES, WARDS)
    assert isinstance(table, AreaTable), table
    own, neighbour = parse_city(ODAWARA, table), parse_city(ZUSHI, table)
    assert isinstance(own, City), own
    assert isinstance(neighbour, City), neighbour
    return covers(own.with_neighbours([neighbour]), [neighbour], table)


def town(code: str) -> AreaCode:
    return AreaCode("class20", code)


@pytest.mark.parametrize(
    ("area", "meant"),
    [
        (town("1420600"), ["1420600"]),
        (town("1420699"), ["1420600"]),
        (AreaCode("quake_city", "1420600"), ["1420600"]),
        (AreaCode("class15", "140024"), ["1410000", "1420600", "1420800", "1438200"]),
        (AreaCode("office", "140000"), ["1410000", "1420600", "1420800", "1438200"]),
        (AreaCode("tsunami", "330"), ["1420600", "1420800"]),
    ],
    ids=str,
)
def test_an_area_means_the_municipalities_in_it_or_those_that_listen_to_it(
    covered: Covers, area: AreaCode, meant: list[str]
) -> None:
    assert municipalities(covered, area) == tuple(map(town, meant))


def test_a_municipality_that_nobody_lists_means_itself_and_another_area_nobody() -> None:
    assert municipalities({}, town("1320100")) == (town("1320100"),)
    assert municipalities({}, AreaCode("tsunami", "330")) == ()


def test_larger_areas_are_those_that_mean_several_municipalities(covered: Covers) -> None:
    larger = above(covered)
    assert {str(area) for area in larger[town("1438200")]} == {"class15:140024", "class10:140020", "office:140000"}
    assert AreaCode("tsunami", "330") in larger[town("1420600")]
    assert all(area not in larger for area in larger[town("1420600")])
    assert above({}) == {}


def test_a_place_that_was_chosen_before_a_change_of_the_table_is_followed_as_it_is_now() -> None:
    covered = {town("1420699"): (town("1420600"), town("1438200")), town("1420600"): (town("1420600"),)}
    old, new = a_device(place=town("1420699"), min_rank=4), a_device(place=town("1420600"))
    assert [(place.area.code, place.min_rank) for place in current(old, covered).places] == [
        ("1420600", 4),
        ("1438200", 4),
    ]
    assert current(new, covered) is new


def test_a_place_of_which_nobody_knows_anything_stays_as_it_is() -> None:
    nowhere = a_device(place=AreaCode("somebody's", "1"))
    assert current(nowhere, {}) == nowhere
