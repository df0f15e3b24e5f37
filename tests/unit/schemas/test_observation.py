from __future__ import annotations

from datetime import UTC, datetime

import pytest

from schemas.observation import UNITS, VALUELESS, Kind, Native, Quality, Reading, key

AT = datetime(2026, 9, 1, tzinfo=UTC)


def reading(value: float | None, quality: Quality) -> Reading:
    return Reading(
        source="ea",
        station="1",
        name=None,
        kind=Kind.STAGE,
        value=value,
        unit="m",
        datum=None,
        quality=quality,
        observed=AT,
        native=Native(),
    )


@pytest.mark.parametrize("quality", sorted(Quality))
def test_a_gap_has_no_value_and_everything_else_has_one(quality: Quality) -> None:
    good, bad = (None, 0.0) if quality in VALUELESS else (0.0, None)
    assert reading(good, quality).value == good
    with pytest.raises(ValueError, match="contradict"):
        reading(bad, quality)


def test_every_kind_but_other_has_one_unit() -> None:
    assert set(Kind) - set(UNITS) == {Kind.OTHER}


def test_the_key_of_a_gauge() -> None:
    assert key("kriver", "0100000141") == "kriver:0100000141"
