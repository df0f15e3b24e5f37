"""Whom an alert would be pushed to, counted before it goes out: the same fold, the same match, the same decision.

Nothing is written: the decision is made as it would be, of the situation as it would be, and its devices are counted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, time

from pyroaring import BitMap

from schemas.alert import Alert
from schemas.area import AreaCode
from schemas.hazard import base
from schemas.lifecycle import Stream
from schemas.notification import Decision, Reach
from services.dispatcher.core.decide import Case, decide, subject_of
from services.dispatcher.core.force import Force, Moment, in_force, run_of
from services.dispatcher.core.index import Index
from services.dispatcher.core.ledger import LOWEST, Ledger, unpacked
from services.dispatcher.core.pending import Waiting
from services.dispatcher.core.places import Covers
from services.dispatcher.core.rules import Rules
from services.dispatcher.core.situation import Situation, take
from services.dispatcher.core.tally import Tally

NOBODY = Reach(devices=0)


def drafted(
    draft: Alert, situation: Situation, watch: frozenset[AreaCode], moment: Moment, covers: Covers
) -> tuple[Stream, Force] | None:
    """The draft's stream and everything in force as they would be; None for one that tells nobody."""
    name = draft.streams[0]
    after = take(situation, name, draft, watch).situation
    stream = after.streams.get(name)
    if stream is None or run_of(stream) is None:
        return None
    return stream, in_force(after.streams.values(), moment, covers)


def case_of(
    stream: Stream, force: Force, covers: Covers, *, shard: int, now: datetime, japan_time: time, waiting: Waiting
) -> Case:
    """The case that a shard would decide."""
    run = run_of(stream) or ""
    return Case(
        cause="preview",
        shard=shard,
        now=now,
        japan_time=japan_time,
        subject=subject_of(stream, run, covers),
        force=force.of(run),
        waiting=waiting,
    )


def reach(case: Case, index: Index, ledger: Ledger, rules: Rules, tally: Tally) -> Reach:
    """Whom one shard would tell."""
    decision = decide(replace(case, rules=rules, tally=tally), index, ledger)
    told = _told(decision)
    languages: Counter[str] = Counter()
    channels: Counter[str] = Counter()
    for language, channel, some in index.split(told):
        languages[language] += len(some)
        channels[channel] += len(some)
    unreachable, asleep = _left_out(case, index, ledger, told)
    return Reach(
        devices=len(told),
        by_area=_by_area(decision),
        by_language=tuple(sorted(languages.items())),
        by_channel=tuple(sorted(channels.items())),
        unreachable=len(unreachable),
        asleep=len(asleep),
    )


def _told(decision: Decision) -> BitMap:
    return BitMap.union(BitMap(), *(unpacked(group.devices) for group in decision.groups))


def _by_area(decision: Decision) -> tuple[tuple[AreaCode, int], ...]:
    found: Counter[AreaCode] = Counter()
    for group in decision.groups:
        count = len(unpacked(group.devices))
        found.update(dict.fromkeys({item.area for item in group.items}, count))
    return tuple(sorted(found.items()))


def _left_out(case: Case, index: Index, ledger: Ledger, told: BitMap) -> tuple[BitMap, BitMap]:
    """Who follows what is in force by the draft and is not told: without a usable address, and left asleep."""
    follow = BitMap()
    before = BitMap()
    for pair in sorted(case.subject.pairs & case.force.keys()):
        held = case.force[pair]
        if held.telling is not None:
            follow |= index.following(pair.area, base(pair.hazard), held.telling.rank, held.shape)
        levels = ledger.run(case.subject.run).get(pair, {})
        before |= levels[LOWEST].devices if LOWEST in levels else BitMap()
    missed = follow - told - before
    quiet = index.quiet(case.japan_time)
    return missed - index.usable, missed & index.usable & quiet
