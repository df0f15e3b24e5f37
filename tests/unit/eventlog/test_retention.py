"""How long records stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from schemas.topics import DAY_S, PLANNED
from services.eventlog.port import NO_HEADERS, Record
from services.eventlog.retention import cutoff, is_removable

NOW = datetime(2026, 8, 1, tzinfo=UTC)


def a_record(age_s: float, value: bytes | None = b"v") -> Record:
    return Record(
        topic="t",
        partition=0,
        offset=1,
        key="k",
        value=value,
        id="1",
        headers=NO_HEADERS,
        appended_at=NOW - timedelta(seconds=age_s),
    )


@pytest.mark.parametrize(
    ("topic", "value", "age_s", "goes"),
    [
        ("alerts.routine", b"v", 30 * DAY_S, False),
        ("alerts.routine", b"v", 30 * DAY_S + 1, True),
        ("alerts.routine", None, 30 * DAY_S, False),
        ("alerts.emergency", b"v", 90 * DAY_S + 1, True),
        ("office", b"v", 100_000 * DAY_S, False),
        ("subscriptions", b"v", 100_000 * DAY_S, False),
        ("subscriptions", None, DAY_S, False),
        ("subscriptions", None, DAY_S + 1, True),
    ],
)
def test_a_record_goes_by_its_topics_age_and_a_tombstone_after_a_day(
    topic: str, value: bytes | None, age_s: float, goes: bool
) -> None:
    assert is_removable(PLANNED[topic], a_record(age_s, value), cutoff(PLANNED[topic], NOW)) is goes
