from __future__ import annotations

import pytest

from services.ingest.core.bodies.quake import read, read_early
from services.ingest.core.defect import Code
from tests.unit.ingest.core.bodies.reading import codes, reading, said


def city(code: str, shindo: str, condition: str = "") -> str:
    station = f"<IntensityStation><Name>局</Name><Code>{code}</Code><Int>7</Int></IntensityStation>"
    return (
        f"<City><Name>町</Name><Code>{code}</Code><MaxInt>{shindo}</MaxInt>"
        f"<Condition>{condition}</Condition>{station}</City>"
    )


def observed(*cities: str, area: str = "361", shindo: str = "4") -> str:
    region = f"<Area><Name>神奈川県西部</Name><Code>{area}</Code><MaxInt>{shindo}</MaxInt>{''.join(cities)}</Area>"
    return f"<Intensity><Observation><Pref><Code>14</Code>{region}</Pref></Observation></Intensity>"


def expected(code: str, lower: str, upper: str) -> str:
    bounds = f"<ForecastInt><From>{lower}</From><To>{upper}</To></ForecastInt>"
    region = f"<Area><Name>域</Name><Code>{code}</Code>{bounds}</Area>"
    return f"<Intensity><Forecast><Pref>{region}</Pref></Forecast></Intensity>"


@pytest.mark.parametrize(
    ("shindo", "rank", "event"),
    [
        ("7", "5", "震度7"),
        ("6+", "5", "震度６強"),
        ("6-", "5", "震度６弱"),
        ("5+", "4", "震度５強"),
        ("5-", "4", "震度５弱"),
        ("4", "3", "震度4"),
        ("3", "2", "震度3"),
        ("2", "-", "震度2"),
        ("1", "-", "震度1"),
        ("4 ", "3", "震度4"),
        ("５＋", "4", "震度５強"),
    ],
)
def test_the_first_report_is_by_region(shindo: str, rank: str, event: str) -> None:
    assert said(read, "quake", observed(shindo=shindo)) == [f"quake_area:361 quake - {rank} active"]
    assert [entry.kind.event for entry in reading(read, "quake", observed(shindo=shindo)).entries] == [event]


def test_the_next_is_by_municipality_and_ward_and_no_station_counts() -> None:
    body = observed(city("1420600", "4"), city("1413100", "3"), shindo="5-")
    assert said(read, "quake", body) == ["quake_city:1420600 quake - 3 active", "quake_city:1413100 quake - 2 active"]


@pytest.mark.parametrize(
    ("shindo", "condition", "rank"),
    [
        ("3", "震度５弱以上未入電", "4"),
        ("", "震度５弱以上未入電", "4"),
        ("震度５弱以上未入電", "", "4"),
        ("6+", "震度５弱以上未入電", "5"),
    ],
)
def test_where_the_data_has_not_come_in_what_is_presumed_counts(shindo: str, condition: str, rank: str) -> None:
    body = observed(city("1420600", shindo, condition))
    assert said(read, "quake", body) == [f"quake_city:1420600 quake - {rank} active"]


def test_an_intensity_that_is_none_is_said() -> None:
    assert said(read, "quake", observed(shindo="?")) == ["quake_area:361 quake - - active"]
    assert codes(read, "quake", observed(shindo="?")) == [Code.UNKNOWN_KIND]


def test_a_quake_far_away_shakes_nobody() -> None:
    assert said(read, "quake", "<Earthquake/>") == []


@pytest.mark.parametrize(("lower", "upper", "rank"), [("3", "4", "3"), ("5-", "5+", "4"), ("6-", "over", "5")])
def test_an_early_warning_is_at_the_upper_bound(lower: str, upper: str, rank: str) -> None:
    assert said(read_early, "quake", expected("361", lower, upper)) == [f"quake_area:361 quake - {rank} active"]
