"""A little of `make fuzz-rivers` with every test run."""

from __future__ import annotations

from tests.fuzz.rivers import run


def test_wounded_documents_of_rivers_break_nothing() -> None:
    tally = run(300, 1, lambda _: None)
    assert tally.failures == []
    assert tally.holds()
