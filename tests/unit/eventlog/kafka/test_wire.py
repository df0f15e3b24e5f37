from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from services.eventlog.kafka.wire import Address, headers_of, moved_at, parse, record_of
from services.eventlog.port import Message

AT = datetime(2026, 9, 1, 12, 0, 0, 123456, tzinfo=UTC)


@dataclass
class Raw:
    """What aiokafka hands out."""

    headers: list[tuple[str, bytes]]
    timestamp: int = 1_788_264_000_123
    timestamp_type: int = 0
    offset: int = 7
    key: bytes | None = b"k"
    value: bytes | None = b"v"


def later(at: datetime) -> datetime:
    return at + timedelta(hours=1)


@pytest.mark.parametrize(
    ("url", "servers", "prefix"),
    [
        ("kafka://127.0.0.1:9092/odawara", "127.0.0.1:9092", "odawara"),
        ("kafka://a:1,b:2/city-1.x_y", "a:1,b:2", "city-1.x_y"),
    ],
)
def test_an_address_names_brokers_and_a_prefix(url: str, servers: str, prefix: str) -> None:
    assert parse(url) == Address(servers=servers, prefix=prefix)


@pytest.mark.parametrize(
    "url", ["kafka://a:1", "kafka://a:1/", "kafka://a/x", "kafka:a:1/x", "sqlite:x", "kafka://a:1/Ä", "kafka://a:1/x/y"]
)
def test_anything_else_is_no_address(url: str) -> None:
    assert parse(url) is None


def test_places_and_their_names_there_lead_to_each_other() -> None:
    address = Address(servers="a:1", prefix="odawara")
    partition = address.partition(("alerts.emergency", 3))
    assert partition.topic == "odawara.alerts.emergency"
    assert address.place(partition) == ("alerts.emergency", 3)


def test_a_message_comes_back_as_it_was() -> None:
    message = Message(key="k", value=b"v", id="洪水/1", headers={"ce_type": "alert"})
    record = record_of(("office", 0), Raw(headers_of(message)), later)
    assert (record.id, record.key, record.value, record.headers) == ("洪水/1", "k", b"v", {"ce_type": "alert"})


def test_who_sent_stamps_unless_the_log_does() -> None:
    sent = record_of(("letters", 0), Raw([]), later)
    kept = record_of(("office", 0), Raw([], timestamp_type=1), later)
    assert sent.appended_at == datetime(2026, 9, 1, 12, 0, 0, 123000, tzinfo=UTC)
    assert kept.appended_at == later(sent.appended_at)


def test_a_moved_record_keeps_the_time_at_which_it_was_first_appended() -> None:
    record = record_of(("office", 0), Raw([moved_at(AT)], timestamp_type=1), later)
    assert record.appended_at == AT
    assert record.headers == {}
