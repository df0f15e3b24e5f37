"""A telegram as it was fetched: raw bytes and how we came by them. Written before anything is understood of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from schemas.alert import WIRE


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTelegram:
    """Payload of topic `telegrams`, key `source:entry id`.

    `source`: id in the table of sources (`jma.extra`, `canary`). `entry_id`: the feed's id of the entry, for JMA the
    telegram's URL. `name`: the file name, from which type and office suffix are read. `body`: base64 of the gzip of
    the bytes as they came; `sha256` (hex) is of the bytes themselves.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    source: str
    entry_id: str
    name: str
    fetched_at: datetime
    sha256: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """Payload of topic `dead`: what could not be handled, where it stood, why, and what to do.

    `value`: base64 of the original value (for personal records only its SHA-256). `code`: the defect's stable code.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    topic: str
    partition: int
    offset: int
    key: str
    code: str
    reason: str
    hint: str
    died_at: datetime
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """Made with the log, under the key `epoch` of `situation`: a cursor of another epoch is of another log."""

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    epoch: str
