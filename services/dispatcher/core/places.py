"""Which municipalities an alert's area means: people follow municipalities, sources speak in many systems of areas.

A warning names municipalities (class20), a tsunami its stretch of coast, a quake its region, a flood a stretch of river.
Whom each of them concerns follows from the national table where one system lies in another, and from the cities'
own lists of codes where none does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from schemas.area import AreaCode, AreaTable, City, Scheme, UnknownArea, ancestors, resolve
from schemas.subscription import Subscription

Covers = Mapping[AreaCode, tuple[AreaCode, ...]]
"""Area of an alert → the municipalities (class20) that it means, in the order of their codes."""


def covers(city: City, neighbours: Iterable[City], table: AreaTable) -> Covers:
    """What each area that the city watches means. One that means no municipality is left out: nobody can follow it."""
    found: dict[AreaCode, set[AreaCode]] = defaultdict(set)
    for municipality in (one for parts in table.parts.values() for one in parts):
        above = ancestors(table, municipality)
        for area in () if isinstance(above, UnknownArea) else above:
            found[area].add(municipality)
    # where no system of the table says what an area means, whoever listens to it is meant
    listed = {area: {one for by in (city, *neighbours) if area in by.own for one in by.class20} for area in city.watch}
    meant = {area: _named(table, area) or found[area] or listed[area] for area in city.watch}
    return MappingProxyType({area: tuple(sorted(those)) for area, those in meant.items() if those})


def above(covered: Covers) -> Mapping[AreaCode, tuple[AreaCode, ...]]:
    """Municipality → the larger areas that mean it among others."""
    found: dict[AreaCode, set[AreaCode]] = defaultdict(set)
    for area, those in covered.items():
        for one in those if len(those) > 1 else ():
            found[one].add(area)
    return MappingProxyType({one: tuple(sorted(larger)) for one, larger in found.items()})


def municipalities(covered: Covers, area: AreaCode) -> tuple[AreaCode, ...]:
    """The municipalities of an area; a municipality of which the table says nothing means itself."""
    return covered.get(area) or ((area,) if area.scheme == Scheme.CLASS20 else ())


def current(subscription: Subscription, covered: Covers) -> Subscription:
    """A subscription with its places as the table has them now.

    A place was resolved when it was chosen. Should its municipality have been split, or renamed, since, the device
    follows all parts: the tables are read at a start, and with them every subscription is resolved anew.
    """
    if all(municipalities(covered, place.area) == (place.area,) for place in subscription.places):
        return subscription
    places = (
        replace(place, area=area)
        for place in subscription.places
        for area in municipalities(covered, place.area) or (place.area,)
    )
    return replace(subscription, places=tuple(places))


def _named(table: AreaTable, area: AreaCode) -> set[AreaCode]:
    """Of a municipality, also an old code's or a ward's: itself, as it is called now."""
    current = resolve(table, area)
    return set() if isinstance(current, UnknownArea) else {one for one in current if one.scheme == Scheme.CLASS20}
