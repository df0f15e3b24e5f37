"""What no record makes due, by stream: an end that time brought, a source heard again, people who came, woke, have room."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time

from pyroaring import BitMap

from schemas.lifecycle import Stream, standing
from services.dispatcher.core.decide import over
from services.dispatcher.core.force import Force, Pair, run_of, speaker
from services.dispatcher.core.index import Index
from services.dispatcher.store.fold import Fold
from services.dispatcher.store.projection import Projection

BEGINNINGS = frozenset({"again", "heard", "joined", "woke", "room"})
"""The reasons for which what is in force is looked at too, not only what is over."""


@dataclass(frozen=True, slots=True)
class Due:
    """Why, of which run, and the stream, or the pair whose stream is gone; `only`: whom it may tell."""

    why: str
    run: str
    stream: str = ""
    pair: Pair | None = None
    only: BitMap | None = None


def ended(know: Projection, fold: Fold, held: Collection[str], force: Force, now: datetime) -> Iterator[Due]:
    """What somebody was told and is over, though no alert of its own is on the way to say so, by stream."""
    streams, covers = fold.situation.streams, fold.covers
    done: set[tuple[str, str]] = set()
    for run, pair in over(know.ledger, force, lambda run: know.pending.waiting(run, now, covers)):
        stream = speaker(streams.values(), run, pair, covers)
        if stream is None:
            yield Due("gone", run, pair=pair)
        elif stream.stream not in held and (run, stream.stream) not in done:
            done.add((run, stream.stream))
            yield Due("close" if standing(stream) is None else "expire", run, stream=stream.stream)


def heard(fold: Fold, held: Collection[str], again: Collection[str], revived: Mapping[str, int]) -> Iterator[Due]:
    """What is to be told again, or for the first time, because its source was heard again."""
    for run, stream, lease in _running(fold, held):
        if stream.stream in again or lease in revived:
            yield Due("again" if stream.stream in again else "heard", run, stream=stream.stream)


def for_some(fold: Fold, held: Collection[str], why: str, only: BitMap) -> Iterator[Due]:
    """Everything in force, for some people."""
    if only:
        yield from (Due(why, run, stream=stream.stream, only=only) for run, stream, _ in _running(fold, held))


def woken(index: Index, before: time | None, now: time) -> BitMap:
    """Whose quiet hours have ended; after a start, of which nobody knows how long before: all who have some and are awake."""
    asleep = index.with_quiet if before is None else index.quiet(before)
    return asleep - index.quiet(now)


def _running(fold: Fold, held: Collection[str]) -> Iterator[tuple[str, Stream, str]]:
    for name, stream in fold.situation.streams.items():
        run, alert = run_of(stream), standing(stream)
        if run is not None and alert is not None and name not in held:
            yield run, stream, alert.lease
