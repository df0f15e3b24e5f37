"""The devices' door: a real gateway over a log in memory, asked as an app asks it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.alert import Status
from schemas.notification import Answer, DeviceOutcome, Notice, Order, Outcome, Question, Receipt
from schemas.subscription import Channel, Language, Subscription
from schemas.text import Text
from schemas.topics import TOPICS
from services.eventlog.memory import MemoryLog
from services.eventlog.partition import partition_of
from services.eventlog.port import EventLog, LogFull, Record
from services.gateway.api.devices import outcome_of
from services.gateway.core.devices import device_of, digest, fresh
from services.gateway.store.addresses import Addresses
from services.gateway.store.asking import Asking
from services.gateway.store.register import Register
from services.runtime import records
from services.runtime.clock import SystemClock
from tests.contract.gateway.conftest import Door, Opener, TroubledLog

HOME = {"area": "14206", "min_rank": 3}
MINE = "m" * 43


@asynccontextmanager
async def answering(log: EventLog, topic: str, partition: int, answer: Callable[[object], Any]) -> AsyncIterator[None]:
    """Somebody who answers records of a topic with others, as the dispatcher and the push workers do."""

    async def answer_all() -> None:
        after = await log.head(topic, partition)
        while True:
            await log.wait({(topic, partition): after})
            for record in await log.read(topic, partition, after=after):
                after = record.offset
                to, payload, key = answer(records.payload(record))
                id_ = f"{to}:{key}"
                message = records.message(payload, key=key, id=id_, source="x", at=datetime.now(UTC))
                await log.append(to, [message])

    task = asyncio.create_task(answer_all())
    try:
        yield
    finally:
        task.cancel()


async def registered(door: Door, **wish: Any) -> tuple[str, dict[str, str]]:
    """A device, and the header that shows it is one."""
    answer = await door.http.post("/v1/devices", json=wish)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    return body["device"], {"authorization": f"Bearer {body['credential']}"}


async def in_the_log(log: EventLog, device: str) -> Record | None:
    """What stands in the log under a device's id."""
    partition = partition_of(device, TOPICS["subscriptions"].partitions)
    found = [record for record in await log.read("subscriptions", partition) if record.key == device]
    return found[-1] if found else None


# --- registration ---


async def test_a_device_registers_without_telling_who_it_is(door: Door) -> None:
    device, mine = await registered(door, places=[HOME], language="easy", address="token-1", permission="granted")

    record = await in_the_log(door.log, device)
    assert record is not None
    kept = records.payload(record)
    assert isinstance(kept, Subscription)
    assert kept.credential_sha256 == digest(mine["authorization"].removeprefix("Bearer "))
    assert mine["authorization"].removeprefix("Bearer ") not in str(record)
    assert [str(place.area) for place in kept.places] == ["class20:1420600"]


async def test_what_was_answered_is_seen_at_once(door: Door) -> None:
    device, mine = await registered(door)
    for rank in (2, 5, 3, 4):
        place = {"area": "14206", "min_rank": rank}
        changed = await door.http.put(f"/v1/devices/{device}", json={"places": [place]}, headers=mine)
        seen = await door.http.get(f"/v1/devices/{device}", headers=mine)
        assert seen.json() == changed.json()
        assert seen.json()["places"][0]["min_rank"] == rank


async def test_a_device_sees_all_that_is_kept_of_it(door: Door) -> None:
    quiet = {"start": "22:00", "end": "07:00", "orders": True}
    device, mine = await registered(
        door, places=[HOME], hazard_min_ranks={"thunder": 5}, quiet=quiet, address="token", permission="granted"
    )
    seen = await door.http.get(f"/v1/devices/{device}", headers=mine)
    body = seen.json()
    assert {name: body[name] for name in ("device", "hazard_min_ranks", "language", "quiet", "address")} == {
        "device": device,
        "hazard_min_ranks": {"thunder": 5},
        "language": "ja",
        "quiet": quiet,
        "address": "token",
    }
    assert body["places"][0]["name"]["ja"] == "小田原市"
    assert seen.headers["cache-control"] == "no-store"


async def test_a_place_may_be_coordinates_and_only_coarse_ones_are_kept(door: Door) -> None:
    device, _ = await registered(door, places=[{"latitude": 35.264_678, "longitude": 139.152_234}])
    record = await in_the_log(door.log, device)
    assert record is not None
    assert record.value is not None
    assert b"35.26," in record.value
    assert b"35.264" not in record.value
    assert b"1420600" in record.value


async def test_a_registration_whose_answer_was_lost_can_be_made_again(door: Door) -> None:
    first = await door.http.post("/v1/devices", json={"credential": MINE, "places": [HOME]})
    again = await door.http.post("/v1/devices", json={"credential": MINE, "places": [HOME]})
    assert first.json() == again.json() == {"device": device_of(MINE), "credential": MINE}
    partition = partition_of(device_of(MINE), TOPICS["subscriptions"].partitions)
    assert len(await door.log.read("subscriptions", partition)) == 1


async def test_what_a_change_leaves_out_stays(door: Door) -> None:
    device, mine = await registered(door, places=[HOME], address="token")
    after = (await door.http.put(f"/v1/devices/{device}", json={"language": "en"}, headers=mine)).json()
    assert (after["language"], after["address"], len(after["places"])) == ("en", "token", 1)
    none = (await door.http.put(f"/v1/devices/{device}", json={"address": None, "quiet": None}, headers=mine)).json()
    assert (none["address"], none["quiet"], len(none["places"])) == (None, None, 1)


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({"places": [{"area": "99999"}]}, 422, "E5422"),
        ({"places": [{"area": "13101"}]}, 422, "E5423"),
        ({"places": [{"latitude": 1.0, "longitude": 1.0}]}, 422, "E5424"),
        ({"places": [{"area": "14206", "min_rank": 1}]}, 422, "E5426"),
        ({"hazard_min_ranks": {"meteor": 3}}, 422, "E5427"),
        ({"language": "de"}, 422, "E5428"),
        ({"quiet": {"start": "25:00", "end": "07:00"}}, 422, "E5429"),
        ({"address": "two words"}, 422, "E5430"),
        ({"credential": "short"}, 422, "E5431"),
        ({"places": [HOME] * 51}, 422, "E5003"),
        ({"places": "小田原"}, 422, "E5003"),
        ({"address": "x" * 20_000}, 413, "E5436"),
    ],
)
async def test_what_cannot_be_had_is_refused_in_one_shape_and_keeps_nothing(
    door: Door, wish: dict[str, Any], status: int, code: str
) -> None:
    answer = await door.http.post("/v1/devices", json={"credential": MINE, **wish})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert set(answer.json()) == {"code", "message", "hint"}
    assert await in_the_log(door.log, device_of(MINE)) is None


async def test_a_refused_value_is_not_repeated(door: Door) -> None:
    for wish in ({"address": "my secret"}, {"address": ["my secret"]}, {"credential": "my secret"}):
        assert "my secret" not in (await door.http.post("/v1/devices", json=wish)).text


# --- only the device itself ---


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer short",
        f"Basic {MINE}",
        f"Bearer {'x' * 43}",
        f"Bearer {MINE} {MINE}",
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/test"), ("GET", "/explain?alert=a")],
)
async def test_nobody_else_may(door: Door, method: str, path: str, header: str | None) -> None:
    device, mine = await registered(door, credential=MINE, places=[HOME])
    headers = {} if header is None else {"authorization": header}
    answer = await door.http.request(method, f"/v1/devices/{device}{path}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "E5433")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert (await door.http.get(f"/v1/devices/{device}", headers=mine)).status_code == 200


@pytest.mark.parametrize("device", ["0" * 32, "canary", "x", "%2e%2e", "A" * 500])
async def test_a_device_that_is_none_is_not_found(door: Door, device: str) -> None:
    answer = await door.http.get(f"/v1/devices/{device}", headers={"authorization": f"Bearer {MINE}"})
    assert (answer.status_code, answer.json()["code"]) == (404, "E5432")


# --- everything in one call ---


async def test_one_call_deletes_everything(door: Door) -> None:
    device, mine = await registered(door, places=[HOME], address="token-1")

    gone = await door.http.delete(f"/v1/devices/{device}", headers=mine)

    assert (gone.status_code, gone.content) == (204, b"")
    record = await in_the_log(door.log, device)
    assert record is not None
    assert record.value is None
    assert door.app.push.addresses.get(device) is None
    for method, path in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/test"), ("GET", "/explain?alert=a")):
        again = await door.http.request(method, f"/v1/devices/{device}{path}", headers=mine)
        assert (again.status_code, again.json()["code"]) == (404, "E5432")


async def test_a_change_that_is_late_brings_nothing_back(door: Door) -> None:
    device, mine = await registered(door, places=[HOME])
    path = f"/v1/devices/{device}"
    changes = [door.http.put(path, json={"language": "en"}, headers=mine) for _ in range(10)]
    gone, *answers = await asyncio.gather(door.http.delete(path, headers=mine), *changes)
    assert gone.status_code == 204
    assert {answer.status_code for answer in answers} <= {200, 404}
    assert (await door.http.get(path, headers=mine)).status_code == 404


async def test_whoever_left_can_come_back(door: Door) -> None:
    device, mine = await registered(door, credential=MINE)
    await door.http.delete(f"/v1/devices/{device}", headers=mine)
    assert (await registered(door, credential=MINE, places=[HOME]))[0] == device
    assert len((await door.http.get(f"/v1/devices/{device}", headers=mine)).json()["places"]) == 1


# --- a test push ---


def receipt_of(order: object, *others: DeviceOutcome) -> tuple[str, Receipt, str]:
    assert isinstance(order, Order)
    receipt = Receipt(
        order=order.id,
        alert="test",
        stream="test",
        revision="test",
        channel=order.channel,
        progress=1,
        total=1,
        final=True,
        accepted=1 - len(others),
        others=others,
        reported_at=datetime.now(UTC),
    )
    return "receipts", receipt, order.id


async def orders(log: EventLog) -> list[Order]:
    found = []
    for topic in ("deliveries.emergency", "deliveries.routine"):
        for partition in range(TOPICS[topic].partitions):
            found += [records.payload(record) for record in await log.read(topic, partition)]
    return [order for order in found if isinstance(order, Order)]


async def test_a_test_goes_to_this_device_alone_by_the_routine_lane(door: Door) -> None:
    await registered(door, places=[HOME], address="token-other", permission="granted")
    device, mine = await registered(door, places=[HOME], address="token-mine", permission="granted")

    answer = await door.http.post(f"/v1/devices/{device}/test", headers=mine)

    assert answer.status_code == 202
    [order] = await orders(door.log)
    assert (order.devices, order.notice.status, order.notice.items) == ((device,), Status.TEST, ())
    # this gateway has no channel: the order waits, and that is said
    assert answer.json() == {"order": order.id, "outcome": "under-way"}
    assert await door.log.head("deliveries.emergency", 0) == -1


@pytest.mark.parametrize("wish", [{}, {"address": "token", "permission": "denied"}])
async def test_a_device_that_cannot_be_reached_is_told_so_at_once(door: Door, wish: dict[str, Any]) -> None:
    device, mine = await registered(door, places=[HOME], **wish)
    answer = await door.http.post(f"/v1/devices/{device}/test", headers=mine)
    assert (answer.status_code, answer.json()["code"]) == (409, "E5439")
    assert await orders(door.log) == []


@pytest.mark.parametrize(
    ("others", "outcome"),
    [((), "accepted"), ((DeviceOutcome(device="a", outcome=Outcome.DEAD, address_sha256="x"),), "dead")],
)
async def test_a_test_says_what_became_of_it(others: tuple[DeviceOutcome, ...], outcome: str) -> None:
    log = MemoryLog()
    order = a_test_order()
    partition = partition_of(order.id, TOPICS["deliveries.routine"].partitions)
    async with answering(log, "deliveries.routine", partition, lambda one: receipt_of(one, *others)):
        receipt = await Asking(log=log, clock=SystemClock()).test(order)
    assert outcome_of(receipt) == outcome


def a_test_order() -> Order:
    at = datetime.now(UTC)
    notice = Notice(
        alert="test", stream="test", revision="test", status=Status.TEST, sent=at, sender_name="小田原市", items=()
    )
    return Order(
        id="test:a-1",
        shard=0,
        language=Language.JA,
        channel=Channel.FCM,
        devices=("a",),
        notice=notice,
        decided_at=at,
    )


# --- why ---


WHY = Text(ja="理由", easy="わけ", en="reason")


async def test_a_device_is_told_why(door: Door) -> None:
    device, mine = await registered(door, places=[HOME])

    def answer(question: object) -> tuple[str, Answer, str]:
        assert isinstance(question, Question)
        assert (question.device, question.alert) == (device, "jma:a")
        return "answers", Answer(question=question.id, shard=0, lines=("一", "二"), reasons=(WHY,)), question.id

    async with answering(door.log, "questions", 0, answer):
        told = await door.http.get(f"/v1/devices/{device}/explain", params={"alert": "jma:a"}, headers=mine)
    reasons = [{"ja": "理由", "easy": "わけ", "en": "reason"}]
    assert told.json() == {"device": device, "alert": "jma:a", "reasons": reasons, "lines": ["一", "二"]}


async def test_where_nobody_says_why_that_is_said(door: Door) -> None:
    device, mine = await registered(door)
    told = await door.http.get(f"/v1/devices/{device}/explain", params={"alert": "jma:a"}, headers=mine)
    assert (told.status_code, told.json()["code"]) == (503, "E5438")


# --- not too often ---


async def test_tests_of_one_device_are_few_and_its_wait_is_said(door: Door) -> None:
    device, mine = await registered(door)
    other, its = await registered(door)
    answers = [await door.http.post(f"/v1/devices/{device}/test", headers=mine) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [409, 409, 409, 429]
    assert answers[-1].json()["code"] == "E5434"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 21
    assert (await door.http.post(f"/v1/devices/{other}/test", headers=its)).status_code == 409


async def test_registrations_from_one_place_are_bounded(door: Door) -> None:
    answers = await asyncio.gather(*(door.http.post("/v1/devices", json={}) for _ in range(120)))
    assert 100 <= sum(answer.status_code == 201 for answer in answers) <= 105
    assert {answer.status_code for answer in answers} == {201, 429}


# --- places ---


async def test_places_are_found_by_name(door: Door) -> None:
    answer = await door.http.get("/v1/places", params={"q": "おだわら"})
    assert answer.json() == {
        "places": [
            {
                "jis5": "14206",
                "areas": ["1420600"],
                "name": {"ja": "小田原市", "easy": "おだわらし", "en": "Odawara City"},
                "prefecture": {"ja": "神奈川県", "easy": "かながわけん", "en": "Kanagawa Prefecture"},
                "own": True,
            }
        ]
    }


async def test_only_places_that_are_watched_are_offered(door: Door) -> None:
    everything = (await door.http.get("/v1/places")).json()["places"]
    assert [place["name"]["ja"] for place in everything] == ["小田原市", "逗子市", "平塚市", "川崎市"]
    assert (await door.http.get("/v1/places", params={"q": "札幌"})).json() == {"places": []}
    assert (await door.http.get("/v1/places", params={"q": "x" * 61})).json()["code"] == "E5003"


# --- the log in trouble ---


async def test_a_log_that_refuses_keeps_nothing_and_says_so(opened: Opener) -> None:
    log = TroubledLog()
    door = await opened(log=log)
    await door.begin()
    device, mine = await registered(door, places=[HOME], address="token")
    log.refuses = LogFull("no room")
    for method, path, body in (
        ("POST", "/v1/devices", {"credential": MINE}),
        ("PUT", f"/v1/devices/{device}", {"language": "en"}),
        ("DELETE", f"/v1/devices/{device}", {}),
        ("POST", f"/v1/devices/{device}/test", {}),
        ("GET", f"/v1/devices/{device}/explain?alert=a", {}),
    ):
        answer = await door.http.request(method, path, json=body, headers=mine)
        assert (answer.status_code, answer.json()["code"]) == (503, "E5435"), path
    log.refuses = None
    assert (await door.http.get(f"/v1/devices/{device}", headers=mine)).json()["language"] == "ja"
    assert await in_the_log(log, device_of(MINE)) is None


async def test_two_gateways_agree() -> None:
    log, clock = MemoryLog(), SystemClock()
    books = [Addresses(log=log, clock=clock) for _ in range(2)]
    following = [asyncio.create_task(book.run()) for book in books]
    one, other = (Register(log=log, clock=clock, addresses=book) for book in books)
    device = fresh(MINE, datetime.now(UTC))
    assert isinstance(device, Subscription)

    await one.keep(device)
    assert await other.find(device.device) == device
    await other.erase(device.device)
    assert await one.find(device.device) is None

    for task in following:
        task.cancel()


async def test_a_record_that_cannot_be_found_is_no_endless_search() -> None:
    log, clock = MemoryLog(), SystemClock()
    addresses = Addresses(log=log, clock=clock)
    addresses.offsets["a"] = 7
    with pytest.raises(TimeoutError):
        await Register(log=log, clock=clock, addresses=addresses).find("a")
