"""Orders under way: whom they name, and what their receipts say so far.

An end must not reach somebody whose beginning is still in a queue, and who was not told after all must leave the ledger
at exactly the ranks that his order would have told him. So until an order is final, it is known here who of it is
settled. A projection of `deliveries.*` and `receipts`, rebuilt at each start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pyroaring import BitMap

from schemas.notification import UNTOLD, Change, DeviceOutcome, Item, Notice, Order, Outcome, Receipt
from services.dispatcher.core.force import Pair, run_named
from services.dispatcher.core.places import Covers, municipalities

UNDERWAY_MAX = timedelta(hours=1)
"""After so long an order counts as told although no receipt says so: its worker is gone, and an end that waits for it
would never be told. A receipt that comes later still corrects the ledger."""
TELLING = frozenset({Change.NEW, Change.RISE})
ENDING = frozenset({Change.END, Change.CANCEL})
OVERTAKEN = frozenset({Outcome.SUPERSEDED, Outcome.EXPIRED})
"""A notice with several items is not sent when one of them does not hold: the others are told anew."""


@dataclass(frozen=True, slots=True)
class Untold:
    """Devices that an order did not tell one of its items: they had been told rank `was` before (0: nothing)."""

    item: Item
    was: int
    devices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unended:
    """Devices that were not told one of the ends in an order, because something else in it does not hold any more."""

    item: Item
    devices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What a receipt says that none before it did: the order's notice, who was not told what, and why."""

    notice: Notice
    untold: tuple[Untold, ...]
    unended: tuple[Unended, ...]
    outcomes: frozenset[Outcome]


@dataclass(slots=True)
class _Underway:
    """One order, with its devices' numbers in its order (those that have none any more left out of `waiting`).

    `waiting` are the devices that are not settled; `untold` those already corrected.
    """

    order: Order
    numbers: Sequence[int | None]
    waiting: BitMap
    untold: set[str] = field(default_factory=set)
    was: dict[tuple[str, Item], int] = field(default_factory=dict)
    """Where a notice before this one was not told after all: the rank told before *that*, by device and item."""

    def fresh(self, receipt: Receipt) -> list[DeviceOutcome]:
        """Who was not told, as no receipt before it said."""
        return [one for one in receipt.others if one.outcome in UNTOLD and one.device not in self.untold]

    def lost(self, devices: tuple[str, ...]) -> Iterator[Untold]:
        """What these devices were not told, by what they had been told before."""
        for item in _telling(self.order):
            by_rank: dict[int, list[str]] = {}
            for device in devices:
                was = self.was.get((device, item), item.was or 0)
                by_rank.setdefault(was, []).append(device)
            yield from (Untold(item, was, tuple(some)) for was, some in sorted(by_rank.items()))

    def left(self, receipt: Receipt) -> BitMap:
        """Who is not settled by what a receipt says."""
        again = frozenset(receipt.waiting)
        taken = zip(self.order.devices[: receipt.progress], self.numbers, strict=False) if again else ()
        early = [number for device, number in taken if device in again and number is not None]
        return BitMap([*early, *(number for number in self.numbers[receipt.progress :] if number is not None)])


@dataclass(frozen=True, slots=True)
class Waiting:
    """Whose being told of something in a run is not settled; counted for a pair only when it is asked for."""

    orders: tuple[_Underway, ...] = ()
    covers: Covers = field(default_factory=dict)

    def of(self, pair: Pair) -> BitMap:
        """Devices that are to be told of the pair by an order that is under way."""
        found = [one.waiting for one in self.orders if any(self._is_of(item, pair) for item in _telling(one.order))]
        return BitMap.union(*found) if found else BitMap()

    def _is_of(self, item: Item, pair: Pair) -> bool:
        return item.hazard == pair.hazard and pair.area in municipalities(self.covers, item.area)


class Pending:
    """One shard's orders that are not final. `number_of` gives a device's number, None when it has none."""

    def __init__(self, number_of: Callable[[str], int | None]) -> None:
        """None."""
        self._number_of = number_of
        self._orders: dict[str, _Underway] = {}

    def add(self, order: Order) -> None:
        """An order that was given; one known already stays as it is."""
        if order.id not in self._orders:
            numbers = [self._number_of(device) for device in order.devices]
            waiting = BitMap([number for number in numbers if number is not None])
            self._orders[order.id] = _Underway(order, numbers, waiting)

    def __contains__(self, order: str) -> bool:
        """Whether an order of this id is under way."""
        return order in self._orders

    def look(self, receipt: Receipt) -> Settled | None:
        """What a receipt says that none before it did; None for an order that is not under way (any more)."""
        known = self._orders.get(receipt.order)
        if known is None:
            return None
        fresh = known.fresh(receipt)
        return Settled(
            notice=known.order.notice,
            untold=tuple(known.lost(tuple(one.device for one in fresh))) if fresh else (),
            unended=_unended(known.order, tuple(one.device for one in fresh if one.outcome in OVERTAKEN)),
            outcomes=frozenset(one.outcome for one in fresh),
        )

    def settle(self, receipt: Receipt) -> None:
        """Take a receipt for said."""
        known = self._orders.get(receipt.order)
        if known is None:
            return
        devices = tuple(one.device for one in known.fresh(receipt))
        for untold in known.lost(devices) if devices else ():
            self._pass_on(known.order.notice, untold)
        known.untold.update(devices)
        known.waiting = known.left(receipt)
        if receipt.final:
            del self._orders[receipt.order]

    def forget(self, before: datetime) -> None:
        """Let go of orders decided before this: nobody will say what became of them."""
        self._orders = {id_: known for id_, known in self._orders.items() if known.order.decided_at >= before}

    def waiting(self, run: str, now: datetime, covers: Covers) -> Waiting:
        """Whose being told in a run is not settled now."""
        underway = (
            known for known in self._orders.values() if known.waiting and now - known.order.decided_at < UNDERWAY_MAX
        )
        return Waiting(tuple(known for known in underway if run_named(known.order.notice.drill) == run), covers)

    def _pass_on(self, notice: Notice, untold: Untold) -> None:
        """A louder notice under way counts on this one as told; it was not, so what was before it counts there."""
        devices = frozenset(untold.devices)
        for known in self._orders.values():
            same_run = known.waiting and run_named(known.order.notice.drill) == run_named(notice.drill)
            both = devices.intersection(known.order.devices) if same_run else ()
            for item in _telling(known.order) if both else ():
                if (item.hazard, item.area) == (untold.item.hazard, untold.item.area) and item.was == untold.item.rank:
                    known.was.update({(device, item): untold.was for device in both})


def _telling(order: Order) -> Iterator[Item]:
    return (item for item in order.notice.items if item.change in TELLING)


def _unended(order: Order, devices: tuple[str, ...]) -> tuple[Unended, ...]:
    if not devices or not any(_telling(order)):
        return ()
    return tuple(Unended(item, devices) for item in order.notice.items if item.change in ENDING)
