from __future__ import annotations

import json

import pytest

from schemas.observation import Kind, Quality
from services.ingest.core.defect import Code
from services.ingest.core.river.drop import read
from services.ingest.core.river.found import Found

LINE = {"station": "0001", "kind": "stage", "value": 1.2, "unit": "m", "observed": "2026-09-01T20:00:00+09:00"}


def found(*lines: dict[str, object] | str) -> Found:
    body = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    made = read(body.encode(), "")
    assert made is not None
    return made


def test_a_line_is_a_reading_as_it_is_printed() -> None:
    native = {"value": "120", "unit": "cm", "time": "20:00", "quality": "0"}
    full = LINE | {"name": "見本橋", "datum": "TP", "quality": "provisional", "native": native}
    [reading] = found(full).readings
    assert (reading.source, reading.station, reading.name, reading.kind) == ("drop", "0001", "見本橋", Kind.STAGE)
    assert (reading.value, reading.datum, reading.quality) == (1.2, "TP", Quality.PROVISIONAL)
    assert (reading.native.value, reading.native.unit, reading.native.time, reading.native.quality) == (
        "120",
        "cm",
        "20:00",
        "0",
    )


def test_what_a_line_does_not_say_is_taken_from_what_it_says() -> None:
    [reading] = found(LINE | {"unit": "cm", "value": 120}).readings
    assert (reading.value, reading.native.value, reading.native.time) == (1.2, "120", LINE["observed"])


def test_a_value_that_is_not_there_is_missing_and_a_strange_quality_suspect() -> None:
    assert [one.quality for one in found(LINE | {"value": None}, LINE | {"quality": "odd"}).readings] == [
        Quality.MISSING,
        Quality.SUSPECT,
    ]


@pytest.mark.parametrize("changes", [{"kind": "height"}, {"unit": None}, {"station": None}])
def test_a_line_without_station_kind_or_unit_is_a_defect(changes: dict[str, object]) -> None:
    made = found(LINE, LINE | changes)
    assert (len(made.readings), [one.code for one in made.defects]) == (1, [Code.UNREADABLE_VALUE])


def test_a_broken_line_stops_no_other() -> None:
    made = found("{", LINE)
    assert (len(made.readings), [one.code for one in made.defects]) == (1, [Code.NOT_JSON])


@pytest.mark.parametrize("body", [b"", b"{", b'{"station": 1}', b"<html>"])
def test_other_documents_are_not_ours(body: bytes) -> None:
    assert read(body, "") is None
