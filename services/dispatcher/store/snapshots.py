"""Snapshots of the index on this host's disk: a start reads one and the little that came since, instead of everything.

A cache of the log and nothing more. One that is missing, damaged, of another log or too old is left aside with a word in
the log of events, and everything is read anew. It is written beside and renamed, so that a crash leaves the one before. What
a device followed stays in it until the next one is written; one that is too old to be used is removed.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from services.dispatcher.core.index import Above, Index
from services.dispatcher.core.places import Covers, above
from services.dispatcher.core.snapshot import Damaged, Marks, above_sum, pack, unpack
from services.dispatcher.store.bench import Bench
from services.eventlog.port import BEFORE_FIRST, EventLog
from services.runtime import logs
from services.runtime.clock import Clock

AGE_MAX = timedelta(hours=12)
"""Half of how long the log keeps tombstones: of who left since an older one, there may be no word any more."""
CODE = "E4003"

_log = logs.get("dispatcher")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshots:
    """The snapshots of one log in one folder; without a folder there are none. `covers`: what each area means."""

    log: EventLog
    clock: Clock
    bench: Bench
    epoch: str
    folder: Path | None = None
    covers: Covers
    unlocated: bool = True

    @property
    def above(self) -> Above:
        """The larger areas, as the index has them."""
        return above(self.covers)

    def empty(self) -> tuple[Marks, Index]:
        """Where a start without a snapshot begins."""
        return self._marks(0, BEFORE_FIRST, BEFORE_FIRST), Index(self.above, unlocated=self.unlocated)

    async def load(self, shard: int) -> tuple[Marks, Index]:
        """The newest index that can be used, and how far it has read."""
        path = self._path(shard)
        data = None if path is None else await asyncio.to_thread(_read, path)
        if path is None or data is None:
            return self.empty()
        found = await self.bench.run(partial(unpack, data, self.above, unlocated=self.unlocated))
        fault = found.reason if isinstance(found, Damaged) else await self._fault(shard, found[0])
        if isinstance(found, Damaged) or fault:
            hint = "nothing is lost: everything is read anew from the log, which takes longer"
            _log.warning("snapshot.unusable", code=CODE, shard=shard, reason=fault, hint=hint)
            await asyncio.to_thread(path.unlink, missing_ok=True)
            return self.empty()
        return found

    async def save(self, shard: int, index: Index, subscriptions: int, numbers: int) -> None:
        """Write one. `subscriptions`, `numbers`: the last offsets that the index has taken; nobody changes it meanwhile."""
        path = self._path(shard)
        if path is None:
            return
        marks = self._marks(shard, subscriptions, numbers)
        data = await self.bench.run(partial(pack, index, marks))
        try:
            await asyncio.to_thread(_write, path, data)
        except OSError as error:
            _log.error(
                "snapshot.unwritten", code=CODE, shard=shard, error=str(error), hint="the next start takes longer"
            )

    async def _fault(self, shard: int, marks: Marks) -> str:
        """Why a whole snapshot is not to be used here; empty when it is."""
        heads = [await self.log.head(topic, shard) for topic in ("subscriptions", "numbers")]
        age = self.clock.now() - marks.made_at
        if (marks.shard, marks.epoch) != (shard, self.epoch):
            return "it is of another log or shard"
        if marks.above != self._above_sum():
            return "it was made for another set of larger areas"
        if marks.subscriptions > heads[0] or marks.numbers > heads[1]:
            return "it has read further than the log goes"
        return "" if timedelta() <= age < AGE_MAX else f"it was made {age} ago"

    def _marks(self, shard: int, subscriptions: int, numbers: int) -> Marks:
        return Marks(
            shard=shard,
            epoch=self.epoch,
            above=self._above_sum(),
            subscriptions=subscriptions,
            numbers=numbers,
            made_at=self.clock.now(),
        )

    def _above_sum(self) -> str:
        # places are followed as the table names them now: another table means other places
        return above_sum(self.covers)

    def _path(self, shard: int) -> Path | None:
        return None if self.folder is None else self.folder / f"index-{shard:02}.snapshot"


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
