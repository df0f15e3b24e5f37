"""From a decision to orders: at most 500 device ids of one language and channel each, the loudest first.

Ids and content follow from the decision and the index alone: `<cause>:<shard>:<n>`, n counted in the order in which
they are to go out. Who has left since the decision is in none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time

from pyroaring import BitMap

from schemas.alert import Status
from schemas.area import AreaCode
from schemas.notification import ORDER_DEVICES_MAX, Change, Decision, Item, Notice, Order
from schemas.subscription import Channel, Language
from services.dispatcher.core.force import NEWS_MAX, Held, Pair, is_loud_item
from services.dispatcher.core.index import Index
from services.dispatcher.core.ledger import unpacked
from services.dispatcher.core.pending import TELLING

EMERGENCY = "deliveries.emergency"
ROUTINE = "deliveries.routine"
CANARY_DEVICE = "canary"
"""The reserved device of our own test; it is nobody's, and channel dry-run reaches nobody."""


@dataclass(frozen=True, slots=True)
class Worth:
    """How long an item is worth telling: until its stated end, or while the lease of its source holds."""

    expires: datetime | None
    lease: str


Worths = Mapping[tuple[str, AreaCode], Worth]
"""By hazard and area, as items name them."""


@dataclass(frozen=True, slots=True)
class _Lot:
    """Devices that get the same order."""

    topic: str
    language: Language
    channel: Channel
    notice: Notice
    devices: tuple[str, ...]
    silent: bool


def shard_of(order_id: str) -> int | None:
    """The shard in an order's id, None where it is no order of a decision (somebody tried his own device)."""
    words = order_id.rsplit(":", 2)
    return int(words[1]) if len(words) == 3 and words[1].isdecimal() else None


def worths(force: Mapping[Pair, Held]) -> dict[tuple[str, AreaCode], Worth]:
    """How long each thing in force is worth telling."""
    blocks = (held.telling for held in force.values())
    return {
        (block.info.hazard, block.area.code): Worth(block.expires, block.lease)
        for block in blocks
        if block is not None and block.area.code is not None
    }


def orders(decision: Decision, index: Index, worth: Worths, japan_time: time) -> list[tuple[str, Order]]:
    """The orders of a decision, each with the topic it goes to."""
    lots = [
        lot for told in decision.groups for lot in _lots(decision.notice, told.items, told.devices, index, japan_time)
    ]
    return [
        (
            lot.topic,
            Order(
                id=f"{decision.cause}:{decision.shard}:{number}",
                shard=decision.shard,
                language=lot.language,
                channel=lot.channel,
                devices=lot.devices,
                notice=lot.notice,
                decided_at=decision.decided_at,
                expires=_expires(lot.notice.items, worth),
                lease=_lease(lot.notice.items, worth),
                silent=lot.silent,
            ),
        )
        # the emergency lane first; within a lane the decision's groups stand the worst first already
        for number, lot in enumerate(sorted(lots, key=lambda lot: lot.topic != EMERGENCY))
    ]


def canary_order(decision: Decision) -> tuple[str, Order]:
    """The one order of our own test."""
    return EMERGENCY, Order(
        id=f"{decision.cause}:{decision.shard}:0",
        shard=decision.shard,
        language=Language.JA,
        channel=Channel.DRY_RUN,
        devices=(CANARY_DEVICE,),
        notice=decision.notice,
        decided_at=decision.decided_at,
        expires=decision.notice.sent + NEWS_MAX,
    )


def _lots(notice: Notice, items: tuple[Item, ...], devices: str, index: Index, japan_time: time) -> Iterator[_Lot]:
    drill = notice.status is Status.EXERCISE
    soft = drill or all(item.change is Change.LOWERED for item in items)
    loud = any(map(is_loud_item, items)) and not soft
    topic = EMERGENCY if loud else ROUTINE
    members = unpacked(devices)
    # in quiet hours nobody is told of what is not loud, but whoever was told is told the end: then without a sound
    quiet = BitMap() if loud or soft else members & index.quiet(japan_time)
    for some, silent in ((members - quiet, soft), (quiet, True)):
        for language, channel, those in index.split(some):
            ids = index.devices(those)
            for start in range(0, len(ids), ORDER_DEVICES_MAX):
                yield _Lot(
                    topic=topic,
                    language=language,
                    channel=channel,
                    notice=replace(notice, items=items),
                    devices=ids[start : start + ORDER_DEVICES_MAX],
                    silent=silent,
                )


def _expires(items: tuple[Item, ...], worth: Worths) -> datetime | None:
    """When nothing of it is worth telling any more; an end has no such time of its own."""
    ends = [_worth(item, worth).expires for item in items if item.change in TELLING]
    stated = [end for end in ends if end is not None]
    return max(stated) if stated and len(stated) == len(items) else None


def _lease(items: tuple[Item, ...], worth: Worths) -> str:
    """Whose lease the worst item stands under."""
    return next((_worth(item, worth).lease for item in items if item.change in TELLING), "")


def _worth(item: Item, worth: Worths) -> Worth:
    return worth.get((item.hazard, item.area), _NO_TIME)


_NO_TIME = Worth(None, "")
