from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime, timedelta

from schemas.status import Condition, StatusReport
from services.eventlog.open import open_log
from services.eventlog.port import BEFORE_FIRST, EventLog, Message
from services.runtime import records
from services.runtime.clock import SystemClock
from services.runtime.reporting import Reporter
from services.runtime.upkeep import Upkeep


class LateClock(SystemClock):
    """A clock that is a month ahead: everything in the log has grown old."""

    def now(self) -> datetime:
        """A month from now."""
        return super().now() + timedelta(days=40)


async def reported(log: EventLog) -> StatusReport:
    """What upkeep says of the log's groups."""
    upkeep = Upkeep(log=log, clock=LateClock(), reporter=Reporter("runtime", LateClock()))
    running = asyncio.create_task(upkeep.run())
    async with asyncio.timeout(10):
        await log.wait({("status", 0): BEFORE_FIRST})
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    found = records.payload((await log.read("status", 0))[-1])
    assert isinstance(found, StatusReport)
    return found


async def test_a_dead_group_that_fills_the_disk_is_an_alarm_that_says_how_to_end_it() -> None:
    async with open_log("memory:") as log:
        await log.append("alerts.routine", [Message(key="k", value=b"x", id="1")])
        async with log.consume("forgotten", ["alerts.routine"]):
            pass
        found = await reported(log)
        assert found.condition is Condition.ALARM
        assert "forgotten" in found.message
        assert "hansho groups forget" in found.hint
        assert await log.forget("forgotten")
        assert (await reported(log)).condition is Condition.OK


async def test_what_retention_allows_is_removed() -> None:
    async with open_log("memory:") as log:
        await log.append("alerts.routine", [Message(key="k", value=b"x", id="1")])
        assert (await reported(log)).condition is Condition.OK
        assert [record for partition in range(4) for record in await log.read("alerts.routine", partition)] == []
