"""What a device may register and change, and who may: a `Subscription`, or a refusal that says what would do.

No name, mail or telephone number is asked for or taken. Coordinates are rounded before anything is kept; of the
credential only the SHA-256 is. The device's id follows from its credential, so a registration whose answer was lost on
the way can be made again and is the same one.

    E5421  a place names no area            E5427  no such hazard
    E5422  no such municipality             E5428  no such language, channel or permission
    E5423  one that is not watched here     E5429  quiet hours are no times
    E5424  coordinates of nowhere here      E5430  an address that is none
    E5425  too many places                  E5431  a credential that is none
    E5426  a least rank that is none

Over HTTP further E543x (api/devices.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import Enum, auto
from hashlib import sha256
from hmac import compare_digest
from math import isfinite
from typing import Any

from schemas.alert import Status
from schemas.area import AreaCode, AreaTable, City, Scheme, UnknownArea, area_code, class20_of, resolve
from schemas.hazard import HAZARDS
from schemas.notification import Notice, Order
from schemas.subscription import (
    MIN_RANKS,
    PLACES_MAX,
    Channel,
    Language,
    Permission,
    Place,
    QuietHours,
    Subscription,
)
from services.gateway.core.ground import Locate

PLACES_SENT_MAX = 50
"""Places of one request, before those that mean the same are joined; the door takes no more."""
ADDRESS_CHARS_MAX = 2_048
"""A registration token of FCM has some 200."""
DECIMALS = 2
"""Of a degree: about 1 km, a neighbourhood and not a house."""
ANEW = timedelta(days=1)
"""The same address given again counts as given anew after so long: one that was wrongly found dead comes back, and a
change of settings does not revive one."""
TEST_VALID = timedelta(minutes=10)
"""After so long nobody waits for a test any more."""
TEST = "test"
"""Alert, stream and revision of a test: there is no alert behind it."""

_CREDENTIAL = re.compile(r"[A-Za-z0-9_-]{43}")
"""256 bits in base64url without padding."""
_ADDRESS = re.compile(r"[\x21-\x7e]+")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_FORMS = "name a municipality by class20 (1420600) or JIS code (14206), or give latitude and longitude"


class Unset(Enum):
    """What a change leaves as it stands."""

    UNSET = auto()


UNSET = Unset.UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why a wish is not one that can be had, and what would be."""

    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceWish:
    """A place as it is asked for: an area as written, or a point in degrees (WGS 84), or both (then the area counts)."""

    area: str | None = None
    min_rank: int = 3
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A registration or a change. `quiet`: start and end as written, None for none; `address`: None for none.

    `quiet_orders`: whether the city's orders of level 3 are to wait as well; counts only with `quiet`.
    """

    places: Sequence[PlaceWish] | Unset = UNSET
    hazard_min_ranks: Mapping[str, int] | Unset = UNSET
    language: str | Unset = UNSET
    quiet: tuple[str, str] | Unset | None = UNSET
    quiet_orders: bool = False
    channel: str | Unset = UNSET
    address: str | Unset | None = UNSET
    permission: str | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What this deployment knows of places."""

    city: City
    areas: AreaTable
    locate: Locate


# --- who may ---


def is_credential(text: str) -> bool:
    """Whether a text has the form of a credential."""
    return _CREDENTIAL.fullmatch(text) is not None


def digest(credential: str) -> str:
    """What is kept of a credential. It has full entropy, so a fast hash is right."""
    return sha256(credential.encode()).hexdigest()


def device_of(credential: str) -> str:
    """The id of the device that has this credential; nothing of the credential follows from it."""
    return sha256(f"hansho device {credential}".encode()).hexdigest()[:32]


def is_right(credential: str, subscription: Subscription) -> bool:
    """Whether this is the device's credential; takes equally long for every wrong one."""
    return compare_digest(digest(credential), subscription.credential_sha256)


def fresh(credential: str, now: datetime) -> Subscription | Refused:
    """A device that follows nothing yet."""
    if not is_credential(credential):
        hint = "leave it out, or send 32 random bytes in base64url without padding (43 characters)"
        return Refused(code="E5431", message="the credential is none", hint=hint)
    return Subscription(device=device_of(credential), credential_sha256=digest(credential), updated_at=now)


# --- what is wished ---


def changed(before: Subscription, wish: Wish, where: Where, now: datetime) -> Subscription | Refused:
    """The subscription as wished; what the wish does not speak of stays as it stands."""
    found: dict[str, Any] = {}
    for name, value in (
        ("places", _places(wish.places, where) if not isinstance(wish.places, Unset) else UNSET),
        ("hazard_min_ranks", _hazards(wish.hazard_min_ranks)),
        ("language", _word(Language, wish.language, "language")),
        ("quiet", _quiet(wish.quiet, orders=wish.quiet_orders)),
        ("channel", _channel(wish.channel)),
        ("address", _address(wish.address)),
        ("permission", _word(Permission, wish.permission, "permission")),
    ):
        if isinstance(value, Refused):
            return value
        if not isinstance(value, Unset):
            found[name] = value
    if "address" in found:
        found["address_at"] = _given_at(before, found["address"], now)
    return replace(before, **found, updated_at=now)


def _places(wishes: Sequence[PlaceWish], where: Where) -> tuple[Place, ...] | Refused:
    """The places, each once: where two wishes name the same area the lower rank counts, so that neither is missed."""
    by_area: dict[AreaCode, Place] = {}
    for wish in wishes:
        if wish.min_rank not in MIN_RANKS:
            return _no_rank(wish.min_rank)
        found = _areas(wish, where)
        if isinstance(found, Refused):
            return found
        for area in found:
            place = Place(
                area=area,
                min_rank=wish.min_rank,
                latitude=_coarse(wish.latitude),
                longitude=_coarse(wish.longitude),
            )
            known = by_area.get(area)
            by_area[area] = place if known is None or place.min_rank < known.min_rank else known
    count = len({area.code[:5] for area in by_area})
    if count > PLACES_MAX:
        hint = f"a device follows {PLACES_MAX} municipalities at the most: take one away first"
        return Refused(code="E5425", message=f"{count} places", hint=hint)
    return tuple(by_area.values())


def _areas(wish: PlaceWish, where: Where) -> tuple[AreaCode, ...] | Refused:
    """The class20 areas that a place means: one, or the parts of a split municipality."""
    point = (wish.latitude, wish.longitude)
    if point != (None, None) and not _is_point(*point):
        hint = "latitude −90 to 90 and longitude −180 to 180, in degrees, both"
        return Refused(code="E5424", message="these are no coordinates", hint=hint)
    if wish.area is not None:
        return _named(wish.area, where)
    if wish.latitude is None or wish.longitude is None:
        return Refused(code="E5421", message="a place names no area", hint=_FORMS)
    jis5 = where.locate(wish.latitude, wish.longitude)
    if jis5 is None:
        hint = "choose the municipality by name: GET /v1/places?q="
        return Refused(code="E5424", message="these coordinates lie in no municipality that is watched here", hint=hint)
    return _named(jis5, where)


def _named(text: str, where: Where) -> tuple[AreaCode, ...] | Refused:
    scheme, code = _written(text)
    if scheme == "jis5":
        found = class20_of(where.areas, code)
    elif scheme == Scheme.CLASS20:
        found = resolve(where.areas, AreaCode(scheme, code))
    else:
        return Refused(code="E5421", message=f"{text!r} is no municipality", hint=_FORMS)
    if isinstance(found, UnknownArea):
        parts = ", ".join(map(str, found.within))
        hint = f"that municipality is {parts}" if parts else "look it up by name: GET /v1/places?q="
        return Refused(code="E5422", message=f"there is no municipality {text!r}", hint=hint)
    watched = tuple(one for one in found if one in where.city.watch)
    if not watched:
        hint = "ask that city's own deployment; what can be followed here is in GET /v1/places"
        return Refused(code="E5423", message=f"nothing is known here of dangers in {text!r}", hint=hint)
    return watched


def _written(text: str) -> tuple[str, str]:
    """System and code of an area: bare digits are a JIS code where there are five, else class20."""
    named = area_code(text)
    if not isinstance(named, UnknownArea):
        return named.scheme, named.code
    digits = text.isascii() and text.isdigit()
    return ("jis5" if len(text) == len("14206") else str(Scheme.CLASS20) if digits else ""), text


def _is_point(latitude: float | None, longitude: float | None) -> bool:
    if latitude is None or longitude is None or not (isfinite(latitude) and isfinite(longitude)):
        return False
    return abs(latitude) <= 90 and abs(longitude) <= 180


def _coarse(degrees: float | None) -> float | None:
    return None if degrees is None else round(degrees, DECIMALS)


def _no_rank(given: object) -> Refused:
    names = ", ".join(map(str, MIN_RANKS))
    return Refused(code="E5426", message=f"{given!r} is no least rank", hint=f"it is one of {names}")


def _hazards(wishes: Mapping[str, int] | Unset) -> tuple[tuple[str, int], ...] | Refused | Unset:
    if isinstance(wishes, Unset):
        return wishes
    for hazard, rank in wishes.items():
        if hazard not in HAZARDS:
            hint = f"there are {', '.join(HAZARDS)}"
            return Refused(code="E5427", message=f"there is no hazard {hazard[:40]!r}", hint=hint)
        if rank not in MIN_RANKS:
            return _no_rank(rank)
    return tuple(sorted(wishes.items()))


def _word(
    words: type[Language | Channel | Permission], given: str | Unset, name: str
) -> Language | Channel | Permission | Refused | Unset:
    if isinstance(given, Unset):
        return given
    try:
        return words(given)
    except ValueError:
        hint = f"it is one of {', '.join(sorted(words))}"
        return Refused(code="E5428", message=f"there is no {name} {given[:40]!r}", hint=hint)


def _channel(given: str | Unset) -> Language | Channel | Permission | Refused | Unset:
    found = _word(Channel, given, "channel")
    if found is Channel.DRY_RUN:
        return Refused(code="E5428", message="the channel dry-run reaches nobody", hint=f"it is {Channel.FCM}")
    return found


def _quiet(given: tuple[str, str] | Unset | None, *, orders: bool) -> QuietHours | Refused | Unset | None:
    if given is None or isinstance(given, Unset):
        return given
    if not all(map(_CLOCK.fullmatch, given)):
        hint = "start and end are times of day in Japan, as 22:00 and 07:00; null for no quiet hours"
        return Refused(code="E5429", message="the quiet hours are no times", hint=hint)
    start, end = map(time.fromisoformat, given)
    return None if start == end else QuietHours(start=start, end=end, orders=orders)


def _address(given: str | Unset | None) -> str | Refused | Unset | None:
    if given is None or isinstance(given, Unset):
        return given
    if len(given) > ADDRESS_CHARS_MAX or _ADDRESS.fullmatch(given) is None:
        hint = f"1 to {ADDRESS_CHARS_MAX} characters of ASCII without blanks, as the channel gave it; null for none"
        return Refused(code="E5430", message="the address is none", hint=hint)
    return given


def _given_at(before: Subscription, address: str | None, now: datetime) -> datetime | None:
    if address is None:
        return None
    same = before.address == address and before.address_at is not None
    return before.address_at if same and before.address_at and now - before.address_at < ANEW else now


# --- what is shown and sent ---


def shown(subscription: Subscription, areas: AreaTable) -> dict[str, Any]:
    """All that is kept of a device but the credential's hash, in the form in which it can be sent again."""
    quiet = subscription.quiet
    return {
        "device": subscription.device,
        "places": [_shown_place(place, areas) for place in subscription.places],
        "hazard_min_ranks": dict(subscription.hazard_min_ranks),
        "language": subscription.language,
        "quiet": quiet and {"start": f"{quiet.start:%H:%M}", "end": f"{quiet.end:%H:%M}", "orders": quiet.orders},
        "channel": subscription.channel,
        "address": subscription.address,
        "permission": subscription.permission,
        "updated_at": subscription.updated_at.isoformat(),
    }


def _shown_place(place: Place, areas: AreaTable) -> dict[str, Any]:
    entry = areas.entries.get(place.area)
    named = {"name": {"ja": entry.name.ja, "easy": entry.name.easy, "en": entry.name.en}} if entry else {}
    return {
        "area": str(place.area),
        "min_rank": place.min_rank,
        "latitude": place.latitude,
        "longitude": place.longitude,
        **named,
    }


def trial(subscription: Subscription, city: City, shard: int, now: datetime) -> Order:
    """A test for this device alone: of status Test and without items, so that it can be read as nothing else.

    Its id has no shard in it: no decision stands behind it, and no ledger is changed by what becomes of it.
    """
    return Order(
        id=f"{TEST}:{subscription.device}-{now:%Y%m%dT%H%M%S%f}",
        shard=shard,
        language=subscription.language,
        channel=subscription.channel,
        devices=(subscription.device,),
        notice=Notice(
            alert=TEST,
            stream=TEST,
            revision=TEST,
            status=Status.TEST,
            sent=now,
            sender_name=city.name.ja,
            items=(),
        ),
        decided_at=now,
        expires=now + TEST_VALID,
        silent=True,
    )
