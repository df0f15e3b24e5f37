"""What the gateway does when the log, a part, a record or the port is not as it should be, and how the operator hears."""

from __future__ import annotations

import asyncio
import json
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from schemas.telegram import DeadLetter
from services.eventlog.memory import MemoryLog
from services.eventlog.port import LogBroken, LogFull, Message
from services.gateway.app import AddressUnusable, room_for
from services.gateway.channels.webhook import ATTEMPTS_MAX, Outcome, Webhook, WebhookUnusable, checked
from services.gateway.core.alarms import Notice, Turn
from services.gateway.core.health import Problem
from services.gateway.core.mirror import Mirror
from services.gateway.store import projection
from services.runtime import records
from services.runtime.clock import SystemClock
from tests.contract.gateway.conftest import Builder, Door, Opener, TroubledLog
from tests.factories import an_alert, at


async def test_a_log_that_refuses_appends_makes_health_503_until_it_takes_them_again(opened: Opener) -> None:
    log = TroubledLog()
    door = await opened(log)
    await door.begin()
    log.refuses = LogFull("the disk is full")
    await door.app.probe()
    status, body = await door.health(lambda body: body["status"] == "unavailable")
    assert (status, body["log"]["appendable"]) == (503, False)
    assert [(one["code"], bool(one["hint"])) for one in body["reasons"]] == [("E5202", True)]
    log.refuses = None
    await door.app.probe()
    assert (await door.health(lambda body: body["log"]["appendable"]))[0] == 200


async def test_while_the_log_cannot_be_read_the_last_situation_stays_with_its_age(opened: Opener) -> None:
    log = TroubledLog()
    door = await opened(log)
    await door.begin()
    await door.publish(an_alert(stream="rain"))
    log.fails = LogBroken("the disk is gone")
    await door.publish(an_alert(stream="wind"), seen=False)
    status, body = await door.health(lambda body: not body["log"]["readable"])
    assert (status, body["status"], [one["code"] for one in body["reasons"]]) == (200, "degraded", ["E5203"])
    told = (await door.http.get("/v1/situation")).json()
    assert [one["stream"] for one in told["alerts"]] == ["rain"]
    assert told["as_of"] < (await door.http.get("/health")).json()["now"]
    async with door.line() as sign:
        welcome = await sign.hello()
        assert welcome["as_of"] < welcome["server_time"]
    log.fails = None
    await door.until(lambda: "wind" in door.app.projection.mirror.streams)
    await door.health(lambda body: body["status"] == "ok")


async def test_a_record_that_cannot_be_read_stops_nobody(door: Door) -> None:
    broken = Message(key="rain", value=b"{}", id="s:x", headers={"ce_type": "jp.hansho.situation.v1"})
    misplaced = records.message(
        door.app.reporter.last["service:gateway"], key="wind", id="s:y", source="x", at=door.app.clock.now()
    )
    await door.log.append("situation", [broken, misplaced])
    await door.publish(an_alert(stream="wave"))
    _, body = await door.health(lambda body: len(body["reasons"]) == 2)
    assert [(one["subject"], one["code"]) for one in body["reasons"]] == [
        ("gateway:record:rain", "E5204"),
        ("gateway:record:wind", "E5204"),
    ]
    letters = [record for partition in range(4) for record in await door.log.read("dead", partition)]
    assert sorted(record.key for record in letters) == ["rain", "wind"]
    assert all(isinstance(records.payload(record), DeadLetter) for record in letters)
    await door.publish(an_alert(stream="rain"), an_alert(stream="wind"))
    await door.health(lambda body: body["status"] == "ok")


async def test_records_are_taken_one_by_one_where_together_they_cannot_be(door: Door) -> None:
    await door.log.append("situation", [Message(key="rain", value=b"{}", id="s:x")])
    await door.publish(an_alert(stream="wave"))
    batch = await door.log.read("situation", 0)
    together, singly = (
        projection.folded(Mirror(), batch, live=True),
        projection.folded_singly(Mirror(), batch, live=True),
    )
    assert singly[0].snapshot == together[0].snapshot
    assert [record.key for record, _ in singly[1]] == [record.key for record, _ in together[1]] == ["rain"]


async def test_a_report_that_cannot_be_read_is_passed_over_and_one_that_ends_is_forgotten(door: Door) -> None:
    await door.log.append("status", [Message(key="clock", value=b"{}", id="x")])
    await door.say("feed:jma.extra")
    await door.reported("feed:jma.extra")
    await door.log.append("status", [records.tombstone(key="feed:jma.extra", id="y")])
    await door.until(lambda: "feed:jma.extra" not in door.app.projection.reports)
    assert "clock" not in door.app.projection.reports


async def test_a_port_that_is_taken_is_said_so(door: Door, built: Builder) -> None:
    second = built(MemoryLog(), port=str(door.port))
    with pytest.raises(AddressUnusable, match="end what listens there"):
        await second.run()


def test_more_clients_than_files_can_be_opened_are_not_promised_a_place() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert room_for(10) == 10
    assert hard == resource.RLIM_INFINITY or room_for(hard) < hard


# --- alarms leave the machine ---


@dataclass(slots=True)
class Receiver:
    """An operator's webhook: answers each request with the next of these statuses."""

    statuses: list[int]
    url: str = ""
    heard: list[dict[str, str]] = field(default_factory=list)
    rings: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        size = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        self.heard.append(json.loads(await reader.readexactly(size)))
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        self.rings.set()


@asynccontextmanager
async def a_receiver(*statuses: int) -> AsyncIterator[Receiver]:
    receiver = Receiver(list(statuses))
    server = await asyncio.start_server(receiver.take, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/alarms"
    async with server:
        yield receiver


class Hurried(SystemClock):
    """A clock on which waiting takes no time."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    async def sleep(self, span_s: float) -> None:
        self.waits.append(span_s)


def a_notice() -> Notice:
    problem = Problem(subject="feed:jma.extra", code="E5206", since=at(0), message="silent", hint="look")
    return Notice(turn=Turn.RAISED, problem=problem, raised_at=at(0), at=at(0))


async def test_an_alarm_is_posted_with_everything_an_operator_needs() -> None:
    async with a_receiver(204) as receiver:
        assert await Webhook(receiver.url, SystemClock(), "odawara").send(a_notice()) is Outcome.DELIVERED
    assert receiver.heard == [
        {
            "id": "feed:jma.extra:2026-09-01T11:00:00.000Z:raised",
            "turn": "raised",
            "city": "odawara",
            "subject": "feed:jma.extra",
            "code": "E5206",
            "message": "silent",
            "hint": "look",
            "raised_at": "2026-09-01T11:00:00.000Z",
            "at": "2026-09-01T11:00:00.000Z",
            "text": "[odawara] RAISED feed:jma.extra: silent (look)",
        }
    ]


@pytest.mark.parametrize(
    ("statuses", "outcome", "attempts"),
    [
        ((500, 429, 200), Outcome.DELIVERED, 3),
        ((400,), Outcome.REFUSED, 1),
        ((302,), Outcome.REFUSED, 1),
        ((503,), Outcome.FAILED, ATTEMPTS_MAX),
    ],
)
async def test_an_alarm_is_tried_again_only_where_that_can_help(
    statuses: tuple[int, ...], outcome: Outcome, attempts: int
) -> None:
    clock = Hurried()
    async with a_receiver(*statuses) as receiver:
        assert await Webhook(receiver.url, clock, "odawara").send(a_notice()) is outcome
    assert (len(receiver.heard), len(clock.waits)) == (attempts, attempts - 1)
    assert clock.waits == sorted(clock.waits)


async def test_a_webhook_that_cannot_be_reached_fails_and_holds_nobody_up() -> None:
    async with a_receiver(200) as receiver:
        gone = receiver.url
    assert await Webhook(gone, Hurried(), "odawara").send(a_notice()) is Outcome.FAILED


@pytest.mark.parametrize(
    "address", ["https://ops.example/alarms", "http://127.0.0.1:9/x", "http://localhost/x", "http://[::1]:9/"]
)
def test_alarms_go_to_https_or_stay_on_this_machine(address: str) -> None:
    assert checked(address) == address


@pytest.mark.parametrize(
    "address", ["http://ops.example/", "ftp://127.0.0.1/", "https:///x", "ops.example", "http:///"]
)
def test_alarms_go_nowhere_else(address: str) -> None:
    with pytest.raises(WebhookUnusable):
        checked(address)


async def test_a_part_that_falls_silent_is_told_to_the_operator_once_and_remembered(opened: Opener) -> None:
    async with a_receiver(200) as receiver:
        door = await opened(alarm_webhook=receiver.url)
        await door.begin()
        await door.say("feed:jma.extra", silence_s=0.05)
        report = await door.reported("alarm:feed:jma.extra")
        async with asyncio.timeout(10):
            await receiver.rings.wait()
        assert [(one["turn"], one["subject"], one["code"]) for one in receiver.heard] == [
            ("raised", "feed:jma.extra", "E5206")
        ]
        assert (report.code, bool(report.hint)) == ("E5206", True)


async def test_after_a_restart_an_alarm_is_not_told_again(opened: Opener) -> None:
    log = MemoryLog()
    async with a_receiver(200) as receiver:
        first = await opened(log)
        await first.begin()
        await first.say("feed:jma.extra", alarm="frozen", code="E3101")
        await first.reported("alarm:feed:jma.extra")
        await first.stop()
        second = await opened(log, alarm_webhook=receiver.url)
        await second.say("feed:jma.eqvol", alarm="frozen", code="E3101")
        async with asyncio.timeout(10):
            await receiver.rings.wait()
        assert [one["subject"] for one in receiver.heard] == ["feed:jma.eqvol"]
