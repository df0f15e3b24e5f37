"""Rows of devices in columns: what was put is what is got, whatever came and went between."""

from __future__ import annotations

import random

import numpy as np
import pytest

from services.dispatcher.core.rows import FIRST_ROWS, NO_TIME, Row, Rows, Slot, millionths

ANNA = Row((Slot(3), Slot(4, 35_260_000, 139_150_000)), 7, reachable=True, address=2**64 - 1, address_at=-5)


def test_what_was_put_is_what_is_got() -> None:
    rows = Rows()
    assert rows.get(0) is rows.get(FIRST_ROWS) is None
    rows.put(0, ANNA)
    rows.put(2, Row((), 0, reachable=False))
    assert rows.get(0) == ANNA
    assert rows.get(1) is None
    assert rows.get(2) == Row((), 0, reachable=False, address=0, address_at=NO_TIME)


def test_who_left_has_no_row_and_nothing_of_it_is_kept() -> None:
    rows = Rows()
    rows.put(0, ANNA)
    rows.drop(0)
    rows.drop(FIRST_ROWS)
    assert rows.get(0) is None
    table, pool = rows.written(1)
    assert not table.tobytes().strip(b"\0")
    assert len(pool) == 0


def test_places_are_given_with_whose_they_are() -> None:
    rows = Rows()
    rows.put(0, ANNA)
    rows.put(1, Row((), 0, reachable=True))
    rows.put(5, Row((Slot(9),), 0, reachable=True))
    slots = rows.slots(np.array([0, 1, 5], np.uint32))
    assert slots.numbers.tolist() == [0, 0, 5]
    assert slots.places.tolist() == [3, 4, 9]
    assert slots.latitudes.tolist()[1] == 35_260_000
    assert len(rows.slots(np.array([], np.uint32)).places) == 0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_number_of_changes_leaves_what_was_put_last(seed: int) -> None:
    chance, rows, known = random.Random(seed), Rows(), dict[int, Row]()
    for _ in range(2_000):
        number = chance.randrange(300)
        if chance.random() < 0.2:
            rows.drop(number)
            known.pop(number, None)
        else:
            slots = tuple(Slot(chance.randrange(1, 99), chance.randrange(9)) for _ in range(chance.randrange(6)))
            known[number] = Row(slots, chance.randrange(5), reachable=chance.random() < 0.5)
            rows.put(number, known[number])
    assert {number: row for number in range(300) if (row := rows.get(number)) is not None} == known
    again = Rows(*rows.written(300))
    assert {number: row for number in range(300) if (row := again.get(number)) is not None} == known
    again.put(0, ANNA)
    again.put(999, ANNA)
    assert again.get(0) == again.get(999) == ANNA


def test_what_changes_leave_behind_is_used_again() -> None:
    rows = Rows()
    for turn in range(1_000):
        rows.put(turn % 4, Row(tuple(Slot(1) for _ in range(1 + turn % 5)), 0, reachable=True))
        rows.drop((turn + 1) % 4)
    _, pool = rows.written(4)
    assert len(pool) <= 4 * 5
    assert len(rows._pool) < 10 * FIRST_ROWS


def test_degrees_come_back_as_they_were_written() -> None:
    assert all(millionths(n / 100) / 1_000_000 == n / 100 for n in range(-18_000, 18_001))
