"""Structured logs: an event name and key-values, one JSON object a line on standard error. No personal data."""

from __future__ import annotations

import logging
import logging.handlers
import sys
from datetime import UTC, datetime
from typing import Any

import orjson

_FIELDS = "hansho_fields"
TEXT_MAX = 2_000
"""Characters of one value in a log line; the rest is cut, the log is for finding, the topics are for keeping."""
FILE_BYTES_MAX = 20_000_000
FILES_KEPT = 4
"""A log file's size and how many older ones are kept: 100 MB on disk at the most."""


class Logger:
    """Writes events of one part of the system."""

    def __init__(self, part: str) -> None:
        """Name the part: ingest, dispatcher, gateway, eventlog, runtime."""
        self._logger = logging.getLogger(f"hansho.{part}")

    def event(self, name: str, /, **fields: object) -> None:
        """Something happened as it should."""
        self._logger.info(name, extra={_FIELDS: fields})

    def warning(self, name: str, /, **fields: object) -> None:
        """Something did not go as it should; the system goes on by itself."""
        self._logger.warning(name, extra={_FIELDS: fields})

    def error(self, name: str, /, **fields: object) -> None:
        """Somebody must look: the fields say what happened to which alert and what to do."""
        self._logger.error(name, extra={_FIELDS: fields})


def get(part: str) -> Logger:
    """The logger of a part."""
    return Logger(part)


class _Rotating(logging.handlers.RotatingFileHandler):
    """Asks nobody what kind of file it writes to, which the standard one does for each line: it is a plain one."""

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802, ARG002 - logging's names
        """Whether the file is full."""
        return self.stream is not None and self.stream.tell() >= self.maxBytes


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {key: _short(value) for key, value in getattr(record, _FIELDS, {}).items()}
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "severity": record.levelname.lower(),
            "part": record.name.removeprefix("hansho."),
            "event": record.getMessage()[:TEXT_MAX],
            **fields,
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)[-TEXT_MAX:]
        return orjson.dumps(line, default=str).decode()


def _short(value: object) -> object:
    return value[:TEXT_MAX] if isinstance(value, str) else value


def configure(*, level: str = "INFO", path: str = "") -> None:
    """Send every log of the process as JSON lines to a file, or to standard error when no path is given."""
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    if path:
        handler = _Rotating(path, maxBytes=FILE_BYTES_MAX, backupCount=FILES_KEPT, encoding="utf-8")
    handler.setFormatter(_JsonLines())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("hansho").setLevel(level)
