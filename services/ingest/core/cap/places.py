"""Where an alert's area lies, in the codes that people follow: by geocode, else by geometry, else by name.

A geocode of a Japanese system says it exactly. Without one the area's geometry is set against the outlines of the
municipalities that are watched; what touches none of them lies elsewhere. Without geometry the name must be exactly one
municipality's. Where nothing of this helps, the area is unknown, and it is never taken for everywhere (invariant 8).

Sources: JIS X 0402 and the check digit of 全国地方公共団体コード; the project's notes on CAP §4.4, on L-Alert §5.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shapely.geometry.base import BaseGeometry

from schemas.area import AreaCode, AreaTable, Scheme, UnknownArea, class20_of, lgcode6, resolve
from services.ingest.core.cap.geometry import geometry_of
from services.ingest.core.cap.message import Named, NamedArea

_JIS = frozenset({"jisx0402", "jis", "lgcode", "localgovernmentcode", "全国地方公共団体コード", "市区町村コード"})
"""Names of geocodes that hold the code of a municipality, 5 digits or 6 with the check digit."""
_TOWN_BLOCKS = frozenset({"ooazatyoutyoumokucode", "jisx0402oaza", "町丁目コード"})
"""The same with seven more digits for a part of it."""
_ALIASES = {"areainformationcity": Scheme.CLASS20, "jmaclass20": Scheme.CLASS20, "class20s": Scheme.CLASS20}
_ABROAD = (
    "ugc",
    "same",
    "fips",
    "emmaid",
    "nuts",
    "warncellid",
    "cisorp",
    "profilecapcplocation",
    "layerecmscsmc",
    "iso3166",
    "targetareacode",
    "httpwwwisoorgiso",
    "httpwwwpsmacomau",
    "kzstd",
)
"""How the names of systems begin that no place of Japan has a code in: North America, Europe, Australia, Kazakhstan."""
_PLAIN = re.compile(r"[\W_]+")
_PREFECTURE = re.compile(r"^(?:北海道|東京都|京都府|大阪府|.{2,3}県)(?=.)")


class Precision(StrEnum):
    """How an area was found."""

    GEOCODE = "geocode"
    GEOMETRY = "geometry"
    NAME = "name"
    ELSEWHERE = "elsewhere"
    """Its geometry touches no municipality that is watched, or its code is of a system of another country."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where an area lies: class20 codes and those of larger areas; none where it is unknown or elsewhere."""

    codes: tuple[AreaCode, ...]
    precision: Precision


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What areas are found by: the national table, its names, and the outlines of what is watched (by class20 code)."""

    table: AreaTable
    names: Mapping[str, tuple[AreaCode, ...]]
    outlines: Mapping[AreaCode, BaseGeometry]


def places(table: AreaTable, outlines: Mapping[AreaCode, BaseGeometry] | None = None) -> Places:
    """The places of a table; made once."""
    names: dict[str, tuple[AreaCode, ...]] = {}
    for entry in table.entries.values():
        if entry.area.scheme == Scheme.CLASS20:
            for name in {entry.name.ja, entry.name.en}:
                names[name] = (*names.get(name, ()), entry.area)
    return Places(table=table, names=names, outlines=outlines or {})


def place(where: Places, area: NamedArea) -> Placed:
    """Where an area lies."""
    coded = tuple(dict.fromkeys(code for one in area.geocodes for code in _coded(where.table, one)))
    if coded:
        return Placed(codes=coded, precision=Precision.GEOCODE)
    covered = geometry_of(area)
    if covered is None and any(_is_abroad(one) for one in area.geocodes):
        return Placed(codes=(), precision=Precision.ELSEWHERE)
    if covered is not None:
        touched = tuple(code for code, outline in where.outlines.items() if outline.intersects(covered))
        return Placed(codes=touched, precision=Precision.GEOMETRY if touched else Precision.ELSEWHERE)
    called = where.names.get(_PREFECTURE.sub("", area.name)) or where.names.get(area.name, ())
    if len(called) == 1:
        return Placed(codes=called, precision=Precision.NAME)
    return Placed(codes=(), precision=Precision.UNKNOWN)


def _coded(table: AreaTable, geocode: Named) -> tuple[AreaCode, ...]:
    name, value = _PLAIN.sub("", geocode.name).lower(), geocode.value.strip()
    if name in _JIS:
        return _municipality(table, value)
    if name in _TOWN_BLOCKS:
        return _municipality(table, value[:5]) if len(value) > 5 else ()
    scheme = _ALIASES.get(name) or next((one for one in Scheme if _PLAIN.sub("", one) == name), None)
    if scheme is None:
        return ()
    found = resolve(table, AreaCode(scheme, value))
    return () if isinstance(found, UnknownArea) else found


def _is_abroad(geocode: Named) -> bool:
    return _PLAIN.sub("", geocode.name).lower().startswith(_ABROAD) and not geocode.value.upper().startswith("JP")


def _municipality(table: AreaTable, value: str) -> tuple[AreaCode, ...]:
    jis5 = value[:5]
    if len(value) == 6 and lgcode6(jis5) != value:
        return ()  # a wrong check digit: one of its digits is not what was meant
    found = class20_of(table, jis5) if len(value) in {5, 6} else UnknownArea(area=AreaCode("jis5", value))
    return () if isinstance(found, UnknownArea) else found
