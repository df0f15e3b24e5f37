"""One order on its way: every device is settled once, whatever fails in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.notification import DeviceOutcome, Order, Outcome
from schemas.subscription import Channel, Language
from services.gateway.core.work import (
    Again,
    Settled,
    Waiting,
    Work,
    begin,
    drop,
    give,
    is_due,
    is_left,
    next_due_at,
    receipt,
    receipt_id,
    take,
)
from tests.unit.gateway.core.notices import item, notice

NOW = datetime(2026, 9, 1, 13, 40, tzinfo=UTC)
SOON = NOW + timedelta(seconds=5)
ACCEPTED = Settled(outcome=Outcome.ACCEPTED)
DEAD = Settled(outcome=Outcome.DEAD, address_sha256="f" * 64)


def order(count: int) -> Order:
    return Order(
        id="cause:3:0",
        shard=3,
        language=Language.JA,
        channel=Channel.FCM,
        devices=tuple(f"d{number}" for number in range(count)),
        notice=notice(item()),
        decided_at=NOW,
    )


def test_devices_are_taken_from_the_front_a_slice_at_a_time() -> None:
    work, first = take(begin(order(5), None), NOW, 2)
    work, second = take(work, NOW, 2)
    work, third = take(work, NOW, 2)
    assert (first, second, third) == (("d0", "d1"), ("d2", "d3"), ("d4",))
    assert take(work, NOW, 2)[1] == ()
    assert not is_due(work, NOW)
    assert not is_left(work)


def test_whoever_failed_is_taken_again_when_his_time_has_come_before_others_are() -> None:
    work, _ = take(begin(order(3), None), NOW, 1)
    work = give(work, {"d0": Again(due_at=SOON)})
    assert work.waiting == {"d0": Waiting(failures=1, due_at=SOON)}
    assert is_left(work)
    assert take(work, NOW, 2)[1] == ("d1", "d2")
    assert take(work, SOON, 2)[1] == ("d0", "d1")
    assert next_due_at([work, begin(order(1), None)]) == SOON
    assert next_due_at([begin(order(1), None)]) is None


def test_where_one_message_asks_whether_the_channel_works_it_is_a_fresh_one() -> None:
    work, _ = take(begin(order(2), None), NOW, 1)
    work = give(work, {"d0": Again(due_at=NOW)})
    assert take(work, NOW, 1, fresh_first=True)[1] == ("d1",)
    work, _ = take(work, NOW, 1, fresh_first=True)
    assert take(work, NOW, 1, fresh_first=True)[1] == ("d0",)


def test_failures_in_a_row_are_counted() -> None:
    work = begin(order(1), None)
    for failures in (1, 2, 3):
        work, _ = take(work, NOW, 1)
        work = give(work, {"d0": Again(due_at=NOW)})
        assert work.waiting["d0"].failures == failures
    assert is_due(work, NOW)


def test_what_became_of_each_is_kept_and_the_slowest_acceptance() -> None:
    work, _ = take(begin(order(3), None), NOW, 3)
    work = give(work, {"d0": ACCEPTED, "d1": DEAD}, 120)
    work = give(work, {"d2": Settled(outcome=Outcome.NO_ADDRESS)}, 999)
    assert (work.accepted, work.settled, work.final, work.latency_ms_max) == (1, 3, True, 120)
    assert work.others == (
        DeviceOutcome(device="d1", outcome=Outcome.DEAD, address_sha256="f" * 64),
        DeviceOutcome(device="d2", outcome=Outcome.NO_ADDRESS),
    )


def test_an_order_that_is_no_longer_to_be_told_settles_all_but_those_under_way() -> None:
    work, _ = take(begin(order(4), None), NOW, 2)
    work = drop(give(work, {"d0": Again(due_at=SOON)}), Outcome.SUPERSEDED)
    assert [one.device for one in work.others] == ["d0", "d2", "d3"]
    assert not work.final
    assert give(work, {"d1": ACCEPTED}).final


def test_a_receipt_says_all_so_far_and_names_who_is_not_settled() -> None:
    work, _ = take(begin(order(5), None), NOW, 3)
    work = give(work, {"d0": ACCEPTED, "d1": Again(due_at=SOON)}, 80)
    said = receipt(work, NOW)
    assert (said.order, said.alert, said.stream, said.revision) == (
        "cause:3:0",
        work.order.notice.alert,
        work.order.notice.stream,
        "r2",
    )
    assert (said.progress, said.total, said.accepted, said.final, said.latency_ms_max) == (3, 5, 1, False, 80)
    assert set(said.waiting) == {"d1", "d2"}


def test_after_a_crash_only_what_was_under_way_or_waiting_is_tried_again() -> None:
    work, _ = take(begin(order(5), None), NOW, 3)
    work = give(work, {"d0": ACCEPTED, "d1": Again(due_at=SOON)}, 80)
    resumed = begin(order(5), receipt(work, NOW))
    assert (resumed.accepted, resumed.latency_ms_max) == (1, 80)
    resumed, taken = take(resumed, NOW, 9)
    assert set(taken) == {"d1", "d2", "d3", "d4"}


def test_the_same_state_has_the_same_receipt() -> None:
    work, _ = take(begin(order(2), None), NOW, 1)
    before = receipt_id(work)
    assert receipt_id(give(work, {"d0": Again(due_at=SOON)})) == before == "receipt:cause:3:0:0"
    assert receipt_id(give(work, {"d0": ACCEPTED})) == "receipt:cause:3:0:1"


@given(
    st.lists(st.tuples(st.integers(1, 7), st.integers(0, 2), st.booleans()), min_size=60, max_size=60),
    st.integers(1, 20),
)
def test_every_device_is_settled_exactly_once_over_any_failures_and_crashes(
    steps: list[tuple[int, int, bool]], count: int
) -> None:
    work, settled = begin(order(count), None), list[str]()
    for size, fails, crashes in [*steps, *[(20, 0, False)] * 2]:
        work, devices = take(work, NOW, size)
        fates: dict[str, Again | Settled] = {
            device: Again(due_at=NOW) if index < fails else ACCEPTED if index % 2 else DEAD
            for index, device in enumerate(devices)
        }
        work = give(work, fates)
        settled += [device for device, fate in fates.items() if isinstance(fate, Settled)]
        if crashes:
            work = begin(work.order, receipt(work, NOW))
    assert work.final
    assert sorted(settled) == sorted(work.order.devices)


@pytest.mark.parametrize("waiting", [{}, {"d0": Waiting(failures=0)}])
def test_an_order_of_which_somebody_waits_without_a_time_is_due(waiting: dict[str, Waiting]) -> None:
    assert is_due(Work(order=order(1), taken=1, waiting=waiting), NOW) == bool(waiting)
