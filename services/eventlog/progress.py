"""What one consumer has handed out and finished: the finished prefix of each partition, and what to fetch next.

A group's commit may move only over records that are finished without a hole before them. Records finish in any order
and their commits may fail, so finishing has two steps: `stage` says what the positions will be if the transaction under
way is kept, `settle` says whether it was. Handing out happens on the event loop and staging on the engine's writer
thread, hence the lock; it is held for microseconds.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from threading import Lock
from typing import NamedTuple

from services.eventlog.port import BEFORE_FIRST, Record

Place = tuple[str, int]
"""(topic, partition)."""

UNFINISHED_MAX = 10_000
"""Records of one partition handed out and not committed. At the limit the partition is not fetched any further until
its oldest record is finished; after a crash no more than these come again."""


class Wanted(NamedTuple):
    """One partition to fetch from: records above `after`, at most `room` of them."""

    place: Place
    after: int
    room: int


class Progress:
    """The way of one consumer through its partitions, from the positions its group had committed."""

    def __init__(self, committed: Mapping[Place, int], urgent_topics: Iterable[str] = ()) -> None:
        """`committed` names all partitions of the consumer; those of urgent topics come first at every fetch."""
        self._committed = dict(committed)
        self._cursor = dict(committed)
        self._unfinished: dict[Place, deque[int]] = {place: deque() for place in committed}
        self._handed_out: dict[Place, set[int]] = {place: set() for place in committed}
        self._finished: dict[Place, set[int]] = defaultdict(set)
        self._staged: dict[Place, set[int]] = defaultdict(set)
        self._lock = Lock()
        urgent = frozenset(urgent_topics)
        self._lanes = (
            [place for place in committed if place[0] in urgent],
            [place for place in committed if place[0] not in urgent],
        )
        self._turn = 0

    @property
    def committed(self) -> dict[Place, int]:
        """The positions as they are committed now."""
        with self._lock:
            return dict(self._committed)

    @property
    def is_full(self) -> bool:
        """Whether so much of some partition is unfinished that it is not fetched any further."""
        with self._lock:
            return any(len(unfinished) >= UNFINISHED_MAX for unfinished in self._unfinished.values())

    def wanted(self, heads: Mapping[Place, int], looked: Mapping[Place, int]) -> list[list[Wanted]]:
        """Where to look for records: urgent partitions, then the others; who comes first in each changes every time.

        `looked` holds the heads up to which a look found nothing: offsets have gaps, so a head alone promises no record.
        """
        self._turn += 1
        with self._lock:
            return [list(self._with_news(_rotated(lane, self._turn), heads, looked)) for lane in self._lanes]

    def _with_news(
        self, lane: list[Place], heads: Mapping[Place, int], looked: Mapping[Place, int]
    ) -> Iterator[Wanted]:
        for place in lane:
            after = self._cursor[place]
            room = UNFINISHED_MAX - len(self._unfinished[place])
            if room > 0 and heads.get(place, BEFORE_FIRST) > max(after, looked.get(place, BEFORE_FIRST)):
                yield Wanted(place, after, room)

    def hand_out(self, records: Sequence[Record]) -> None:
        """Remember that these records, in offset order within each partition, were given to the consumer."""
        with self._lock:
            for record in records:
                place = (record.topic, record.partition)
                self._unfinished[place].append(record.offset)
                self._handed_out[place].add(record.offset)
                self._cursor[place] = record.offset

    def check(self, finished: Sequence[Record]) -> None:
        """Raise ValueError for a record that this consumer never handed out; finishing one twice is no error."""
        with self._lock:
            for record in finished:
                place = (record.topic, record.partition)
                known = place in self._committed and (
                    record.offset <= self._committed[place] or record.offset in self._handed_out[place]
                )
                if not known:
                    raise ValueError(
                        f"record {record.offset} of {record.topic}/{record.partition} was not fetched by this consumer"
                    )

    def stage(self, finished: Sequence[Record]) -> dict[Place, int]:
        """All positions as they will be once these records, and those staged before them, are kept as finished."""
        with self._lock:
            for record in finished:
                place = (record.topic, record.partition)
                if record.offset > self._committed[place]:
                    self._staged[place].add(record.offset)
            return {place: self._prefix_end(place) for place in self._committed}

    def _prefix_end(self, place: Place) -> int:
        finished, staged = self._finished[place], self._staged[place]
        end = self._committed[place]
        for offset in self._unfinished[place]:
            if offset not in finished and offset not in staged:
                break
            end = offset
        return end

    def settle(self, *, kept: bool) -> None:
        """The transaction of everything staged was kept, or all of it was undone."""
        with self._lock:
            if kept:
                for place, staged in self._staged.items():
                    self._finished[place] |= staged
                    self._advance(place)
            self._staged.clear()

    def _advance(self, place: Place) -> None:
        unfinished, finished = self._unfinished[place], self._finished[place]
        while unfinished and unfinished[0] in finished:
            offset = unfinished.popleft()
            finished.discard(offset)
            self._handed_out[place].discard(offset)
            self._committed[place] = offset


def _rotated(places: list[Place], turn: int) -> list[Place]:
    if not places:
        return places
    start = turn % len(places)
    return places[start:] + places[:start]


def share(limit: int, places_left: int) -> int:
    """How many of `limit` records the next of `places_left` partitions may take: what one leaves, the later ones get."""
    return -(-limit // places_left)
