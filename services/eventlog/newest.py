"""What a compacted topic of an SQLite log says now, read beside the process that has the log open for writing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import orjson

from services.eventlog.port import Record
from services.eventlog.schema import checked_version, connect_reader, typed
from services.eventlog.writer import EPOCH

_NEWEST = """
SELECT r.partition, r.offset, r.key, r.value, r.id, r.headers, r.appended_at_us
FROM record r JOIN topic t ON t.id = r.topic WHERE t.name = ? AND r.value IS NOT NULL ORDER BY r.offset
"""


def newest(path: Path, topic: str) -> list[Record]:
    """The records of a compacted topic, none where there is no log yet; raises an `EventLogError` when it cannot be read."""
    if not path.is_file():
        return []
    try:
        with closing(connect_reader(path)) as connection:
            checked_version(connection, path)
            rows = connection.execute(_NEWEST, (topic,)).fetchall()
    except sqlite3.Error as error:
        raise typed(error, path, f"reading {topic}") from error
    return [
        Record(
            topic=topic,
            partition=partition,
            offset=offset,
            key=key,
            value=value,
            id=id_,
            headers=orjson.loads(headers),
            appended_at=EPOCH + timedelta(microseconds=at_us),
        )
        for partition, offset, key, value, id_, headers, at_us in rows
    ]
