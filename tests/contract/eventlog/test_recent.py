"""The newest records in memory: what is answered is what the file would answer, or nothing is."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from services.eventlog import recent
from services.eventlog.port import NO_HEADERS, Record
from services.eventlog.recent import Recent

PLACE = ("receipts", 0)


def a_record(offset: int, size: int = 10) -> Record:
    return Record(
        topic="receipts",
        partition=0,
        offset=offset,
        key="k",
        value=bytes(size),
        id=str(offset),
        headers=NO_HEADERS,
        appended_at=datetime(2026, 9, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize("seed", range(3))
def test_it_answers_what_stands_or_that_it_does_not_know(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "RECORDS_MAX", 20)
    monkeypatch.setattr(recent, "BYTES_MAX", 400)
    chance, held, stand, offset = random.Random(seed), Recent({PLACE: 6}), [a_record(4), a_record(6)], 6
    known = 0
    for _ in range(300):
        if chance.random() < 0.4:
            offset += chance.randint(1, 3)
            stand.append(a_record(offset, chance.randint(1, 60)))
            held.add([stand[-1]])
        if chance.random() < 0.02:
            held.clear()
        after, limit = chance.choice(stand).offset - chance.randint(0, 1), chance.randint(1, 9)
        found = held.read(PLACE, after, limit, 10_000)
        if found is not None:
            known += 1
            assert found == [record for record in stand if record.offset > after][:limit]
    assert known > 20


def test_bytes_end_an_answer_and_a_place_that_is_not_kept_is_not_known() -> None:
    held = Recent({PLACE: -1})
    held.add([a_record(1), a_record(2), a_record(3)])
    found = held.read(PLACE, -1, 9, 15)
    assert found is not None
    assert [record.offset for record in found] == [1]
    assert held.read(("ledger", 0), -1, 9, 15) is None
    assert held.read(PLACE, 3, 9, 15) == []
    held.clear()
    assert held.read(PLACE, 2, 9, 15) is None
