"""A wrong engine: it answers as soon as the statements have run, and lets the commit follow."""

from __future__ import annotations

import time
from collections.abc import Sequence

from services.eventlog.sqlite import SqliteLog
from services.eventlog.writer import Job, Writer

DISK_S = 0.02
"""What a commit takes on a slow disk, which is what such an engine wants to hide."""


class EarlyWriter(Writer):
    """Acknowledges before COMMIT."""

    def _write(self, batch: Sequence[Job]) -> None:
        answers, heads = self._transact(batch)
        self._acknowledge(batch, answers, heads)
        time.sleep(DISK_S)
        self._commit(batch)


class EarlyLog(SqliteLog):
    """The SQLite engine with the early writer."""

    writer_class = EarlyWriter
