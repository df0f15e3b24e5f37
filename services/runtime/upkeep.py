"""The log's housekeeping: retention, the lag of its groups, and how late the event loop wakes."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from services.eventlog.port import EventLog, EventLogError, GroupLag, Output
from services.runtime import logs, metrics
from services.runtime.clock import Clock
from services.runtime.reporting import Reporter

UPKEEP_EVERY_S = 60.0
"""Of the machine's time: a rehearsal's log grows no faster than its processes can write."""
SILENCES = 3
"""Upkeeps missed before their silence is an alarm."""
LOOP_PROBE_S = 0.25

_log = logs.get("runtime")


@dataclass(slots=True)
class Upkeep:
    """Keeps one process's log in order until cancelled."""

    log: EventLog
    clock: Clock
    reporter: Reporter

    async def run(self) -> None:
        """Maintain the log now and every minute of the machine's, and measure the loop meanwhile."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._maintain())
            group.create_task(self._probe_loop())

    async def _maintain(self) -> None:
        while True:
            try:
                await self.log.maintain(self.clock.now())
                lags = await self.log.groups()
                for lag in lags:
                    metrics.GROUP_LAG_RECORDS.labels(group=lag.group, topic=lag.topic).set(lag.lag_records)
                    metrics.GROUP_LAG_S.labels(group=lag.group, topic=lag.topic).set(lag.lag_s)
                for what, count in self.log.counts().items():
                    metrics.LOG_REPAIRS.labels(what=what).set(count)
                await self.log.append("status", [self._groups(lags).message])
            except EventLogError as error:
                _log.error("upkeep.refused", code=error.code, hint=str(error))
            await self.clock.sleep(UPKEEP_EVERY_S * self.clock.speed)

    def _groups(self, lags: list[GroupLag]) -> Output:
        silence_s = SILENCES * UPKEEP_EVERY_S * self.clock.speed
        holding = sorted({lag.group for lag in lags if lag.holds_back})
        if not holding:
            return self.reporter.ok("log:groups", "no group holds records back", silence_s=silence_s)
        return self.reporter.alarm(
            "log:groups",
            f"groups that keep old records from being removed: {', '.join(holding)}",
            code="E6011",
            hint="start what reads as this group, or remove it with `hansho groups forget NAME`",
            silence_s=silence_s,
        )

    async def _probe_loop(self) -> None:
        while True:
            # The loop is the machine's, so is its lag: a rehearsal's seconds would make it a thousand times as long.
            due = time.monotonic() + LOOP_PROBE_S
            await asyncio.sleep(LOOP_PROBE_S)
            metrics.LOOP_LAG_S.observe(max(0.0, time.monotonic() - due))
