"""Whether an alert concerns a device as it is subscribed now, and if not, why: found once, worded for officer and resident."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta, timezone
from enum import Enum, auto

import numpy as np

from schemas.alert import Alert, Area, Info
from schemas.area import AreaCode
from schemas.hazard import base
from schemas.subscription import Permission, Place, Subscription, is_quiet
from services.dispatcher.core.force import Waking, waking
from services.dispatcher.core.rules import Rules, least_rank
from services.dispatcher.core.shapes import shape_of

JAPAN = timezone(timedelta(hours=9))


class Finding(Enum):
    """What was found, the first that holds."""

    ELSEWHERE = auto()
    """None of the device's places."""
    OUTSIDE = auto()
    """One of its municipalities, but outside of the shape that the alert draws there."""
    BELOW_WISH = auto()
    BELOW_RULE = auto()
    """The city pushes it from a higher rank on only."""
    ASLEEP = auto()
    CONCERNED = auto()


class Lack(Enum):
    """Why a device cannot be reached."""

    NO_ADDRESS = auto()
    NOT_ALLOWED = auto()
    DEAD = auto()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A finding with the rank of the warning and the least rank that it would need, where it is about ranks."""

    finding: Finding
    rank: int = 0
    least: int = 0


def verdict(
    wishes: Subscription, alert: Alert, info: Info, area: Area, meant: Sequence[AreaCode], *, rules: Rules
) -> Verdict:
    """Whether this info concerns a device in this area, which means these municipalities."""
    followed = [place for place in wishes.places if place.area in meant]
    if not followed:
        return Verdict(Finding.ELSEWHERE)
    followed = [place for place in followed if _is_inside(area, place, rules)]
    if not followed:
        return Verdict(Finding.OUTSIDE)
    rank = info.rank or 1
    wish = max(dict(wishes.hazard_min_ranks).get(base(info.hazard), 1), min(place.min_rank for place in followed))
    if rank < wish:
        return Verdict(Finding.BELOW_WISH, rank, wish)
    rule = min(least_rank(rules, info.hazard, place.area, alert.origin) for place in followed)
    if rank < rule:
        return Verdict(Finding.BELOW_RULE, rank, rule)
    hour = alert.sent.astimezone(JAPAN).time()
    if _sleeps(wishes, waking(info.hazard, alert.origin, rank)) and is_quiet(wishes.quiet, hour):
        return Verdict(Finding.ASLEEP)
    return Verdict(Finding.CONCERNED)


def lack(wishes: Subscription, *, is_dead: bool) -> Lack | None:
    """Why nothing can reach a device now; None where it can."""
    if wishes.address is None:
        return Lack.NO_ADDRESS
    if wishes.permission is Permission.DENIED:
        return Lack.NOT_ALLOWED
    return Lack.DEAD if is_dead else None


def _is_inside(area: Area, place: Place, rules: Rules) -> bool:
    shape = shape_of(area)
    if shape is None:
        return True
    if place.latitude is None or place.longitude is None:
        return rules.unlocated
    return bool(shape.holds(np.array([place.latitude]), np.array([place.longitude]))[0])


def _sleeps(wishes: Subscription, wakes: Waking) -> bool:
    refused = wishes.quiet is not None and wishes.quiet.orders
    return wakes is Waking.NOBODY or (wakes is Waking.UNLESS_REFUSED and refused)
