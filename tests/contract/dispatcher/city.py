"""A dispatcher on a log in memory and a clock that the test moves: what is put in, and what came out of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from schemas.alert import Alert
from schemas.area import AreaCode
from schemas.codec import Payload
from schemas.lifecycle import Stream
from schemas.notification import (
    Decision,
    DeviceOutcome,
    LedgerEntry,
    Order,
    Outcome,
    Receipt,
)
from schemas.status import Condition, StatusReport, lease_subject
from schemas.subscription import Subscription
from schemas.text import Text
from schemas.topics import TOPICS, Policy
from services.dispatcher import app as dispatcher
from services.dispatcher.core.ledger import unpacked
from services.dispatcher.core.places import Covers
from services.dispatcher.core.rules import Rules
from services.dispatcher.store.fold import Fold
from services.eventlog.memory import MemoryLog
from services.eventlog.port import EventLog, Record
from services.runtime import records
from tests.factories import EVENING, HACHIOJI, ODAWARA, ZUSHI
from tests.scenario.quiet import MovedClock, run

WATCH = frozenset({ODAWARA, ZUSHI})
EMERGENCY, ROUTINE, DRILLS = "alerts.emergency", "alerts.routine", "drills"
ADDRESS_SHA256 = sha256(b"address-1").hexdigest()
Told = dict[str, list[tuple[str, str, int]]]
"""By device: change, hazard and rank of every item it was to be told, in the order of the orders."""


def in_a_city(test: Callable[[City], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """A test of a city, on a loop of its own."""

    def runs() -> None:
        async def main() -> None:
            city = City()
            await city.starts()
            await test(city)
            await city.stops()

        run(main())

    runs.__name__, runs.__doc__ = test.__name__, test.__doc__
    return runs


@dataclass
class City:
    """One dispatcher and its log. `log` may be a log that dies."""

    clock: MovedClock = field(default_factory=lambda: MovedClock(EVENING))
    log: EventLog | None = None
    covers: Covers = field(default_factory=dict)
    delivering: bool = True
    """Whether every order is delivered at once, as soon as somebody looks; else a test says what becomes of each."""
    fate: Callable[[Order], Outcome] = field(default=lambda _: Outcome.ACCEPTED)
    """What becomes of every device of an order that is delivered at once."""
    snapshots: Path | None = None
    rules: Rules = field(default_factory=Rules)
    app: dispatcher.App | None = None
    task: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        if self.log is None:
            self.log = MemoryLog(clock=self.clock.now)

    @property
    def here(self) -> EventLog:
        assert self.log is not None
        return self.log

    # --- the process ---

    async def starts(self, fold: type[Fold] = Fold) -> None:
        """Start it. `fold` may be one that goes wrong."""
        watch = WATCH | self.covers.keys()
        self.app = dispatcher.build(
            self.here,
            self.clock,
            watch,
            self.covers,
            {HACHIOJI: Text(ja="八王子市", easy="はちおうじし", en="Hachioji City")},
            rules=self.rules,
            snapshots=self.snapshots,
        )
        real = self.app.fold
        self.app.fold = fold(real.log, real.clock, real.watch, real.covers, real.reporter)
        self.task = asyncio.create_task(self.app.run())
        await self.settles()

    async def stops(self) -> None:
        assert self.task is not None
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task

    async def settles(self) -> None:
        """Everything that follows from what is in the log happens."""
        await self._settles()
        while self.delivering and (waiting := await self._undelivered()):
            for order in waiting:
                outcome = self.fate(order)
                devices = () if outcome is Outcome.ACCEPTED else order.devices
                others = tuple(DeviceOutcome(device=device, outcome=outcome) for device in devices)
                await self._receipt(order, progress=len(order.devices), others=others)
            await self._settles()

    async def _undelivered(self) -> list[Order]:
        done = {record.key for record in await self.records("receipts")}
        return [order for order in await self.orders() if order.id not in done]

    async def _settles(self) -> None:
        assert self.task is not None
        await self.clock.move_to(self.clock.now())
        if self.task.done():
            await self.task

    async def passes_until(self, at: datetime) -> None:
        await self.clock.move_to(at)
        await self.settles()

    # --- what comes in ---

    async def follows(self, *devices: Subscription) -> None:
        await self.puts_subscription(*devices)
        await self.settles()

    async def puts_subscription(self, *devices: Subscription) -> None:
        """Only into the log."""
        now = self.clock.now()
        made = [
            records.message(one, key=one.device, id=f"{one.device}:{now.isoformat()}", source="gateway", at=now)
            for one in devices
        ]
        await self.here.append("subscriptions", made)

    async def leaves(self, device: str) -> None:
        gone = records.tombstone(key=device, id=f"{device}:gone:{self.clock.now().isoformat()}")
        await self.here.append("subscriptions", [gone])
        await self.settles()

    async def says(self, *alerts: Alert, topic: str = EMERGENCY) -> None:
        for alert in alerts:
            await self.puts(alert, topic)
        await self.settles()

    async def puts(self, alert: Alert, topic: str = EMERGENCY) -> None:
        """Only into the log."""
        for stream in alert.streams:
            id_ = f"alert:{alert.identifier}@{stream}"
            message = records.message(alert, key=stream, id=id_, source="ingest", at=alert.sent, cause="telegram")
            await self.here.append(topic, [message])

    async def hears(self, source: str, until: datetime) -> None:
        """A source's lease is renewed."""
        now = self.clock.now()
        subject = lease_subject(source)
        report = StatusReport(subject=subject, condition=Condition.OK, since=EVENING, reported_at=now, until=until)
        message = records.message(report, key=subject, id=f"{subject}:{now.isoformat()}", source="ingest", at=now)
        await self.here.append("status", [message])
        await self.settles()

    async def delivers(self, order: Order, *, progress: int | None = None, **outcomes: Outcome) -> None:
        """A receipt: what became of the order's devices (`device_1=Outcome.DEAD`), of the others up to `progress` well."""
        others = tuple(
            DeviceOutcome(device=name.replace("_", "-"), outcome=outcome, address_sha256=ADDRESS_SHA256)
            for name, outcome in outcomes.items()
        )
        await self._receipt(order, progress=len(order.devices) if progress is None else progress, others=others)
        await self._settles()

    async def _receipt(self, order: Order, *, progress: int, others: tuple[DeviceOutcome, ...]) -> None:
        now = self.clock.now()
        receipt = Receipt(
            order=order.id,
            alert=order.notice.alert,
            stream=order.notice.stream,
            revision=order.notice.revision,
            channel=order.channel,
            progress=progress,
            total=len(order.devices),
            final=progress == len(order.devices),
            others=others,
            reported_at=now,
        )
        id_ = f"receipt:{order.id}:{progress}:{len(others)}"
        message = records.message(receipt, key=order.id, id=id_, source="gateway", at=now)
        await self.here.append("receipts", [message])

    # --- what came out ---

    async def records(self, topic: str) -> list[Record]:
        found = [one for partition in range(TOPICS[topic].partitions) for one in await self.here.read(topic, partition)]
        return sorted(found, key=lambda record: record.offset)

    async def payloads(self, topic: str) -> list[Payload]:
        newest: dict[str, Payload] = {}
        every: list[Payload] = []
        for record in await self.records(topic):
            value = records.payload(record)
            if value is None:
                newest.pop(record.key, None)
            else:
                newest[record.key] = value  # type: ignore[assignment]  # what we wrote can be read
                every.append(value)  # type: ignore[arg-type]  # as above
        return list(newest.values()) if TOPICS[topic].policy is Policy.COMPACT else every

    async def orders(self, topics: Sequence[str] = ("deliveries.emergency", "deliveries.routine")) -> list[Order]:
        found = [one for topic in topics for one in await self.payloads(topic) if isinstance(one, Order)]
        return sorted(found, key=lambda order: (order.decided_at, order.id))

    async def told(self) -> Told:
        told: Told = {}
        for order in await self.orders():
            for device in order.devices:
                items = [(item.change.value, item.hazard, item.rank) for item in order.notice.items]
                told.setdefault(device, []).extend(items)
        return told

    async def heard(self) -> Told:
        """The same, of what was delivered."""
        receipts = [one for one in await self.payloads("receipts") if isinstance(one, Receipt)]
        lost = {(receipt.order, one.device) for receipt in receipts for one in receipt.others}
        heard: Told = {}
        for order in await self.orders():
            for device in order.devices:
                if (order.id, device) not in lost:
                    items = [(item.change.value, item.hazard, item.rank) for item in order.notice.items]
                    heard.setdefault(device, []).extend(items)
        return heard

    async def decisions(self) -> list[Decision]:
        return [one for one in await self.payloads("decisions") if isinstance(one, Decision)]

    async def ledger(self) -> dict[tuple[str, str, AreaCode, int], int]:
        """How many devices stand in each entry that is left."""
        found: dict[tuple[str, str, AreaCode, int], int] = {}
        for one in await self.payloads("ledger"):
            if isinstance(one, LedgerEntry):
                key = (one.run, one.hazard, one.area, one.rank)
                found[key] = found.get(key, 0) + len(unpacked(one.devices))
        return found

    async def situation(self) -> dict[str, Stream]:
        return {one.stream: one for one in await self.payloads("situation") if isinstance(one, Stream)}
