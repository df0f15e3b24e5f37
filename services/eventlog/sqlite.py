"""The event log on one SQLite file: one writer thread with group commit, readers on connections of their own.

Measured reasons and figures: write-ahead log with `synchronous=FULL`, for group commit makes it as fast as less; one
process writes, for two starve each other by seconds. What is refused at the start: a second process, a network disk, a
newer file, another program's file, topics whose partitions or policy changed.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import ClassVar, NamedTuple, Self, TypeVar

import orjson

from schemas.topics import TOPICS, Topic
from services.eventlog import groups as group_table
from services.eventlog.admission import admit, admit_outputs, checked_limit, checked_place, topic_named
from services.eventlog.consumer import GroupConsumer, gather, member_text
from services.eventlog.news import News
from services.eventlog.port import (
    BEFORE_FIRST,
    FETCH_BYTES_MAX,
    FETCH_MAX,
    NO_HEADERS,
    Consumer,
    GroupInUse,
    GroupLag,
    Message,
    Output,
    Position,
    Record,
    Release,
)
from services.eventlog.progress import Place, Progress, Wanted
from services.eventlog.recent import Recent
from services.eventlog.retention import cutoff
from services.eventlog.schema import connect_reader, connect_writer, durability_of, is_compacted, settle_topics, typed
from services.eventlog.storage import WriterLock, prepare
from services.eventlog.writer import EPOCH, Job, Writer, microseconds

READERS_PER_LANE = 2
"""Threads, each with a connection, for reads of urgent topics and as many for the others: routine reads, however many,
keep no emergency waiting. Further reads wait for a free thread."""
SLICE_RECORDS_MAX = 200
"""Records that retention removes in one commit; between two slices the appends that wait have their turn."""
SLICE_BYTES_MAX = 2_000_000
"""The same in bytes: removed pages are overwritten, which costs as much as writing them."""

_Answer = TypeVar("_Answer")

_READ = """
SELECT offset, key, value, id, headers, appended_at_us FROM record
WHERE topic = ? AND partition = ? AND offset > ? ORDER BY offset LIMIT ?
"""
_FLOOR = "(SELECT coalesce(min(committed), 9223372036854775807) FROM position WHERE topic = ?1 AND partition = ?2)"
_REMOVABLE = f"""
SELECT offset, coalesce(length(value), 0) FROM record
WHERE topic = ?1 AND partition = ?2 AND (compacted = 0 OR value IS NULL) AND appended_at_us < ?3 AND +offset <= {_FLOOR}
ORDER BY appended_at_us LIMIT ?4
"""  # noqa: S608 - constants only
# Checked again where it is removed: a group may have registered since, and it begins at the oldest record.
_REMOVE = f"DELETE FROM record WHERE topic = ?1 AND partition = ?2 AND offset <= {_FLOOR} AND offset IN"  # noqa: S608


class _Found(NamedTuple):
    """What stands in the file when it is opened."""

    path: Path
    lock: WriterLock
    connection: sqlite3.Connection
    numbers: dict[str, int]
    """The topics' numbers in the file."""
    heads: dict[Place, int]
    """Of all partitions, so that the writer thread only ever changes values."""


class _NotRecent(Exception):
    """Some of what is asked for stands in the file alone."""


class SqliteLog:
    """See `services.eventlog.port.EventLog`; made by `SqliteLog.open`."""

    writer_class: ClassVar[type[Writer]] = Writer

    def __init__(self, topics: Mapping[str, Topic], clock: Callable[[], datetime], found: _Found) -> None:
        """Use `open`, which does the blocking part before this."""
        self._path = found.path
        self._topics = topics
        self._clock = clock
        self._lock = found.lock
        self._numbers = found.numbers
        self._places = {(found.numbers[name], p): (name, p) for name in topics for p in range(topics[name].partitions)}
        self._news = News(found.heads)
        lasting = [
            (name, p) for name, topic in topics.items() if not is_compacted(topic) for p in range(topic.partitions)
        ]
        self._recent = Recent({place: found.heads[place] for place in lasting})
        self._writer = self.writer_class(
            found.path, found.connection, found.numbers, self._news, clock, recent=self._recent
        )
        self._members: set[str] = set()
        self._own = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._readers = {
            urgent: ThreadPoolExecutor(READERS_PER_LANE, f"eventlog-reader-{lane}")
            for urgent, lane in ((True, "urgent"), (False, "routine"))
        }
        self._shutting: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        path: Path,
        topics: Mapping[str, Topic] = TOPICS,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> Self:
        """Open or make the log at `path`. `clock` stamps the records. Raises an `EventLogError` that says what to do."""
        return cls(topics, clock, await asyncio.to_thread(_start, path, topics))

    @property
    def news(self) -> News:
        """Heads and bell, for consumers."""
        return self._news

    async def append(self, topic: str, messages: Sequence[Message]) -> list[Position]:
        """Keep the messages; see the port."""
        self._news.check_open()
        entries = admit(self._topics, topic, messages)
        if not entries:
            return []
        doing = f"{len(entries)} messages for {topic} (the first is {entries[0].message.id})"
        positions: list[Position] = await self._writer.submit(
            Job(doing=doing, urgent=self._topics[topic].urgent, entries=entries)
        )
        return positions

    async def read(
        self, topic: str, partition: int, *, after: int = BEFORE_FIRST, limit: int = FETCH_MAX
    ) -> list[Record]:
        """Records of one partition; see the port."""
        self._news.check_open()
        place = checked_place(self._topics, topic, partition)
        most = checked_limit(limit)
        recent = self._recent.read(place, after, most, FETCH_BYTES_MAX)
        if recent is not None:
            return recent
        return await self._on_reader(
            self._topics[topic].urgent, f"reading {topic}", lambda: self._read(place, after, most, FETCH_BYTES_MAX)
        )

    def _read(self, place: Place, after: int, limit: int, bytes_max: int) -> list[Record]:
        topic, partition = place
        records: list[Record] = []
        rows = self._connection().execute(_READ, (self._numbers[topic], partition, after, limit))
        for offset, key, value, id_, headers, at_us in rows:
            bytes_max -= len(value or b"")
            if bytes_max < 0 and records:
                rows.close()
                break
            records.append(
                Record(
                    topic=topic,
                    partition=partition,
                    offset=offset,
                    key=key,
                    value=value,
                    id=id_,
                    headers=orjson.loads(headers) if headers != b"{}" else NO_HEADERS,
                    appended_at=EPOCH + timedelta(microseconds=at_us),
                )
            )
        return records

    def _read_recent(self, place: Place, after: int, limit: int, bytes_max: int) -> list[Record]:
        found = self._recent.read(place, after, limit, bytes_max)
        if found is None:
            raise _NotRecent
        return found

    def _connection(self) -> sqlite3.Connection:
        """The connection of the reader thread that asks."""
        connection: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = connect_reader(self._path)
            self._connections.append(connection)
        return connection

    async def _on_reader(self, urgent: bool, doing: str, work: Callable[[], _Answer]) -> _Answer:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._readers[urgent], work)
        except sqlite3.Error as error:
            raise typed(error, self._path, doing) from error
        except RuntimeError:
            self._news.check_open()  # closed under way
            raise

    async def head(self, topic: str, partition: int) -> int:
        """The highest offset ever given in the partition."""
        self._news.check_open()
        return self._news.head(checked_place(self._topics, topic, partition))

    async def wait(self, seen: Mapping[tuple[str, int], int]) -> None:
        """Return when there is a record above; see the port."""
        self._news.check_open()
        known: dict[Place, int] = {}
        for (topic, partition), offset in seen.items():
            place = checked_place(self._topics, topic, partition)
            head = self._news.head(place)
            # Compaction and retention leave heads without a record: only a record is news.
            if head > offset and await self.read(topic, partition, after=offset, limit=1):
                return
            known[place] = max(offset, head)
        await self._news.above(known)

    @asynccontextmanager
    async def consume(
        self, group: str, topics: Sequence[str], *, alone: bool = False, release: Release | None = None
    ) -> AsyncIterator[Consumer]:
        """Join a group; see the port. Here its only member has every partition for ever."""
        del alone, release
        self._news.check_open()
        named = [topic_named(self._topics, name) for name in topics]
        if group in self._members:
            raise GroupInUse(member_text(group))
        self._members.add(group)
        try:
            places = [(self._numbers[topic.name], p) for topic in named for p in range(topic.partitions)]
            committed: dict[tuple[int, int], int] = await self._writer.submit(
                Job(doing=f"registering group {group}", work=lambda c: group_table.register(c, group, places))
            )
            urgent = frozenset(topic.name for topic in named if topic.urgent)
            progress = Progress({self._places[place]: committed[place] for place in places}, urgent)
            consumer = GroupConsumer(group, _SqliteSource(self, group, bool(urgent)), progress)
            try:
                yield consumer
            finally:
                consumer.leave()
        finally:
            self._members.discard(group)

    async def pull(self, lanes: Sequence[Sequence[Wanted]], limit: int, *, urgent: bool) -> list[Record]:
        """Read for a consumer: what is recent here, else all its partitions in one visit to a reader thread."""
        with suppress(_NotRecent):
            return gather(lanes, limit, self._read_recent)
        return await self._on_reader(urgent, "fetching", lambda: gather(lanes, limit, self._read))

    async def keep(
        self, group: str, progress: Progress, finished: Sequence[Record], outputs: Sequence[Output]
    ) -> list[Position]:
        """Outputs and positions of a consumer in one transaction."""
        entries = admit_outputs(self._topics, outputs)
        urgent = any(entry.topic.urgent for entry in entries) or any(self._topics[r.topic].urgent for r in finished)
        positions: list[Position] = await self._writer.submit(
            Job(
                doing=f"a commit of group {group} with {len(finished)} records and {len(entries)} outputs",
                urgent=urgent,
                entries=entries,
                group=group,
                stage=lambda: progress.stage(finished),
                settle=lambda kept: progress.settle(kept=kept),
            )
        )
        return positions

    async def groups(self, named: Collection[str] = ()) -> list[GroupLag]:
        """Registered groups; see the port."""
        self._news.check_open()
        now = self._clock()
        found = await self._on_reader(
            False, "listing groups", lambda: group_table.lags(self._connection(), now, self._topics)
        )
        return [lag for lag in found if not named or lag.group in named]

    def counts(self) -> Mapping[str, int]:
        """Nothing: there is nobody here to lose."""
        return {}

    async def forget(self, group: str) -> bool:
        """Remove a group; see the port."""
        self._news.check_open()
        if group in self._members:
            raise GroupInUse(member_text(group))
        job = Job(doing=f"forgetting group {group}", work=lambda connection: group_table.forget(connection, group))
        return bool(await self._writer.submit(job))

    async def maintain(self, now: datetime) -> int:
        """Remove what retention allows, then let the write-ahead log be cut so that it keeps none of it; see the port."""
        self._news.check_open()
        self._recent.clear()
        removed = 0
        for topic in self._topics.values():
            if (before := cutoff(topic, now)) is not None:
                for partition in range(topic.partitions):
                    removed += await self._remove(topic, partition, microseconds(before))
        self._writer.truncate_when_idle()
        return removed

    async def _remove(self, topic: Topic, partition: int, before_us: int) -> int:
        removed = 0
        where = (self._numbers[topic.name], partition)
        while offsets := await self._on_reader(
            False, f"retention of {topic.name}", lambda: self._removable(where, before_us)
        ):
            job = Job(doing=f"retention of {topic.name}", work=partial(_remove, where=where, offsets=offsets))
            slice_removed: int = await self._writer.submit(job)
            removed += slice_removed
            if slice_removed == 0:
                break
        return removed

    def _removable(self, where: tuple[int, int], before_us: int) -> list[int]:
        """Offsets of the next slice: the oldest, as many as fit, but at least one when there is one."""
        rows = self._connection().execute(_REMOVABLE, (*where, before_us, SLICE_RECORDS_MAX)).fetchall()
        sizes = accumulate(size for _, size in rows)
        return [offset for (offset, _), total in zip(rows, sizes, strict=True) if total <= SLICE_BYTES_MAX] or [
            offset for offset, _ in rows[:1]
        ]

    async def durability(self) -> dict[str, int | str]:
        """The settings that durability rests on, read back on the writer's own connection."""
        answer: dict[str, int | str] = await self._writer.submit(Job(doing="reading settings", work=durability_of))
        return answer

    async def close(self) -> None:
        """Finish what is under way, move the write-ahead log into the file and let go of it; see the port."""
        if self._shutting is None:
            self._news.close()
            self._shutting = asyncio.create_task(asyncio.to_thread(self._stop))
        await asyncio.shield(self._shutting)

    def _stop(self) -> None:
        for readers in self._readers.values():
            readers.shutdown()
        for connection in self._connections:
            connection.close()
        self._writer.stop()
        self._lock.release()


class _SqliteSource:
    """The log as one group's consumer sees it."""

    def __init__(self, log: SqliteLog, group: str, urgent: bool) -> None:
        self._log = log
        self._group = group
        self._urgent = urgent

    @property
    def news(self) -> News:
        return self._log.news

    async def pull(self, lanes: Sequence[Sequence[Wanted]], limit: int) -> list[Record]:
        return await self._log.pull(lanes, limit, urgent=self._urgent)

    async def keep(self, progress: Progress, finished: Sequence[Record], outputs: Sequence[Output]) -> list[Position]:
        return await self._log.keep(self._group, progress, finished, outputs)


def _start(path: Path, topics: Mapping[str, Topic]) -> _Found:
    """Everything that blocks while a log is opened."""
    path = path.resolve()
    try:
        prepare(path)
        lock = WriterLock(path)
        try:
            return _opened(path, lock, topics)
        except BaseException:
            lock.release()
            raise
    except (OSError, sqlite3.Error) as error:
        raise typed(error, path, "opening the log") from error


def _opened(path: Path, lock: WriterLock, topics: Mapping[str, Topic]) -> _Found:
    connection = connect_writer(path)
    try:
        numbers = settle_topics(connection, path, topics)
        heads = {(name, p): BEFORE_FIRST for name, topic in topics.items() for p in range(topic.partitions)}
        for *place, offset in connection.execute(
            "SELECT t.name, h.partition, h.offset FROM head h JOIN topic t ON t.id = h.topic"
        ).fetchall():
            heads[place[0], place[1]] = offset
    except BaseException:
        connection.close()
        raise
    return _Found(path, lock, connection, numbers, heads)


def _remove(connection: sqlite3.Connection, where: tuple[int, int], offsets: Sequence[int]) -> int:
    marks = ", ".join("?" * len(offsets))
    return connection.execute(f"{_REMOVE} ({marks})", (*where, *offsets)).rowcount
