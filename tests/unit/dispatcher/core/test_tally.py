"""Who was told how much lately, against counting one by one."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from pyroaring import BitMap

from services.dispatcher.core.rules import Limit
from services.dispatcher.core.tally import Tally
from tests.factories import at

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("seed", range(5))
def test_it_counts_as_one_by_one_would(seed: int) -> None:
    limits = [Limit(messages=1, span=HOUR), Limit(messages=3, span=HOUR), Limit(messages=9, span=2 * HOUR)]
    chance, tally, told = random.Random(seed), Tally(limits), list[tuple[datetime, set[int]]]()
    numbers = [*range(40), 5_000]
    for minute in sorted(chance.sample(range(300), 60)):
        some = {number for number in numbers if chance.random() < 0.3}
        tally.add(at(minute), BitMap(some))
        told.append((at(minute), some))
        for limit in limits:
            lately = [those for when, those in told if when > at(minute) - limit.span]
            full = {number for number in numbers if sum(number in those for those in lately) >= limit.messages}
            assert set(tally.full([limit], at(minute), BitMap([*numbers, 9_999_999]))) == full
            assert set(tally.full([limit], at(minute), BitMap([1, 2]))) == full & {1, 2}


def test_one_limit_is_enough_and_without_one_nobody_is_full() -> None:
    limits = [Limit(messages=9, span=HOUR), Limit(messages=2, span=HOUR)]
    tally = Tally(limits)
    tally.add(at(0), BitMap([1]))
    tally.add(at(1), BitMap([1, 2]))
    tally.add(at(2), BitMap())
    everybody = BitMap([1, 2])
    assert tally.full(limits, at(2), everybody) == BitMap([1])
    assert tally.full(limits, at(2), BitMap([2])) == BitMap()
    assert tally.full([], at(2), everybody) == BitMap()
    assert tally.full(limits, at(90), everybody) == BitMap()
    assert tally.span == HOUR
