from __future__ import annotations

import pytest

from services.ingest.core.river.sources import SOURCES, RiverSource, reader_of


@pytest.mark.parametrize("source", SOURCES.values(), ids=lambda source: source.id)
def test_every_source_says_its_terms_whom_to_credit_and_how_often_it_is_asked(source: RiverSource) -> None:
    assert source.terms
    assert source.credit
    assert source.name
    assert source.interval_s < source.age_limit_s <= source.lease_s


def test_who_asks_for_restraint_is_asked_seldom_and_only_by_name() -> None:
    assert [(one.id, one.interval_s >= 600) for one in SOURCES.values() if one.asked] == [("kawabou", True)]


def test_what_may_not_serve_against_disasters_makes_no_alerts() -> None:
    assert [one.id for one in SOURCES.values() if not one.warns] == ["suimon"]


def test_a_successor_writes_under_the_first_ones_name() -> None:
    assert [reader_of(source) for source in ("usgs-ogc", "usgs", "kriver")] == ["usgs", "usgs", "kriver"]
