from __future__ import annotations

import json

import pytest

from services.ingest.core.cap import signature
from services.ingest.core.cap.documents import is_json, read_document
from services.ingest.core.cap.message import Message, Signature
from services.ingest.core.defect import Code, Defect
from tests.unit.ingest.core.cap.messages import alert, info

EDXL = b"<EDXLDistribution><contentObject><category>Event</category></contentObject></EDXLDistribution>"
SIGNED = alert(info(), tail="<Signature/>")


def _read(body: bytes) -> Message:
    found = read_document(body)
    assert isinstance(found, tuple)
    return found[0]


def _refusal(body: bytes, bytes_max: int = 100_000) -> Code:
    found = read_document(body, bytes_max=bytes_max)
    assert isinstance(found, Defect)
    return found.code


def test_xml_json_and_l_alert() -> None:
    assert _read(alert(info())).identifier == "a1"
    assert _read(b"\xef\xbb\xbf" + json.dumps({"identifier": "j", "info": []}).encode()).identifier == "j"
    assert _read(EDXL).type == "Event"
    assert read_document(b'{"features": []}') == ()


def test_cap_in_another_envelope_is_cap() -> None:
    inside = (
        b"<EDXLDistribution><contentObject><embeddedXMLContent>"
        + alert(info())
        + b"</embeddedXMLContent></contentObject>"
    )
    found = _read(inside + b"</EDXLDistribution>")
    assert (found.family, found.identifier) == ("cap", "a1")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", Code.NOT_WELL_FORMED),
        (b"{}", Code.NO_CAP),
        (b"<html/>", Code.UNKNOWN_ROOT),
        (b"<EDXLDistribution/>", Code.NO_CAP),
        (b"<!DOCTYPE alert><alert/>", Code.DTD_FORBIDDEN),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><alert>&b;</alert>", Code.DTD_FORBIDDEN),
        (b"<alert>" * 60 + b"</alert>" * 60, Code.TOO_DEEP),
        (alert(info())[:-9], Code.NOT_WELL_FORMED),
    ],
)
def test_what_is_refused_as_a_whole(body: bytes, code: Code) -> None:
    assert _refusal(body) is code


def test_what_is_too_large_is_not_read() -> None:
    assert _refusal(alert(info()), bytes_max=10) is Code.TOO_LARGE
    assert _refusal(b"[" + b" " * 20, bytes_max=10) is Code.TOO_LARGE


def test_another_namespace_is_said() -> None:
    assert [one.code for one in _read(alert(info()).replace(b"cap:1.2", b"cap:7")).defects] == [Code.CAP_NAMESPACE]
    assert _read(alert(info()).replace(b"cap:1.2", b"cap:1.1")).defects == ()


@pytest.mark.parametrize(
    ("worth", "codes"), [(Signature.CHECKED, []), (Signature.UNCHECKED, []), (Signature.WRONG, [Code.SIGNATURE_WRONG])]
)
def test_a_signature_is_looked_at(worth: Signature, codes: list[Code], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signature, "check", lambda _body, _sent: worth)
    found = _read(SIGNED)
    assert (found.signature, [one.code for one in found.defects]) == (worth, codes)


def test_json_is_known_by_how_it_begins() -> None:
    assert [is_json(body) for body in (b"{", b" \n[", b"\xef\xbb\xbf{", b"<a/>", b"", b"x{")] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]
