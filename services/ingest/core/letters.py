"""What a telegram becomes in the log: alerts record by stream, or a dead letter that says where it came from and why.

Everything here has a deterministic id and content (made of the record it comes from alone): a repeat after a crash
changes nothing (invariant 2).
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from schemas.alert import Alert
from schemas.telegram import DeadLetter
from services.ingest.core.defect import Code, Defect
from services.ingest.core.trouble import Trouble

VALUE_BYTES_MAX = 6_000_000
"""The largest original value kept in a dead letter; of a larger one its SHA-256 stays, the bytes are in `telegrams`."""
DEFECTS_NAMED_MAX = 20
"""Partial defects that one notice names; of more, their number."""
REFUSALS = frozenset(
    {
        Code.CAP_IDENTITY,
        Code.CAP_STATUS,
        Code.CAP_NO_AREA,
        Code.CAP_UNKNOWN_AREA,
        Code.LALERT_DOCUMENT,
        Code.CAP_ELEMENT,
    }
)
"""What CAP and L-Alert messages are refused for."""
NOTICED = frozenset(
    {Code.SIGNATURE_WRONG, Code.CAP_UNKNOWN_AREA, Code.CAP_ENUM, Code.UNKNOWN_SORT, Code.UNKNOWN_STATE, Code.CAP_TIME}
)
"""What somebody should know of a message that is used; its other defects are its sender's habits."""
NOWHERE = -1
"""Partition and offset of what never came into the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The record of `telegrams` that something is made of. `at`: when it was fetched, the time of all that follows."""

    id: str
    key: str
    partition: int
    offset: int
    at: datetime
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Emission:
    """A record to be written: topic, key, id and value."""

    topic: str
    key: str
    id: str
    payload: Alert | DeadLetter


def alert_records(alert: Alert, topic: str) -> list[Emission]:
    """One record for each stream: a tsunami telegram about two earthquakes belongs to both."""
    return [
        Emission(topic=topic, key=stream, id=f"alert:{alert.identifier}@{stream}", payload=alert)
        for stream in alert.streams
    ]


def chain_record(whole: Alert, topic: str) -> Emission:
    """What a chain of CAP messages says together: named by stream and revision, for one message more makes another."""
    [stream] = whole.streams
    return Emission(topic=topic, key=stream, id=f"alert:{stream}@{whole.revision}", payload=whole)


def dead_record(origin: Origin, trouble: Trouble) -> Emission:
    """A telegram, or a part of it, that could not be used."""
    return Emission(
        topic="dead",
        key=origin.key,
        id=f"dead:{origin.id}:{trouble.code}",
        payload=DeadLetter(
            topic="telegrams",
            partition=origin.partition,
            offset=origin.offset,
            key=origin.key,
            code=trouble.code,
            reason=trouble.message,
            hint=trouble.hint,
            died_at=origin.at,
            value=_kept(origin.value),
        ),
    )


def refusal(defects: Sequence[Defect]) -> Defect:
    """Of what is wrong with a message, what it was refused for."""
    return next((one for one in reversed(defects) if one.code in REFUSALS), defects[0])


def never_fetched(key: str, trouble: Trouble, at: datetime) -> Emission:
    """A telegram that was listed and never came in: its address is all there is of it."""
    return dead_record(Origin(id=key, key=key, partition=NOWHERE, offset=NOWHERE, at=at, value=b""), trouble)


def fatal(name: str, defect: Defect) -> Trouble:
    """A telegram of which nothing can be used."""
    return Trouble(code=defect.code, message=f"{name} cannot be used: {defect.reason}", hint=defect.hint)


def partial(name: str, defects: Sequence[Defect]) -> Trouble:
    """A telegram that is used but for parts of it: one notice that names them."""
    named = "; ".join(f"{defect.code} {defect.reason}" for defect in defects[:DEFECTS_NAMED_MAX])
    more = f"; and {len(defects) - DEFECTS_NAMED_MAX} more" if len(defects) > DEFECTS_NAMED_MAX else ""
    hints = " / ".join(dict.fromkeys(defect.hint for defect in defects[:DEFECTS_NAMED_MAX]))
    return Trouble(code=defects[0].code, message=f"{name} is used except for: {named}{more}", hint=hints)


def _kept(value: bytes) -> str:
    if len(value) > VALUE_BYTES_MAX:
        return f"sha256:{sha256(value).hexdigest()}"
    return b64encode(value).decode()
