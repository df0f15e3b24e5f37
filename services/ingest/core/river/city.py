"""`deploy/cities/<city>/gauges.toml`: which gauges a city watches, and what their levels are.

    [poll]
    kriver = ["14000"]                          # per source: its prefectures, towns, pages or stations
    [[station]]
    source = "kanagawa"                         # a gauge whose levels its source does not tell
    station = "3585_4_1601"
    name = "飯泉取水堰"
    jis5 = ["14206"]                            # whose people it concerns
    thresholds = [{ crossing = "caution", value = 3.0, datum = "gauge-zero", valid_from = 2026-06-01, source = "…" }]

Levels are revised: each says since when it holds and where it is from. Nothing in the code knows a gauge.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from schemas.observation import Crossing, Station, Threshold, key
from services.ingest.core.river.sources import SOURCES

ITEM = re.compile(r"[0-9A-Za-z_./-]{1,80}")
"""A prefecture, town, page or station of `[poll]`: it becomes part of an address."""
ITEMS_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauges:
    """What a city watches: `polls` by source, `stations` by the key of their records."""

    polls: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stations: Mapping[str, Station] = field(default_factory=dict)


def parse_gauges(text: str) -> Gauges | str:
    """Read the file; a text says what is wrong with it."""
    try:
        raw = tomllib.loads(text)
        polls = {source: _items(source, items) for source, items in raw.get("poll", {}).items()}
        stations = [_station(one) for one in raw.get("station", [])]
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        return f"{type(error).__name__}: {error}"
    return Gauges(polls=polls, stations={key(one.source, one.station): one for one in stations})


def _items(source: str, items: list[str]) -> tuple[str, ...]:
    if source not in SOURCES:
        raise ValueError(f"[poll] {source} is no river source: {', '.join(SOURCES)}")
    if len(items) > ITEMS_MAX:
        raise ValueError(f"[poll] {source} has {len(items)} items, more than {ITEMS_MAX}")
    wrong = [item for item in items if not ITEM.fullmatch(item) or ".." in item]
    if wrong:
        raise ValueError(f"[poll] {source}: {wrong[0]!r} is no prefecture, town, page or station")
    return tuple(items)


def _station(raw: Mapping[str, object]) -> Station:
    towns, thresholds = raw["jis5"], raw.get("thresholds", [])
    if not isinstance(towns, list) or not towns or not isinstance(thresholds, list):
        raise ValueError(f"station {raw['station']}: jis5 and thresholds are lists, jis5 not empty")
    return Station(
        source=str(raw["source"]),
        station=str(raw["station"]),
        name=str(raw["name"]),
        river=str(raw.get("river", "")),
        jis5=tuple(str(town) for town in towns),
        thresholds=tuple(_threshold(one) for one in thresholds),
    )


def _threshold(raw: Mapping[str, object]) -> Threshold:
    value, since = raw["value"], raw.get("valid_from")
    if not isinstance(value, int | float) or not (since is None or isinstance(since, date)):
        raise TypeError(f"a threshold's value is a number and its valid_from a date: {value!r}, {since!r}")
    return Threshold(
        crossing=Crossing(str(raw["crossing"])),
        value=float(value),
        datum=str(raw["datum"]),
        valid_from=since,
        source=str(raw.get("source", "")),
    )
