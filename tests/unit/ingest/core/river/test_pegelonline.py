from __future__ import annotations

import json

import pytest

from schemas.observation import Kind, Quality
from services.ingest.core.defect import Code
from services.ingest.core.river.found import Found
from services.ingest.core.river.pegelonline import read

UUID = "00000000-aaaa-bbbb-cccc-000000000001"
VALUE = {"timestamp": "2026-09-01T20:00:00+02:00", "value": 159}


def found(document: object, name: str = "") -> Found:
    made = read(json.dumps(document).encode(), name)
    assert made is not None
    return made


def station(*series: dict[str, object], **fields: object) -> dict[str, object]:
    return {"uuid": UUID, "shortname": "SAMPLE", "longname": "SAMPLE AM MAIN", "timeseries": list(series), **fields}


def a_series(shortname: str, unit: str, **fields: object) -> dict[str, object]:
    return {"shortname": shortname, "unit": unit, "currentMeasurement": VALUE, **fields}


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        (a_series("W", "cm"), (Kind.STAGE, 1.59, "m", "PNP")),
        (a_series("W", "m+NHN"), (Kind.STAGE, 159.0, "m", "NHN")),
        (a_series("W", "m. ü. NN"), (Kind.STAGE, 159.0, "m", "NN")),
        (a_series("GRU", "m+NN"), (Kind.OTHER, 159.0, "m+NN", None)),
        (a_series("Q", "m³/s"), (Kind.DISCHARGE, 159.0, "m3/s", None)),
        (a_series("DFH", "cm"), (Kind.CLEARANCE, 1.59, "m", None)),
        (a_series("LT", "°C"), (Kind.OTHER, 159.0, "°C", None)),
        (a_series("NS", "mm", longname="NIEDERSCHLAG"), (Kind.RAIN, 159.0, "mm", None)),
    ],
)
def test_a_bridges_clearance_is_no_stage(series: dict[str, object], expected: tuple[object, ...]) -> None:
    [one] = found(station(series)).readings
    assert (one.kind, one.value, one.unit, one.datum) == expected
    assert (one.station, one.name) == (UUID, "SAMPLE AM MAIN")


def test_a_forecast_and_the_gauges_zero_are_no_readings() -> None:
    made = found(station(a_series("WV", "cm"), {"shortname": "W", "unit": "cm", "gaugeZero": {"value": 164.5}}))
    assert (made.readings, bool(made.ignored)) == ((), True)


@pytest.mark.parametrize(
    ("state", "quality"), [("normal", Quality.GOOD), ("commented", Quality.SUSPECT), ("out-dated", Quality.SUSPECT)]
)
def test_a_commented_value_is_doubted(state: str, quality: Quality) -> None:
    [one] = found(station(a_series("W", "cm", currentMeasurement=VALUE | {"stateMnwMhw": state}))).readings
    assert (one.quality, one.native.quality) == (quality, state if quality is Quality.SUSPECT else None)


def test_measurements_alone_are_of_a_water_level_and_the_name_may_carry_the_station() -> None:
    assert found(VALUE, f"{UUID}.json").readings[0].station == UUID
    made = found([VALUE, VALUE | {"timestamp": "2026-09-01T20:15:00+02:00"}])
    assert [(one.station, one.kind, one.value) for one in made.readings] == [(None, Kind.STAGE, 1.59)] * 2


def test_a_series_alone_and_a_list_of_stations_are_read() -> None:
    assert found(a_series("W", "cm")).readings[0].value == 1.59
    made = found([station(a_series("W", "cm")), station(uuid="x", longname="B")])
    assert len(made.readings) == 1


def test_a_series_without_name_or_unit_is_not_guessed() -> None:
    made = found(station({"currentMeasurement": VALUE, "shortname": "W"}))
    assert [one.code for one in made.defects] == [Code.UNKNOWN_UNIT]
    assert found(station({"currentMeasurement": VALUE})).readings[0].kind is Kind.OTHER


def test_its_own_error_is_an_error() -> None:
    made = found({"status": 404, "message": "station not found"})
    assert [(one.code, one.reason) for one in made.defects] == [(Code.SOURCE_REFUSES, "404 station not found")]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'[{"uuid": "x"}]', b'{"timestamp": "x", "value": 1, "flag": ""}'])
def test_other_documents_are_not_ours(body: bytes) -> None:
    assert read(body, "") is None
