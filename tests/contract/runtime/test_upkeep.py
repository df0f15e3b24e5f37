from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime, timedelta

from schemas.status import Condition, StatusReport
from services.eventlog.open import open_log
from services.eventlog.port import EventLog, Message
from services.runtime import records
from services.runtime.clock import SystemClock
from services.runtime.reporting import Reporter
from services.runtime.upkeep import Upkeep


class Calendar(SystemClock):
    """A clock that can be turned forward: everything in the log grows old at once."""

    ahead = timedelta(0)

    def now(self) -> datetime:
        """The machine's time and what was turned."""
        return super().now() + self.ahead


async def reported(log: EventLog, clock: Calendar) -> StatusReport:
    """What upkeep says of the log's groups, forty days later."""
    clock.ahead = timedelta(days=40)
    upkeep = Upkeep(log=log, clock=clock, reporter=Reporter("runtime", clock))
    seen = await log.head("status", 0)
    running = asyncio.create_task(upkeep.run())
    async with asyncio.timeout(10):
        await log.wait({("status", 0): seen})
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    found = records.payload((await log.read("status", 0))[-1])
    assert isinstance(found, StatusReport)
    return found


async def test_a_dead_group_that_fills_the_disk_is_an_alarm_that_says_how_to_end_it() -> None:
    clock = Calendar()
    async with open_log("memory:", clock=clock.now) as log:
        await log.append("alerts.routine", [Message(key="k", value=b"x", id="1")])
        async with log.consume("forgotten", ["alerts.routine"]):
            pass
        found = await reported(log, clock)
        assert found.condition is Condition.ALARM
        assert "forgotten" in found.message
        assert "hansho groups forget" in found.hint
        assert await log.forget("forgotten")
        assert (await reported(log, clock)).condition is Condition.OK


async def test_what_retention_allows_is_removed() -> None:
    clock = Calendar()
    async with open_log("memory:", clock=clock.now) as log:
        await log.append("alerts.routine", [Message(key="k", value=b"x", id="1")])
        assert (await reported(log, clock)).condition is Condition.OK
        assert [record for partition in range(4) for record in await log.read("alerts.routine", partition)] == []
