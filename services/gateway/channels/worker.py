"""Push workers: orders to channels, and receipts of how far they are. One worker a lane, each with channels of its own.

An order is held until all its devices are settled. Before each attempt it is held against the situation; slices of it go
out side by side, a few at a time; every few milliseconds of work a receipt says how far it is, so that after a kill only
what was under way is tried again; the last receipt and the commit are one. Nothing here writes subscriptions.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schemas.notification import Order, Outcome
from schemas.situation import CANARY_STREAM
from schemas.subscription import Channel
from schemas.topics import PLANNED
from services.eventlog.port import Consumer, EventLog, EventLogError, GroupInUse, Output, Record
from services.gateway.channels.lanes import AddressBook, Held, Lane, ReceiptBook, Template, Traffic, loudness, template
from services.gateway.channels.port import PushChannel
from services.gateway.core import push, work
from services.gateway.core.push import Fate, Known
from services.gateway.core.retry import Gate, again_at, heard
from services.gateway.core.sending import Attempt, Sending, Verdict
from services.gateway.core.view import View
from services.gateway.core.wording import Names
from services.gateway.core.work import Again, Settled, Work
from services.runtime import logs, metrics, records
from services.runtime.clock import Clock
from services.runtime.consuming import dead
from services.runtime.reporting import Reporter

SLICE = 10
"""Messages of one batch: what one answer that is late can hold up."""
ORDERS_HELD = 200
"""Orders under way in a lane: 100,000 devices; more wait in the log."""
RECEIPTS_EVERY_S = 0.05
"""Least time between two writings of receipts, in the machine's seconds: with the writing itself under 100 ms."""
MIRROR_WAIT_S = 30.0
"""How long an order waits for the situation it speaks of. After that it is sent: whoever writes the situation is stuck,
and a warning that nobody could check is better than none."""
LOOK_EVERY_S = 1.0
"""How often what waits is held against the situation anyway."""
REFUSED_MAX = 100
"""Messages remembered as refused; of more the oldest are tried once again."""
REFUSED_SAID_S = 600.0
"""How long a refused message is an alarm."""
CLOSED_SAID_S = 60.0
"""How long a channel may not answer before it is an alarm."""
REPORT_EVERY_S = 10.0
SILENCE_S = 3 * REPORT_EVERY_S
STOP_S = 1.5
"""How long what is under way may take when the worker stops."""
LOG_RETRY_S = 1.0
STAND_BY_S = 1.0
SOURCE = "gateway"

_log = logs.get("gateway")


@dataclass(slots=True, kw_only=True)
class Worker:
    """The worker of one lane."""

    lane: Lane
    log: EventLog
    clock: Clock
    channels: Mapping[Channel, PushChannel]
    view: Callable[[], View]
    bell: Callable[[], asyncio.Event]
    addresses: AddressBook
    receipts: ReceiptBook
    names: Names
    reporter: Reporter
    traffic: Traffic = field(default_factory=Traffic)
    jitter: Callable[[], float] = random.random
    mirror_wait_s: float = MIRROR_WAIT_S
    needs: Channel = Channel.FCM
    """Without this channel there is an alarm."""
    held: dict[str, Held] = field(default_factory=dict)
    gates: dict[Channel, Gate] = field(default_factory=dict)
    flying: dict[Channel, int] = field(default_factory=dict)
    refused: deque[Template] = field(default_factory=lambda: deque(maxlen=REFUSED_MAX))
    refused_at: datetime | None = None
    _sending: set[asyncio.Task[None]] = field(default_factory=set)
    _moved: asyncio.Event = field(default_factory=asyncio.Event)
    _dirty: asyncio.Event = field(default_factory=asyncio.Event)
    _looked_s: float = float("-inf")
    """When every order was last held against the situation."""
    _consumer: Consumer | None = None
    _tenure: int = 0
    """How often orders were let go of, because their partitions went to another gateway."""
    _letting_go: bool = False
    _flushing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self) -> None:
        """Work until cancelled. Where another worker of this process has the lane, stand by."""
        while True:
            changed = self.bell()
            if self.view().loaded:
                break
            await changed.wait()
        while True:
            try:
                await self._work()
            except GroupInUse:
                await self.clock.sleep(STAND_BY_S)

    async def _work(self) -> None:
        async with self.log.consume(self.lane.group, [self.lane.topic], release=self._let_go) as consumer:
            self._consumer = consumer
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._intake(consumer))
                    group.create_task(self._pump())
                    group.create_task(self._write(consumer))
                    group.create_task(self._report())
            finally:
                await self._finish(consumer)

    # --- orders come in ---

    async def _intake(self, consumer: Consumer) -> None:
        while True:
            while len(self.held) >= ORDERS_HELD:
                await self._wait(LOOK_EVERY_S)
            batch = await consumer.fetch(ORDERS_HELD - len(self.held))
            tenure = self._tenure
            read = [(record, value) for record in batch if isinstance(value := records.payload(record), Order)]
            await self._again(lambda read=read: self._catch_up([order for _, order in read]))  # type: ignore[misc]
            if tenure != self._tenure:
                continue  # its partitions have gone to another gateway meanwhile, which takes it up
            held = {id(record) for record, order in read if self._hold(record, order)}
            orders = {id(record) for record, _ in read}
            over = [record for record in batch if id(record) not in held]
            outputs = [self._dead(record) for record in over if id(record) not in orders]
            if over:
                await self._again(lambda over=over, outputs=outputs: consumer.commit(over, outputs))  # type: ignore[misc]

    async def _catch_up(self, orders: Iterable[Order]) -> None:
        """Know every address and every receipt that stood in the log when these orders were read."""
        shards = {order.shard for order in orders if order.channel is not Channel.DRY_RUN}
        for shard in shards & set(range(PLANNED["subscriptions"].partitions)):
            await self.addresses.of_shard(shard)
        await self.receipts.current()

    def _hold(self, record: Record, order: Order) -> bool:
        """Take an order up, from where its newest receipt left it; False where there is nothing to do."""
        before = self.receipts.of(order)
        if order.id in self.held or (before is not None and before.final):
            return False
        since_s = asyncio.get_running_loop().time()
        self.held[order.id] = Held(record, work.begin(order, before), since_s, dirty=before is None)
        _log.event("push.order", lane=self.lane.name, order=order.id, devices=len(order.devices))
        metrics.PUSH_ORDERS.labels(lane=self.lane.name).set(len(self.held))
        self._moved.set()
        self._dirty.set()
        return True

    def _dead(self, record: Record) -> Output:
        return dead(record, code="E5407", reason="no order", hint="find its writer; nobody was told", clock=self.clock)

    # --- messages go out ---

    async def _pump(self) -> None:
        while True:
            self._moved.clear()
            changed = self.bell()
            if not self._launch():
                due_at = work.next_due_at(one.work for one in self.held.values())
                span_s = LOOK_EVERY_S
                if due_at is not None:
                    span_s = min(span_s, max(0.01, (due_at - self.clock.now()).total_seconds() / self.clock.speed))
                await self._wait(span_s, changed)

    async def _wait(self, span_s: float, *more: asyncio.Event) -> None:
        """Until something moved here or there, at the most so long (the machine's seconds)."""
        waits = [asyncio.ensure_future(event.wait()) for event in (self._moved, *more)]
        try:
            await asyncio.wait(waits, timeout=span_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()

    def _launch(self) -> bool:
        """Look at every order that may be sent, the loudest first; whether anything was sent or settled.

        While a channel is full its orders are left alone, but once in a while: what holds no more is said so.
        """
        if self._letting_go:
            return False
        now, now_s, view = self.clock.now(), asyncio.get_running_loop().time(), self.view()
        known, leases = Known(said=view.mirror.said, streams=view.mirror.streams), view.leases()
        whole = now_s - self._looked_s >= LOOK_EVERY_S
        self._looked_s = now_s if whole else self._looked_s
        full = set() if whole else {kind for kind, channel in self.channels.items() if self._room(channel, now) <= 0}
        moved = False
        for held in sorted([held for held in self.held.values() if work.is_left(held.work)], key=loudness):
            if len(full) == len(self.channels):
                break
            if held.order.channel in full:
                continue
            try:
                moved = self._advance(held, known, leases, now) or moved
            except Exception as error:  # noqa: BLE001 - whatever one order does to us, the next one must go out
                _log.error("push.failed", order=held.order.id, alert=held.order.notice.alert, error=repr(error))
                self._drop(held, Outcome.REFUSED)
                moved = True
            channel = self.channels.get(held.order.channel)
            if channel is not None and not whole and self._room(channel, now) <= 0:
                full.add(channel.kind)
        return moved

    def _advance(self, held: Held, situation: Known, leases: Mapping[str, datetime], now: datetime) -> bool:
        fate = self._fate(held, push.fate(held.order, situation, leases, now))
        if fate is Fate.LATER:
            return False
        if fate is not Fate.SEND:
            self._drop(held, Outcome.SUPERSEDED if fate is Fate.SUPERSEDED else Outcome.EXPIRED)
            return True
        if template(held.order) in self.refused:
            self._drop(held, Outcome.REFUSED)
            return True
        channel = self.channels.get(held.order.channel)
        if channel is None:
            return False
        moved = False
        while (room := self._room(channel, now)) > 0 and work.is_due(held.work, now):
            moved = self._send_slice(held, channel, min(room, SLICE), leases, now) or moved
        return moved

    def _fate(self, held: Held, fate: Fate) -> Fate:
        if fate is Fate.LATER and asyncio.get_running_loop().time() - held.since_s > self.mirror_wait_s:
            return Fate.SEND
        return fate

    def _room(self, channel: PushChannel, now: datetime) -> int:
        """How many more messages may be under way."""
        many = self._gate(channel.kind).allowance(now, channel.parallel)
        if not self.lane.urgent and self.traffic.urgent_flying:
            many = min(many, SLICE)
        return many - self.flying.get(channel.kind, 0)

    def _gate(self, kind: Channel) -> Gate:
        return self.gates.get(kind, Gate())

    def _send_slice(
        self, held: Held, channel: PushChannel, count: int, leases: Mapping[str, datetime], now: datetime
    ) -> bool:
        order = held.order
        message = push.push_of(order, self.names, leases, now, urgent=self.lane.urgent)
        probing = self._gate(channel.kind).closed_until is not None
        held.work, devices = work.take(held.work, now, count, fresh_first=probing)
        targets = {
            device: push.target(order, self.addresses.get(device), self.receipts.sends.dead) for device in devices
        }
        settled = {device: self._unsent(device, one) for device, one in targets.items() if isinstance(one, Outcome)}
        if settled:
            held.work = work.give(held.work, settled)
            self._settled(held, (one.outcome for one in settled.values()))
        sendings = [
            Sending(device=device, address=one, push=message)
            for device, one in targets.items()
            if not isinstance(one, Outcome)
        ]
        if sendings:
            self._fly(channel.kind, len(sendings))
            task = asyncio.ensure_future(self._send(held, channel, sendings))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        return bool(devices)

    def _unsent(self, device: str, outcome: Outcome) -> Settled:
        address = self.addresses.get(device)
        known = outcome is Outcome.DEAD and address is not None and address.value
        return Settled(
            outcome=outcome,
            address_sha256=push.fingerprint(address.value) if known and address and address.value else "",
        )

    async def _send(self, held: Held, channel: PushChannel, sendings: Sequence[Sending]) -> None:
        try:
            attempts = push.doubted(await channel.send(sendings))
        except Exception as error:  # noqa: BLE001 - a channel should not raise; nobody may be lost where it does
            _log.error("channel.failed", channel=channel.kind, error=repr(error))
            attempts = tuple(Attempt(verdict=Verdict.RETRY, code="CHANNEL_ERROR") for _ in sendings)
        finally:
            self._fly(channel.kind, -len(sendings))
        now = self.clock.now()
        self._hear(channel.kind, attempts, now)
        fates = {
            sending.device: self._fate_of(held, sending, attempt, now)
            for sending, attempt in zip(sendings, attempts, strict=True)
        }
        latency_s = max(0.0, (now - held.order.decided_at).total_seconds())
        held.work = work.give(held.work, fates, int(latency_s * 1000))
        self._settled(held, (one.outcome for one in fates.values() if isinstance(one, Settled)), latency_s)
        if any(attempt.verdict is Verdict.REFUSED for attempt in attempts):
            self._refuse(held, attempts)
        self._moved.set()

    def _fate_of(self, held: Held, sending: Sending, attempt: Attempt, now: datetime) -> Again | Settled:
        if attempt.verdict is Verdict.ACCEPTED:
            return Settled(outcome=Outcome.ACCEPTED)
        if attempt.verdict is Verdict.DEAD:
            return Settled(outcome=Outcome.DEAD, address_sha256=push.fingerprint(sending.address))
        if attempt.verdict is Verdict.REFUSED:
            return Settled(outcome=Outcome.REFUSED)
        failures = held.work.flying[sending.device] + 1
        return Again(due_at=again_at(attempt, failures, now, self.jitter()))

    def _hear(self, kind: Channel, attempts: Sequence[Attempt], now: datetime) -> None:
        before = self._gate(kind)
        after = self.gates[kind] = heard(before, attempts, now, self.jitter())
        for one in attempts:
            metrics.PUSH_ATTEMPTS.labels(self.lane.name, kind, one.verdict, one.code).inc()
        if (before.closed_until is None) != (after.closed_until is None):
            metrics.PUSH_CLOSED.labels(self.lane.name, kind).set(after.closed_until is not None)
            _log.warning("channel.gate", lane=self.lane.name, channel=kind, open=after.closed_until is None)

    def _fly(self, kind: Channel, count: int) -> None:
        self.flying[kind] = self.flying.get(kind, 0) + count
        if self.lane.urgent:
            self.traffic.urgent_flying += count
        metrics.PUSH_FLYING.labels(self.lane.name, kind).set(self.flying[kind])

    def _refuse(self, held: Held, attempts: Sequence[Attempt]) -> None:
        """Nobody else is tried with this message: it is ours that is wrong."""
        codes = sorted({one.code for one in attempts if one.verdict is Verdict.REFUSED})
        _log.error(
            "push.refused",
            alert=held.order.notice.alert,
            order=held.order.id,
            codes=",".join(codes),
            hint="the channel refuses the message itself: mend its template; tell people by other ways until then",
        )
        self.refused.append(template(held.order))
        self.refused_at = self.clock.now()
        self._drop(held, Outcome.REFUSED)

    def _drop(self, held: Held, outcome: Outcome) -> None:
        before = len(held.work.others)
        held.work = work.drop(held.work, outcome)
        _log.event("push.dropped", order=held.order.id, alert=held.order.notice.alert, outcome=outcome)
        self._settled(held, (one.outcome for one in held.work.others[before:]))

    def _settled(self, held: Held, outcomes: Iterable[Outcome], latency_s: float | None = None) -> None:
        for outcome in outcomes:
            metrics.PUSHED.labels(self.lane.name, held.order.channel, outcome).inc()
            if outcome is Outcome.ACCEPTED and latency_s is not None:
                metrics.PUSH_LATENCY_S.labels(self.lane.name).observe(latency_s)
        held.dirty = True
        self._dirty.set()

    # --- receipts are written ---

    async def _write(self, consumer: Consumer) -> None:
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            await self._again(lambda: self._flush(consumer))
            await asyncio.sleep(RECEIPTS_EVERY_S)

    async def _flush(self, consumer: Consumer) -> None:
        """Write what changed since the last time; the last receipt of an order commits it."""
        async with self._flushing:
            await self._written(consumer)

    async def _written(self, consumer: Consumer) -> None:
        final = [held for held in self.held.values() if held.work.final]
        partial = [held for held in self.held.values() if held.dirty and not held.work.final]
        written = [(held, held.work) for held in partial]
        if written:
            await self.log.append("receipts", [self._receipt(done).message for _, done in written])
            for held, done in written:
                held.dirty = held.work is not done
        if final:
            outputs = [self._receipt(held.work) for held in final]
            await consumer.commit([held.record for held in final], [*outputs, *self._canary(final)])
            for held in final:
                self.held.pop(held.order.id, None)  # its partition may have gone to another gateway meanwhile
            metrics.PUSH_ORDERS.labels(lane=self.lane.name).set(len(self.held))
            self._moved.set()
        if any(held.dirty for held in self.held.values()):
            self._dirty.set()

    def _receipt(self, done: Work) -> Output:
        now = self.clock.now()
        id_ = work.receipt_id(done)
        message = records.message(
            work.receipt(done, now), key=done.order.id, id=id_, source=SOURCE, at=now, cause=done.order.id
        )
        return Output(topic="receipts", message=message)

    def _canary(self, final: Iterable[Held]) -> Iterator[Output]:
        if any(held.order.notice.stream == CANARY_STREAM and held.work.accepted for held in final):
            yield self.reporter.ok("canary:push", "an order for the canary came through to its channel")

    async def _again(self, act: Callable[[], Awaitable[object]]) -> None:
        """Do something with the log, waiting out that it refuses: what is held stays held."""
        while True:
            try:
                await act()
            except EventLogError as error:
                _log.error("push.waits", lane=self.lane.name, code=error.code, hint=str(error))
                await self.clock.sleep(LOG_RETRY_S)
            else:
                return

    async def _finish(self, consumer: Consumer) -> None:
        """Let what is under way come back, and write how far it got."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=STOP_S)
        try:
            await self._flush(consumer)
        except EventLogError as error:
            _log.error("push.unwritten", lane=self.lane.name, code=error.code, hint="what was under way is sent again")
        for task in self._sending:
            task.cancel()

    async def _let_go(self) -> None:
        """Write how far each order got, for whichever gateway takes it up; the next order begins anew with its receipt."""
        self._letting_go = True
        try:
            if self._consumer is not None:
                await self._finish(self._consumer)
        finally:
            self._tenure += 1
            self.held.clear()
            self._letting_go = False

    # --- how it is ---

    async def _report(self) -> None:
        while True:
            try:
                await self.log.append("status", [self._status().message])
            except EventLogError as error:
                _log.error("report.refused", code=error.code, hint=str(error))
            await self.clock.sleep(REPORT_EVERY_S)

    def _status(self) -> Output:
        subject = f"push:{self.lane.name}"
        wrong = self._wrong(self.clock.now())
        if wrong is None:
            orders, devices = len(self.held), sum(held.work.total - held.work.settled for held in self.held.values())
            said = f"{orders} orders under way, {devices} devices to be told" if orders else "nothing to send"
            return self.reporter.ok(subject, said, silence_s=SILENCE_S)
        code, message, hint = wrong
        return self.reporter.alarm(subject, message, code=code, hint=hint, silence_s=SILENCE_S)

    def _wrong(self, now: datetime) -> tuple[str, str, str] | None:
        if self.needs not in self.channels and self.lane.urgent:  # saying it once is enough
            hint = "name a service account's file in HANSHO_FCM_CREDENTIALS; until then only signs and pages are told"
            return "E5401", "there is no push channel: nobody's phone is told anything", hint
        for kind, gate in self.gates.items():
            if gate.held:
                hint = "renew the service account's file and restart; tell people by other ways until then"
                return "E5403", f"channel {kind} refuses our credentials: nothing goes out", hint
            if gate.closed_since is not None and now - gate.closed_since > timedelta(seconds=CLOSED_SAID_S):
                since = gate.closed_since.isoformat(timespec="seconds")
                return (
                    "E5404",
                    f"channel {kind} has not answered since {since}",
                    "look at its status page and our line out",
                )
        if self.refused_at is not None and now - self.refused_at < timedelta(seconds=REFUSED_SAID_S):
            hint = "mend the message's template (the log names the alert); tell people by other ways until then"
            return "E5402", "a channel refuses our message itself: nobody got it", hint
        return None
