"""What is in force for whom: by run (real, or a drill's), hazard and municipality the loudest that any stream says.

Pure: built from the newest fold, the leases and a moment, with the moment at which time alone will change it. A stated
end that has come is over. A lease that has ended is no end: what lapsed stays in force here, so that nobody is told an
all-clear that no source gave; it only tells nobody anything new.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from heapq import heappop, heappush
from typing import NamedTuple

from schemas.alert import Alert, Area, Drill, Info, MsgType, Origin, Scope, Status, Surface, active
from schemas.area import AreaCode
from schemas.hazard import base, informs
from schemas.lifecycle import Stream, StreamState, Validity, standing, validity
from schemas.notification import Item, Notice
from services.dispatcher.core.places import Covers, municipalities
from services.dispatcher.core.shapes import Shape, shape_of

REAL = "real"
"""The run of everything that is no drill."""
QUAKE = "quake"
NEWS_MAX = timedelta(minutes=10)
"""How long a quake is news, and how long an alert speaks for its source by itself, before any poll said that it was
heard: JMA's free route is up to five minutes behind."""
LOUD_RANK = 4
"""From here on quiet hours do not count and the emergency lane is taken, as for quakes, tsunami and the office's orders."""
ORDER_RANK = 3
"""The office's order of this rank, 高齢者等避難, is addressed to the elderly: it wakes people."""


class Pair(NamedTuple):
    """What people are told of: a hazard (with its item, another river is another hazard) in a municipality."""

    hazard: str
    area: AreaCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block of a standing alert as it concerns one municipality; `area` is as the alert names it.

    `mute`: it tells nobody anything now, for its source fell silent or it is a quake that is no news any more.
    """

    stream: str
    alert: Alert
    info: Info
    area: Area
    named: bool
    """The alert names the municipality itself."""
    mute: bool

    @property
    def rank(self) -> int:
        """How loudly it is told; one without a rank is in force, but below everything that can be followed."""
        return self.info.rank or 1

    @property
    def expires(self) -> datetime | None:
        """When it is no longer worth telling."""
        if base(self.info.hazard) != QUAKE:
            return self.info.expires
        stale = self.alert.sent + NEWS_MAX
        return stale if self.info.expires is None else min(stale, self.info.expires)

    @property
    def lease(self) -> str:
        """Whose being heard keeps it, "" when its end is stated."""
        return "" if self.info.expires is not None else self.alert.lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is in force of a pair: the loudest block, and one as loud that may tell somebody something.

    `shape`: where alone it is in force, if every block of the pair draws a shape and all are as loud. Where one is louder
    than another, the municipality is told as a whole: nobody is missed who is only in the other one.
    """

    top: Block
    telling: Block | None
    shape: Shape | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Force:
    """Everything in force at a moment, by run and pair; `until` is when time alone changes it (None: never)."""

    runs: Mapping[str, Mapping[Pair, Held]]
    until: datetime | None

    def of(self, run: str) -> Mapping[Pair, Held]:
        """What is in force of one run."""
        return self.runs.get(run, {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What time says: the moment itself, and until when each source's word holds (as its last report said)."""

    now: datetime
    leases: Mapping[str, datetime]


def run_of(stream: Stream) -> str | None:
    """The run that a stream is told under; None for what tells nobody: tests, and drills that do not name pushes."""
    top = stream.kept[-1]
    if top.drill is None:
        return REAL if top.status is Status.ACTUAL else None
    return run_named(top.drill) if Surface.PUSH in top.drill.surfaces else None


def run_named(drill: Drill | None) -> str:
    """The run of what is told: `real`, or `drill-<run>`."""
    return REAL if drill is None else f"drill-{drill.run}"


def in_force(streams: Iterable[Stream], moment: Moment, covers: Covers) -> Force:
    """What all streams together say now."""
    standing = Standing(covers)
    for number, stream in enumerate(streams):
        standing.put(str(number), stream)
    return standing.force(moment)


class Standing:
    """What is in force, kept while streams change one by one: only what changed, be it by time, is looked at again."""

    def __init__(self, covers: Covers) -> None:
        """Nothing."""
        self._covers = covers
        self._streams: dict[str, Stream] = {}
        self._changed: set[str] = set()
        self._said: dict[str, _Said] = {}
        self._blocks: dict[tuple[str, Pair], dict[str, list[Block]]] = {}
        """Of a run's pair, what each stream says."""
        self._spoke: dict[tuple[str, Pair], set[str]] = {}
        self._times: list[tuple[datetime, str]] = []
        """A heap: when time alone may change what a stream says."""
        self._runs: dict[str, Mapping[Pair, Held]] = {}

    def put(self, name: str, stream: Stream | None) -> None:
        """How a stream stands from now on; None: it is gone."""
        if stream is None:
            self._streams.pop(name, None)
        else:
            self._streams[name] = stream
        self._changed.add(name)

    def lean(self, source: str) -> None:
        """A source's lease is another: what stands by it is looked at anew."""
        self._changed |= {name for name, said in self._said.items() if source in said.leases}

    def force(self, moment: Moment) -> Force:
        """What is in force now; earlier answers stay as they were."""
        while self._times and self._times[0][0] <= moment.now:
            self._changed.add(heappop(self._times)[1])
        touched: set[tuple[str, Pair]] = set()
        for name in self._changed:
            touched |= self._take_out(name)
            touched |= self._take_in(name, moment)
        self._changed = set()
        self._hold(touched)
        return Force(runs=dict(self._runs), until=self._times[0][0] if self._times else None)

    def spoke(self, run: str, pair: Pair) -> list[Stream]:
        """The streams of a run that have spoken of a pair, as of the last `force`. Asked on any thread."""
        found = (self._streams.get(name) for name in tuple(self._spoke.get((run, pair), ())))
        return [stream for stream in found if stream is not None]

    def _take_out(self, name: str) -> set[tuple[str, Pair]]:
        said = self._said.pop(name, _NOTHING)
        for place in said.in_force:
            del self._blocks[place][name]
            if not self._blocks[place]:
                del self._blocks[place]
        for place in said.named:
            self._spoke[place].discard(name)
            if not self._spoke[place]:
                del self._spoke[place]
        return set(said.in_force)

    def _take_in(self, name: str, moment: Moment) -> set[tuple[str, Pair]]:
        stream = self._streams.get(name)
        run = None if stream is None else run_of(stream)
        if stream is None or run is None:
            return set()
        blocks, times = _says(stream, moment, self._covers)
        said = self._said[name] = _Said(
            in_force=tuple((run, pair) for pair in blocks),
            named=tuple((run, pair) for pair in named(stream, self._covers)),
            leases=frozenset(alert.lease for alert in stream.kept),
        )
        for pair, some in blocks.items():
            self._blocks.setdefault((run, pair), {})[name] = some
        for place in said.named:
            self._spoke.setdefault(place, set()).add(name)
        if coming := [at for at in times if at > moment.now]:
            heappush(self._times, (min(coming), name))
        return set(said.in_force)

    def _hold(self, touched: set[tuple[str, Pair]]) -> None:
        """Make the changed pairs anew, in mappings of their own: those given out stay as they are."""
        for run in {run for run, _ in touched}:
            pairs = dict(self._runs.get(run, {}))
            for pair in (pair for of, pair in touched if of == run):
                blocks = self._blocks.get((run, pair))
                if blocks is None:
                    pairs.pop(pair, None)
                else:
                    pairs[pair] = _held([one for name in sorted(blocks) for one in blocks[name]])
            self._runs[run] = pairs
            if not pairs:
                del self._runs[run]


class _Said(NamedTuple):
    """What a stream says: of which of its run's pairs something in force, of which anything; by whose leases."""

    in_force: tuple[tuple[str, Pair], ...]
    named: tuple[tuple[str, Pair], ...]
    leases: frozenset[str]


_NOTHING = _Said((), (), frozenset())


def _says(stream: Stream, moment: Moment, covers: Covers) -> tuple[dict[Pair, list[Block]], list[datetime]]:
    """What a stream says to be in force, and when time alone changes that."""
    alert = standing(stream)
    if alert is None or stream.state is not StreamState.ACTIVE or alert.scope is not Scope.PUBLIC:
        return {}, []
    found: dict[Pair, list[Block]] = {}
    for info in alert.info:
        for pair, block in _blocks(stream, alert, info, moment, covers):
            found.setdefault(pair, []).append(block)
    return found, [at for info in alert.info for at in _changes(info, alert, moment)]


def named(stream: Stream, covers: Covers) -> frozenset[Pair]:
    """Every pair that an alert kept of the stream says to be in force."""
    return frozenset(pair for alert in stream.kept for pair in _pairs(alert, covers))


def is_mistake(stream: Stream, pair: Pair, covers: Covers) -> bool:
    """Whether what the stream last said of the pair was taken back, by a withdrawal or by a correction of that report."""
    said = [alert for alert in stream.kept if alert.msg_type is not MsgType.CANCEL and pair in _pairs(alert, covers)]
    counts = standing(stream)
    if not said or stream.state is StreamState.CANCELLED:
        return bool(said)
    if counts is None or said[-1].revision == counts.revision:
        return False
    return said[-1].revision > counts.revision or (said[-1].report != "" and said[-1].report == counts.report)


def speaker(streams: Iterable[Stream], run: str, pair: Pair, covers: Covers) -> Stream | None:
    """The stream of a run that spoke of the pair last; None when none does any more."""
    speaking = (stream for stream in streams if run_of(stream) == run and pair in named(stream, covers))
    return max(speaking, key=lambda stream: (stream.kept[-1].sent, stream.stream), default=None)


def notice_of(stream: Stream) -> Notice:
    """What a decision about the stream speaks of: its newest alert. Without items."""
    top = stream.kept[-1]
    return Notice(
        alert=top.identifier,
        stream=stream.stream,
        revision=stream.revision,
        status=top.status,
        drill=top.drill,
        sent=top.sent,
        sender_name=top.sender_name,
        items=(),
    )


def is_order(hazard: str, origin: Origin) -> bool:
    """Whether it is the office's own word on what to do; its notices are no orders."""
    return origin is Origin.OFFICE and base(hazard) != "notice"


def is_sudden(hazard: str) -> bool:
    """Whether minutes count, whatever the rank: a quake, not what explains one afterwards; all that is said of a tsunami."""
    return base(hazard) == "tsunami" or (base(hazard) == QUAKE and not informs(hazard))


def is_loud(hazard: str, origin: Origin, rank: int) -> bool:
    """Whether it goes by the emergency lane, with a sound."""
    return rank >= LOUD_RANK or is_sudden(hazard) or is_order(hazard, origin)


class Waking(Enum):
    """Whom something wakes in quiet hours."""

    EVERYBODY = auto()
    UNLESS_REFUSED = auto()
    """Orders of level 3: everybody but those who said that these are to wait as well."""
    NOBODY = auto()


def waking(hazard: str, origin: Origin, rank: int) -> Waking:
    """Whom it wakes: rank 4 and above, quakes and tsunami everybody; the city's orders from level 3 unless refused."""
    if rank >= LOUD_RANK or is_sudden(hazard):
        return Waking.EVERYBODY
    return Waking.UNLESS_REFUSED if is_order(hazard, origin) and rank >= ORDER_RANK else Waking.NOBODY


def can_be_loud(stream: Stream) -> bool:
    """Whether anything that is kept of the stream is loud: then its lowering and its end are as urgent."""
    return any(
        is_loud(info.hazard, alert.origin, info.rank or 1)
        for alert in stream.kept
        for info in alert.info
        if active(info)
    )


def loudest(stream: Stream) -> int:
    """The highest rank of anything that is kept of the stream: its end is as urgent as what it ends."""
    return max((info.rank or 1 for alert in stream.kept for info in alert.info if active(info)), default=0)


def is_loud_item(item: Item) -> bool:
    """The same of something told, its end and its withdrawal too."""
    return is_loud(item.hazard, item.origin, item.rank)


def _pairs(alert: Alert, covers: Covers) -> Iterator[Pair]:
    for info in alert.info:
        for area in info.area if active(info) else ():
            yield from (Pair(info.hazard, one) for one in _municipalities(area, covers))


def _municipalities(area: Area, covers: Covers) -> tuple[AreaCode, ...]:
    return () if area.code is None else municipalities(covers, area.code)


def _blocks(stream: Stream, alert: Alert, info: Info, moment: Moment, covers: Covers) -> Iterator[tuple[Pair, Block]]:
    state = validity(info, alert.lease, moment.now, moment.leases)
    if not active(info) or state is Validity.EXPIRED:
        return
    old = moment.now - alert.sent >= NEWS_MAX
    mute = old and (state is Validity.LAPSED or base(info.hazard) == QUAKE)
    for area in info.area:
        for one in _municipalities(area, covers):
            yield (
                Pair(info.hazard, one),
                Block(stream=stream.stream, alert=alert, info=info, area=area, named=area.code == one, mute=mute),
            )


def _held(blocks: list[Block]) -> Held:
    # of two that are as loud, the one that names the municipality itself, then the newer; never the order of reading
    loudest = sorted(blocks, key=lambda one: (one.rank, one.named, one.alert.sent, one.stream), reverse=True)
    top = loudest[0]
    return Held(
        top=top,
        telling=next((one for one in loudest if not one.mute and one.rank == top.rank), None),
        shape=_shape(blocks),
    )


def _shape(blocks: list[Block]) -> Shape | None:
    drawn = [shape for one in blocks if (shape := shape_of(one.area)) is not None]
    if len(drawn) < len(blocks) or len({one.rank for one in blocks}) > 1:
        return None
    return Shape(
        polygons=tuple(dict.fromkeys(text for one in drawn for text in one.polygons)),
        circles=tuple(dict.fromkeys(text for one in drawn for text in one.circles)),
    )


def _changes(info: Info, alert: Alert, moment: Moment) -> Iterator[datetime]:
    """When time alone changes what a block means: its end, its lease's end, and when it is no news any more."""
    yield alert.sent + NEWS_MAX
    if info.expires is not None:
        yield info.expires
    elif alert.lease in moment.leases:
        yield moment.leases[alert.lease]
