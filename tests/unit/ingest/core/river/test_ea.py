from __future__ import annotations

import json

import pytest

from schemas.observation import Kind, Quality
from services.ingest.core.river.ea import read
from services.ingest.core.river.found import Found

META = {"publisher": "Environment Agency"}
MEASURES = "http://environment.data.gov.uk/flood-monitoring/id/measures/"


def found(items: object, **more: object) -> Found:
    made = read(json.dumps({"meta": META, "items": items, **more}).encode(), "")
    assert made is not None
    return made


def reading(measure: object = f"{MEASURES}9999TH-level-stage-i-15_min-mASD", **fields: object) -> dict[str, object]:
    return {"measure": measure, "dateTime": "2026-09-01T11:00:00Z", "value": 1.5, **fields}


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        ("9999TH-level-stage-i-15_min-mASD", (Kind.STAGE, "9999TH", 1.5, "m", "ASD", "mASD")),
        ("E72-124-level-tidal_level-Mean-15_min-mAOD", (Kind.STAGE, "E72-124", 1.5, "m", "AOD", "mAOD")),
        ("9999-level-stage-i-15_min-m", (Kind.STAGE, "9999", 1.5, "m", None, "m")),
        ("9999-level-groundwater-i-1_h-mAOD", (Kind.OTHER, "9999", 1.5, "mAOD", None, "mAOD")),
        ("9999-flow--i-15_min-m3_s", (Kind.DISCHARGE, "9999", 1.5, "m3/s", None, "m3/s")),
        ("E14-rainfall-tipping_bucket_raingauge-t-15_min-mm", (Kind.RAIN, "E14", 1.5, "mm", None, "mm")),
        ("E14-wind-direction-Mean-15_min-deg", (Kind.OTHER, "E14", 1.5, "deg", None, "deg")),
        ("abc-def-flow-i-900-m3s-qualified", (Kind.DISCHARGE, "abc-def", 1.5, "m3/s", None, "m3s")),
    ],
)
def test_a_measures_name_says_what_where_and_in_which_unit(measure: str, expected: tuple[object, ...]) -> None:
    [one] = found([reading(f"{MEASURES}{measure}")]).readings
    assert (one.kind, one.station, one.value, one.unit, one.datum, one.native.unit) == expected


def test_a_full_view_has_the_measure_in_it() -> None:
    measure = {"@id": "x", "parameter": "level", "unitName": "mAOD", "stationReference": "1234", "qualifier": "Stage"}
    [one] = found([reading(measure)]).readings
    assert (one.station, one.kind, one.datum) == ("1234", Kind.STAGE, "AOD")


def test_a_station_is_an_object_and_holds_the_latest_of_each_measure() -> None:
    latest = {"dateTime": "2026-09-01T11:00:00Z", "value": 1.9}
    measures = [
        {
            "notation": "9999TH-level-stage-i-15_min-mASD",
            "parameter": "level",
            "unitName": "mASD",
            "latestReading": latest,
        },
        {
            "notation": "9999TH-flow--i-15_min-m3_s",
            "parameter": "flow",
            "unitName": "m3/s",
            "latestReading": "http://x",
        },
    ]
    made = found({"label": "Sample Mill", "stationReference": "9999TH", "measures": measures, "town": ["a", "b"]})
    assert [(one.station, one.name, one.value) for one in made.readings] == [("9999TH", "Sample Mill", 1.9)]


def test_a_list_of_measures_holds_theirs() -> None:
    latest = {"dateTime": "2026-09-01T11:00:00Z", "value": 1.9}
    made = found([{"notation": "9999TH-level-stage-i-15_min-m", "latestReading": latest}])
    assert [(one.station, one.value) for one in made.readings] == [("9999TH", 1.9)]


def test_a_measure_that_says_nothing_is_other() -> None:
    [one] = found([reading("http://x/strange")]).readings
    assert (one.kind, one.station, one.unit) == (Kind.OTHER, None, "strange")
    assert found([reading(None)]).readings[0].kind is Kind.OTHER


@pytest.mark.parametrize(
    ("fields", "value", "quality"),
    [
        ({"quality": "Estimated"}, 1.5, Quality.ESTIMATED),
        ({"quality": "Missing"}, None, Quality.MISSING),
        ({"quality": "Odd"}, 1.5, Quality.SUSPECT),
        ({"value": None}, None, Quality.MISSING),
        ({"dateTime": "2026-09-01T11:00:00"}, 1.5, Quality.GOOD),
    ],
)
def test_quality_is_the_sources_own(fields: dict[str, object], value: float | None, quality: Quality) -> None:
    [one] = found([reading(**fields)]).readings
    assert (one.value, one.quality, one.observed.isoformat()) == (value, quality, "2026-09-01T11:00:00+00:00")


def test_two_values_for_one_moment_contradict_each_other() -> None:
    assert [(one.value, one.quality) for one in found([reading(value=[1.5, 1.7])]).readings] == [
        (1.5, Quality.SUSPECT),
        (1.7, Quality.SUSPECT),
    ]


def test_lists_warnings_and_statements_hold_none() -> None:
    assert found([{"@id": "x", "severityLevel": 4}]).ignored
    for document in ({"issued_at": "", "risk_areas": []}, {"floods": [{"ta_code": "1"}]}):
        made = read(json.dumps(document).encode(), "")
        assert made is not None
        assert made.ignored


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"items": []}', b'{"floods": []}'])
def test_other_documents_are_not_ours(body: bytes) -> None:
    assert read(body, "") is None
