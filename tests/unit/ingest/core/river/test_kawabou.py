from __future__ import annotations

import json

import pytest

from schemas.observation import Kind, Quality
from services.ingest.core.defect import Code
from services.ingest.core.river.found import Found
from services.ingest.core.river.kawabou import read

TIME = "2026/09/01 20:00"


def found(document: object, name: str = "") -> Found:
    made = read(json.dumps(document).encode(), name)
    assert made is not None
    return made


def station(**fields: object) -> Found:
    return found({"obsValue": {"obsTime": TIME, **fields}})


@pytest.mark.parametrize(
    ("fields", "value", "quality"),
    [
        ({"stg": 1.2, "stgCcd": 0}, 1.2, Quality.GOOD),
        ({"stg": 0, "stgCcd": 0}, 0.0, Quality.GOOD),
        ({"stg": -0.3, "stgCcd": 127}, -0.3, Quality.GOOD),
        ({"stg": 0, "stgCcd": 128}, None, Quality.MISSING),
        ({"stg": 0, "stgCcd": 190}, None, Quality.MISSING),
        ({"stg": 0, "stgCcd": 140}, None, Quality.CLOSED),
        ({"stg": 1.2, "stgCcd": None}, None, Quality.MISSING),
        ({"stg": None, "stgCcd": 0}, None, Quality.MISSING),
        ({"stg": 1.2}, 1.2, Quality.GOOD),
        ({"stg": None}, None, Quality.MISSING),
        ({"stg": -9999, "stgCcd": 0}, None, Quality.MISSING),
    ],
)
def test_a_value_counts_only_with_a_code_below_128(
    fields: dict[str, object], value: float | None, quality: Quality
) -> None:
    [reading] = station(**fields).readings
    assert (reading.value, reading.quality, reading.datum) == (value, quality, "gauge-zero")


def test_a_value_listed_in_three_places_is_one_reading() -> None:
    row = {"obsTime": TIME, "stg": 1.2, "stgCcd": 0}
    made = found({"obsValue": row, "min10Values": [row, row | {"obsTime": "2026/09/01 19:50"}], "hrValues": [row, 1]})
    assert [one.native.time for one in made.readings] == [TIME, "2026/09/01 19:50"]


def test_the_stations_id_is_in_the_file_name_or_in_the_record() -> None:
    row = {"obsTime": TIME, "stg": 1.2, "stgCcd": 0}
    assert found({"obsValue": row}, "9999900400001.json").readings[0].station == "9999900400001"
    assert found({"obsValue": row}, "20260901-1.json").readings[0].station is None
    town = {"tmList": {"tmStg": [row | {"obsFcd": "9999900400002"}, row]}}
    assert [one.station for one in found(town).readings] == ["9999900400002", None]


def test_a_crisis_gauge_does_not_say_from_where_it_counts_and_has_a_time_of_its_own() -> None:
    made = station(stg=96.25, tmObsTime="2026/09/01 20:10", swstgOvlvl=0, stgHght=-1.55, stgQmFlg=None)
    [reading] = made.readings
    assert (reading.value, reading.datum, reading.native.time) == (96.25, None, TIME)


def test_a_dam_has_a_level_and_flows_with_a_code_each() -> None:
    made = station(storLvl=310.5, storLvlCcd=0, allSink=12, allSinkCcd=0, allDisch=0, allDischCcd=190)
    assert [(one.kind, one.value, one.unit) for one in made.readings] == [
        (Kind.DAM_LEVEL, 310.5, "m"),
        (Kind.DAM_INFLOW, 12.0, "m3/s"),
        (Kind.DAM_OUTFLOW, None, "m3/s"),
    ]


def test_rain_is_that_of_ten_minutes_else_of_the_hour_and_never_a_sum() -> None:
    ten = station(rn10m=1.5, rn10mCcd=0, rnHr=9, rnHrCcd=0, rnInc=80, rnIncCcd=0)
    hour = station(rnHr=9, rnHrCcd=0, rnInc=80, rnIncCcd=0)
    assert [(one.kind, one.value, one.unit) for made in (ten, hour) for one in made.readings] == [
        (Kind.RAIN, 1.5, "mm"),
        (Kind.RAIN, 9.0, "mm"),
    ]


def test_the_map_is_written_in_snake_case() -> None:
    properties = {"obs_fcd": "1", "obs_nm": "見本橋", "obs_time": TIME, "stg_ovdeg": 8.6, "stg_ccd": 0, "stg_ovlvl": 80}
    nothing = {"obs_fcd": "2", "obs_time": None, "stg_ovdeg": None, "stg_ccd": None}
    made = found({"features": [{"properties": properties}, {"properties": nothing}]})
    assert [(one.station, one.name, one.value) for one in made.readings] == [("1", "見本橋", 8.6)]


def test_a_week_of_hours_may_have_day_and_time_apart() -> None:
    made = found({"pastValues": [{"date": "2026/08/31", "time": "24:00", "stg": 1.2, "stgCcd": 0}]})
    assert made.readings[0].observed.isoformat() == "2026-09-01T00:00:00+09:00"


def test_a_time_that_is_none_is_a_defect() -> None:
    assert [one.code for one in found({"obsValue": {"obsTime": "soon", "stg": 1, "stgCcd": 0}}).defects] == [
        Code.UNREADABLE_OBSERVED
    ]


@pytest.mark.parametrize(
    "document",
    [{"crntObsTime": TIME}, {"obsInfo": {"obsFcd": "1"}}, {"prefs": [{"prefCd": 101}]}, {"tmList": {"tmStg": []}}],
)
def test_clock_master_list_and_empty_answer_hold_no_readings(document: object) -> None:
    made = found(document)
    assert (made.readings, made.defects, bool(made.ignored)) == ((), (), True)


@pytest.mark.parametrize("document", [{}, [], {"features": [1]}, {"features": []}, {"prefs": [{"code": "1"}]}])
def test_other_documents_are_not_ours(document: object) -> None:
    assert read(json.dumps(document).encode(), "") is None
    assert read(b"<html>", "") is None
