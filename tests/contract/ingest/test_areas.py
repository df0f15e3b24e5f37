"""`hansho areas` on a copy of `deploy/`."""

from __future__ import annotations

import argparse
import io
import json
import shutil
from pathlib import Path

import pytest

from schemas.area import AreaCode, resolve
from services.ingest import areas
from services.ingest.areas import ImportRefused
from services.runtime.cities import deploy_dir, load_boundary, load_table


@pytest.fixture
def deploy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(deploy_dir(), tmp_path / "deploy"))


def hansho(deploy: Path, *words: str) -> tuple[int, list[str]]:
    parser, out = argparse.ArgumentParser(), io.StringIO()
    areas.arguments(parser)
    code = areas.main(parser.parse_args(["--deploy-dir", str(deploy), *words]), out)
    return code, out.getvalue().splitlines()


def area_json(folder: Path, **towns: str) -> str:
    file = folder / "area.json"
    named = {code.removeprefix("c"): {"name": name, "parent": "140024"} for code, name in towns.items()}
    file.write_text(json.dumps({"class20s": named}), "utf-8")
    return str(file)


def test_lists_a_system_or_what_has_a_word(deploy: Path) -> None:
    _, lines = hansho(deploy, "list", "--scheme", "tsunami", "相模湾")
    assert lines == [
        f"# version {load_table(deploy).version}",
        "tsunami:330  相模湾・三浦半島  さがみわん・みうらはんとう  Sagami Bay and Miura Peninsula",
    ]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("class20:1420600", "cities that it concerns: odawara"),
        ("14206", "団体コード 142069"),
        ("小田原市", "lies in: office:140000 神奈川県"),
        ("class20:1410000", "today: class20:1410011 横浜市北部, class20:1410012 横浜市南部"),
        ("横浜市北部", "before: class20:1410000"),
        ("tsunami:330", "cities that it concerns: hiratsuka, odawara, zushi"),
        ("quake_city:1413100", "today: class20:1413000 川崎市"),
        ("flood_area:820209000400", "cities that it concerns: none"),
    ],
)
def test_explains_what_a_code_means_was_and_lies_in(deploy: Path, asked: str, said: str) -> None:
    code, lines = hansho(deploy, "explain", asked)
    assert code == 0
    assert any(said in line for line in lines), lines


@pytest.mark.parametrize("asked", ["class20:9999999", "99999", "無い町"])
def test_says_what_it_does_not_know(deploy: Path, asked: str) -> None:
    code, lines = hansho(deploy, "explain", asked)
    assert code == 1
    assert lines[0].startswith("E1301")


def test_a_city_that_is_split_by_a_newer_table_is_led_to_its_parts(deploy: Path, tmp_path: Path) -> None:
    file = area_json(tmp_path, c1420611="小田原市東部", c1420612="小田原市西部")
    _, tried = hansho(deploy, "import", file, "--version", "2027-05-01", "--dry-run")
    assert "  class20:1420600 → 1420611, 1420612" in tried
    before = load_table(deploy)
    assert AreaCode("class20", "1420600") in before.entries
    hansho(deploy, "import", file, "--version", "2027-05-01")
    after = load_table(deploy)
    assert after.version == "2027-05-01"
    assert resolve(after, AreaCode("class20", "1420600")) == (
        AreaCode("class20", "1420611"),
        AreaCode("class20", "1420612"),
    )
    assert len(after.entries) == len(before.entries) + 1


@pytest.mark.parametrize(
    "content", ["{", "{}", "citycode\n1\n", '{"class20s": {"1420611": {"name": "町", "parent": "999999"}}}']
)
def test_what_would_damage_the_table_changes_nothing(deploy: Path, tmp_path: Path, content: str) -> None:
    file = tmp_path / "bad.txt"
    file.write_text(content, "utf-8")
    before = (deploy / "areas" / "areas.csv").read_bytes()
    with pytest.raises(ImportRefused):
        hansho(deploy, "import", str(file), "--version", "2027-05-01")
    assert (deploy / "areas" / "areas.csv").read_bytes() == before


def test_an_older_table_would_undo_splits(deploy: Path, tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="older"):
        hansho(deploy, "import", area_json(tmp_path, c1410000="横浜市"), "--version", "2021-10-06")


def test_a_missing_file_is_said(deploy: Path) -> None:
    with pytest.raises(ImportRefused):
        hansho(deploy, "import", "missing.json")
    with pytest.raises(ImportRefused):
        hansho(deploy, "import", "missing.json", "--version", "2027-05-01")


def test_an_outline_is_a_city_s(deploy: Path, tmp_path: Path) -> None:
    ring = [[139.0, 35.0], [139.1, 35.0], [139.1, 35.1], [139.0, 35.0]]
    file = tmp_path / "n03.geojson"
    features = [
        {"properties": {"N03_007": code}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        for code in ("14206", "14208")
    ]
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    _, lines = hansho(deploy, "import", str(file), "--city", "odawara", "--source", "国土数値情報")
    assert lines == ["小田原市: 1 polygons, 0 KB"]
    made = json.loads(load_boundary(deploy, "odawara"))
    assert (made["source"], made["features"][0]["geometry"]["coordinates"]) == ("国土数値情報", [[ring]])
    with pytest.raises(ImportRefused):
        hansho(deploy, "import", str(file), "--city", "kawasaki")


def test_the_published_files_can_be_imported(deploy: Path, samples: Path) -> None:
    folder = samples / "areas"
    _, lines = hansho(deploy, "import", str(folder / "kanagawa_jma_areas_2026.json"), "--version", "2026-09-01")
    assert lines[:3] == ["0 added", "0 changed", "0 replaced"]
    hansho(deploy, "import", str(folder / "jma_area_codes_20241025.csv"), "--version", "2026-09-02", "--dry-run")
    for name in ("topojson", "geojson"):
        national = folder / f"japan_municipalities_n03_2021_s0001_designated_city.{name}"
        _, [said] = hansho(deploy, "import", str(national), "--city", "odawara", "--dry-run")
        assert said.startswith("小田原市: 5 polygons")
