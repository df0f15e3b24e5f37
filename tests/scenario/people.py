"""The people of a night as the program knows them, and what their phones say as the judge hears it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from schemas.area import AreaCode, Scheme, area_code
from schemas.hazard import HAZARDS, base
from services.runtime import cities
from tests.scenario.judge import Heard
from tests.scenario.timeline import Words

TABLE = cities.load_table(cities.deploy_dir())
CITY = cities.load_city(cities.deploy_dir(), "odawara", TABLE)
_TOWNS = {entry.name.ja: code for code, entry in TABLE.entries.items() if code.scheme == Scheme.CLASS20}


def town(name: str) -> AreaCode:
    """A municipality by its name."""
    return _TOWNS[name]


def address(who: str) -> str:
    """Where a person's phone is reached."""
    return f"phone-{who.lower()}"


def who_has(address: str) -> str:
    """Whose phone is reached there."""
    return address.partition("-")[2].capitalize()


def heard(at: datetime, who: str, data: Mapping[str, str], channel: str, *, silent: bool) -> Heard:
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
    return Heard(at, who, words, channel, silent)
