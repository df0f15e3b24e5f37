"""What a device follows and how it is reached: the payload of topic `subscriptions`, key device id.

No name, mail or telephone number. A device is a random id and a random 256-bit credential of which only the SHA-256 is
kept (the credential has full entropy, so a fast hash is right; argon2 is for people's passwords). An unsubscribe is a
tombstone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import Any, ClassVar

from schemas.alert import WIRE
from schemas.area import AreaCode

PLACES_MAX = 5
"""Places of one device: home, work, family; more would make it a newsfeed."""
MIN_RANKS = (2, 3, 4, 5)
"""What a person may choose as the least loud thing to be told of."""


class Language(StrEnum):
    """A language that messages are written in."""

    JA = "ja"
    EASY = "easy"
    EN = "en"


class Channel(StrEnum):
    """How a device is reached; `dry-run` reaches nobody (the canary)."""

    FCM = "fcm"
    DRY_RUN = "dry-run"


class Permission(StrEnum):
    """Whether the device shows what it is sent, as it last said."""

    GRANTED = "granted"
    DENIED = "denied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A municipality (scheme class20) that the device follows at `min_rank` and above.

    `latitude`, `longitude`: WGS 84 degrees, rounded to two decimals (about 1 km) before they are kept; None when the
    person chose a municipality by name.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    area: AreaCode
    min_rank: int = 3
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """From `start` to `end` (Japan time, may pass midnight) only what wakes people is told.

    That is rank 4 and above, quake, tsunami, and the city's own orders from level 3 (level 3 is addressed to the elderly).
    `orders`: whether orders of level 3 are to wait as well.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    start: time
    end: time
    orders: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One device. `hazard_min_ranks`: a least rank per hazard; where place and hazard both say one, the higher counts.

    `address`: the channel's (an FCM registration token); None when it has none yet. `address_at`: when it was given: a
    dead address is one that was found dead after it was given.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    device: str
    credential_sha256: str
    places: tuple[Place, ...] = ()
    hazard_min_ranks: tuple[tuple[str, int], ...] = ()
    language: Language = Language.JA
    quiet: QuietHours | None = None
    channel: Channel = Channel.FCM
    address: str | None = None
    address_at: datetime | None = None
    permission: Permission = Permission.UNKNOWN
    updated_at: datetime


def is_quiet(quiet: QuietHours | None, japan_time: time) -> bool:
    """Whether the hour is one of the quiet ones; equal start and end mean never."""
    if quiet is None or quiet.start == quiet.end:
        return False
    if quiet.start < quiet.end:
        return quiet.start <= japan_time < quiet.end
    return japan_time >= quiet.start or japan_time < quiet.end
