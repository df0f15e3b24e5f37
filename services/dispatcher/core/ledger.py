"""Who has been told of what: `told[run][hazard, municipality][rank]`, one bitmap of device numbers each.

What is told at a rank is told at every rank below it, so the bitmap of rank 1 holds everybody who was told anything.
A projection of the shard's partition of `ledger`, changed by the entries of decisions alone. `Draft` is a decision in
the making: it reads the ledger, collects what is to change and leaves the ledger as it is.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pyroaring import BitMap

from schemas.notification import LedgerEntry, Notice
from services.dispatcher.core.force import Pair

LOWEST = 1
NOBODY = BitMap()


@dataclass(frozen=True, slots=True)
class Level:
    """Who was told at a rank or above, and the notice (with its one item) that an end at this rank would speak of.

    `lowered_at`: since when less is in force. Such a level tells no end; it only keeps a flapping rank from telling twice.
    """

    devices: BitMap
    notice: Notice
    lowered_at: datetime | None = None


Levels = Mapping[int, Level]
"""By rank. No rank without devices."""
Run = Mapping[Pair, Levels]


def packed(devices: BitMap) -> str:
    """A bitmap as it stands in the log: base64 of the portable Roaring format, the same text for the same devices."""
    copy = BitMap(devices)
    copy.run_optimize()
    return base64.b64encode(copy.serialize()).decode()


def unpacked(text: str) -> BitMap:
    """The bitmap of such a text."""
    return BitMap.deserialize(base64.b64decode(text))


def key_of(entry: LedgerEntry) -> str:
    """The key under which an entry stands in topic `ledger`."""
    return f"{entry.run}:{entry.shard}:{entry.hazard}:{entry.area.scheme}:{entry.area.code}:{entry.rank}"


class Ledger:
    """One shard's ledger of all runs."""

    def __init__(self) -> None:
        """Nobody was told anything."""
        self._runs: dict[str, dict[Pair, dict[int, Level]]] = {}

    def put(self, entry: LedgerEntry) -> None:
        """An entry as it stands now; one without devices is forgotten."""
        pair = Pair(entry.hazard, entry.area)
        pairs = self._runs.setdefault(entry.run, {})
        levels = pairs.setdefault(pair, {})
        devices = unpacked(entry.devices)
        levels.pop(entry.rank, None)
        if devices and entry.notice is not None:
            levels[entry.rank] = Level(devices, entry.notice, entry.lowered_at)
        if not levels:
            del pairs[pair]
        if not pairs:
            del self._runs[entry.run]

    def run(self, run: str) -> Run:
        """What was told in one run."""
        return self._runs.get(run, {})

    def runs(self) -> Mapping[str, Run]:
        """All runs in which somebody was told something that is not over yet."""
        return self._runs

    def holds(self, entries: Iterable[LedgerEntry]) -> bool:
        """Whether all these entries stand as they say: their decision has taken effect."""
        return all(self._devices(entry) == unpacked(entry.devices) for entry in entries)

    def _devices(self, entry: LedgerEntry) -> BitMap:
        level = self.run(entry.run).get(Pair(entry.hazard, entry.area), {}).get(entry.rank)
        return NOBODY if level is None else level.devices


class Draft:
    """A run of the ledger as a decision changes it."""

    def __init__(self, run: Run) -> None:
        """Nothing changed yet."""
        self._run = run
        self._changed: dict[Pair, dict[int, Level]] = {}

    def told(self, pair: Pair, rank: int = LOWEST) -> BitMap:
        """Who was told of the pair at a rank or above."""
        level = self.levels(pair).get(rank)
        return NOBODY if level is None else level.devices

    def levels(self, pair: Pair) -> Levels:
        """All ranks of a pair."""
        changed = self._changed.get(pair)
        return self._run.get(pair, {}) if changed is None else changed

    def pairs(self) -> set[Pair]:
        """All pairs of which somebody was told."""
        kept = {pair for pair in self._run if pair not in self._changed}
        return kept | {pair for pair, levels in self._changed.items() if levels}

    def tell(self, pair: Pair, rank: int, devices: BitMap, notice: Notice) -> None:
        """They are told at this rank, and so at every lower one."""
        levels = dict(self.levels(pair))
        for one in range(LOWEST, rank + 1):
            before = levels.get(one)
            # the words of a rank at which others were told stay theirs
            # one that less has been in force of since counts no more: who was told of it then is told of it anew
            if before is None or before.lowered_at is not None:
                levels[one] = Level(devices, notice)
            else:
                levels[one] = Level(before.devices | devices, before.notice)
        levels[rank] = Level(levels[rank].devices, notice)
        self._changed[pair] = levels

    def lower(self, pair: Pair, rank: int, notice: Notice, now: datetime, guard: timedelta = timedelta()) -> None:
        """What is in force is this rank. What was told above is forgotten, so that a new rise is told again.

        It is forgotten once less was in force for as long as `guard`: until then a rise to it is none.
        """
        levels = self.levels(pair)
        kept: dict[int, Level] = {}
        for one, level in levels.items():
            since = level.lowered_at or now
            if level.lowered_at is not None and since + guard <= now:
                continue
            if one <= rank:
                kept[one] = replace(level, lowered_at=None)
            elif guard:
                kept[one] = replace(level, lowered_at=since)
        if rank in kept and any(one > rank and level.lowered_at is None for one, level in levels.items()):
            kept[rank] = replace(kept[rank], notice=notice)
        if kept != levels:
            self._changed[pair] = kept

    def take_out(self, pair: Pair, above: int, rank: int, devices: BitMap) -> None:
        """They were not told after all: not at this rank, nor below it down to `above`, which they had been told before."""
        out = devices - self.told(pair, rank + 1)
        levels = {
            one: replace(level, devices=level.devices - out) if above < one <= rank else level
            for one, level in self.levels(pair).items()
        }
        self._changed[pair] = {one: level for one, level in levels.items() if level.devices}

    def keep_only(self, pair: Pair, devices: BitMap) -> None:
        """It is over: everybody is forgotten but these."""
        levels = {one: replace(level, devices=level.devices & devices) for one, level in self.levels(pair).items()}
        self._changed[pair] = {one: level for one, level in levels.items() if level.devices}

    def entries(self, run: str, shard: int) -> Iterator[LedgerEntry]:
        """What changed, as entries that say how it stands now, by pair and rank."""
        for pair in sorted(self._changed):
            before, after = self._run.get(pair, {}), self._changed[pair]
            for rank in sorted({*before, *after}):
                if before.get(rank) != after.get(rank):
                    yield _entry(run, shard, pair, rank, after.get(rank) or Level(NOBODY, before[rank].notice))


def _entry(run: str, shard: int, pair: Pair, rank: int, level: Level) -> LedgerEntry:
    item = level.notice.items[0]
    return LedgerEntry(
        run=run,
        shard=shard,
        hazard=pair.hazard,
        area=pair.area,
        rank=rank,
        level=item.level,
        event=item.event,
        area_desc=item.area_desc,
        origin=item.origin,
        notice=level.notice,
        lowered_at=level.lowered_at,
        devices=packed(level.devices),
    )
