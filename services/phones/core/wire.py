"""FCM HTTP v1 `messages:send` as the service answers it, checked as strictly as we know it to check.

Sources: FCM v1 REST reference (Message, ErrorCode), AIP-193 for the form of errors; limits from its "about messages".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

PATH = re.compile(r"/v1/projects/[A-Za-z0-9._:-]{1,100}/messages:send")
PAYLOAD_BYTES_MAX = 4_096
"""Bytes of notification and data, FCM's own limit."""
TOKEN_CHARS_MAX = 4_096
TTL_MAX_S = 2_419_200
COLLAPSE_ID_BYTES_MAX = 64

_TTL = re.compile(r"(\d{1,10})(?:\.\d{1,9})?s")
_FIELDS = frozenset(
    {
        *("token", "fid", "topic", "condition", "name", "data", "notification", "android", "apns", "webpush"),
        *("fcm_options", "fcmOptions"),
    }
)
_FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
_PRIORITIES = frozenset({"high", "normal", "HIGH", "NORMAL"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Status, JSON body and headers of an answer."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message that FCM would take: for one address, with what a phone makes of it."""

    address: str
    title: str
    body: str
    tag: str
    silent: bool
    urgent: bool
    ttl_s: int
    data: Mapping[str, str]
    validate_only: bool = False


def read(body: bytes, authorization: str) -> Received | Answer:
    """The message of a request, or the refusal it gets."""
    if not re.fullmatch(r"Bearer \S+", authorization):
        return refusal(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
    try:
        asked = json.loads(body)
    except ValueError:
        return bad_request("", "Invalid JSON payload received.")
    message = asked.get("message") if isinstance(asked, dict) else None
    if not isinstance(message, dict):
        return bad_request("message", "Message is required.")
    wrong = list(_objections(message))
    if wrong:
        return bad_request(*wrong[0])
    address = message.get("token") or message.get("fid")
    if not isinstance(address, str) or not re.fullmatch(r"[\x21-\x7e]+", address) or len(address) > TOKEN_CHARS_MAX:
        return malformed()
    return _received(message, address, validate_only=bool(asked.get("validate_only") or asked.get("validateOnly")))


def _objections(message: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong with our message itself, whoever it is for: (field, description)."""
    for name in sorted(set(message) - _FIELDS):
        yield f"message.{name}", f'Unknown name "{name}": Cannot find field.'
    targets = [name for name in ("token", "fid", "topic", "condition") if message.get(name)]
    if len(targets) != 1:
        yield "message", "Exactly one of token, fid, topic or condition is required."
    elif targets[0] in {"topic", "condition"}:
        yield f"message.{targets[0]}", "This stand-in knows devices only."
    yield from _wrong_data(message.get("data", {}))
    yield from _wrong_android(message.get("android", {}))
    yield from _wrong_apns(message.get("apns", {}))
    shown = json.dumps([message.get("notification"), message.get("data")], ensure_ascii=False)
    if len(shown.encode()) > PAYLOAD_BYTES_MAX:
        yield "message", f"Message is too big: {len(shown.encode())} bytes, the maximum is {PAYLOAD_BYTES_MAX}."


def _wrong_data(data: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(data, dict) or not all(isinstance(value, str) for value in data.values()):
        yield "message.data", "Data must be a map of strings."
        return
    reserved = sorted(key for key in data if key in {"from", "message_type"} or key.startswith(("google", "gcm")))
    if reserved:
        yield f"message.data[{reserved[0]}]", "Invalid data payload key."


def _wrong_android(android: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(android, dict):
        yield "message.android", "Invalid value."
        return
    if android.get("priority", "normal") not in _PRIORITIES:
        yield "message.android.priority", "Invalid value."
    ttl = _TTL.fullmatch(str(android.get("ttl", "0s")))
    if ttl is None or int(ttl[1]) > TTL_MAX_S:
        yield "message.android.ttl", f"Invalid TTL, expected 0s to {TTL_MAX_S}s."


def _wrong_apns(apns: Any) -> Iterator[tuple[str, str]]:
    headers = apns.get("headers", {}) if isinstance(apns, dict) else None
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        yield "message.apns", "Invalid value."
        return
    if len(headers.get("apns-collapse-id", "").encode()) > COLLAPSE_ID_BYTES_MAX:
        yield "message.apns.headers", "apns-collapse-id is longer than 64 bytes."
    alerts = isinstance(apns.get("payload", {}), dict) and bool(apns.get("payload", {}).get("aps"))
    if headers.get("apns-priority") == "10" and not alerts:
        yield "message.apns.headers", "apns-priority 10 needs something to show."


def _received(message: Mapping[str, Any], address: str, *, validate_only: bool) -> Received:
    notification, android = message.get("notification") or {}, message.get("android") or {}
    shown = android.get("notification") or {}
    ttl = _TTL.fullmatch(str(android.get("ttl", f"{TTL_MAX_S}s")))
    return Received(
        address=address,
        title=str(notification.get("title", "")),
        body=str(notification.get("body", "")),
        tag=str(shown.get("tag", "")),
        silent=not shown.get("sound"),
        urgent=str(android.get("priority", "normal")).lower() == "high",
        ttl_s=int(ttl[1]) if ttl else 0,
        data=MappingProxyType(dict(message.get("data", {}))),
        validate_only=validate_only,
    )


# --- answers ---


def accepted(path: str, number: int) -> Answer:
    """The message was taken: its name."""
    project = path.split("/")[3]
    return Answer(status=200, body=_json({"name": f"projects/{project}/messages/{number}"}))


def refusal(
    status: int, code: str, message: str, details: tuple[Mapping[str, Any], ...] = (), *, retry_after_s: int = 0
) -> Answer:
    """An error in the form of Google's APIs."""
    error = {"code": status, "message": message, "status": code, **({"details": list(details)} if details else {})}
    headers = {"Retry-After": str(retry_after_s)} if retry_after_s else {}
    return Answer(status=status, body=_json({"error": error}), headers=MappingProxyType(headers))


def unregistered() -> Answer:
    """404: the app was removed, the address is no more."""
    return refusal(404, "NOT_FOUND", "Requested entity was not found.", (_fcm("UNREGISTERED"),))


def mismatched() -> Answer:
    """403: the address belongs to another project."""
    return refusal(403, "PERMISSION_DENIED", "SenderId mismatch", (_fcm("SENDER_ID_MISMATCH"),))


def malformed() -> Answer:
    """400 about the address: it never was one."""
    message = "The registration token is not a valid FCM registration token"
    return refusal(400, "INVALID_ARGUMENT", message, (_fcm("INVALID_ARGUMENT"),))


def busy(retry_after_s: int) -> Answer:
    """429: too much at once."""
    details = (_fcm("QUOTA_EXCEEDED"),)
    return refusal(429, "RESOURCE_EXHAUSTED", "Quota exceeded.", details, retry_after_s=retry_after_s)


def down() -> Answer:
    """503: the service is not well."""
    return refusal(503, "UNAVAILABLE", "The service is currently unavailable.", (_fcm("UNAVAILABLE"),))


def not_found() -> Answer:
    """404 of the server, not of a device."""
    return refusal(404, "NOT_FOUND", "There is nothing here.")


def bad_request(field_name: str, description: str) -> Answer:
    violation = {"field": field_name, "description": description}
    details = ({"@type": _BAD_REQUEST, "fieldViolations": [violation]},)
    return refusal(400, "INVALID_ARGUMENT", description, details)


def _fcm(code: str) -> dict[str, Any]:
    return {"@type": _FCM_ERROR, "errorCode": code}


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
