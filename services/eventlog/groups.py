"""Consumer groups of an SQLite log: how far behind they are, and forgetting one, whether or not a process has it open.

Consumers never keep a group's position in memory alone: what is committed stands in the file, and retention reads it
there. So a group may be listed and forgotten from another process, in one short transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path

from schemas.topics import TOPICS, Topic
from services.eventlog.port import GroupLag, LogMismatch
from services.eventlog.retention import cutoff
from services.eventlog.schema import checked_version, connect, connect_reader, roll_back, typed
from services.eventlog.writer import microseconds

_POSITIONS = """
SELECT p.name, t.name, t.id, p.partition, p.committed,
       (SELECT count(*) FROM record r WHERE r.topic = t.id AND r.partition = p.partition AND r.offset > p.committed),
       (SELECT appended_at_us FROM record r WHERE r.topic = t.id AND r.partition = p.partition
        AND r.offset > p.committed ORDER BY r.offset LIMIT 1)
FROM position p JOIN topic t ON t.id = p.topic ORDER BY p.name, t.name, p.partition
"""
_HOLDS_BACK = """
SELECT EXISTS (SELECT 1 FROM record WHERE topic = ? AND partition = ? AND (compacted = 0 OR value IS NULL)
               AND appended_at_us < ? AND +offset > ?)
"""
# The plus keeps SQLite from looking through all records above the position: by age there are few or none.


def list_groups(path: Path, now: datetime, topics: Mapping[str, Topic] = TOPICS) -> list[GroupLag]:
    """All registered groups of the log at `path`; raises an `EventLogError` when it cannot be read."""
    _check_exists(path)
    try:
        with closing(connect_reader(path)) as connection:
            checked_version(connection, path)
            return lags(connection, now, topics)
    except sqlite3.Error as error:
        raise typed(error, path, "listing its groups") from error


def forget_group(path: Path, group: str) -> bool:
    """Remove a group of the log at `path`, so that it holds nothing back; False when there is none of that name.

    A process in which the group is alive brings it back with its next commit.
    """
    _check_exists(path)
    try:
        with closing(connect(path)) as connection:
            checked_version(connection, path)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")
            try:
                forgotten = forget(connection, group)
                connection.execute("COMMIT")
            except BaseException:
                roll_back(connection)
                raise
            return forgotten
    except sqlite3.Error as error:
        raise typed(error, path, f"forgetting group {group}") from error


def _check_exists(path: Path) -> None:
    if not path.exists():
        raise LogMismatch(f"There is no log at {path}. Give the path of the one that `hansho run` made.")


def lags(connection: sqlite3.Connection, now: datetime, topics: Mapping[str, Topic]) -> list[GroupLag]:
    """How far behind each group is, by group, topic and partition."""
    found: list[GroupLag] = []
    now_us = microseconds(now)
    for group, topic, number, partition, committed, behind, oldest_us in connection.execute(_POSITIONS).fetchall():
        before = cutoff(topics[topic], now) if topic in topics else None
        aged = (
            before and connection.execute(_HOLDS_BACK, (number, partition, microseconds(before), committed)).fetchone()
        )
        found.append(
            GroupLag(
                group=group,
                topic=topic,
                partition=partition,
                committed=committed,
                lag_records=behind,
                lag_s=0.0 if oldest_us is None else max(0, now_us - oldest_us) / 1_000_000,
                holds_back=bool(aged and aged[0]),
            )
        )
    return found


def forget(connection: sqlite3.Connection, group: str) -> bool:
    """Remove the group inside the caller's transaction."""
    return connection.execute("DELETE FROM position WHERE name = ?", (group,)).rowcount > 0


def register(connection: sqlite3.Connection, group: str, places: list[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Register what is new of the group's (topic number, partition) and answer the positions of all of them."""
    connection.executemany(
        "INSERT INTO position (name, topic, partition, committed) VALUES (?, ?, ?, -1) ON CONFLICT DO NOTHING",
        [(group, topic, partition) for topic, partition in places],
    )
    rows = connection.execute("SELECT topic, partition, committed FROM position WHERE name = ?", (group,)).fetchall()
    return {(topic, partition): committed for topic, partition, committed in rows}
