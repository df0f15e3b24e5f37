"""`hansho areas`: list what the national table has, explain one area, import newer tables and outlines into `deploy/`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, TextIO

from schemas.area import (
    AreaCode,
    AreaTable,
    Scheme,
    TableDefect,
    UnknownArea,
    area_code,
    class20_of,
    lgcode6,
    parse_table,
    resolve,
)
from services.ingest.core import area_tables
from services.ingest.core.area_tables import Renewed
from services.ingest.core.boundary import BoundaryDefect, boundary, shapes
from services.runtime.cities import city_ids, deploy_dir, load_city, load_table
from services.runtime.errors import HanshoError

LISTED_MAX = 20
"""Areas of one kind of change that are named; of more only their number."""


class ImportRefused(HanshoError):
    """A file that cannot be imported: nothing was changed."""

    code: ClassVar[str] = "E6021"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The actions and what they take."""
    parser.add_argument("--deploy-dir", default="", help="the folder deploy/; empty: the project's own")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="the areas of the national table, or those whose code or name has WORD")
    listing.add_argument("word", nargs="?", default="")
    listing.add_argument("--scheme", default="", help="only one system: class20, office, tsunami …")
    explain = actions.add_parser("explain", help="what a code means, was, lies in, and which cities listen to it")
    explain.add_argument(
        "area", nargs="+", help="class20:1420600, tsunami:330, a JIS code (14206) or a name (小田原市)"
    )
    bring = actions.add_parser("import", help="JMA's area.json or code table, or a city's outline (GeoJSON, TopoJSON)")
    bring.add_argument("file")
    bring.add_argument("--version", default="", help="date of the table; empty: when the file was last changed")
    bring.add_argument("--city", default="", help="the file is an outline, and of this city")
    bring.add_argument("--source", default="", help="of an outline: whose data it is, to be named where it is drawn")
    bring.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")


def main(options: argparse.Namespace, out: TextIO) -> int:
    """Do what was asked; 1 when an area is unknown. Raises `ImportRefused`, `CityUnusable`."""
    deploy = deploy_dir(options.deploy_dir)
    if options.action == "list":
        return _print(listed(load_table(deploy), options.scheme, options.word), out)
    if options.action == "explain":
        lines = [line for area in options.area for line in explained(deploy, load_table(deploy), area)]
        _print(lines, out)
        return 1 if any(line.startswith("E1301") for line in lines) else 0
    bring = import_outline if options.city else import_table
    return _print(bring(deploy, options), out)


def _print(lines: Iterable[str], out: TextIO) -> int:
    for line in lines:
        print(line, file=out)
    return 0


# --- list and explain ---


def listed(table: AreaTable, scheme: str, word: str) -> Iterator[str]:
    """A line an area: code, name, reading, English name, what it lies in."""
    yield f"# version {table.version}"
    for area, entry in table.entries.items():
        names = (entry.name.ja, entry.name.easy, entry.name.en)
        if (not scheme or area.scheme == scheme) and any(word in text for text in (str(area), *names)):
            within = f"  in {entry.parent}" if entry.parent else ""
            yield f"{area}  {'  '.join(dict.fromkeys(names))}{within}"


def explained(deploy: Path, table: AreaTable, asked: str) -> Iterator[str]:
    """What is known of an area, in lines."""
    found = tuple(_meant(table, asked))
    if not found:
        yield f"E1301 unknown area {asked}: `hansho areas list {asked}` searches; renew deploy/areas if it is real"
    cities = {city_id: load_city(deploy, city_id, table) for city_id in city_ids(deploy)}
    for area in found:
        now = resolve(table, area)
        if isinstance(now, UnknownArea):
            yield str(now)
            continue
        entry = table.entries.get(area)
        unnamed = "(an old code)" if area in table.aliases else "(of the right form; this system's names are not held)"
        yield f"{area}  {entry.name.ja if entry else unnamed}"
        if now != (area,):
            yield f"  today: {', '.join(_called(table, one) for one in now)}"
        before = [str(old) for old, new in table.aliases.items() if area in new]
        if before:
            yield f"  before: {', '.join(before)}"
        yield from (f"  lies in: {_called(table, upper)}" for upper in _above(table, area))
        if area.scheme == Scheme.CLASS20 and area in table.entries:
            yield f"  JIS X 0402: {area.code[:5]}, 団体コード {lgcode6(area.code[:5])}"
        listening = [city_id for city_id, city in cities.items() if not city.own.isdisjoint((area, *now))]
        yield f"  cities that it concerns: {', '.join(listening) or 'none'}"
        yield f"  table version {table.version}"


def _meant(table: AreaTable, asked: str) -> Iterator[AreaCode]:
    if asked.isascii() and asked.isdigit() and len(asked) == len("14206"):
        found = class20_of(table, asked)
        yield from () if isinstance(found, UnknownArea) else found
    elif ":" in asked and isinstance(area := area_code(asked), AreaCode):
        yield area
    else:
        yield from (area for area, entry in table.entries.items() if asked in {entry.name.ja, area.code})


def _called(table: AreaTable, area: AreaCode) -> str:
    entry = table.entries.get(area)
    return f"{area} {entry.name.ja}" if entry else str(area)


def _above(table: AreaTable, area: AreaCode) -> Iterator[AreaCode]:
    entry = table.entries.get(area)
    while entry is not None and entry.parent is not None:
        yield entry.parent
        entry = table.entries.get(entry.parent)


# --- import ---


def import_table(deploy: Path, options: argparse.Namespace) -> Iterator[str]:
    """Merge a table into `areas.csv` and `aliases.csv`; both are written together or not at all."""
    file, folder = Path(options.file), deploy / "areas"
    version = options.version or f"{datetime.fromtimestamp(_modified(file), UTC):%Y-%m-%d}"
    text, current = _text(file), load_table(deploy).version
    if version < current:
        raise ImportRefused(
            f"{file} is of {version}, the table of {current}: an older one would undo splits. --version says otherwise"
        )
    source = file.stem
    found = (
        area_tables.read_json(_json(file, text), source)
        if text.lstrip().startswith("{")
        else area_tables.read_codes(text, source)
    )
    if isinstance(found, TableDefect):
        raise ImportRefused(f"{file} line {found.line}: {found.reason}. Give JMA's area.json or its code table as CSV")
    areas, aliases = _text(folder / "areas.csv"), _text(folder / "aliases.csv")
    made = area_tables.renew(area_tables.rows_of(areas), area_tables.aliases_of(aliases), found, version)
    new = (
        area_tables.written(made.rows, _header(areas, version)),
        area_tables.written_aliases(made.aliases, _header(aliases)),
    )
    sound = parse_table(*new, _text(folder / "wards.csv"))
    if isinstance(sound, TableDefect):
        raise ImportRefused(f"{file} would damage the table (line {sound.line}: {sound.reason}): nothing was changed")
    yield from _said(made)
    if options.dry_run:
        yield "nothing was written (--dry-run)"
        return
    for name, content in zip(("areas.csv", "aliases.csv"), new, strict=True):
        _replace(folder / name, content)
    yield f"{folder}: version {version}; people's places are resolved anew at the next start"


def import_outline(deploy: Path, options: argparse.Namespace) -> Iterator[str]:
    """Write a city's `boundary.geojson`."""
    file = Path(options.file)
    city = load_city(deploy, options.city, load_table(deploy))
    found = shapes(_json(file, _text(file)))
    made = (
        found
        if isinstance(found, BoundaryDefect)
        else boundary(
            found,
            (city.jis5,),
            city.name.ja,
            source=options.source or file.name,
            vintage=options.version or file.stem,
        )
    )
    if isinstance(made, BoundaryDefect):
        raise ImportRefused(f"{file}: {made.reason}. Nothing was changed")
    text = json.dumps(made, ensure_ascii=False, separators=(",", ":"))
    yield f"{city.name.ja}: {len(made['features'][0]['geometry']['coordinates'])} polygons, {len(text) / 1000:.0f} KB"
    if not options.dry_run:
        _replace(deploy / "cities" / city.id / "boundary.geojson", text + "\n")


def _said(made: Renewed) -> Iterator[str]:
    yield from _some("added", (f"{row.scheme}:{row.code} {row.name}" for row in made.added))
    yield from _some("changed", (f"{old.scheme}:{old.code} {old.name} → {new.name}" for old, new in made.changed))
    yield from _some("replaced", (f"class20:{old} → {', '.join(new)}" for old, new in made.replaced))
    yield from _some("listed no more, kept", (f"{row.scheme}:{row.code} {row.name}" for row in made.unlisted))


def _some(what: str, lines: Iterable[str]) -> Iterator[str]:
    every = list(lines)
    yield f"{len(every)} {what}"
    yield from (f"  {line}" for line in every[:LISTED_MAX])


def _header(text: str, version: str = "") -> str:
    lines = [line for line in text.splitlines(keepends=True) if line.startswith("#")]
    return "".join(f"# version: {version}\n" if version and line.startswith("# version:") else line for line in lines)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ImportRefused(f"{file} cannot be read ({error})") from error


def _modified(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError as error:
        raise ImportRefused(f"{file} cannot be read ({error})") from error


def _json(file: Path, text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ImportRefused(f"{file} is no JSON ({error})") from error


def _replace(file: Path, content: str) -> None:
    """Written whole, or not."""
    beside = file.with_suffix(f"{file.suffix}.new")
    beside.write_text(content, "utf-8")
    beside.replace(file)
