"""The SQLite file: its tables, its version, how it is opened, and what its errors mean."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

from schemas.topics import Policy, Topic
from services.eventlog.port import EventLogError, LogBroken, LogFull, LogInUse, LogMismatch, SchemaTooNew
from services.eventlog.storage import is_full

APPLICATION_ID = 0x48414E53
"""`HANS`: the file is one of ours."""
BUSY_TIMEOUT_MS = 5_000
"""How long a statement waits for another process's short transaction (`hansho groups forget`)."""
WAL_PAGES = 4_000
"""Pages (16 MB) after which a commit moves the write-ahead log into the file; usually an idle moment does so before."""
JOURNAL_BYTES_MAX = 64_000_000
"""What the write-ahead log may keep of the disk after it was moved; a longer one is cut."""
_STATEMENTS_CACHED = 256
_FULL = 2

# offset: one sequence for the whole log, so it rises in every partition and has gaps there; AUTOINCREMENT never gives
# one twice. SQLite has one writer, so the order of commits is the order of offsets: no lower one appears late.
_VERSION_1 = (
    """CREATE TABLE topic (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, partitions INTEGER NOT NULL, policy TEXT NOT NULL)""",
    """CREATE TABLE record (
        offset INTEGER PRIMARY KEY AUTOINCREMENT, topic INTEGER NOT NULL REFERENCES topic, partition INTEGER NOT NULL,
        compacted INTEGER NOT NULL, key TEXT NOT NULL, value BLOB, id TEXT NOT NULL, headers BLOB NOT NULL,
        appended_at_us INTEGER NOT NULL)""",
    "CREATE INDEX record_place ON record (topic, partition, offset)",
    "CREATE UNIQUE INDEX record_once ON record (topic, id) WHERE compacted = 0",
    "CREATE UNIQUE INDEX record_newest ON record (topic, key) WHERE compacted = 1",
    """CREATE TABLE head (
        topic INTEGER NOT NULL REFERENCES topic, partition INTEGER NOT NULL, offset INTEGER NOT NULL,
        PRIMARY KEY (topic, partition)) WITHOUT ROWID""",
    """CREATE TABLE position (
        name TEXT NOT NULL, topic INTEGER NOT NULL REFERENCES topic, partition INTEGER NOT NULL,
        committed INTEGER NOT NULL, PRIMARY KEY (name, topic, partition)) WITHOUT ROWID""",
)
# By age, not by offset: a clock that was wrong for an hour must not hold back (or let go) everything after it.
_VERSION_2 = (
    "CREATE INDEX record_age ON record (topic, partition, appended_at_us) WHERE compacted = 0 OR value IS NULL",
)
STEPS = (_VERSION_1, _VERSION_2)
"""The statements that lead from each version to the next; a new file takes all of them."""
SCHEMA_VERSION = len(STEPS)


def connect(path: Path) -> sqlite3.Connection:
    """A connection in autocommit mode that waits for others; the caller sees to it that one thread uses it at a time."""
    connection = sqlite3.connect(
        path,
        timeout=BUSY_TIMEOUT_MS / 1000,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_STATEMENTS_CACHED,
    )
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot change anything."""
    connection = connect(path)
    connection.execute("PRAGMA query_only = ON")
    return connection


def connect_writer(path: Path) -> sqlite3.Connection:
    """The writer's connection, with everything durability needs set and read back; brings an older file forward."""
    connection = connect(path)
    try:
        version = checked_version(connection, path)
        _set_durable(connection, path)
        for step in range(version, SCHEMA_VERSION):
            _step(connection, step)
    except BaseException:
        connection.close()
        raise
    return connection


def checked_version(connection: sqlite3.Connection, path: Path) -> int:
    """The file's schema version, 0 when it is new; refuses newer files and other programs' files untouched."""
    application = _pragma(connection, "application_id")
    version = _pragma(connection, "user_version")
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if application != APPLICATION_ID and (tables or version or application):
        raise LogMismatch(f"{path} is an SQLite file of another program; it was left as it is. Give another path.")
    if version > SCHEMA_VERSION:
        raise SchemaTooNew(
            f"{path} was written by a newer version of this program (schema {version}; this one knows {SCHEMA_VERSION}). "
            "It was left as it is: start the newer version again, or restore the copy made before the update."
        )
    return version


def _set_durable(connection: sqlite3.Connection, path: Path) -> None:
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    for setting in (
        "synchronous = FULL",
        # macOS: fsync alone leaves the bytes in the disk's own cache. No effect elsewhere.
        "fullfsync = ON",
        "checkpoint_fullfsync = ON",
        # What was deleted is overwritten: an unsubscribed device must not stay readable in free pages.
        "secure_delete = ON",
        f"wal_autocheckpoint = {WAL_PAGES}",
        f"journal_size_limit = {JOURNAL_BYTES_MAX}",
    ):
        connection.execute(f"PRAGMA {setting}").fetchall()
    if mode != "wal" or _pragma(connection, "synchronous") != _FULL:
        raise LogBroken(f"{path}: SQLite would not commit durably here (journal {mode}). Choose a local disk.")


def durability_of(connection: sqlite3.Connection) -> dict[str, int | str]:
    """What durability rests on, as this connection has it: see SQLite's page on PRAGMAs for the numbers."""
    names = ("journal_mode", "synchronous", "fullfsync", "secure_delete", "wal_autocheckpoint", "journal_size_limit")
    return {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names}


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value


def _step(connection: sqlite3.Connection, step: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in STEPS[step]:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {step + 1}")
        connection.execute("COMMIT")
    except BaseException:
        roll_back(connection)
        raise


def roll_back(connection: sqlite3.Connection) -> None:
    """Undo the transaction under way; SQLite may have done so itself (disk full)."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def settle_topics(connection: sqlite3.Connection, path: Path, topics: Mapping[str, Topic]) -> dict[str, int]:
    """Add the topics that the file lacks, refuse those that drifted, and answer each one's number in the file."""
    rows = {
        name: (partitions, policy)
        for name, partitions, policy in connection.execute("SELECT name, partitions, policy FROM topic")
    }
    for name, topic in topics.items():
        if name in rows:
            _refuse_drift(path, topic, *rows[name])
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.executemany(
            "INSERT INTO topic (name, partitions, policy) VALUES (?, ?, ?)",
            [(name, topic.partitions, str(topic.policy)) for name, topic in topics.items() if name not in rows],
        )
        connection.execute("COMMIT")
    except BaseException:
        roll_back(connection)
        raise
    numbers: dict[str, int] = dict(connection.execute("SELECT name, id FROM topic").fetchall())
    return {name: numbers[name] for name in topics}


def _refuse_drift(path: Path, topic: Topic, partitions: int, policy: str) -> None:
    if partitions != topic.partitions:
        raise LogMismatch(
            f"{path} has topic {topic.name} with {partitions} partitions, schemas/topics.py says {topic.partitions}: keys "
            "would move to other partitions and lose their order. Put the old number back; it never changes."
        )
    if policy != topic.policy:
        raise LogMismatch(
            f"{path} has topic {topic.name} with policy {policy}, schemas/topics.py says {topic.policy}: its records "
            "would be kept by the wrong rule. Put the old policy back, or give the topic a new name."
        )


def is_compacted(topic: Topic) -> bool:
    """Whether only the newest record of a key stays."""
    return topic.policy is Policy.COMPACT


def is_of_the_file(error: Exception) -> bool:
    """Whether the file is what failed, not one call: trying each call again would wait as long, or do harm, each time."""
    return _primary_code(error) in (*_BUSY, *_MAY_BE_FULL, *_FAILED)


def typed(error: Exception, path: Path, doing: str) -> EventLogError:
    """What an error of the storage means to the caller: what happened to the call, and what to do."""
    return diagnosed(error, path)(doing)


def diagnosed(error: Exception, path: Path) -> Callable[[str], EventLogError]:
    """Find out once what an error means; the answer makes each call's own error of it."""
    if isinstance(error, EventLogError):
        return lambda _: error
    code = _primary_code(error)
    no_room = code == sqlite3.SQLITE_FULL or getattr(error, "errno", None) in _NO_ROOM
    if no_room or (code in _MAY_BE_FULL and is_full(path.parent)):
        return lambda doing: LogFull(
            f"The disk of {path} is full: nothing was kept of {doing}; what was acknowledged before is intact. "
            "Free space there; the log works again by itself."
        )
    if code in _BUSY:
        return lambda doing: LogInUse(
            f"Another process kept {path} locked for more than {BUSY_TIMEOUT_MS} ms: nothing was kept of {doing}. "
            "Find it (fuser, lsof) and end it; the log works again by itself."
        )
    return lambda doing: LogBroken(
        f"The storage of {path} failed ({type(error).__name__}: {error}): {doing} was not acknowledged. "
        "Check the disk and the system's log; restore a copy if the file is damaged."
    )


def _primary_code(error: Exception) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_FAILED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_READONLY)
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_MAY_BE_FULL = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)
"""What SQLite answers besides SQLITE_FULL when a quota is used up or there is no room for its shared memory."""
