"""DMDATA.JP: the words of its socket, without a socket. It pushes JMA's telegrams as they are issued, the same XML.

A ticket, good for one connection, is asked for over HTTPS; then messages are JSON: `start`, `ping` (answered with its
pingId, or the line is cut), `data` (one telegram, compressed and in base64), `error`.

Sources: DMDATA.JP API v2, Socket Start and WebSocket `dmdata.v2` (documentation of June 2026, as collected in the project's
notes on JMA §1.3).
"""

from __future__ import annotations

import zlib
from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from schemas.topics import TELEGRAM_BYTES_MAX
from services.ingest.core.bodies import text_only
from services.ingest.core.defect import Code, Defect
from services.ingest.core.types import TYPES, by_name
from services.ingest.core.xml import named

PROTOCOL = "dmdata.v2"
CLASSIFICATIONS = (
    "telegram.earthquake",
    "telegram.volcano",
    "telegram.weather",
    "eew.warning",
)
APP_NAME = "Hansho"
MESSAGE_BYTES_MAX = 2 * TELEGRAM_BYTES_MAX
PING_WITHIN_S = 180.0
"""A line on which nothing came for so long is dead: pings come more often."""
PAUSE_S_MIN, PAUSE_S_MAX = 1.0, 60.0
_GZIP, _ZIP = 47, 15
"""zlib's windows: 32 + 15 reads gzip and zlib by their heads."""


@dataclass(frozen=True, slots=True)
class Started:
    """The server is ready."""


@dataclass(frozen=True, slots=True)
class Ping:
    """To be answered at once."""

    id: str


@dataclass(frozen=True, slots=True)
class Fault:
    """The server says what is wrong; `closes` that it will close the line."""

    reason: str
    closes: bool


@dataclass(frozen=True, slots=True)
class Pushed:
    """One telegram: the server's id of it, a name that tells its type, and its bytes as JMA wrote them."""

    id: str
    name: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Other:
    """A message of a type that says nothing to us."""

    type: str


Message = Started | Ping | Fault | Pushed | Other

WANTED = frozenset(row.code for row in TYPES if row.body not in {None, text_only} and not row.copy_since)
"""Types that can have an effect."""


def request() -> dict[str, Any]:
    """What a ticket is asked for with."""
    return {"classifications": CLASSIFICATIONS, "test": "including", "appName": APP_NAME, "formatMode": "raw"}


def ticket_of(body: bytes) -> str | Defect:
    """The ticket in the answer."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        answer = None
    ticket = answer.get("ticket") if isinstance(answer, dict) else None
    if not isinstance(ticket, str) or not (0 < len(ticket) <= 500 and ticket.isascii() and ticket.isprintable()):
        return Defect(code=Code.UNKNOWN_ROOT, reason="the answer holds no ticket")
    return ticket


def pong(ping: Ping) -> str:
    """The answer to a ping."""
    return orjson.dumps({"type": "pong", "pingId": ping.id}).decode()


def read(text: str | bytes) -> Message | Defect:
    """A message of the socket; never raises."""
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return Defect(code=Code.NOT_WELL_FORMED, reason=f"no JSON: {error}"[:200])
    if isinstance(message, dict):
        return _message(message)
    return Defect(code=Code.UNKNOWN_ROOT, reason="a message that is no object")


def _message(message: Mapping[str, Any]) -> Message | Defect:
    match message.get("type"):
        case "start":
            return Started()
        case "ping":
            return Ping(str(message.get("pingId", ""))[:200])
        case "error":
            reason = f"{message.get('code', '')} {message.get('error', '')}"
            return Fault(reason=reason[:200].strip(), closes=message.get("close") is True)
        case "data":
            return _data(message)
        case other:
            return Other(str(other)[:80])


def is_wanted(pushed: Pushed, known: Container[str]) -> bool:
    """Whether a telegram is new and of a type that can have an effect; one of an unknown type is looked at."""
    found = by_name(pushed.name)
    return pushed.id not in known and (found is None or found.row.code in WANTED)


def _data(message: Mapping[str, Any]) -> Pushed | Defect:
    id_, head, body = message.get("id"), message.get("head"), message.get("body")
    if not isinstance(id_, str) or not (0 < len(id_) <= 200) or not isinstance(head, dict) or not isinstance(body, str):
        return Defect(code=Code.BROKEN_ENTRY, reason="a telegram without id, head or body")
    content = _content(body, message.get("encoding"), message.get("compression"))
    if isinstance(content, Defect):
        return content
    return Pushed(id=id_, name=f"dmdata_{str(head.get('type', ''))[:20]}_.xml", body=content)


def _content(body: str, encoding: object, compression: object) -> bytes | Defect:
    try:
        packed = b64decode(body, validate=True) if encoding == "base64" else body.encode()
        content = packed if compression is None else _unpacked(packed, compression)
    except (BadBase64, ValueError, zlib.error) as error:
        return Defect(code=Code.WRONG_ENCODING, reason=f"{named(str(encoding))} {named(str(compression))}: {error}")
    if len(content) > TELEGRAM_BYTES_MAX:
        return Defect(code=Code.TOO_LARGE, reason=f"more than {TELEGRAM_BYTES_MAX} bytes")
    return content


def _unpacked(packed: bytes, compression: object) -> bytes:
    if compression not in {"gzip", "zip"}:
        raise ValueError("a compression that is not known")
    unpacker = zlib.decompressobj(_GZIP if compression == "gzip" else _ZIP)
    content = unpacker.decompress(packed, TELEGRAM_BYTES_MAX + 1)
    if len(content) <= TELEGRAM_BYTES_MAX and not unpacker.eof:
        raise ValueError("it ends before its end")
    return content


def pause_s(failures: int, chance: float) -> float:
    """How long to wait before the next connection, for a chance from 0 to 1, after so many failures in a row (0: none)."""
    doubled: float = PAUSE_S_MIN * 2 ** min(failures, 10)
    return min(doubled, PAUSE_S_MAX) * (0.5 + 0.5 * chance)
