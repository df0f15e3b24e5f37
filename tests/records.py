"""What stands in a log, for tests: all records of a topic, and what they say."""

from __future__ import annotations

from typing import TypeVar

from schemas.codec import Payload
from schemas.topics import TOPICS
from services.eventlog.port import BEFORE_FIRST, EventLog, Record
from services.runtime import records

P = TypeVar("P", bound=Payload)


async def every_record(log: EventLog, topic: str) -> list[Record]:
    """All records of a topic, by partition and offset."""
    found: list[Record] = []
    for partition in range(TOPICS[topic].partitions):
        after = BEFORE_FIRST
        while batch := await log.read(topic, partition, after=after):
            after = batch[-1].offset
            found += batch
    return found


async def every(log: EventLog, topic: str, payload: type[P]) -> list[P]:
    """What all records of a topic say that are of this type."""
    values = (records.payload(record) for record in await every_record(log, topic))
    return [value for value in values if isinstance(value, payload)]
