"""Observations → gauge alerts: the consumer of topic `observations` with the threshold engine (group `thresholds`).

The state of each gauge is the fold of its records up to the last commit. Whoever takes a partition over reads it again
from its beginning, in silence, and goes on from there: nothing is kept beside the log, and a restart changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from schemas.area import AreaTable, UnknownArea
from schemas.observation import Observation
from schemas.status import Condition, StatusReport
from schemas.topics import TOPICS
from services.eventlog.port import BEFORE_FIRST, EventLog, Output, Record
from services.ingest.core import gauge_alert, trouble
from services.ingest.core.river.sources import SOURCES
from services.ingest.core.thresholds import Change, Gauge, is_lost, step
from services.runtime import consuming, logs, records
from services.runtime.clock import Clock
from services.runtime.reporting import TOPIC as STATUS
from services.runtime.reporting import Reporter

GROUP = "thresholds"
TOPIC = "observations"
WATCH_S = 60.0
"""How often silent gauges are looked for."""

_log = logs.get("ingest")


@dataclass(slots=True)
class _Part:
    """The gauges of one partition, folded up to an offset."""

    upto: int = BEFORE_FIRST
    gauges: dict[str, Gauge] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class GaugeFold:
    """Folds observations into gauges and tells what changed."""

    log: EventLog
    clock: Clock
    reporter: Reporter
    areas: AreaTable
    _parts: dict[int, _Part] = field(default_factory=dict)
    _before: dict[int, _Part] = field(default_factory=dict)
    """What the log held at the start, for gauges that fell silent before it; only looked at."""

    async def run(self) -> None:
        """Fold and watch until cancelled."""
        for partition in range(TOPICS[TOPIC].partitions):
            part = self._before[partition] = _Part()
            await self._read_on(part, partition, await self.log.head(TOPIC, partition) + 1)
        async with asyncio.TaskGroup() as group:
            group.create_task(
                consuming.run_group(self.log, GROUP, (TOPIC,), self.handle, clock=self.clock, batch_max=200)
            )
            group.create_task(self._watch())

    async def handle(self, record: Record) -> list[Output]:
        """What one observation brings. Given again (a commit that was refused), it brings the same."""
        part = self._parts.get(record.partition)
        if part is None or record.offset <= part.upto:
            part = self._parts[record.partition] = _Part()
        if record.offset != part.upto + 1:
            await self._read_on(part, record.partition, record.offset)
        seen = records.payload(record)
        if not isinstance(seen, Observation):
            part.upto = record.offset
            found = trouble.no_observation(getattr(seen, "reason", "it is something else"))
            return [consuming.dead(record, code=found.code, reason=found.message, hint=found.hint, clock=self.clock)]
        about, changes = _fold(part, record, seen)
        return [] if about is None else self._outputs(about, changes, record)

    async def _read_on(self, part: _Part, partition: int, until: int) -> None:
        """Fold what lies before an offset, in silence: it was told by whoever committed it."""
        while batch := await self.log.read(TOPIC, partition, after=part.upto):
            for record in batch:
                if record.offset >= until:
                    return
                seen = records.payload(record)
                if isinstance(seen, Observation):
                    _fold(part, record, seen)
                part.upto = record.offset

    # --- what is told ---

    def _outputs(self, gauge: Gauge, changes: Iterable[Change], record: Record) -> list[Output]:
        about, outputs = gauge.about, []
        if not SOURCES[about.source].warns:
            return []
        for change in changes:
            report = gauge_alert.report_of(about, change, record.appended_at)
            if change.turn in gauge_alert.TOLD:
                alert = gauge_alert.alert_of(about, change, self.areas)
                if isinstance(alert, UnknownArea):
                    report = gauge_alert.placeless_report(about, alert, record.appended_at)
                else:
                    (stream,) = alert.streams
                    message = records.message(
                        alert,
                        key=stream,
                        id=f"alert:{alert.identifier}@{stream}",
                        source="ingest",
                        at=record.appended_at,
                        cause=record.id,
                    )
                    outputs.append(Output(topic=gauge_alert.TOPIC, message=message))
            if report is not None:
                outputs.append(self.reporter.output(report))
            _log.event("gauge.turned", stream=gauge_alert.stream_of(about), turn=change.turn, crossing=change.crossing)
        return outputs

    # --- silence ---

    async def _watch(self) -> None:
        while True:
            await self.clock.sleep(WATCH_S)
            said = [self.reporter.output(report).message for report in self.silent(self.clock.now())]
            if said:
                await self.log.append(STATUS, said)

    def silent(self, now: datetime) -> list[StatusReport]:
        """What is to be said of gauges that fell silent above a threshold, or were heard again."""
        said: list[StatusReport] = []
        for partition in self._before.keys() | self._parts.keys():
            part = self._parts.get(partition) or self._before[partition]
            for gauge in part.gauges.values():
                about = gauge.about
                last = self.reporter.last.get(f"{gauge_alert.stream_of(about)}:lost")
                is_told = last is not None and last.condition is Condition.ALARM
                if is_lost(gauge, now) and not is_told and SOURCES[about.source].warns:
                    said.append(gauge_alert.lost_report(about, gauge.samples[-1].observed, now))
                elif is_told and not is_lost(gauge, now):
                    said.append(gauge_alert.heard_report(about, now))
        return said


def _fold(part: _Part, record: Record, seen: Observation) -> tuple[Gauge | None, tuple[Change, ...]]:
    before = part.gauges.get(record.key)
    after = step(before, seen)
    part.upto = record.offset
    if after.gauge is not None:
        part.gauges[record.key] = after.gauge
    return after.gauge, after.changes
