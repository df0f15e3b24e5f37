"""Whether an alert concerns a device: each finding by the first that holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import pytest

from schemas.alert import Alert, Area, Origin
from schemas.subscription import Permission, Place, QuietHours, Subscription
from services.dispatcher.core.rules import PushRule, Rules
from services.dispatcher.core.verdict import Finding, Lack, Verdict, lack, verdict
from tests.factories import ODAWARA, ZUSHI, a_device, an_alert, an_info

CIRCLE = Area(area_desc="小田原市", code=ODAWARA, circle=("36,139 5",))
NIGHT = QuietHours(start=time(20), end=time(6))
ORDERS_TOO = replace(NIGHT, orders=True)
ORDER = an_alert(0, an_info("evacuation:1", level=3), origin=Origin.OFFICE)


def found(device: Subscription, alert: Alert, area: Area | None = None, rules: Rules | None = None) -> Verdict:
    info = alert.info[0]
    return verdict(device, alert, info, area or info.area[0], (ODAWARA,), rules=rules or Rules())


def somewhere(latitude: float | None) -> Subscription:
    longitude = None if latitude is None else 139.0
    return a_device("anna", places=(Place(area=ODAWARA, latitude=latitude, longitude=longitude),))


@pytest.mark.parametrize(
    ("device", "alert", "finding"),
    [
        (a_device("anna", ZUSHI), an_alert(), Finding.ELSEWHERE),
        (a_device("anna"), an_alert(0, an_info(level=3)), Finding.CONCERNED),
        (a_device("anna", min_rank=4, more=((ODAWARA, 3),)), an_alert(0, an_info(level=3)), Finding.CONCERNED),
        (a_device("anna", quiet=NIGHT), an_alert(0, an_info(level=3)), Finding.ASLEEP),
        (a_device("anna", quiet=NIGHT), an_alert(0, an_info(level=4)), Finding.CONCERNED),
        (a_device("anna", quiet=NIGHT), ORDER, Finding.CONCERNED),
        (a_device("anna", quiet=ORDERS_TOO), ORDER, Finding.ASLEEP),
    ],
)
def test_what_is_found(device: Subscription, alert: Alert, finding: Finding) -> None:
    assert found(device, alert).finding is finding


def test_a_rank_too_low_says_which_and_which_would_do() -> None:
    low = an_alert(0, an_info(level=3))
    assert found(a_device("anna", min_rank=4), low) == Verdict(Finding.BELOW_WISH, 3, 4)
    assert found(a_device("anna", hazard_min_ranks=(("landslide", 5),)), low) == Verdict(Finding.BELOW_WISH, 3, 5)
    rules = Rules(push=(PushRule(min_rank=4),))
    assert found(a_device("anna"), low, rules=rules) == Verdict(Finding.BELOW_RULE, 3, 4)
    assert found(a_device("anna", min_rank=2), an_alert(0, replace(an_info(), rank=None))) == Verdict(
        Finding.BELOW_WISH, 1, 2
    )


@pytest.mark.parametrize(
    ("latitude", "unlocated", "finding"),
    [
        (36.0, False, Finding.CONCERNED),
        (34.9, True, Finding.OUTSIDE),
        (None, True, Finding.CONCERNED),
        (None, False, Finding.OUTSIDE),
    ],
)
def test_a_drawn_shape_narrows(latitude: float | None, unlocated: bool, finding: Finding) -> None:
    assert found(somewhere(latitude), an_alert(), CIRCLE, Rules(unlocated=unlocated)).finding is finding


def test_why_nothing_can_reach_a_device() -> None:
    assert lack(a_device("anna"), is_dead=False) is None
    assert lack(a_device("anna"), is_dead=True) is Lack.DEAD
    assert lack(a_device("anna", address=None), is_dead=True) is Lack.NO_ADDRESS
    assert lack(a_device("anna", permission=Permission.DENIED), is_dead=False) is Lack.NOT_ALLOWED
