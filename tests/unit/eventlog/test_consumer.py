"""What one fetch takes from several partitions."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.eventlog.consumer import cut, gather
from services.eventlog.port import FETCH_BYTES_MAX, NO_HEADERS, Record
from services.eventlog.progress import Place, Wanted

AT = datetime(2026, 1, 1, tzinfo=UTC)


def records_of(place: Place, sizes: list[int]) -> list[Record]:
    return [
        Record(
            topic=place[0],
            partition=place[1],
            offset=offset,
            key="k",
            value=bytes(size),
            id=str(offset),
            headers=NO_HEADERS,
            appended_at=AT,
        )
        for offset, size in enumerate(sizes)
    ]


class Shelf:
    """Records by partition; a read is as the engines do it."""

    def __init__(self, sizes: dict[Place, list[int]]) -> None:
        self.records = {place: records_of(place, of_place) for place, of_place in sizes.items()}

    def read(self, place: Place, after: int, limit: int, bytes_max: int) -> list[Record]:
        return cut([record for record in self.records[place] if record.offset > after][:limit], bytes_max)

    def taken(self, lanes: list[list[Place]], limit: int, room: int = 1000) -> dict[Place, int]:
        wanted = [[Wanted(place, -1, room) for place in lane] for lane in lanes]
        counts = dict.fromkeys((place for lane in lanes for place in lane), 0)
        for record in gather(wanted, limit, self.read):
            counts[record.topic, record.partition] += 1
        return counts


A, B, C, BELL = ("a", 0), ("b", 0), ("c", 0), ("bell", 0)


def test_the_urgent_lane_takes_all_it_has_before_the_others() -> None:
    shelf = Shelf({A: [1] * 10, BELL: [1] * 8})
    assert shelf.taken([[BELL], [A]], 10) == {BELL: 8, A: 2}
    assert shelf.taken([[BELL], [A]], 5) == {BELL: 5, A: 0}


def test_partitions_share_and_what_one_leaves_the_later_ones_take() -> None:
    shelf = Shelf({A: [1] * 100, B: [1] * 2, C: [1] * 100})
    assert shelf.taken([[], [A, B, C]], 30) == {A: 10, B: 2, C: 18}
    assert shelf.taken([[], [B, C, A]], 30) == {B: 2, C: 14, A: 14}


def test_fewer_records_than_partitions_go_to_the_first_ones() -> None:
    shelf = Shelf({A: [1] * 5, B: [1] * 5, C: [1] * 5})
    assert shelf.taken([[], [B, C, A]], 2) == {B: 1, C: 1, A: 0}


def test_no_partition_gives_more_than_it_has_room_for() -> None:
    shelf = Shelf({A: [1] * 50, B: [1] * 50})
    assert shelf.taken([[], [A, B]], 40, room=3) == {A: 3, B: 3}


def test_a_fetch_ends_at_its_bytes() -> None:
    half = FETCH_BYTES_MAX // 2
    shelf = Shelf({A: [half + 1] * 3, B: [half + 1] * 3, C: [10]})
    assert shelf.taken([[], [A, B, C]], 500) == {A: 1, B: 1, C: 0}


def test_one_record_is_handed_out_whatever_its_size() -> None:
    shelf = Shelf({A: [FETCH_BYTES_MAX * 2], B: [1]})
    assert shelf.taken([[], [A, B]], 500) == {A: 1, B: 0}


@pytest.mark.parametrize(
    ("sizes", "bytes_max", "left"),
    [([], 10, 0), ([4, 4], 8, 2), ([4, 5], 8, 1), ([9, 1], 8, 1), ([0, 0, 9, 0], 8, 2), ([20], 8, 1)],
)
def test_a_page_is_cut_at_its_bytes_but_never_empty(sizes: list[int], bytes_max: int, left: int) -> None:
    assert len(cut(records_of(A, sizes), bytes_max)) == left
