"""Which municipality a point lies in."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.core.ground import ground, is_inside, locator
from services.runtime import cities

SQUARE = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]
LAKE = [[4, 4], [6, 4], [6, 6], [4, 6], [4, 4]]


def a_collection(kind: str, coordinates: Any) -> dict[str, Any]:
    return {"features": [{"geometry": {"type": kind, "coordinates": coordinates}}]}


@pytest.mark.parametrize(
    ("latitude", "longitude", "inside"),
    [(1, 1, True), (5, 5, False), (5, 3.9, True), (11, 5, False), (5, -0.1, False), (9.99, 9.99, True)],
)
def test_a_point_is_inside_the_outer_ring_and_in_no_hole(latitude: float, longitude: float, *, inside: bool) -> None:
    one = ground("14206", a_collection("Polygon", [SQUARE, LAKE]))
    assert is_inside(one, latitude, longitude) is inside


def test_an_island_belongs_to_its_municipality() -> None:
    island = [[20.0, 20.0, 3.0], [22.0, 20.0, 3.0], [21.0, 22.0, 3.0]]
    one = ground("14206", a_collection("MultiPolygon", [[SQUARE], [island]]))
    assert is_inside(one, 21.0, 21.0)
    assert not is_inside(one, 21.9, 20.1)


@given(st.floats(-5, 15), st.floats(-5, 15))
def test_a_square_holds_what_lies_between_its_sides(latitude: float, longitude: float) -> None:
    one = ground("x", a_collection("Polygon", [SQUARE]))
    between = 0 < latitude < 10 and 0 < longitude < 10
    on_the_line = latitude in {0, 10} or longitude in {0, 10}
    assert on_the_line or is_inside(one, latitude, longitude) is between


@pytest.mark.parametrize(
    ("latitude", "longitude", "jis5"),
    [
        (35.2646, 139.1522, "14206"),
        (35.3273, 139.3497, "14203"),
        (35.2955, 139.5803, "14208"),
        (35.6895, 139.6917, None),
        (0.0, 0.0, None),
    ],
    ids=["小田原", "平塚", "逗子", "新宿", "nowhere"],
)
def test_points_find_their_city_by_the_outlines_that_are_delivered(
    latitude: float, longitude: float, jis5: str | None
) -> None:
    deploy = cities.deploy_dir()
    named = {"odawara": "14206", "hiratsuka": "14203", "zushi": "14208", "kawasaki": "14130"}
    grounds = [ground(code, orjson.loads(cities.load_boundary(deploy, city))) for city, code in named.items()]
    assert locator(grounds)(latitude, longitude) == jis5
