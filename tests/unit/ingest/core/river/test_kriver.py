from __future__ import annotations

import json

from schemas.observation import Crossing, Quality
from services.ingest.core.defect import Code
from services.ingest.core.river.found import Found
from services.ingest.core.river.kriver import read

ROW = {
    "code": "9900000001",
    "name": "見本橋",
    "obsTime": "2026-09-01T20:00:00+09:00",
    "level": 4.5,
    "townCode": "14206",
    "startLevel": 4.3,
    "warnLevel": None,
    "fladLevel": 6.93,
    "qt": None,
}


def found(document: object) -> Found:
    made = read(json.dumps(document).encode(), "")
    assert made is not None
    return made


def test_a_list_says_the_levels_of_its_gauges_and_where_they_are() -> None:
    made = found({"obss": [ROW]})
    [reading] = made.readings
    assert (reading.station, reading.value, reading.datum, reading.native.value) == ("9900000001", 4.5, "TP", "4.5")
    about = made.about["9900000001"]
    assert about.jis5 == ("14206",)
    assert [(one.crossing, one.value, one.datum) for one in about.thresholds] == [
        (Crossing.START, 4.3, "TP"),
        (Crossing.FLOOD, 6.93, "TP"),
    ]


def test_the_flag_of_false_jumps_makes_a_value_suspect_and_another_does_not() -> None:
    rows = [ROW | {"code": str(flag), "qt": flag} for flag in (1, 8)]
    assert [(one.quality, one.native.quality) for one in found({"obss": rows}).readings] == [
        (Quality.SUSPECT, "1"),
        (Quality.GOOD, "8"),
    ]


def test_a_gauge_without_a_level_or_an_id_is_read_as_far_as_it_goes() -> None:
    made = found({"obss": [ROW | {"level": None}, ROW | {"code": None, "townCode": None, "name": None}]})
    assert [(one.station, one.value) for one in made.readings] == [("9900000001", None), (None, 4.5)]
    assert made.about.keys() == {"9900000001"}
    assert found({"obss": [ROW | {"townCode": None, "name": None}]}).about["9900000001"].jis5 == ()


def test_an_empty_list_is_no_reading() -> None:
    made = found({"obss": []})
    assert (made.readings, made.defects, bool(made.ignored)) == ((), (), True)


def test_a_crawls_snapshot_series_and_single_gauge_are_read() -> None:
    assert len(found({"source": "https://k.river.go.jp/…", "items": [ROW, ROW | {"code": "2"}]}).readings) == 2
    assert len(found(ROW).readings) == 1
    later = ROW | {"obsTime": "2026-09-01T20:10:00+09:00"}
    made = read(f"{json.dumps(ROW)}\n{json.dumps(later)}\n{{".encode(), "")
    assert made is not None
    assert (len(made.readings), [one.code for one in made.defects]) == (2, [Code.NOT_JSON])


def test_masters_are_understood_and_hold_none() -> None:
    assert "prefectures" in found({"prefs": [{"code": "14000"}]}).ignored
    assert "towns" in found({"towns": [{"code": "14206", "mlitCode": "1401206"}]}).ignored


def test_other_documents_are_not_ours() -> None:
    others: list[object] = [{"items": [ROW]}, {"prefs": [{"prefCd": 101}]}, {"prefs": []}, [1], {}]
    for document in others:
        assert read(json.dumps(document).encode(), "") is None
    for body in (b"", b"<html>", b'{"a": 1}\n{"b": 2}'):
        assert read(body, "") is None
