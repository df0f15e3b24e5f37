"""The fold of all alerts as this process has it, how far it has come, and what of it is in force.

Shards read here and decide by the newest fold: they wait until it has passed their record, so that after an outage the
whole backlog is folded before anybody is told anything. Positions count only once the situation they gave is published:
a push worker must be able to see what an order speaks of.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from schemas.alert import Alert
from schemas.area import AreaCode
from schemas.codec import Undecodable
from schemas.lifecycle import Stream
from schemas.situation import CANARY_STREAM, EPOCH_KEY
from schemas.status import StatusReport, leased_source
from schemas.telegram import Epoch
from schemas.topics import TOPICS
from services.dispatcher.core.decide import Subject, subject_of
from services.dispatcher.core.force import NEWS_MAX, Force, Moment, Pair, Standing
from services.dispatcher.core.places import Covers
from services.dispatcher.core.situation import Change, Draft, Situation, seed
from services.eventlog.port import BEFORE_FIRST, Consumer, EventLog, Output, Record
from services.runtime import logs, metrics, records
from services.runtime.clock import Clock
from services.runtime.consuming import attempt, commit, dead
from services.runtime.reporting import Reporter

GROUP = "situation"
READING_GROUP = "parse"
"""The group that turns telegrams into alerts: while it is behind, more alerts are on their way."""
SOURCE = "dispatcher"
ALERT_TOPICS = ("alerts.emergency", "alerts.routine", "drills")
PLACES = tuple((topic, partition) for topic in ALERT_TOPICS for partition in range(TOPICS[topic].partitions))
BATCH_MAX = 100
LAG_LOOK_S = 0.05
"""How often, in the machine's time, the lag of reading telegrams is looked up at the most."""

TakeReport = Callable[[str, StatusReport, datetime], None]
"""Is told the source of a lease, its report, and until when it holds."""

_log = logs.get("dispatcher")


@dataclass(slots=True)
class Fold:
    """The situation, rebuilt from topic `situation` at each start, and the leases, from topic `status`.

    `heard`: by source, how many reports of its lease have come. `revived`: how often it was heard again after its lease
    had ended. `epoch`: of the log.
    """

    log: EventLog
    clock: Clock
    watch: frozenset[AreaCode]
    covers: Covers
    reporter: Reporter
    situation: Situation = field(default_factory=Situation)
    epoch: str = ""
    leases: dict[str, datetime] = field(default_factory=dict)
    heard: Counter[str] = field(default_factory=Counter)
    revived: Counter[str] = field(default_factory=Counter)
    _passed: dict[tuple[str, int], int] = field(default_factory=dict)
    _force: Force | None = None
    _draft: Draft = field(init=False)
    _standing: Standing = field(init=False)
    _subjects: dict[str, tuple[Stream, Subject]] = field(default_factory=dict)
    _status_after: int = BEFORE_FIRST
    _bell: asyncio.Event = field(default_factory=asyncio.Event)
    _reading: tuple[float, bool] = (float("-inf"), False)

    def __post_init__(self) -> None:
        """Nothing is known yet."""
        self._draft, self._standing = Draft(self.situation), Standing(self.covers)

    # --- what is known ---

    def force(self) -> Force:
        """What is in force now; the same object until something changes, be it the time."""
        now = self.clock.now()
        force = self._force
        if force is None or (force.until is not None and now >= force.until):
            force = self._force = self._standing.force(Moment(now=now, leases=self.leases))
        return force

    def spoke(self, run: str, pair: Pair) -> list[Stream]:
        """The streams of a run that have spoken of a pair, as of the last `force`."""
        return self._standing.spoke(run, pair)

    def subject(self, stream: Stream, run: str) -> Subject:
        """A stream as the subject of decisions: worked out once, for all shards."""
        known = self._subjects.get(stream.stream)
        if known is None or known[0] is not stream:
            known = self._subjects[stream.stream] = stream, subject_of(stream, run, self.covers)
        return known[1]

    def position(self, place: tuple[str, int]) -> int:
        """How far the fold has come in one partition."""
        return self._passed[place]

    async def settled(self) -> None:
        """Return once the fold has passed everything that stands in the log now."""
        heads = await asyncio.gather(*(self.log.head(*place) for place in PLACES))
        while any(self._passed[place] < head for place, head in zip(PLACES, heads, strict=True)):
            bell = self._bell
            await bell.wait()

    async def is_reading(self) -> bool:
        """Whether telegrams wait to be read: the newest fold is not yet all that is known."""
        at, found = self._reading
        loop_time = asyncio.get_running_loop().time()
        if loop_time - at >= LAG_LOOK_S:
            found = any(lag.lag_records for lag in await self.log.groups((READING_GROUP,)))
            self._reading = (loop_time, found)
        return found

    # --- how it comes to be known ---

    async def load(self, *, publishes: bool = True) -> None:
        """Read what was published and said; a new log gets its epoch from whoever publishes.

        How far the group has come is read before what it published: then nothing lies between the two.
        """
        self._passed = await positions(self.log, GROUP)
        await self._load_situation(publishes=publishes)
        self._status_after = BEFORE_FIRST
        await self._read_status(self._take_first_status)
        _log.event("situation.loaded", streams=len(self.situation.streams), leases=len(self.leases))

    async def run(self) -> None:
        """Fold and publish until cancelled: one process does, the owner of shard 0."""
        async with self.log.consume(GROUP, ALERT_TOPICS, alone=True) as consumer:
            while True:
                await self._take(consumer, await consumer.fetch(BATCH_MAX))

    async def follow(self) -> None:
        """Fold beside whoever publishes, for the shards of this process, until cancelled."""
        while True:
            found = 0
            for place in PLACES:
                batch = await self.log.read(*place, after=self._passed[place], limit=BATCH_MAX)
                await self._folded(batch, f"{GROUP}, followed")
                found += len(batch)
                self._pass(batch)
            if found == 0:
                await self.log.wait(self._passed)

    async def follow_status(self) -> None:
        """Keep the leases until cancelled."""
        while True:
            await self._read_status(self._take_status)
            await self.log.wait({("status", 0): self._status_after})

    async def handle(self, record: Record) -> Sequence[Output]:
        """Fold one alert and publish what changed."""
        alert = records.payload(record)
        if isinstance(alert, Undecodable):
            return [
                dead(record, code=alert.code, reason=alert.reason, hint="an older program wrote it", clock=self.clock)
            ]
        if not isinstance(alert, Alert):
            return [dead(record, code="E4001", reason="not an alert", hint="find its writer", clock=self.clock)]
        changes, taken = self._draft.take(record.key, alert, self.watch)
        self._note(changes)
        metrics.ALERTS_FOLDED.labels(outcome=taken).inc()
        _log.event("alert.folded", stream=record.key, revision=alert.revision, outcome=taken)
        outputs = [self.published(change, record.id) for change in changes]
        return (
            [*outputs, self.reporter.ok("canary:fold", "the canary was folded")]
            if record.key == CANARY_STREAM
            else outputs
        )

    def put(self, situation: Situation, changes: Iterable[Change]) -> None:
        """The situation from now on, and what changed in it."""
        self.situation = situation
        self._note(changes)

    def _note(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self._standing.put(change.stream, change.value)
            self._force = None
            if change.value is None:
                self._subjects.pop(change.stream, None)

    def published(self, change: Change, cause: str) -> Output:
        """A change as a record of `situation`."""
        id_ = f"situation:{change.stream}:{cause}"
        if change.value is None:
            return Output(topic="situation", message=records.tombstone(key=change.stream, id=id_))
        return Output(
            topic="situation",
            message=records.message(
                change.value, key=change.stream, id=id_, source=SOURCE, at=self.clock.now(), cause=cause
            ),
        )

    async def _take(self, consumer: Consumer, batch: Sequence[Record]) -> None:
        outputs = await self._folded(batch, GROUP)
        await commit(consumer, batch, outputs, group=GROUP, clock=self.clock)
        self._pass(batch)

    async def _folded(self, batch: Sequence[Record], group: str) -> list[Output]:
        outputs: list[Output] = []
        self._draft = Draft(self.situation)
        for record in batch:  # nothing here lets anybody else come in between
            outputs += await attempt(record, self.handle, group=group, clock=self.clock)
        self.situation = self._draft.done()
        return outputs

    def _pass(self, batch: Sequence[Record]) -> None:
        for record in batch:
            self._passed[record.topic, record.partition] = record.offset
        self._ring()

    async def _load_situation(self, *, publishes: bool) -> None:
        streams: dict[str, Stream] = {}
        after = BEFORE_FIRST
        while batch := await self.log.read("situation", 0, after=after):
            after = batch[-1].offset
            for record in batch:
                value = records.payload(record)
                if isinstance(value, Stream):
                    streams[record.key] = value
                elif value is None:
                    streams.pop(record.key, None)
                elif isinstance(value, Epoch):
                    self.epoch = value.epoch
        if publishes and not self.epoch:
            epoch = Epoch(epoch=uuid4().hex)
            self.epoch = epoch.epoch
            await self.log.append(
                "situation",
                [records.message(epoch, key=EPOCH_KEY, id=f"epoch:{epoch.epoch}", source=SOURCE, at=self.clock.now())],
            )
        self._standing = Standing(self.covers)
        self.put(seed(streams), (Change(stream=name, value=stream) for name, stream in streams.items()))

    async def _read_status(self, take_report: TakeReport) -> None:
        while batch := await self.log.read("status", 0, after=self._status_after):
            for record in batch:
                source = leased_source(record.key)
                report = records.payload(record) if source is not None else None
                if source is not None and isinstance(report, StatusReport) and report.until is not None:
                    take_report(source, report, report.until)
            self._status_after = batch[-1].offset

    def _take_first_status(self, source: str, report: StatusReport, until: datetime) -> None:
        self.leases[source] = until
        # it may have been heard again just before we stopped, and nobody told what it said
        if self.clock.now() - report.since < NEWS_MAX:
            self.revived[source] += 1

    def _take_status(self, source: str, report: StatusReport, until: datetime) -> None:
        before = self.leases.get(source)
        if before is not None and before <= report.reported_at < until:
            self.revived[source] += 1
            _log.event("source.revived", source=source, lapsed_at=before.isoformat())
        self.leases[source] = until
        self.heard[source] += 1
        if before is None or before <= report.reported_at or until < before:
            self._standing.lean(source)
            self._force = None

    def _ring(self) -> None:
        ringing, self._bell = self._bell, asyncio.Event()
        ringing.set()


async def positions(log: EventLog, group: str) -> dict[tuple[str, int], int]:
    """How far a group has come in the topics of alerts: behind what there is no record, there is nothing to do."""
    committed = {(lag.topic, lag.partition): lag.committed for lag in await log.groups((group,))}
    found: dict[tuple[str, int], int] = {}
    for place in PLACES:
        at, head = committed.get(place, BEFORE_FIRST), await log.head(*place)
        # heads outlive the records that retention removed
        found[place] = at if await log.read(*place, after=at, limit=1) else head
    return found
