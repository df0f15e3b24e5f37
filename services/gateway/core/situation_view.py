"""What is in force where somebody asks about: the public answer, and which areas a question means.

A question about an area that this gateway does not watch is refused, never answered with "nothing": an empty list
would read as an all-clear.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from schemas import area
from schemas.alert import Alert, Area, Info, Scope, Status, Surface, active
from schemas.area import AreaCode, AreaTable, City, Scheme, UnknownArea
from schemas.lifecycle import Stream, StreamState, Validity, standing, validity
from services.gateway.core import message
from services.gateway.core.frames import instant
from services.gateway.core.message import Names
from services.gateway.core.view import View

STALE_S = 60.0
"""When the situation could not be read for so long, answers are given anew although nothing in them changed, so that
whoever asks sees how old they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """A question that names no area in any of the ways we know."""

    asked: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotWatched:
    """An area that exists, but this gateway would not know of a danger there."""

    asked: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The areas that an answer is about: what was asked, and every code in every system that means it.

    `everywhere`: the whole city, which also has what a source placed without a code.
    """

    asked: str
    codes: frozenset[AreaCode]
    everywhere: bool = False


# --- which areas ---


def place(
    asked: str | None, city: City, neighbours: Sequence[City], table: AreaTable
) -> Place | Malformed | NotWatched | UnknownArea:
    """The place that was asked for; None is the city itself.

    Understood are class20 ("1420600"), JIS ("14206") and any system's code with its scheme ("tsunami:330").
    """
    if asked is None:
        return Place(asked=f"jis5:{city.jis5}", codes=city.own, everywhere=True)
    found = _areas(asked, table, city)
    if isinstance(found, (Malformed, UnknownArea)):
        return found
    watched = [one for one in found if area.concerns(city, table, one)]
    if not watched:
        return NotWatched(asked=asked)
    return Place(asked=asked, codes=frozenset(_meaning(watched, (city, *neighbours), table)))


def _areas(asked: str, table: AreaTable, city: City) -> tuple[AreaCode, ...] | UnknownArea | Malformed:
    if ":" in asked:
        named = area.area_code(asked)
        if isinstance(named, UnknownArea):
            return Malformed(asked=asked)
        return _resolved(named, table, city)
    if not (asked.isascii() and asked.isdigit()):
        return Malformed(asked=asked)
    if len(asked) == 5:
        return area.class20_of(table, asked)
    return _resolved(AreaCode(Scheme.CLASS20, asked), table, city) if len(asked) == 7 else Malformed(asked=asked)


def _resolved(named: AreaCode, table: AreaTable, city: City) -> tuple[AreaCode, ...] | UnknownArea:
    # the invented areas of a demo stand in no table
    return (named,) if named in city.watch else area.resolve(table, named)


def _meaning(found: Iterable[AreaCode], cities: Sequence[City], table: AreaTable) -> Iterator[AreaCode]:
    """Every code that means a place: itself, what it lies in, what lies in it, and what else its city listens to."""
    for one in found:
        yield one
        above = area.ancestors(table, one)
        if not isinstance(above, UnknownArea):
            yield from above
        yield from (code for code in cities[0].watch if area.contains(table, one, code))
        for city in cities:
            if one in city.class20:
                yield from (code for code in city.own if code not in city.class20)


# --- what is in force there ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One hazard that a stream's standing alert says is in force somewhere in the place, and what time makes of it."""

    stream: Stream
    alert: Alert
    info: Info
    areas: tuple[Area, ...]
    validity: Validity
    until: datetime | None
    """When it expires or, where it stands under a lease, when that ends."""


def held(view: View, where: Place) -> list[Held]:
    """What is in force or lapsed in the place, loudest first; drills too, told apart by their alert's status."""
    until = view.leases()
    found = [one for stream in view.mirror.streams.values() for one in _held(stream, where, view.now, until)]
    return sorted(found, key=lambda one: (-(one.info.rank or 0), one.stream.stream, one.info.hazard, one.info.event))


def _held(stream: Stream, where: Place, now: datetime, until: Mapping[str, datetime]) -> Iterator[Held]:
    alert = standing(stream)
    if alert is None or stream.state is not StreamState.ACTIVE or not is_public(alert):
        return
    for info in alert.info:
        areas = tuple(one for one in info.area if one.code in where.codes or (where.everywhere and one.code is None))
        state = validity(info, alert.lease, now, until)
        if active(info) and areas and state is not Validity.EXPIRED:
            yield Held(
                stream=stream,
                alert=alert,
                info=info,
                areas=areas,
                validity=state,
                until=info.expires or until.get(alert.lease),
            )


def is_public(alert: Alert) -> bool:
    """Whether the public API may name the alert: real ones, and drills that name the surface `public`."""
    if alert.scope is not Scope.PUBLIC:
        return False
    if alert.status is Status.EXERCISE:
        return alert.drill is not None and Surface.PUBLIC in alert.drill.surfaces
    return alert.status is Status.ACTUAL


# --- the answer ---


def answer(view: View, where: Place, found: Sequence[Held]) -> dict[str, Any]:
    """The body of `GET /v1/situation`. `message` is what is said of each, as on the stream (`message.wire`)."""
    names = view.mirror.names
    real = [one for one in found if one.alert.status is Status.ACTUAL]
    drills = [one for one in found if one.alert.status is Status.EXERCISE]
    return {
        "as_of": instant(view.as_of or view.now),
        "epoch": view.mirror.epoch,
        "offset": view.mirror.offset,
        "digest": view.mirror.digest,
        "area": where.asked,
        "alerts": [_item(one, names) for one in real if one.validity is Validity.IN_FORCE],
        "lapsed": [_lapsed(one, names) for one in real if one.validity is Validity.LAPSED],
        "drills": [_item(one, names) for one in drills if one.validity is Validity.IN_FORCE],
        "leases": {source: instant(until) for source, until in sorted(view.leases().items())},
    }


def etag(view: View, where: Place, found: Sequence[Held]) -> str:
    """Weak: the same for answers that say the same about the place, whatever the time is."""
    items = [
        f"{one.stream.stream} {one.alert.revision} {one.info.hazard} {one.info.event} {one.validity}" for one in found
    ]
    stale = view.as_of is not None and view.now - view.as_of >= timedelta(seconds=STALE_S)
    seen = [view.mirror.epoch, view.mirror.digest, where.asked, *items, str(view.as_of) if stale else ""]
    return f'W/"{view.mirror.digest}-{crc32(chr(10).join(seen).encode()):08x}"'


def _item(one: Held, names: Names) -> dict[str, Any]:
    said = message.wire(message.of_block(one.alert, one.info, names))
    return {
        "stream": one.stream.stream,
        "revision": one.alert.revision,
        "identifier": one.alert.identifier,
        "status": one.alert.status,
        "origin": one.alert.origin,
        "event": one.info.event,
        "hazard": one.info.hazard,
        "level": one.info.level,
        "rank": one.info.rank,
        "severity": one.info.severity,
        "areas": [_area(each) for each in one.areas],
        "sender_name": one.alert.sender_name,
        "sent": instant(one.alert.sent),
        "expires": instant(one.info.expires) if one.info.expires else None,
        "lease": one.alert.lease or None,
        "headline": one.info.headline or one.alert.headline,
        "action": said["action"],
        "message": said,
    }


def _lapsed(one: Held, names: Names) -> dict[str, Any]:
    return {**_item(one, names), "since": instant(one.until) if one.until else None}


def _area(one: Area) -> dict[str, Any]:
    if one.code is None:
        return {"scheme": None, "code": None, "name": one.area_desc}
    return {"scheme": one.code.scheme, "code": one.code.code, "name": one.area_desc}


# --- one alert ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An alert that is kept, and the streams that hold it."""

    alert: Alert
    streams: tuple[Stream, ...]


def kept(streams: Iterable[Stream], identifier: str) -> Kept | None:
    """The alert of that identifier, superseded ones too; None when none is kept or the public may not have it."""
    holding = [
        (stream, alert)
        for stream in streams
        for alert in stream.kept
        if alert.identifier == identifier and is_public(alert)
    ]
    if not holding:
        return None
    return Kept(alert=holding[0][1], streams=tuple(stream for stream, _ in holding))


def standing_now(found: Kept) -> list[dict[str, Any]]:
    """What became of an alert in each of its streams: whether it is the one that counts, and the stream's state."""
    return [
        {
            "stream": stream.stream,
            "state": stream.state,
            "revision": stream.revision,
            "standing": stream.standing == found.alert.revision,
        }
        for stream in found.streams
    ]
