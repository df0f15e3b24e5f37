from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point as Dot

from services.ingest.core.cap import geometry
from services.ingest.core.cap.message import Circle, NamedArea, Notes, Ring
from services.ingest.core.defect import Code

SQUARE = "35.2,139.1 35.3,139.1 35.3,139.2 35.2,139.2 35.2,139.1"
RING = ((35.2, 139.1), (35.3, 139.1), (35.3, 139.2), (35.2, 139.2), (35.2, 139.1))


def _ring(text: str) -> tuple[Ring | None, list[str]]:
    notes = Notes()
    found = geometry.ring(text, notes)
    assert {one.code for one in notes.told()} <= {Code.CAP_GEOMETRY}
    return found, [one.reason for one in notes.told()]


def _circle(text: str) -> tuple[Circle | None, int]:
    notes = Notes()
    return geometry.circle(text, notes), len(notes.told())


class TestRing:
    @pytest.mark.parametrize(
        "text", [SQUARE, SQUARE.replace(" ", "\n\t  "), f" {SQUARE} ", SQUARE.replace("35.2,", "+35.2,")]
    )
    def test_any_white_space_and_sign(self, text: str) -> None:
        assert _ring(text) == (RING, [])

    def test_rubbish_around_a_pair_is_taken_off(self) -> None:
        assert _ring(f"[({SQUARE.replace(' ', '), (')})]") == (RING, [])

    def test_what_is_no_pair_is_left_out(self) -> None:
        found, reasons = _ring(f"{SQUARE} ... 1,2,3 x,y")
        assert found == RING
        assert reasons == ["3 words of a polygon are no pair, the first '...'"]

    def test_one_that_is_open_is_closed(self) -> None:
        found, reasons = _ring(SQUARE.rpartition(" ")[0])
        assert found == RING
        assert reasons == ["a polygon does not end where it begins: closed"]

    @pytest.mark.parametrize("text", ["", "35,139", "35,139 35,139 35,139", "35,139 36,139 35,139"])
    def test_fewer_than_three_points_are_no_area(self, text: str) -> None:
        found, reasons = _ring(text)
        assert found is None
        assert "is no area" in reasons[-1]

    def test_axes_that_can_only_be_swapped_are_turned(self) -> None:
        swapped = " ".join(f"{x},{y}" for y, x in RING)
        assert _ring(swapped) == (RING, ["latitude and longitude are swapped: turned"])

    def test_points_beyond_the_earth_are_left_out(self) -> None:
        found, reasons = _ring(f"{SQUARE} 35.2,181 95,170")
        assert found is not None
        assert reasons[0] == "2 points beyond 90° or 180° are left out"

    def test_of_too_many_points_the_rest_is_left_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(geometry, "_POINTS_MAX", 4)
        found, reasons = _ring(SQUARE)
        assert found == RING
        assert reasons[0] == "a polygon of 5 points, more than 4: the rest is left out"

    @given(st.text(alphabet="0123456789.,-+ []\n", max_size=80))
    def test_nothing_is_raised(self, text: str) -> None:
        found, _ = _ring(text)
        assert found is None or found[0] == found[-1]


class TestCircle:
    def test_its_middle_and_radius(self) -> None:
        assert _circle("35.2,139.1 5") == (Circle((35.2, 139.1), 5.0), 0)
        assert _circle("35.691634,139.756685,0") == (Circle((35.691634, 139.756685), 0.0), 0)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "35.2 139.1",
            "a,b 1",
            "nan,139 1",
            "35,inf 1",
            "35.2,139.1 -1",
            "35.2,139.1 9999",
            "95,185 1",
            "35,139 nan",
        ],
    )
    def test_none_of_this_earth(self, text: str) -> None:
        found, defects = _circle(text)
        assert found is None
        assert defects >= 1


class TestCompany:
    FAR: Ring = ((-0.5, 53.2), (-0.6, 53.2), (-0.6, 53.3), (-0.5, 53.2))
    HERE: Ring = ((51.4, 0.2), (51.5, 0.2), (51.5, 0.3), (51.4, 0.2))

    def _together(self, *rings: Ring) -> tuple[list[Ring], int]:
        notes = Notes()
        areas = geometry.in_company([NamedArea(name="a", rings=(ring,)) for ring in rings], notes)
        return [ring for area in areas for ring in area.rings], len(notes.told())

    def test_one_that_would_lie_beside_the_others_with_swapped_axes_is_turned(self) -> None:
        turned = tuple((x, y) for y, x in self.FAR)
        assert self._together(self.FAR, self.HERE, self.HERE) == ([turned, self.HERE, self.HERE], 1)

    def test_of_two_nobody_knows_which_is_right(self) -> None:
        assert self._together(self.FAR, self.HERE) == ([self.FAR, self.HERE], 1)

    def test_one_that_is_near_or_far_either_way_stays(self) -> None:
        far: Ring = ((-40.0, 10.0), (-41.0, 10.0), (-41.0, 11.0), (-40.0, 10.0))
        assert self._together(self.HERE, self.HERE) == ([self.HERE, self.HERE], 0)
        assert self._together(far, self.HERE) == ([far, self.HERE], 0)
        assert self._together(self.FAR) == ([self.FAR], 0)

    def test_axes_that_cannot_be_swapped_are_not(self) -> None:
        wide: Ring = ((40.0, 135.0), (41.0, 135.0), (41.0, 136.0), (40.0, 135.0))
        there: Ring = ((89.0, 40.0), (90.0, 40.0), (90.0, 41.0), (89.0, 40.0))
        assert self._together(wide, there)[1] == 0


class TestGeometry:
    def test_an_area_covers_its_rings_and_circles(self) -> None:
        found = geometry.geometry_of(NamedArea(name="a", rings=(RING,), circles=(Circle((36.0, 140.0), 10.0),)))
        assert found is not None
        assert found.contains(Dot(139.15, 35.25))
        assert found.contains(Dot(140.1, 36.0))  # 9.0 km to the east
        assert not found.contains(Dot(140.12, 36.0))  # 10.8 km
        assert found.contains(Dot(140.0, 36.08))

    def test_a_circle_without_a_radius_is_a_point(self) -> None:
        found = geometry.geometry_of(NamedArea(name="a", circles=(Circle((36.0, 140.0), 0.0),)))
        assert found is not None
        assert (found.geom_type, found.x, found.y) == ("Point", 140.0, 36.0)

    def test_no_geometry_is_none(self) -> None:
        assert geometry.geometry_of(NamedArea(name="a")) is None

    def test_a_ring_over_the_180th_meridian_does_not_go_around_the_earth(self) -> None:
        over: Ring = ((30.0, 179.0), (40.0, 179.0), (40.0, -179.0), (30.0, -179.0), (30.0, 179.0))
        found = geometry.geometry_of(NamedArea(name="a", rings=(over,)))
        assert found is not None
        assert not found.intersects(Dot(139.15, 35.25))

    def test_one_that_cuts_itself_is_said_and_used_all_the_same(self) -> None:
        bow: Ring = ((0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0))
        notes = Notes()
        geometry.check([NamedArea(name="bow", rings=(bow, RING))], notes)
        assert [one.reason for one in notes.told()] == ["a polygon of 'bow' cuts or touches itself: mended where used"]
        found = geometry.geometry_of(NamedArea(name="bow", rings=(bow,)))
        assert found is not None
        assert found.is_valid

    def test_an_outline_is_all_its_features(self) -> None:
        square = [[[x, y] for y, x in RING]]
        collection = {"features": [{"geometry": {"type": "Polygon", "coordinates": square}}]}
        assert geometry.outline(collection).contains(Dot(139.15, 35.25))
