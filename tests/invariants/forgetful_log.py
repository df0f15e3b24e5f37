"""A wrong engine: what it removes it only forgets where to find, and the bytes stay in the file."""

from __future__ import annotations

from services.eventlog.sqlite import SqliteLog
from services.eventlog.writer import Writer


class ForgetfulWriter(Writer):
    """Removes without overwriting."""

    def _run(self) -> None:
        self._connection.execute("PRAGMA secure_delete = OFF")
        super()._run()


class ForgetfulLog(SqliteLog):
    """The SQLite engine with the forgetful writer."""

    writer_class = ForgetfulWriter
