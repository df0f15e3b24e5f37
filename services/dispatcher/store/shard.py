"""One shard at work: alerts and receipts come in, decisions, orders and ledger go out.

Each trigger is decided under one lock, by the newest fold and with every subscription that stands in the log. The
decision is appended first, durable; then its orders and ledger entries go out in one commit with the record's end. So a
crash leaves at most one decision without its orders, the last one, and the next owner makes up for it (`_make_up`).

Triggers are records (an alert, a receipt) or moments (`sweep`): a stated end has come, a drill's run was closed by a newer
one, a source was heard again, an end waited for its beginning.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta, timezone
from functools import partial

from pyroaring import BitMap

from schemas.lifecycle import Stream
from schemas.notification import Decision, LedgerEntry, Order, Receipt
from schemas.situation import CANARY_STREAM
from schemas.topics import TOPICS
from services.dispatcher.core import corrections
from services.dispatcher.core.corrections import Again
from services.dispatcher.core.decide import Case, Give, Subject, Take, decide, subject_gone, subject_of
from services.dispatcher.core.force import NEWS_MAX, Force, Held, Pair, can_be_loud, notice_of, run_named, run_of
from services.dispatcher.core.ledger import key_of as ledger_key
from services.dispatcher.core.ledger import unpacked
from services.dispatcher.core.orders import (
    CANARY_DEVICE,
    EMERGENCY,
    ROUTINE,
    canary_order,
    orders,
    shard_of,
    worths,
)
from services.dispatcher.core.pending import Settled, Waiting
from services.dispatcher.core.situation import concerns
from services.dispatcher.store.due import BEGINNINGS, Due, ended, for_some, heard, woken
from services.dispatcher.store.fold import ALERT_TOPICS, PLACES, SOURCE, Fold, positions
from services.dispatcher.store.holds import Holds
from services.dispatcher.store.projection import Projection, append, key_of
from services.dispatcher.store.underway import RECEIPTS, bury, group_of
from services.eventlog.partition import partition_of
from services.eventlog.port import APPEND_MAX, Consumer, Message, Output, Record
from services.runtime import logs, metrics, records
from services.runtime.consuming import attempt, commit

SHARDS = TOPICS["subscriptions"].partitions
ALERTS_MAX = 20
"""Alerts fetched at a time: an emergency waits for no more routine ones than these."""
RECEIPTS_MAX = 200
"""Receipts fetched at a time; alerts come in between."""
OUTPUTS_MAX = APPEND_MAX
"""Outputs of one commit, which is kept whole or not at all; of a larger decision (no city has one) the first orders go
ahead."""
ORDERS_KEPT = timedelta(seconds=TOPICS[EMERGENCY].retention_s or 0)
"""How long an order without a final receipt counts as under way: as long as it is in the log."""
JAPAN = timezone(timedelta(hours=9))

_log = logs.get("dispatcher")


@dataclass(frozen=True, slots=True)
class _Made:
    """A decision worked out, with the orders and outputs it gives."""

    decision: Decision
    orders: tuple[Order, ...]
    outputs: list[Output]


@dataclass(slots=True, kw_only=True)
class Shard:
    """One shard and what it follows. `know` is its projection."""

    number: int
    fold: Fold
    know: Projection
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once it follows the alerts; from then on it may be swept."""
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _consumer: Consumer | None = None
    _handled: dict[tuple[str, int], int] = field(default_factory=dict)
    _decided: dict[str, Stream] = field(default_factory=dict)
    _held: Holds = field(init=False)
    _again: set[str] = field(default_factory=set)
    _revived: Counter[str] = field(default_factory=Counter)
    _swept: Force | None = None
    _minute: time | None = None
    _told: dict[str, datetime] = field(default_factory=dict)
    _stirred: bool = True

    def __post_init__(self) -> None:
        """Nothing is put by."""
        self._held = Holds(self.fold)

    # --- what it follows ---

    async def follow_alerts(self) -> None:
        """Decide about every alert, until cancelled."""
        log = self.know.log
        group = f"decide.{self.number}"
        async with log.consume(group, ALERT_TOPICS, alone=True) as consumer:
            self._consumer = consumer
            self._handled = await positions(log, group)
            async with self._lock:
                await self._make_up()
            self.ready.set()
            while True:
                batch = await consumer.fetch(ALERTS_MAX)
                await self.fold.settled()
                async with self._lock:
                    await self.know.catch_up()
                    await self._take_alerts(consumer, batch)

    async def follow_receipts(self) -> None:
        """Correct the ledger by every receipt, until cancelled."""
        await self.ready.wait()
        async with self.know.log.consume(group_of(self.number), (RECEIPTS,), alone=True) as consumer:
            while True:
                batch = await consumer.fetch(RECEIPTS_MAX)
                rest: list[Record] = []
                for record in batch:
                    rest.append(record)
                    if shard_of(record.key) == self.number:
                        async with self._lock:
                            outputs = await self._attempt(record, group_of(self.number))
                            if outputs:  # a decision waits for no other: only the last may stand without its orders
                                await self._commit(consumer, rest, outputs, group_of(self.number))
                                rest = []
                await self._commit(consumer, rest, (), group_of(self.number))

    async def catch_up(self) -> None:
        """Know the subscriptions that stand in the log, also when there is nothing to decide."""
        async with self._lock:
            await self.know.catch_up()

    async def welcome(self) -> None:
        """Tell those who have come, or follow something new, what is in force there."""
        await self.ready.wait()
        async with self._lock:
            await self.know.catch_up()
            joined = self.know.newcomers()
            for due in for_some(self.fold, self._held, "joined", joined):
                await self._sweep_one(due)

    async def save(self) -> bool:
        """Write a snapshot of who follows what, for the next start; whether there was anything new in it."""
        async with self._lock:
            return await self.know.save()

    def stir(self) -> None:
        """Something may be due: look at the next sweep."""
        self._stirred = True

    async def sweep(self) -> None:
        """Tell what time, and not a record, makes due. Cheap when there is nothing."""
        force = self.fold.force()
        changed = force is not self._swept or self._revived != self.fold.revived
        if not (
            changed or self._stirred or self._held or self._again or self._minute != _minute(self.know.clock.now())
        ):
            return
        async with self._lock:
            await self._release_held()
            if any(self._handled[place] < self.fold.position(place) for place in PLACES):
                return  # alerts are on their way to us that may say it themselves
            self._swept, self._stirred = force, False
            self._tidy()
            again, self._again = self._again, set()
            revived, self._revived = self.fold.revived - self._revived, Counter(self.fold.revived)
            await self.know.catch_up()
            now = self.know.clock.now()
            found = await self.know.bench.run(lambda: list(ended(self.know, self.fold, self._held, force, now)))
            found += heard(self.fold, self._held, again, revived)
            found += for_some(self.fold, self._held, "woke", await self._woken(now))
            found += for_some(
                self.fold, self._held, "room", await self.know.bench.run(partial(self.know.tally.freed, now))
            )
            for due in found:
                await self._sweep_one(due)

    async def _woken(self, now: datetime) -> BitMap:
        before, self._minute = self._minute, _minute(now)
        if not self.know.rules.after_quiet or before == self._minute:
            return BitMap()
        return await self.know.bench.run(partial(woken, self.know.index, before, self._minute))

    def _tidy(self) -> None:
        """Let go of what nothing will come of any more."""
        streams = self.fold.situation.streams
        self._decided = {name: stream for name, stream in self._decided.items() if name in streams}
        self._told = {name: at for name, at in self._told.items() if name in streams}
        self.know.pending.forget(self.know.clock.now() - ORDERS_KEPT)

    # --- alerts ---

    async def _take_alerts(self, consumer: Consumer, batch: Sequence[Record]) -> None:
        finished: list[Record] = []
        outputs: list[Output] = []
        for record in batch:
            stream = self.fold.situation.streams.get(record.key)
            if stream is not None and self._decided.get(record.key) is not stream and self._held.is_late(stream):
                self._held.put(stream, record)
                self._pass(record)
                continue
            if stream is not None and (until := self._not_before(stream)) is not None:
                self._held.put(stream, record, until)
                self._pass(record)
                continue
            made = await self._attempt(record, f"decide.{self.number}")
            finished.append(record)
            outputs += made
            if any(output.topic in {EMERGENCY, ROUTINE} for output in made):  # no order waits for the next alert
                await self._finish(consumer, finished, outputs)
                finished, outputs = [], []
        await self._finish(consumer, finished, outputs)

    def _not_before(self, stream: Stream) -> datetime | None:
        """When a stream that is not loud, and has told people something just now, may tell them the next thing."""
        told = self._told.get(stream.stream)
        if told is None or self._decided.get(stream.stream) is stream or can_be_loud(stream):
            return None
        until = told + self.know.rules.coalesce
        return until if until > self.know.clock.now() else None

    async def _finish(self, consumer: Consumer, finished: Sequence[Record], outputs: Sequence[Output]) -> None:
        if not finished:
            return
        await self._commit(consumer, finished, outputs, f"decide.{self.number}")
        for record in finished:
            self._pass(record)

    def _pass(self, record: Record) -> None:
        place = (record.topic, record.partition)
        self._handled[place] = max(self._handled[place], record.offset)

    async def _attempt(self, record: Record, group: str) -> Sequence[Output]:
        return await attempt(record, self.handle, group=group, clock=self.know.clock)

    async def handle(self, record: Record) -> Sequence[Output]:
        """What an alert or a receipt gives rise to."""
        if record.topic == RECEIPTS:
            return await self._correct(record)
        stream = self.fold.situation.streams.get(record.key)
        if stream is None or not concerns(stream) or self._decided.get(record.key) is stream:
            return []
        if record.key == CANARY_STREAM:
            return await self._canary(record, stream)
        outputs = await self._about(record.id, stream)
        self._decided[record.key] = stream
        if any(output.topic in {EMERGENCY, ROUTINE} for output in outputs):
            self._told[record.key] = self.know.clock.now()
        return outputs

    async def _about(self, cause: str, stream: Stream) -> list[Output]:
        run = run_of(stream)
        return [] if run is None else await self._make(cause, subject_of(stream, run, self.fold.covers))

    async def _canary(self, record: Record, stream: Stream) -> list[Output]:
        newest = stream.kept[-1]
        is_news = self.know.clock.now() - newest.sent < NEWS_MAX
        if partition_of(CANARY_DEVICE, SHARDS) != self.number or not is_news:
            return []
        if record.id != f"alert:{newest.identifier}@{CANARY_STREAM}":
            return []  # a later one is on its way
        decision = Decision(
            cause=record.id,
            shard=self.number,
            decided_at=self.know.clock.now(),
            notice=notice_of(stream),
            groups=(),
            ledger=(),
        )
        if key_of(decision) in self.know.standing:
            return []
        await append(self.know.log, self.know.clock, "decisions", [self._decision(decision)])
        self.know.stand(decision)
        report = self.fold.reporter.ok("canary:order", "the canary was decided and ordered")
        return [_order_output(*canary_order(decision)), report]

    async def _release_held(self) -> None:
        for those in await self._held.complete():
            await self.fold.settled()
            await self.know.catch_up()
            outputs: list[Output] = []
            for record in those:  # the newest is the cause; the others find nothing new
                outputs += await self._attempt(record, f"decide.{self.number}")
            if self._consumer is not None:
                await self._finish(self._consumer, those, outputs)

    # --- receipts ---

    async def _correct(self, record: Record) -> list[Output]:
        receipt = records.payload(record)
        if not isinstance(receipt, Receipt):
            return []  # the gateway that wrote it has it in its own projection, and there an alarm
        settled = await self.know.bench.run(partial(self._look, receipt))
        outputs = [] if settled is None else await self._corrected(record.id, settled)
        # only now: should the decision fail, the receipt is looked at again as if for the first time
        await self.know.bench.run(partial(self.know.pending.settle, receipt))
        self._stirred = True
        return outputs

    def _look(self, receipt: Receipt) -> Settled | None:
        bury(self.know, receipt)
        return self.know.pending.look(receipt)

    async def _corrected(self, cause: str, settled: Settled) -> list[Output]:
        if not (settled.untold or settled.unended):
            return []
        force = self.fold.force().of(run_named(settled.notice.drill))
        again = corrections.again(settled, force, self.fold.covers)
        if again is Again.SOON:
            self._again.add(settled.notice.stream)
        await self.know.catch_up()
        takes, gives = await self.know.bench.run(partial(self._corrections, settled))
        only = BitMap.union(*(take.devices for take in takes)) if takes else BitMap()
        made = self._make(
            cause, self._subject_again(settled), takes=takes, gives=gives, begins=again is Again.NOW, only=only
        )
        return await made

    def _corrections(self, settled: Settled) -> tuple[tuple[Take, ...], tuple[Give, ...]]:
        covers, index = self.fold.covers, self.know.index
        return corrections.takes(settled, covers, index), corrections.gives(settled, covers, index)

    def _subject_again(self, settled: Settled) -> Subject:
        run = run_named(settled.notice.drill)
        stream = self.fold.situation.streams.get(settled.notice.stream)
        if stream is not None and run_of(stream) == run:
            return subject_of(stream, run, self.fold.covers)
        return Subject(run=run, notice=replace(settled.notice, items=()), pairs=frozenset())

    # --- what time makes due ---

    async def _sweep_one(self, due: Due) -> None:
        stream = self.fold.situation.streams.get(due.stream)
        if due.pair is not None:
            if due.pair not in self.know.ledger.run(due.run):
                return  # told with another of the same sweep
            subject = subject_gone(due.run, due.pair, self.know.ledger)
        elif stream is not None:
            subject = subject_of(stream, due.run, self.fold.covers)
        else:
            return  # it went meanwhile; the next sweep finds it gone
        at = self.know.clock.now()
        cause = f"{due.why}:{subject.notice.stream}:{subject.notice.revision}:{at:%Y%m%dT%H%M%S.%fZ}"
        outputs = await self._make(cause, subject, begins=due.why in BEGINNINGS, only=due.only, is_due=True)
        if outputs and self._consumer is not None:
            await self._commit(self._consumer, (), outputs, f"decide.{self.number}")

    # --- a decision ---

    async def _make(
        self,
        cause: str,
        subject: Subject,
        *,
        takes: tuple[Take, ...] = (),
        gives: tuple[Give, ...] = (),
        begins: bool = True,
        only: BitMap | None = None,
        is_due: bool = False,
    ) -> list[Output]:
        """Decide, unless it is decided; what is to be committed with the cause. `is_due`: only if it says something."""
        if f"{cause}:{self.number}" in self.know.standing:
            return []  # its orders are out: the last decision was made up for before anything was decided
        now = self.know.clock.now()
        case = Case(
            cause=cause,
            shard=self.number,
            now=now,
            japan_time=now.astimezone(JAPAN).time(),
            subject=subject,
            force=self.fold.force().of(subject.run),
            waiting=self._waiting(subject.run, now),
            takes=takes,
            gives=gives,
            begins=begins,
            only=only,
            rules=self.know.rules,
            tally=self.know.tally,
        )
        # all of it before the decision is appended: what fails here has told nobody anything, and may be tried again
        made = await self.know.bench.run(partial(self._worked_out, case))
        decision = made.decision
        if is_due and not decision.groups and not decision.ledger:
            return []
        if not decision.groups:
            await self.know.bench.run(partial(self._take_effect, made))
            return [Output(topic="decisions", message=self._decision(decision)), *made.outputs]
        _log.event("decided", shard=self.number, cause=cause, groups=len(decision.groups), orders=len(made.orders))
        await append(self.know.log, self.know.clock, "decisions", [self._decision(decision)])
        await self.know.bench.run(partial(self._take_effect, made))
        return made.outputs

    def _worked_out(self, case: Case) -> _Made:
        decision = decide(case, self.know.index, self.know.ledger)
        return self._made(decision, case.force)

    def _made(self, decision: Decision, force: Mapping[Pair, Held]) -> _Made:
        """A decision with its orders and the ledger as it stands after it."""
        japan_time = decision.decided_at.astimezone(JAPAN).time()
        given = orders(decision, self.know.index, worths(force), japan_time)
        outputs = [_order_output(topic, order) for topic, order in given]
        outputs += [_ledger_output(entry, decision) for entry in decision.ledger]
        return _Made(decision, tuple(order for _, order in given), outputs)

    def _take_effect(self, made: _Made) -> None:
        self.know.stand(made.decision)
        for order in made.orders:
            self.know.pending.add(order)
        metrics.ORDERED.inc(sum(len(order.devices) for order in made.orders))

    def _waiting(self, run: str, now: datetime) -> Waiting:
        return self.know.pending.waiting(run, now, self.fold.covers)

    def _decision(self, decision: Decision) -> Message:
        key = key_of(decision)
        message = records.message(
            decision, key=key, id=f"decision:{key}", source=SOURCE, at=decision.decided_at, cause=decision.cause
        )
        return replace(message, partition=self.number)

    async def _make_up(self) -> None:
        """Give out what the last decision was to give, when a crash came between the two."""
        decision = self.know.last
        if decision is None or not decision.groups or self.know.is_done(decision) or self._consumer is None:
            return
        _log.warning("decision.made_up", shard=self.number, cause=decision.cause)
        force = self.fold.force().of(run_named(decision.notice.drill))
        made = await self.know.bench.run(partial(self._made, decision, force))
        await self.know.bench.run(partial(self._take_effect, made))
        await self._commit(self._consumer, (), made.outputs, f"decide.{self.number}")

    async def _commit(
        self, consumer: Consumer, finished: Sequence[Record], outputs: Sequence[Output], group: str
    ) -> None:
        """Commit; of very many outputs the first go ahead, each once: their ids are the same should it come to it again."""
        clock = self.know.clock
        ahead = len(outputs) - OUTPUTS_MAX
        for start in range(0, max(0, ahead), OUTPUTS_MAX):
            await commit(consumer, (), outputs[start : min(start + OUTPUTS_MAX, ahead)], group=group, clock=clock)
        await commit(consumer, finished, outputs[max(0, ahead) :], group=group, clock=clock)


def _minute(now: datetime) -> time:
    return now.astimezone(JAPAN).time().replace(second=0, microsecond=0)


def _order_output(topic: str, order: Order) -> Output:
    message = records.message(order, key=order.id, id=order.id, source=SOURCE, at=order.decided_at)
    return Output(topic=topic, message=message)


def _ledger_output(entry: LedgerEntry, decision: Decision) -> Output:
    key = ledger_key(entry)
    id_ = f"ledger:{key}:{decision.cause}"
    if unpacked(entry.devices):
        message = records.message(entry, key=key, id=id_, source=SOURCE, at=decision.decided_at, cause=decision.cause)
    else:
        message = records.tombstone(key=key, id=id_)
    return Output(topic="ledger", message=replace(message, partition=entry.shard))
