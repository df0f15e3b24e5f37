"""The dispatcher, wired: alerts and drills in, the situation, decisions and orders out.

It is the sole writer of topic `situation`, and each shard the sole writer of its partitions of `numbers`, `decisions`
and `ledger`. Who owns partition 0 of `subscriptions` writes `situation`. On the embedded engine one process owns every
partition, and the group `shards` (one member in one process) keeps a second dispatcher out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from schemas.area import AreaCode
from schemas.text import Text
from services.dispatcher.core.places import Covers
from services.dispatcher.core.rules import Rules
from services.dispatcher.core.situation import forget
from services.dispatcher.store.answers import Answers
from services.dispatcher.store.bench import Bench
from services.dispatcher.store.fold import SOURCE, Fold
from services.dispatcher.store.projection import Projection
from services.dispatcher.store.shard import SHARDS, Shard
from services.dispatcher.store.snapshots import Snapshots
from services.dispatcher.store.underway import load_underway
from services.eventlog.port import BEFORE_FIRST, Consumer, EventLog, EventLogError, LogFull
from services.runtime import logs, metrics
from services.runtime.clock import Clock
from services.runtime.consuming import commit
from services.runtime.reporting import Reporter

SHARDS_GROUP = "shards"
REPORT_EVERY_S = 10.0
SILENCE_S = 3 * REPORT_EVERY_S
SWEEP_EVERY_S = 1.0
SAVE_EVERY_S = 300.0
"""Of the machine's time, between two snapshots of the index."""

_log = logs.get("dispatcher")


@dataclass(slots=True)
class App:
    """One dispatcher. Everything it knows is rebuilt from the log at each start."""

    log: EventLog
    clock: Clock
    reporter: Reporter
    fold: Fold
    names: Mapping[AreaCode, Text]
    rules: Rules = field(default_factory=Rules)
    snapshots: Path | None = None
    """Where this host keeps snapshots of the index; None: nowhere, each start reads everything."""
    bench: Bench = field(default_factory=Bench)
    shards: tuple[Shard, ...] = ()
    swept: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once every shard has told what became due while nobody was here."""

    async def run(self) -> None:
        """Fold and decide until cancelled."""
        folding = asyncio.Event()
        try:
            async with self.log.consume(SHARDS_GROUP, ("subscriptions",)) as owned, asyncio.TaskGroup() as group:
                await self.fold.load()
                group.create_task(self.fold.run(folding))
                group.create_task(self.fold.follow_status())
                group.create_task(self._report())
                await folding.wait()
                await self._load()
                for shard in self.shards:
                    group.create_task(shard.follow_alerts())
                    group.create_task(shard.follow_receipts())
                group.create_task(self._follow_subscriptions(owned))
                group.create_task(self._sweep())
                group.create_task(self._save())
                group.create_task(self._answers().run())
        finally:
            self.bench.close()

    async def _load(self) -> None:
        """Read what every shard knows. The fold goes on meanwhile: signs do not wait for it."""
        began = self.clock.monotonic()
        welcomed = {lag.partition: lag.committed for lag in await self.log.groups() if lag.group == SHARDS_GROUP}
        snapshots = Snapshots(
            log=self.log,
            clock=self.clock,
            bench=self.bench,
            epoch=self.fold.epoch,
            folder=self.snapshots,
            covers=self.fold.covers,
            unlocated=self.rules.unlocated,
        )
        shards = [
            Shard(
                number=number,
                fold=self.fold,
                know=Projection(
                    number,
                    self.log,
                    self.clock,
                    self.bench,
                    self.fold.covers,
                    snapshots=snapshots,
                    rules=self.rules,
                    welcomed=welcomed.get(number, BEFORE_FIRST),
                ),
            )
            for number in range(SHARDS)
        ]
        async with asyncio.TaskGroup() as loading:  # one reads while another one's batch is on the bench
            for shard in shards:
                loading.create_task(shard.know.load())
        await load_underway(self.log, self.bench, {shard.number: shard.know for shard in shards})
        self.shards = tuple(shards)
        devices = sum(len(shard.know.index) for shard in shards)
        metrics.DEVICES.set(devices)
        _log.event("shards.loaded", devices=devices, took_s=round(self.clock.monotonic() - began, 3))

    async def _follow_subscriptions(self, owned: Consumer) -> None:
        """Index each subscription as it comes, and tell who came what is in force; the group's position says that it is done."""
        while True:
            batch = await owned.fetch()
            for number in sorted({record.partition for record in batch}):
                await self.shards[number].welcome()
            await commit(owned, batch, (), group=SHARDS_GROUP, clock=self.clock)
            metrics.DEVICES.set(sum(len(shard.know.index) for shard in self.shards))

    async def _sweep(self) -> None:
        """Every second, in every shard: tell what time alone makes due."""
        for shard in self.shards:
            await shard.ready.wait()
        while True:
            for shard in self.shards:
                try:
                    await shard.sweep()
                except EventLogError:
                    raise
                except Exception as error:  # noqa: BLE001 - one shard's failure must not keep the others from an end
                    _log.error("sweep.failed", shard=shard.number, error=repr(error))
                    shard.stir()
            self.swept.set()
            await self.clock.sleep(SWEEP_EVERY_S)

    async def _save(self) -> None:
        """Every few minutes, a snapshot of each shard's index that has changed, one after the other."""
        while True:
            written = [await shard.save() for shard in self.shards]
            if any(written):
                _log.event("snapshots.written", shards=sum(written))
            await self.clock.sleep(SAVE_EVERY_S * self.clock.speed)

    async def _report(self) -> None:
        """Say every few seconds that the fold is alive, and let go of what has long been over."""
        while True:
            if (
                self.swept.is_set()
            ):  # before that, somebody may still have to be told the end of what would be forgotten
                await self._forget()
            try:
                await self.log.append(
                    "status", [self.reporter.ok("service:dispatcher", "folding", silence_s=SILENCE_S).message]
                )
            except LogFull as error:
                _log.error("report.refused", code=error.code, hint=str(error))
            await self.clock.sleep(REPORT_EVERY_S)

    async def _forget(self) -> None:
        now = self.clock.now()
        step = forget(self.fold.situation, now)
        self.fold.put(step.situation, step.changes)
        gone = [self.fold.published(change, f"forget:{now.isoformat()}") for change in step.changes]
        try:
            if gone:
                await self.log.append("situation", [output.message for output in gone])
        except LogFull as error:
            _log.error("forget.refused", code=error.code, hint=str(error))

    def _answers(self) -> Answers:
        shards = {shard.number: shard.know for shard in self.shards}
        return Answers(log=self.log, clock=self.clock, fold=self.fold, shards=shards, names=self.names)


def build(
    log: EventLog,
    clock: Clock,
    watch: frozenset[AreaCode],
    covers: Covers = MappingProxyType({}),
    names: Mapping[AreaCode, Text] = MappingProxyType({}),
    *,
    rules: Rules | None = None,
    snapshots: Path | None = None,
) -> App:
    """A dispatcher for a city that watches these areas.

    `covers`: which municipalities each of them means (`core.places`); a municipality means itself. `names`: of
    municipalities, for people who ask why. `rules`: the city's. `snapshots`: a folder on this host for faster starts.
    """
    reporter = Reporter(SOURCE, clock)
    fold = Fold(log=log, clock=clock, watch=watch, covers=covers, reporter=reporter)
    return App(
        log=log, clock=clock, reporter=reporter, fold=fold, names=names, rules=rules or Rules(), snapshots=snapshots
    )
