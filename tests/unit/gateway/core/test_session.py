from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.lifecycle import fold as take
from schemas.telegram import Epoch
from services.gateway.core.frames import Frame
from services.gateway.core.mirror import Change, Mirror, fold
from services.gateway.core.session import (
    CLIENT_ID_MAX,
    HELLO_S,
    MESSAGE_BYTES_MAX,
    MESSAGES_MAX,
    NOTHING,
    RESYNC_EVERY_S,
    WINDOW_S,
    Kind,
    Moment,
    Reply,
    Session,
    State,
)
from tests.factories import an_alert, at

CANARY_ID = "canary-1"


def change(offset: int, stream: str) -> Change:
    alert = an_alert(offset, stream=stream, test=stream == "canary")
    return Change(offset=offset, key=stream, id=f"s:{offset}", value=take(None, stream, alert))


def mirror(*live: Change, epoch: str = "e") -> Mirror:
    """A mirror that has read the epoch and `rain` at its start, and these changes one by one since."""
    begun = fold(
        Mirror(), [Change(offset=0, key="epoch", id="", value=Epoch(epoch=epoch)), change(1, "rain")], live=False
    )
    for one in live:
        begun = fold(begun, [one], live=True)
    return begun


CALM = mirror()
LATER = mirror(change(2, "wind"), change(3, "wave"))


def moment(of: Mirror = CALM) -> Moment:
    return Moment(mirror=of, leases={"jma.extra": at(180)}, at=at(0), as_of=at(0), heartbeat_s=15, dead_s=40)


def hello(resume: object = None, **changes: object) -> str:
    return json.dumps({"type": "hello", "v": 1, "client": "sign-1", "kind": "sign", "resume": resume, **changes})


def cursor(of: Mirror, **changes: object) -> dict[str, object]:
    return {"epoch": of.epoch, "offset": of.offset, "digest": of.digest, **changes}


def said(frames: tuple[Frame, ...]) -> list[dict[str, object]]:
    return [json.loads(frame.text) for frame in frames]


def kinds(reply: Reply | tuple[Frame, ...]) -> list[str]:
    frames = reply.frames if isinstance(reply, Reply) else reply
    return [str(one["type"]) for one in said(frames)]


def live(resume: object = None, of: Mirror = CALM, kind: str = "sign", client: str = "sign-1") -> Session:
    session = Session(0, canary_id=CANARY_ID)
    session.receive_text(hello(resume, kind=kind, client=client), 0, moment(of))
    assert session.state is State.LIVE
    return session


def why(reply: Reply) -> str:
    """The code of the bye with which a session was ended, by the protocol's close code."""
    assert reply.close == 4002
    assert said(reply.frames)[-1]["reconnect"] is True
    return str(said(reply.frames)[-1]["message"])[:5]


# --- how a session begins ---


def test_a_newcomer_is_welcomed_with_everything() -> None:
    session = Session(0)
    reply = session.receive_text(hello(), 1, moment())
    assert kinds(reply) == ["welcome", "snapshot"]
    assert said(reply.frames)[0]["outcome"] == "snapshot"
    assert (session.kind, session.client, session.offset, reply.close) == (Kind.SIGN, "sign-1", 1, None)


def test_whoever_was_away_is_told_what_it_missed_and_nothing_else() -> None:
    reply = Session(0).receive_text(hello(cursor(CALM)), 0, moment(LATER))
    assert kinds(reply) == ["welcome", "alert", "alert"]
    assert said(reply.frames)[0]["outcome"] == "replay"
    assert [one["offset"] for one in said(reply.frames)] == [3, 2, 3]


def test_whoever_missed_nothing_is_told_so() -> None:
    reply = Session(0).receive_text(hello(cursor(LATER)), 0, moment(LATER))
    assert kinds(reply) == ["welcome"]
    assert said(reply.frames)[0]["outcome"] == "current"


@pytest.mark.parametrize(
    "resume",
    [
        None,
        "rubbish",
        {},
        cursor(LATER, epoch="another log"),
        cursor(LATER, offset="3"),
        cursor(LATER, offset=True),
        cursor(LATER, offset=99),
        cursor(LATER, offset=0),
        cursor(LATER, digest=None),
        cursor(LATER, digest="ffffffff"),
        cursor(LATER, offset=2, digest="ffffffff"),
    ],
    ids=str,
)
def test_a_cursor_that_leads_nowhere_gets_everything_never_a_part(resume: object) -> None:
    reply = Session(0).receive_text(hello(resume), 0, moment(LATER))
    assert kinds(reply) == ["welcome", "snapshot"]
    assert said(reply.frames)[0]["outcome"] == "snapshot"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"v": 2}, "E5106"),
        ({"client": ""}, "E5106"),
        ({"client": 7}, "E5106"),
        ({"client": "x" * (CLIENT_ID_MAX + 1)}, "E5106"),
        ({"client": "a\nb"}, "E5106"),
        ({"client": "\ud800"}, "E5106"),
        ({"kind": "toaster"}, "E5106"),
        ({"kind": ["sign"]}, "E5106"),
        ({"kind": "canary"}, "E5106"),
    ],
    ids=str,
)
def test_a_hello_that_does_not_fit_ends_the_session(changes: Mapping[str, object], code: str) -> None:
    session = Session(0, canary_id=CANARY_ID)
    assert why(session.receive_text(hello(**changes), 0, moment())) == code
    assert session.state is State.CLOSED


def test_unknown_fields_are_ignored() -> None:
    assert kinds(Session(0).receive_text(hello(battery=7), 0, moment())) == ["welcome", "snapshot"]


def test_whoever_says_nothing_is_not_waited_for() -> None:
    session = Session(100)
    assert session.expire(100 + HELLO_S - 0.01) == NOTHING
    assert why(session.expire(100 + HELLO_S)) == "E5105"
    assert session.expire(200) == NOTHING


def test_a_session_that_said_hello_does_not_expire() -> None:
    assert live().expire(1e9) == NOTHING


# --- what a client may say ---


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "E5101"),
        ("[]", "E5101"),
        ("{", "E5101"),
        ("[" * 4_000, "E5101"),
        ("7" * 5_000, "E5101"),
        (json.dumps({"type": "ack", "offset": 1, "more": "x" * MESSAGE_BYTES_MAX}), "E5102"),
        (json.dumps({"type": "ack", "more": "半" * (MESSAGE_BYTES_MAX // 3)}, ensure_ascii=False), "E5102"),
        ('{"type": "order"}', "E5103"),
        ('{"type": ["ack"]}', "E5103"),
        ("{}", "E5103"),
        (hello(), "E5104"),
        ('{"type": "ack"}', "E5107"),
        ('{"type": "ack", "offset": true}', "E5107"),
        ('{"type": "ack", "offset": 1, "shown": {}}', "E5107"),
        ('{"type": "ack", "offset": 1, "shown": [7]}', "E5107"),
        ('{"type": "ack", "offset": 1, "shown": [{"stream": "rain"}]}', "E5107"),
        ('{"type": "ack", "offset": 1, "shown": [{"stream": 1, "revision": "2"}]}', "E5107"),
    ],
)
def test_what_the_protocol_does_not_know_ends_the_session_with_a_reason(text: str, code: str) -> None:
    assert why(live().receive_text(text, 0, moment())) == code


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["ack", "hello", "resync"]),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["type", "v", "client", "kind", "resume", "offset", "shown", "epoch"]), inner)
    ),
)


@given(st.text() | JSON.map(json.dumps), st.booleans())
def test_whatever_is_said_is_answered_or_ends_the_session_and_never_more(text: str, greeted: bool) -> None:
    session = live() if greeted else Session(0)
    reply = session.receive_text(text, 0, moment())
    assert (reply.close == 4002) == (session.state is State.CLOSED)
    assert all(said(reply.frames))


@pytest.mark.parametrize("text", ['{"type": "ack", "offset": 1}', '{"type": "resync"}'])
def test_nothing_is_said_before_hello(text: str) -> None:
    assert why(Session(0).receive_text(text, 0, moment())) == "E5104"


def test_binary_frames_are_not_spoken_here() -> None:
    assert why(live().receive_binary()) == "E5101"


def test_a_session_that_is_over_hears_and_says_nothing() -> None:
    session = live()
    session.cut()
    assert session.receive_text('{"type": "resync"}', 0, moment()) == NOTHING
    assert (session.receive_binary(), session.cut(), session.drain(1)) == (NOTHING, NOTHING, NOTHING)
    assert session.advance(LATER, 0) == ()


def test_a_sign_says_what_it_has_painted() -> None:
    session = live()
    ack = {"type": "ack", "offset": 1, "shown": [{"stream": "rain", "revision": "r1"}]}
    assert session.receive_text(json.dumps(ack), 0, moment()) == NOTHING
    assert (session.acked, session.shown) == (1, (("rain", "r1"),))


def test_an_ack_may_show_nothing() -> None:
    session = live()
    session.receive_text('{"type": "ack", "offset": 3}', 0, moment())
    assert (session.acked, session.shown) == (3, ())


def test_whoever_talks_too_much_is_cut_off_but_only_within_the_window() -> None:
    session = live()
    ack = '{"type": "ack", "offset": 1}'
    assert [session.receive_text(ack, 0, moment()) for _ in range(MESSAGES_MAX - 1)] == [NOTHING] * (MESSAGES_MAX - 1)
    assert session.receive_text(ack, WINDOW_S, moment()) == NOTHING
    for _ in range(MESSAGES_MAX - 1):
        session.receive_text(ack, WINDOW_S, moment())
    assert why(session.receive_text(ack, WINDOW_S + 1, moment())) == "E5108"


# --- what a client is told ---


def test_a_change_is_told_once() -> None:
    session = live()
    assert kinds(session.advance(LATER, 0)) == ["alert", "alert"]
    assert session.advance(LATER, 0) == ()
    assert session.offset == LATER.offset


def test_nobody_is_told_anything_before_hello() -> None:
    assert Session(0).advance(LATER, 0) == ()


def test_an_older_mirror_never_takes_a_client_back() -> None:
    session = live(of=LATER)
    assert session.advance(CALM, 0) == ()
    assert session.offset == LATER.offset


def test_another_log_is_told_as_a_whole() -> None:
    assert kinds(live(of=LATER).advance(mirror(epoch="f"), 0)) == ["snapshot"]


def test_a_client_that_doubts_gets_everything_again_but_not_at_any_rate() -> None:
    session = live()
    resync = '{"type": "resync"}'
    assert kinds(session.receive_text(resync, 0, moment())) == ["snapshot"]
    assert kinds(session.receive_text(resync, 1, moment())) == []
    assert kinds(session.advance(CALM, RESYNC_EVERY_S - 0.01)) == []
    assert kinds(session.advance(CALM, RESYNC_EVERY_S)) == ["snapshot"]
    assert kinds(session.advance(CALM, RESYNC_EVERY_S * 3)) == []


def test_only_our_own_listener_hears_the_canary() -> None:
    sung = mirror(change(2, "canary"))
    ours = live(of=CALM, kind="canary", client=CANARY_ID)
    assert kinds(ours.advance(CALM, 0)) == []
    assert said(ours.advance(sung, 0))[0]["ce_id"] == "s:2"
    assert ours.advance(sung, 0) == ()
    assert live().advance(sung, 0) == ()


def test_our_own_listener_hears_a_canary_that_is_there_already() -> None:
    session = Session(0, canary_id=CANARY_ID)
    reply = session.receive_text(hello(kind="canary", client=CANARY_ID), 0, moment(mirror(change(2, "canary"))))
    assert kinds(reply) == ["welcome", "snapshot", "alert"]


def test_the_sign_of_life_tells_head_digest_and_leases() -> None:
    beat = said((moment(LATER).heartbeat(),))[0]
    assert (beat["offset"], beat["digest"]) == (LATER.offset, LATER.digest)
    assert beat["leases"] == {"jma.extra": "2026-09-01T14:00:00.000Z"}


def test_a_slow_client_is_told_to_come_again_and_resumes() -> None:
    reply = live().cut()
    assert (reply.close, said(reply.frames)[0]["code"], said(reply.frames)[0]["reconnect"]) == (4008, "slow", True)


def test_a_gateway_that_stops_says_when_to_come_again() -> None:
    reply = Session(0).drain(750)
    assert (reply.close, said(reply.frames)[0]["code"], said(reply.frames)[0]["retry_ms"]) == (4001, "drain", 750)
