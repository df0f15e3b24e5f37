"""Bytes ↔ contract types: a JSON value and CloudEvents 1.0 binary headers, one place, one version rule.

The type of a payload is in `ce_type`: `jp.hansho.<kind>.v<major>`. Unknown fields are ignored; an unknown kind, another
major version or a value that does not fit is a returned `Undecodable`, which goes to topic `dead`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from schemas.alert import Alert
from schemas.lifecycle import Stream
from schemas.notification import Answer, Decision, DeviceNumber, LedgerEntry, Order, Question, Receipt
from schemas.observation import Observation
from schemas.office import OfficeCommand, Officer, OfficeSession
from schemas.status import StatusReport
from schemas.subscription import Subscription
from schemas.telegram import DeadLetter, Epoch, RawTelegram

Payload = (
    Alert
    | Stream
    | StatusReport
    | RawTelegram
    | Observation
    | DeadLetter
    | Epoch
    | Subscription
    | DeviceNumber
    | Decision
    | LedgerEntry
    | Order
    | Receipt
    | Question
    | Answer
    | OfficeCommand
    | Officer
    | OfficeSession
)

KINDS: dict[str, type[Payload]] = {
    "alert": Alert,
    "situation": Stream,
    "status": StatusReport,
    "telegram": RawTelegram,
    "observation": Observation,
    "dead": DeadLetter,
    "epoch": Epoch,
    "subscription": Subscription,
    "number": DeviceNumber,
    "decision": Decision,
    "ledger": LedgerEntry,
    "order": Order,
    "receipt": Receipt,
    "question": Question,
    "answer": Answer,
    "office": OfficeCommand,
    "officer": Officer,
    "session": OfficeSession,
}
"""Kind in the type header ↔ contract type."""

MAJOR = 1
FAULTS_NAMED_MAX = 5
"""Places named in a reason; a value wrong in more places is no better understood by naming them all."""
_NAMES: dict[type, str] = {payload: kind for kind, payload in KINDS.items()}
_TYPE = re.compile(r"jp\.hansho\.([a-z-]+)\.v(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecodable:
    """Why a record is not ours to read: `code` E1001 unknown kind, E1002 other major version, E1003 value does not fit."""

    code: str
    reason: str


@cache
def adapter(kind: str) -> TypeAdapter[Any]:
    """pydantic's view of the contract type of a kind, made once."""
    return TypeAdapter(KINDS[kind])


def _places(error: ValidationError) -> str:
    """Where it does not fit and why, without the values: they may be personal."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults[:FAULTS_NAMED_MAX])


def encode(payload: Payload) -> bytes:
    """The JSON value: CAP's spelling, absent rather than null, the same bytes for the same content."""
    return orjson.dumps(
        adapter(_NAMES[type(payload)]).dump_python(payload, mode="json", by_alias=True, exclude_none=True)
    )


def headers(payload: Payload, *, id: str, source: str, at: datetime, cause: str = "") -> dict[str, str]:  # noqa: A002 - CloudEvents' word
    """CloudEvents binary headers. `cause` is the id of the record this one was made from ("" for a first cause)."""
    made = {
        "ce_specversion": "1.0",
        "ce_id": id,
        "ce_type": f"jp.hansho.{_NAMES[type(payload)]}.v{MAJOR}",
        "ce_source": source,
        "ce_time": at.isoformat(),
        "content-type": "application/json",
    }
    return {**made, "ce_causationid": cause} if cause else made


def decode(head: Mapping[str, str], value: bytes) -> Payload | Undecodable:
    """The payload of a record, or why there is none."""
    named = _TYPE.fullmatch(head.get("ce_type", ""))
    if named is None or named[1] not in KINDS:
        return Undecodable(code="E1001", reason=f"unknown kind {head.get('ce_type', '(none)')!r}")
    if int(named[2]) != MAJOR:
        return Undecodable(code="E1002", reason=f"{named[1]} has major version {named[2]}, this program reads {MAJOR}")
    try:
        payload: Payload = adapter(named[1]).validate_json(value)
    except ValidationError as error:
        return Undecodable(code="E1003", reason=f"{named[1]} does not fit its schema: {_places(error)}")
    return payload
