from __future__ import annotations

import json
from datetime import timedelta, timezone

import pytest
from websockets.frames import Frame as SocketFrame
from websockets.frames import Opcode

from schemas import codec
from schemas.alert import MsgType
from schemas.lifecycle import fold
from services.gateway.core import frames
from services.gateway.core.frames import ByeCode, Frame, Outcome
from tests.factories import an_alert, an_info, at

STREAM = "jma:VPWW56:140000"


@pytest.mark.parametrize("size", [2, 125, 126, 65_535, 65_536])
def test_a_frame_is_what_a_websocket_library_would_write(size: int) -> None:
    payload = b'"' + b"x" * (size - 2) + b'"'
    made = frames.framed(payload)
    assert made.wire == SocketFrame(Opcode.TEXT, payload).serialize(mask=False)
    assert made.text == payload.decode()


def said(frame: Frame) -> dict[str, object]:
    message: dict[str, object] = json.loads(frame.text)
    return message


def test_a_moment_is_written_in_utc_whatever_its_zone() -> None:
    assert frames.instant(at(0)) == "2026-09-01T11:00:00.000Z"
    assert frames.instant(at(0).astimezone(timezone(timedelta(hours=9)))) == "2026-09-01T11:00:00.000Z"


def test_a_client_gets_of_a_stream_only_the_alert_that_counts() -> None:
    whole = fold(fold(None, STREAM, an_alert(0, an_info(level=3))), STREAM, an_alert(10))
    reduced = json.loads(frames.reduced(whole, [None]))
    assert [alert["revision"] for alert in reduced["kept"]] == [whole.standing]
    assert {**reduced, "kept": []} == {**json.loads(codec.encode(whole)), "kept": []}


def test_a_stream_of_which_nothing_counts_has_no_alert() -> None:
    withdrawn = fold(None, STREAM, an_alert(0, msg_type=MsgType.CANCEL))
    assert json.loads(frames.reduced(withdrawn, ()))["kept"] == []


def test_what_is_said_of_a_block_stands_with_it_and_of_what_is_over_nothing() -> None:
    whole = fold(None, STREAM, an_alert(0, an_info(level=3), an_info(released=True)))
    blocks = json.loads(frames.reduced(whole, [{"name": "x"}, None]))["kept"][0]["info"]
    assert [block.get("message") for block in blocks] == [{"name": "x"}, None]


def test_messages_of_another_alert_are_not_taken() -> None:
    with pytest.raises(ValueError, match="zip"):
        frames.reduced(fold(None, STREAM, an_alert(0)), ())


def test_welcome_says_where_the_gateway_stands_and_until_when_each_source_holds() -> None:
    welcome = frames.welcome(
        epoch="e",
        offset=7,
        digest="00000000",
        outcome=Outcome.REPLAY,
        server_time=at(2),
        as_of=at(0),
        leases={"jma.extra": at(180)},
        heartbeat_s=15,
        dead_s=40,
    )
    assert said(welcome) == {
        "type": "welcome",
        "v": 1,
        "epoch": "e",
        "offset": 7,
        "outcome": "replay",
        "server_time": "2026-09-01T11:02:00.000Z",
        "as_of": "2026-09-01T11:00:00.000Z",
        "heartbeat_s": 15,
        "dead_s": 40,
        "digest": "00000000",
        "leases": {"jma.extra": "2026-09-01T14:00:00.000Z"},
    }


def test_a_heartbeat_carries_head_digest_time_and_leases() -> None:
    beat = frames.heartbeat(epoch="e", offset=7, digest="d", server_time=at(2), as_of=at(0), leases={})
    assert said(beat) == {
        "type": "heartbeat",
        "epoch": "e",
        "offset": 7,
        "digest": "d",
        "leases": {},
        "server_time": "2026-09-01T11:02:00.000Z",
        "as_of": "2026-09-01T11:00:00.000Z",
    }


def test_a_snapshot_is_every_stream_in_one_message() -> None:
    made = frames.snapshot(epoch="e", offset=7, digest="d", streams=[b'{"stream":"a"}', b'{"stream":"b"}'])
    assert said(made) == {
        "type": "snapshot",
        "epoch": "e",
        "offset": 7,
        "digest": "d",
        "streams": [{"stream": "a"}, {"stream": "b"}],
    }
    assert said(frames.snapshot(epoch="", offset=-1, digest="d", streams=[]))["streams"] == []


def test_an_alert_names_its_record_and_what_that_was_made_from() -> None:
    made = frames.alert(epoch="e", offset=7, id="s:1", cause="a:1", stream=b'{"stream":"a"}')
    assert said(made) == {
        "type": "alert",
        "epoch": "e",
        "offset": 7,
        "ce_id": "s:1",
        "ce_causationid": "a:1",
        "stream": {"stream": "a"},
    }


def test_a_stream_that_is_forgotten_is_named_as_gone() -> None:
    made = said(frames.gone(epoch="e", offset=7, id="s:2", stream="a"))
    assert (made["gone"], "stream" in made) == ("a", False)


@pytest.mark.parametrize(
    ("message", "more"), [("", {}), ("E5101 not JSON", {"message": "E5101 not JSON", "hint": "send JSON"})]
)
def test_a_bye_says_why_whether_and_when_to_come_again(message: str, more: dict[str, str]) -> None:
    made = frames.bye(ByeCode.PROTOCOL, reconnect=True, retry_ms=5, message=message, hint="send JSON")
    assert said(made) == {"type": "bye", "code": "protocol", "reconnect": True, "retry_ms": 5, **more}


def test_every_bye_has_a_close_code_of_the_private_range() -> None:
    assert all(4000 <= frames.CLOSE_CODES[code] <= 4999 for code in ByeCode)
