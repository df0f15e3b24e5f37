"""The people of a night as the program knows them, and what their phones say as the judge hears it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from schemas.area import AreaCode, Scheme, area_code
from schemas.hazard import HAZARDS, base
from schemas.subscription import Language, Permission, Place, QuietHours, Subscription
from services.runtime import cities
from tests.scenario.judge import Heard
from tests.scenario.timeline import Follows, Words

TABLE = cities.load_table(cities.deploy_dir())
CITY = cities.load_city(cities.deploy_dir(), "odawara", TABLE)
_TOWNS = {entry.name.ja: code for code, entry in TABLE.entries.items() if code.scheme == Scheme.CLASS20}
_HAZARDS = {hazard.name.ja: id_ for id_, hazard in HAZARDS.items()}


def town(name: str) -> AreaCode:
    """A municipality by its name."""
    return _TOWNS[name]


def device(who: str) -> str:
    """The device id of a person."""
    return f"device-{who.lower()}"


def address(who: str) -> str:
    """Where a person's phone is reached."""
    return f"phone-{who.lower()}"


def who_has(device_or_address: str) -> str:
    """Whose device or phone it is."""
    return device_or_address.partition("-")[2].capitalize()


def subscription(who: str, follows: Follows, now: datetime) -> Subscription:
    """What a person follows, as it stands in the log."""
    return Subscription(
        device=device(who),
        credential_sha256=sha256(who.encode()).hexdigest(),
        places=tuple(Place(area=town(name), min_rank=rank) for name, rank in follows.places),
        hazard_min_ranks=tuple((_HAZARDS[name], rank) for name, rank in follows.hazards),
        language=Language(follows.language),
        quiet=QuietHours(start=follows.quiet[0], end=follows.quiet[1]) if follows.quiet else None,
        address=address(who),
        address_at=now,
        permission=Permission.GRANTED,
        updated_at=now,
    )


def heard(at: datetime, who: str, data: Mapping[str, str], channel: str) -> Heard:
    """A message as its phone got it, in the words of a timeline."""
    area = area_code(data["area"])
    assert isinstance(area, AreaCode), data
    words = Words(
        change=data["change"],
        hazard=HAZARDS[base(data["hazard"])].name.ja,
        rank=int(data["rank"]),
        place=TABLE.entries[area].name.ja,
        more=int(data["items"]) - 1,
        drill=bool(data["drill"]),
    )
    return Heard(at, who, words, channel)
