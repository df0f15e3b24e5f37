"""Telegrams → alerts: the consumer of topic `telegrams`, with its own commit (group `parse`).

Reading is pure and may take tens of milliseconds, so it runs in a worker thread. What cannot be used goes to `dead` with
its origin; a telegram on which the program itself fails goes there too, and the next one is taken (invariant 9).
"""

from __future__ import annotations

import asyncio
import gzip
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from schemas.alert import Surface
from schemas.area import AreaCode, AreaTable
from schemas.telegram import RawTelegram
from services.eventlog.port import Consumer, EventLog, EventLogError, LogBroken, LogClosed, LogFull, Output, Record
from services.ingest.core import canary, letters, novelty, polling, trouble
from services.ingest.core.cap.geometry import Outline
from services.ingest.core.cap.places import places
from services.ingest.core.cap.reading import REFUSED
from services.ingest.core.defect import Defect
from services.ingest.core.letters import Emission, Origin
from services.ingest.core.telegram import Reading, read_telegram
from services.ingest.core.trouble import Trouble
from services.ingest.core.types import CANARY
from services.ingest.sources import chains
from services.ingest.sources.chains import CapReader
from services.runtime import consuming, logs, metrics, records
from services.runtime.clock import Clock
from services.runtime.reporting import Reporter

GROUP = "parse"
TOPIC = "telegrams"
BATCH_MAX = 50
"""Records fetched at a time and then taken urgent first; each is committed by itself, so none waits for another's."""
ATTEMPTS_MAX = 3

_log = logs.get("ingest")


@dataclass(slots=True, kw_only=True)
class Parser:
    """Consumes `telegrams`.

    `surfaces`: where drills from feeds may be shown; `canary_s`: the canary's interval; `outlines`: of the
    municipalities that a polygon of CAP may touch.
    """

    log: EventLog
    clock: Clock
    reporter: Reporter
    areas: AreaTable
    surfaces: tuple[Surface, ...]
    canary_s: float
    outlines: Mapping[AreaCode, Outline] = field(default_factory=dict)
    cap: CapReader = field(init=False)

    def __post_init__(self) -> None:
        """CAP and L-Alert have a reader that remembers what messages say of each other."""
        where = places(self.areas, self.outlines)
        self.cap = CapReader(log=self.log, clock=self.clock, where=where, surfaces=self.surfaces)

    async def run(self) -> None:
        """Read telegrams until cancelled."""
        async with self.log.consume(GROUP, (TOPIC,)) as consumer:
            while True:
                batch = await consumer.fetch(BATCH_MAX)
                for record in sorted(batch, key=lambda record: not novelty.is_urgent(record.key)):
                    await self.take(consumer, record)

    async def take(self, consumer: Consumer, record: Record) -> None:
        """Handle one record and commit what came of it; after three failures its dead letter instead."""
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                outputs = await self.handle(record)
                await consuming.commit(consumer, [record], outputs, group=GROUP, clock=self.clock)
            except (LogClosed, LogFull, LogBroken):
                raise  # not this telegram's fault
            except Exception as error:  # noqa: BLE001 - whatever a telegram does to us, the next one must be taken
                _log.error("telegram.failed", id=record.id, attempt=attempt, error=repr(error))
                failure = error
            else:
                return
        code = f"{failure.code} " if isinstance(failure, EventLogError) else ""
        found = trouble.failing(record.key, ATTEMPTS_MAX, f"{code}{type(failure).__name__}")
        await consuming.commit(consumer, [record], self._dead(record, found), group=GROUP, clock=self.clock)

    async def handle(self, record: Record) -> list[Output]:
        """What a record of `telegrams` becomes."""
        raw = records.payload(record)
        if not isinstance(raw, RawTelegram):
            return self._dead(record, trouble.no_telegram(getattr(raw, "reason", "it is something else")))
        if raw.source.startswith(chains.PREFIX):
            return await self._cap(record, raw)
        reading = await asyncio.to_thread(self._read, raw)
        return self._became(record, raw, reading)

    async def _cap(self, record: Record, raw: RawTelegram) -> list[Output]:
        """What CAP and L-Alert become: each message of a telegram by itself."""
        readings, emissions = await self.cap.read(raw)
        if isinstance(readings, Defect):
            metrics.TELEGRAMS.labels(type="CAP", outcome="dead").inc()
            return self._dead(record, letters.fatal(raw.name, readings))
        outputs = [_output(emission, record, raw) for emission in emissions]
        for reading in readings:
            noticed = [one for one in reading.defects if one.code in letters.NOTICED]
            if reading.ignored == REFUSED:
                outputs += self._dead(record, letters.fatal(raw.name, letters.refusal(reading.defects)))
            elif reading.topic is not None and noticed:
                outputs += self._notice(record, letters.partial(raw.name, noticed))
            outcome = "dead" if reading.ignored == REFUSED else reading.ignored or reading.topic or ""
            metrics.TELEGRAMS.labels(type=reading.message.type if reading.topic else "CAP", outcome=outcome).inc()
            _log.event("telegram.read", id=record.id, type=reading.message.type, outcome=outcome)
        return outputs

    def _read(self, raw: RawTelegram) -> Reading:
        return read_telegram(
            gzip.decompress(b64decode(raw.body)),
            name=raw.name,
            source=raw.source,
            url=raw.entry_id,
            areas=self.areas,
            surfaces=self.surfaces,
        )

    def _became(self, record: Record, raw: RawTelegram, reading: Reading) -> list[Output]:
        outputs: list[Output] = []
        if reading.alert is None:
            outputs += self._dead(record, letters.fatal(raw.name, reading.defects[0]))
        elif reading.topic is not None:
            emissions = letters.alert_records(reading.alert, reading.topic)
            outputs += [_output(emission, record, raw) for emission in emissions]
        if reading.alert is not None and reading.defects:
            outputs += self._notice(record, letters.partial(raw.name, reading.defects))
        if raw.source == CANARY and reading.alert is not None:
            outputs.append(self.reporter.output(canary.passed("parse", self.clock.now(), self.canary_s)))
        outcome = "dead" if reading.alert is None else reading.ignored or reading.topic or ""
        metrics.TELEGRAMS.labels(type=reading.type, outcome=outcome).inc()
        _log.event("telegram.read", id=record.id, type=reading.type, outcome=outcome)
        return outputs

    def _dead(self, record: Record, found: Trouble) -> list[Output]:
        source = record.key.partition(":")[0]
        report = polling.alarm(polling.dead_subject(source), found, self.clock.now())
        _log.error("telegram.dead", id=record.id, code=found.code, reason=found.message, hint=found.hint)
        return [self._letter(record, found), self.reporter.output(report)]

    def _notice(self, record: Record, found: Trouble) -> Sequence[Output]:
        """What was left out of a telegram that is used: a dead letter and a warning, no alarm."""
        _log.warning("telegram.partial", id=record.id, code=found.code, reason=found.message, hint=found.hint)
        return [self._letter(record, found)]

    def _letter(self, record: Record, found: Trouble) -> Output:
        metrics.DEAD.labels(code=found.code).inc()
        origin = Origin(
            id=record.id,
            key=record.key,
            partition=record.partition,
            offset=record.offset,
            at=record.appended_at,
            value=record.value or b"",
        )
        letter = letters.dead_record(origin, found)
        message = records.message(
            letter.payload, key=letter.key, id=letter.id, source="ingest", at=origin.at, cause=record.id
        )
        return Output(topic=letter.topic, message=message)


def _output(emission: Emission, record: Record, raw: RawTelegram) -> Output:
    message = records.message(
        emission.payload, key=emission.key, id=emission.id, source="ingest", at=raw.fetched_at, cause=record.id
    )
    return Output(topic=emission.topic, message=message)
