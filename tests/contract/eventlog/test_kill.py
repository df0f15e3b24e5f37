"""kill -9 loses nothing that was acknowledged, and an engine that acknowledges too early is found out."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.contract.eventlog.killing import TASKS, chances, kills, missing

KILLS = 20
ACKNOWLEDGEMENTS_MIN = 5_000


async def test_twenty_kills_lose_nothing_acknowledged(tmp_path: Path) -> None:
    # Nobody opens the file between two lives: each begins with what the kill left of the write-ahead log.
    *_, told = kills(tmp_path, "services.eventlog.sqlite:SqliteLog", chances(3, KILLS, 100, 900))
    sys.stdout.write(f"{len(told.acknowledged)} acknowledged over {len(told.under_way)} kills\n")
    assert len(told.under_way) == KILLS
    assert all(0 < under_way <= TASKS for under_way in told.under_way), (
        "a kill while nothing is under way shows nothing"
    )
    assert len(told.acknowledged) >= ACKNOWLEDGEMENTS_MIN
    assert await missing(tmp_path, told) == []


async def test_an_engine_that_acknowledges_before_the_commit_is_found_out(tmp_path: Path) -> None:
    *_, told = kills(tmp_path, "tests.invariants.early_log:EarlyLog", chances(3, 3, 100, 200))
    assert await missing(tmp_path, told)
