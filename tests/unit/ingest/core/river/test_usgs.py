from __future__ import annotations

import json

import pytest

from schemas.observation import Kind, Quality
from services.ingest.core.defect import Code
from services.ingest.core.river.found import Found
from services.ingest.core.river.usgs import read

TIME = "2026-09-01T12:00:00.000-04:00"


def found(document: object) -> Found:
    made = read(json.dumps(document).encode(), "")
    assert made is not None
    return made


def answer(*values: dict[str, object], code: str = "00065", variable: dict[str, object] | None = None) -> Found:
    """An answer with one series."""
    return found(
        {
            "value": {
                "timeSeries": [
                    {
                        "sourceInfo": {"siteName": "SAMPLE CREEK", "siteCode": [{"value": "09999990"}]},
                        "variable": {"variableCode": [{"value": code}], **(variable or {})},
                        "values": [{"value": list(values)}],
                    }
                ]
            }
        }
    )


def feature(**properties: object) -> dict[str, object]:
    made = {
        "monitoring_location_id": "USGS-09999990",
        "parameter_code": "00060",
        "value": "20.2",
        "time": "2026-06-01",
        "unit_of_measure": "ft^3/s",
        "approval_status": "Provisional",
        "qualifier": None,
    }
    return {"properties": made | properties, "geometry": {"coordinates": [-89.3, 43.2]}}


# --- instantaneous values ---


@pytest.mark.parametrize(
    ("value", "quality", "native"),
    [
        ({"value": "6.48", "qualifiers": ["A"]}, Quality.GOOD, "A"),
        ({"value": "6.48", "qualifiers": "P"}, Quality.PROVISIONAL, "P"),
        ({"value": "6.48", "qualifiers": ["P", "e"]}, Quality.ESTIMATED, "P,e"),
        ({"value": "6.48", "qualifiers": ["P", "Eqp"]}, Quality.SUSPECT, "P,Eqp"),
        ({"value": "6.48"}, Quality.GOOD, None),
        ({"value": "-999999", "qualifiers": ["P", "Ice"]}, Quality.MISSING, "P,Ice"),
        ({"value": "-999999", "qualifiers": ["P", "Dis"]}, Quality.CLOSED, "P,Dis"),
        ({"value": None}, Quality.MISSING, None),
    ],
)
def test_qualifiers_are_a_list_or_a_text(value: dict[str, object], quality: Quality, native: str | None) -> None:
    [reading] = answer({"dateTime": TIME, **value}).readings
    assert (reading.quality, reading.native.quality) == (quality, native)
    assert reading.value == (None if quality in {Quality.MISSING, Quality.CLOSED} else 1.975)


def test_a_variables_own_sign_for_no_value_counts() -> None:
    variable = {"noDataValue": -1.0, "unit": {"unitCode": "ft"}}
    [reading] = answer({"value": "-1.00", "dateTime": TIME}, variable=variable).readings
    assert (reading.value, reading.native.value, reading.native.unit) == (None, "-1.00", "ft")


def test_the_id_keeps_its_zeros_and_the_code_says_unit_and_datum() -> None:
    [reading] = answer({"value": "100", "dateTime": TIME}, code="63160").readings
    assert (reading.station, reading.name, reading.value, reading.datum) == (
        "09999990",
        "SAMPLE CREEK",
        30.48,
        "NAVD88",
    )


def test_what_is_no_level_flow_or_rain_is_other_in_its_own_unit() -> None:
    [reading] = answer(
        {"value": "21", "dateTime": TIME}, code="00010", variable={"unit": {"unitCode": "deg C"}}
    ).readings
    assert (reading.kind, reading.value, reading.unit) == (Kind.OTHER, 21.0, "deg C")


def test_a_series_without_anything_is_nothing() -> None:
    assert found({"value": {"timeSeries": []}}).ignored
    assert found({"value": {"timeSeries": [{}]}}).ignored


# --- OGC features ---


def test_an_instant_is_taken_as_it_is() -> None:
    [reading] = found({"features": [feature(time="2026-06-01T12:00:00+00:00", approval_status="Approved")]}).readings
    assert (reading.station, reading.value, reading.quality) == ("USGS-09999990", 0.572, Quality.GOOD)
    assert (reading.kind, reading.native.unit, reading.native.quality) == (Kind.DISCHARGE, "ft^3/s", "Approved")


def test_a_feature_alone_is_read() -> None:
    assert [one.value for one in found(feature()).readings] == [0.572]


def test_a_qualifier_beside_the_approval_counts() -> None:
    [reading] = found({"features": [feature(qualifier=["ESTIMATED"])]}).readings
    assert (reading.quality, reading.native.quality) == (Quality.ESTIMATED, "Provisional,ESTIMATED")


@pytest.mark.parametrize(
    ("longitude", "offset"),
    [
        *((-158, "-10:00"), (-149, "-08:00"), (-122, "-07:00"), (-105, "-06:00")),
        *((-89, "-05:00"), (-77, "-04:00"), (-66, "-04:00"), (144, "+10:00")),
    ],
)
def test_a_day_begins_where_the_station_stands_by_its_longitude(longitude: float, offset: str) -> None:
    one = feature() | {"geometry": {"coordinates": [longitude, 40]}}
    [reading] = found({"features": [one]}).readings
    assert reading.observed.isoformat() == f"2026-06-01T00:00:00{offset}"


@pytest.mark.parametrize(
    ("stated", "offset"),
    [
        ({"time_zone_abbreviation": "EST", "uses_daylight_savings": "Y"}, "-04:00"),
        ({"time_zone_abbreviation": "EST", "uses_daylight_savings": "N"}, "-05:00"),
        ({"time_zone_abbreviation": "XYZ", "uses_daylight_savings": "N"}, "-05:00"),
    ],
)
def test_a_zone_that_is_stated_counts_before_the_longitude(stated: dict[str, object], offset: str) -> None:
    place = {"properties": {"monitoring_location_id": "USGS-09999990", **stated}}
    [reading] = found({"monitoring-locations": {"features": [place]}, "daily": {"features": [feature()]}}).readings
    assert reading.observed.isoformat() == f"2026-06-01T00:00:00{offset}"


@pytest.mark.parametrize("geometry", [None, {"coordinates": [200, 0]}, {"coordinates": []}])
def test_a_day_of_nowhere_is_a_defect(geometry: object) -> None:
    made = found({"features": [feature() | {"geometry": geometry}]})
    assert [one.code for one in made.defects] == [Code.UNREADABLE_OBSERVED]


def test_statistics_and_metadata_are_no_readings() -> None:
    peak = feature(water_year=1970)
    bare = {"properties": {"monitoring_location_id": "USGS-1", "time": "2026-06-01"}}
    assert found({"features": [peak, bare]}).ignored


def test_an_unknown_parameter_is_other() -> None:
    [reading] = found({"features": [feature(parameter_code="91061", unit_of_measure="lbs/day")]}).readings
    assert (reading.kind, reading.unit) == (Kind.OTHER, "lbs/day")


def test_a_site_list_is_understood_and_other_documents_are_not_ours() -> None:
    made = read(b"# comment\nagency_cd\tsite_no\n", "")
    assert made is not None
    assert made.ignored
    assert read(b"# comment\n", "") is None
    assert read(b'{"features": [1, {"properties": []}]}', "") is None
    assert read(b'[{"features": []}]', "") is None
