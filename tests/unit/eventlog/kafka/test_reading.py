from __future__ import annotations

from datetime import UTC, datetime

from services.eventlog.kafka.reading import RING_BYTES, RING_RECORDS, Ring
from services.eventlog.port import NO_HEADERS, Record


def a_record(offset: int, size: int = 1) -> Record:
    return Record(
        topic="letters",
        partition=0,
        offset=offset,
        key="k",
        value=b"x" * size,
        id=str(offset),
        headers=NO_HEADERS,
        appended_at=datetime(2026, 9, 1, tzinfo=UTC),
    )


def offsets(records: list[Record] | None) -> list[int] | None:
    return None if records is None else [record.offset for record in records]


def test_a_ring_knows_from_where_on_it_has_everything() -> None:
    ring = Ring(start=10, end=10)
    ring.put([a_record(10), a_record(12)])
    assert offsets(ring.above(9, 100, 1_000)) == [10, 12]
    assert offsets(ring.above(10, 100, 1_000)) == [12]
    assert offsets(ring.above(12, 100, 1_000)) == []
    assert ring.above(8, 100, 1_000) is None


def test_a_reading_has_an_end_in_records_and_in_bytes() -> None:
    ring = Ring(start=0, end=0)
    ring.put([a_record(n, 10) for n in range(5)])
    assert offsets(ring.above(-1, 2, 1_000)) == [0, 1]
    assert offsets(ring.above(-1, 5, 25)) == [0, 1]


def test_a_ring_lets_go_of_its_oldest_records() -> None:
    ring = Ring(start=0, end=0)
    ring.put([a_record(n) for n in range(2 * RING_RECORDS + 1)])
    assert len(ring.records) == RING_RECORDS
    assert ring.above(ring.start - 2, 1, 10) is None
    assert offsets(ring.above(ring.start - 1, 1, 10)) == [ring.start]


def test_a_ring_of_large_records_holds_fewer() -> None:
    ring = Ring(start=0, end=0)
    ring.put([a_record(n, RING_BYTES // 2) for n in range(5)])
    assert ring.sizes <= RING_BYTES
    assert len(ring.records) == 2
