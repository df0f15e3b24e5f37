"""Polygons and circles as CAP writes them."""

from __future__ import annotations

import numpy as np
import pytest

from schemas.alert import Area
from services.dispatcher.core.shapes import KM_PER_DEG, MARGIN_DEG, Shape, shape_of

SQUARE = "35.2,139.1 35.2,139.2 35.3,139.2 35.3,139.1 35.2,139.1"
FAR = "40,140 40,141 41,141 40,140"


def inside(shape: Shape | None, *points: tuple[float, float]) -> list[bool]:
    assert shape is not None
    latitudes, longitudes = (np.array(each) for each in zip(*points, strict=True))
    found: list[bool] = shape.holds(latitudes, longitudes).tolist()
    return found


def test_a_polygon_takes_in_its_edge_and_who_may_live_inside_by_a_rounded_place() -> None:
    points = [(35.25, 139.15), (35.2, 139.15), (35.195, 139.15), (35.18, 139.15)]
    assert inside(shape_of(Area(area_desc="", polygon=(SQUARE,))), *points) == [True, True, True, False]
    assert inside(Shape((SQUARE,), margin_deg=0), *points) == [True, True, False, False]


def test_a_circle_takes_in_all_within_its_radius() -> None:
    circle = shape_of(Area(area_desc="", circle=("35.25,139.15 10",)))
    north = 10 / KM_PER_DEG
    points = [(35.25, 139.15), (35.25 + north + MARGIN_DEG / 2, 139.15), (35.25 + north + 2 * MARGIN_DEG, 139.15)]
    assert inside(circle, *points) == [True, True, False]
    # at 35 degrees a degree to the east is shorter
    assert inside(circle, (35.25, 139.15 + north * 1.2), (35.25, 139.15 + north * 1.4)) == [True, False]


def test_several_shapes_are_one() -> None:
    shape = shape_of(Area(area_desc="", polygon=(SQUARE, FAR), circle=("20,120 1",)))
    assert inside(shape, (35.25, 139.15), (40.2, 140.5), (20, 120), (30, 130)) == [True, True, True, False]


def test_a_polygon_that_crosses_itself_is_both_its_halves() -> None:
    bow_tie = "35,139 36,140 36,139 35,140 35,139"
    assert inside(shape_of(Area(area_desc="", polygon=(bow_tie,))), (35.2, 139.5), (35.8, 139.5)) == [True, True]


@pytest.mark.parametrize(
    "area",
    [
        Area(area_desc=""),
        Area(area_desc="", polygon=("35,139 35,140 35,139",)),
        Area(area_desc="", polygon=("35,139 35,140 north 35,139",)),
        Area(area_desc="", polygon=("35,139 35,140 95,140 35,139",)),
        Area(area_desc="", polygon=("35,139 35,nan 36,140 35,139",)),
        Area(area_desc="", polygon=("0,0 " * 10_001,)),
        Area(area_desc="", circle=("35,139",)),
        Area(area_desc="", circle=("35,139 -1",)),
        Area(area_desc="", circle=("35,139 99999",)),
    ],
    ids=["none", "two points", "words", "beyond the pole", "not a number", "endless", "no radius", "minus", "vast"],
)
def test_what_cannot_be_read_narrows_nothing(area: Area) -> None:
    assert shape_of(area) is None
