from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from starlette.websockets import WebSocket
from websockets.exceptions import InvalidStatus

from schemas import codec
from schemas.lifecycle import fold
from schemas.situation import digest
from schemas.telegram import Epoch
from services.gateway.api.stream import Options
from services.gateway.api.stream import Stream as StreamOfAll
from services.gateway.api.wire import EXTENSION, Wire
from services.gateway.core import mirror
from services.gateway.core.mirror import Change, Mirror
from services.gateway.core.view import View
from services.runtime import records
from tests.contract.gateway.conftest import WAIT_S, Door, Opener
from tests.factories import an_alert, an_info, at

RAIN = an_alert(0, stream="rain")
RAIN_OVER = an_alert(9, an_info(released=True), stream="rain")
WIND = an_alert(1, an_info("heavy_rain", level=3), stream="wind")


async def test_a_sign_is_given_everything_and_then_each_change_with_what_caused_it(door: Door) -> None:
    await door.publish(RAIN)
    async with door.line() as sign:
        welcome = await sign.hello()
        snapshot = await sign.hear()
        assert (welcome["outcome"], snapshot["type"]) == ("snapshot", "snapshot")
        assert [one["stream"] for one in snapshot["streams"]] == ["rain"]

        offset = await door.publish(RAIN_OVER)
        told = await sign.hear()
        assert (told["type"], told["offset"], told["ce_causationid"]) == (
            "alert",
            offset,
            f"alert:{RAIN_OVER.identifier}",
        )
        assert told["stream"]["state"] == "ended"


async def test_what_a_client_is_told_reads_as_the_contract_s_own_type(door: Door) -> None:
    await door.publish(RAIN)
    async with door.line() as sign:
        await sign.hello()
        stream = (await sign.hear())["streams"][0]
        assert codec.adapter("situation").validate_json(json.dumps(stream)) == door.folds["rain"]


async def test_the_end_of_a_stream_s_record_is_told_as_gone(door: Door) -> None:
    await door.publish(RAIN)
    async with door.line() as sign:
        await sign.hello()
        await sign.hear("snapshot")
        await door.log.append("situation", [records.tombstone(key="rain", id="forget")])
        assert (await sign.hear())["gone"] == "rain"


async def test_who_comes_back_is_told_what_it_missed(door: Door) -> None:
    await door.publish(RAIN)
    async with door.line() as sign:
        welcome = await sign.hello()
    cursor = {key: welcome[key] for key in ("epoch", "offset", "digest")}
    await door.publish(WIND, RAIN_OVER)
    async with door.line() as sign:
        assert (await sign.hello(cursor))["outcome"] == "replay"
        assert [(await sign.hear())["stream"]["stream"] for _ in range(2)] == ["wind", "rain"]
    async with door.line() as sign:
        head = door.app.projection.mirror
        current = {"epoch": head.epoch, "offset": head.offset, "digest": head.digest}
        assert (await sign.hello(current))["outcome"] == "current"


async def test_a_sign_of_life_comes_by_itself_and_proves_the_sign_complete(opened: Opener) -> None:
    door = await opened(heartbeat_s="0.1")
    await door.begin()
    await door.publish(RAIN)
    await door.say("lease:jma.extra", until=at(0))
    async with door.line() as sign:
        await sign.hello()
        await sign.hear("snapshot")
        beat = await sign.hear("heartbeat")
        assert beat["digest"] == digest(door.folds.values())
        assert beat["offset"] == door.app.projection.mirror.offset
        assert (await sign.hear("heartbeat"))["leases"].keys() == {"jma.extra"}


async def test_a_source_that_is_heard_again_is_told_before_the_next_sign_of_life(door: Door) -> None:
    soon = door.app.projection.started_at
    await door.say("lease:jma.extra", until=soon)
    await door.reported("lease:jma.extra")
    async with door.line() as sign:
        await sign.hello()
        await sign.hear("snapshot")
        await door.say("lease:jma.extra", until=at(10_000_000))
        assert (await sign.hear("heartbeat"))["leases"]["jma.extra"] > at(1).isoformat()


@dataclass(slots=True)
class News:
    """A gateway's knowledge, of a situation that a test puts together."""

    records: list[Change] = field(
        default_factory=lambda: [Change(offset=0, key="epoch", id="", value=Epoch(epoch="e"))]
    )
    mirror: Mirror = field(default_factory=Mirror)
    ringing: asyncio.Event = field(default_factory=asyncio.Event)

    def comes(self, stream: str) -> None:
        self.records.append(
            Change(offset=len(self.records), key=stream, id=stream, value=fold(None, stream, an_alert(stream=stream)))
        )
        self.mirror = mirror.fold(self.mirror, self.records, live=bool(self.mirror.epoch))
        rung, self.ringing = self.ringing, asyncio.Event()
        rung.set()

    def view(self) -> View:
        return View(now=at(0), started_at=at(0), mirror=self.mirror, loaded=True)


@dataclass(slots=True)
class Tape:
    """A wire that notes what it is given, and lets the next change come while it is."""

    then: dict[str, Callable[[], None]]
    told: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    waiting_bytes: int = 0

    def write(self, frames: bytes) -> None:
        stream = next((name for name in ("wave", "wind", "rain") if f'"{name}"'.encode() in frames), "")
        self.told.put_nowait(stream)
        self.then.pop(stream, lambda: None)()


async def test_a_change_that_comes_while_another_is_given_out_waits_for_no_sign_of_life() -> None:
    news = News()
    news.comes("rain")
    tape = Tape({"wind": lambda: news.comes("wave")})
    said = asyncio.Queue[dict[str, str]]()
    said.put_nowait({"type": "websocket.connect"})
    said.put_nowait({"type": "websocket.receive", "text": '{"type":"hello","v":1,"client":"sign","kind":"sign"}'})
    scope = {"type": "websocket", "path": "/", "headers": [], "extensions": {EXTENSION: tape}}
    options = Options(heartbeat_s=3_600, dead_s=40, connections_max=9, per_address_max=9, canary_id="")
    stream = StreamOfAll(options, news.view, lambda: news.ringing)

    async def send(_: object) -> None: ...

    serving = [
        asyncio.create_task(stream.run()),
        asyncio.create_task(stream.endpoint(WebSocket(scope, said.get, send))),
    ]
    async with asyncio.timeout(WAIT_S):
        assert await tape.told.get() == "rain"
        news.comes("wind")
        assert [await tape.told.get(), await tape.told.get()] == ["wind", "wave"]
    for one in serving:
        one.cancel()
    await asyncio.gather(*serving, return_exceptions=True)


async def test_a_client_that_doubts_is_given_everything_again(door: Door) -> None:
    await door.publish(RAIN)
    async with door.line() as sign:
        await sign.hello()
        await sign.hear("snapshot")
        await sign.say({"type": "resync"})
        assert (await sign.hear())["type"] == "snapshot"


async def test_the_gateway_knows_which_signs_have_painted_the_newest_change(door: Door) -> None:
    offset = await door.publish(RAIN)
    async with door.line() as sign, door.line() as mute:
        await sign.hello()
        await mute.hello(client="sign-2")
        await sign.say({"type": "ack", "offset": offset, "shown": [{"stream": "rain", "revision": RAIN.revision}]})
        _, body = await door.health(lambda body: body["signs"]["confirmed"] == 1)
        assert body["signs"] == {"connected": 2, "confirmed": 1}


# --- who is let in ---


async def refused(door: Door, **options: object) -> tuple[int, dict[str, str], str | None]:
    with pytest.raises(InvalidStatus) as error:
        async with door.line(**options):
            pass
    response = error.value.response
    body: dict[str, str] = json.loads(response.body or b"")
    return response.status_code, body, response.headers.get("Retry-After")


async def test_before_the_situation_is_loaded_nobody_is_told_that_there_is_nothing(opened: Opener) -> None:
    status, body, retry = await refused(await opened())
    assert (status, body["code"], retry) == (503, "E5008", "1")


async def test_a_page_of_another_host_may_not_listen_and_one_of_ours_may(door: Door) -> None:
    status, body, _ = await refused(door, origin="https://elsewhere.example")
    assert (status, body["code"]) == (403, "E5010")
    async with door.line(origin=f"http://127.0.0.1:{door.port}") as page:
        assert (await page.hello(kind="page"))["type"] == "welcome"


async def test_a_page_behind_a_proxy_that_changes_the_host_is_named_by_a_setting(opened: Opener) -> None:
    door = await opened(origins="https://alerts.example https://other.example")
    await door.begin()
    async with door.line(origin="https://alerts.example") as page:
        assert (await page.hello(kind="page"))["type"] == "welcome"


async def test_behind_a_proxy_that_is_believed_each_client_has_its_own_address(opened: Opener) -> None:
    door = await opened(proxies="127.0.0.1", connections_per_address_max="1")
    await door.begin()
    async with (
        door.line(additional_headers={"X-Forwarded-For": "203.0.113.1"}),
        door.line(additional_headers={"X-Forwarded-For": "203.0.113.2"}),
    ):
        status, _, _ = await refused(door, additional_headers={"X-Forwarded-For": "203.0.113.1"})
        assert status == 503


async def test_a_client_cannot_claim_to_be_somebody_else(opened: Opener) -> None:
    door = await opened(connections_per_address_max="2")
    await door.begin()
    await door.health(lambda body: body["connections"]["canary"] == 1)
    async with door.line(additional_headers={"X-Forwarded-For": "203.0.113.1"}):
        assert (await refused(door, additional_headers={"X-Forwarded-For": "203.0.113.2"}))[0] == 503


async def test_when_all_places_are_taken_the_next_is_told_to_come_again(opened: Opener) -> None:
    # one place is our own listener's
    door = await opened(connections_max="2")
    await door.begin()
    await door.health(lambda body: body["connections"]["canary"] == 1)
    async with door.line():
        status, body, retry = await refused(door)
        assert (status, body["code"], retry) == (503, "E5009", "5")


async def test_one_address_may_not_take_all_places(opened: Opener) -> None:
    door = await opened(connections_per_address_max="2")
    await door.begin()
    await door.health(lambda body: body["connections"]["canary"] == 1)
    async with door.line():
        status, body, _ = await refused(door)
        assert (status, "address" in body["message"]) == (503, True)


# --- how a line ends ---


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("{", "E5101"),
        (b"\x00", "E5101"),
        ("x" * 20_000, "E5102"),
        ('{"type": "resync"}', "E5104"),
        ('{"type": "hello", "v": 9}', "E5106"),
    ],
)
async def test_who_speaks_another_protocol_is_told_why_and_let_go(door: Door, said: str | bytes, code: str) -> None:
    async with door.line() as line:
        await line.socket.send(said)
        bye = await line.hear("bye")
        assert (bye["code"], bye["message"][:5], bye["reconnect"]) == ("protocol", code, True)
        assert await line.closed() == 4002


async def test_a_message_beyond_all_measure_is_not_even_taken_in(door: Door) -> None:
    async with door.line() as line:
        await line.socket.send("x" * 100_000)
        assert await line.closed() == 1009


async def test_who_never_says_hello_is_not_waited_for(opened: Opener) -> None:
    door = await opened(hello_s=0.05)
    await door.begin()
    async with door.line() as line:
        assert (await line.hear("bye"))["message"][:5] == "E5105"
        assert await line.closed() == 4002


async def test_nobody_else_is_taken_for_our_own_listener(door: Door) -> None:
    async with door.line() as line:
        await line.say({"type": "hello", "v": 1, "client": "canary-0", "kind": "canary"})
        assert (await line.hear("bye"))["message"][:5] == "E5106"


async def test_when_the_gateway_stops_everybody_is_told_when_to_come_again(opened: Opener) -> None:
    door = await opened()
    await door.begin()
    async with door.line() as sign, door.line() as mute:
        await sign.hello()
        await sign.hear("snapshot")
        stopping = asyncio.ensure_future(door.app.stream.drain())
        bye = await sign.hear("bye")
        assert (bye["code"], bye["reconnect"]) == ("drain", True)
        assert (await sign.closed(), (await mute.hear("bye"))["code"]) == (4001, "drain")
        await stopping
        assert (await refused(door))[0] == 503


async def test_a_client_that_does_not_read_is_cut_and_holds_nobody_up(door: Door) -> None:
    """Half a megabyte a change: the stuck client's own buffer is soon larger than a snapshot."""
    stuck_socket = socket.create_connection(("127.0.0.1", door.port))
    stuck_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    stuck_socket.setblocking(False)
    async with door.line(max_size=None) as healthy, door.line(sock=stuck_socket, max_size=None, max_queue=1) as stuck:
        await healthy.hello()
        await stuck.say({"type": "hello", "v": 1, "client": "stuck", "kind": "sign", "resume": None})
        await door.health(lambda body: body["signs"]["connected"] == 2)
        for minute in range(12):
            offset = await door.publish(an_alert(minute, stream="rain", headline="雨" * 170_000, info=(an_info(),)))
            while (await healthy.hear("alert"))["offset"] != offset:
                pass
            door.folds.clear()
        await door.health(lambda body: body["signs"]["connected"] == 1)
        stuck.socket.transport.abort()


# --- our own listener, and what we use of uvicorn ---


async def test_the_canary_is_heard_over_the_stream_and_nowhere_else(door: Door) -> None:
    async with door.line() as sign:
        await sign.hello()
        await sign.hear("snapshot")
        await door.health(lambda body: body["connections"]["canary"] == 1)
        await door.publish(an_alert(0, stream="canary", test=True, sent=door.app.clock.now()))
        report = await door.reported("canary:stream")
        assert "came through" in report.message
        await door.publish(RAIN)
        assert (await sign.hear())["stream"]["stream"] == "rain"
        assert "canary" not in (await door.http.get("/v1/situation")).text
        assert (await door.http.get(f"/v1/alerts/{an_alert(0, stream='canary').identifier}")).status_code == 404


async def test_an_old_canary_says_nothing_about_now(door: Door) -> None:
    await door.publish(an_alert(0, stream="canary", test=True))
    await door.health(lambda body: body["connections"]["canary"] == 1)
    await door.publish(an_alert(1, stream="canary", test=True, sent=door.app.clock.now()))
    assert float((await door.reported("canary:stream")).message.split()[-2]) < WAIT_S


def test_uvicorn_still_has_what_the_wire_stands_on() -> None:
    names = {"connection_made", "handle_connect", "keepalive_timeout", "stop_keepalive", "send"}
    assert names <= set(dir(Wire.__base__))
