"""Invariant 4: a change is told once, its end to whoever was told, and after a gap only the difference.

There is no end without its beginning. And of invariant 6: silence is never told as an end.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from schemas.alert import Alert, Info, MsgType
from schemas.area import AreaCode
from schemas.lifecycle import StreamState, standing
from schemas.notification import Change, Decision, Outcome, Receipt, Told
from services.dispatcher.core import corrections
from services.dispatcher.core.decide import Case, decide, subject_of
from services.dispatcher.core.force import REAL, Force, Moment, Pair, in_force
from services.dispatcher.core.index import Index
from services.dispatcher.core.ledger import Ledger, packed, unpacked
from services.dispatcher.core.orders import orders
from services.dispatcher.core.pending import TELLING, Pending, Settled, Waiting
from services.dispatcher.store.fold import Fold
from services.eventlog.port import Consumer, Record
from tests.contract.dispatcher.city import City
from tests.factories import HACHIOJI, ODAWARA, ZUSHI, a_device, an_alert, an_info, at
from tests.invariants import Twin, hold
from tests.scenario.quiet import run
from tests.unit.dispatcher.core.telling import NOON, Shard, a_receipt

Decide = Callable[[Case, Index, Ledger], Decision]
PLACES = (ODAWARA, ZUSHI)
HAZARDS = ("landslide", "wind")
STEPS = 60


# --- a night of chance for a few devices ---


@dataclass
class Heard:
    """What one device has heard, in the order in which it heard it: by pair the rank it counts with, None once over."""

    open: dict[Pair, int] = field(default_factory=dict)
    owed: set[str] = field(default_factory=set)
    """Hazards that it was told of and not yet told the end of."""


@dataclass
class Night:
    """A shard under a rule, and what each device makes of what it hears."""

    rule: Decide
    chance: random.Random
    shard: Shard = field(default_factory=Shard)
    heard: dict[str, Heard] = field(default_factory=dict)
    levels: dict[Pair, int] = field(default_factory=dict)
    minute: int = 0

    def follow(self, name: str) -> None:
        places = self.chance.sample((*PLACES, HACHIOJI), self.chance.randint(1, 2))
        first, *more = ((place, self.chance.choice((2, 3, 4))) for place in places)
        self.shard.follow(a_device(name, *first, more=tuple(more)))
        self.heard.setdefault(name, Heard())

    def change(self) -> None:
        """Some levels change; a report says how it stands, or takes the last one back."""
        self.minute += 1
        if self.minute % 9 == 0:
            self.levels.clear()
        for _ in range(self.chance.randint(0, 2)):
            pair = Pair(self.chance.choice(HAZARDS), self.chance.choice(PLACES))
            self.levels[pair] = self.chance.randint(2, 5)
            if self.chance.random() < 0.3:
                del self.levels[pair]
        self.say(an_alert(self.minute, *blocks(self.levels)))

    def say(self, alert: Alert) -> None:
        self.shard.hear(alert)
        stream = self.shard.streams[alert.streams[0]]
        force = in_force([stream], Moment(now=alert.sent, leases={}), {}).of(REAL)
        case = Case(
            cause=alert.identifier,
            shard=0,
            now=alert.sent,
            japan_time=NOON,
            subject=subject_of(stream, REAL, {}),
            force=force,
        )
        decision = self.rule(case, self.shard.index, self.shard.ledger)
        for entry in decision.ledger:
            self.shard.ledger.put(entry)
        in_force_now = {pair: held.top.rank for pair, held in force.items()}
        for name, heard in self.heard.items():
            self.lower(heard, in_force_now)
            self.listen(name, heard, decision, in_force_now)

    @staticmethod
    def lower(heard: Heard, ranks: dict[Pair, int]) -> None:
        """What was told above what is in force now counts no more: a new rise is told again."""
        heard.open = {pair: min(rank, ranks.get(pair, rank)) for pair, rank in heard.open.items()}

    def listen(self, name: str, heard: Heard, decision: Decision, ranks: dict[Pair, int]) -> None:
        number = self.shard.index.number(name)
        assert number is not None
        notices = [group.items for group in decision.groups if number in unpacked(group.devices)]
        hold(4, len(notices) <= 1, f"{name} got {len(notices)} notices of one decision")
        for item in notices[0] if notices else ():
            pair = Pair(item.hazard, item.area)
            if item.change in TELLING:
                hold(4, ranks.get(pair) == item.rank, f"{name} was told of {pair} at a rank that is not in force")
                hold(4, heard.open.get(pair, 0) < item.rank, f"{name} was told of {pair} again")
                hold(4, (item.change is Change.RISE) == (pair in heard.open), f"{name} heard a rise of nothing")
                heard.open[pair] = item.rank
                heard.owed.add(item.hazard)
            else:
                hold(4, pair not in ranks, f"{name} was told the end of {pair}, which is in force")
                hold(4, pair in heard.open, f"{name} was told the end of {pair}, of whose beginning he never heard")
                heard.owed.discard(item.hazard)
        # what ended in silence, because it goes on at another of their places, is over for them too
        heard.open = {pair: rank for pair, rank in heard.open.items() if pair in ranks}
        heard.owed |= {pair.hazard for pair in heard.open}


def blocks(levels: dict[Pair, int]) -> Iterator[Info]:
    yield an_info("fog", released=True)
    yield from (an_info(pair.hazard, level=level, areas=(pair.area,)) for pair, level in levels.items())


def check_told_once_and_cleared_once(rule: Decide) -> None:
    for seed in range(4):
        night = Night(rule, random.Random(seed))
        people = [f"device-{number}" for number in range(12)]
        for name in people:
            night.follow(name)
        for _ in range(STEPS):
            night.change()
            night.follow(night.chance.choice(people))
        night.levels.clear()
        night.say(an_alert(night.minute + 1, *blocks({})))
        owing = {name: heard.owed for name, heard in night.heard.items() if heard.owed}
        hold(4, not owing, f"these were told and never told the end: {owing}")
        hold(
            4, any(heard is not None for heard in night.heard.values()) and night.shard.ledger.runs() == {}, "left over"
        )


def test_everybody_is_told_once_and_told_the_end() -> None:
    check_told_once_and_cleared_once(decide)


def repeats_itself(case: Case, index: Index, ledger: Ledger) -> Decision:
    """Matches without looking at who was told."""
    told = decide(case, index, Ledger())
    return replace(decide(case, index, ledger), groups=told.groups)


def ends_for_nobody(case: Case, index: Index, ledger: Ledger) -> Decision:
    decision = decide(case, index, ledger)
    return replace(decision, groups=tuple(group for group in decision.groups if group.items[0].change in TELLING))


def ends_for_whoever_is_there(case: Case, index: Index, ledger: Ledger) -> Decision:
    """Tells the end by who follows the place now, not by who was told."""
    decision = decide(case, index, ledger)

    def by_place(group: Told) -> Told:
        item = group.items[0]
        there = index.match(item.area, item.hazard, item.rank, None)
        return group if item.change in TELLING else replace(group, devices=packed(there))

    return replace(decision, groups=tuple(map(by_place, decision.groups)))


def ends_place_by_place(case: Case, index: Index, ledger: Ledger) -> Decision:
    """Takes what is lowered for over."""
    low = {pair: held for pair, held in case.force.items() if held.top.rank > 3}
    return decide(replace(case, force=low), index, ledger)


def a_notice_for_each_item(case: Case, index: Index, ledger: Ledger) -> Decision:
    decision = decide(case, index, ledger)
    groups = [replace(group, items=(item,)) for group in decision.groups for item in group.items]
    return replace(decision, groups=tuple(groups))


# --- after a gap ---


def check_after_a_gap_only_the_difference_is_told(fold: type[Fold]) -> None:
    async def night() -> dict[str, list[tuple[str, str, int]]]:
        city = City()
        await city.starts(fold)
        await city.follows(a_device("anna"), a_device("ben", min_rank=5))
        await city.says(an_alert(0, an_info(level=3)))
        await city.stops()
        for minute, level in ((1, 5), (2, 4), (3, 5), (4, 3)):
            await city.puts(an_alert(minute, an_info(level=level)))
        await city.starts(fold)
        told = await city.told()
        await city.stops()
        return told

    told = run(night())
    hold(4, told == {"anna": [("new", "landslide", 3)]}, f"what came and went was told: {told}")


class OneAfterAnother(Fold):
    """Folds a backlog alert by alert, and lets shards decide in between."""

    async def settled(self) -> None:
        return

    async def _take(self, consumer: Consumer, batch: Sequence[Record]) -> None:
        for record in batch:
            await super()._take(consumer, [record])
            await asyncio.sleep(1)


# --- no end without its beginning ---


def check_who_was_not_told_is_not_told_the_end(pending_of: Callable[[Index], Pending]) -> None:
    for outcome in (Outcome.DEAD, Outcome.SUPERSEDED, Outcome.EXPIRED, Outcome.REFUSED, Outcome.NO_ADDRESS):
        shard = Shard()
        shard.follow(a_device("anna"), a_device("ben"))
        pending = pending_of(shard.index)
        shard.says(an_alert(0))
        assert shard.last is not None
        for _, order in orders(shard.last, shard.index, {}, NOON):
            pending.add(order)
            settled = pending.look(a_receipt(order, anna=outcome))
            assert settled is not None
            takes = corrections.takes(settled, {}, shard.index)
            shard.decides(an_alert().streams[0], at(1), takes=takes, begins=False)
        told = shard.says(an_alert(5, an_info(released=True)))
        hold(4, set(told) == {"ben"}, f"{outcome}: the end went to {sorted(told)}, and only ben was told the beginning")


class TakesEveryOrderForTold(Pending):
    """Believes that an order that was given was delivered."""

    def look(self, receipt: Receipt) -> Settled | None:
        settled = super().look(receipt)
        return None if settled is None else replace(settled, untold=())


def check_no_end_overtakes_its_beginning(pending_of: Callable[[Index], Pending]) -> None:
    shard = Shard()
    shard.follow(a_device("anna"))
    pending = pending_of(shard.index)
    shard.says(an_alert(0))
    assert shard.last is not None
    [(_, order)] = orders(shard.last, shard.index, {}, NOON)
    pending.add(order)
    told = shard.says(an_alert(1, msg_type=MsgType.CANCEL), waiting=pending.waiting(REAL, at(1), {}))
    hold(4, told == {}, "the end was told while the beginning was still in a queue")
    pending.settle(a_receipt(order))
    told = shard.decides(an_alert().streams[0], at(2), waiting=pending.waiting(REAL, at(2), {}))
    hold(4, set(told) == {"anna"}, "the end that waited was never told")


class WaitsForNobody(Pending):
    """Tells every end at once."""

    def waiting(self, *_: object) -> Waiting:
        return Waiting()


# --- silence is no end ---

InForce = Callable[..., Force]


def check_silence_is_never_told_as_an_end(rule: InForce) -> None:
    shard = Shard()
    shard.follow(a_device("anna"))
    shard.says(an_alert(0))
    stream = shard.streams[an_alert().streams[0]]
    leases = {"jma.extra": at(180)}
    for minute in (179, 180, 600):
        moment = Moment(now=at(minute), leases=leases)
        case = Case(
            cause="moment",
            shard=0,
            now=moment.now,
            japan_time=NOON,
            subject=subject_of(stream, REAL, {}),
            force=rule([stream], moment, {}).of(REAL),
        )
        told = shard.told(decide(case, shard.index, shard.ledger))
        hold(6, told == {}, f"{minute - 180} minutes after its source was last heard anna was told {told}")


def lets_what_lapsed_go(streams: list[object], moment: Moment, covers: dict[AreaCode, tuple[AreaCode, ...]]) -> Force:
    """Takes the end of a lease for the end of the warning."""
    alive = [
        stream
        for stream in streams
        if (alert := standing(stream)) is None  # type: ignore[arg-type]  # streams
        or stream.state is not StreamState.ACTIVE  # type: ignore[attr-defined]  # as above
        or moment.now < moment.leases.get(alert.lease, moment.now + timedelta(1))
    ]
    return in_force(alive, moment, covers)  # type: ignore[arg-type]  # as above


# --- on the real rules ---


def test_after_a_gap_only_the_difference_is_told() -> None:
    check_after_a_gap_only_the_difference_is_told(Fold)


def test_who_was_not_told_is_not_told_the_end() -> None:
    check_who_was_not_told_is_not_told_the_end(lambda index: Pending(index.number))


def test_no_end_overtakes_its_beginning() -> None:
    check_no_end_overtakes_its_beginning(lambda index: Pending(index.number))


def test_silence_is_never_told_as_an_end() -> None:
    check_silence_is_never_told_as_an_end(in_force)


TWINS = [
    Twin(4, check_told_once_and_cleared_once, repeats_itself),
    Twin(4, check_told_once_and_cleared_once, ends_for_nobody),
    Twin(4, check_told_once_and_cleared_once, ends_for_whoever_is_there),
    Twin(4, check_told_once_and_cleared_once, ends_place_by_place),
    Twin(4, check_told_once_and_cleared_once, a_notice_for_each_item),
    Twin(4, check_after_a_gap_only_the_difference_is_told, OneAfterAnother),
    Twin(
        4,
        check_who_was_not_told_is_not_told_the_end,
        lambda index: TakesEveryOrderForTold(index.number),
        "takes every order for told",
    ),
    Twin(4, check_no_end_overtakes_its_beginning, lambda index: WaitsForNobody(index.number), "waits for nobody"),
    Twin(6, check_silence_is_never_told_as_an_end, lets_what_lapsed_go),
]
