"""Areas: what a code means, what it was before, what it lies in, and which codes concern a city.

An area is (scheme, code), never a bare code: JMA's systems reuse numbers (tsunami 330 is 相模湾・三浦半島, quake 330 is
埼玉県北部). The national table and the cities are data under `deploy/`; nothing here knows a place. Text comes in,
values go out; what is unknown or damaged is a returned value with a stable code:

    UnknownArea   E1301  the table does not know this code: one area of an official feed is dropped with a notice, an
                         alert of the office or of a CAP source is refused whole (that is for the caller)
    TableDefect   E1302  a table of `deploy/areas` is damaged: nothing of it may be used
    CityDefect    E1303  a city's file is damaged or names an area that the table does not know

Sources: JMA code tables (コード管理表: AreaInformationCity-AreaForecastLocalM and others), JIS X 0402 (municipalities
and the wards of designated cities), the check digit of 全国地方公共団体コード (総務省).
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from schemas.text import Text


class Scheme(StrEnum):
    """JMA's systems of area codes. A CAP source adds its own: there the scheme is the geocode's valueName."""

    CLASS20 = "class20"
    """市町村等: JIS code of the municipality and two digits of its part (00 whole). Warnings speak in it."""
    CLASS15 = "class15"
    """市町村等をまとめた地域."""
    CLASS10 = "class10"
    """一次細分区域."""
    OFFICE = "office"
    """府県予報区, as in the names of telegram files (140000)."""
    CENTER = "center"
    """地方予報区 (010300 関東甲信地方): what explanatory information speaks of. Shares numbers with offices."""
    QUAKE_AREA = "quake_area"
    """地震情報の細分区域 (361 神奈川県西部)."""
    QUAKE_CITY = "quake_city"
    """地震情報の市町村等: numbered like class20, but by ward in designated cities and never by part."""
    TSUNAMI = "tsunami"
    """津波予報区 (330 相模湾・三浦半島)."""
    FLOOD_AREA = "flood_area"
    """指定河川洪水予報の予報区域, 12 digits."""
    RIVER = "river"
    """河川, 10 digits (8 where 水位周知河川)."""
    SURGE = "surge"
    """高潮予報区間, 7 digits."""
    VOLCANO = "volcano"
    """火山 (315 箱根山)."""
    REGION = "region"
    """Ours, for what JMA names by a text alone: `nankai` 南海トラフ地震防災対策推進地域, `hokkaido_sanriku`."""


SURFACES = ("sign", "page", "public", "push")
"""Where a drill may be shown; the words of `schemas.alert.Surface`, which imports this module."""

_SCHEMES: dict[str, Scheme] = {scheme: scheme for scheme in Scheme}
_PARENT = {
    Scheme.CLASS20: Scheme.CLASS15,
    Scheme.CLASS15: Scheme.CLASS10,
    Scheme.CLASS10: Scheme.OFFICE,
    Scheme.OFFICE: Scheme.CENTER,
}
_DIGITS: dict[str, tuple[int, ...]] = {
    Scheme.QUAKE_AREA: (3,),
    Scheme.TSUNAMI: (3,),
    Scheme.FLOOD_AREA: (12,),
    Scheme.RIVER: (8, 10),
    Scheme.SURGE: (7,),
    Scheme.VOLCANO: (3,),
}
"""Systems whose list we do not hold in full: a code of the right form is taken at its word."""

Language = Literal["ja", "easy", "en"]


@dataclass(frozen=True, slots=True, order=True)
class AreaCode:
    """One area: the system and the code in it. Written "class20:1420600"."""

    scheme: str
    code: str

    def __str__(self) -> str:
        """Write it as in keys, addresses and logs."""
        return f"{self.scheme}:{self.code}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownArea:
    """A code that the table cannot place. `within` is the known rest of its municipality: a split we have not heard of."""

    code: ClassVar[str] = "E1301"

    area: AreaCode
    within: tuple[AreaCode, ...] = ()

    def __str__(self) -> str:
        """Say what is unknown and what to do."""
        rest = f" (a new part of {', '.join(map(str, self.within))}?)" if self.within else ""
        return f"{self.code} unknown area {self.area}{rest}: renew deploy/areas if it is real"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDefect:
    """Why a table was refused: `line` counts from 1, 0 is the table as a whole."""

    code: ClassVar[str] = "E1302"

    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CityDefect:
    """Why a city's file was refused."""

    code: ClassVar[str] = "E1303"

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaEntry:
    """One row of the national table. Where no reading or English name is known, `name` repeats the Japanese."""

    area: AreaCode
    name: Text
    parent: AreaCode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wards:
    """A designated city 政令指定都市 and the JIS numbers of its wards, `first` to `last`."""

    jis5: str
    first: str
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaTable:
    """The national table at one version: current entries, old codes and what they became, wards.

    `parts` lists the current class20 codes by municipality (JIS5): one, or several where JMA warns by part.
    """

    version: str
    entries: Mapping[AreaCode, AreaEntry]
    aliases: Mapping[AreaCode, tuple[AreaCode, ...]]
    parts: Mapping[str, tuple[AreaCode, ...]]
    wards: tuple[Wards, ...]


def area_code(text: str) -> AreaCode | UnknownArea:
    """Read "class20:1420600"; the scheme may hold colons (a CAP valueName), the code may not."""
    scheme, _, code = text.rpartition(":")
    if not scheme or not code:
        return UnknownArea(area=AreaCode(scheme, code))
    return AreaCode(scheme, code)


# --- what a code means ---


def resolve(table: AreaTable, area: AreaCode) -> tuple[AreaCode, ...] | UnknownArea:
    """Give the current codes for an area: itself, what an old code became, or the class20 codes of a quake city.

    Earthquakes are told by ward and mostly by whole city, warnings by city and by part: `quake_city` is therefore always
    answered in class20, with all parts where the municipality has several and the code is of none.
    """
    if area in table.entries:
        return (area,)
    if area in table.aliases:
        return table.aliases[area]
    part = AreaCode(Scheme.CLASS20, area.code)
    if area.scheme == Scheme.QUAKE_CITY and not area.code.endswith("00") and part in table.entries:
        return (part,)  # an island of a city (薩摩川内市甑島) is a place of its own for earthquakes too
    if area.scheme == Scheme.QUAKE_CITY and _is_number(area.code, 7) and area.code.endswith("00"):
        found = class20_of(table, area.code[:5])
        return UnknownArea(area=area) if isinstance(found, UnknownArea) else found
    if any(_is_number(area.code, digits) for digits in _DIGITS.get(area.scheme, ())):
        return (area,)
    return UnknownArea(area=area, within=_municipality(table, area))


def name(table: AreaTable, area: AreaCode, language: Language = "ja") -> str | UnknownArea:
    """Name a current area in a language; Japanese where that language has no name for it."""
    entry = table.entries.get(area)
    if entry is None:
        return UnknownArea(area=area)
    return {"ja": entry.name.ja, "easy": entry.name.easy, "en": entry.name.en}[language]


def ancestors(table: AreaTable, area: AreaCode) -> tuple[AreaCode, AreaCode, AreaCode] | UnknownArea:
    """Give class15, class10 and office of a current class20 area."""
    if area.scheme != Scheme.CLASS20 or area not in table.entries:
        return UnknownArea(area=area, within=_municipality(table, area))
    _, class15, class10, office, *_ = _upward(table, area)
    return class15, class10, office


def office_of(table: AreaTable, areas: Iterable[AreaCode]) -> AreaCode | None:
    """Give the one office that all areas lie in; areas of no office count for nothing, several offices give None."""
    offices = {
        upper
        for area in areas
        for current in _known(resolve(table, area))
        for upper in _upward(table, current)
        if upper.scheme == Scheme.OFFICE
    }
    return offices.pop() if len(offices) == 1 else None


def contains(table: AreaTable, outer: AreaCode, inner: AreaCode) -> bool:
    """Whether all of `inner` lies in `outer`; False for what is unknown."""
    outside = _known(resolve(table, outer))
    inside = _known(resolve(table, inner))
    return bool(inside) and all(any(upper in outside for upper in _upward(table, part)) for part in inside)


# --- municipalities ---


def class20_of(table: AreaTable, jis5: str) -> tuple[AreaCode, ...] | UnknownArea:
    """Give the class20 codes of a municipality, or of the city of a ward, by its JIS X 0402 code."""
    if not _is_number(jis5, 5):
        return UnknownArea(area=AreaCode("jis5", jis5))
    city = next((wards.jis5 for wards in table.wards if wards.first <= jis5 <= wards.last), jis5)
    for municipality in (jis5, city):
        found = table.parts.get(municipality) or table.aliases.get(AreaCode(Scheme.CLASS20, f"{municipality}00"))
        if found:
            return found
    return UnknownArea(area=AreaCode("jis5", jis5))


def jis5_of(area: AreaCode) -> str | UnknownArea:
    """Give the JIS X 0402 code in a class20 or quake_city code."""
    if area.scheme in {Scheme.CLASS20, Scheme.QUAKE_CITY} and _is_number(area.code, 7):
        return area.code[:5]
    return UnknownArea(area=area)


def lgcode6(jis5: str) -> str | UnknownArea:
    """Give the six digits of 全国地方公共団体コード: the check digit is the last of 11 − Σ digit × (6,5,4,3,2) mod 11."""
    if not _is_number(jis5, 5):
        return UnknownArea(area=AreaCode("jis5", jis5))
    total = sum(int(digit) * weight for digit, weight in zip(jis5, (6, 5, 4, 3, 2), strict=True))
    return f"{jis5}{(11 - total % 11) % 10}"


def _is_number(code: str, digits: int) -> bool:
    return len(code) == digits and code.isascii() and code.isdigit()


def _known(found: tuple[AreaCode, ...] | UnknownArea) -> tuple[AreaCode, ...]:
    return () if isinstance(found, UnknownArea) else found


def _municipality(table: AreaTable, area: AreaCode) -> tuple[AreaCode, ...]:
    jis5 = jis5_of(area)
    return () if isinstance(jis5, UnknownArea) else _known(class20_of(table, jis5))


def _upward(table: AreaTable, area: AreaCode) -> Iterator[AreaCode]:
    """Walk from an area to what it lies in: class20, class15, class10, office, center."""
    above: AreaCode | None = area
    while above is not None:
        yield above
        entry = table.entries.get(above)
        above = entry.parent if entry else None


# --- the tables' files ---

_COLUMNS = ("scheme", "code", "name", "kana", "english", "parent")


class _Refused(Exception):
    def __init__(self, line: int, reason: str) -> None:
        self.defect = TableDefect(line=line, reason=reason)


def parse_table(areas: str, aliases: str = "", wards: str = "") -> AreaTable | TableDefect:
    """Read the national table: CSV with a heading, lines with # before it (one of them "# version: …").

    `areas`: scheme, code, name, kana, english, parent (a code one system up); `aliases`: scheme, old, new (one row for
    each new code); `wards`: jis5, first, last. Further columns are for people.
    """
    try:
        entries = MappingProxyType(dict(_entries(areas)))
        _check_parents(entries)
        return AreaTable(
            version=_version(areas),
            entries=entries,
            aliases=MappingProxyType(_aliases(aliases, entries)),
            parts=MappingProxyType(_parts(entries)),
            wards=tuple(_wards(wards)),
        )
    except _Refused as refused:
        return refused.defect


def _version(text: str) -> str:
    for line in text.splitlines():
        if line.startswith("# version:"):
            return line.removeprefix("# version:").strip()
    raise _Refused(0, 'no line "# version: …"')


def _rows(text: str, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Give (line, row) below the heading; a row that lacks one of `columns` refuses the table."""
    lines = text.splitlines()
    above = next((index for index, line in enumerate(lines) if not line.startswith("#")), len(lines))
    heading, *rows = list(csv.reader(lines[above:])) or [list(columns)]
    if not set(columns) <= set(heading):
        raise _Refused(above + 1, f"heading {','.join(heading)} lacks one of {','.join(columns)}")
    for line, row in enumerate(rows, above + 2):
        if len(row) != len(heading):
            raise _Refused(line, f"{len(row)} columns instead of {len(heading)}")
        yield line, dict(zip(heading, row, strict=True))


def _entries(text: str) -> Iterator[tuple[AreaCode, AreaEntry]]:
    seen: set[AreaCode] = set()
    for line, row in _rows(text, _COLUMNS):
        scheme, ja = _SCHEMES.get(row["scheme"]), row["name"]
        if scheme is None or not ja:
            raise _Refused(line, f"no such scheme or no name: {row['scheme']}:{row['code']} {ja!r}")
        area = AreaCode(scheme, row["code"])
        if area in seen:
            raise _Refused(line, f"{area} stands twice")
        seen.add(area)
        upper = _PARENT.get(scheme)
        yield (
            area,
            AreaEntry(
                area=area,
                name=Text(ja=ja, easy=row["kana"] or ja, en=row["english"] or ja),
                # an office may stand alone: not every table says which 地方予報区 it lies in
                parent=AreaCode(upper, row["parent"])
                if upper and (row["parent"] or scheme is not Scheme.OFFICE)
                else None,
            ),
        )


def _check_parents(entries: Mapping[AreaCode, AreaEntry]) -> None:
    for entry in entries.values():
        if entry.parent is not None and entry.parent not in entries:
            raise _Refused(0, f"{entry.area} lies in {entry.parent}, which is not in the table")


def _aliases(text: str, entries: Mapping[AreaCode, AreaEntry]) -> dict[AreaCode, tuple[AreaCode, ...]]:
    """Read old → new; a new code must be current, so that one look is enough and nothing can turn in a circle."""
    aliases: dict[AreaCode, tuple[AreaCode, ...]] = {}
    for line, row in _rows(text, ("scheme", "old", "new")):
        old, new = AreaCode(row["scheme"], row["old"]), AreaCode(row["scheme"], row["new"])
        if old in entries or new not in entries:
            raise _Refused(line, f"{old} → {new}: the old code must not be in the table, the new one must")
        aliases[old] = (*aliases.get(old, ()), new)
    return aliases


def _parts(entries: Mapping[AreaCode, AreaEntry]) -> dict[str, tuple[AreaCode, ...]]:
    parts: dict[str, tuple[AreaCode, ...]] = {}
    for area in entries:
        if area.scheme == Scheme.CLASS20:
            parts[area.code[:5]] = (*parts.get(area.code[:5], ()), area)
    return parts


def _wards(text: str) -> Iterator[Wards]:
    for line, row in _rows(text, ("jis5", "first", "last")):
        wards = Wards(jis5=row["jis5"], first=row["first"], last=row["last"])
        numbers = (wards.jis5, wards.first, wards.last)
        if not all(_is_number(number, 5) for number in numbers) or not wards.jis5 < wards.first <= wards.last:
            raise _Refused(line, f"{', '.join(numbers)}: a city and its first and last ward, five digits, rising")
        yield wards


# --- cities ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Everyday:
    """What a sign shows on an ordinary day beside the clock: a headline and a line under it."""

    title: Text
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """The city that a deployment serves, or a neighbour.

    `own` is every code, in every system, that concerns the city, also what its class20 codes were before a split;
    `watch` adds those of its neighbours, which are further areas and never authorities. `drills_from_feeds` names the
    surfaces that a drill from a feed may reach.
    `demo` are invented areas: they count only after `with_demo`. `idle` is what signs show on an ordinary day.
    """

    id: str
    name: Text
    prefecture: Text
    class20: tuple[AreaCode, ...]
    jis5: str
    lgcode6: str
    offices: tuple[AreaCode, ...]
    own: frozenset[AreaCode]
    watch: frozenset[AreaCode]
    neighbours: tuple[str, ...] = ()
    drills_from_feeds: tuple[str, ...] = ()
    demo: tuple[AreaEntry, ...] = ()
    idle: tuple[Everyday, ...] = ()

    def with_neighbours(self, cities: Iterable[City]) -> City:
        """Watch these cities' own areas too."""
        return replace(self, watch=self.watch.union(*(city.own for city in cities)))

    def with_demo(self) -> City:
        """Take in the invented areas of the demo storm, and let its drills reach every surface."""
        invented = {entry.area for entry in self.demo}
        return replace(self, own=self.own | invented, watch=self.watch | invented, drills_from_feeds=SURFACES)


def concerns(city: City, table: AreaTable, area: AreaCode) -> bool:
    """Whether an area is one that the city watches; an unknown part of a watched municipality is."""
    found = resolve(table, area)
    current = found.within if isinstance(found, UnknownArea) else found
    return area in city.watch or not city.watch.isdisjoint(current)


def parse_city(text: str, table: AreaTable) -> City | CityDefect:
    """Read a `city.toml`: what the city is called, its JIS code, and the codes beyond those that follow from it."""
    try:
        raw = tomllib.loads(text)
        reason = _first(_objections(raw, table))
        return CityDefect(reason=reason) if reason else _city(raw, table)
    # Whatever a file of the wrong shape makes of these few lines: nothing else in them raises.
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return CityDefect(reason=f"missing or misshapen: {type(error).__name__} {error}")


def _listed(raw: Mapping[str, Any]) -> tuple[AreaCode, ...]:
    return tuple(AreaCode(_SCHEMES[scheme], code) for scheme, codes in raw["watch"].items() for code in codes)


def _objections(raw: Mapping[str, Any], table: AreaTable) -> Iterator[str]:
    for found in (class20_of(table, raw["jis5"]), *(resolve(table, area) for area in _listed(raw))):
        if isinstance(found, UnknownArea):
            yield str(found)
    for surface in raw["drills_from_feeds"]:
        if surface not in SURFACES:
            yield f"no such surface: {surface} (there are {', '.join(SURFACES)})"


def _city(raw: Mapping[str, Any], table: AreaTable) -> City:
    class20 = _known(class20_of(table, raw["jis5"]))
    upward = tuple(dict.fromkeys(upper for area in class20 for upper in _upward(table, area)))
    before = (old for old, new in table.aliases.items() if not set(new).isdisjoint(class20))
    own = frozenset((*upward, *before, *_listed(raw)))
    return City(
        id=raw["id"],
        name=Text(**raw["name"]),
        prefecture=Text(**raw["prefecture"]),
        class20=class20,
        jis5=raw["jis5"],
        lgcode6=str(lgcode6(raw["jis5"])),
        offices=tuple(area for area in upward if area.scheme == Scheme.OFFICE),
        own=own,
        watch=own,
        neighbours=tuple(raw["neighbours"]),
        drills_from_feeds=tuple(raw["drills_from_feeds"]),
        demo=tuple(
            AreaEntry(area=AreaCode(_SCHEMES[area["scheme"]], area["code"]), name=Text(**area["name"]))
            for area in raw.get("demo", {}).get("areas", ())
        ),
        idle=tuple(Everyday(title=Text(**item["title"]), text=Text(**item["text"])) for item in raw.get("idle", ())),
    )


def _first(reasons: Iterable[str]) -> str:
    return next(iter(reasons), "")
