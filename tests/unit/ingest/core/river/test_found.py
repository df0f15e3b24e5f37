from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from schemas.observation import Kind, Native, Quality
from services.ingest.core.defect import Code, Defect
from services.ingest.core.river import found as module
from services.ingest.core.river.found import (
    DEFECTS_MAX,
    JST,
    Gathering,
    day_start,
    from_json,
    ignored,
    in_japan,
    in_unit,
    instant,
    member,
    number,
    objects,
    refused,
    rows,
    text,
)

AT = datetime(2026, 9, 1, 20, 0, tzinfo=JST)


def code(made: object) -> Code | None:
    return made.code if isinstance(made, Defect) else None


def gather(value: str | None, unit: str = "m", kind: Kind = Kind.STAGE, **changes: object) -> Gathering:
    """One value gathered."""
    gathering = Gathering("ea")
    values: dict[str, object] = {
        "station": "1",
        "name": None,
        "observed": AT,
        "native": Native(value=value),
        "unit": unit,
    }
    gathering.add(kind, **(values | changes))  # type: ignore[arg-type]
    return gathering


# --- the document ---


def test_fractions_stay_as_written() -> None:
    assert from_json('{"a": 6.00, "b": 12, "c": "é"}'.encode()) == {"a": Decimal("6.00"), "b": 12, "c": "é"}
    assert text(member(from_json(b'{"a": 6.00}'), "a")) == "6.00"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a"', Code.NOT_JSON),
        (b"", Code.NOT_JSON),
        (b'{"a": NaN}', Code.NOT_JSON),
        (b"3", Code.NOT_JSON),
        (b"[" * 100_000, Code.NOT_JSON),
        (b'{"a": ' + b"9" * 5_000 + b"}", Code.NOT_JSON),
        (b'{"a": "\xff"}', Code.WRONG_ENCODING),
    ],
    ids=["cut", "empty", "NaN", "lone", "deep", "long", "latin"],
)
def test_what_is_no_json_document_is_a_defect(body: bytes, expected: Code) -> None:
    assert code(from_json(body)) is expected


def test_json_lines_come_one_by_one_and_broken_ones_as_defects() -> None:
    made = list(rows(b'{"a": 1}\n\n[1]\n{"b"\n'))
    assert [code(one) for one in made] == [None, Code.NOT_JSON, Code.NOT_JSON]
    assert [str(one).partition(":")[0] for one in made[1:]] == ["E3161 line 3", "E3161 line 4"]


def test_members_and_objects_of_what_is_something_else_are_none() -> None:
    assert member({"a": {"b": 1}}, "a", "b") == 1
    assert member({"a": [1]}, "a", "b") is None
    assert list(objects([{"a": 1}, 2, None])) == [{"a": 1}]
    assert list(objects("x")) == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("　境橋 ", "境橋"),
        ("ft&#179;", "ft³"),
        (12, "12"),
        (Decimal("1.50"), "1.50"),
        (True, None),
        ([], None),
        (" ", None),
    ],
)
def test_text_is_decoded_and_trimmed(value: object, expected: str | None) -> None:
    assert text(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("6.48", Decimal("6.48")), (-1, Decimal(-1)), ("x", None), (None, None), ("1e999", None), ("Infinity", None)],
)
def test_numbers_are_finite_and_of_this_world(value: object, expected: Decimal | None) -> None:
    assert number(value) == expected


# --- units and instants ---


@pytest.mark.parametrize(
    ("kind", "value", "unit", "expected"),
    [
        (Kind.STAGE, "6.48", "ft", "1.975"),
        (Kind.STAGE, "159", "cm", "1.59"),
        (Kind.STAGE, "-1232", "mm", "-1.232"),
        (Kind.DISCHARGE, "974", "ft^3/s", "27.581"),
        (Kind.DISCHARGE, "1.0", "ft3/s", "0.02832"),
        (Kind.DISCHARGE, "0", "cfs", "0.000"),
        (Kind.DISCHARGE, "15000.5", "l/s", "15.0005"),
        (Kind.DISCHARGE, "102", "m³/s", "102"),
        (Kind.RAIN, "0.5", "in", "12.700"),
        (Kind.CLEARANCE, "712", "cm", "7.12"),
        (Kind.OTHER, "21.2", "°C", "21.2"),
    ],
)
def test_values_are_converted_at_the_edge(kind: Kind, value: str, unit: str, expected: str) -> None:
    assert in_unit(kind, Decimal(value), unit) == Decimal(expected)


def test_a_unit_of_something_else_is_not_guessed() -> None:
    assert in_unit(Kind.STAGE, Decimal(1), "m3/s") is None


def test_instants_have_an_offset_or_are_given_one() -> None:
    assert instant("2026-09-01T20:00:00+09:00") == AT
    assert instant("2026-09-01T11:00:00Z") == AT
    assert instant("2026-09-01T20:00:00") is None
    assert instant("2026-09-01T11:00:00", UTC) == AT


@pytest.mark.parametrize("written", ["2026-09-01", "yesterday evening", "0001-01-01T00:00:00Z", 5, "2" * 300])
def test_what_is_no_instant_is_none(written: object) -> None:
    assert instant(written, UTC) is None


def test_a_day_begins_where_the_station_stands() -> None:
    assert day_start("2026-09-01", JST) == AT - timedelta(hours=20)
    assert day_start("2026-02-30", JST) is None
    assert day_start("2026-9-1", JST) is None
    assert day_start(None, JST) is None


def test_24_oclock_is_the_next_days_midnight() -> None:
    assert in_japan("2026/08/31", "24:00") == in_japan("2026/09/01", "00:00")
    assert in_japan("2026/12/31", "24:00:00") == datetime(2027, 1, 1, tzinfo=JST)


@pytest.mark.parametrize(
    ("day", "clock"), [("2026/02/30", "1:00"), ("2026/09/01", "24:10"), ("x", "1:00"), ("1/1/1", "")]
)
def test_what_is_no_time_of_japan_is_none(day: str, clock: str) -> None:
    assert in_japan(day, clock) is None


# --- gathering ---


@pytest.mark.parametrize("value", ["-9999", "-9999.99", "-999999", None])
def test_a_sign_for_no_value_is_missing_and_never_a_number(value: str | None) -> None:
    [reading] = gather(value).found("").readings
    assert (reading.value, reading.quality) == (None, Quality.MISSING)


def test_zero_and_a_negative_stage_are_values() -> None:
    assert [gather(value).found("").readings[0].value for value in ("0", "-0.49")] == [0.0, -0.49]


def test_what_is_missing_or_closed_has_no_value_whatever_stands_there() -> None:
    for quality in (Quality.MISSING, Quality.CLOSED):
        [reading] = gather("8.6", quality=quality).found("").readings
        assert (reading.value, reading.quality, reading.native.value) == (None, quality, "8.6")
    assert gather("**", quality=Quality.MISSING).found("").readings[0].value is None


def test_a_datum_is_of_levels_only() -> None:
    assert gather("1", datum="TP").found("").readings[0].datum == "TP"
    assert gather("1", "m3/s", Kind.DISCHARGE, datum="TP").found("").readings[0].datum is None
    assert gather("1", "deg", Kind.OTHER).found("").readings[0].unit == "deg"


def test_a_figure_stands_for_what_is_written_around_it() -> None:
    [reading] = gather("1.40→", figure="1.40").found("").readings
    assert (reading.value, reading.native.value) == (1.4, "1.40→")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"observed": None}, Code.UNREADABLE_OBSERVED),
        ({"native": Native(value="abc")}, Code.UNREADABLE_VALUE),
        ({"unit": "furlong"}, Code.UNKNOWN_UNIT),
    ],
)
def test_what_cannot_be_used_is_a_defect_and_no_reading(changes: dict[str, object], expected: Code) -> None:
    made = gather("1", **changes).found("")  # type: ignore[arg-type]
    assert ([defect.code for defect in made.defects], made.readings, made.ignored) == ([expected], (), "")


def test_a_value_listed_several_times_is_one_reading() -> None:
    gathering = gather("1")
    for value in ("1", "2"):
        gathering.add(
            Kind.STAGE, station="1", name=None, observed=AT, native=Native(value=value), unit="m", quality=Quality.GOOD
        )
    assert [one.value for one in gathering.found("").readings] == [1.0, 2.0]


def test_more_readings_than_any_document_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READINGS_MAX", 1)
    gathering = gather("1")
    gathering.add(Kind.STAGE, station="2", name=None, observed=AT, native=Native(value="1"), unit="m")
    assert [defect.code for defect in gathering.found("").defects] == [Code.TOO_MANY_READINGS]


def test_of_many_defects_the_first_are_told_and_the_others_counted() -> None:
    gathering = Gathering("ea")
    for count in range(DEFECTS_MAX + 2):
        gathering.note(Code.UNREADABLE_VALUE, str(count))
    defects = gathering.found("").defects
    assert (len(defects), defects[-1].code, defects[-1].reason) == (
        DEFECTS_MAX + 1,
        Code.MORE_DEFECTS,
        "2 more defects",
    )


def test_nothing_found_says_why() -> None:
    assert Gathering("ea").found("empty").ignored == "empty"
    assert ignored("ea", "list").ignored == "list"
    assert refused(None, Defect(code=Code.NOT_JSON, reason="")).defects[0].code is Code.NOT_JSON
