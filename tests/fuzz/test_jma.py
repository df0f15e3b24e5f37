"""A few of `make fuzz`'s mutants with every test run, and that the harness would see what it looks for."""

from __future__ import annotations

import pytest

from services.ingest.core.telegram import Reading
from tests.fuzz import jma


def test_some_mutants_of_our_own_telegrams_are_read_or_refused() -> None:
    ours = [(path.name, path.read_bytes()) for path in sorted(jma.OURS.glob("*.xml")) if "feed" not in path.name]
    tally = jma.fuzz(ours, 150, seed=7)
    assert tally.failures == []
    assert tally.mutants == 150
    assert tally.well_formed >= 75
    assert tally.mapped >= 60


def test_an_exception_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumbling(_body: bytes, **_known: object) -> Reading:
        raise KeyError("a fault of ours")

    monkeypatch.setattr(jma, "read_telegram", stumbling)
    tally = jma.fuzz([("a.xml", b"<Report><Head/></Report>")], 3, seed=7)
    assert len(tally.failures) == 3
    assert not tally.holds()
