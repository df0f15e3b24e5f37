from __future__ import annotations

import gzip
import zlib
from base64 import b64encode
from typing import Any

import orjson
import pytest

from schemas.topics import TELEGRAM_BYTES_MAX
from services.ingest.core.defect import Code, Defect
from services.ingest.core.dmdata import (
    PAUSE_S_MAX,
    Fault,
    Other,
    Ping,
    Pushed,
    Started,
    is_wanted,
    pause_s,
    pong,
    read,
    request,
    ticket_of,
)

BODY = "<Report>津波</Report>".encode()


def data(**changes: Any) -> bytes:
    message = {
        "type": "data",
        "id": "a1",
        "classification": "telegram.earthquake",
        "head": {"type": "VTSE41", "test": False},
        "format": "xml",
        "compression": "gzip",
        "encoding": "base64",
        "body": b64encode(gzip.compress(BODY)).decode(),
        **changes,
    }
    return orjson.dumps({key: value for key, value in message.items() if value != "absent"})


def code(message: bytes) -> Code:
    found = read(message)
    assert isinstance(found, Defect), found
    return found.code


class TestTheTicket:
    def test_is_asked_for_what_a_city_needs(self) -> None:
        asked = request()
        assert asked["formatMode"] == "raw"
        assert len(asked["appName"].encode()) <= 24

    def test_is_in_the_answer(self) -> None:
        assert ticket_of(b'{"status": "ok", "ticket": "abc"}') == "abc"

    @pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"ticket": 1}', b'{"ticket": ""}', b'{"ticket": "a\\nb"}'])
    def test_else_there_is_none(self, body: bytes) -> None:
        assert isinstance(ticket_of(body), Defect)


class TestMessages:
    def test_start_ping_and_error(self) -> None:
        assert read('{"type": "start"}') == Started()
        assert read('{"type": "ping", "pingId": "p1"}') == Ping("p1")
        assert read('{"type": "error", "error": "gone", "code": 4641, "close": true}') == Fault(
            "4641 gone", closes=True
        )
        assert read('{"type": "error"}') == Fault("", closes=False)
        assert read('{"type": "news"}') == Other("news")
        assert orjson.loads(pong(Ping("p1"))) == {"type": "pong", "pingId": "p1"}

    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"compression": "zip", "body": b64encode(zlib.compress(BODY)).decode()},
            {"compression": None, "body": b64encode(BODY).decode()},
            {"compression": None, "encoding": "utf-8", "body": BODY.decode()},
        ],
        ids=["gzip", "zip", "plain base64", "plain"],
    )
    def test_a_telegram_is_unpacked_to_the_bytes_that_were_written(self, changes: dict[str, Any]) -> None:
        assert read(data(**changes)) == Pushed(id="a1", name="dmdata_VTSE41_.xml", body=BODY)

    @pytest.mark.parametrize(
        ("message", "found"),
        [
            (b"{", Code.NOT_WELL_FORMED),
            (b"[]", Code.UNKNOWN_ROOT),
            (data(id=""), Code.BROKEN_ENTRY),
            (data(id="absent"), Code.BROKEN_ENTRY),
            (data(head="VTSE41"), Code.BROKEN_ENTRY),
            (data(body=None), Code.BROKEN_ENTRY),
            (data(body="!"), Code.WRONG_ENCODING),
            (data(compression="lzma"), Code.WRONG_ENCODING),
            (data(body=b64encode(b"no gzip").decode()), Code.WRONG_ENCODING),
            (data(body=b64encode(gzip.compress(BODY)[:20]).decode()), Code.WRONG_ENCODING),
            (data(body=b64encode(gzip.compress(b" " * (TELEGRAM_BYTES_MAX + 1))).decode()), Code.TOO_LARGE),
        ],
    )
    def test_what_is_none_is_said(self, message: bytes, found: Code) -> None:
        assert code(message) is found


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("dmdata_VTSE41_.xml", True),
        ("dmdata_VXSE43_.xml", True),
        ("dmdata_VPWW54_.xml", False),
        ("dmdata_VXSE52_.xml", False),
        ("dmdata_VPFD50_.xml", False),
        ("dmdata_VZZZ99_.xml", True),
    ],
)
def test_wanted_is_what_can_have_an_effect_and_is_not_known(name: str, wanted: bool) -> None:
    assert is_wanted(Pushed(id="a1", name=name, body=b""), ()) is wanted
    assert not is_wanted(Pushed(id="a1", name=name, body=b""), {"a1"})


def test_pauses_grow_to_a_minute() -> None:
    assert [pause_s(failures, 1.0) for failures in (0, 1, 2, 6, 99)] == [1.0, 2.0, 4.0, PAUSE_S_MAX, PAUSE_S_MAX]
    assert pause_s(0, 0.0) == 0.5
