from __future__ import annotations

from typing import Any

from services.gateway.core.outline import SIDE, outline


def a_shape(*rings: list[list[float]], kind: str = "Polygon") -> dict[str, Any]:
    coordinates: Any = list(rings) if kind == "Polygon" else [[ring] for ring in rings]
    return {"features": [{"geometry": {"type": kind, "coordinates": coordinates}}], "source": "国土数値情報"}


SQUARE = [[139.0, 35.0], [139.2, 35.0], [139.2, 35.2], [139.0, 35.2], [139.0, 35.0]]


def test_a_square_of_degrees_is_narrower_than_high_at_that_latitude() -> None:
    found = outline(a_shape(SQUARE))
    assert found.height == SIDE
    assert 0.80 < found.width / found.height < 0.83
    assert found.source == "国土数値情報"


def test_north_is_up_and_the_ring_is_closed() -> None:
    found = outline(a_shape(SQUARE))
    assert found.path.startswith(f"M0.0 {SIDE:.1f}L")
    assert found.path.endswith("Z")


def test_points_too_near_to_be_seen_and_rocks_in_the_sea_are_left_out() -> None:
    near = [[139.0, 35.0], [139.00001, 35.0], [139.2, 35.0], [139.2, 35.2]]
    rock = [[139.1, 34.9], [139.1001, 34.9], [139.1001, 34.9001]]
    found = outline(a_shape(near, rock, kind="MultiPolygon"))
    assert found.path.count("M") == 1
    assert len(found.path.split()) == len(outline(a_shape(near[:1] + near[2:])).path.split())


def test_a_shape_without_a_source_names_none() -> None:
    shape = a_shape(SQUARE)
    del shape["source"]
    assert outline(shape).source == ""
