"""The finished prefix of a consumer, and where it looks next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.eventlog.port import NO_HEADERS, Record
from services.eventlog.progress import UNFINISHED_MAX, Progress, Wanted, share

HERE = ("letters", 0)
THERE = ("letters", 1)
BELLS = ("bells", 0)
AT = datetime(2026, 1, 1, tzinfo=UTC)


def a_record(offset: int, place: tuple[str, int] = HERE) -> Record:
    topic, partition = place
    return Record(
        topic=topic,
        partition=partition,
        offset=offset,
        key="k",
        value=b"v",
        id=str(offset),
        headers=NO_HEADERS,
        appended_at=AT,
    )


def handed_out(offsets: Sequence[int], committed: int = -1) -> Progress:
    progress = Progress({HERE: committed})
    progress.hand_out([a_record(offset) for offset in offsets])
    return progress


def finish(progress: Progress, *offsets: int) -> int:
    staged = progress.stage([a_record(offset) for offset in offsets])
    progress.settle(kept=True)
    assert progress.committed == staged
    return staged[HERE]


def test_a_group_moves_over_the_finished_prefix_only() -> None:
    progress = handed_out([3, 7, 8, 20])
    assert finish(progress, 7) == -1
    assert finish(progress, 20) == -1
    assert finish(progress, 3) == 7
    assert finish(progress, 8) == 20


def test_finishing_nothing_moves_nothing() -> None:
    assert finish(handed_out([3], committed=2)) == 2


def test_what_was_not_kept_is_not_finished() -> None:
    progress = handed_out([3, 7])
    assert progress.stage([a_record(3)]) == {HERE: 3}
    progress.settle(kept=False)
    assert progress.committed == {HERE: -1}
    assert finish(progress, 7) == -1
    assert finish(progress, 3) == 7


def test_two_calls_in_one_transaction_count_together() -> None:
    progress = handed_out([3, 7])
    assert progress.stage([a_record(7)]) == {HERE: -1}
    assert progress.stage([a_record(3)]) == {HERE: 7}
    progress.settle(kept=True)
    progress.settle(kept=True)
    assert progress.committed == {HERE: 7}


def test_finishing_a_record_twice_is_no_error() -> None:
    progress = handed_out([3, 7])
    finish(progress, 3)
    progress.check([a_record(3), a_record(7)])
    assert finish(progress, 3) == 3


@pytest.mark.parametrize("stranger", [a_record(9), a_record(3, THERE)], ids=["never fetched", "another partition"])
def test_a_record_of_somebody_else_cannot_be_finished(stranger: Record) -> None:
    with pytest.raises(ValueError, match="was not fetched by this consumer"):
        handed_out([3]).check([stranger])


def test_partitions_do_not_wait_for_each_other() -> None:
    progress = Progress({HERE: -1, THERE: 4})
    progress.hand_out([a_record(3), a_record(5, THERE)])
    assert progress.stage([a_record(5, THERE)]) == {HERE: -1, THERE: 5}


@given(st.permutations(range(12)), st.lists(st.integers(0, 3), min_size=12, max_size=12))
def test_in_whatever_order_and_however_often_it_fails_all_is_committed_at_last(
    order: list[int], failures: list[int]
) -> None:
    progress = handed_out(range(12))
    positions = [-1]
    for offset, times in zip(order, failures, strict=True):
        for _ in range(times):
            progress.stage([a_record(offset)])
            progress.settle(kept=False)
        positions.append(finish(progress, offset))
    assert positions[-1] == 11
    assert all(earlier <= later for earlier, later in pairwise(positions))
    for done, position in enumerate(positions):
        assert set(range(position + 1)) <= set(order[:done])


def test_a_partition_is_wanted_from_its_cursor_when_its_head_is_above() -> None:
    progress = Progress({HERE: 4, THERE: 9})
    assert progress.wanted({HERE: 6, THERE: 9}, {}) == [[], [Wanted(HERE, 4, UNFINISHED_MAX)]]
    progress.hand_out([a_record(6)])
    assert progress.wanted({HERE: 6, THERE: 9}, {}) == [[], []]
    assert progress.wanted({HERE: 7}, {}) == [[], [Wanted(HERE, 6, UNFINISHED_MAX - 1)]]


def test_a_head_where_a_look_found_nothing_is_no_news() -> None:
    progress = Progress({HERE: 4})
    assert progress.wanted({HERE: 6}, {HERE: 6}) == [[], []]
    assert progress.wanted({HERE: 7}, {HERE: 6}) == [[], [Wanted(HERE, 4, UNFINISHED_MAX)]]


def test_urgent_partitions_have_a_lane_of_their_own() -> None:
    progress = Progress({HERE: -1, BELLS: -1}, urgent_topics=["bells"])
    assert progress.wanted({HERE: 1, BELLS: 2}, {}) == [
        [Wanted(BELLS, -1, UNFINISHED_MAX)],
        [Wanted(HERE, -1, UNFINISHED_MAX)],
    ]


def test_partitions_take_turns_at_being_first() -> None:
    progress = Progress({HERE: -1, THERE: -1})
    heads = {HERE: 1, THERE: 1}
    first = [progress.wanted(heads, {})[1][0].place for _ in range(4)]
    assert first in ([HERE, THERE, HERE, THERE], [THERE, HERE, THERE, HERE])


def test_a_partition_with_too_much_unfinished_is_not_fetched_until_its_oldest_is_finished() -> None:
    progress = handed_out(range(UNFINISHED_MAX))
    heads = {HERE: UNFINISHED_MAX + 5}
    assert progress.wanted(heads, {}) == [[], []]
    finish(progress, 1)
    assert progress.wanted(heads, {}) == [[], []]
    finish(progress, 0)
    assert progress.wanted(heads, {}) == [[], [Wanted(HERE, UNFINISHED_MAX - 1, 2)]]


@given(st.integers(1, 500), st.lists(st.integers(0, 600), min_size=1, max_size=20))
def test_what_one_partition_leaves_the_later_ones_may_take(limit: int, there: list[int]) -> None:
    left = limit
    for index, available in enumerate(there):
        quota = share(left, len(there) - index)
        assert quota * (len(there) - index) >= left
        left -= min(quota, available)
    assert left >= 0
    if there[-1] >= limit:
        assert left == 0
