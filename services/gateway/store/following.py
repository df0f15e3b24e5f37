"""A topic followed in all its partitions, without a group: from the oldest record kept, then as records come.

Whoever needs to know what stood in the log at this moment asks `current` and waits no longer than reading takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from services.eventlog.port import BEFORE_FIRST, EventLog, EventLogError, Record
from services.runtime import logs
from services.runtime.clock import Clock

RETRY_S = 1.0
INLINE_MAX = 20
"""Records taken in between two turns of the event loop; more are read in a thread."""

_log = logs.get("gateway")


@dataclass(slots=True, kw_only=True)
class Following:
    """One reader of one topic. `take` is called with each batch, in the event loop or in a thread, never twice at once."""

    log: EventLog
    clock: Clock
    topic: str
    partitions: int
    take: Callable[[Sequence[Record]], None]
    changed: Callable[[], None] = lambda: None
    positions: dict[int, int] = field(default_factory=dict)
    loaded: bool = False
    _bell: asyncio.Event = field(default_factory=asyncio.Event)
    _failed: bool = False

    async def run(self) -> None:
        """Follow until cancelled."""
        self.positions = dict.fromkeys(range(self.partitions), BEFORE_FIRST) | self.positions
        while True:
            try:
                read = 0
                for partition in range(self.partitions):
                    read += await self._read(partition)
                if read == 0:
                    self._at_head()
                    await self.log.wait({(self.topic, one): after for one, after in self.positions.items()})
            except EventLogError as error:
                if not self._failed:
                    _log.error("log.unreadable", topic=self.topic, code=error.code, error=str(error))
                self._failed = True
                await self.clock.sleep(RETRY_S)
            else:
                self._failed = False

    async def current(self, partitions: Iterable[int]) -> None:
        """Wait until everything that stands in these partitions now has been taken."""
        heads = {partition: await self.log.head(self.topic, partition) for partition in partitions}
        while True:
            changed = self._bell
            if all(self.positions.get(partition, BEFORE_FIRST) >= head for partition, head in heads.items()):
                return
            await changed.wait()

    async def _read(self, partition: int) -> int:
        batch = await self.log.read(self.topic, partition, after=self.positions[partition])
        if not batch:
            return 0
        if len(batch) > INLINE_MAX:
            await asyncio.to_thread(self.take, batch)
        else:
            self.take(batch)
        self.positions[partition] = batch[-1].offset
        self._ring()
        return len(batch)

    def _at_head(self) -> None:
        if not self.loaded:
            self.loaded = True
            _log.event("following.loaded", topic=self.topic, records=sum(self.positions.values()) + self.partitions)
            self._ring()

    def _ring(self) -> None:
        ringing, self._bell = self._bell, asyncio.Event()
        ringing.set()
        self.changed()
