"""The messages that the stream's server sends, each encoded once for everybody it goes to.

JSON text in WebSocket text frames, unmasked as a server's are (RFC 6455 §5.1). What the messages mean: the stream
protocol in ARCHITECTURE.md and `session.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import orjson

from schemas import codec
from schemas.lifecycle import Stream, standing

PROTOCOL = 1
"""The major version of the stream protocol, `v` in hello and welcome."""
_FIN_TEXT = 0x81
_SHORT_MAX = 125
_MEDIUM_MAX = 0xFFFF


class Outcome(StrEnum):
    """How a session begins: what the client holds is replaced, completed, or complete."""

    SNAPSHOT = "snapshot"
    REPLAY = "replay"
    CURRENT = "current"


class ByeCode(StrEnum):
    """Why the server ends a session."""

    SLOW = "slow"
    """It takes frames more slowly than they come; it resumes where it was."""
    DRAIN = "drain"
    """The gateway stops; another one, or the next start, answers."""
    PROTOCOL = "protocol"
    """It said what the protocol does not know."""


CLOSE_CODES = {ByeCode.DRAIN: 4001, ByeCode.PROTOCOL: 4002, ByeCode.SLOW: 4008}
"""WebSocket close codes of the private range (RFC 6455 §7.4.2) that follow a bye."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message as it goes over the line: header and payload of an unmasked text frame."""

    wire: bytes

    @property
    def text(self) -> str:
        """The JSON in it."""
        size = self.wire[1]
        header = 2 if size <= _SHORT_MAX else 4 if size == _SHORT_MAX + 1 else 10
        return self.wire[header:].decode()


def framed(payload: bytes) -> Frame:
    """The text frame of a payload (RFC 6455 §5.2: FIN, opcode 1, length in 7, 16 or 64 bits)."""
    size = len(payload)
    if size <= _SHORT_MAX:
        header = bytes((_FIN_TEXT, size))
    elif size <= _MEDIUM_MAX:
        header = bytes((_FIN_TEXT, _SHORT_MAX + 1)) + size.to_bytes(2, "big")
    else:
        header = bytes((_FIN_TEXT, _SHORT_MAX + 2)) + size.to_bytes(8, "big")
    return Frame(header + payload)


def instant(at: datetime) -> str:
    """A moment as it stands in messages: ISO 8601, UTC, milliseconds, Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def reduced(stream: Stream, messages: Sequence[Mapping[str, Any] | None]) -> bytes:
    """The JSON of a stream as a client gets it: of the alerts only the one that counts, each block with its `message`.

    `messages`: what is said of that alert's blocks, in their order, as `message.wire_of` has it. The digest does not
    know of them.
    """
    top = standing(stream)
    value = orjson.loads(
        codec.encode(
            Stream(
                stream=stream.stream,
                revision=stream.revision,
                state=stream.state,
                standing=stream.standing,
                drill=stream.drill,
                kept=() if top is None else (top,),
            )
        )
    )
    for info, message in zip((info for alert in value["kept"] for info in alert["info"]), messages, strict=True):
        if message is not None:
            info["message"] = message
    return orjson.dumps(value)


def welcome(
    *,
    epoch: str,
    offset: int,
    digest: str,
    outcome: Outcome,
    server_time: datetime,
    as_of: datetime,
    leases: Mapping[str, datetime],
    heartbeat_s: float,
    dead_s: float,
) -> Frame:
    """The answer to a hello: where the gateway stands and how the client gets there. `as_of` as in `heartbeat`."""
    return _message(
        type="welcome",
        v=PROTOCOL,
        epoch=epoch,
        offset=offset,
        outcome=outcome,
        server_time=instant(server_time),
        as_of=instant(as_of),
        heartbeat_s=heartbeat_s,
        dead_s=dead_s,
        digest=digest,
        leases=_until(leases),
    )


def heartbeat(
    *, epoch: str, offset: int, digest: str, server_time: datetime, as_of: datetime, leases: Mapping[str, datetime]
) -> Frame:
    """The sign of life: the head, the digest that proves the client complete, and all leases.

    `as_of`: when the gateway last knew this to be the whole situation. It stays behind `server_time` while the
    gateway cannot read its log: a line that lives is no proof that news would come.
    """
    return _message(
        type="heartbeat",
        epoch=epoch,
        offset=offset,
        digest=digest,
        leases=_until(leases),
        server_time=instant(server_time),
        as_of=instant(as_of),
    )


def snapshot(*, epoch: str, offset: int, digest: str, streams: Iterable[bytes]) -> Frame:
    """Everything there is, in `reduced` form: it replaces all that a client holds."""
    head = _json({"type": "snapshot", "epoch": epoch, "offset": offset, "digest": digest})
    return framed(head[:-1] + b',"streams":[' + b",".join(streams) + b"]}")


def alert(*, epoch: str, offset: int, id: str, cause: str, stream: bytes) -> Frame:  # noqa: A002 - CloudEvents' word
    """One stream's new state; `id` and `cause` are those of its record in `situation`."""
    head = _json({"type": "alert", "epoch": epoch, "offset": offset, "ce_id": id, "ce_causationid": cause})
    return framed(head[:-1] + b',"stream":' + stream + b"}")


def gone(*, epoch: str, offset: int, id: str, stream: str) -> Frame:  # noqa: A002 - CloudEvents' word
    """A stream ended long ago and is forgotten."""
    return _message(type="alert", epoch=epoch, offset=offset, ce_id=id, ce_causationid="", gone=stream)


def bye(code: ByeCode, *, reconnect: bool, retry_ms: int, message: str = "", hint: str = "") -> Frame:
    """The last message of a session; `message` and `hint` are for whoever writes the client."""
    words = {"message": message, "hint": hint} if message else {}
    return _message(type="bye", code=code, reconnect=reconnect, retry_ms=retry_ms, **words)


def _until(leases: Mapping[str, datetime]) -> dict[str, str]:
    return {source: instant(until) for source, until in sorted(leases.items())}


def _message(**fields: object) -> Frame:
    return framed(_json(fields))


def _json(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
