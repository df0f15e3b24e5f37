"""From an address to a log: the only place that knows which engines there are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.topics import TOPICS, Topic
from services.eventlog.memory import MemoryLog
from services.eventlog.port import EventLog, LogMismatch
from services.eventlog.sqlite import SqliteLog

if TYPE_CHECKING:
    from services.eventlog.kafka.wire import Address

ADDRESSES = "memory:, sqlite:PATH, kafka://HOST:PORT[,HOST:PORT]/PREFIX"

Now = Callable[[], datetime]
"""Where a log has the time from that it stamps records with (aware)."""


Stamped = Callable[[datetime], datetime]
"""From the machine's time to that of the clock behind `Now`: where the log's own servers stamp, they know only theirs."""


def _machine_now() -> datetime:
    return datetime.now(UTC)


def _machine_time(at: datetime) -> datetime:
    return at


@asynccontextmanager
async def open_log(
    url: str,
    topics: Mapping[str, Topic] = TOPICS,
    *,
    now: Now = _machine_now,
    stamped: Stamped = _machine_time,
    dev: bool = False,
) -> AsyncIterator[EventLog]:
    """Open the log at `url` with all topics, making directories and file where they are missing; close it at the end.

    `memory:` is a new, empty log of its own; `sqlite:PATH` is a file, PATH as the shell would read it; `kafka://` names
    brokers, and a prefix for topics and groups: these are made by `hansho topics apply` and only checked here, for `dev`
    with one broker being enough. `now` stamps the records: everything that is judged by when it was appended must have its
    time from the same clock. Raises ValueError for another address and an `EventLogError` when the log cannot be opened.
    """
    log = await _opened(url, topics, now, stamped, dev=dev)
    try:
        yield log
    finally:
        await log.close()


async def _opened(url: str, topics: Mapping[str, Topic], now: Now, stamped: Stamped, *, dev: bool) -> EventLog:
    if url == "memory:":
        return MemoryLog(topics, clock=now)
    if url.startswith("kafka:"):
        return await _opened_kafka(url, topics, now, stamped, dev=dev)
    return await SqliteLog.open(sqlite_path(url), topics, clock=now)


async def _opened_kafka(url: str, topics: Mapping[str, Topic], now: Now, stamped: Stamped, *, dev: bool) -> EventLog:
    with _kafka_there():
        from services.eventlog.kafka.log import KafkaLog
    return await KafkaLog.open(_address(url), topics, clock=now, stamped=stamped, dev=dev)


async def apply_topics(url: str, topics: Mapping[str, Topic] = TOPICS, *, dev: bool) -> list[str]:
    """Make the topics of a log on Kafka and mend what can be mended; what was done, a line each. Raises as `open_log`."""
    with _kafka_there():
        from services.eventlog.kafka import topics as shapes
        from services.eventlog.kafka.groups import office
    async with office(_address(url)) as asked:
        return await shapes.apply(asked.admin, _address(url), topics, dev=dev)


async def check_topics(url: str, topics: Mapping[str, Topic] = TOPICS, *, dev: bool) -> list[str]:
    """What of the topics of a log on Kafka is not as it must be and what to do, a line each. Raises as `open_log`."""
    with _kafka_there():
        from services.eventlog.kafka import topics as shapes
        from services.eventlog.kafka.groups import office
    async with office(_address(url)) as asked:
        return [str(one) for one in await shapes.check(asked.admin, _address(url), topics, dev=dev)]


@contextmanager
def _kafka_there() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise LogMismatch("A log on Kafka needs the package aiokafka: `deploy/install.sh kafka`.") from error


def _address(url: str) -> Address:
    from services.eventlog.kafka import wire

    address = wire.parse(url)
    if address is None:
        raise ValueError(f"There is no event log at {url!r}: an address is one of {ADDRESSES}.")
    return address


def sqlite_path(url: str) -> Path:
    """The file of a `sqlite:PATH` address; raises ValueError for any other."""
    scheme, _, path = url.partition(":")
    if scheme != "sqlite" or not path:
        raise ValueError(f"There is no event log at {url!r}: an address is one of {ADDRESSES}.")
    return Path(path)
