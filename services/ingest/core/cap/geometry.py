"""CAP's polygons and circles: read as they come, mended where that is sure, and set against the outline of a municipality.

Mended are: any white space between pairs, pairs that are none, rings that are not closed, axes that are swapped.
A ring that cuts itself is made valid where it is used (GEOS `make_valid`); what cannot be a place is left out.

Sources: OASIS CAP-v1.2 §3.2.4 (polygon, circle); the project's notes on CAP §4.3, §4.4.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias, cast

from shapely import affinity, make_valid
from shapely.geometry import Point as Dot
from shapely.geometry import Polygon, shape
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from services.ingest.core.cap.message import Circle, NamedArea, Notes, Point, Ring
from services.ingest.core.defect import Code
from services.ingest.core.xml import named

Outline: TypeAlias = BaseGeometry
"""The outline of a municipality, in longitude and latitude."""

_PAIR = re.compile(r"([-+]?\d{1,3}(?:\.\d{0,20})?),([-+]?\d{1,3}(?:\.\d{0,20})?)")
_RUBBISH = "[](){};,"
"""What senders leave around a pair; it is taken off."""
_KM_PER_DEGREE = 111.32
_POINTS_MAX = 50_000
"""Points of one polygon; the largest seen has 8,000. Of a longer one the rest is left, which a defect says."""
_RADIUS_KM_MAX = 2_000.0
NEAR_DEG = 5.0
FAR_DEG = 20.0
"""A ring this far from the others of its message, which with swapped axes would be near them, has its axes swapped."""


def ring(text: str, notes: Notes) -> Ring | None:
    """A polygon's text as a closed ring; None where fewer than three different points are left."""
    words = text.split()
    if len(words) > _POINTS_MAX:
        notes.add(Code.CAP_GEOMETRY, f"a polygon of {len(words)} points, more than {_POINTS_MAX}: the rest is left out")
    read = [(word, _pair(word)) for word in words[:_POINTS_MAX]]
    wrong = [word for word, point in read if point is None]
    if wrong:
        notes.add(Code.CAP_GEOMETRY, f"{len(wrong)} words of a polygon are no pair, the first {named(wrong[0])}")
    points = _turned([point for _, point in read if point is not None], notes)
    if len(set(points)) < 3:
        notes.add(Code.CAP_GEOMETRY, f"a polygon with {len(set(points))} different points is no area")
        return None
    if points[0] != points[-1]:
        notes.add(Code.CAP_GEOMETRY, "a polygon does not end where it begins: closed")
        points.append(points[0])
    return tuple(points)


def circle(text: str, notes: Notes) -> Circle | None:
    """A circle's text ("lat,lon radius", or L-Alert's "lat,lon,radius"); None where it is none."""
    words = text.replace(",", " ").split()
    try:
        latitude, longitude, radius_km = (float(word) for word in words)
    except ValueError:
        notes.add(Code.CAP_GEOMETRY, f"{named(text)} is no circle")
        return None
    points = _turned([(latitude, longitude)], notes) if math.isfinite(latitude) and math.isfinite(longitude) else []
    if not points or not 0 <= radius_km <= _RADIUS_KM_MAX:
        notes.add(Code.CAP_GEOMETRY, f"{named(text)} is no circle on this earth")
        return None
    return Circle(points[0], radius_km)


def _pair(word: str) -> Point | None:
    found = _PAIR.fullmatch(word.strip(_RUBBISH))
    return (float(found[1]), float(found[2])) if found else None


def _turned(points: list[Point], notes: Notes) -> list[Point]:
    """The points as latitude and longitude; those that are neither way on this earth are left out."""
    if any(abs(latitude) > 90 for latitude, _ in points) and all(abs(longitude) <= 90 for _, longitude in points):
        notes.add(Code.CAP_GEOMETRY, "latitude and longitude are swapped: turned")
        points = [(longitude, latitude) for latitude, longitude in points]
    kept = [(y, x) for y, x in points if abs(y) <= 90 and abs(x) <= 180]
    if len(kept) < len(points):
        notes.add(Code.CAP_GEOMETRY, f"{len(points) - len(kept)} points beyond 90° or 180° are left out")
    return kept


def in_company(areas: Sequence[NamedArea], notes: Notes) -> tuple[NamedArea, ...]:
    """The areas, with those rings turned that lie far from most others and would lie beside them with swapped axes."""
    middles = [_middle(one) for area in areas for one in area.rings]
    if len(middles) < 2:
        return tuple(areas)
    return tuple(replace(area, rings=tuple(_beside(one, middles, notes) for one in area.rings)) for area in areas)


def _beside(one: Ring, middles: Sequence[Point], notes: Notes) -> Ring:
    here = _middle(one)
    there = (here[1], here[0])
    if any(abs(x) > 90 for _, x in one) or math.dist(here, there) < FAR_DEG:
        return one
    as_it_is = sum(math.dist(here, other) < FAR_DEG for other in middles)
    turned = sum(math.dist(there, other) < NEAR_DEG for other in middles)
    if turned > as_it_is:
        notes.add(Code.CAP_GEOMETRY, "latitude and longitude are swapped, by the message's other areas: turned")
        return tuple((x, y) for y, x in one)
    if turned == as_it_is:
        notes.add(
            Code.CAP_GEOMETRY, "latitude and longitude are swapped in half of its areas, nobody knows which: left"
        )
    return one


def _middle(one: Ring) -> Point:
    ys, xs = [y for y, _ in one], [x for _, x in one]
    return (min(ys) + max(ys)) / 2, (min(xs) + max(xs)) / 2


def check(areas: Iterable[NamedArea], notes: Notes) -> None:
    """Say which rings cut or touch themselves."""
    for area in areas:
        for one in area.rings:
            if not Polygon(_unbroken(one)).is_valid:
                notes.add(
                    Code.CAP_GEOMETRY, f"a polygon of {named(area.name)} cuts or touches itself: mended where used"
                )


def geometry_of(area: NamedArea) -> BaseGeometry | None:
    """Everything the area covers, in longitude and latitude; None where it says nothing usable."""
    parts: list[BaseGeometry] = [make_valid(Polygon(_unbroken(one))) for one in area.rings]
    parts += [_disc(one) for one in area.circles]
    return unary_union(parts) if parts else None


def _unbroken(one: Ring) -> list[Point]:
    """The ring in longitude and latitude; one over the 180th meridian goes on beyond it, and not around the earth."""
    xs = [x for _, x in one]
    is_over = max(xs) - min(xs) > 180
    return [(x + 360 if is_over and x < 0 else x, y) for y, x in one]


def _disc(one: Circle) -> BaseGeometry:
    (latitude, longitude), radius_km = one.middle, one.radius_km
    dot = Dot(longitude, latitude)
    if radius_km == 0:
        return dot
    up = radius_km / _KM_PER_DEGREE
    across = up / max(math.cos(math.radians(latitude)), 0.01)
    return affinity.scale(dot.buffer(1.0), across, up)


def outline(geojson: Mapping[str, object]) -> Outline:
    """The outline of a municipality (`deploy/cities/*/boundary.geojson`, a FeatureCollection)."""
    features = geojson["features"]
    assert isinstance(features, list)
    return cast("Outline", unary_union([make_valid(shape(feature["geometry"])) for feature in features]))
