"""What sources publish of a gauge's levels → stations, and stations → the text of a city's `gauges.toml`.

川の防災情報 has masters (one gauge, a town, a prefecture) whose levels count from the gauge's zero; k.river's list tells its
gauges' levels in T.P. beside their readings. A level that a master leaves empty is none. Levels are revised: each carries
the date of its file and whose it is.

Source: the masters' fields as collected in the project's notes on river feeds, §1.1, §1.3.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from schemas.observation import Crossing, Station, Threshold, key
from services.ingest.core.defect import Code, Defect
from services.ingest.core.river import kawabou, kriver
from services.ingest.core.river.found import from_json, number, text

LEVELS = (
    ("rsrvStg", Crossing.STANDBY),
    ("warnStg", Crossing.CAUTION),
    ("spclWarnStg", Crossing.JUDGE),
    ("dngStg", Crossing.DANGER),
    ("fldStg", Crossing.FLOOD),
)
"""Fields of 川の防災情報 → crossing. 計画高水位 (dsgnHighStg) is a design value that nobody acts on."""
_BLOCK = "[[station]]"
_PREFECTURE = "kanagawa"
_TOWN_DIGITS = 7
_OFFICE, _NUMBER = slice(0, 5), slice(8, 13)
_STAGE = "004"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What an import makes of a city's file: the new text, and for whom. `elsewhere`: gauges of other towns, left out."""

    text: str
    changed: tuple[Station, ...]
    elsewhere: tuple[Station, ...]


def read_levels(body: bytes, *, since: date, source: str) -> tuple[Station, ...] | Defect:
    """The gauges with levels in a file; `since` and `source` stand with each level."""
    document = from_json(body)
    if isinstance(document, Defect):
        return document
    listed = kriver.read(body, "")
    stations = tuple(listed.about.values()) if listed is not None else tuple(_masters(document))
    levelled = tuple(_dated(one, since, source) for one in stations if one.thresholds)
    return levelled or Defect(code=Code.UNKNOWN_FORMAT, reason="no gauge with a level in it")


def take(current: str, stations: Iterable[Station], *, towns: frozenset[str], named: frozenset[str]) -> Taken:
    """The city's file with the levels of its own gauges: those it has, those of its towns, those that were named.

    Everything else in the file stays as it is written. A gauge that is there keeps its name and whom it concerns.
    """
    head, *blocks = _split(current)
    known = {key(one["source"], one["station"]): (at, one) for at, one in enumerate(map(_parsed, blocks))}
    changed: list[Station] = []
    elsewhere: list[Station] = []
    for station in stations:
        own = next(
            (known[name] for name in _names(station) if name in known and _is_same(station, known[name][1])), None
        )
        if own is not None:
            at, raw = own
            there = replace(
                station, source=raw["source"], station=raw["station"], name=raw["name"], river=raw.get("river", "")
            )
            there = replace(there, jis5=tuple(raw["jis5"]))
            blocks[at] = _written(there)
            changed.append(there)
        elif station.station in named or not towns.isdisjoint(station.jis5):
            # one of another town that was asked for by name concerns whoever asked
            ours = station if not towns.isdisjoint(station.jis5) else replace(station, jis5=tuple(sorted(towns)))
            blocks.append(_written(ours))
            changed.append(ours)
        else:
            elsewhere.append(station)
    return Taken(
        text="\n".join([head.rstrip("\n"), *(block.rstrip("\n") + "\n" for block in blocks)]),
        changed=tuple(changed),
        elsewhere=tuple(elsewhere),
    )


# --- masters ---


def _masters(document: object) -> Iterator[Station]:
    """Every object that is a stage gauge's master, however deep."""
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += reversed(value)
        elif isinstance(value, dict):
            station = _master(value)
            if station is not None:
                yield station
            waiting += [inner for inner in reversed(value.values()) if isinstance(inner, dict | list)]


def _master(row: Mapping[str, object]) -> Station | None:
    code, name = text(row.get("obsFcd")), text(row.get("obsNm"))
    if code is None or name is None or kawabou.STATION.fullmatch(code) is None:
        return None
    levels = ((crossing, number(row.get(field))) for field, crossing in LEVELS)
    return Station(
        source=kawabou.SOURCE,
        station=code,
        name=name,
        river=text(row.get("rvrNm")) or "",
        jis5=_town(text(row.get("twnCd"))),
        thresholds=tuple(
            Threshold(crossing=crossing, value=float(value), datum=kawabou.DATUM)
            for crossing, value in levels
            if value is not None
        ),
    )


def _town(written: str | None) -> tuple[str, ...]:
    """JIS X 0402 of a town's code: the prefecture's two digits, "01", and the town's three."""
    if written is None or len(written) != _TOWN_DIGITS or not written.isascii() or not written.isdigit():
        return ()
    return (written[:2] + written[4:],)


def _dated(station: Station, since: date, source: str) -> Station:
    return replace(
        station,
        thresholds=tuple(replace(one, valid_from=since, source=source) for one in station.thresholds),
    )


def _names(station: Station) -> Iterator[str]:
    """The keys under which a city's file may have the gauge: 神奈川県's pages number it 3585_4_808 (0358500400808)."""
    yield key(station.source, station.station)
    code = station.station
    if station.source == kawabou.SOURCE and code[5:8] == _STAGE:
        yield key(_PREFECTURE, f"{int(code[_OFFICE])}_{int(_STAGE)}_{int(code[_NUMBER])}")


def _is_same(station: Station, raw: Mapping[str, str]) -> bool:
    """By another source's number a gauge is the same only where it has the same name."""
    return raw["source"] == station.source or raw["name"] == station.name


# --- the city's file ---


def _split(text_: str) -> list[str]:
    """What stands before the first station, then each station's block."""
    parts: list[list[str]] = [[]]
    for line in text_.splitlines():
        if line.strip() == _BLOCK:
            parts.append([])
        parts[-1].append(line)
    return ["\n".join(part) + "\n" for part in parts]


def _parsed(block: str) -> Mapping[str, str]:
    [station] = tomllib.loads(block)["station"]
    return station  # type: ignore[no-any-return]  # the file was read as the city's before


def _written(station: Station) -> str:
    words = [("source", station.source), ("station", station.station), ("name", station.name), ("river", station.river)]
    lines = [_BLOCK, *(f"{name} = {_quoted(value)}" for name, value in words if value)]
    lines.append(f"jis5 = [{', '.join(map(_quoted, station.jis5))}]")
    lines.append("thresholds = [")
    for one in station.thresholds:
        level = f"crossing = {_quoted(one.crossing)}, value = {one.value!r}, datum = {_quoted(one.datum or '')}"
        since = f", valid_from = {one.valid_from.isoformat()}" if one.valid_from else ""
        lines.append(f"  {{ {level}{since}, source = {_quoted(one.source)} }},")
    return "\n".join([*lines, "]", ""])


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
