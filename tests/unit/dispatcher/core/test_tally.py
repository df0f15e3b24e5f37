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
    chance, tally, told = random.Random(seed), Tally(2 * HOUR), list[tuple[datetime, set[int]]]()
    for minute in sorted(chance.sample(range(300), 60)):
        some = {number for number in range(20) if chance.random() < 0.3}
        tally.add(at(minute), BitMap(some))
        told.append((at(minute), some))
        for messages, span in ((1, HOUR), (3, HOUR), (9, 2 * HOUR)):
            lately = [those for when, those in told if when > at(minute) - span]
            full = {number for number in range(20) if sum(number in those for those in lately) >= messages}
            assert set(tally.full([Limit(messages=messages, span=span)], at(minute))) == full


def test_one_limit_is_enough_and_without_one_nobody_is_full() -> None:
    tally = Tally(HOUR)
    tally.add(at(0), BitMap([1]))
    tally.add(at(1), BitMap([1, 2]))
    tally.add(at(2), BitMap())
    limits = [Limit(messages=9, span=HOUR), Limit(messages=2, span=HOUR)]
    assert tally.full(limits, at(2)) == BitMap([1])
    assert tally.full([], at(2)) == BitMap()
    assert tally.full(limits, at(90)) == BitMap()
