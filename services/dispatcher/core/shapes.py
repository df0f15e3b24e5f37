"""Who lives in a polygon or a circle that an alert draws (CAP 1.2 §3.2.4).

A place is known to about a kilometre only (two decimals of a degree): a shape takes in who may be inside by that. A shape
that cannot be read narrows nothing, so its whole area is told: rather too many than one too few.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from schemas.alert import Area

MARGIN_DEG = 0.0072
"""How far a place may lie from where it is kept: half of 0.01 degrees to the north and to the east at once."""
EARTH_KM = 6_371.0
KM_PER_DEG = EARTH_KM * np.pi / 180
POINTS_MAX = 10_000
"""Of one polygon; more is no area that anybody drew."""
REMEMBERED = 256

Degrees = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shape:
    """Polygons ("lat,lon lat,lon …") and circles ("lat,lon radius in km") as CAP writes them; together one shape."""

    polygons: tuple[str, ...] = ()
    circles: tuple[str, ...] = ()
    margin_deg: float = MARGIN_DEG

    def holds(self, latitudes: Degrees, longitudes: Degrees) -> npt.NDArray[np.bool_]:
        """Which of these places (degrees, WGS 84) are inside or on the edge."""
        found = np.zeros(len(latitudes), np.bool_)
        ground, circles = _read(self)
        if ground is not None:
            west, south, east, north = shapely.bounds(ground)
            # most places lie outside of the box around it: cheap to see
            near = (latitudes >= south) & (latitudes <= north) & (longitudes >= west) & (longitudes <= east)
            found[near] = shapely.intersects_xy(ground, longitudes[near], latitudes[near])
        for latitude, longitude, radius_km in circles:
            reach_km = radius_km + self.margin_deg * KM_PER_DEG
            found |= _distances_km(latitude, longitude, latitudes, longitudes) <= reach_km
        return found


def shape_of(area: Area) -> Shape | None:
    """What narrows an area; None where nothing does, or nothing that can be read."""
    shape = Shape(area.polygon, area.circle)
    if not (area.polygon or area.circle):
        return None
    try:
        _read(shape)
    except ValueError:
        return None
    return shape


@lru_cache(maxsize=REMEMBERED)
def _read(shape: Shape) -> tuple[Any, tuple[tuple[float, float, float], ...]]:
    """The polygons as one prepared geometry (None: there is none), and the circles. ValueError: not to be read."""
    polygons = [_polygon(text) for text in shape.polygons]
    circles = tuple(_circle(text) for text in shape.circles)
    if not polygons:
        return None, circles
    ground = shapely.buffer(shapely.union_all([shapely.make_valid(one) for one in polygons]), shape.margin_deg)
    shapely.prepare(ground)
    return ground, circles


def _polygon(text: str) -> Any:
    points = text.split()
    if not 4 <= len(points) <= POINTS_MAX:
        msg = f"a polygon of {len(points)} points"
        raise ValueError(msg)
    pairs = [_point(one) for one in points]
    return shapely.Polygon([(longitude, latitude) for latitude, longitude in pairs])


def _circle(text: str) -> tuple[float, float, float]:
    point, radius = text.split()
    radius_km = _number(radius, EARTH_KM * np.pi)
    if radius_km < 0:
        msg = f"a circle of {radius} km"
        raise ValueError(msg)
    return (*_point(point), radius_km)


def _point(text: str) -> tuple[float, float]:
    latitude, longitude = text.split(",")
    return _number(latitude, 90), _number(longitude, 180)


def _number(text: str, at_most: float) -> float:
    number = float(text)
    if not abs(number) <= at_most:
        msg = f"{text} is out of range"
        raise ValueError(msg)
    return number


def _distances_km(latitude: float, longitude: float, latitudes: Degrees, longitudes: Degrees) -> Degrees:
    """On the sphere (haversine); within 0.6 % of the distance on the ellipsoid."""
    lat, lats = np.radians(latitude), np.radians(latitudes)
    north, east = (lats - lat) / 2, np.radians(longitudes - longitude) / 2
    half: Degrees = np.sin(north) ** 2 + np.cos(lat) * np.cos(lats) * np.sin(east) ** 2
    return 2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
