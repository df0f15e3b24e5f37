from __future__ import annotations

import json
from typing import Any
from xml.etree.ElementTree import Element

import pytest

from services.ingest.core.cap import listed
from services.ingest.core.cap.listed import read_json
from services.ingest.core.cap.written import read_alert
from services.ingest.core.defect import Code, Defect

NWS: dict[str, Any] = {
    "id": "urn:1",
    "sender": "nws",
    "sent": "2026-09-01T20:00:00+00:00",
    "status": "Actual",
    "messageType": "Update",
    "scope": "Public",
    "references": [{"sender": "nws", "identifier": "urn:0", "sent": "2026-09-01T19:00:00+00:00"}, "odd"],
    "event": "Flood Warning",
    "severity": "Severe",
    "response": "Avoid",
    "expires": "2026-09-01T21:00:00+00:00",
    "ends": "2026-09-02T21:00:00+00:00",
    "areaDesc": "Here",
    "geocode": {"UGC": ["CAZ001"], "SAME": "006001"},
    "parameters": {"VTEC": ["/x/"]},
    "eventCode": None,
}
SQUARE = [[[139.1, 35.2], [139.2, 35.2], [139.2, 35.3], [139.1, 35.2]]]


def _read(value: Any, bytes_max: int = 1_000_000) -> tuple[Element, ...] | Defect:
    return read_json(json.dumps(value).encode(), bytes_max=bytes_max)


def _one(value: Any) -> Element:
    found = _read(value)
    assert isinstance(found, tuple)
    return found[0]


def _code(found: tuple[Element, ...] | Defect) -> Code:
    assert isinstance(found, Defect)
    return found.code


def _feature(geometry: Any = None, **changes: Any) -> dict[str, Any]:
    return {"properties": {**NWS, **changes}, "geometry": geometry}


class TestNws:
    def test_its_words_become_cap_s(self) -> None:
        found = read_alert(_one(_feature()), is_ordered=False)
        assert found.defects[0].code is Code.CAP_ENUM  # category, urgency, certainty are missing here
        assert (found.identifier, found.msg_type) == ("urn:1", "Update")
        assert [str(one) for one in found.references] == ["nws,urn:0,2026-09-01T19:00:00+00:00"]
        [block] = found.blocks
        assert (block.responses, block.expires and block.expires.day) == (("Avoid",), 2)
        [area] = block.areas
        assert [(one.name, one.value) for one in area.geocodes] == [("UGC", "CAZ001"), ("SAME", "006001")]
        assert [(one.name, one.value) for one in block.parameters] == [("VTEC", "/x/")]

    @pytest.mark.parametrize(
        ("geometry", "rings"),
        [
            ({"type": "Polygon", "coordinates": SQUARE}, 1),
            ({"type": "MultiPolygon", "coordinates": [SQUARE, SQUARE]}, 2),
            ({"type": "Point", "coordinates": [1, 2]}, 0),
            ({"type": "Polygon", "coordinates": []}, 0),
            ({"type": "Polygon", "coordinates": [7]}, 0),
            ({"type": "MultiPolygon", "coordinates": ["x"]}, 0),
            ({"type": "Polygon"}, 0),
            (None, 0),
        ],
    )
    def test_its_geometry(self, geometry: Any, rings: int) -> None:
        found = read_alert(_one(_feature(geometry)), is_ordered=False)
        assert len(found.blocks[0].areas[0].rings) == rings

    def test_a_list_and_one_of_it_alone_are_read_alike(self) -> None:
        assert len(_read({"features": [_feature(), _feature()]})) == 2  # type: ignore[arg-type]
        assert _read({"features": []}) == ()
        assert _one(_feature()).findtext("identifier") == "urn:1"

    @pytest.mark.parametrize("references", [None, "none", {}])
    def test_references_of_another_kind_are_none(self, references: Any) -> None:
        assert _one(_feature(references=references)).findtext("references") in {"", None}

    @pytest.mark.parametrize("feature", [None, 7, {}, {"properties": 7}])
    def test_a_feature_that_is_none_refuses_the_list(self, feature: Any) -> None:
        assert _code(_read({"features": [feature]})) is Code.NO_CAP


class TestOtherLists:
    def test_json_ld(self) -> None:
        assert _one({"@graph": [NWS]}).findtext("identifier") == "urn:1"

    def test_meteoalarm(self) -> None:
        found = _read({"warnings": [{"alert": {"identifier": "a", "info": []}, "uuid": "u"}]})
        assert isinstance(found, tuple)
        assert [one.findtext("identifier") for one in found] == ["a"]
        assert _code(_read({"warnings": [7]})) is Code.NO_CAP


class TestCapsOwnNames:
    def test_objects_are_elements_and_lists_repeated_ones(self) -> None:
        found = _one(
            {"identifier": "a", "msgType": "Alert", "info": [{"category": ["Met", "Geo"], "event": "x", "web": None}]}
        )
        assert [one.text for one in found.findall("info/category")] == ["Met", "Geo"]
        assert found.findtext("info/web") == ""

    def test_half_a_character_is_none(self) -> None:
        found = read_json(b'{"identifier": "a\\ud800", "info": []}', bytes_max=100)
        assert isinstance(found, tuple)
        assert found[0].findtext("identifier") == "a?"

    def test_several(self) -> None:
        assert len(_read([{"identifier": "a", "info": []}, {"identifier": "b", "info": []}])) == 2  # type: ignore[arg-type]


class TestWhatIsNone:
    @pytest.mark.parametrize("value", [{}, {"identifier": "a", "title": "t"}, 7, "x", None, [7], [[]]])
    def test_other_json(self, value: Any) -> None:
        assert _code(_read(value)) is Code.NO_CAP

    def test_no_json(self) -> None:
        assert _code(read_json(b"{", bytes_max=10)) is Code.NOT_WELL_FORMED
        assert _code(read_json(b'{"a": "\xff"}', bytes_max=100)) is Code.WRONG_ENCODING

    def test_too_large_too_deep_too_many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert _code(_read({}, bytes_max=1)) is Code.TOO_LARGE
        assert _code(read_json(b"[" * 200_000, bytes_max=1_000_000)) is Code.TOO_DEEP
        deep: Any = "x"
        for _ in range(50):
            deep = {"a": deep}
        assert _code(_read({"identifier": "a", "info": deep})) is Code.TOO_DEEP
        monkeypatch.setattr(listed, "ELEMENTS_MAX", 5)
        assert _code(_read({"identifier": "a", "info": ["x"] * 6})) is Code.TOO_DEEP
