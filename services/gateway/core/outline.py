"""A city's outline as an SVG path: from its own GeoJSON, so that the map needs nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import cos, hypot, radians
from typing import Any

SIDE = 400.0
"""Units of the longer side of a drawing."""
STEP = 1.2
"""Units between two points of a line: nearer ones are left out, which no eye misses at this size."""
RING_MIN = 3.0
"""Units across which a ring must reach to be drawn; smaller ones are rocks in the sea."""

Point = tuple[float, float]
Ring = list[Point]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A path and the box it lies in, in units of the drawing. `source` is whoever must be named beside it."""

    path: str
    width: float
    height: float
    source: str


def outline(geojson: Mapping[str, Any]) -> Outline:
    """Draw all features of a collection as one path; longitude is shortened as it is at that latitude."""
    rings = list(_rings(geojson["features"]))
    points = [point for ring in rings for point in ring]
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    narrow = cos(radians((south + north) / 2))
    scale = SIDE / max((east - west) * narrow, north - south)

    def placed(ring: Ring) -> Ring:
        return [((x - west) * narrow * scale, (north - y) * scale) for x, y in ring]

    drawn = [thin for ring in rings if (thin := _thinned(placed(ring)))]
    return Outline(
        path="".join(_path(ring) for ring in drawn),
        width=round((east - west) * narrow * scale, 1),
        height=round((north - south) * scale, 1),
        source=str(geojson.get("source", "")),
    )


def _rings(features: Iterable[Mapping[str, Any]]) -> Iterator[Ring]:
    for feature in features:
        shape = feature["geometry"]
        polygons = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
        for polygon in polygons:
            for ring in polygon:
                yield [(float(x), float(y)) for x, y, *_ in ring]


def _thinned(ring: Ring) -> Ring:
    """The ring with fewer points; empty where it is too small to be seen."""
    width = max(x for x, _ in ring) - min(x for x, _ in ring)
    height = max(y for _, y in ring) - min(y for _, y in ring)
    if max(width, height) < RING_MIN:
        return []
    kept = [ring[0]]
    for point in ring[1:]:
        if hypot(point[0] - kept[-1][0], point[1] - kept[-1][1]) >= STEP:
            kept.append(point)
    return kept


def _path(ring: Ring) -> str:
    head, *tail = (f"{x:.1f} {y:.1f}" for x, y in ring)
    return f"M{head}L{' '.join(tail)}Z"
