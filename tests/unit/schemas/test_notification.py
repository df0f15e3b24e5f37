from __future__ import annotations

from schemas.examples import EXAMPLES
from schemas.notification import ORDER_DEVICES_MAX, UNTOLD, Order, Outcome


def test_who_was_accepted_by_a_channel_was_told_and_nobody_else() -> None:
    assert set(Outcome) - UNTOLD == {Outcome.ACCEPTED}


def test_an_order_names_devices_and_no_addresses() -> None:
    order = EXAMPLES["order"]
    assert isinstance(order, Order)
    assert len(order.devices) <= ORDER_DEVICES_MAX
    assert not hasattr(order, "address")
