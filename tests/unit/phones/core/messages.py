"""Requests as the SDK makes them, for tests of the stand-in."""

from __future__ import annotations

import json
from typing import Any

AUTHORIZATION = "Bearer loopback-only"


def message(**changed: Any) -> dict[str, Any]:
    """A message that FCM takes, with some of it changed; None takes a field out."""
    made = {
        "token": "demo-odawara-ja",
        "notification": {"title": "警戒レベル４相当 土砂災害危険警報 小田原市", "body": "危険な場所にいる人は…"},
        "data": {"alert": "a1", "revision": "r1", "change": "new", "language": "ja"},
        "android": {
            "priority": "high",
            "ttl": "3600s",
            "notification": {"tag": "hansho-1", "sound": "default", "channel_id": "emergency"},
        },
        "apns": {
            "headers": {"apns-priority": "10", "apns-collapse-id": "hansho-1"},
            "payload": {"aps": {"sound": "default"}},
        },
    }
    return {name: value for name, value in {**made, **changed}.items() if value is not None}


def request(*, validate_only: bool = False, **changed: Any) -> bytes:
    """The body of a request."""
    return json.dumps({"message": message(**changed), **({"validate_only": True} if validate_only else {})}).encode()
