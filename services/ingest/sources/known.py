"""Which telegrams are in the log already: read from topic `telegrams`, so a restart and a second instance know it too."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field

from schemas.topics import TOPICS
from services.eventlog.port import BEFORE_FIRST, EventLog

TOPIC = "telegrams"
KNOWN_MAX = 200_000
"""Ids remembered of a source; the oldest are forgotten. A feed lists a week: ten thousand at the most."""
READ_MAX = 100
"""Records read at a time: their bodies come with them."""


@dataclass(slots=True)
class Known:
    """Entry ids by source, oldest first, and how far the topic was read."""

    log: EventLog
    _ids: dict[str, dict[str, None]] = field(default_factory=dict)
    _seen: dict[int, int] = field(default_factory=dict)

    async def refresh(self) -> int:
        """Read on from where the last call stopped; answers how many ids are new."""
        count = 0
        for partition in range(TOPICS[TOPIC].partitions):
            seen = self._seen.get(partition, BEFORE_FIRST)
            if await self.log.head(TOPIC, partition) <= seen:
                continue
            while batch := await self.log.read(TOPIC, partition, after=seen, limit=READ_MAX):
                seen = batch[-1].offset
                for record in batch:
                    source, _, entry_id = record.key.partition(":")
                    self.add(source, entry_id)
                count += len(batch)
            self._seen[partition] = seen
        return count

    def add(self, source: str, entry_id: str) -> None:
        """Remember one more: it is in the log, or was given up."""
        ids = self._ids.setdefault(source, {})
        ids[entry_id] = None
        if len(ids) > KNOWN_MAX:
            del ids[next(iter(ids))]

    def of(self, source: str) -> Container[str]:
        """The entry ids of a source."""
        return self._ids.setdefault(source, {})
