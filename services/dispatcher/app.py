"""The dispatcher, wired: alerts and drills in, the situation, decisions and orders out.

Group `shards` on topic `subscriptions` says which shards are whose: a partition is a shard, and who owns it is the sole
writer of that partition of `numbers`, `decisions` and `ledger`. Who owns shard 0 writes `situation`; the others fold the
same alerts beside it. On the embedded engine one process owns every partition. When partitions change hands everything
is let go of first, and what is given next is read anew from the log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
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
from services.dispatcher.store.shard import Shard
from services.dispatcher.store.snapshots import Snapshots
from services.dispatcher.store.underway import load_underway
from services.eventlog.owned import OwnersLog
from services.eventlog.patient import PatientLog
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
    owned: OwnersLog
    """The same log, for what only the owner of a shard writes."""
    clock: Clock
    reporter: Reporter
    fold: Fold
    names: Mapping[AreaCode, Text]
    rules: Rules = field(default_factory=Rules)
    snapshots: Path | None = None
    """Where this host keeps snapshots of the index; None: nowhere, each start reads everything."""
    bench: Bench = field(default_factory=Bench)
    shards: tuple[Shard, ...] = ()
    known: dict[int, Projection] = field(default_factory=dict)
    """What is known of each shard that is ours, by its number."""
    publishes: bool = False
    """Whether shard 0 is ours, and `situation` to be written."""
    tenure: asyncio.Task[None] | None = None
    """What runs for the shards that are ours."""
    swept: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once every shard has told what became due while nobody was here."""

    async def run(self) -> None:
        """Fold and decide until cancelled, for the shards that are ours at the time."""
        try:
            async with (
                self.log.consume(SHARDS_GROUP, ("subscriptions",), release=self._release) as owned,
                asyncio.TaskGroup() as group,
            ):
                self.owned.membership = owned
                group.create_task(self._report())
                group.create_task(self._answers().run())
                places: frozenset[tuple[str, int]] = frozenset()
                while True:
                    places = await owned.changed(places)
                    await self._release()
                    if places:
                        self.tenure = group.create_task(self._serve(owned, sorted(number for _, number in places)))
        finally:
            self.bench.close()

    async def _release(self) -> None:
        """Let go of our shards: what is under way of them is dropped, and done again by whoever has them next."""
        tenure, self.tenure = self.tenure, None
        if tenure is not None:
            tenure.cancel()
            await asyncio.wait([tenure])
        self.shards = ()
        self.known.clear()
        self.swept.clear()

    async def _serve(self, owned: Consumer, numbers: Sequence[int]) -> None:
        """Fold, and decide for these shards, until cancelled."""
        self.publishes = 0 in numbers
        await self.fold.load(publishes=self.publishes)
        async with asyncio.TaskGroup() as group:
            group.create_task(self.fold.run() if self.publishes else self.fold.follow())
            group.create_task(self.fold.follow_status())
            await self._load(numbers)
            for shard in self.shards:
                group.create_task(shard.follow_alerts())
                group.create_task(shard.follow_receipts())
            group.create_task(self._follow_subscriptions(owned))
            group.create_task(self._sweep())
            group.create_task(self._save())
            group.create_task(self._forget())

    async def _load(self, numbers: Sequence[int]) -> None:
        """Read what every shard knows. The fold goes on meanwhile: signs do not wait for it."""
        began = self.clock.monotonic()
        welcomed = {lag.partition: lag.committed for lag in await self.log.groups((SHARDS_GROUP,))}
        snapshots = Snapshots(
            log=self.owned,
            clock=self.clock,
            bench=self.bench,
            epoch=self.fold.epoch,
            # a log whose epoch is not written yet cannot be told from another
            folder=self.snapshots if self.fold.epoch else None,
            covers=self.fold.covers,
            unlocated=self.rules.unlocated,
        )
        shards = [
            Shard(
                number=number,
                fold=self.fold,
                know=Projection(
                    number,
                    self.owned,
                    self.clock,
                    self.bench,
                    self.fold.covers,
                    snapshots=snapshots,
                    rules=self.rules,
                    welcomed=welcomed.get(number, BEFORE_FIRST),
                ),
            )
            for number in numbers
        ]
        async with asyncio.TaskGroup() as loading:  # one reads while another one's batch is on the bench
            for shard in shards:
                loading.create_task(shard.know.load())
        await load_underway(self.log, self.bench, {shard.number: shard.know for shard in shards})
        self.shards = tuple(shards)
        self.known.update({shard.number: shard.know for shard in shards})
        devices = sum(len(shard.know.index) for shard in shards)
        metrics.DEVICES.set(devices)
        took_s = round(self.clock.monotonic() - began, 3)
        _log.event("shards.loaded", shards=list(numbers), devices=devices, took_s=took_s)

    async def _follow_subscriptions(self, owned: Consumer) -> None:
        """Index each subscription as it comes, and tell who came what is in force; the group's position says that it is done."""
        while True:
            batch = await owned.fetch()
            touched = {record.partition for record in batch}
            for shard in self.shards:
                if shard.number in touched:
                    await shard.welcome()
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
        """Say every few seconds that the fold is alive."""
        while True:
            try:
                await self.log.append(
                    "status", [self.reporter.ok("service:dispatcher", "folding", silence_s=SILENCE_S).message]
                )
            except LogFull as error:
                _log.error("report.refused", code=error.code, hint=str(error))
            await self.clock.sleep(REPORT_EVERY_S)

    async def _forget(self) -> None:
        """Let go of what has long been over, every few seconds."""
        await self.swept.wait()  # before that, somebody may still have to be told the end of what would be forgotten
        while True:
            await self._forget_now()
            await self.clock.sleep(REPORT_EVERY_S)

    async def _forget_now(self) -> None:
        now = self.clock.now()
        step = forget(self.fold.situation, now)
        self.fold.put(step.situation, step.changes)
        gone = [self.fold.published(change, f"forget:{now.isoformat()}") for change in step.changes]
        try:
            if gone and self.publishes:
                await self.owned.append("situation", [output.message for output in gone])
        except LogFull as error:
            _log.error("forget.refused", code=error.code, hint=str(error))

    def _answers(self) -> Answers:
        return Answers(log=self.log, clock=self.clock, fold=self.fold, shards=self.known, names=self.names)


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
    log, owned = PatientLog(log), OwnersLog(log)
    fold = Fold(log=owned, clock=clock, watch=watch, covers=covers, reporter=reporter)
    return App(
        log=log,
        owned=owned,
        clock=clock,
        reporter=reporter,
        fold=fold,
        names=names,
        rules=rules or Rules(),
        snapshots=snapshots,
    )
