"""Which municipality a point lies in, by the cities' own outlines (`deploy/cities/*/boundary.geojson`).

A point on an outline itself may count to either side: the outlines are thinned to about 10 m anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Point = tuple[float, float]
"""Longitude, latitude, as GeoJSON has it."""
Ring = tuple[Point, ...]
Locate = Callable[[float, float], str | None]
"""From latitude and longitude to the JIS code of the municipality that they lie in; None where it is none of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Polygon:
    """An outer ring with its holes, and the box around it."""

    rings: tuple[Ring, ...]
    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The outline of one municipality, by its JIS X 0402 code."""

    jis5: str
    polygons: tuple[Polygon, ...]


def ground(jis5: str, geojson: Mapping[str, Any]) -> Ground:
    """The outline of a municipality: all features of a collection, polygons or multi-polygons."""
    return Ground(jis5=jis5, polygons=tuple(_polygons(geojson["features"])))


def _polygons(features: Iterable[Mapping[str, Any]]) -> Iterator[Polygon]:
    for feature in features:
        shape = feature["geometry"]
        for polygon in shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]:
            rings = tuple(tuple((float(x), float(y)) for x, y, *_ in ring) for ring in polygon)
            xs, ys = [x for x, _ in rings[0]], [y for _, y in rings[0]]
            yield Polygon(rings=rings, west=min(xs), east=max(xs), south=min(ys), north=max(ys))


def locator(grounds: Sequence[Ground]) -> Locate:
    """Where a point is, among these municipalities; the first counts where two overlap."""

    def locate(latitude: float, longitude: float) -> str | None:
        return next((one.jis5 for one in grounds if is_inside(one, latitude, longitude)), None)

    return locate


def is_inside(one: Ground, latitude: float, longitude: float) -> bool:
    """Whether a point lies in a municipality."""
    return any(_is_in(polygon, longitude, latitude) for polygon in one.polygons)


def _is_in(polygon: Polygon, x: float, y: float) -> bool:
    if not (polygon.west <= x <= polygon.east and polygon.south <= y <= polygon.north):
        return False
    # even-odd over all rings: a hole turns the inside out again
    return sum(_crossings(ring, x, y) for ring in polygon.rings) % 2 == 1


def _crossings(ring: Ring, x: float, y: float) -> int:
    """How many edges a ray from the point to the east crosses. A ring need not repeat its first point."""
    edges = zip(ring, (*ring[1:], ring[0]), strict=True)
    return sum((y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0) for (x0, y0), (x1, y1) in edges)
