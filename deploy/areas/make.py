"""Make `areas.csv` and `aliases.csv` anew, and the boundaries of the cities, from copies of the public tables.

    python deploy/areas/make.py AREAS TELEGRAMS

AREAS is a folder with `jma_area_codes_20241025.csv`, `jma_area_20211006.json` and the GeoJSON files that the `boundary`
tables under `deploy/cities/` name; TELEGRAMS is a folder of recorded telegrams (*.xml). README.md beside this says where
these come from. `wards.csv` and `own.csv` are kept by hand. It prints what it added to the code table, and why.
"""

# ruff: noqa: INP001, T201 - a tool run by hand: no package, and it speaks to a terminal
from __future__ import annotations

import csv
import itertools
import json
import math
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from defusedxml import ElementTree

HERE = Path(__file__).resolve().parent
SPLIT_AT = "2026-05-28T13:00"
"""JST: when JMA put its new municipal areas into use; older telegrams may hold older codes."""
SNAPSHOTS = ("VPWW", "VPHW", "VXWW")
"""Types that list every area of their office."""
WARNINGS = (*SNAPSHOTS, "VPBS")
"""Types from which class20 codes are taken."""
CODES, ENGLISH, TELEGRAMS, OWN = "codes2024", "area2021", "telegrams", "own"
REGIONS = {"nankai": "南海トラフ地震防災対策推進地域", "hokkaido_sanriku": "北海道・三陸沖後発地震の対象地域"}
"""What JMA names by a text alone; the codes are ours. A city says in its file which it lies in."""
DETAIL_DEG = 0.0001
"""About 10 m: finer than that no page of ours draws."""

AREAS_HEADER = """\
# version: {version}
# 出典：気象庁 (source: Japan Meteorological Agency), edited. See README.md beside this for each source, its vintage, licence.
# source: codes2024 = JMA code table as of 2024-10-25 (English from area.json of 2021-10-06); area2021 = that area.json;
# telegrams = named in telegrams recorded up to the version's date. Made by make.py: change that, not this.
"""
ALIASES_HEADER = """\
# 出典：気象庁 (source: Japan Meteorological Agency), edited. An old code and each code that it became.
# Made by make.py: change that, not this.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of areas.csv."""

    scheme: str
    code: str
    name: str
    kana: str = ""
    english: str = ""
    parent: str = ""
    source: str = CODES


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An area that a telegram names."""

    scheme: str
    code: str
    name: str
    reported_at: str
    file: str


def main(areas: Path, telegrams: Path) -> None:
    """Write the tables and the boundaries."""
    named = [area for file in sorted(telegrams.glob("*.xml")) for area in names_in(file)]
    rows = {(row.scheme, row.code): row for row in (*code_table(areas), *regions())}
    aliases = list(older_codes(rows))
    aliases += renew(rows, named)
    for area in sorted(named, key=lambda area: area.reported_at):
        if area.scheme != "class20":
            rows[area.scheme, area.code] = Row(scheme=area.scheme, code=area.code, name=area.name, source=TELEGRAMS)
    add_own_names(rows)
    version = max(area.reported_at for area in named)[:10]
    order = ["center", "office", "class10", "class15", "class20", "quake_area", "tsunami", "volcano", "region"]
    table = sorted(rows.values(), key=lambda row: (order.index(row.scheme), row.code))
    columns = [field.name for field in fields(Row)]
    lines = ([getattr(row, column) for column in columns] for row in table)
    write(HERE / "areas.csv", AREAS_HEADER.format(version=version), [columns, *lines])
    write(HERE / "aliases.csv", ALIASES_HEADER, [["scheme", "old", "new", "why"], *sorted(aliases)])
    for city in sorted((HERE.parent / "cities").glob("*/city.toml")):
        boundary(city, areas)


def code_table(areas: Path) -> Iterator[Row]:
    """Give the code table of 2024 with the English names, and offices, of 2021; the systems above class20 once each."""
    english = json.loads((areas / "jma_area_20211006.json").read_text("utf-8"))
    with (areas / "jma_area_codes_20241025.csv").open(encoding="utf-8") as file:
        codes = list(csv.DictReader(file))
    yield Row(scheme="center", code="010000", name="全国", english="Japan", source=ENGLISH)
    for center, entry in english["centers"].items():
        yield Row(scheme="center", code=center, name=entry["name"], english=entry["enName"], source=ENGLISH)
    kana_of_office = {code["prefcode"]: code["prefname_kn"] for code in codes}
    for office, entry in english["offices"].items():
        kana = kana_of_office.get(office, "")
        yield Row(
            scheme="office",
            code=office,
            name=entry["name"],
            kana=kana,
            english=entry["enName"],
            parent=entry["parent"],
            source=ENGLISH,
        )
    columns = (
        ("class10", "firstarea", lambda code: english["class10s"][code["firstareacode"]]["parent"]),
        ("class15", "matomearea", lambda code: code["firstareacode"]),
        ("class20", "city", lambda code: code["matomeareacode"]),
    )
    for scheme, column, parent in columns:
        for code in codes:
            number = code[f"{column}code"]
            yield Row(
                scheme=scheme,
                code=number,
                name=code[f"{column}name"],
                kana=code[f"{column}name_kn"],
                english=english[f"{scheme}s"].get(number, {}).get("enName", ""),
                parent=parent(code),
            )


def regions() -> Iterator[Row]:
    """Give the regions that have no code of JMA's."""
    for code, name in REGIONS.items():
        yield Row(scheme="region", code=code, name=name, source=OWN)


def older_codes(rows: dict[tuple[str, str], Row]) -> Iterator[list[str]]:
    """Give whole-municipality codes that the table of 2024 had already replaced by parts or wards."""
    parts = defaultdict(list)
    for scheme, code in rows:
        if scheme == "class20":
            parts[code[:5]].append(code)
    for jis5, codes in parts.items():
        if f"{jis5}00" not in codes:
            yield from (["class20", f"{jis5}00", code, "split before 2024-10-25"] for code in codes)
    wards = [code for jis5, codes in parts.items() if "34101" <= jis5 <= "34199" for code in codes]
    yield from (["class20", "3410000", code, "warned by ward since between 2021 and 2024"] for code in wards)


def renew(rows: dict[tuple[str, str], Row], named: list[Named]) -> Iterator[list[str]]:
    """Bring the class20 codes to what telegrams since the split say; give what the replaced codes became.

    A snapshot lists every area of its office, so it is the truth for each municipality in it: what it leaves out is
    replaced by what it lists. A new code in any other telegram is added, and nothing leaves: its siblings are unknown.
    """
    since = [area for area in named if area.scheme == "class20" and area.reported_at >= SPLIT_AT]
    listed: dict[tuple[str, str], list[Named]] = defaultdict(list)
    for area in since:
        listed[area.file, area.code[:5]].append(area)
    for (file, jis5), areas in sorted(listed.items(), key=lambda item: (item[1][0].reported_at, item[0])):
        before = [code for scheme, code in rows if scheme == "class20" and code[:5] == jis5]
        new = {area.code: area for area in areas if area.code not in before}
        for code, area in new.items():
            parent = rows["class20", before[0]].parent
            rows["class20", code] = Row(scheme="class20", code=code, name=area.name, parent=parent, source=TELEGRAMS)
            print(f"added {code} {area.name}: named by {file}")
        if file.startswith(SNAPSHOTS):
            now = {area.code for area in areas}
            for old in sorted(set(before) - now):
                print(f"replaced {old} {rows.pop(('class20', old)).name}: {file} lists {', '.join(sorted(now))}")
                yield from (["class20", old, code, "split 2026-05-28"] for code in sorted(now))


def boundary(city: Path, areas: Path) -> None:
    """Write the city's boundary.geojson: one feature, or one for each of the codes that its `boundary` table names."""
    about = tomllib.loads(city.read_text("utf-8"))
    wanted = about["boundary"]
    features = json.loads((areas / wanted["file"]).read_text("utf-8"))["features"]
    groups: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for feature in features:
        properties, geometry = feature["properties"], feature["geometry"]
        code = properties.get("N03_007", wanted["codes"][0])
        if code in wanted["codes"]:
            name = properties["N03_004"] if len(wanted["codes"]) > 1 else about["name"]["ja"]
            polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
            groups[code, name] += [
                [turned(simpler(ring), at == 0) for at, ring in enumerate(polygon)] for polygon in polygons
            ]
    collection = {
        "type": "FeatureCollection",
        "source": wanted["source"],
        "vintage": wanted["vintage"],
        "features": [
            {
                "type": "Feature",
                "properties": {"code": code, "name": name},
                "geometry": {"type": "MultiPolygon", "coordinates": polygons},
            }
            for (code, name), polygons in groups.items()
        ],
    }
    text = json.dumps(collection, ensure_ascii=False, separators=(",", ":"))
    (city.parent / "boundary.geojson").write_text(
        text.replace('{"type":"Feature"', '\n{"type":"Feature"') + "\n", "utf-8"
    )


def turned(ring: list[list[float]], outer: bool) -> list[list[float]]:
    """Turn a ring as RFC 7946 3.1.6 wants it: the outer one against the clock, a hole with it."""
    area = sum(ax * by - bx * ay for (ax, ay), (bx, by) in itertools.pairwise(ring))
    return ring if (area > 0) is outer else ring[::-1]


def simpler(ring: list[list[float]]) -> list[list[float]]:
    """Leave out points nearer than DETAIL_DEG to the line through their neighbours (Douglas and Peucker), keep it closed.

    The ring is cut at the point farthest from its first, as its two ends are one. A rock in the sea keeps its corners.
    """
    far = max(range(len(ring)), key=lambda index: distance(ring[index], ring[0], ring[0]))
    kept = [*thinned(ring[: far + 1])[:-1], *thinned(ring[far:])]
    return [[round(x, 5), round(y, 5)] for x, y in (kept if len(kept) >= 4 else ring)]


def thinned(line: list[list[float]]) -> list[list[float]]:
    """Thin an open line; its two ends stay."""
    keep, open_ends = {0, len(line) - 1}, [(0, len(line) - 1)]
    while open_ends:
        first, last = open_ends.pop()
        if last - first < 2:
            continue
        index = max(range(first + 1, last), key=lambda at: distance(line[at], line[first], line[last]))
        if distance(line[index], line[first], line[last]) > DETAIL_DEG:
            keep.add(index)
            open_ends += [(first, index), (index, last)]
    return [line[index] for index in sorted(keep)]


def distance(point: list[float], start: list[float], end: list[float]) -> float:
    """Give the distance of a point from a stretch, in degrees of latitude (longitude shrunk by cos 35°)."""
    (px, py), (sx, sy), (ex, ey) = ((x * 0.819, y) for x, y in (point, start, end))
    length = (ex - sx) ** 2 + (ey - sy) ** 2
    along = 0.0 if length == 0 else min(1.0, max(0.0, ((px - sx) * (ex - sx) + (py - sy) * (ey - sy)) / length))
    return math.hypot(px - sx - along * (ex - sx), py - sy - along * (ey - sy))


def names_in(file: Path) -> Iterator[Named]:
    """Give the municipalities, quake areas, tsunami areas and volcanoes that a telegram names."""
    root: Any = ElementTree.parse(file).getroot()
    reported_at: str = next(element.text for element in root.iter() if tag(element) == "ReportDateTime")
    for scheme, element in named_elements(root, file.name):
        named = {tag(child): (child.text or "").strip() for child in element}
        if named.get("Code", "").isdigit():
            yield Named(scheme=scheme, code=named["Code"], name=named["Name"], reported_at=reported_at, file=file.name)


def named_elements(root: Any, file: str) -> Iterator[tuple[str, Any]]:
    """Find the elements by where they stand: a code alone does not say which system it belongs to.

    Earthquake telegrams number wards like class20 areas, so no class20 is taken from them.
    """
    for element in root.iter():
        local, kind = tag(element), element.get("codeType", "")
        if local == "Pref":
            yield from (("quake_area", area) for area in element if tag(area) == "Area")
        elif local == "Areas" and kind == "火山名":
            yield from (("volcano", area) for area in element)
        elif local == "Forecast" and file.startswith("VTSE"):
            yield from (("tsunami", area) for item in element for area in item if tag(area) == "Area")
        elif local == "Area" and kind != "高潮予報区間" and file.startswith(WARNINGS):
            yield from [("class20", element)] if len(element.findtext("{*}Code", "")) == 7 else []


def tag(element: Any) -> str:
    """Give an element's local name: JMA's namespaces say nothing that the type does not."""
    return str(element.tag).rpartition("}")[2]


def add_own_names(rows: dict[tuple[str, str], Row]) -> None:
    """Put our own readings and English names where the tables have none."""
    with (HERE / "own.csv").open(encoding="utf-8") as file:
        for own in csv.DictReader(line for line in file if not line.startswith("#")):
            key = own["scheme"], own["code"]
            rows[key] = replace(
                rows[key], kana=rows[key].kana or own["kana"], english=rows[key].english or own["english"]
            )


def write(path: Path, header: str, rows: Iterable[list[str]]) -> None:
    """Write a CSV under its header."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(header)
        csv.writer(file, lineterminator="\n").writerows(rows)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
