"""Who is told what of a change: the difference between what was told and what is, never a list of events.

One decision is about one stream: every hazard and municipality it has spoken of is compared with the ledger.

- In force at a rank: who follows it there at that rank or below and was not told so much is told, as new or as a rise.
- Lowered but in force: nobody is told, unless the city's rules say so; what was told above is forgotten, so that a new rise
  is told again (not at once: what goes down and up again within minutes tells nobody twice).
- Over: who was told is told the end, or that it was a mistake, whatever they follow by now; unless the same hazard is
  still in force at another place where they were told, or their beginning is still in a queue. What happens and passes
  (a quake) has no end that anybody says: it is forgotten, and only a mistake is told.

Each device is told once, all that concerns it in one notice, the worst first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta

from pyroaring import BitMap

from schemas.alert import Origin, active
from schemas.hazard import HAZARDS, base
from schemas.lifecycle import Stream, standing
from schemas.notification import Change, Decision, Item, Notice, Told
from services.dispatcher.core.force import (
    Block,
    Force,
    Held,
    Pair,
    Waking,
    is_loud,
    is_mistake,
    named,
    notice_of,
    waking,
)
from services.dispatcher.core.index import Index
from services.dispatcher.core.ledger import LOWEST, Draft, Ledger, packed
from services.dispatcher.core.pending import ENDING, TELLING, Waiting
from services.dispatcher.core.places import Covers
from services.dispatcher.core.rules import HARD_LIMIT, Rules, least_rank
from services.dispatcher.core.tally import Tally

PASSING = frozenset({"quake"})
"""Hazards that are told as they happen. Nobody says that they are over: how long they are shown is our own measure."""
_ORDER = {hazard: place for place, hazard in enumerate(HAZARDS)}


@dataclass(frozen=True, slots=True)
class Take:
    """Devices that were not told of a pair after all: not at `rank`, nor below it down to `was`."""

    pair: Pair
    was: int
    rank: int
    devices: BitMap


@dataclass(frozen=True, slots=True)
class Give:
    """Devices that were not told an end after all: they are still told what `item` ended, if it is over."""

    pair: Pair
    item: Item
    devices: BitMap


@dataclass(frozen=True, slots=True)
class Ending:
    """The office's own words at the end of a hazard, in each language."""

    instruction: str
    instruction_easy: str
    instruction_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a decision is about: a stream, or what is left of one that is gone.

    `notice` has no items. `mistakes`: the pairs that were taken back. `endings`: by hazard.
    """

    run: str
    notice: Notice
    pairs: frozenset[Pair]
    mistakes: frozenset[Pair] = frozenset()
    endings: Mapping[str, Ending] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything a decision follows from, beside index and ledger.

    `japan_time`: the hour by which quiet hours are judged. `waiting`: whose being told is still in a queue. `takes` and
    `gives`: corrections of the ledger that come before anything else. `begins`: whether what is
    in force is looked at too (what is over is told in any case); `only`: who may be told of it, where it is not everybody.
    `rules`: the city's; `tally`: who was told how much lately.
    """

    cause: str
    shard: int
    now: datetime
    japan_time: time
    subject: Subject
    force: Mapping[Pair, Held]
    waiting: Waiting = field(default_factory=Waiting)
    takes: tuple[Take, ...] = ()
    gives: tuple[Give, ...] = ()
    begins: bool = True
    only: BitMap | None = None
    rules: Rules = field(default_factory=Rules)
    tally: Tally | None = None


def subject_of(stream: Stream, run: str, covers: Covers) -> Subject:
    """A stream as the subject of a decision."""
    pairs = named(stream, covers)
    return Subject(
        run=run,
        notice=notice_of(stream),
        pairs=pairs,
        mistakes=frozenset(pair for pair in pairs if is_mistake(stream, pair, covers)),
        endings=_endings(stream),
    )


def subject_gone(run: str, pair: Pair, ledger: Ledger) -> Subject:
    """A pair that was told by a stream that is known no more: what told it is in the ledger."""
    levels = ledger.run(run)[pair]
    return Subject(run=run, notice=replace(levels[max(levels)].notice, items=()), pairs=frozenset({pair}))


def decide(case: Case, index: Index, ledger: Ledger) -> Decision:
    """Who is told what. Changes nothing: the entries it gives are how the ledger stands once it is told."""
    subject = case.subject
    draft = Draft(ledger.run(subject.run))
    for take in case.takes:
        draft.take_out(take.pair, take.was, take.rank, take.devices)
    for give in case.gives:
        if give.pair not in case.force:
            draft.tell(give.pair, give.item.rank, give.devices, replace(subject.notice, items=(give.item,)))
    corrected = {take.pair for take in case.takes} | {give.pair for give in case.gives}
    pairs = sorted(subject.pairs | _told_by(subject, draft) | corrected)
    begun = [pair for pair in pairs if pair in case.force] if case.begins else []
    told = [one for pair in begun for one in _tell(case, index, draft, pair)]
    told += [one for pair in pairs if pair not in case.force for one in _clear(case, index, draft, pair)]
    return Decision(
        cause=case.cause,
        shard=case.shard,
        decided_at=case.now,
        notice=subject.notice,
        groups=tuple(Told(items=items, devices=packed(devices)) for items, devices in _grouped(told)),
        ledger=tuple(draft.entries(subject.run, case.shard)),
    )


def over(ledger: Ledger, force: Force, waiting: Callable[[str], Waiting]) -> Iterator[tuple[str, Pair]]:
    """What is in the ledger and in force no more, by run: somebody is to be told its end, whose beginning is settled."""
    for run, pairs in ledger.runs().items():
        held = force.of(run)
        gone = [pair for pair in pairs if pair not in held]
        unsettled = waiting(run) if gone else Waiting()
        yield from ((run, pair) for pair in gone if pairs[pair][LOWEST].devices - unsettled.of(pair))


def _told_by(subject: Subject, draft: Draft) -> set[Pair]:
    """What the stream told long ago and speaks of no more: of its alerts only the newest are kept."""
    stream = subject.notice.stream
    return {pair for pair in draft.pairs() if any(one.notice.stream == stream for one in draft.levels(pair).values())}


def _tell(case: Case, index: Index, draft: Draft, pair: Pair) -> Iterator[tuple[Item, BitMap]]:
    held = case.force[pair]
    if case.only is None:
        yield from _lowered(case, index, draft, pair)
        guard = timedelta() if case.rules.lowered else case.rules.flap
        draft.lower(pair, held.top.rank, _of_one(case, _item(held.top, Change.NEW)), case.now, guard)
    block = held.telling
    if block is None or block.rank < least_rank(case.rules, pair.hazard, pair.area, block.alert.origin):
        return
    rank = block.rank
    fresh = _wanted(case, index, pair, held, block) - draft.told(pair, rank)
    if case.only is not None:
        fresh &= case.only
    fresh = _bearable(case, pair, block, fresh)
    if not fresh:
        return
    left = fresh
    for was in range(rank - 1, LOWEST - 1, -1):
        if before := left & draft.told(pair, was):
            yield _item(block, Change.RISE, was), before
            left = left - before
    if left:
        yield _item(block, Change.NEW), left
    draft.tell(pair, rank, fresh, _of_one(case, _item(block, Change.NEW)))


def _lowered(case: Case, index: Index, draft: Draft, pair: Pair) -> Iterator[tuple[Item, BitMap]]:
    """Where the city says so: who was told more than is in force is told what is. Nobody is woken by it."""
    held = case.force[pair]
    if not case.rules.lowered or held.telling is None:
        return
    reached = index.usable - index.quiet(case.japan_time) - case.waiting.of(pair)
    levels = draft.levels(pair)
    for was in sorted((rank for rank in levels if rank > held.top.rank), reverse=True):
        if some := levels[was].devices & reached:
            yield _item(held.telling, Change.LOWERED, was), some
            reached = reached - some


def _wanted(case: Case, index: Index, pair: Pair, held: Held, block: Block) -> BitMap:
    """Who follows it and is not left asleep."""
    wakes = waking(pair.hazard, block.alert.origin, block.rank)
    hour = None if wakes is Waking.EVERYBODY else case.japan_time
    order = wakes is Waking.UNLESS_REFUSED
    return index.match(pair.area, base(pair.hazard), block.rank, hour, held.shape, order=order)


def _bearable(case: Case, pair: Pair, block: Block, fresh: BitMap) -> BitMap:
    """Those of them who were not told too much already: of what is loud only the last defence holds anybody back."""
    if case.tally is None or not fresh:
        return fresh
    limits = () if is_loud(pair.hazard, block.alert.origin, block.rank) else case.rules.limits
    return fresh - case.tally.full((HARD_LIMIT, *limits), case.now)


def _clear(case: Case, index: Index, draft: Draft, pair: Pair) -> Iterator[tuple[Item, BitMap]]:
    levels = draft.levels(pair)
    if not levels:
        return
    waiting = case.waiting.of(pair)
    left = (levels[LOWEST].devices & index.alive) - waiting
    for other in draft.pairs():
        if other.hazard == pair.hazard and other != pair and other in case.force:
            left = left - draft.told(other)
    change = Change.CANCEL if pair in case.subject.mistakes else Change.END
    if change is Change.END and base(pair.hazard) in PASSING:
        left = BitMap()
    for rank in sorted((rank for rank, level in levels.items() if level.lowered_at is None), reverse=True):
        if some := left & levels[rank].devices:
            yield _last_item(case.subject, levels[rank].notice.items[0], change, rank), some
            left = left - some
    draft.keep_only(pair, waiting)


def _item(block: Block, change: Change, was: int | None = None) -> Item:
    info, area = block.info, block.area
    assert area.code is not None, "only an area with a code concerns a municipality"
    own = block.alert.origin is Origin.OFFICE
    return Item(
        change=change,
        hazard=info.hazard,
        area=area.code,
        area_desc=area.area_desc,
        event=info.event,
        level=info.level,
        rank=block.rank,
        was=was,
        origin=block.alert.origin,
        instruction=info.instruction if own else "",
        instruction_easy=info.instruction_easy if own else "",
        instruction_en=info.instruction_en if own else "",
    )


def _last_item(subject: Subject, told: Item, change: Change, rank: int) -> Item:
    """The item that ends one that was told. What to do under it holds no longer; the office may say what does."""
    words = subject.endings.get(told.hazard, _NO_WORDS) if change is Change.END else _NO_WORDS
    return replace(
        told,
        change=change,
        rank=rank,
        was=None,
        instruction=words.instruction,
        instruction_easy=words.instruction_easy,
        instruction_en=words.instruction_en,
    )


_NO_WORDS = Ending("", "", "")


def _endings(stream: Stream) -> dict[str, Ending]:
    alert = standing(stream)
    if alert is None or alert.origin is not Origin.OFFICE:
        return {}
    return {
        info.hazard: Ending(info.instruction, info.instruction_easy, info.instruction_en)
        for info in alert.info
        if not active(info)
    }


def _of_one(case: Case, item: Item) -> Notice:
    return replace(case.subject.notice, items=(item,))


# --- one notice a device ---


def _worst_first(item: Item) -> tuple[object, ...]:
    """What is in force before what is over, the louder first, then in the order of the list of hazards."""
    return (
        item.change in ENDING,
        item.change not in TELLING,
        -item.rank,
        _ORDER.get(base(item.hazard), len(_ORDER)),
        item.hazard,
        item.area,
        item.change,
        item.was or 0,
        item.event,
    )


def _grouped(told: Iterable[tuple[Item, BitMap]]) -> list[tuple[tuple[Item, ...], BitMap]]:
    """Devices by exactly what they are told. An item that several municipalities share (a stretch of coast) is one."""
    by_item: dict[Item, BitMap] = {}
    for item, devices in told:
        by_item[item] = by_item[item] | devices if item in by_item else devices
    groups: list[tuple[tuple[Item, ...], BitMap]] = []
    for item in sorted(by_item, key=_worst_first):
        groups = list(_refined(groups, item, by_item[item]))
    return sorted(groups, key=lambda group: tuple(map(_worst_first, group[0])))


def _refined(
    groups: Iterable[tuple[tuple[Item, ...], BitMap]], item: Item, devices: BitMap
) -> Iterator[tuple[tuple[Item, ...], BitMap]]:
    for items, members in groups:
        both = members & devices
        if not both:
            yield items, members
            continue
        yield (*items, item), both
        if rest := members - both:
            yield items, rest
        devices = devices - both
    if devices:
        yield (item,), devices
