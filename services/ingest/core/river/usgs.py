"""USGS: NWIS instantaneous values (WaterML as JSON), its successor's OGC API features, and site lists (RDB).

Numbers are texts; −999999 (or the variable's `noDataValue`) is no value; qualifiers are a list or a text. What a
parameter measures, in which unit and from where is fixed by its code. A gage height counts from the gauge's own datum,
which the answer does not name.

Source: USGS parameter code table; recorded answers. Daily values of the OGC API are dates: the day begins where the
station stands, by the time zone that the same document gives of it, else by its longitude.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from schemas.observation import Kind, Native, Quality
from services.ingest.core.defect import Defect
from services.ingest.core.river.found import (
    GAP_FROM,
    Found,
    Gathering,
    day_start,
    from_json,
    ignored,
    instant,
    member,
    number,
    objects,
    text,
)

SOURCE = "usgs"


class Parameter(NamedTuple):
    """What a parameter code measures, its unit, what a level counts from."""

    kind: Kind
    unit: str
    datum: str | None = None


PARAMETERS: dict[str, Parameter] = {
    "00065": Parameter(Kind.STAGE, "ft"),
    "99065": Parameter(Kind.STAGE, "m"),
    "30207": Parameter(Kind.STAGE, "m"),
    "63160": Parameter(Kind.STAGE, "ft", "NAVD88"),
    "62615": Parameter(Kind.STAGE, "ft", "NAVD88"),
    "62620": Parameter(Kind.STAGE, "ft", "NAVD88"),
    "63158": Parameter(Kind.STAGE, "ft", "NGVD29"),
    "62614": Parameter(Kind.STAGE, "ft", "NGVD29"),
    "62619": Parameter(Kind.STAGE, "ft", "NGVD29"),
    "00060": Parameter(Kind.DISCHARGE, "ft3/s"),
    "00061": Parameter(Kind.DISCHARGE, "ft3/s"),
    "72137": Parameter(Kind.DISCHARGE, "ft3/s"),
    "30208": Parameter(Kind.DISCHARGE, "m3/s"),
    "30209": Parameter(Kind.DISCHARGE, "m3/s"),
    "00045": Parameter(Kind.RAIN, "in"),
}
"""Of levels, flows and rain; every other parameter is `other` in its own unit."""

ZONES = {
    "AST": "America/Puerto_Rico",
    "EST": "America/New_York",
    "CST": "America/Chicago",
    "MST": "America/Denver",
    "PST": "America/Los_Angeles",
    "AKST": "America/Anchorage",
    "HST": "Pacific/Honolulu",
    "GST": "Pacific/Guam",
}
_STANDARD_H = {"AST": -4, "EST": -5, "CST": -6, "MST": -7, "PST": -8, "AKST": -9, "HST": -10, "GST": 10}
_FROM_WEST = (
    *((-150, "HST"), (-130, "AKST"), (-114, "PST"), (-102, "MST"), (-86, "CST"), (-67, "EST"), (0, "AST")),
    (180, "GST"),
)
"""Where no zone is stated: the zone of stations west of a longitude, roughly."""
_SUSPECT = frozenset({"EQP", "RAT", "BKW", "ICE", "***"})
_ESTIMATED = frozenset({"E", "ESTIMATED"})


def read(body: bytes, name: str) -> Found | None:
    """Any of the three."""
    del name
    document = from_json(body)
    if isinstance(document, Defect):
        is_list = body.startswith(b"#") and b"\nagency_cd\t" in body
        return ignored(SOURCE, "site list, no readings") if is_list else None
    if isinstance(member(document, "value", "timeSeries"), list):
        gathering = Gathering(SOURCE)
        for series in objects(member(document, "value", "timeSeries")):
            _series(gathering, series)
        return gathering.found("an answer without series")
    features = list(_features(document))
    return _collection(features) if any("monitoring_location_id" in one.properties for one in features) else None


# --- NWIS instantaneous values ---


def _series(gathering: Gathering, series: Mapping[str, object]) -> None:
    station = _first(member(series, "sourceInfo", "siteCode"))
    variable = member(series, "variable")
    code = _first(member(variable, "variableCode")) or ""
    stated = text(member(variable, "unit", "unitCode"))
    parameter = PARAMETERS.get(code, Parameter(Kind.OTHER, stated or ""))
    gap = number(member(variable, "noDataValue"))
    for method in objects(member(series, "values") or []):
        for value in objects(member(method, "value") or []):
            qualifiers = _words(value.get("qualifiers"))
            written = text(value.get("value"))
            figure = number(written)
            is_gap = written is None or (figure is not None and (figure == gap or figure <= GAP_FROM))
            gathering.add(
                parameter.kind,
                station=station,
                name=text(member(series, "sourceInfo", "siteName")),
                observed=instant(value.get("dateTime")),
                native=Native(
                    value=written, unit=stated, time=text(value.get("dateTime")), quality=",".join(qualifiers) or None
                ),
                unit=stated or parameter.unit,
                quality=_gap_quality(qualifiers) if is_gap else _quality(qualifiers),
                datum=parameter.datum,
            )


def _first(listed: object) -> str | None:
    """The value of the first of a list of {"value": …}."""
    return next((text(one.get("value")) for one in objects(listed or [])), None)


def _words(written: object) -> tuple[str, ...]:
    """Qualifiers, a list or a text."""
    listed: Iterable[object] = written if isinstance(written, list) else [written]
    return tuple(word for word in map(text, listed) if word)


def _quality(qualifiers: tuple[str, ...]) -> Quality:
    words = {word.upper() for word in qualifiers}
    for quality, marks in (
        (Quality.SUSPECT, _SUSPECT),
        (Quality.ESTIMATED, _ESTIMATED),
        (Quality.PROVISIONAL, frozenset({"P", "PROVISIONAL"})),
    ):
        if words & marks:
            return quality
    return Quality.GOOD


def _gap_quality(qualifiers: tuple[str, ...]) -> Quality:
    """Dis: the record was discontinued."""
    return Quality.CLOSED if "DIS" in {word.upper() for word in qualifiers} else Quality.MISSING


# --- OGC API ---


@dataclass(frozen=True, slots=True)
class _Feature:
    properties: Mapping[str, object] = field(default_factory=dict)
    longitude: Decimal | None = None


def _features(document: object) -> Iterator[_Feature]:
    """The features of a collection, or of several by name, or one alone."""
    for part in [document, *(document.values() if isinstance(document, dict) else [])]:
        for one in objects(member(part, "features") or (part if member(part, "properties") else [])):
            properties, place = one.get("properties"), member(one, "geometry", "coordinates")
            longitude = number(place[0]) if isinstance(place, list) and place else None
            yield _Feature(properties if isinstance(properties, dict) else {}, longitude)


def _collection(features: list[_Feature]) -> Found:
    zones = {
        text(one.properties["monitoring_location_id"]): _stated_zone(one.properties)
        for one in features
        if one.properties.get("time_zone_abbreviation") and one.properties.get("monitoring_location_id")
    }
    gathering = Gathering(SOURCE)
    for one in features:
        # peaks have a water year: the highest of a year is a statistic
        if {"parameter_code", "value", "time"} <= one.properties.keys() and "water_year" not in one.properties:
            station = text(one.properties.get("monitoring_location_id"))
            zone = zones.get(station) or _zone_at(one.longitude)
            _feature(gathering, one.properties, station, _observed(one.properties["time"], zone))
    return gathering.found("features without values: metadata, statistics or none")


def _observed(written: object, zone: tzinfo | None) -> datetime | None:
    return instant(written) or (day_start(written, zone) if zone is not None else None)


def _stated_zone(properties: Mapping[str, object]) -> tzinfo | None:
    word = text(properties.get("time_zone_abbreviation")) or ""
    if word not in ZONES:
        return None
    if properties.get("uses_daylight_savings") == "N":
        return timezone(timedelta(hours=_STANDARD_H[word]))
    return ZoneInfo(ZONES[word])


def _zone_at(longitude: Decimal | None) -> tzinfo | None:
    if longitude is None:
        return None
    return next((ZoneInfo(ZONES[zone]) for west, zone in _FROM_WEST if longitude < west), None)


def _feature(
    gathering: Gathering, properties: Mapping[str, object], station: str | None, observed: datetime | None
) -> None:
    stated = text(properties.get("unit_of_measure"))
    code = text(properties.get("parameter_code")) or ""
    parameter = PARAMETERS.get(code, Parameter(Kind.OTHER, stated or ""))
    qualifiers = (*_words(properties.get("approval_status")), *_words(properties.get("qualifier")))
    gathering.add(
        parameter.kind,
        station=station,
        name=text(properties.get("monitoring_location_name")),
        observed=observed,
        native=Native(
            value=text(properties.get("value")),
            unit=stated,
            time=text(properties.get("time")),
            quality=",".join(qualifiers) or None,
        ),
        unit=stated or parameter.unit,
        quality=_quality(qualifiers),
        datum=parameter.datum,
    )
