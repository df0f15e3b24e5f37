"""The area tables and cities that are delivered: complete, consistent, and what recorded telegrams say."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from defusedxml import ElementTree

from schemas.area import AreaCode, AreaTable, Scheme, UnknownArea, ancestors, area_code, class20_of, name, resolve
from services.runtime.cities import (
    CityUnusable,
    city_ids,
    deploy_dir,
    load_boundary,
    load_city,
    load_table,
)

DEPLOY = deploy_dir()
CITIES = ("hiratsuka", "kawasaki", "odawara", "zushi")


@pytest.fixture(scope="module")
def table() -> AreaTable:
    return load_table(DEPLOY)


def areas(text: str) -> tuple[AreaCode, ...]:
    read = [area_code(one) for one in text.split()]
    return tuple(one for one in read if isinstance(one, AreaCode))


class TestTheNationalTable:
    def test_holds_the_country(self, table: AreaTable) -> None:
        count = {scheme: sum(area.scheme == scheme for area in table.entries) for scheme in map(str, Scheme)}
        assert (count["office"], count["class10"], count["class15"], count["tsunami"]) == (58, 142, 375, 66)
        assert count["class20"] == 1788 - 3 + 8  # three cities replaced by seven parts, one part more of 伊那市
        assert len({area.code[:2] for area in table.entries if area.scheme == "class20"}) == 47

    def test_gives_every_municipality_its_district_region_and_office(self, table: AreaTable) -> None:
        lost = [
            code for codes in table.parts.values() for code in codes if isinstance(ancestors(table, code), UnknownArea)
        ]
        assert lost == []

    def test_names_everything_in_all_three_languages(self, table: AreaTable) -> None:
        assert name(table, AreaCode("class20", "1420600"), "ja") == "小田原市"
        assert name(table, AreaCode("class20", "1420600"), "easy") == "おだわらし"
        assert name(table, AreaCode("class20", "1420600"), "en") == "Odawara City"
        assert name(table, AreaCode("tsunami", "330"), "en") == "Sagami Bay and Miura Peninsula"
        assert name(table, AreaCode("tsunami", "330"), "ja") == "相模湾・三浦半島"

    @pytest.mark.parametrize(
        ("code", "now"),
        [
            ("class20:1410000", "class20:1410011 class20:1410012"),
            ("class20:1415000", "class20:1415011 class20:1415012"),
            ("class20:1620100", "class20:1620111 class20:1620112 class20:1620113"),
            ("class20:4621500", "class20:4621501 class20:4621502"),
            ("quake_city:1410100", "class20:1410011 class20:1410012"),
            ("quake_city:1411800", "class20:1410011 class20:1410012"),
            ("quake_city:1413100", "class20:1413000"),
            ("quake_city:1413700", "class20:1413000"),
            ("quake_city:1415300", "class20:1415011 class20:1415012"),
            ("quake_city:2210300", "class20:2210001 class20:2210002"),
            ("quake_city:2213100", "class20:2213001 class20:2213002"),
            ("quake_city:2214000", "class20:2213001 class20:2213002"),
            ("quake_city:2712800", "class20:2710000"),
            ("quake_city:2714100", "class20:2714000"),
            ("quake_city:3410500", "class20:3410500"),
            ("quake_city:4010900", "class20:4010000"),
            ("quake_city:4013700", "class20:4013000"),
            ("quake_city:1310100", "class20:1310100"),
            ("quake_city:2020900", "class20:2020900 class20:2020911"),
        ],
    )
    def test_leads_to_the_codes_of_today(self, table: AreaTable, code: str, now: str) -> None:
        assert resolve(table, areas(code)[0]) == areas(now)

    def test_places_an_unheard_of_part_of_a_split_city(self, table: AreaTable) -> None:
        unknown = resolve(table, AreaCode("class20", "2020111"))
        assert unknown == UnknownArea(area=AreaCode("class20", "2020111"), within=areas("class20:2020100"))

    def test_knows_the_twenty_designated_cities_and_keeps_their_wards_apart(self, table: AreaTable) -> None:
        assert len(table.wards) == 20
        assert not [wards for wards in table.wards if isinstance(class20_of(table, wards.jis5), UnknownArea)]
        assert all(before.last < after.jis5 for before, after in pairwise(table.wards))

    @pytest.mark.parametrize("file", ["areas.csv", "aliases.csv"])
    def test_names_its_source(self, file: str) -> None:
        assert "出典：気象庁" in (DEPLOY / "areas" / file).read_text("utf-8")


class TestRecordedTelegrams:
    def test_of_2026_name_only_municipalities_that_the_table_knows(self, table: AreaTable, samples: Path) -> None:
        seen = {area for file in recorded(samples, "VPWW", "VPHW", "VXWW") for area in class20_in(file)}
        assert len(seen) > 200
        assert [area for area in sorted(seen) if resolve(table, area) != (area,)] == []

    def test_name_only_wards_of_designated_cities_that_the_table_knows(self, table: AreaTable, samples: Path) -> None:
        wards = {
            area
            for file in samples.glob("jma/VXSE53*.xml")
            for area in quake_cities_in(file)
            if "101" <= area[2:5] <= "199"
        }
        assert len(wards) > 20
        assert not [ward for ward in wards if isinstance(resolve(table, AreaCode("quake_city", ward)), UnknownArea)]

    def test_make_the_delivered_tables_and_boundaries(self, samples: Path, tmp_path: Path) -> None:
        copied = shutil.copytree(DEPLOY, tmp_path / "deploy")
        made = [copied / "areas" / "areas.csv", copied / "areas" / "aliases.csv", *copied.glob("cities/*/*.geojson")]
        for file in made:
            file.unlink()
        command = [sys.executable, *map(str, (copied / "areas" / "make.py", samples / "areas", samples / "jma"))]
        subprocess.run(command, check=True, capture_output=True)
        changed = [file.name for file in made if file.read_bytes() != (DEPLOY / file.relative_to(copied)).read_bytes()]
        assert changed == []


def recorded(samples: Path, *types: str) -> Iterator[Path]:
    for file in samples.glob("jma/*__live-*.xml"):
        if file.name.startswith(types):
            yield file


def class20_in(file: Path) -> Iterator[AreaCode]:
    root: Any = ElementTree.parse(file).getroot()
    for code in root.iterfind(".//{*}Area/{*}Code"):
        if len(code.text) == 7:
            yield AreaCode("class20", code.text)


def quake_cities_in(file: Path) -> Iterator[str]:
    root: Any = ElementTree.parse(file).getroot()
    yield from (code.text for code in root.iterfind(".//{*}City/{*}Code"))


class TestTheDeliveredCities:
    def test_are_the_demo_city_and_its_neighbours(self) -> None:
        assert city_ids(DEPLOY) == CITIES

    @pytest.mark.parametrize("city_id", CITIES)
    def test_are_known_by_the_table_and_let_no_drill_through_by_default(self, table: AreaTable, city_id: str) -> None:
        city = load_city(DEPLOY, city_id, table)
        assert [name(table, area) for area in city.class20] == [city.name.ja]
        assert [name(table, area, "easy") for area in city.class20] == [city.name.easy]
        assert [name(table, area, "en") for area in city.class20] == [city.name.en]
        assert city.offices == areas("office:140000")
        assert city.drills_from_feeds == ()
        assert not [area for area in city.own if area.scheme in {"flood_area", "river", "surge"}]

    def test_odawara_watches_itself_in_every_system_and_its_neighbours(self, table: AreaTable) -> None:
        city = load_city(DEPLOY, "odawara", table)
        assert city.own == set(
            areas(
                "class20:1420600 class15:140024 class10:140020 office:140000 quake_area:361 quake_city:1420600 "
                "tsunami:330 volcano:315 center:010300 region:nankai"
            )
        )
        assert city.watch - city.own == set(
            areas(
                "class20:1420800 class20:1420300 class20:1413000 class15:140011 class15:140012 class15:140013 "
                "class10:140010 quake_area:360 quake_city:1420800 quake_city:1420300 quake_city:1413100 "
                "quake_city:1413200 quake_city:1413300 quake_city:1413400 quake_city:1413500 quake_city:1413600 "
                "quake_city:1413700 tsunami:312"
            )
        )

    def test_odawara_has_an_invented_river_in_the_demo_and_says_so(self, table: AreaTable) -> None:
        city = load_city(DEPLOY, "odawara", table)
        invented = areas("flood_area:999999000100 river:9999990001")
        assert city.watch.isdisjoint(invented)
        assert city.with_demo().watch >= set(invented)
        assert all("訓練用" in entry.name.ja and "drill" in entry.name.en for entry in city.demo)


class TestTheBoundaries:
    @pytest.mark.parametrize(
        ("city_id", "km2", "inside"),
        [
            ("odawara", 113.6, (139.1536, 35.2508)),  # the castle
            ("zushi", 17.3, (139.5800, 35.2960)),  # the station
            ("hiratsuka", 67.8, (139.3497, 35.3277)),  # the station
            ("kawasaki", 144.0, (139.7030, 35.5308)),  # the city hall
        ],
    )
    def test_have_the_citys_size_and_place(self, city_id: str, km2: float, inside: tuple[float, float]) -> None:
        polygons = outline(city_id)
        assert sum(square_km(polygon) for polygon in polygons) == pytest.approx(km2, rel=0.02)
        assert [city for city in CITIES if any(holds(polygon, inside) for polygon in outline(city))] == [city_id]

    @pytest.mark.parametrize("city_id", CITIES)
    def test_are_small_closed_and_name_their_source(self, city_id: str) -> None:
        raw = load_boundary(DEPLOY, city_id)
        assert len(raw) < 100_000
        assert "国土数値情報" in json.loads(raw)["source"]
        assert all(ring[0] == ring[-1] and len(ring) >= 4 for polygon in outline(city_id) for ring in polygon)


Polygon = list[list[list[float]]]


def outline(city_id: str) -> list[Polygon]:
    features = json.loads(load_boundary(DEPLOY, city_id))["features"]
    return [polygon for feature in features for polygon in feature["geometry"]["coordinates"]]


def square_km(polygon: Polygon) -> float:
    """Positive where the outer ring runs against the clock, as RFC 7946 wants; good to a percent at 35° north."""
    return sum((ax * by - bx * ay) / 2 for ring in polygon for (ax, ay), (bx, by) in pairwise(ring)) * 110.9 * 90.9


def holds(polygon: Polygon, point: tuple[float, float]) -> bool:
    x, y = point
    crossed = [
        (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax
        for ring in polygon
        for (ax, ay), (bx, by) in pairwise(ring)
    ]
    return sum(crossed) % 2 == 1


class TestDamagedFiles:
    @pytest.mark.parametrize("city_id", ["atlantis", "../areas", "", "odawara/../zushi"])
    def test_a_city_that_is_not_there_is_refused_with_those_that_are(self, table: AreaTable, city_id: str) -> None:
        with pytest.raises(CityUnusable, match="hiratsuka, kawasaki, odawara, zushi") as refused:
            load_city(DEPLOY, city_id, table)
        assert refused.value.code == "E6003"

    def test_a_missing_table_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(CityUnusable, match=r"areas\.csv cannot be read"):
            load_table(deploy_dir(str(tmp_path)))

    def test_a_damaged_table_is_refused_with_its_line(self, tmp_path: Path) -> None:
        copied = shutil.copytree(DEPLOY / "areas", tmp_path / "areas").parent
        (copied / "areas" / "areas.csv").write_text("# version: 1\nscheme,code\n", "utf-8")
        with pytest.raises(CityUnusable, match="E1302 line 2"):
            load_table(copied)

    @pytest.mark.parametrize(
        ("before", "after", "reason"),
        [
            ('jis5 = "14208"', 'jis5 = "99999"', "E1303"),
            ('id = "zushi"', 'id = "zuschi"', "calls itself 'zuschi'"),
        ],
    )
    def test_a_damaged_city_is_refused_also_as_a_neighbour(
        self, table: AreaTable, tmp_path: Path, before: str, after: str, reason: str
    ) -> None:
        copied = shutil.copytree(DEPLOY / "cities", tmp_path / "cities").parent
        file = copied / "cities" / "zushi" / "city.toml"
        file.write_text(file.read_text("utf-8").replace(before, after), "utf-8")
        with pytest.raises(CityUnusable, match=reason):
            load_city(copied, "odawara", table)
