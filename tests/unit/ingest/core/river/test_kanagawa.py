from __future__ import annotations

import pytest

from schemas.observation import Kind, Quality
from services.ingest.core.defect import Code
from services.ingest.core.river.found import Found
from services.ingest.core.river.kanagawa import read


def page(*rows: tuple[str, str], heading: str = "2026/01/01 00:20", what: str = "水位(m)", name: str = "") -> Found:
    cells = "".join(f"<tr><td>{time}</td><td><span>{value}</span></td></tr>" for time, value in rows)
    made = read(
        f"<html><p>観測時刻 <b>{heading}</b></p><table><tr><th>観測所名</th><td>見本橋</td></tr></table>"
        f"<table><tr><th>観測時刻</th><th>{what}</th></tr>{cells}</table></html>".encode(),
        name,
    )
    assert made is not None
    return made


def placed(made: Found) -> list[str]:
    return [f"{one.observed:%Y-%m-%d %H:%M}" for one in made.readings]


def test_rows_are_placed_by_walking_back_from_the_heading() -> None:
    made = page(("23:50", "1.0→"), ("01/01 00:00", "1.1↑"), ("00:10", "1.2↑"), ("00:20", "1.3↓"))
    assert placed(made) == ["2025-12-31 23:50", "2026-01-01 00:00", "2026-01-01 00:10", "2026-01-01 00:20"]
    assert [one.value for one in made.readings] == [1.0, 1.1, 1.2, 1.3]


def test_a_date_of_the_year_before_is_of_the_year_before() -> None:
    assert placed(page(("12/31 23:50", "1.0"), ("00:00", "1.0"))) == ["2025-12-31 23:50", "2026-01-01 00:00"]


def test_24_oclock_is_midnight() -> None:
    assert placed(page(("23:50", "1"), ("24:00", "1"), heading="2026/01/02 00:00")) == [
        "2026-01-01 23:50",
        "2026-01-02 00:00",
    ]


def test_a_date_that_is_none_is_a_defect_and_the_others_are_placed() -> None:
    made = page(("23:50", "1.0"), ("02/30 23:55", "1.0"), ("00:10", "1.0"))
    assert placed(made) == ["2025-12-31 23:50", "2026-01-01 00:10"]
    assert [one.code for one in made.defects] == [Code.UNREADABLE_OBSERVED]


@pytest.mark.parametrize(
    ("cell", "value", "quality"),
    [
        ("0.07→", 0.07, Quality.GOOD),
        ("-0.12 ↓", -0.12, Quality.GOOD),
        ("－0.12", -0.12, Quality.GOOD),
        ("**", None, Quality.MISSING),
        ("--", None, Quality.MISSING),
        ("閉局", None, Quality.CLOSED),
    ],
)
def test_cells(cell: str, value: float | None, quality: Quality) -> None:
    [reading] = page(("00:10", cell)).readings
    assert (reading.value, reading.quality, reading.native.value, reading.datum) == (value, quality, cell, "gauge-zero")


def test_an_empty_cell_is_not_held_and_a_strange_one_is_a_defect() -> None:
    made = page(("00:10", ""), ("00:20", "high"))
    assert (made.readings, [one.code for one in made.defects]) == ((), [Code.UNREADABLE_VALUE])


def test_the_stations_id_is_in_the_pages_name_and_its_name_on_the_page() -> None:
    [reading] = page(("00:10", "1"), name="p10202_18_3585_4_808.html").readings
    assert (reading.station, reading.name) == ("3585_4_808", "見本橋")
    assert page(("00:10", "1")).readings[0].station is None


def test_a_page_of_rain_is_rain() -> None:
    [reading] = page(("00:10", "3.5"), what="雨量(mm)").readings
    assert (reading.kind, reading.unit, reading.datum) == (Kind.RAIN, "mm", None)


def test_a_page_without_rows_or_without_a_date() -> None:
    assert page().ignored
    made = read("<p>観測時刻 20:00</p>".encode(), "")
    assert made is not None
    assert [one.code for one in made.defects] == [Code.UNREADABLE_OBSERVED]


def test_loose_cells_and_text_beside_tables_do_no_harm() -> None:
    made = read("<td>x</td>観測時刻 2026/01/01 00:20<table><tr><td>00:10<td>1.0</table>y</p>".encode(), "")
    assert made is not None
    assert [(one.name, one.value) for one in made.readings] == [(None, 1.0)]


@pytest.mark.parametrize("body", [b"\xff", b"<html></html>", "観測時刻".encode()])
def test_other_documents_are_not_ours(body: bytes) -> None:
    assert read(body, "") is None
