"""Invariant 1 at the log itself: what an append answered is there after kill -9, and a commit is there whole or not.

The same with twenty kills and five thousand acknowledgements is tests/contract/eventlog/test_kill.py.
"""

from __future__ import annotations

from pathlib import Path

from tests.contract.eventlog.killing import chances, kills, missing
from tests.invariants import Twin, hold


async def check_accepted_means_kept(engine: str, tmp_path: Path) -> None:
    for told in kills(tmp_path, engine, chances(1, 3, 50, 200)):
        lost = await missing(tmp_path, told)
        hold(1, not lost, f"{len(lost)} of {len(told.acknowledged)} acknowledged were lost: {lost[:3]}")


async def test_what_the_log_acknowledged_is_kept(tmp_path: Path) -> None:
    await check_accepted_means_kept("services.eventlog.sqlite:SqliteLog", tmp_path)


TWINS = [Twin(1, check_accepted_means_kept, "tests.invariants.early_log:EarlyLog", "acknowledges before the commit")]
