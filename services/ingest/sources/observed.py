"""What the log knows of gauges: which readings are in it, and which gauges were listed. Read from topic `observations`.

A restart and a second ingest know it too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from schemas.observation import Observation, key
from schemas.topics import TOPICS
from services.eventlog.port import BEFORE_FIRST, EventLog, Record
from services.ingest.core.river import keeping, listing
from services.runtime import records

TOPIC = "observations"
APPEND_MAX = 2_000
"""Records of one append: a first answer with a week of ten-minute values comes in a few."""
KNOWN_MAX = 100_000
"""Ids remembered; the oldest are forgotten. A repeat beyond it is one more record, which the fold ignores."""


@dataclass(slots=True)
class Observed:
    """Ids of the readings in the log, and by source the gauges that its list named."""

    log: EventLog
    listed: dict[str, listing.Listed] = field(default_factory=dict)
    _ids: dict[str, None] = field(default_factory=dict)
    _seen: dict[int, int] = field(default_factory=dict)

    async def refresh(self) -> None:
        """Read on from where the last call stopped."""
        for partition in range(TOPICS[TOPIC].partitions):
            seen = self._seen.get(partition, BEFORE_FIRST)
            if await self.log.head(TOPIC, partition) <= seen:
                continue
            while batch := await self.log.read(TOPIC, partition, after=seen):
                seen = batch[-1].offset
                for record in batch:
                    self._take(record)
            self._seen[partition] = seen

    def _take(self, record: Record) -> None:
        self._ids[record.id] = None
        if len(self._ids) > KNOWN_MAX:
            del self._ids[next(iter(self._ids))]
        payload = records.payload(record)
        if isinstance(payload, Observation):
            before = self.listed.get(payload.source, {})
            self.listed[payload.source] = listing.heard(before, payload.station, is_listed=payload.listed)

    def has(self, id_: str) -> bool:
        """Whether a record is in the log already."""
        return id_ in self._ids

    async def append(self, said: Sequence[Observation], now: datetime) -> list[str]:
        """Put what is not in the log yet into it, a slice at a time; answers the ids."""
        new = [one for one in said if not self.has(keeping.id_of(one))]
        messages = [
            records.message(one, key=key(one.source, one.station), id=keeping.id_of(one), source="ingest", at=now)
            for one in new
        ]
        for start in range(0, len(messages), APPEND_MAX):
            await self.log.append(TOPIC, messages[start : start + APPEND_MAX])
        return [message.id for message in messages]
