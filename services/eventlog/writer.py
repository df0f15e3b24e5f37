"""The one thread that writes an SQLite log: it commits everything that waits, urgent calls first, then answers.

All callers that wait while one commit is synced to disk share the next: a durable commit costs one fsync however many
share it. A batch that fails is undone and its calls are tried one by one, so that one call's failure is only its own;
where the file itself is what failed, all are refused at once.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from services.eventlog.admission import Entry
from services.eventlog.news import CLOSED, News
from services.eventlog.port import NO_HEADERS, LogClosed, Position, Record
from services.eventlog.progress import Place
from services.eventlog.recent import Recent
from services.eventlog.schema import BUSY_TIMEOUT_MS, diagnosed, is_compacted, is_of_the_file, roll_back

WAITING_CALLS_MAX = 10_000
"""Calls of one lane that wait for the writer; further callers wait before the queue, which slows them down to what the
disk takes. Each lane counts for itself, so that a flood of routine calls never keeps an emergency out."""
BATCH_MESSAGES_MAX = 2_000
"""Messages after which a commit takes no further calls: about 50 ms, which is what an emergency may wait for."""
BATCH_BYTES_MAX = 4_000_000
"""The same for bytes of values; a single larger call goes alone."""
URGENT_BATCHES_MAX = 16
"""Urgent commits in a row while routine calls wait; then one routine commit goes, so that a flood starves nobody."""
IDLE_S = 1.0
"""After so long without work the write-ahead log is moved into the file, where nobody waits for it."""
_ROWS_AT_ONCE = 64
"""Rows of one INSERT. Each statement gives up the interpreter's lock and waits for it anew, so few statements it is."""

_NEXT_OFFSET = "SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'record'"
_COLUMNS = "(offset, topic, partition, compacted, key, value, id, headers, appended_at_us)"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_Item = TypeVar("_Item")
_Row = tuple[int, int, int, int, str, bytes | None, str, bytes, int]


@dataclass(slots=True, kw_only=True)
class Job:
    """One call's work for the writer: entries to append, positions to move, or a piece of SQL of its own."""

    doing: str
    """The call in words, for errors."""
    urgent: bool = False
    entries: Sequence[Entry] = ()
    group: str = ""
    stage: Callable[[], Mapping[Place, int]] | None = None
    """Called inside the transaction: the positions of `group` as they will be."""
    settle: Callable[[bool], None] | None = None
    """Called after it, with whether it was kept."""
    work: Callable[[sqlite3.Connection], object] | None = None
    answer: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def size_bytes(self) -> int:
        """Bytes of the values it appends."""
        return sum(len(entry.message.value or b"") for entry in self.entries)


class Writer:
    """The thread, its two queues and its connection."""

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        numbers: Mapping[str, int],
        news: News,
        clock: Callable[[], datetime],
        *,
        recent: Recent,
    ) -> None:
        """Start writing to `path`. `numbers` are the topics' numbers in the file. Call it on the event loop."""
        self._path = path
        self._connection = connection
        self._numbers = numbers
        self._news = news
        self._recent = recent
        self._fresh: list[Record] = []
        """What the transaction under way appends, for `recent`."""
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._room = {urgent: asyncio.Semaphore(WAITING_CALLS_MAX) for urgent in (True, False)}
        self._waiting: dict[bool, deque[Job]] = {True: deque(), False: deque()}
        self._changed = threading.Condition()
        self._urgent_in_row = 0
        self._stopping = False
        self._unmoved = False
        self._truncate = False
        self._thread = threading.Thread(target=self._run, name="eventlog-writer", daemon=True)
        self._thread.start()

    async def submit(self, job: Job) -> Any:
        """Queue a job and wait until it is durable. Cancelled before its turn, it is not done at all."""
        async with self._room[job.urgent]:
            with self._changed:
                if self._stopping:
                    raise LogClosed(CLOSED)
                self._waiting[job.urgent].append(job)
                self._changed.notify()
            return await job.answer

    def truncate_when_idle(self) -> None:
        """At the next idle moment cut the write-ahead log, so that no deleted byte stays in it."""
        with self._changed:
            self._truncate = self._unmoved = True
            self._changed.notify()

    def stop(self) -> None:
        """Finish what waits, move the write-ahead log into the file and end the thread. Blocks."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while batch := self._next_batch():
            self._write(batch)
        self._truncate = True
        self._checkpoint()
        self._connection.close()

    def _next_batch(self) -> list[Job]:
        """Wait for jobs and take those of one commit; empty when there will be no more."""
        while not self._stopping or self._has_work():
            woken = True
            with self._changed:
                if not self._has_work() and not self._stopping:
                    woken = self._changed.wait(IDLE_S if self._unmoved else None)
                batch = list(self._taken())
            if batch:
                return batch
            if not woken:
                self._checkpoint()
        return []

    def _has_work(self) -> bool:
        return bool(self._waiting[True] or self._waiting[False])

    def _taken(self) -> Iterator[Job]:
        routine_waits = bool(self._waiting[False])
        urgent = bool(self._waiting[True]) and not (routine_waits and self._urgent_in_row >= URGENT_BATCHES_MAX)
        self._urgent_in_row = self._urgent_in_row + 1 if urgent else 0
        lane = self._waiting[urgent]
        messages = size_bytes = 0
        while lane and messages < BATCH_MESSAGES_MAX and size_bytes < BATCH_BYTES_MAX:
            job = lane.popleft()
            if job.answer.cancelled():
                continue
            messages += 1 + len(job.entries)
            size_bytes += job.size_bytes
            yield job

    def _checkpoint(self) -> None:
        with self._changed:
            truncate, self._truncate, self._unmoved = self._truncate, False, False
        # A reader under way must not make the writer wait, nor an emergency behind it: next time then.
        self._connection.execute("PRAGMA busy_timeout = 0")
        # On a full disk the write-ahead log stays as it is, and the next commit says so.
        with suppress(sqlite3.Error):
            kind = "TRUNCATE" if truncate else "PASSIVE"
            if self._connection.execute(f"PRAGMA wal_checkpoint({kind})").fetchone()[0] and truncate:
                self.truncate_when_idle()
        self._connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")

    def _write(self, batch: Sequence[Job]) -> None:
        try:
            answers, heads = self._transact(batch)
            self._commit(batch)
        except Exception as error:  # noqa: BLE001 - the thread must live and every caller get an answer
            self._undo(batch)
            if len(batch) > 1 and not is_of_the_file(error):
                for job in batch:
                    self._write([job])
            else:
                self._refuse(batch, error)
        else:
            self._acknowledge(batch, answers, heads)

    def _transact(self, batch: Sequence[Job]) -> tuple[list[Any], dict[Place, int]]:
        self._connection.execute("BEGIN IMMEDIATE")
        entries = [entry for job in batch for entry in job.entries]
        self._fresh = []
        positions, heads = self._insert(entries) if entries else ([], {})
        self._move_positions(batch)
        answers: list[Any] = []
        start = 0
        for job in batch:
            end = start + len(job.entries)
            answers.append(job.work(self._connection) if job.work else positions[start:end])
            start = end
        return answers, heads

    def _insert(self, entries: Sequence[Entry]) -> tuple[list[Position], dict[Place, int]]:
        first = self._connection.execute(_NEXT_OFFSET).fetchone()[0]
        at_us = microseconds(self._clock())
        rows = [self._row(first + index, entry, at_us) for index, entry in enumerate(entries)]
        repeated = self._insert_once([row for row in rows if not row[3]])
        self._insert_newest([row for row in rows if row[3]])
        positions: list[Position] = []
        heads: dict[Place, int] = {}
        appended_at = EPOCH + timedelta(microseconds=at_us)
        for (offset, *_), entry in zip(rows, entries, strict=True):
            stands_at, partition = repeated.get(offset, (offset, entry.partition))
            positions.append(Position(topic=entry.topic.name, partition=partition, offset=stands_at))
            if stands_at == offset:
                heads[entry.topic.name, partition] = offset
                if not is_compacted(entry.topic):
                    self._fresh.append(_record(entry, offset, appended_at))
        self._upsert(
            "head (topic, partition, offset)",
            "(topic, partition) DO UPDATE SET offset = excluded.offset",
            [(self._numbers[topic], partition, offset) for (topic, partition), offset in heads.items()],
        )
        return positions, heads

    def _row(self, offset: int, entry: Entry, at_us: int) -> _Row:
        topic, message = entry.topic, entry.message
        return (
            offset,
            self._numbers[topic.name],
            entry.partition,
            int(is_compacted(topic)),
            message.key,
            message.value,
            message.id,
            entry.headers,
            at_us,
        )

    def _insert_once(self, rows: Sequence[_Row]) -> dict[int, tuple[int, int]]:
        """Insert what does not stand yet; answers offset → (offset, partition) of what stood for each that did."""
        repeated: dict[int, tuple[int, int]] = {}
        for chunk in _chunks(rows):
            done = self._connection.execute(
                f"INSERT INTO record {_COLUMNS} VALUES {_marks(chunk)} "  # noqa: S608 - only question marks
                "ON CONFLICT (topic, id) WHERE compacted = 0 DO NOTHING",
                _flat(chunk),
            )
            if done.rowcount < len(chunk):
                for offset, topic, _, _, _, _, id_, _, _ in chunk:
                    stands = self._connection.execute(
                        "SELECT offset, partition FROM record WHERE topic = ? AND id = ? AND compacted = 0",
                        (topic, id_),
                    ).fetchone()
                    if stands[0] != offset:
                        repeated[offset] = stands
        return repeated

    def _insert_newest(self, rows: Sequence[_Row]) -> None:
        """Insert and let the unique index on (topic, key) replace each key's older record."""
        for chunk in _chunks(rows):
            self._connection.execute(
                f"INSERT OR REPLACE INTO record {_COLUMNS} VALUES {_marks(chunk)}",  # noqa: S608 - only question marks
                _flat(chunk),
            )

    def _move_positions(self, batch: Sequence[Job]) -> None:
        """Write all positions of each group, also those that stand still: a group forgotten while it lives comes back."""
        moved: dict[tuple[str, Place], int] = {}
        for job in batch:
            if job.stage:
                moved.update({(job.group, place): offset for place, offset in job.stage().items()})
        self._upsert(
            "position (name, topic, partition, committed)",
            "(name, topic, partition) DO UPDATE SET committed = max(committed, excluded.committed)",
            [(group, self._numbers[topic], partition, offset) for (group, (topic, partition)), offset in moved.items()],
        )

    def _upsert(self, table: str, conflict: str, rows: Sequence[tuple[object, ...]]) -> None:
        for chunk in _chunks(rows):
            self._connection.execute(
                f"INSERT INTO {table} VALUES {_marks(chunk)} ON CONFLICT {conflict}",  # noqa: S608 - names from above
                _flat(chunk),
            )

    def _commit(self, batch: Sequence[Job]) -> None:
        self._connection.execute("COMMIT")
        self._recent.add(self._fresh)
        self._unmoved = True
        _settle(batch, kept=True)

    def _undo(self, batch: Sequence[Job]) -> None:
        # Should the rollback fail too, the next BEGIN fails and comes here again.
        with suppress(sqlite3.Error):
            roll_back(self._connection)
        _settle(batch, kept=False)

    def _acknowledge(self, batch: Sequence[Job], answers: Sequence[Any], heads: Mapping[Place, int]) -> None:
        self._news.raise_heads(heads)

        topics = {topic for topic, _ in heads}

        def deliver() -> None:
            for job, answer in zip(batch, answers, strict=True):
                if not job.answer.done():
                    job.answer.set_result(answer)
            self._news.ring(topics)

        self._on_loop(deliver)

    def _refuse(self, batch: Sequence[Job], error: Exception) -> None:
        refuse = diagnosed(error, self._path)
        refusals = [refuse(job.doing) for job in batch]

        def deliver() -> None:
            for job, refusal in zip(batch, refusals, strict=True):
                if not job.answer.done():
                    refusal.__cause__ = error
                    job.answer.set_exception(refusal)

        self._on_loop(deliver)

    def _on_loop(self, deliver: Callable[[], None]) -> None:
        # When the loop is gone, so is everybody who waited.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(deliver)


def _record(entry: Entry, offset: int, appended_at: datetime) -> Record:
    """An entry as whoever reads it sees it."""
    message = entry.message
    return Record(
        topic=entry.topic.name,
        partition=entry.partition,
        offset=offset,
        key=message.key,
        value=message.value,
        id=message.id,
        headers=dict(message.headers) if message.headers else NO_HEADERS,
        appended_at=appended_at,
    )


def microseconds(at: datetime) -> int:
    """Microseconds since 1970 of an aware time, exactly."""
    return (at - EPOCH) // timedelta(microseconds=1)


def _chunks(rows: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        yield rows[start : start + _ROWS_AT_ONCE]


def _marks(rows: Sequence[tuple[object, ...]]) -> str:
    row = f"({', '.join('?' * len(rows[0]))})"
    return ", ".join([row] * len(rows))


def _flat(rows: Iterable[tuple[object, ...]]) -> list[Any]:
    return [value for row in rows for value in row]


def _settle(batch: Sequence[Job], *, kept: bool) -> None:
    for job in batch:
        if job.settle:
            job.settle(kept)
