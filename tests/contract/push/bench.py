"""A push worker on a bench: a log, the gateway's own projections, and a channel that a test holds in its hands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from schemas.alert import Alert, Area, Category, Certainty, Drill, Info, InfoState, MsgType, Severity, Status, Urgency
from schemas.area import AreaCode
from schemas.lifecycle import Stream, fold
from schemas.notification import Change, Item, Notice, Order, Receipt
from schemas.status import Condition, StatusReport
from schemas.subscription import Channel, Language, Permission, Subscription
from schemas.telegram import Epoch
from services.eventlog.memory import MemoryLog
from services.eventlog.partition import partition_of
from services.eventlog.port import BEFORE_FIRST, EventLog, Record
from services.gateway.channels.dry_run import DryRun
from services.gateway.channels.lanes import EMERGENCY, Lane, Traffic
from services.gateway.channels.port import PushChannel
from services.gateway.channels.worker import Worker
from services.gateway.core.sending import Attempt, Sending, Verdict
from services.gateway.core.wording import Names
from services.gateway.store.addresses import Addresses
from services.gateway.store.projection import Projection
from services.gateway.store.receipts import Receipts
from services.runtime import records
from services.runtime.clock import Clock, ScaledClock
from services.runtime.reporting import Reporter
from tests.unit.gateway.core.notices import NAMES, ODAWARA, STREAM, item, notice

WAIT_S = 15.0
SPEED = 100.0
"""How fast the bench's clock runs: a wait of a second is ten milliseconds of ours."""
ACCEPTED = Attempt(verdict=Verdict.ACCEPTED)
Answer = Callable[[Sending], Attempt]


def hurried() -> ScaledClock:
    """A clock that runs fast."""
    now = datetime.now(UTC)
    return ScaledClock(start=now, speed=SPEED, origin_s=now.timestamp())


@dataclass(slots=True)
class Held:
    """A channel that answers as a test says; while `closed` nothing comes back from it."""

    answer: Answer = lambda _: ACCEPTED
    parallel: int = 20
    kind: Channel = Channel.FCM
    sent: list[Sending] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.open.set()

    async def send(self, batch: Sequence[Sending]) -> Sequence[Attempt]:
        self.sent += batch
        await self.open.wait()
        return [self.answer(sending) for sending in batch]

    async def close(self) -> None:
        self.open.set()

    @property
    def told(self) -> list[str]:
        """To whom something was sent, in order."""
        return [sending.device for sending in self.sent]


def stream_of(
    hazard: str = "landslide",
    *,
    rank: int = 4,
    revision: str = "r2",
    name: str = STREAM,
    active: bool = True,
    run: str = "",
) -> Stream:
    """A stream that says one thing about Odawara."""
    block = Info(
        category=Category.MET,
        event="レベル４土砂災害危険警報",
        hazard=hazard,
        state=InfoState.ACTIVE if active else InfoState.RELEASED,
        level=rank,
        rank=rank,
        urgency=Urgency.UNKNOWN,
        severity=Severity.UNKNOWN,
        certainty=Certainty.UNKNOWN,
        area=(Area(area_desc="小田原市", code=ODAWARA),),
    )
    alert = Alert(
        identifier=f"VPWW56:140000:{revision}",
        sender="jma",
        sender_name="横浜地方気象台",
        sent=datetime.now(UTC),
        status=Status.EXERCISE if run else Status.ACTUAL,
        msg_type=MsgType.UPDATE,
        source="jma",
        streams=(name,),
        revision=revision,
        drill=Drill(run=run) if run else None,
        info=(block,),
    )
    return fold(None, name, alert)


@dataclass(slots=True, kw_only=True)
class Bench:
    """One lane's worker and what it stands on."""

    log: EventLog = field(default_factory=MemoryLog)
    clock: Clock = field(default_factory=hurried)
    channels: dict[Channel, PushChannel] = field(default_factory=dict)
    lane: Lane = EMERGENCY
    traffic: Traffic = field(default_factory=Traffic)
    names: Names = field(default_factory=lambda: NAMES)
    projection: Projection = field(init=False)
    addresses: Addresses = field(init=False)
    receipts: Receipts = field(init=False)
    worker: Worker = field(init=False)
    numbers: count[int] = field(default_factory=count)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.projection = Projection(log=self.log, clock=self.clock, started_at=self.clock.now())
        self.addresses = Addresses(log=self.log, clock=self.clock)
        self.receipts = Receipts(log=self.log, clock=self.clock)
        self.channels.setdefault(Channel.DRY_RUN, DryRun())
        self.worker = self.worker_of(self.lane)

    def worker_of(self, lane: Lane, channels: Mapping[Channel, PushChannel] | None = None) -> Worker:
        """Another worker on the same bench."""
        return Worker(
            lane=lane,
            log=self.log,
            clock=self.clock,
            channels=self.channels if channels is None else channels,
            view=self.projection.view,
            bell=self.projection.bell,
            addresses=self.addresses,
            receipts=self.receipts,
            names=self.names,
            reporter=Reporter("gateway", self.clock),
            traffic=self.traffic,
            jitter=lambda: 0.5,
        )

    async def follow(self) -> None:
        """Begin to know what stands in the log."""
        epoch = records.message(Epoch(epoch="e"), key="epoch", id="epoch", source="x", at=self.clock.now())
        await self.log.append("situation", [epoch])
        for follows in (
            self.projection.follow_situation,
            self.projection.follow_status,
            self.addresses.run,
            self.receipts.run,
        ):
            self.tasks.append(asyncio.ensure_future(follows()))

    def start(self, *workers: Worker) -> None:
        """Let workers work; by default the bench's own."""
        self.tasks += [asyncio.ensure_future(worker.run()) for worker in workers or (self.worker,)]

    async def stop(self) -> None:
        """End everything, as a signal to the process does."""
        for task in reversed(self.tasks):
            task.cancel()
            await asyncio.wait([task])
        failed = [task for task in self.tasks if not task.cancelled() and task.exception() is not None]
        self.tasks.clear()
        for task in failed:
            await task

    # --- what stands in the log ---

    async def say(self, *streams: Stream) -> None:
        """What is in force, as the dispatcher publishes it."""
        messages = [
            records.message(
                one, key=one.stream, id=f"s:{one.stream}:{next(self.numbers)}", source="dispatcher", at=self.clock.now()
            )
            for one in streams
        ]
        await self.log.append("situation", messages)

    async def lease(self, source: str, span_s: float) -> None:
        """Until when a source's word holds, from now."""
        now = self.clock.now()
        until = now + timedelta(seconds=span_s)
        report = StatusReport(
            subject=f"lease:{source}", condition=Condition.OK, since=now, reported_at=now, until=until
        )
        message = records.message(report, key=report.subject, id=f"lease:{now}", source="ingest", at=now)
        await self.log.append("status", [message])

    async def register(
        self, *devices: str, address: str | None = "", at: datetime | None = None, **more: object
    ) -> None:
        """Devices with an address each (by default their own name), given at a time (by default long ago)."""
        given = at or self.clock.now() - timedelta(days=1)
        messages = []
        for device in devices:
            one = Subscription(
                device=device,
                credential_sha256="0" * 64,
                address=device if address == "" else address,
                address_at=given,
                permission=Permission.GRANTED,
                updated_at=given,
            )
            one = replace(one, **more)  # type: ignore[arg-type]
            id_ = f"{device}:{next(self.numbers)}"
            messages.append(records.message(one, key=device, id=id_, source="gateway", at=given))
        await self.log.append("subscriptions", messages)
        await self.addresses.following.current(range(16))

    async def order(self, *devices: str, told: Notice | None = None, lane: Lane | None = None, **more: object) -> Order:
        """An order. Its devices may be of any shard: what is registered here is known before an order is made."""
        id_ = str(more.pop("id", f"cause:3:{next(self.numbers)}"))
        made = Order(
            id=id_,
            shard=partition_of(devices[0], 16),
            language=Language.JA,
            channel=Channel.FCM,
            devices=devices,
            notice=told or notice(item()),
            decided_at=self.clock.now(),
        )
        made = replace(made, **more)  # type: ignore[arg-type]
        topic = (lane or self.lane).topic
        await self.log.append(topic, [records.message(made, key=id_, id=id_, source="dispatcher", at=self.clock.now())])
        return made

    # --- what came of it ---

    async def receipt(self, order: Order, *, final: bool = True) -> Receipt:
        """The newest receipt of an order, once there is one that is final."""
        async with asyncio.timeout(WAIT_S):
            while True:
                found = self.receipts.of(order)
                if found is not None and (found.final or not final):
                    return found
                await asyncio.sleep(0.01)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until it has come to this."""
        async with asyncio.timeout(WAIT_S):
            while not holds():
                await asyncio.sleep(0.005)

    async def report(self, subject: str, condition: Condition = Condition.OK) -> StatusReport:
        """What is reported of a subject, once it is so."""
        async with asyncio.timeout(WAIT_S):
            while True:
                found = self.projection.reports.get(subject)
                if found is not None and found.condition is condition:
                    return found
                await asyncio.sleep(0.01)

    async def all_of(self, topic: str, partitions: int) -> list[Record]:
        """Everything in a topic."""
        found: list[Record] = []
        for partition in range(partitions):
            after = BEFORE_FIRST
            while batch := await self.log.read(topic, partition, after=after):
                found += batch
                after = batch[-1].offset
        return found


@asynccontextmanager
async def working(**settings: object) -> AsyncIterator[Bench]:
    """A bench whose worker works, with a landslide warning of rank 4 in force in Odawara."""
    bench = Bench(**settings)  # type: ignore[arg-type]
    try:
        await bench.follow()
        await bench.say(stream_of())
        bench.start()
        yield bench
    finally:
        await bench.stop()


def ended(rank: int = 4, area: AreaCode = ODAWARA) -> Item:
    """The end of what the bench's stream says."""
    return item(Change.END, rank=rank, area=area)
