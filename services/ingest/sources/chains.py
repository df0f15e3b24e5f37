"""Messages of CAP and L-Alert → alerts, with what the chains of messages in the log say together.

The chains are a projection of topic `telegrams`: read from there at the first message and before each other one, so a
restart and a second instance know the same. An alert of a chain is named by its stream and revision, so two who know
the same write the same.
"""

from __future__ import annotations

import asyncio
import gzip
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass, field

from schemas.alert import Surface
from schemas.telegram import RawTelegram
from schemas.topics import TOPICS
from services.eventlog.port import BEFORE_FIRST, EventLog, Record
from services.ingest.core import letters
from services.ingest.core.cap.chains import Chains, snapshots
from services.ingest.core.cap.documents import read_document
from services.ingest.core.cap.message import Family
from services.ingest.core.cap.places import Places
from services.ingest.core.cap.reading import Reading, read_message
from services.ingest.core.defect import Defect
from services.ingest.core.letters import Emission
from services.runtime import records
from services.runtime.clock import Clock

TOPIC = "telegrams"
READ_MAX = 100
PREFIX = "cap."


@dataclass(slots=True, kw_only=True)
class CapReader:
    """Reads messages of sources `cap.…`. `surfaces`: where drills from feeds may be shown."""

    log: EventLog
    clock: Clock
    where: Places
    surfaces: tuple[Surface, ...]
    chains: Chains = field(default_factory=Chains)
    _seen: dict[int, int] = field(default_factory=dict)

    async def read(self, raw: RawTelegram) -> tuple[Sequence[Reading] | Defect, list[Emission]]:
        """What a telegram says, message by message, and the records to be written; a defect where it says nothing."""
        await self.refresh()
        readings = await asyncio.to_thread(self._read, raw)
        if isinstance(readings, Defect):
            return readings, []
        return readings, [emission for reading in readings for emission in self._emissions(reading)]

    async def refresh(self) -> int:
        """Read on in the log from where the last call stopped; answers how many messages are new."""
        count = 0
        for partition in range(TOPICS[TOPIC].partitions):
            seen = self._seen.get(partition, BEFORE_FIRST)
            if await self.log.head(TOPIC, partition) <= seen:
                continue
            while batch := await self.log.read(TOPIC, partition, after=seen, limit=READ_MAX):
                seen = batch[-1].offset
                count += await self._learn(batch)
            self._seen[partition] = seen
        if count:
            self.chains.forget(self.clock.now())
        return count

    async def _learn(self, batch: Sequence[Record]) -> int:
        count = 0
        for record in (one for one in batch if one.key.startswith(PREFIX)):
            raw = records.payload(record)
            readings = await asyncio.to_thread(self._read, raw) if isinstance(raw, RawTelegram) else ()
            for reading in () if isinstance(readings, Defect) else readings:
                if reading.alert is not None and reading.topic is not None:
                    self.chains.add(reading.alert, record.appended_at)
                    count += 1
        return count

    def _read(self, raw: RawTelegram) -> tuple[Reading, ...] | Defect:
        found = read_document(gzip.decompress(b64decode(raw.body)))
        if isinstance(found, Defect):
            return found
        return tuple(
            read_message(message, source=raw.source, url=raw.entry_id, where=self.where, surfaces=self.surfaces)
            for message in found
        )

    def _emissions(self, reading: Reading) -> list[Emission]:
        alert, topic = reading.alert, reading.topic
        if alert is None or topic is None:
            return []
        if reading.message.family is Family.LALERT:
            return letters.alert_records(alert, topic)
        chain = self.chains.chain_of(alert.drill.run if alert.drill else "", alert.sender, alert.identifier)
        return [letters.chain_record(whole, topic) for whole in snapshots(chain)] if chain is not None else []
