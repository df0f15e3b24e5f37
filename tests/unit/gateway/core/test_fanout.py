from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

from services.gateway.core.fanout import BUFFER_BYTES_MIN, SLICE_MAX, Refusal, Roster, Signs, is_slow
from services.gateway.core.mirror import Mirror
from services.gateway.core.session import Kind, Moment, Session
from tests.factories import at

NOW = Moment(mirror=Mirror(), leases={}, at=at(0), as_of=at(0), heartbeat_s=15, dead_s=40)


@dataclass(eq=False)
class Seat:
    session: Session = field(default_factory=lambda: Session(0, canary_id="canary"))


def seated(kind: str, *, acked: int | None = None) -> Seat:
    seat = Seat()
    seat.session.receive_text(json.dumps({"type": "hello", "v": 1, "client": "canary", "kind": kind}), 0, NOW)
    if acked is not None:
        seat.session.receive_text(json.dumps({"type": "ack", "offset": acked}), 0, NOW)
    return seat


def roster(*seats: Seat, connections_max: int = 10_000, per_address_max: int = 10_000) -> Roster[Seat]:
    made: Roster[Seat] = Roster(connections_max=connections_max, per_address_max=per_address_max)
    for number, seat in enumerate(seats):
        made.enter(seat, f"10.0.0.{number}")
    return made


@pytest.mark.parametrize(
    ("waiting", "snapshot", "slow"),
    [
        (0, 0, False),
        (BUFFER_BYTES_MIN, 0, False),
        (BUFFER_BYTES_MIN + 1, 0, True),
        (BUFFER_BYTES_MIN + 1, 1_000_000, False),
        (1_000_001, 1_000_000, True),
    ],
)
def test_slow_is_who_has_more_waiting_than_starting_anew_would_cost(waiting: int, snapshot: int, slow: bool) -> None:
    assert is_slow(waiting, snapshot) is slow


def test_when_all_seats_are_taken_nobody_else_is_let_in_until_one_leaves() -> None:
    seat = Seat()
    here = roster(seat, connections_max=1)
    assert here.refusal("10.0.0.9") is Refusal.FULL
    here.leave(seat)
    assert here.refusal("10.0.0.9") is None


def test_one_address_cannot_take_all_seats() -> None:
    one, two = Seat(), Seat()
    here = roster(one, per_address_max=2)
    assert here.refusal("10.0.0.0") is None
    here.enter(two, "10.0.0.0")
    assert here.refusal("10.0.0.0") is Refusal.ADDRESS
    assert here.refusal("10.0.0.1") is None
    here.leave(two)
    assert here.refusal("10.0.0.0") is None


def test_who_is_not_here_cannot_leave() -> None:
    here = roster(Seat())
    here.leave(Seat())
    assert len(here) == 1


def test_our_own_watch_comes_first_then_signs_then_pages_and_nobody_who_has_not_said_hello() -> None:
    page, sign, canary, mute = seated("page"), seated("sign"), seated("canary"), Seat()
    here = roster(page, mute, sign, canary)
    assert list(here.slices()) == [[canary, sign, page]]
    assert here.everybody() == [page, mute, sign, canary]
    assert here.counts() == {Kind.SIGN: 1, Kind.PAGE: 1, Kind.CANARY: 1}


def test_who_was_said_goodbye_to_is_served_no_more() -> None:
    sign = seated("sign")
    sign.session.cut()
    assert list(roster(sign).slices()) == []


def test_a_crowd_is_served_in_slices() -> None:
    slices = list(roster(*(seated("page") for _ in range(SLICE_MAX + 1))).slices())
    assert [len(one) for one in slices] == [SLICE_MAX, 1]


def test_signs_are_counted_with_those_that_have_painted_the_newest_change() -> None:
    here = roster(seated("sign", acked=7), seated("sign", acked=6), seated("sign"), seated("page", acked=7))
    assert here.signs(head=7) == Signs(connected=3, confirmed=1)
