"""What a receipt means for the ledger, and when a stream is decided anew."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pyroaring import BitMap

from schemas.area import AreaCode
from schemas.lifecycle import fold
from schemas.notification import Change, Notice, Outcome
from services.dispatcher.core.corrections import Again, again, gives, takes
from services.dispatcher.core.decide import Give, Take
from services.dispatcher.core.force import REAL, Held, Moment, Pair, in_force
from services.dispatcher.core.index import Index
from services.dispatcher.core.pending import Settled, Unended, Untold
from tests.factories import ODAWARA, ZUSHI, an_alert, an_info, at
from tests.unit.dispatcher.core.telling import ITEM, a_notice

COAST = AreaCode("tsunami", "330")
COVERS = {COAST: (ODAWARA, ZUSHI)}
OF_COAST = replace(ITEM, area=COAST)
END = replace(ITEM, change=Change.END)


def an_index() -> Index:
    index = Index()
    index.assign("anna", 5)
    return index


def settled(*outcomes: Outcome, notice: Notice | None = None) -> Settled:
    return Settled(
        notice=notice or a_notice(),
        untold=(Untold(OF_COAST, 2, ("anna", "gone")),),
        unended=(Unended(END, ("anna",)),),
        outcomes=frozenset(outcomes),
    )


def force(level: int = 3) -> dict[Pair, Held]:
    stream = fold(None, "s", an_alert(0, an_info(level=level)))
    return dict(in_force([stream], Moment(now=at(1), leases={}), COVERS).of(REAL))


def test_who_was_not_told_leaves_the_ledger_in_every_municipality_that_the_area_means() -> None:
    assert takes(settled(), COVERS, an_index()) == (
        Take(Pair("landslide", ODAWARA), 2, 3, BitMap([5])),
        Take(Pair("landslide", ZUSHI), 2, 3, BitMap([5])),
    )
    assert gives(settled(), COVERS, an_index()) == (Give(Pair("landslide", ODAWARA), END, BitMap([5])),)


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.NO_ADDRESS, Outcome.EXPIRED])
def test_what_would_meet_the_same_fate_is_not_decided_anew(outcome: Outcome) -> None:
    assert again(settled(outcome), force(), COVERS) is Again.NO


def test_who_may_have_a_new_address_is_told_at_once() -> None:
    assert again(settled(Outcome.DEAD), force(), COVERS) is Again.NOW


@pytest.mark.parametrize(
    ("held", "notice", "found"),
    [
        (force(4), a_notice(), Again.NOW),
        ({}, a_notice(), Again.NOW),
        (force(3), a_notice(END), Again.NOW),
        (force(3), replace(a_notice(), revision="older"), Again.NOW),
        (force(3), a_notice(), Again.SOON),
    ],
    ids=["another rank", "over", "an end", "another revision", "it still stands here"],
)
def test_who_was_overtaken_is_told_what_holds_now_unless_nothing_changed(
    held: dict[Pair, Held], notice: Notice, found: Again
) -> None:
    assert again(settled(Outcome.SUPERSEDED, notice=notice), held, COVERS) is found
