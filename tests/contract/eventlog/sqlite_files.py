"""Opening, holding and spoiling the file of an SQLite log, for its tests."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from schemas.topics import Topic
from services.eventlog import schema
from services.eventlog.sqlite import SqliteLog
from tests.contract.eventlog.engines import TOPICS

ROOT = Path(__file__).parents[3]


async def opened(path: Path, **changed: Topic) -> SqliteLog:
    return await SqliteLog.open(path, {**TOPICS, **changed})


@contextmanager
def writer_held(path: Path) -> Iterator[sqlite3.Connection]:
    """Somebody else writes: the log's writer has to wait until this ends."""
    with closing(schema.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other
        if other.in_transaction:
            other.execute("ROLLBACK")


@contextmanager
def refusing(path: Path, event: str, condition: str) -> Iterator[None]:
    """Whatever goes wrong inside the file for some rows only: here a trigger that refuses them."""
    with closing(schema.connect(path)) as other:
        other.execute(
            f"CREATE TRIGGER refuse {event} WHEN {condition} BEGIN SELECT raise(ABORT, 'refused by a test'); END"
        )
        yield
        other.execute("DROP TRIGGER refuse")


async def writer_has_taken_all(log: SqliteLog) -> None:
    """Wait until nothing is queued: what was appended is in the transaction that waits."""
    while any(log._writer._waiting.values()):
        await asyncio.sleep(0)


def content(path: Path) -> bytes:
    return path.read_bytes()


def size_bytes(path: Path) -> int:
    return path.stat().st_size


def set_content(path: Path, value: bytes | bytearray) -> None:
    path.write_bytes(value)
