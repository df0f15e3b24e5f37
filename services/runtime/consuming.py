"""The loop every consumer of the log runs: fetch, handle, commit with the outputs. A bad record stops nobody.

Handling is a function of a record that gives outputs. Where it raises `ATTEMPTS_MAX` times the record goes to topic
`dead` with its origin, and the next one is taken (invariant 9). Where the log refuses a commit (disk full), the same
commit is tried again until it is accepted: nothing that was read is skipped.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Awaitable, Callable, Sequence

from schemas.telegram import DeadLetter
from services.eventlog.port import (
    Consumer,
    EventLog,
    EventLogError,
    LogBroken,
    LogClosed,
    LogFull,
    MessageTooLarge,
    Output,
    Record,
    UnknownTopic,
)
from services.runtime import logs, metrics, records
from services.runtime.clock import Clock

ATTEMPTS_MAX = 3
COMMIT_RETRY_S = 1.0
VALUE_BYTES_MAX = 6_000_000
"""The largest original value kept in a dead letter; of a larger one its SHA-256, the bytes stay in their own topic."""

OUTPUT_FAULTS = (MessageTooLarge, UnknownTopic, ValueError)
"""What the log refuses because of the outputs: trying again would not help, other records are not to blame."""

Handle = Callable[[Record], Awaitable[Sequence[Output]]]

_log = logs.get("consuming")


async def run_group(
    log: EventLog, group: str, topics: Sequence[str], handle: Handle, *, clock: Clock, batch_max: int = 100
) -> None:
    """Consume for ever, at most `batch_max` records a commit (a first record waits for no later one's handling)."""
    async with log.consume(group, topics) as consumer:
        while True:
            batch = await consumer.fetch(batch_max)
            outputs: list[Output] = []
            for record in batch:
                outputs += await attempt(record, handle, group=group, clock=clock)
            try:
                await commit(consumer, batch, outputs, group=group, clock=clock)
            except OUTPUT_FAULTS:
                await _commit_one_by_one(consumer, batch, handle, group=group, clock=clock)


async def _commit_one_by_one(
    consumer: Consumer, batch: Sequence[Record], handle: Handle, *, group: str, clock: Clock
) -> None:
    """A batch whose outputs the log refuses: find the record at fault, set it aside, keep the others."""
    for record in batch:
        outputs = await attempt(record, handle, group=group, clock=clock)
        try:
            await commit(consumer, [record], outputs, group=group, clock=clock)
        except OUTPUT_FAULTS as error:
            code = error.code if isinstance(error, EventLogError) else "E6012"
            letter = dead(record, code=code, reason=str(error), hint="look at what it grew into", clock=clock)
            await commit(consumer, [record], [letter], group=group, clock=clock)


async def attempt(record: Record, handle: Handle, *, group: str, clock: Clock) -> Sequence[Output]:
    """The outputs of one record, or its dead letter."""
    for count in range(1, ATTEMPTS_MAX + 1):
        try:
            return await handle(record)
        except (LogClosed, LogFull, LogBroken):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a record does to its handler, the next one must be taken
            _log.error(
                "record.failed",
                group=group,
                topic=record.topic,
                offset=record.offset,
                id=record.id,
                attempt=count,
                error=repr(error),
            )
            failure = error
    return [given_up(record, failure, group=group, clock=clock)]


def given_up(record: Record, error: Exception, *, group: str, clock: Clock) -> Output:
    """The dead letter of a record that its handler failed with, as often as it was tried."""
    reason = f"{type(error).__name__} in group {group}"
    return dead(record, code="E6010", reason=reason, hint="read the log of this time; mend and replay", clock=clock)


def dead(record: Record, *, code: str, reason: str, hint: str, clock: Clock) -> Output:
    """The dead letter of a record: its bytes, where it stood, why, what to do."""
    metrics.DEAD.labels(code=code).inc()
    now = clock.now()
    letter = DeadLetter(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key,
        code=code,
        reason=reason,
        hint=hint,
        died_at=now,
        value=_kept(record.value or b""),
    )
    id_ = f"dead:{record.topic}:{record.partition}:{record.offset}:{code}"
    return Output(
        topic="dead",
        message=records.message(letter, key=record.key, id=id_, source="consuming", at=now, cause=record.id),
    )


def _kept(value: bytes) -> str:
    if len(value) > VALUE_BYTES_MAX:
        return f"sha256:{hashlib.sha256(value).hexdigest()}"
    return base64.b64encode(value).decode()


async def commit(
    consumer: Consumer, finished: Sequence[Record], outputs: Sequence[Output], *, group: str, clock: Clock
) -> None:
    """Commit, waiting out a full disk."""
    while True:
        try:
            await consumer.commit(finished, outputs)
        except LogFull as error:
            _log.error("commit.waits", group=group, code=error.code, hint=str(error))
            await clock.sleep(COMMIT_RETRY_S)
        else:
            return
