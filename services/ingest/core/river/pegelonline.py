"""PEGELONLINE (German federal waterways): stations with their series, a series, a measurement, or a list of these.

A water level (W) is in cm above the gauge's own zero, the Pegelnullpunkt (PNP), whose height (`gaugeZero`) is no reading.
DFH is the height left under a bridge; a forecast (WV) is no reading. `stateMnwMhw` judges a value, but `commented` says
that it is doubted.

Source: the service's REST documentation (v2); recorded answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from schemas.observation import Kind, Native, Quality
from services.ingest.core.defect import Code, Defect
from services.ingest.core.river.found import Found, Gathering, from_json, instant, member, objects, refused, text

SOURCE = "pegelonline"
DATUM = "PNP"
STATION = re.compile(r"[0-9a-f]{8}(?:-[0-9a-fx]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
HEIGHT = re.compile(r"m\W*(?:ü\W*)?(NHN|NN)")
"""The unit of the few levels that are heights above sea level: m+NHN, m. ü. NHN, m+NN."""
FORECASTS = frozenset({"WV", "QV"})
_KINDS = {"W": Kind.STAGE, "Q": Kind.DISCHARGE, "DFH": Kind.CLEARANCE}
_SUSPECT = frozenset({"commented", "out-dated"})


class _Series(NamedTuple):
    station: str | None
    name: str | None
    kind: Kind
    unit: str


def read(body: bytes, name: str) -> Found | None:
    """Any of its answers, its error message too."""
    document = from_json(body)
    if isinstance(document, Defect):
        return None
    if isinstance(document, dict) and document.keys() == {"status", "message"}:
        reason = f"{text(document['status'])} {text(document['message'])}"
        return refused(SOURCE, Defect(code=Code.SOURCE_REFUSES, reason=reason))
    if not any(_is_ours(one) for one in objects(document)):
        return None
    in_name = STATION.search(name)
    gathering = Gathering(SOURCE)
    for one in objects(document):
        for value, series in _measurements(one, in_name[0] if in_name else None):
            _add(gathering, value, series)
    return gathering.found("stations without current measurements")


def _is_ours(one: Mapping[str, object]) -> bool:
    return {"uuid", "shortname"} <= one.keys() or {"shortname", "unit"} <= one.keys() or _is_measurement(one)


def _is_measurement(one: Mapping[str, object]) -> bool:
    return {"timestamp", "value"} <= one.keys() and one.keys() <= {
        *("timestamp", "value", "trend", "stateMnwMhw", "stateNswHsw"),
    }


def _measurements(one: Mapping[str, object], station: str | None) -> Iterator[tuple[Mapping[str, object], _Series]]:
    if _is_measurement(one):  # of a series W, which alone is polled so
        yield one, _Series(station, None, Kind.STAGE, "cm")
    uuid, name = text(one.get("uuid")) or station, text(one.get("longname")) if "uuid" in one else None
    for series in objects(one.get("timeseries") or ([] if "uuid" in one else one)):
        code = text(series.get("shortname")) or ""
        kind = _kind(code, series)
        for value in objects(member(series, "currentMeasurement") or []):
            if code not in FORECASTS:
                yield value, _Series(uuid, name, kind, text(series.get("unit")) or "")


def _kind(code: str, series: Mapping[str, object]) -> Kind:
    if "NIEDERSCHLAG" in (text(series.get("longname")) or "").upper():
        return Kind.RAIN
    return _KINDS.get(code, Kind.OTHER)


def _add(gathering: Gathering, value: Mapping[str, object], series: _Series) -> None:
    height = HEIGHT.fullmatch(series.unit)
    states = {text(value.get("stateMnwMhw")), text(value.get("stateNswHsw"))} & _SUSPECT
    gathering.add(
        series.kind,
        station=series.station,
        name=series.name,
        observed=instant(value.get("timestamp")),
        native=Native(
            value=text(value.get("value")),
            unit=series.unit or None,
            time=text(value.get("timestamp")),
            quality=min(filter(None, states), default=None),
        ),
        unit="m" if height and series.kind is Kind.STAGE else series.unit,
        quality=Quality.SUSPECT if states else Quality.GOOD,
        datum=height[1] if height else DATUM,
    )
