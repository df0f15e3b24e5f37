"""Questions, answered: why a device was told of an alert or was not, by its shard; whom a draft would reach, by every shard."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from schemas.alert import Alert
from schemas.area import AreaCode
from schemas.lifecycle import Stream
from schemas.notification import Answer, Decision, Order, Question, Reach, Receipt
from schemas.subscription import Subscription
from schemas.text import Text
from schemas.topics import TOPICS
from services.dispatcher.core.explain import Facts, explain
from services.dispatcher.core.force import Force, Moment, run_named, run_of
from services.dispatcher.core.orders import EMERGENCY, ROUTINE
from services.dispatcher.core.reach import NOBODY, case_of, drafted, reach
from services.dispatcher.core.reasons import reasons
from services.dispatcher.core.rules import HARD_LIMIT, Limit
from services.dispatcher.core.verdict import JAPAN
from services.dispatcher.store.fold import SOURCE, Fold
from services.dispatcher.store.projection import Projection, append, decoded
from services.dispatcher.store.underway import RECEIPTS
from services.eventlog.partition import partition_of
from services.eventlog.port import BEFORE_FIRST, EventLog, Message, Record
from services.runtime import logs, records
from services.runtime.clock import Clock

FRESH = timedelta(minutes=1)
"""An older question is answered no more: whoever asked it has gone."""
SHARDS = TOPICS["subscriptions"].partitions
DELIVERIES = (EMERGENCY, ROUTINE)

_log = logs.get("dispatcher")

Wanted = Callable[[Record], bool]


@dataclass(slots=True, kw_only=True)
class Answers:
    """Follows `questions` without a group; `shards` are those of this process."""

    log: EventLog
    clock: Clock
    fold: Fold
    shards: dict[int, Projection]
    names: Mapping[AreaCode, Text]

    async def run(self) -> None:
        """Answer until cancelled."""
        after = BEFORE_FIRST
        while True:
            while batch := await self.log.read("questions", 0, after=after):
                after = batch[-1].offset
                for record in batch:
                    await self._take(record)
            await self.log.wait({("questions", 0): after})

    async def _take(self, record: Record) -> None:
        question = records.payload(record)
        if not isinstance(question, Question) or self.clock.now() - question.asked_at > FRESH * self.clock.speed:
            return
        if question.draft is not None:
            await self._preview(question, question.draft, record)
            return
        number = partition_of(question.device, SHARDS)
        shard = self.shards.get(number)
        if shard is None:
            return
        try:
            facts = await self._facts(question, shard)
            lines, plain = explain(facts), reasons(facts)
        except Exception as error:  # noqa: BLE001 - one question that breaks us must not keep the next from its answer
            _log.error("question.failed", question=question.id, error=repr(error))
            lines, plain = ("説明を作れなかった。システムの記録（dispatcher）を見てください。",), ()
        answer = Answer(question=question.id, shard=number, lines=lines, reasons=plain)
        id_ = f"answer:{question.id}:{number}"
        message = records.message(answer, key=question.id, id=id_, source=SOURCE, at=self.clock.now(), cause=record.id)
        await append(self.log, self.clock, "answers", [message])

    async def _preview(self, question: Question, draft: Alert, record: Record) -> None:
        now = self.clock.now()
        moment = Moment(now=now, leases=self.fold.leases)
        found = drafted(draft, self.fold.situation, self.fold.watch, moment, self.fold.covers)
        made: list[Message] = []
        for number, shard in list(self.shards.items()):  # they may go to another process meanwhile
            reached = NOBODY if found is None else await self._reach(*found, shard, now)
            answer = Answer(question=question.id, shard=number, reach=reached)
            id_ = f"answer:{question.id}:{number}"
            made.append(records.message(answer, key=question.id, id=id_, source=SOURCE, at=now, cause=record.id))
        await append(self.log, self.clock, "answers", made)

    async def _reach(self, stream: Stream, force: Force, shard: Projection, now: datetime) -> Reach:
        covers = self.fold.covers
        waiting = shard.pending.waiting(run_of(stream) or "", now, covers)
        hour = now.astimezone(JAPAN).time()
        case = case_of(stream, force, covers, shard=shard.shard, now=now, japan_time=hour, waiting=waiting)
        return await shard.bench.run(partial(reach, case, shard.index, shard.ledger, shard.rules, shard.tally))

    async def _facts(self, question: Question, shard: Projection) -> Facts:
        decisions = await self._decisions(question, shard)
        orders = [order async for order in self._orders(question, shard, decisions)]
        receipts = [one async for one in self._receipts({order.id for order in orders}, shard)]
        alert = self._alert(question.alert)
        number = shard.index.number(question.device)
        drill = alert.drill if alert is not None else next((one.notice.drill for one in decisions), None)
        return Facts(
            device=question.device,
            alert_id=question.alert,
            alert=alert,
            subscription=await self._subscription(question, shard),
            number=number,
            is_dead=shard.index.is_dead(question.device),
            decisions=decisions,
            orders=orders,
            receipts={receipt.order: receipt for receipt in receipts},
            told=dict(shard.ledger.run(run_named(drill))),
            covers=self.fold.covers,
            names=self.names,
            rules=shard.rules,
            reached=await shard.bench.run(partial(_reached, shard, number, self.clock.now())),
        )

    def _alert(self, identifier: str) -> Alert | None:
        kept = (alert for stream in self.fold.situation.streams.values() for alert in stream.kept)
        return next((alert for alert in kept if alert.identifier == identifier), None)

    async def _subscription(self, question: Question, shard: Projection) -> Subscription | None:
        found = [
            value
            async for value in self._each("subscriptions", shard.shard, lambda one: one.key == question.device, shard)
            if isinstance(value, Subscription)
        ]
        return found[-1] if found else None

    async def _decisions(self, question: Question, shard: Projection) -> list[Decision]:
        named = question.alert.encode()
        return [
            value
            async for value in self._each("decisions", shard.shard, lambda one: named in (one.value or b""), shard)
            if isinstance(value, Decision) and value.notice.alert == question.alert
        ]

    async def _orders(
        self, question: Question, shard: Projection, decisions: Sequence[Decision]
    ) -> AsyncIterator[Order]:
        causes = {f"{decision.cause}:{decision.shard}" for decision in decisions}
        device = question.device.encode()

        def wanted(record: Record) -> bool:
            return record.key.rpartition(":")[0] in causes and device in (record.value or b"")

        for topic in DELIVERIES:
            for partition in range(TOPICS[topic].partitions):
                async for value in self._each(topic, partition, wanted, shard):
                    if isinstance(value, Order) and question.device in value.devices:
                        yield value

    async def _receipts(self, orders: set[str], shard: Projection) -> AsyncIterator[Receipt]:
        for partition in range(TOPICS[RECEIPTS].partitions):
            async for value in self._each(RECEIPTS, partition, lambda record: record.key in orders, shard):
                if isinstance(value, Receipt):
                    yield value

    async def _each(self, topic: str, partition: int, wanted: Wanted, shard: Projection) -> AsyncIterator[object]:
        """What the wanted records of a partition say, read anew: nobody keeps it for a question asked once a week."""
        after = BEFORE_FIRST
        while batch := await self.log.read(topic, partition, after=after):
            after = batch[-1].offset
            for _, value in await shard.bench.run(partial(_decoded, batch, wanted)):
                yield value


def _decoded(batch: Sequence[Record], wanted: Wanted) -> list[tuple[Record, object]]:
    return list(decoded([record for record in batch if wanted(record)]))


def _reached(shard: Projection, number: int | None, now: datetime) -> list[Limit]:
    limits = (HARD_LIMIT, *shard.rules.limits)
    return [one for one in limits if number is not None and shard.tally.times(one, number, now) >= one.messages]
