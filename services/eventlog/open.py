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


@asynccontextmanager
async def open_log(
    url: str, topics: Mapping[str, Topic] = TOPICS, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> AsyncIterator[EventLog]:
    """Open the log at `url` with all topics, making directories and file where they are missing; close it at the end.

    `memory:` is a new, empty log of its own; `sqlite:PATH` is a file, PATH as the shell would read it. `clock` stamps the
    records. Raises ValueError for another address and an `EventLogError` when the log cannot be opened.
    """
    log = await _opened(url, topics, clock)
    try:
        yield log
    finally:
        await log.close()


async def _opened(url: str, topics: Mapping[str, Topic], clock: Callable[[], datetime]) -> EventLog:
    if url == "memory:":
        return MemoryLog(topics, clock=clock)
    return await SqliteLog.open(sqlite_path(url), topics, clock=clock)


def sqlite_path(url: str) -> Path:
    """The file of a `sqlite:PATH` address; raises ValueError for any other."""
    scheme, _, path = url.partition(":")
    if scheme != "sqlite" or not path:
        raise ValueError(f"There is no event log at {url!r}: an address is one of {ADDRESSES}.")
    return Path(path)
