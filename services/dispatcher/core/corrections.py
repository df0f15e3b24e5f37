"""What a receipt means for the ledger: who was not told leaves it, and whether the stream is to be decided anew.

Whose order was overtaken is told what holds now, at once. Whose address died may have given another since. Who met a
refusal, or has no address, or whose order ran out, is told at the stream's next change: to decide again now would give
the same order the same fate, for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum, auto

from schemas.notification import Item, Outcome
from services.dispatcher.core.decide import Give, Take
from services.dispatcher.core.force import Held, Pair
from services.dispatcher.core.index import Index
from services.dispatcher.core.pending import TELLING, Settled
from services.dispatcher.core.places import Covers, municipalities


class Again(Enum):
    """Whether somebody may be told of what is in force, beside the correction."""

    NOW = auto()
    SOON = auto()
    """The worker found overtaken what still stands here: it knows less or more than we do. Not at once, or this would
    turn in a circle as fast as it can."""
    NO = auto()


def takes(settled: Settled, covers: Covers, index: Index) -> tuple[Take, ...]:
    """Who leaves the ledger where."""
    return tuple(
        Take(pair, one.was, one.item.rank, index.numbers(one.devices))
        for one in settled.untold
        for pair in _pairs(one.item, covers)
    )


def gives(settled: Settled, covers: Covers, index: Index) -> tuple[Give, ...]:
    """Whose end is to be told again."""
    return tuple(
        Give(pair, one.item, index.numbers(one.devices)) for one in settled.unended for pair in _pairs(one.item, covers)
    )


def again(settled: Settled, force: Mapping[Pair, Held], covers: Covers) -> Again:
    """Whether the stream is to be decided anew."""
    if not settled.outcomes & {Outcome.SUPERSEDED, Outcome.DEAD}:
        return Again.NO
    if Outcome.SUPERSEDED not in settled.outcomes:
        return Again.NOW
    told = [item for item in settled.notice.items if item.change in TELLING]
    stands = told and all(_stands(item, settled.notice.revision, force, covers) for item in told)
    return Again.SOON if stands else Again.NOW


def _pairs(item: Item, covers: Covers) -> Iterator[Pair]:
    return (Pair(item.hazard, one) for one in municipalities(covers, item.area))


def _stands(item: Item, revision: str, force: Mapping[Pair, Held], covers: Covers) -> bool:
    held = [force[pair] for pair in _pairs(item, covers) if pair in force]
    return any(one.top.rank == item.rank and one.top.alert.revision == revision for one in held)
