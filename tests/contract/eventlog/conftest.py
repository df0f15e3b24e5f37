"""Every engine, one after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.eventlog.port import EventLog
from tests.contract.eventlog.engines import ENGINES, Bench, Clock


@pytest.fixture(params=ENGINES.values(), ids=list(ENGINES))
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    """A folder and a clock for one engine; the test opens the log itself, as often as it likes."""
    return Bench(request.param, tmp_path, Clock())


@pytest.fixture
async def log(bench: Bench) -> AsyncIterator[EventLog]:
    """An open log."""
    async with bench.opened() as opened:
        yield opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a test of the SQLite engine has its file."""
    return tmp_path / "log.sqlite"
