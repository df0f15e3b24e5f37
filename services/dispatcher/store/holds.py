"""Old alerts, put by until the backlog they came with is in: only the difference is told, not what came and went.

After an outage, or at the first start on a feed of seven days, a source's telegrams are fetched four at a time and read
one by one. What a stream says now is known when the poll that brought them has ended (its source's lease is renewed) and
every telegram is read. A fresh alert waits for nothing, but for the city's own rule: what is not loud tells of a stream once
in a while only, and then its newest word.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schemas.alert import Origin
from schemas.lifecycle import Stream
from services.dispatcher.core.force import NEWS_MAX
from services.dispatcher.store.fold import Fold
from services.eventlog.port import Record

HOLD_MAX = timedelta(seconds=120)
"""How long an old alert waits for the rest of its source's backlog when nothing says that this is complete."""


@dataclass(slots=True)
class _Hold:
    records: list[Record]
    source: str
    heard: int
    """How many polls of the source had ended when the newest of them came."""
    since: datetime
    until: datetime | None = None
    """When it waits no longer, where it waits for nothing but that."""


@dataclass(slots=True)
class Holds:
    """The alerts that one shard has put by, by stream."""

    fold: Fold
    _held: dict[str, _Hold] = field(default_factory=dict)

    def __contains__(self, stream: object) -> bool:
        """Whether something of a stream is put by."""
        return stream in self._held

    def __bool__(self) -> bool:
        """Whether anything is put by."""
        return bool(self._held)

    def is_late(self, stream: Stream) -> bool:
        """Whether the newest word of a stream is no news any more. The office's own word always is."""
        newest = stream.kept[-1]
        if newest.origin is Origin.OFFICE or newest.lease not in self.fold.leases:
            return False
        return self.fold.clock.now() - newest.sent >= NEWS_MAX

    def __iter__(self) -> Iterator[str]:
        """The streams of which something is put by."""
        return iter(self._held)

    def __len__(self) -> int:
        """How many."""
        return len(self._held)

    def put(self, stream: Stream, record: Record, until: datetime | None = None) -> None:
        """Put an alert by: for the rest of its source's backlog, or only until a moment."""
        source = stream.kept[-1].lease
        hold = self._held.setdefault(stream.stream, _Hold([], source, 0, self.fold.clock.now(), until))
        hold.records.append(record)
        hold.heard = self.fold.heard[source]

    async def complete(self) -> list[list[Record]]:
        """Take out what waits no longer: of each stream its records, the newest first."""
        over = [name for name, hold in self._held.items() if await self._is_complete(hold)]
        return [self._held.pop(name).records[::-1] for name in over]

    async def _is_complete(self, hold: _Hold) -> bool:
        if hold.until is not None:
            return self.fold.clock.now() >= hold.until
        if self.fold.clock.now() - hold.since >= HOLD_MAX:
            return True
        return self.fold.heard[hold.source] > hold.heard and not await self.fold.is_reading()
