"""Decisions of one shard: many in one go, each by the ledger as the one before left it, all durable in one append.

What waits is decided together, for one durable append costs as much as fifty. A slice ends once it tells many people, so
that the first order of something large goes out after two appends and waits for nothing that came with it. What was
decided counts at once: should the log fail then, the process ends and its next owner reads the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from functools import partial

from pyroaring import BitMap

from schemas.notification import Decision, LedgerEntry, Order
from schemas.topics import TOPICS
from services.dispatcher.core.decide import Case, Give, Subject, Take, concerns, decide
from services.dispatcher.core.force import Force, Held, Pair, run_named
from services.dispatcher.core.ledger import key_of as ledger_key
from services.dispatcher.core.ledger import undone, unpacked
from services.dispatcher.core.orders import orders, worths
from services.dispatcher.core.places import municipalities
from services.dispatcher.store.fold import SOURCE, Fold
from services.dispatcher.store.projection import SLICE_MAX, Projection, append, key_of
from services.eventlog.port import Message, MessageTooLarge, Output
from services.runtime import logs, metrics, records
from services.runtime.consuming import ATTEMPTS_MAX

TOLD_MAX = 1_000
"""Devices told by one slice: whoever tells more goes alone with those before."""
JAPAN = timezone(timedelta(hours=9))

_log = logs.get("dispatcher")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """Why something is to be decided. `takes`, `gives`, `begins`, `only` as in `Case`; `is_due`: only if it says something."""

    cause: str
    subject: Subject
    takes: tuple[Take, ...] = ()
    gives: tuple[Give, ...] = ()
    begins: bool = True
    only: BitMap | None = None
    is_due: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a trigger: its outputs, to be committed with its end. `error`: why nothing did."""

    outputs: tuple[Output, ...] = ()
    decision: Decision | None = None
    orders: tuple[Order, ...] = ()
    ahead: Message | None = None
    """The decision as it is to be durable before its orders."""
    error: Exception | None = None


@dataclass(slots=True, kw_only=True)
class Deciding:
    """What makes one shard's decisions. Only one call at a time."""

    number: int
    fold: Fold
    know: Projection

    async def make(self, triggers: Sequence[Trigger]) -> list[Made]:
        """Decide about the first of these, as many as one slice takes (never none); all that tell somebody are durable."""
        now, force = self.know.clock.now(), self.fold.force()
        made = await self.know.bench.run(partial(self._slice, triggers, now, force))
        ahead = [one.ahead for one in made if one.ahead is not None]
        for one in made:
            if one.decision is not None and one.decision.groups:
                cause, groups = one.decision.cause, len(one.decision.groups)
                _log.event("decided", shard=self.number, cause=cause, groups=groups, orders=len(one.orders))
        if ahead:
            await append(self.know.log, self.know.clock, "decisions", ahead)
        return made

    async def make_up(self) -> list[Output]:
        """What the last decisions were to give, when a crash came between them and their orders."""
        force = self.fold.force()
        given: list[Output] = []
        for decision in await self.know.bench.run(partial(undone, self.know.last, self.know.ledger)):
            if not decision.groups:
                continue  # it stands in the log by the commit that made it count
            _log.warning("decision.made_up", shard=self.number, cause=decision.cause)
            run = run_named(decision.notice.drill)
            made = await self.know.bench.run(partial(self._made, decision, force.of(run)))
            await self.know.bench.run(partial(self._take_effect, made))
            given += made.outputs
        return given

    def _slice(self, triggers: Sequence[Trigger], now: datetime, force: Force) -> list[Made]:
        """On the bench."""
        made: list[Made] = []
        told = 0
        for trigger in triggers[:SLICE_MAX]:
            made.append(self._tried(trigger, now, force))
            told += sum(len(order.devices) for order in made[-1].orders)
            if told >= TOLD_MAX:
                break
        return made

    def _tried(self, trigger: Trigger, now: datetime, force: Force) -> Made:
        """Decide about one. What fails has told nobody anything and left everything as it was: it may be tried again."""
        for count in range(1, ATTEMPTS_MAX + 1):
            try:
                made = self._worked_out(trigger, now, force)
            except Exception as error:  # noqa: BLE001 - whatever one alert does to us, the next one must be decided
                failure = error
                _log.error("decision.failed", shard=self.number, cause=trigger.cause, attempt=count, error=repr(error))
            else:
                self._take_effect(made)
                return made
        return Made(error=failure)

    def _worked_out(self, trigger: Trigger, now: datetime, force: Force) -> Made:
        subject, know = trigger.subject, self.know
        if f"{trigger.cause}:{self.number}" in know.standing:
            return Made()  # its orders are out: the last decisions were made up for before anything was decided
        corrects = trigger.takes or trigger.gives
        if not corrects and not concerns(subject, know.index, know.ledger):
            return Made()
        case = Case(
            cause=trigger.cause,
            shard=self.number,
            now=now,
            japan_time=now.astimezone(JAPAN).time(),
            subject=subject,
            force=force.of(subject.run),
            waiting=know.pending.waiting(subject.run, now, self.fold.covers),
            takes=trigger.takes,
            gives=trigger.gives,
            begins=trigger.begins,
            only=trigger.only,
            rules=know.rules,
            tally=know.tally,
        )
        decision = decide(case, know.index, know.ledger)
        if trigger.is_due and not decision.groups and not decision.ledger:
            return Made()
        made = self._made(decision, case.force)
        said = Output(topic="decisions", message=decision_message(decision, self.number))
        _check(said)
        if decision.groups:
            return replace(made, ahead=said.message)
        return replace(made, outputs=(said, *made.outputs))

    def _made(self, decision: Decision, force: Mapping[Pair, Held]) -> Made:
        """A decision with its orders and the ledger as it stands after it."""
        japan_time = decision.decided_at.astimezone(JAPAN).time()
        items = {item for group in decision.groups for item in group.items}
        pairs = {Pair(item.hazard, one) for item in items for one in municipalities(self.fold.covers, item.area)}
        worth = worths({pair: force[pair] for pair in pairs if pair in force})
        given = orders(decision, self.know.index, worth, japan_time)
        outputs = [order_output(topic, order) for topic, order in given]
        outputs += [_ledger_output(entry, decision) for entry in decision.ledger]
        for output in outputs:
            _check(output)
        return Made(tuple(outputs), decision, tuple(order for _, order in given))

    def _take_effect(self, made: Made) -> None:
        if made.decision is None:
            return
        self.know.stand(made.decision)
        for order in made.orders:
            self.know.pending.add(order)
        metrics.ORDERED.inc(sum(len(order.devices) for order in made.orders))


def decision_message(decision: Decision, shard: int) -> Message:
    """A decision as it stands in the log."""
    key = key_of(decision)
    message = records.message(
        decision, key=key, id=f"decision:{key}", source=SOURCE, at=decision.decided_at, cause=decision.cause
    )
    return replace(message, partition=shard)


def order_output(topic: str, order: Order) -> Output:
    """An order as it goes out."""
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


def _check(output: Output) -> None:
    """Raise what the log would, before anything counts."""
    if len(output.message.value or b"") > TOPICS[output.topic].value_bytes_max:
        raise MessageTooLarge(f"{output.message.id} is too large for {output.topic}")
