from __future__ import annotations

import pytest

from services.ingest.core.bodies.nankai import read, read_subsequent
from services.ingest.core.defect import Code
from tests.telegrams import nankai
from tests.unit.ingest.core.bodies.reading import codes, said


@pytest.mark.parametrize(
    ("code", "strength"),
    [
        ("111", "- 2 active"),
        ("112", "- 2 active"),
        ("113", "- 2 active"),
        ("120", "- 4 active"),
        ("130", "- 3 active"),
        ("190", "- - released"),
        ("200", "- 1 active"),
        ("219", "- 1 active"),
    ],
)
def test_is_told_in_the_region_that_the_law_designates(code: str, strength: str) -> None:
    assert said(read, "nankai", nankai(code)) == [f"region:nankai nankai {strength}"]


@pytest.mark.parametrize("body", [nankai("140"), "<EarthquakeInfo/>"])
def test_a_code_that_we_do_not_know_is_in_force_at_no_rank(body: str) -> None:
    assert said(read, "nankai", body) == ["region:nankai nankai - - active"]
    assert codes(read, "nankai", body) == [Code.UNKNOWN_KIND]


def test_a_greater_earthquake_that_may_follow_is_told_in_the_north() -> None:
    assert said(read_subsequent, "quake", head="北海道・三陸沖後発地震注意情報") == [
        "region:hokkaido_sanriku quake - 3 active"
    ]
