"""Outlines of municipalities: GeoJSON or TopoJSON → the `boundary.geojson` of a city.

Features are told by their 行政区域コード (N03_007, five digits); a file with one municipality needs none. Rings are turned
as RFC 7946 §3.1.6 wants them, coordinates rounded to 1 m.

Sources: RFC 7946 (GeoJSON); TopoJSON specification 1.0 (transform, arcs, negative indices); 国土数値情報 N03.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CODE = "N03_007"
NAMES = ("N03_004", "N03_003", "name")
DECIMALS = 5
POINTS_MAX = 2_000_000
"""Of one file; a national one at full detail has more and is to be cut before."""

Ring = list[list[float]]
Polygon = list[Ring]


@dataclass(frozen=True, slots=True)
class BoundaryDefect:
    """Why a file gives no outline."""

    reason: str


@dataclass(frozen=True, slots=True)
class Shape:
    """One feature: its code and name ("" where it has none) and its polygons."""

    code: str
    name: str
    polygons: list[Polygon]


def shapes(document: object) -> tuple[Shape, ...] | BoundaryDefect:
    """The municipalities of a GeoJSON FeatureCollection or a TopoJSON."""
    try:
        found = tuple(_shapes(document))
    # Whatever a file of another shape makes of these few lines: nothing else in them raises.
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        return BoundaryDefect(f"misshapen: {type(error).__name__} {error}")
    if not found:
        return BoundaryDefect("neither a FeatureCollection nor a Topology with polygons")
    points = sum(len(ring) for shape in found for polygon in shape.polygons for ring in polygon)
    return BoundaryDefect(f"{points} points, more than {POINTS_MAX}") if points > POINTS_MAX else found


def boundary(
    found: Iterable[Shape], codes: Sequence[str], city: str, *, source: str, vintage: str
) -> dict[str, Any] | BoundaryDefect:
    """The outline of a city, one feature for each of `codes`; features without a code are the whole of a city of one."""
    groups: dict[str, tuple[str, list[Polygon]]] = {}
    for shape in found:
        code = shape.code or (codes[0] if len(codes) == 1 else "")
        if code in codes:
            name = shape.name if len(codes) > 1 else city
            groups.setdefault(code, (name, []))[1].extend(shape.polygons)
    missing = [code for code in codes if code not in groups]
    if missing:
        return BoundaryDefect(f"no feature with {CODE} {', '.join(missing)}")
    return {
        "type": "FeatureCollection",
        "source": source,
        "vintage": vintage,
        "features": [
            {
                "type": "Feature",
                "properties": {"code": code, "name": groups[code][0]},
                "geometry": {"type": "MultiPolygon", "coordinates": groups[code][1]},
            }
            for code in codes
        ],
    }


def _shapes(document: Any) -> Iterator[Shape]:
    kind = document.get("type")
    if kind == "FeatureCollection":
        for feature in document["features"]:
            yield from _shape(feature.get("properties") or {}, feature["geometry"], None)
    elif kind == "Topology":
        arcs = tuple(_arcs(document))
        for collection in document["objects"].values():
            for geometry in collection["geometries"]:
                yield from _shape(geometry.get("properties") or {}, geometry, arcs)


def _shape(properties: Mapping[str, Any], geometry: Any, arcs: Sequence[Ring] | None) -> Iterator[Shape]:
    if not geometry or geometry.get("type") not in {"Polygon", "MultiPolygon"}:
        return  # a disputed island may have none, and a point is no outline
    parts = geometry["coordinates" if arcs is None else "arcs"]
    polygons = [parts] if geometry["type"] == "Polygon" else parts
    if arcs is not None:
        polygons = [[_stitched(ring, arcs) for ring in polygon] for polygon in polygons]
    name = next((str(properties[key]) for key in NAMES if properties.get(key)), "")
    made = [[_turned(ring, outer=place == 0) for place, ring in enumerate(polygon)] for polygon in polygons]
    yield Shape(code=str(properties.get(CODE) or ""), name=name, polygons=made)


def _arcs(document: Mapping[str, Any]) -> Iterator[Ring]:
    """The arcs in degrees: with a transform they are written as steps from the point before."""
    transform = document.get("transform")
    for arc in document["arcs"]:
        if transform is None:
            yield [[float(x), float(y)] for x, y in arc]
            continue
        (scale_x, scale_y), (from_x, from_y) = transform["scale"], transform["translate"]
        xs = itertools.accumulate(point[0] for point in arc)
        ys = itertools.accumulate(point[1] for point in arc)
        yield [[x * scale_x + from_x, y * scale_y + from_y] for x, y in zip(xs, ys, strict=True)]


def _stitched(ring: Sequence[int], arcs: Sequence[Ring]) -> Ring:
    """A ring of arcs; one with a negative index (~i) is taken backwards, and the joints stand once."""
    points: Ring = []
    for index in ring:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        points += arc[1:] if points else arc
    return points


def _turned(ring: Ring, *, outer: bool) -> Ring:
    """The outer ring against the clock, a hole with it."""
    rounded = [[round(float(point[0]), DECIMALS), round(float(point[1]), DECIMALS)] for point in ring]
    area = sum(ax * by - bx * ay for (ax, ay), (bx, by) in itertools.pairwise(rounded))
    return rounded if (area > 0) is outer else rounded[::-1]
