"""Invariant 13: little is kept of a device, and when it leaves nothing: not in what is known, not in the file."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from pathlib import Path

import httpx
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from schemas import codec
from schemas.alert import Status
from schemas.notification import Answer, Change, Decision, Item, Notice, Order, Question, Told
from schemas.subscription import Permission, Place, Subscription
from services.dispatcher.core import orders as order_rules
from services.dispatcher.core.index import Index
from services.dispatcher.core.ledger import packed
from services.dispatcher.core.orders import Worths
from services.dispatcher.store.bench import Bench
from services.dispatcher.store.projection import Projection
from services.eventlog.memory import MemoryLog
from services.eventlog.port import EventLog
from services.eventlog.sqlite import SqliteLog
from services.gateway.api import devices as door
from services.gateway.api import errors
from services.gateway.core import devices
from services.gateway.core.devices import PlaceWish, Refused, Where, Wish
from services.gateway.store.addresses import Addresses
from services.gateway.store.register import Register, shard_of
from services.runtime import cities, logs
from services.runtime.clock import SystemClock
from tests.factories import ODAWARA, at
from tests.invariants import Twin, hold
from tests.invariants.forgetful_log import ForgetfulLog

ADDRESS = "address-that-nobody-else-has-0123456789"
CREDENTIAL = "credential-of-a-device-that-leaves-us-000000"[:43]
EXACT = (35.264_913, 139.152_387)
AREAS = cities.load_table(cities.deploy_dir())
CITY = cities.load_city(cities.deploy_dir(), "odawara", AREAS)
WHERE = Where(city=CITY, areas=AREAS, locate=lambda *_: "14206")


def a_device() -> Subscription:
    made = devices.fresh(CREDENTIAL, at(0))
    assert isinstance(made, Subscription)
    return replace(
        made,
        places=(Place(area=ODAWARA, latitude=35.26, longitude=139.15),),
        address=ADDRESS,
        address_at=at(0),
        permission=Permission.GRANTED,
    )


# --- who leaves leaves nothing ---

Making = tuple[type[Register], type[SqliteLog]]


async def check_leaving_leaves_nothing(making: Making, tmp_path: Path) -> None:
    register_class, log_class = making
    clock, mine = SystemClock(), a_device()
    other = replace(mine, device="f" * 32, address="another-address", credential_sha256="0" * 64)
    path = tmp_path / "hansho.db"
    log = await log_class.open(path)
    addresses = Addresses(log=log, clock=clock)
    following = asyncio.create_task(addresses.run())
    register = register_class(log=log, clock=clock, addresses=addresses)
    for one in (other, mine, replace(mine, updated_at=at(1))):
        await register.keep(one)

    await register.erase(mine.device)

    await register.find(mine.device)
    hold(13, await register.find(mine.device) is None, "the register still knows the device")
    hold(13, addresses.get(mine.device) is None, "the gateway still knows how the device is reached")
    hold(13, not await known_to_the_dispatcher(log, mine.device), "the dispatcher would still tell the device")
    hold(13, await register.find(other.device) == other, "somebody else was forgotten")
    newest = [one for one in await log.read("subscriptions", shard_of(mine.device)) if one.key == mine.device]
    hold(13, [one.value for one in newest] == [None], "what stands in the log is not that the device left")

    await log.maintain(clock.now() + timedelta(days=2))
    following.cancel()
    with suppress(asyncio.CancelledError):
        await following
    await log.close()
    left = everything_in(tmp_path)
    for word in (ADDRESS, mine.credential_sha256, mine.device):
        hold(13, word not in left, f"after a day {word[:12]}… still stands in the file")
    assert "another-address" in left, "the file was not read"


def everything_in(folder: Path) -> str:
    """Every byte of every file, each as a character."""
    return "".join(file.read_bytes().decode("latin-1") for file in sorted(folder.iterdir()) if file.is_file())


async def known_to_the_dispatcher(log: EventLog, device: str) -> bool:
    """Whether a dispatcher that starts now would tell the device of something."""
    bench = Bench()
    try:
        shard = Projection(shard_of(device), log, SystemClock(), bench)
        await shard.load()
        number = shard.index.number(device)
        return number is not None and number in shard.index.alive
    finally:
        bench.close()


async def test_leaving_leaves_nothing(tmp_path: Path) -> None:
    await check_leaving_leaves_nothing((Register, SqliteLog), tmp_path)


class KeepsTheDevice(Register):
    """An unsubscribe that only follows nothing any more."""

    async def erase(self, device: str) -> None:
        found = await self.find(device)
        if found is not None:
            await self.keep(replace(found, places=()))


class KeepsTheWishes(Register):
    """An unsubscribe that only takes the address away."""

    async def erase(self, device: str) -> None:
        found = await self.find(device)
        if found is not None:
            await self.keep(replace(found, address=None, address_at=None))


class ForgetsEverybody(Register):
    """An unsubscribe that forgets the whole shard, and others with it."""

    async def erase(self, device: str) -> None:
        for known in [*self.addresses.offsets, device]:
            await super().erase(known)


# --- little is kept ---

Make = Callable[[str, datetime], Subscription | Refused]
Change_ = Callable[[Subscription, Wish, Where, datetime], Subscription | Refused]


def check_no_credential_is_kept(fresh: Make) -> None:
    made = fresh(CREDENTIAL, at(0))
    assert isinstance(made, Subscription)
    hold(13, CREDENTIAL not in codec.encode(made).decode(), "the credential itself is kept, not its hash")


def check_no_exact_place_is_kept(change: Change_) -> None:
    @given(st.floats(-90, 90), st.floats(-180, 180))
    def check(latitude: float, longitude: float) -> None:
        wish = Wish(places=[PlaceWish(latitude=latitude, longitude=longitude)])
        made = change(a_device(), wish, WHERE, at(1))
        assert isinstance(made, Subscription)
        kept = [degrees for one in made.places for degrees in (one.latitude, one.longitude)]
        hold(13, all(one is not None and round(one, 2) == one for one in kept), "a place is kept to the metre")

    check()


def test_no_credential_is_kept() -> None:
    check_no_credential_is_kept(devices.fresh)


def test_no_exact_place_is_kept() -> None:
    check_no_exact_place_is_kept(devices.changed)


def the_credential_is_kept_as_it_is(credential: str, now: datetime) -> Subscription | Refused:
    made = devices.fresh(credential, now)
    return made if isinstance(made, Refused) else replace(made, credential_sha256=credential)


def coordinates_are_kept_as_given(
    before: Subscription, wish: Wish, where: Where, now: datetime
) -> Subscription | Refused:
    made = devices.changed(before, wish, where, now)
    if isinstance(made, Refused) or isinstance(wish.places, devices.Unset):
        return made
    exact = wish.places[0]
    return replace(
        made,
        places=tuple(replace(one, latitude=exact.latitude, longitude=exact.longitude) for one in made.places),
    )


# --- orders carry ids only ---

ToOrders = Callable[[Decision, Index, Worths, time], list[tuple[str, Order]]]


def check_orders_carry_ids_only(to_orders: ToOrders) -> None:
    index = Index()
    subscriptions = [replace(a_device(), device=f"{n:032x}", address=f"{ADDRESS}-{n}") for n in range(3)]
    for number, one in enumerate(subscriptions):
        index.assign(one.device, number)
        index.put(one)
    item = Item(
        change=Change.NEW, hazard="landslide", area=ODAWARA, area_desc="小田原市", event="警報", level=4, rank=4
    )
    notice = Notice(
        alert="a", stream="s", revision="r", status=Status.ACTUAL, sent=at(0), sender_name="横浜地方気象台", items=()
    )
    told = Told(items=(item,), devices=packed(BitMap(range(3))))
    decision = Decision(cause="c", shard=0, decided_at=at(0), notice=notice, groups=(told,), ledger=())
    text = "".join(codec.encode(order).decode() for _, order in to_orders(decision, index, {}, time(12)))
    assert all(one.device in text for one in subscriptions), "the orders name nobody"
    hold(13, ADDRESS not in text, "an order carries addresses")


def test_orders_carry_ids_only() -> None:
    check_orders_carry_ids_only(order_rules.orders)


def orders_carry_addresses(
    decision: Decision, index: Index, worth: Worths, japan_time: time
) -> list[tuple[str, Order]]:
    return [
        (topic, replace(order, devices=(*order.devices, ADDRESS)))
        for topic, order in order_rules.orders(decision, index, worth, japan_time)
    ]


# --- nothing of it is in a log file ---


@dataclass(frozen=True, slots=True)
class NoTest:
    """Where a test would go: it comes back at once."""

    async def test(self, order: Order) -> None:
        """Nothing became of it."""

    async def explain(self, question: Question) -> Answer:
        """Because."""
        return Answer(question=question.id, shard=0, lines=("because",))


async def check_no_log_line_names_anybody(desk_class: type[door.Desk], tmp_path: Path) -> None:
    log, clock = MemoryLog(), SystemClock()
    addresses = Addresses(log=log, clock=clock)
    following = asyncio.create_task(addresses.run())
    desk = desk_class(
        register=Register(log=log, clock=clock, addresses=addresses),
        asking=NoTest(),
        where=WHERE,
        known=(),
        clock=clock,
    )
    app = FastAPI()
    errors.install(app)
    app.include_router(door.router(desk, shard_of))
    path = tmp_path / "hansho.log"
    before = list(logging.getLogger().handlers)
    logs.configure(level="DEBUG", path=str(path))
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
            await a_whole_life(client)
        logs.get("gateway").event("lived")
    finally:
        for handler in logging.getLogger().handlers[:]:
            logging.getLogger().removeHandler(handler)
            handler.close()
        for handler in before:
            logging.getLogger().addHandler(handler)
        following.cancel()
    said = path.read_text("utf-8")
    assert "lived" in said, "nothing was logged at all"
    for word in (ADDRESS, CREDENTIAL, devices.digest(CREDENTIAL), str(EXACT[0])):
        hold(13, word not in said, f"the log file names {word[:12]}…")


async def a_whole_life(client: httpx.AsyncClient) -> None:
    """Everything that a device does, and everything that it does wrong."""
    latitude, longitude = EXACT
    wish = {
        "credential": CREDENTIAL,
        "address": ADDRESS,
        "places": [{"latitude": latitude, "longitude": longitude}],
    }
    device = (await client.post("/v1/devices", json=wish)).json()["device"]
    mine = {"authorization": f"Bearer {CREDENTIAL}"}
    await client.put(f"/v1/devices/{device}", json={"address": f"{ADDRESS} broken"}, headers=mine)
    await client.put(f"/v1/devices/{device}", content=b'{"address": ["' + ADDRESS.encode() + b'"]}', headers=mine)
    await client.post(f"/v1/devices/{device}/test", headers=mine)
    await client.get(f"/v1/devices/{device}/explain", params={"alert": "a"}, headers=mine)
    await client.get(f"/v1/devices/{device}", headers={"authorization": f"Bearer {'x' * 43}"})
    gone = await client.delete(f"/v1/devices/{device}", headers=mine)
    assert gone.status_code == 204, gone.text


async def test_no_log_line_names_anybody(tmp_path: Path) -> None:
    await check_no_log_line_names_anybody(door.Desk, tmp_path)


class TalkativeDesk(door.Desk):
    """A door that says who came in."""

    async def registered(self, wish: door.DeviceIn) -> tuple[Subscription, str]:
        logs.get("gateway").event("device.registered", wish=wish.model_dump_json())
        return await super().registered(wish)


TWINS = [
    Twin(13, check_leaving_leaves_nothing, (KeepsTheDevice, SqliteLog), "an unsubscribe that follows nothing any more"),
    Twin(13, check_leaving_leaves_nothing, (KeepsTheWishes, SqliteLog), "an unsubscribe that only drops the address"),
    Twin(13, check_leaving_leaves_nothing, (ForgetsEverybody, SqliteLog), "an unsubscribe that forgets others as well"),
    Twin(13, check_leaving_leaves_nothing, (Register, ForgetfulLog), "a file in which removed bytes stay"),
    Twin(13, check_no_credential_is_kept, the_credential_is_kept_as_it_is),
    Twin(13, check_no_exact_place_is_kept, coordinates_are_kept_as_given),
    Twin(13, check_orders_carry_ids_only, orders_carry_addresses),
    Twin(13, check_no_log_line_names_anybody, TalkativeDesk, "a door that logs who came in"),
]
