"""UK Environment Agency flood-monitoring (and its Hydrology sister): JSON-LD with `items`, one object or a list.

A reading names its measure, whose name says what is measured and in which unit: `1491TH-level-stage-i-15_min-mASD`.
A station's record holds the latest reading of each of its measures. Levels count from Ordnance Datum (mAOD), a local
datum (mASD) or Belfast (mBDAT); plain m does not say. Single fields of some stations are lists.

Source: the API's reference; recorded answers. Flood statements of the same agency are texts and hold no readings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from schemas.observation import Kind, Native, Quality
from services.ingest.core.defect import Defect
from services.ingest.core.river.found import Found, Gathering, from_json, ignored, instant, member, objects, text

SOURCE = "ea"
PUBLISHER = "Environment Agency"
_PARAMETERS = {"level": Kind.STAGE, "flow": Kind.DISCHARGE, "rainfall": Kind.RAIN}
_MEASURE = re.compile(r"(?P<station>.+?)-(?P<parameter>level|flow|rainfall|temperature|wind)-(?P<rest>.*)", re.DOTALL)
_DATUMS = {"mAOD": "AOD", "mASD": "ASD", "mBDAT": "BDAT"}
_QUALITIES = {
    "good": Quality.GOOD,
    "estimated": Quality.ESTIMATED,
    "suspect": Quality.SUSPECT,
    "unchecked": Quality.PROVISIONAL,
    "missing": Quality.MISSING,
}
"""Of the Hydrology service; flood-monitoring has no quality."""


class Measure(NamedTuple):
    """What a series measures, at which station, in which unit as written."""

    station: str | None
    name: str | None
    kind: Kind
    unit: str


def read(body: bytes, name: str) -> Found | None:
    """Readings, measures or stations with their latest readings; lists without any; flood statements."""
    del name
    document = from_json(body)
    if isinstance(document, Defect) or not isinstance(document, dict):
        return None
    if "items" not in document:
        is_statement = {"risk_areas", "issued_at"} <= document.keys()
        is_floods = any("ta_code" in flood for flood in objects(document.get("floods") or []))
        return ignored(SOURCE, "flood statement, no readings") if is_statement or is_floods else None
    if member(document, "meta", "publisher") != PUBLISHER:
        return None
    gathering = Gathering(SOURCE)
    for item in objects(document["items"]):
        for reading, measure in _readings(item):
            _add(gathering, reading, measure)
    return gathering.found("stations, measures or warnings without readings")


def _readings(item: Mapping[str, object]) -> Iterator[tuple[Mapping[str, object], Measure]]:
    """The item itself where it is a reading, else the latest readings in it."""
    if "value" in item and "measure" in item:
        measure = item["measure"]
        yield item, _measure(measure if isinstance(measure, dict) else {"@id": measure}, {})
    station: Mapping[str, object] = item if "measures" in item else {}
    for measure in objects(item.get("measures") or item):
        for latest in objects(measure.get("latestReading") or []):
            yield latest, _measure(measure, station)


def _measure(measure: Mapping[str, object], station: Mapping[str, object]) -> Measure:
    named = (text(measure.get("notation")) or text(measure.get("@id")) or "").rpartition("/")[2]
    parts = _MEASURE.fullmatch(named)
    parameter = text(measure.get("parameter")) or (parts["parameter"] if parts else "")
    qualifier = (text(measure.get("qualifier")) or (parts["rest"] if parts else "")).lower()
    reference = text(measure.get("stationReference")) or text(station.get("stationReference"))
    unit = text(measure.get("unitName")) or named.rpartition("-")[2]
    if not text(measure.get("unitName")) and unit == "qualified":
        unit = named.split("-")[-2]
    return Measure(
        station=reference or (parts["station"] if parts else None),
        name=text(station.get("label")),
        kind=Kind.OTHER if "groundwater" in qualifier else _PARAMETERS.get(parameter, Kind.OTHER),
        unit=unit.replace("m3_s", "m3/s"),
    )


def _add(gathering: Gathering, reading: Mapping[str, object], measure: Measure) -> None:
    values = reading.get("value")
    several = values if isinstance(values, list) else [values]
    code = text(reading.get("quality"))
    quality = _QUALITIES.get((code or "good").lower(), Quality.SUSPECT)
    for value in several:
        gathering.add(
            measure.kind,
            station=measure.station,
            name=measure.name,
            observed=_observed(reading),
            native=Native(
                value=text(value), unit=measure.unit or None, time=text(reading.get("dateTime")), quality=code
            ),
            unit="m" if measure.kind is Kind.STAGE and measure.unit in _DATUMS else measure.unit,
            # two values for one moment contradict each other
            quality=Quality.SUSPECT if len(several) > 1 and quality is Quality.GOOD else quality,
            datum=_DATUMS.get(measure.unit),
        )


def _observed(reading: Mapping[str, object]) -> datetime | None:
    """Times without an offset are UTC, as the service states."""
    return instant(reading.get("dateTime"), UTC)
