from __future__ import annotations

import pytest

from schemas.observation import Kind, Quality
from services.ingest.core.defect import Code
from services.ingest.core.river.found import Found
from services.ingest.core.river.suimon import read

HEAD = "水系名,見本川\r\n河川名,見本川\r\n観測所名,見本橋\r\n観測所記号,999999999999990\r\n#\r\n# フラグの意味： *:暫定値\r\n"


def table(title: str, *lines: str, encoding: str = "cp932", head: str = HEAD) -> Found:
    made = read("\r\n".join([title, head, *lines]).encode(encoding), "")
    assert made is not None
    return made


def hours(*cells: str) -> str:
    return "2026/09/01," + ",".join(cells)


def pairs(made: Found) -> list[tuple[str, float | None, str]]:
    return [(f"{one.observed:%m-%d %H}", one.value, one.quality) for one in made.readings]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "euc_jp", "cp932"])
def test_each_encoding_is_found_by_the_words_it_gives(encoding: str) -> None:
    made = table("時刻水位月表検索結果", hours(*["1.23, "] * 24), encoding=encoding)
    assert {(one.station, one.name, one.kind, one.datum) for one in made.readings} == {
        ("999999999999990", "見本橋", Kind.STAGE, "gauge-zero")
    }


def test_hour_h_is_h_oclock_and_24_the_next_days_midnight() -> None:
    made = table("時刻水位月表", hours(*(f" {hour}.5, " for hour in range(1, 25))))
    assert pairs(made)[0] == ("09-01 01", 1.5, "good")
    assert pairs(made)[-1] == ("09-02 00", 24.5, "good")
    assert made.readings[-1].native.time == "2026/09/01 24時"


@pytest.mark.parametrize(
    ("cell", "value", "quality"),
    [
        ("1.2,*", 1.2, Quality.PROVISIONAL),
        ("-9999.99,$", None, Quality.MISSING),
        ("-9999.99, ", None, Quality.MISSING),
        ("1.2,$", None, Quality.MISSING),
        ("-9999.99,#", None, Quality.CLOSED),
        ("-9999.99,-", None, Quality.MISSING),
        (",-", None, Quality.MISSING),
        ("-, ", None, Quality.MISSING),
        ("1.2,?", 1.2, Quality.SUSPECT),
        ("-0.49, ", -0.49, Quality.GOOD),
    ],
)
def test_flags_mean_what_the_header_says(cell: str, value: float | None, quality: Quality) -> None:
    reading = table("時刻水位月表", hours(cell, *["1.0, "] * 23)).readings[0]
    assert (reading.value, reading.quality) == (value, quality)


def test_what_is_not_held_is_not_invented() -> None:
    assert len(table("時刻水位月表", hours(*["1.0, "] * 23, ", ")).readings) == 23


def test_the_title_says_what_is_measured() -> None:
    kinds = [
        table(title, hours(*["1.0, "] * 24)).readings[0].kind
        for title in ("時刻水位月表", "時刻流量月表検索結果", "時刻雨量月表")
    ]
    assert kinds == [Kind.STAGE, Kind.DISCHARGE, Kind.RAIN]
    assert table("水位流量曲線", hours(*["1.0, "] * 24)).ignored


def test_a_daily_table_has_months_of_a_year_and_no_days_that_are_not() -> None:
    made = table("日流量年表", "2025年", "2月," + "1.5, ," * 31, "2026年", "1月," + ",".join(["2.5, "] * 31) + ",9.9, ")
    days = [f"{one.observed:%Y-%m-%d}" for one in made.readings]
    assert (len(days), days[0], days[27], days[28], days[-1]) == (
        59,
        "2025-02-01",
        "2025-02-28",
        "2026-01-01",
        "2026-01-31",
    )
    assert made.readings[0].native.time == "2025年2月1日"


def test_a_month_before_any_year_is_a_defect() -> None:
    assert [one.code for one in table("日流量年表", "2月,1.5, ").defects] == [Code.UNREADABLE_OBSERVED]


def test_one_value_a_line_has_its_time_beside_it() -> None:
    made = table("リアルタイム10分水位一覧表", "2026/09/01,19:50,1.20,*", "2026/09/01,24:00,1.30", "2026/09/01,20:10,,")
    assert [(one.observed.isoformat(), one.quality) for one in made.readings] == [
        ("2026-09-01T19:50:00+09:00", "provisional"),
        ("2026-09-02T00:00:00+09:00", "good"),
    ]


def test_a_row_that_was_cut_is_read_as_far_as_it_goes_and_said() -> None:
    made = table("時刻水位月表", hours("1.0, ", "1.1, ", "1.2"))
    assert (len(made.readings), [one.code for one in made.defects]) == (3, [Code.CUT_SHORT])


def test_a_table_without_a_station_or_values_is_still_one() -> None:
    made = table("時刻水位月表", head="観測所記号,\r\n")
    assert (made.readings, bool(made.ignored)) == ((), True)


@pytest.mark.parametrize("body", [b"", b"\xff\xff\xff", "時刻水位".encode(), b"a,b\n1,2"])
def test_other_documents_are_not_ours(body: bytes) -> None:
    assert read(body, "") is None
