"""Small values for the tests of decisions: one shard, its stream, and what came of it in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time

from pyroaring import BitMap

from schemas.alert import Alert
from schemas.lifecycle import Stream, fold
from schemas.notification import (
    Change,
    Decision,
    DeviceOutcome,
    Item,
    Notice,
    Order,
    Outcome,
    Receipt,
)
from schemas.subscription import Channel, Language, Subscription
from services.dispatcher.core.decide import Case, Give, Take, decide, subject_of
from services.dispatcher.core.force import Moment, in_force, notice_of, run_named
from services.dispatcher.core.index import Index
from services.dispatcher.core.ledger import Ledger, unpacked
from services.dispatcher.core.pending import Waiting
from services.dispatcher.core.places import Covers
from services.dispatcher.core.rules import HARD_LIMIT, Rules
from services.dispatcher.core.tally import Tally
from tests.factories import ODAWARA, an_alert, at

NOON = time(12)
ITEM = Item(change=Change.NEW, hazard="landslide", area=ODAWARA, area_desc="小田原市", event="warning", level=3, rank=3)


def a_notice(*items: Item) -> Notice:
    return replace(notice_of(fold(None, "s", an_alert())), items=items or (ITEM,))


def an_order(
    id_: str = "cause:3:0", *items: Item, devices: Sequence[str] = ("anna", "ben"), **changes: object
) -> Order:
    made = Order(
        id=id_,
        shard=3,
        language=Language.JA,
        channel=Channel.FCM,
        devices=tuple(devices),
        notice=a_notice(*items),
        decided_at=at(0),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # names are the test's own


def a_receipt(
    order: Order, *, progress: int | None = None, waiting: Sequence[str] = (), final: bool = True, **outcomes: Outcome
) -> Receipt:
    others = tuple(DeviceOutcome(device=name, outcome=outcome) for name, outcome in outcomes.items())
    return Receipt(
        order=order.id,
        alert=order.notice.alert,
        stream=order.notice.stream,
        revision=order.notice.revision,
        channel=order.channel,
        progress=len(order.devices) if progress is None else progress,
        total=len(order.devices),
        final=final,
        waiting=tuple(waiting),
        others=others,
        reported_at=at(1),
    )


Words = tuple[str, str, str, int]
"""Change, hazard, place, rank."""


@dataclass
class Shard:
    """One shard that decides about one stream after another."""

    index: Index = field(default_factory=Index)
    ledger: Ledger = field(default_factory=Ledger)
    streams: dict[str, Stream] = field(default_factory=dict)
    covers: Covers = field(default_factory=dict)
    last: Decision | None = None
    rules: Rules = field(default_factory=Rules)
    tally: Tally = field(default_factory=lambda: Tally((HARD_LIMIT,)))

    def follow(self, *devices: Subscription) -> None:
        for device in devices:
            if self.index.number(device.device) is None:
                self.index.assign(device.device, self.index.next_number)
            self.index.put(device)

    def hear(self, alert: Alert) -> None:
        """Only fold."""
        name = alert.streams[0]
        self.streams[name] = fold(self.streams.get(name), name, alert)

    def says(self, alert: Alert, now: datetime | None = None, **case: object) -> dict[str, list[Words]]:
        """Fold an alert and decide about its stream; who is told what."""
        self.hear(alert)
        return self.decides(alert.streams[0], now or alert.sent, **case)  # type: ignore[arg-type]  # its arguments

    def decides(
        self,
        name: str,
        now: datetime,
        *,
        hour: time = NOON,
        waiting: Waiting | None = None,
        takes: tuple[Take, ...] = (),
        gives: tuple[Give, ...] = (),
        begins: bool = True,
        only: BitMap | None = None,
        leases: dict[str, datetime] | None = None,
    ) -> dict[str, list[Words]]:
        stream = self.streams[name]
        run = run_named(stream.drill)
        case = Case(
            cause="cause",
            shard=3,
            now=now,
            japan_time=hour,
            subject=subject_of(stream, run, self.covers),
            force=in_force(self.streams.values(), Moment(now=now, leases=leases or {}), self.covers).of(run),
            waiting=waiting or Waiting(),
            takes=takes,
            gives=gives,
            begins=begins,
            only=only,
            rules=self.rules,
            tally=self.tally,
        )
        self.last = decide(case, self.index, self.ledger)
        for entry in self.last.ledger:
            self.ledger.put(entry)
        for group in self.last.groups:
            self.tally.add(now, unpacked(group.devices))
        return self.told(self.last)

    def told(self, decision: Decision) -> dict[str, list[Words]]:
        return {
            device: [(item.change.value, item.hazard, item.area_desc, item.rank) for item in group.items]
            for group in decision.groups
            for device in self.index.devices(unpacked(group.devices))
        }


class AWaiting(Waiting):
    """The beginning of everything is in a queue for these numbers."""

    def __init__(self, *numbers: int) -> None:
        super().__init__()
        object.__setattr__(self, "numbers", BitMap(numbers))

    def of(self, _: object) -> BitMap:
        return self.numbers  # type: ignore[attr-defined, no-any-return]  # set above
