"""Every night in one process, on a clock that the test moves."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenario.judge import faults
from tests.scenario.quiet import run
from tests.scenario.timeline import load, nights
from tests.scenario.virtual import Virtual


@pytest.mark.parametrize("name", nights())
def test_everybody_concerned_is_told_once_and_nobody_else(name: str, tmp_path: Path) -> None:
    night = load(nights()[name])

    async def played() -> tuple[list[str], list[str]]:
        city = Virtual(night, tmp_path)
        return faults(night, await city.plays()), await city.left_over()

    wrong, left_over = run(played())
    assert wrong == []
    assert left_over == []
