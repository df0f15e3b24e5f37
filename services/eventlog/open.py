"""From an address to a log: the only place that knows which engines there are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from schemas.topics import TOPICS, Topic
from services.eventlog.memory import MemoryLog
from services.eventlog.port import EventLog
from services.eventlog.sqlite import SqliteLog

ADDRESSES = "memory:, sqlite:PATH"

Now = Callable[[], datetime]
"""Where a log has the time from that it stamps records with (aware)."""


def _machine_now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def open_log(
    url: str, topics: Mapping[str, Topic] = TOPICS, *, now: Now = _machine_now
) -> AsyncIterator[EventLog]:
    """Open the log at `url` with all topics, making directories and file where they are missing; close it at the end.

    `memory:` is a new, empty log of its own; `sqlite:PATH` is a file, PATH as the shell would read it. `now` stamps the
    records: everything that is judged by when it was appended must have its time from the same clock. Raises ValueError
    for another address and an `EventLogError` when the log cannot be opened.
    """
    log = await _opened(url, topics, now)
    try:
        yield log
    finally:
        await log.close()


async def _opened(url: str, topics: Mapping[str, Topic], now: Now) -> EventLog:
    if url == "memory:":
        return MemoryLog(topics, clock=now)
    return await SqliteLog.open(sqlite_path(url), topics, clock=now)


def sqlite_path(url: str) -> Path:
    """The file of a `sqlite:PATH` address; raises ValueError for any other."""
    scheme, _, path = url.partition(":")
    if scheme != "sqlite" or not path:
        raise ValueError(f"There is no event log at {url!r}: an address is one of {ADDRESSES}.")
    return Path(path)
