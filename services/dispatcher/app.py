"""The dispatcher, wired: alerts and drills in, the situation out. It is the sole writer of topic `situation`.

Who owns partition 0 of `subscriptions` writes `situation`. On the embedded engine one process owns every partition, and
the group `shards` (one member in one process) keeps a second dispatcher out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from schemas.alert import Alert
from schemas.area import AreaCode
from schemas.codec import Undecodable
from schemas.lifecycle import Stream
from schemas.situation import CANARY_STREAM, EPOCH_KEY
from schemas.telegram import Epoch
from services.dispatcher.core.situation import Change, Situation, forget, seed, take
from services.eventlog.port import BEFORE_FIRST, EventLog, LogFull, Output, Record
from services.runtime import logs, metrics, records
from services.runtime.clock import Clock
from services.runtime.consuming import dead, run_group
from services.runtime.reporting import Reporter

GROUP = "situation"
SHARDS_GROUP = "shards"
SOURCE = "dispatcher"
ALERT_TOPICS = ("alerts.emergency", "alerts.routine", "drills")
REPORT_EVERY_S = 10.0
SILENCE_S = 3 * REPORT_EVERY_S

_log = logs.get("dispatcher")


@dataclass(slots=True)
class App:
    """One dispatcher. `situation` is the projection it folds; it is rebuilt from the topic at each start."""

    log: EventLog
    clock: Clock
    watch: frozenset[AreaCode]
    reporter: Reporter
    situation: Situation

    async def run(self) -> None:
        """Fold until cancelled."""
        async with self.log.consume(SHARDS_GROUP, ("subscriptions",)), asyncio.TaskGroup() as group:
            self.situation = await self._published()
            group.create_task(run_group(self.log, GROUP, ALERT_TOPICS, self.handle, clock=self.clock))
            group.create_task(self._report())

    async def handle(self, record: Record) -> Sequence[Output]:
        """Fold one alert and publish what changed."""
        alert = records.payload(record)
        if isinstance(alert, Undecodable):
            return [
                dead(record, code=alert.code, reason=alert.reason, hint="an older program wrote it", clock=self.clock)
            ]
        if not isinstance(alert, Alert):
            return [dead(record, code="E4001", reason="not an alert", hint="find its writer", clock=self.clock)]
        step = take(self.situation, record.key, alert, self.watch)
        self.situation = step.situation
        metrics.ALERTS_FOLDED.labels(outcome=step.taken).inc()
        _log.event("alert.folded", stream=record.key, revision=alert.revision, outcome=step.taken)
        outputs = [self._published_change(change, record.id) for change in step.changes]
        return (
            [*outputs, self.reporter.ok("canary:fold", "the canary was folded")]
            if record.key == CANARY_STREAM
            else outputs
        )

    def _published_change(self, change: Change, cause: str) -> Output:
        id_ = f"situation:{change.stream}:{cause}"
        if change.value is None:
            return Output(topic="situation", message=records.tombstone(key=change.stream, id=id_))
        return Output(
            topic="situation",
            message=records.message(
                change.value, key=change.stream, id=id_, source=SOURCE, at=self.clock.now(), cause=cause
            ),
        )

    async def _published(self) -> Situation:
        """The situation as published; a new log gets its epoch here."""
        streams: dict[str, Stream] = {}
        has_epoch = False
        after = BEFORE_FIRST
        while batch := await self.log.read("situation", 0, after=after):
            after = batch[-1].offset
            for record in batch:
                value = records.payload(record)
                if isinstance(value, Stream):
                    streams[record.key] = value
                elif value is None:
                    streams.pop(record.key, None)
                has_epoch = has_epoch or isinstance(value, Epoch)
        if not has_epoch:
            epoch = Epoch(epoch=uuid4().hex)
            await self.log.append(
                "situation",
                [records.message(epoch, key=EPOCH_KEY, id=f"epoch:{epoch.epoch}", source=SOURCE, at=self.clock.now())],
            )
        _log.event("situation.loaded", streams=len(streams))
        return seed(streams)

    async def _report(self) -> None:
        """Say every few seconds that the fold is alive, and let go of what has long been over."""
        while True:
            step = forget(self.situation, self.clock.now())
            self.situation = step.situation
            gone = [self._published_change(change, f"forget:{self.clock.now().isoformat()}") for change in step.changes]
            try:
                if gone:
                    await self.log.append("situation", [output.message for output in gone])
                await self.log.append(
                    "status", [self.reporter.ok("service:dispatcher", "folding", silence_s=SILENCE_S).message]
                )
            except LogFull as error:
                _log.error("report.refused", code=error.code, hint=str(error))
            await self.clock.sleep(REPORT_EVERY_S)


def build(log: EventLog, clock: Clock, watch: frozenset[AreaCode]) -> App:
    """A dispatcher for a city that watches these areas."""
    return App(log=log, clock=clock, watch=watch, reporter=Reporter(SOURCE, clock), situation=Situation())
