"""A few of `make fuzz`'s CAP mutants with every test run, and that the harness would see what it looks for."""

from __future__ import annotations

import pytest

from tests.fuzz import cap


def test_some_mutants_of_our_own_messages_are_read_or_refused() -> None:
    ours = [(path.name, path.read_bytes()) for path in sorted(cap.OURS.iterdir()) if path.suffix != ".atom"]
    tally = cap.fuzz(ours, 150, seed=7)
    assert tally.failures == []
    assert tally.mutants == 150
    assert tally.well_formed >= 75
    assert tally.mapped >= 60


def test_an_exception_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumbling(_mutant: bytes, _where: object) -> tuple[bool, str]:
        raise KeyError("a fault of ours")

    monkeypatch.setattr(cap, "read", stumbling)
    tally = cap.fuzz([("a.xml", b"<alert><info/></alert>")], 3, seed=7)
    assert len(tally.failures) == 3
    assert not tally.holds()
