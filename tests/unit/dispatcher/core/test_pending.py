"""Orders under way: who is settled, who was not told, and what he had been told before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from pyroaring import BitMap

from schemas.alert import Drill
from schemas.area import AreaCode
from schemas.notification import Change, Outcome, Receipt
from services.dispatcher.core.force import REAL, Pair
from services.dispatcher.core.pending import UNDERWAY_MAX, Pending, Settled, Unended, Untold, Waiting
from tests.factories import ODAWARA, ZUSHI, at
from tests.unit.dispatcher.core.telling import ITEM, a_notice, a_receipt, an_order

NUMBERS = {"anna": 1, "ben": 2, "carl": 3}
HERE = Pair("landslide", ODAWARA)
END = replace(ITEM, change=Change.END)


def some_pending(*orders: object) -> Pending:
    pending = Pending(NUMBERS.get)
    for order in orders:
        pending.add(order)  # type: ignore[arg-type]  # orders
    return pending


def receive(pending: Pending, receipt: Receipt) -> Settled | None:
    """Look at a receipt and take it for said."""
    settled = pending.look(receipt)
    assert pending.look(receipt) == settled, "to look changes nothing"
    pending.settle(receipt)
    return settled


def waiting(pending: Pending, pair: Pair = HERE, run: str = REAL, minute: float = 1) -> list[int]:
    return list(pending.waiting(run, at(minute), {}).of(pair))


# --- who is settled ---


def test_everybody_of_an_order_waits_until_a_receipt_says_otherwise() -> None:
    order = an_order(devices=("anna", "ben", "carl", "gone"))
    pending = some_pending(order)
    assert waiting(pending) == [1, 2, 3]
    receive(pending, a_receipt(order, progress=2, final=False))
    assert waiting(pending) == [3]
    receive(pending, a_receipt(order, progress=3, waiting=("ben", "gone"), final=False))
    assert waiting(pending) == [2]
    receive(pending, a_receipt(order))
    assert waiting(pending) == []
    assert order.id not in pending


def test_an_order_known_already_stays_as_far_as_it_is() -> None:
    order = an_order()
    pending = some_pending(order)
    receive(pending, a_receipt(order, progress=1, final=False))
    pending.add(order)
    assert order.id in pending
    assert waiting(pending) == [2]


def test_an_order_that_is_long_gone_from_the_log_is_let_go() -> None:
    order = an_order()
    pending = some_pending(order)
    pending.forget(at(0))
    assert order.id in pending
    pending.forget(at(1))
    assert order.id not in pending
    assert pending.look(a_receipt(order)) is None
    pending.settle(a_receipt(order))


@pytest.mark.parametrize(
    "nothing",
    [
        {"pair": Pair("wind", ODAWARA)},
        {"pair": Pair("landslide", ZUSHI)},
        {"run": "drill-1"},
        {"minute": UNDERWAY_MAX / timedelta(minutes=1)},
    ],
    ids=["another hazard", "another place", "another run", "too long ago"],
)
def test_nobody_waits_for(nothing: dict[str, object]) -> None:
    assert waiting(some_pending(an_order()), **nothing) == []  # type: ignore[arg-type]  # the test's own


def test_an_end_that_is_under_way_holds_up_no_other_and_a_larger_area_means_what_is_in_it() -> None:
    assert waiting(some_pending(an_order("cause:3:0", END))) == []
    coast = AreaCode("tsunami", "330")
    pending = some_pending(an_order("cause:3:0", replace(ITEM, area=coast)))
    assert list(pending.waiting(REAL, at(1), {coast: (ODAWARA,)}).of(HERE)) == [1, 2]
    assert Waiting().of(HERE) == BitMap()


# --- who was not told ---


def test_who_was_not_told_is_said_once_though_receipts_repeat_it() -> None:
    order = an_order(devices=("anna", "ben", "carl"))
    pending = some_pending(order)
    first = receive(pending, a_receipt(order, progress=1, final=False, anna=Outcome.DEAD))
    again = receive(pending, a_receipt(order, progress=2, final=False, anna=Outcome.DEAD, ben=Outcome.ACCEPTED))
    last = receive(pending, a_receipt(order, anna=Outcome.DEAD, carl=Outcome.EXPIRED))
    assert first is not None
    assert first.untold == (Untold(ITEM, 0, ("anna",)),)
    assert first.outcomes == {Outcome.DEAD}
    assert again is not None
    assert again.untold == ()
    assert last is not None
    assert last.untold == (Untold(ITEM, 0, ("carl",)),)
    assert last.notice == a_notice()


def test_an_order_that_is_not_under_way_says_nothing() -> None:
    assert receive(some_pending(), a_receipt(an_order())) is None


def test_of_a_rise_that_was_not_told_the_rank_before_counts() -> None:
    rise = replace(ITEM, change=Change.RISE, rank=4, was=2)
    order = an_order("cause:3:0", rise, END)
    settled = receive(some_pending(order), a_receipt(order, anna=Outcome.REFUSED))
    assert settled is not None
    assert settled.untold == (Untold(rise, 2, ("anna",)),)
    assert settled.unended == (), "a refused end is not told again: it would be refused again"


def test_an_end_in_a_notice_that_was_overtaken_is_to_be_told_again() -> None:
    order = an_order("cause:3:0", ITEM, END)
    settled = receive(some_pending(order), a_receipt(order, anna=Outcome.SUPERSEDED, ben=Outcome.EXPIRED))
    assert settled is not None
    assert settled.unended == (Unended(END, ("anna", "ben")),)


def test_an_end_alone_that_ran_out_is_not_told_again() -> None:
    order = an_order("cause:3:0", END)
    settled = receive(some_pending(order), a_receipt(order, anna=Outcome.EXPIRED))
    assert settled is not None
    assert (settled.untold, settled.unended) == ((), ())


# --- one notice counts on another ---

LOUDER = replace(ITEM, change=Change.RISE, rank=4, was=3)


def test_a_rise_on_something_that_was_not_told_either_goes_back_to_what_was_before_that() -> None:
    first, second = an_order("a:3:0"), an_order("b:3:0", LOUDER)
    pending = some_pending(first, second)
    receive(pending, a_receipt(first, anna=Outcome.SUPERSEDED))
    settled = receive(pending, a_receipt(second, anna=Outcome.SUPERSEDED, ben=Outcome.SUPERSEDED))
    assert settled is not None
    assert settled.untold == (Untold(LOUDER, 0, ("anna",)), Untold(LOUDER, 3, ("ben",)))


@pytest.mark.parametrize(
    "other",
    [
        an_order("b:3:0", replace(LOUDER, was=2)),
        an_order("b:3:0", replace(LOUDER, hazard="wind")),
        an_order("b:3:0", LOUDER, devices=("carl",)),
        replace(an_order("b:3:0"), notice=replace(a_notice(LOUDER), drill=Drill(run="1"))),
    ],
    ids=["of another rank", "of another hazard", "to others", "of a drill"],
)
def test_a_notice_that_does_not_count_on_it_stays_as_it_is(other: object) -> None:
    first = an_order("a:3:0")
    pending = some_pending(first, other)
    receive(pending, a_receipt(first, anna=Outcome.SUPERSEDED))
    settled = receive(pending, a_receipt(other, anna=Outcome.REFUSED))  # type: ignore[arg-type]  # an order
    assert settled is not None
    assert [one.was for one in settled.untold] == [other.notice.items[0].was]  # type: ignore[attr-defined]  # as above
