"""Orders under way: whom they name, and what their receipts say so far.

An end must not reach somebody whose beginning is still in a queue, and who was not told after all must leave the ledger
at exactly the ranks that his order would have told him. So until an order is final, it is known here who of it is
settled. A projection of `deliveries.*` and `receipts`, rebuilt at each start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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


_Orders = Mapping[str, Mapping[str, _Underway]]
"""By hazard that they tell of, and by id."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Whose being told of something in a run is not settled; counted for a pair only when it is asked for.

    `orders`: of the run; `since`: those decided before count as told.
    """

    orders: _Orders = field(default_factory=dict)
    since: datetime | None = None
    covers: Covers = field(default_factory=dict)

    def of(self, pair: Pair) -> BitMap:
        """Devices that are to be told of the pair by an order that is under way."""
        underway = self.orders.get(pair.hazard, {}).values()
        found = [one.waiting for one in underway if self._is_fresh(one) and self._tells(one, pair)]
        return BitMap.union(*found) if found else BitMap()

    def _is_fresh(self, one: _Underway) -> bool:
        return self.since is None or one.order.decided_at > self.since

    def _tells(self, one: _Underway, pair: Pair) -> bool:
        items = (item for item in _telling(one.order) if item.hazard == pair.hazard)
        return any(pair.area in municipalities(self.covers, item.area) for item in items)


class Pending:
    """One shard's orders that are not final. `number_of` gives a device's number, None when it has none."""

    def __init__(self, number_of: Callable[[str], int | None]) -> None:
        """None."""
        self._number_of = number_of
        self._orders: dict[str, _Underway] = {}
        self._telling: dict[str, dict[str, dict[str, _Underway]]] = {}
        """Those that tell something, by run, hazard and id."""

    def add(self, order: Order) -> None:
        """An order that was given; one known already stays as it is."""
        if order.id not in self._orders:
            numbers = [self._number_of(device) for device in order.devices]
            waiting = BitMap([number for number in numbers if number is not None])
            known = self._orders[order.id] = _Underway(order, numbers, waiting)
            by_hazard = self._telling.setdefault(run_named(order.notice.drill), {})
            for item in _telling(order):
                by_hazard.setdefault(item.hazard, {})[order.id] = known

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
            self._let_go(known.order)

    def forget(self, before: datetime) -> None:
        """Let go of orders decided before this: nobody will say what became of them."""
        for known in [known for known in self._orders.values() if known.order.decided_at < before]:
            self._let_go(known.order)

    def _let_go(self, order: Order) -> None:
        del self._orders[order.id]
        by_hazard = self._telling[run_named(order.notice.drill)]
        for hazard in {item.hazard for item in _telling(order)}:
            del by_hazard[hazard][order.id]
            if not by_hazard[hazard]:
                del by_hazard[hazard]

    def waiting(self, run: str, now: datetime, covers: Covers) -> Waiting:
        """Whose being told in a run is not settled now."""
        return Waiting(self._telling.get(run, {}), now - UNDERWAY_MAX, covers)

    def _pass_on(self, notice: Notice, untold: Untold) -> None:
        """A louder notice under way counts on this one as told; it was not, so what was before it counts there."""
        devices = frozenset(untold.devices)
        underway = self._telling.get(run_named(notice.drill), {}).get(untold.item.hazard, {})
        for known in underway.values():
            both = devices.intersection(known.order.devices) if known.waiting else ()
            for item in _telling(known.order) if both else ():
                if (item.hazard, item.area) == (untold.item.hazard, untold.item.area) and item.was == untold.item.rank:
                    known.was.update({(device, item): untold.was for device in both})


def _telling(order: Order) -> Iterator[Item]:
    return (item for item in order.notice.items if item.change in TELLING)


def _unended(order: Order, devices: tuple[str, ...]) -> tuple[Unended, ...]:
    if not devices or not any(_telling(order)):
        return ()
    return tuple(Unended(item, devices) for item in order.notice.items if item.change in ENDING)
