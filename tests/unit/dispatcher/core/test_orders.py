"""From a decision to orders: lots, lanes, sound, how long they are worth sending."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time

import pytest
from pyroaring import BitMap

from schemas.alert import Drill, Origin, Status
from schemas.level import Grade
from schemas.lifecycle import fold
from schemas.notification import ORDER_DEVICES_MAX, Change, Decision, Item, Order, Told
from schemas.subscription import Channel, Language, QuietHours
from services.dispatcher.core.force import REAL, Moment, in_force
from services.dispatcher.core.index import Index
from services.dispatcher.core.ledger import packed
from services.dispatcher.core.orders import (
    EMERGENCY,
    ROUTINE,
    Worth,
    canary_order,
    orders,
    shard_of,
    worths,
)
from tests.factories import ODAWARA, a_device, an_alert, an_info, at
from tests.unit.dispatcher.core.telling import ITEM, NOON, a_notice

END = replace(ITEM, change=Change.END)
LOUD = replace(ITEM, rank=4)


def an_index(count: int = 3, **changes: object) -> Index:
    index = Index()
    for number in range(count):
        index.assign(f"d{number:03}", number)
        index.put(a_device(f"d{number:03}", **changes))  # type: ignore[arg-type]  # the test's own
    return index


def a_decision(*groups: tuple[tuple[Item, ...], set[int]], drill: Drill | None = None) -> Decision:
    notice = replace(a_notice(), items=(), drill=drill, status=Status.EXERCISE if drill else Status.ACTUAL)
    return Decision(
        cause="alert:x",
        shard=7,
        decided_at=at(3),
        notice=notice,
        groups=tuple(Told(items=items, devices=packed(BitMap(numbers))) for items, numbers in groups),
        ledger=(),
    )


def made(decision: Decision, index: Index | None = None, hour: time = NOON) -> list[tuple[str, Order]]:
    return orders(decision, index or an_index(), {}, hour)


def test_orders_are_numbered_as_they_go_out_and_hold_what_the_devices_are_told() -> None:
    index = an_index()
    index.put(a_device("d001", language=Language.EN))
    made_of = made(a_decision(((ITEM,), {0, 1, 2})), index)
    assert [(order.id, order.language, order.devices) for _, order in made_of] == [
        ("alert:x:7:0", Language.EN, ("d001",)),
        ("alert:x:7:1", Language.JA, ("d000", "d002")),
    ]
    order = made_of[0][1]
    assert (order.notice.items, order.shard, order.decided_at, order.channel) == ((ITEM,), 7, at(3), Channel.FCM)


def test_an_order_holds_no_more_than_fits() -> None:
    lots = made(a_decision(((ITEM,), set(range(1100)))), an_index(1100))
    assert [len(order.devices) for _, order in lots] == [ORDER_DEVICES_MAX, ORDER_DEVICES_MAX, 100]


def test_who_left_since_the_decision_is_in_none() -> None:
    index = an_index()
    index.forget("d001")
    assert [order.devices for _, order in made(a_decision(((ITEM,), {0, 1})), index)] == [("d000",)]


@pytest.mark.parametrize(
    ("items", "lane"),
    [
        ((ITEM,), ROUTINE),
        ((LOUD,), EMERGENCY),
        ((ITEM, replace(END, rank=4)), EMERGENCY),
        ((replace(ITEM, hazard="tsunami"),), EMERGENCY),
        ((replace(END, hazard="evacuation:1", origin=Origin.OFFICE),), EMERGENCY),
        ((replace(ITEM, hazard="notice:1", origin=Origin.OFFICE),), ROUTINE),
    ],
)
def test_the_lane_is_that_of_the_loudest_item(items: tuple[Item, ...], lane: str) -> None:
    assert [topic for topic, _ in made(a_decision((items, {0})))] == [lane]


def test_the_emergency_lane_goes_first() -> None:
    quake = replace(ITEM, hazard="quake", rank=2)
    found = made(a_decision(((ITEM,), {0}), ((quake,), {1})))
    assert [(topic, order.id[-1], order.devices) for topic, order in found] == [
        (EMERGENCY, "0", ("d001",)),
        (ROUTINE, "1", ("d000",)),
    ]


def test_a_drill_goes_without_sound_and_by_the_routine_lane() -> None:
    [(lane, order)] = made(a_decision(((LOUD,), {0}), drill=Drill(run="1")))
    assert (lane, order.silent, order.notice.drill) == (ROUTINE, True, Drill(run="1"))


def test_an_end_in_quiet_hours_comes_without_a_sound() -> None:
    index = an_index(2)
    index.put(a_device("d000", quiet=QuietHours(start=time(22), end=time(6))))
    night = made(a_decision(((END,), {0, 1})), index, time(23))
    assert [(order.devices, order.silent) for _, order in night] == [(("d001",), False), (("d000",), True)]
    loud = made(a_decision(((replace(END, rank=4),), {0})), index, time(23))
    assert [order.silent for _, order in loud] == [False]


# --- how long ---


@pytest.mark.parametrize(
    ("items", "expires", "lease"),
    [
        ((ITEM,), at(60), ""),
        ((ITEM, replace(ITEM, hazard="wind")), None, ""),
        ((replace(ITEM, hazard="wind"),), None, "jma.extra"),
        ((ITEM, replace(ITEM, hazard="fog")), at(90), ""),
        ((ITEM, END), None, ""),
        ((END,), None, ""),
        ((replace(ITEM, hazard="unknown"),), None, ""),
    ],
)
def test_an_order_is_worth_sending_as_long_as_anything_in_it(
    items: tuple[Item, ...], expires: datetime | None, lease: str
) -> None:
    worth = {
        ("landslide", ODAWARA): Worth(at(60), ""),
        ("wind", ODAWARA): Worth(None, "jma.extra"),
        ("fog", ODAWARA): Worth(at(90), ""),
    }
    [(_, order)] = orders(a_decision((items, {0})), an_index(), worth, NOON)
    assert (order.expires, order.lease) == (expires, lease)


def test_what_is_in_force_says_how_long_it_is_worth_telling() -> None:
    lasting = an_alert(0, an_info(expires=at(60)), an_info("wind", level=None, grade=Grade.WARNING))
    quake = an_alert(0, an_info("quake", level=None, grade=Grade.SHINDO_4), stream="q", lease="")
    streams = [fold(None, "s", lasting), fold(None, "q", quake)]
    force = in_force(streams, Moment(now=at(20), leases={}), {})
    assert worths(force.of(REAL)) == {
        ("landslide", ODAWARA): Worth(at(60), ""),
        ("wind", ODAWARA): Worth(None, "jma.extra"),
    }


# --- ids and the canary ---


@pytest.mark.parametrize(
    ("id_", "shard"),
    [("alert:jma:x@s:7:0", 7), ("cause:12:3", 12), ("test", None), ("test:me", None), ("alert:x:y", None)],
)
def test_the_shard_stands_in_the_id(id_: str, shard: int | None) -> None:
    assert shard_of(id_) == shard


def test_the_canary_has_one_order_to_a_device_that_is_nobodys() -> None:
    decision = replace(a_decision(), cause="alert:c@canary")
    lane, order = canary_order(decision)
    assert (lane, order.id, order.devices, order.channel) == (
        EMERGENCY,
        "alert:c@canary:7:0",
        ("canary",),
        Channel.DRY_RUN,
    )
    assert order.expires == at(10)
