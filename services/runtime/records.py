"""From a contract payload to a message for the log: the one place where envelope and value are joined."""

from __future__ import annotations

from datetime import datetime

from schemas import codec
from services.eventlog.port import Message, Record


def message(payload: codec.Payload, *, key: str, id: str, source: str, at: datetime, cause: str = "") -> Message:  # noqa: A002 - CloudEvents' word
    """A message with CloudEvents headers. `cause`: the id of the record this was made from."""
    return Message(
        key=key,
        value=codec.encode(payload),
        id=id,
        headers=codec.headers(payload, id=id, source=source, at=at, cause=cause),
    )


def tombstone(*, key: str, id: str) -> Message:  # noqa: A002 - CloudEvents' word
    """The end of a key in a compacted topic."""
    return Message(key=key, value=None, id=id)


def payload(record: Record) -> codec.Payload | codec.Undecodable | None:
    """What a record says; None for a tombstone."""
    return None if record.value is None else codec.decode(record.headers, record.value)
