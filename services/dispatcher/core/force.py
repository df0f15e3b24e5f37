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
from typing import NamedTuple

from schemas.alert import Alert, Area, Drill, Info, MsgType, Origin, Scope, Status, Surface, active
from schemas.area import AreaCode
from schemas.hazard import base
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
    runs: dict[str, dict[Pair, list[Block]]] = {}
    changes: list[datetime] = []
    for stream in streams:
        run = run_of(stream)
        alert = standing(stream)
        if run is None or alert is None or stream.state is not StreamState.ACTIVE or alert.scope is not Scope.PUBLIC:
            continue
        for info in alert.info:
            changes += _changes(info, alert, moment)
            for pair, block in _blocks(stream, alert, info, moment, covers):
                runs.setdefault(run, {}).setdefault(pair, []).append(block)
    return Force(
        runs={run: {pair: _held(blocks) for pair, blocks in pairs.items()} for run, pairs in runs.items()},
        until=min((at for at in changes if at > moment.now), default=None),
    )


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


def is_loud(hazard: str, origin: Origin, rank: int) -> bool:
    """Whether it goes by the emergency lane, with a sound."""
    return rank >= LOUD_RANK or base(hazard) in {QUAKE, "tsunami"} or is_order(hazard, origin)


class Waking(Enum):
    """Whom something wakes in quiet hours."""

    EVERYBODY = auto()
    UNLESS_REFUSED = auto()
    """Orders of level 3: everybody but those who said that these are to wait as well."""
    NOBODY = auto()


def waking(hazard: str, origin: Origin, rank: int) -> Waking:
    """Whom it wakes: rank 4 and above, quakes and tsunami everybody; the city's orders from level 3 unless refused."""
    if rank >= LOUD_RANK or base(hazard) in {QUAKE, "tsunami"}:
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
