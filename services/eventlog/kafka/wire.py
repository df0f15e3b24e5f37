"""What stands on the wire: the address of a log on Kafka, its topics' names there, and records as Kafka carries them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from aiokafka import TopicPartition

from services.eventlog.port import NO_HEADERS, Message, Record
from services.eventlog.progress import Place

ID = "hansho_id"
"""The header that carries a message's id; tombstones have no other."""
APPENDED_AT = "hansho_appended_at"
"""The header of a record that was moved here from another engine: when it was first appended, in microseconds since 1970.
What is judged by when it was appended (a command of the office, by its deadline) stays judged as it was."""
OWN = frozenset({ID, APPENDED_AT})

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MILLISECOND = timedelta(milliseconds=1)

Now = Callable[[], datetime]
Stamped = Callable[[datetime], datetime]
"""From the machine's time, by which the broker stamps, to the time of this program's clock (a rehearsal's differs)."""

_ADDRESS = re.compile(r"kafka://(?P<servers>[^/,\s]+:\d+(?:,[^/,\s]+:\d+)*)/(?P<prefix>[a-z0-9][a-z0-9._-]{0,60})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a log lives: the brokers to begin with, and the prefix of its topics and groups there."""

    servers: str
    prefix: str

    def topic(self, name: str) -> str:
        """The name of a topic there."""
        return f"{self.prefix}.{name}"

    def group(self, name: str) -> str:
        """The name of a group there."""
        return f"{self.prefix}.{name}"

    def partition(self, place: Place) -> TopicPartition:
        """A place as aiokafka names it."""
        return TopicPartition(self.topic(place[0]), place[1])

    def place(self, partition: TopicPartition) -> Place:
        """And back."""
        return partition.topic.removeprefix(f"{self.prefix}."), partition.partition


def parse(url: str) -> Address | None:
    """The address in `kafka://HOST:PORT[,HOST:PORT…]/PREFIX`; None for anything else."""
    found = _ADDRESS.fullmatch(url)
    return None if found is None else Address(servers=found["servers"], prefix=found["prefix"])


def milliseconds(at: datetime) -> int:
    """Since 1970, as Kafka counts."""
    return (at - EPOCH) // MILLISECOND


def moved_at(at: datetime) -> tuple[str, bytes]:
    """The header of a record that is moved here."""
    return APPENDED_AT, str((at - EPOCH) // MICROSECOND).encode()


def headers_of(message: Message) -> list[tuple[str, bytes]]:
    """A message's headers as Kafka carries them, its id among them."""
    return [(ID, message.id.encode()), *((name, value.encode()) for name, value in message.headers.items())]


def record_of(place: Place, raw: Any, stamped: Stamped) -> Record:
    """A record as the port knows it. `raw` is aiokafka's ConsumerRecord."""
    headers = {name: value.decode("utf-8", "replace") for name, value in raw.headers}
    first_at = headers.get(APPENDED_AT)
    if first_at is not None:
        at = EPOCH + int(first_at) * MICROSECOND
    else:
        at = EPOCH + raw.timestamp * MILLISECOND
        if raw.timestamp_type == _LOG_APPEND_TIME:
            at = stamped(at)
    shown: Mapping[str, str] = {name: value for name, value in headers.items() if name not in OWN}
    return Record(
        topic=place[0],
        partition=place[1],
        offset=raw.offset,
        key=(raw.key or b"").decode("utf-8", "replace"),
        value=raw.value,
        id=headers.get(ID, ""),
        headers=shown or NO_HEADERS,
        appended_at=at,
    )


_LOG_APPEND_TIME = 1
"""aiokafka's `timestamp_type` of a record that the broker stamped."""
