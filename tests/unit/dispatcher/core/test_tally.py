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
    limits = [Limit(messages=messages, span=span) for messages, span in ((1, HOUR), (3, HOUR), (9, 2 * HOUR))]
    chance, tally, told = random.Random(seed), Tally(limits), list[tuple[datetime, set[int]]]()
    far = 5_000  # numbers are dense, but they are never given a second time
    for minute in sorted(chance.sample(range(300), 60)):
        some = {number for number in (*range(20), far) if chance.random() < 0.3}
        tally.add(at(minute), BitMap(some))
        told.append((at(minute), some))
        for limit in limits:
            lately = [those for when, those in told if when > at(minute) - limit.span]
            times = {number: sum(number in those for those in lately) for number in (*range(20), far)}
            assert set(tally.full([limit], at(minute))) == {
                one for one, count in times.items() if count >= limit.messages
            }
            assert {number: tally.times(limit, number, at(minute)) for number in times} == times


def test_one_limit_is_enough_and_without_one_nobody_is_full() -> None:
    limits = [Limit(messages=9, span=HOUR), Limit(messages=2, span=HOUR)]
    tally = Tally(limits)
    tally.add(at(0), BitMap([1]))
    tally.add(at(1), BitMap([1, 2]))
    tally.add(at(2), BitMap())
    assert tally.full(limits, at(2)) == BitMap([1])
    assert tally.full([], at(2)) == BitMap()
    assert tally.full(limits, at(90)) == BitMap()
    assert tally.times(limits[0], 9_999, at(90)) == 0
    assert Tally([]).span == timedelta()


def test_who_was_full_is_named_once_when_there_is_room_again() -> None:
    limit = Limit(messages=2, span=HOUR)
    tally = Tally([limit])
    for minute in (0, 10, 20):
        tally.add(at(minute), BitMap([1]))
    tally.add(at(30), BitMap([1, 2]))
    assert tally.freed(at(59)) == BitMap()
    assert tally.freed(at(75)) == BitMap(), "of four messages two count still"
    assert tally.freed(at(80)) == BitMap([1])
    assert tally.freed(at(81)) == BitMap()


def test_who_is_full_again_before_anybody_asked_is_not_named() -> None:
    tally = Tally([Limit(messages=1, span=HOUR)])
    tally.add(at(0), BitMap([1]))
    tally.add(at(60), BitMap([1]))
    assert tally.freed(at(61)) == BitMap()
