"""One shard at work: alerts and receipts come in, decisions, orders and ledger go out.

Triggers are decided under one lock, by the newest fold and with every subscription that stands in the log; those that
wait together in one go, the loudest first (`deciding`). Their decisions are appended first, durable; then their orders
and ledger entries go out in one commit with the records' end. So a crash leaves at most the decisions of the last go
without their orders, and the next owner makes up for them.

Triggers are records (an alert, a receipt) or moments (`sweep`): a stated end has come, a drill's run was closed by a newer
one, a source was heard again, an end waited for its beginning.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from functools import partial

from pyroaring import BitMap

from schemas.lifecycle import Stream
from schemas.notification import Decision, Receipt
from schemas.situation import CANARY_STREAM
from schemas.topics import TOPICS
from services.dispatcher.core import corrections
from services.dispatcher.core.corrections import Again
from services.dispatcher.core.decide import Give, Subject, Take, subject_gone
from services.dispatcher.core.force import NEWS_MAX, Force, can_be_loud, loudest, notice_of, run_named, run_of
from services.dispatcher.core.orders import (
    CANARY_DEVICE,
    EMERGENCY,
    ROUTINE,
    canary_order,
    shard_of,
)
from services.dispatcher.core.pending import Settled
from services.dispatcher.core.situation import concerns
from services.dispatcher.store.deciding import JAPAN, Deciding, Made, Trigger, decision_message, order_output
from services.dispatcher.store.due import BEGINNINGS, Due, ended, for_some, heard, woken
from services.dispatcher.store.fold import ALERT_TOPICS, PLACES, Fold, positions
from services.dispatcher.store.holds import Holds
from services.dispatcher.store.projection import SLICE_MAX, Projection, append, key_of
from services.dispatcher.store.underway import RECEIPTS, bury, group_of
from services.eventlog.partition import partition_of
from services.eventlog.port import APPEND_MAX, Consumer, Output, Record
from services.runtime import logs, records
from services.runtime.consuming import attempt, commit, given_up

SHARDS = TOPICS["subscriptions"].partitions
ALERTS_MAX = 2 * SLICE_MAX
"""Alerts fetched at a time: an emergency waits for no more routine ones than these, which are two goes."""
RECEIPTS_MAX = 500
"""Receipts fetched at a time; alerts come in between."""
OUTPUTS_MAX = APPEND_MAX
"""Outputs of one commit, which is kept whole or not at all; of a larger decision (no city has one) the first orders go
ahead."""
ORDERS_KEPT = timedelta(seconds=TOPICS[EMERGENCY].retention_s or 0)
"""How long an order without a final receipt counts as under way: as long as it is in the log."""

_log = logs.get("dispatcher")


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
    _deciding: Deciding = field(init=False)
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
        self._deciding = Deciding(number=self.number, fold=self.fold, know=self.know)

    # --- what it follows ---

    async def follow_alerts(self) -> None:
        """Decide about every alert, until cancelled."""
        log = self.know.log
        group = f"decide.{self.number}"
        async with log.consume(group, ALERT_TOPICS, alone=True) as consumer:
            self._consumer = consumer
            self._handled = await positions(log, group)
            async with self._lock:
                if made_up := await self._deciding.make_up():
                    await self._commit(consumer, (), made_up, group)
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
                rest = await consumer.fetch(RECEIPTS_MAX)
                while rest:
                    async with self._lock:
                        rest = await self._take_receipts(consumer, rest)

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
            await self._sweep_all(list(for_some(self.fold, self._held, "joined", joined)))

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
            await self._sweep_all(found)

    async def _woken(self, now: datetime) -> BitMap:
        before, self._minute = self._minute, _minute(now)
        if not self.know.rules.after_quiet or before == self._minute:
            return BitMap()
        return await self.know.bench.run(partial(woken, self.know.index, before, self._minute))

    def _tidy(self) -> None:
        """Let go of what nothing will come of any more."""
        streams = self.fold.situation.streams
        if len(self._decided) > len(streams):
            self._decided = {name: stream for name, stream in self._decided.items() if name in streams}
        coalesced = self.know.clock.now() - self.know.rules.coalesce
        self._told = {name: at for name, at in self._told.items() if at > coalesced}
        self.know.pending.forget(self.know.clock.now() - ORDERS_KEPT)

    # --- alerts ---

    async def _take_alerts(self, consumer: Consumer, batch: Sequence[Record]) -> None:
        """Decide about these, what is loudest first, and put by what is not to be told yet."""
        taken = [record for record in sorted(batch, key=self._loudness) if not self._puts_by(record)]
        await self._decide(consumer, taken)

    def _loudness(self, record: Record) -> tuple[bool, int]:
        stream = self.fold.situation.streams.get(record.key)
        return not TOPICS[record.topic].urgent, 0 if stream is None else -loudest(stream)

    def _puts_by(self, record: Record) -> bool:
        stream = self.fold.situation.streams.get(record.key)
        if stream is None:
            return False
        until = None
        if self._decided.get(record.key) is stream or not self._held.is_late(stream):
            until = self._not_before(stream)
            if until is None:
                return False
        self._held.put(stream, record, until)
        self._pass(record)
        return True

    async def _decide(self, consumer: Consumer, taken: Sequence[Record]) -> None:
        """Decide about these in their order: as many in one go as it takes, and no order waits for the next go."""
        finished = [record for record in taken if record.key == CANARY_STREAM]
        outputs = [one for record in finished for one in await self._attempt(record, self._group)]
        left = [record for record in taken if record.key != CANARY_STREAM]
        while left:
            going, over = self._triggers(left[:SLICE_MAX])
            made = await self._deciding.make([trigger for _, _, trigger in going]) if going else []
            for (record, stream, _), one in zip(going, made, strict=False):
                outputs += self._given(record, stream, one)
                over.append(record)
            left = [*(record for record, _, _ in going[len(made) :]), *left[SLICE_MAX:]]
            finished += over
            if any(output.topic in {EMERGENCY, ROUTINE} for output in outputs):
                await self._finish(consumer, finished, outputs)
                finished, outputs = [], []
        await self._finish(consumer, finished, outputs)

    def _triggers(self, some: Sequence[Record]) -> tuple[list[tuple[Record, Stream, Trigger]], list[Record]]:
        """What is to be decided about, by the newest fold, and the records of which nothing is."""
        going: dict[str, tuple[Record, Stream, Trigger]] = {}
        over: list[Record] = []
        for record in some:
            stream = self.fold.situation.streams.get(record.key)
            run = None if stream is None or not concerns(stream) else run_of(stream)
            if stream is None or run is None or self._decided.get(record.key) is stream or record.key in going:
                over.append(record)
            else:
                trigger = Trigger(cause=record.id, subject=self.fold.subject(stream, run))
                going[record.key] = record, stream, trigger
        return list(going.values()), over

    def _given(self, record: Record, stream: Stream, made: Made) -> Sequence[Output]:
        """The outputs of a record that was decided about."""
        if made.error is not None:
            return [given_up(record, made.error, group=self._group, clock=self.know.clock)]
        self._decided[record.key] = stream
        if made.orders:
            self._told[record.key] = self.know.clock.now()
        return made.outputs

    @property
    def _group(self) -> str:
        return f"decide.{self.number}"

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
        await self._commit(consumer, finished, outputs, self._group)
        for record in finished:
            self._pass(record)

    def _pass(self, record: Record) -> None:
        place = (record.topic, record.partition)
        self._handled[place] = max(self._handled[place], record.offset)

    async def _attempt(self, record: Record, group: str) -> Sequence[Output]:
        return await attempt(record, self.handle, group=group, clock=self.know.clock)

    async def handle(self, record: Record) -> Sequence[Output]:
        """What a receipt, or our own test, gives rise to."""
        if record.topic == RECEIPTS:
            return await self._correct(record)
        stream = self.fold.situation.streams.get(record.key)
        return [] if stream is None or self._decided.get(record.key) is stream else await self._canary(record, stream)

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
        await append(self.know.log, self.know.clock, "decisions", [decision_message(decision, self.number)])
        self.know.stand(decision)
        report = self.fold.reporter.ok("canary:order", "the canary was decided and ordered")
        return [order_output(*canary_order(decision)), report]

    async def _release_held(self) -> None:
        for those in await self._held.complete():
            await self.fold.settled()
            await self.know.catch_up()
            if self._consumer is not None:
                await self._decide(self._consumer, those)  # the newest is the cause; the others find nothing new

    # --- receipts ---

    async def _take_receipts(self, consumer: Consumer, batch: list[Record]) -> list[Record]:
        """Take these for said, up to the first that is to be decided about; answers those behind it."""
        group = group_of(self.number)
        plain = len(batch)
        if any(shard_of(record.key) == self.number for record in batch):
            self._stirred = True
            plain = await self.know.bench.run(partial(self._settle, batch))
        if plain == len(batch):
            await self._commit(consumer, batch, (), group)
            return []
        outputs = await self._attempt(batch[plain], group)
        await self._commit(consumer, batch[: plain + 1], outputs, group)
        return batch[plain + 1 :]

    def _settle(self, batch: Sequence[Record]) -> int:
        """Take for said what only says that people were told; how many before the first that says something else."""
        for place, record in enumerate(batch):
            receipt = records.payload(record) if shard_of(record.key) == self.number else None
            if not isinstance(receipt, Receipt):
                continue  # another shard's; or the gateway that wrote it has it in its own projection, and there an alarm
            settled = self._look(receipt)
            if settled is not None and (settled.untold or settled.unended):
                return place
            self.know.pending.settle(receipt)
        return len(batch)

    async def _correct(self, record: Record) -> list[Output]:
        receipt = records.payload(record)
        if not isinstance(receipt, Receipt):
            return []
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
        trigger = Trigger(
            cause=cause,
            subject=self._subject_again(settled),
            takes=takes,
            gives=gives,
            begins=again is Again.NOW,
            only=only,
        )
        [made] = await self._deciding.make([trigger])
        if made.error is not None:
            raise made.error
        return list(made.outputs)

    def _corrections(self, settled: Settled) -> tuple[tuple[Take, ...], tuple[Give, ...]]:
        covers, index = self.fold.covers, self.know.index
        return corrections.takes(settled, covers, index), corrections.gives(settled, covers, index)

    def _subject_again(self, settled: Settled) -> Subject:
        run = run_named(settled.notice.drill)
        stream = self.fold.situation.streams.get(settled.notice.stream)
        if stream is not None and run_of(stream) == run:
            return self.fold.subject(stream, run)
        return Subject(run=run, notice=replace(settled.notice, items=()), pairs=frozenset())

    # --- what time makes due ---

    async def _sweep_all(self, found: Sequence[Due]) -> None:
        for due in found:
            if due.pair is not None:  # what is told with one of these is not told with the next
                await self._sweep_some([due])
        left = [due for due in found if due.pair is None]
        while left:
            left = await self._sweep_some(left)

    async def _sweep_some(self, found: Sequence[Due]) -> list[Due]:
        """Decide about the first of these; answers the others."""
        at = self.know.clock.now()
        going = [(place, trigger) for place, due in enumerate(found[:SLICE_MAX]) if (trigger := self._due(due, at))]
        made = await self._deciding.make([trigger for _, trigger in going]) if going else []
        outputs = [output for one in made for output in one.outputs]
        if outputs and self._consumer is not None:
            await self._commit(self._consumer, (), outputs, self._group)
        for (_, trigger), one in zip(going, made, strict=False):
            if one.error is not None:
                _log.error("sweep.failed", shard=self.number, cause=trigger.cause, error=repr(one.error))
                self.stir()
        return list(found[SLICE_MAX:] if len(made) == len(going) else found[going[len(made)][0] :])

    def _due(self, due: Due, at: datetime) -> Trigger | None:
        stream = self.fold.situation.streams.get(due.stream)
        if due.pair is not None:
            if due.pair not in self.know.ledger.run(due.run):
                return None  # told with another of the same sweep
            subject = subject_gone(due.run, due.pair, self.know.ledger)
        elif stream is not None:
            subject = self.fold.subject(stream, due.run)
        else:
            return None  # it went meanwhile; the next sweep finds it gone
        cause = f"{due.why}:{subject.notice.stream}:{subject.notice.revision}:{at:%Y%m%dT%H%M%S.%fZ}"
        return Trigger(cause=cause, subject=subject, begins=due.why in BEGINNINGS, only=due.only, is_due=True)

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
