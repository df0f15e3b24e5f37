from __future__ import annotations

from typing import Any

import pytest

from services.ingest.core import boundary as module
from services.ingest.core.boundary import BoundaryDefect, Shape, boundary, shapes

SQUARE = [[139.0, 35.0], [140.0, 35.0], [140.0, 36.0], [139.0, 36.0], [139.0, 35.0]]
HOLE = [[139.4, 35.4], [139.6, 35.4], [139.6, 35.6], [139.4, 35.4]]


def feature(geometry: Any, code: str | None = "14206", **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"N03_007": code, **properties}, "geometry": geometry}


def collection(*features: dict[str, Any]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def read(document: object) -> tuple[Shape, ...]:
    found = shapes(document)
    assert not isinstance(found, BoundaryDefect), found
    return found


class TestGeoJson:
    def test_gives_each_municipality_with_its_rings_turned(self) -> None:
        [shape] = read(collection(feature(polygon(SQUARE[::-1], HOLE), N03_004="小田原市")))
        assert (shape.code, shape.name) == ("14206", "小田原市")
        assert shape.polygons == [[SQUARE, HOLE[::-1]]]

    def test_several_polygons_are_one_shape(self) -> None:
        [shape] = read(collection(feature({"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE]]}, None)))
        assert (shape.code, shape.name, len(shape.polygons)) == ("", "", 2)

    def test_what_has_no_polygon_is_left_out(self) -> None:
        point = {"type": "Point", "coordinates": [139.0, 35.0]}
        assert len(read(collection(feature(None), feature(point), feature(polygon(SQUARE))))) == 1


class TestTopoJson:
    def test_stitches_arcs_forwards_and_backwards(self) -> None:
        document = {
            "type": "Topology",
            "transform": {"scale": [0.5, 0.5], "translate": [139.0, 35.0]},
            "arcs": [[[0, 0], [2, 0], [0, 2]], [[0, 0], [0, 2], [2, 0]]],
            "objects": {
                "all": {
                    "type": "GeometryCollection",
                    "geometries": [{"type": "Polygon", "arcs": [[0, ~1]], "properties": {"N03_007": "14206"}}],
                }
            },
        }
        [shape] = read(document)
        assert shape.polygons == [[SQUARE]]

    def test_without_a_transform_arcs_are_in_degrees(self) -> None:
        document = {
            "type": "Topology",
            "arcs": [SQUARE],
            "objects": {"all": {"geometries": [{"type": "MultiPolygon", "arcs": [[[0]]]}]}},
        }
        assert read(document)[0].polygons == [[SQUARE]]


@pytest.mark.parametrize(
    "document",
    [
        None,
        {},
        collection(),
        {"type": "FeatureCollection"},
        collection({"properties": None, "geometry": {"type": "Polygon", "coordinates": [[["x", 1], [2, 3]]]}}),
        {"type": "Topology", "arcs": [], "objects": {"a": {"geometries": [{"type": "Polygon", "arcs": [[5]]}]}}},
    ],
)
def test_of_another_shape_it_is_refused(document: object) -> None:
    assert isinstance(shapes(document), BoundaryDefect)


def test_of_too_many_points_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POINTS_MAX", 4)
    assert isinstance(shapes(collection(feature(polygon(SQUARE)))), BoundaryDefect)


class TestACity:
    def test_has_its_own_features_under_its_own_name(self) -> None:
        found = read(collection(feature(polygon(SQUARE)), feature(polygon(SQUARE), "14208"), feature(polygon(SQUARE))))
        made = boundary(found, ("14206",), "小田原市", source="somebody's", vintage="2026")
        assert not isinstance(made, BoundaryDefect)
        [one] = made["features"]
        assert one["properties"] == {"code": "14206", "name": "小田原市"}
        assert one["geometry"] == {"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE]]}
        assert (made["source"], made["vintage"]) == ("somebody's", "2026")

    def test_by_ward_has_a_feature_for_each(self) -> None:
        wards = [
            feature(polygon(SQUARE), code, N03_004=name) for code, name in (("14131", "川崎区"), ("14132", "幸区"))
        ]
        made = boundary(read(collection(*wards)), ("14132", "14131"), "川崎市", source="", vintage="")
        assert not isinstance(made, BoundaryDefect)
        assert [one["properties"]["name"] for one in made["features"]] == ["幸区", "川崎区"]

    def test_that_is_not_in_the_file_is_said(self) -> None:
        found = read(collection(feature(polygon(SQUARE), None)))
        assert isinstance(boundary(found, ("14206", "14208"), "市", source="", vintage=""), BoundaryDefect)
        assert not isinstance(boundary(found, ("14206",), "市", source="", vintage=""), BoundaryDefect)
