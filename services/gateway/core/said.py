"""What each stream says to be in force, by run, hazard and area, kept while streams change one by one.

An order is held against this before each attempt. What lapsed is not over (no word is no end); what ran out by its stated
end is, by the clock of whoever asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from schemas.alert import Drill, Scope, active
from schemas.area import AreaCode
from schemas.lifecycle import Stream, StreamState, standing


class Place(NamedTuple):
    """A run ("" is everything that is no drill), a hazard, and an area as alerts name it."""

    run: str
    hazard: str
    area: AreaCode


class Word(NamedTuple):
    """What one stream says of a place: its rank, until when (None: no end is stated)."""

    stream: str
    rank: int
    expires: datetime | None


Said = Mapping[Place, tuple[Word, ...]]
NOTHING: Said = MappingProxyType({})


def run_of(drill: Drill | None) -> str:
    """The run that something belongs to."""
    return "" if drill is None else drill.run


def says(stream: Stream) -> Iterator[tuple[Place, Word]]:
    """What a stream says to be in force."""
    alert = standing(stream)
    if alert is None or stream.state is not StreamState.ACTIVE or alert.scope is not Scope.PUBLIC:
        return
    for info in alert.info:
        for area in info.area if active(info) else ():
            if area.code is not None:
                place = Place(run_of(stream.drill), info.hazard, area.code)
                yield place, Word(stream.stream, info.rank or 1, info.expires)


def put(said: dict[Place, tuple[Word, ...]], before: Stream | None, after: Stream | None) -> None:
    """A stream that said this says that from now on."""
    old = [] if before is None else list(says(before))
    for place in {place for place, _ in old}:
        left = tuple(word for word in said[place] if word.stream != old[0][1].stream)
        if left:
            said[place] = left
        else:
            del said[place]
    for place, word in () if after is None else says(after):
        said[place] = (*said.get(place, ()), word)


def rank(said: Said, place: Place, now: datetime) -> int | None:
    """The highest rank in force at a place; None where nothing is."""
    words = (word for word in said.get(place, ()) if word.expires is None or word.expires > now)
    return max((word.rank for word in words), default=None)
