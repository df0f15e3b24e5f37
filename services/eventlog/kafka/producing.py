"""Appending: one idempotent producer a lane, thrown away after any failure of a send; the unacknowledged is sent again.

A failed batch leaves a gap in an idempotent producer's sequence, after which the broker refuses everything of that
partition until the producer is made anew. Sending again may keep a record twice; its id says so to whoever reads it.
While brokers are silent nothing fails: batches wait in the producer and go out, once, when they answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from datetime import datetime
from itertools import count
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError

from services.eventlog.admission import Entry
from services.eventlog.kafka.wire import Address, headers_of, milliseconds
from services.eventlog.port import MessageTooLarge, Position

BATCH_BYTES = 131_072
REQUEST_BYTES_MAX = 14_000_000
RETRY_S = 0.1
STOP_S = 1.0
STUCK_S = 15.0
"""How long a call may wait while brokers answer, before its producer is taken for stuck and made anew."""
Header = tuple[str, bytes]
TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)

_log = logging.getLogger("hansho.eventlog")


class Producing:
    """The producer of one lane, rebuilt as often as it takes."""

    def __init__(self, address: Address, *, urgent: bool) -> None:
        """Call `start` before appending."""
        self._address = address
        self._linger_ms = 0 if urgent else 5
        self._request_timeout_ms = 5_000 if urgent else 15_000
        self._producer: AIOKafkaProducer | None = None
        self._broken = asyncio.Event()
        self._turn = asyncio.Lock()
        self._calls = count()
        self._since: dict[int, float] = {}
        """When each call that waits was made (event loop's time)."""
        self.rebuilds = 0

    async def start(self) -> None:
        """Connect."""
        made = AIOKafkaProducer(
            bootstrap_servers=self._address.servers,
            acks="all",
            enable_idempotence=True,
            linger_ms=self._linger_ms,
            max_batch_size=BATCH_BYTES,
            max_request_size=REQUEST_BYTES_MAX,
            request_timeout_ms=self._request_timeout_ms,
            retry_backoff_ms=100,
            metadata_max_age_ms=30_000,
        )
        try:
            await made.start()
        except BaseException:
            await _ended(made)
            raise
        self._producer, self._broken = made, asyncio.Event()

    async def stop(self) -> None:
        """Flush what is under way, and let go."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await _ended(producer, 5.0)

    async def append(
        self, entries: Sequence[Entry], at: Sequence[datetime], extra: Sequence[Sequence[Header]] = ()
    ) -> list[Position]:
        """Keep the entries, each stamped with its time; answers their positions once every one is acknowledged.

        `extra`: further headers, by entry. Raises `MessageTooLarge` where a broker refuses a size; others of the call may
        have been kept then.
        """
        loop = asyncio.get_running_loop()
        call = next(self._calls)
        self._since[call] = loop.time()
        try:
            return await self._append(entries, at, extra)
        finally:
            self._since.pop(call, None)

    async def look(self, answering_s: float) -> None:
        """Our own liveness: while brokers answer, no call may wait longer than `STUCK_S`. `answering_s`: for how long they do."""
        oldest = min(self._since.values(), default=None)
        producer = self._producer
        if oldest is None or producer is None or answering_s < STUCK_S:
            return
        loop = asyncio.get_running_loop()
        if loop.time() - oldest > STUCK_S:
            self._since = dict.fromkeys(self._since, loop.time())
            await self._rebuild(producer, KafkaError("it acknowledges nothing while brokers answer"))

    async def _append(
        self, entries: Sequence[Entry], at: Sequence[datetime], extra: Sequence[Sequence[Header]]
    ) -> list[Position]:
        positions: dict[int, Position] = {}
        while len(positions) < len(entries):
            left = [number for number in range(len(entries)) if number not in positions]
            producer, broken = await self._current()
            more = [extra[number] if extra else () for number in left]
            answers = await self._sent(
                producer, broken, [entries[number] for number in left], [at[number] for number in left], more
            )
            wrong: list[BaseException] = []
            for number, answer in zip(left, answers, strict=True):
                if isinstance(answer, BaseException):
                    wrong.append(answer)
                elif answer is not None:
                    topic = entries[number].topic.name
                    positions[number] = Position(topic=topic, partition=answer.partition, offset=answer.offset)
            if wrong:
                await self._rebuild(producer, wrong[0])
                _check_sizes(wrong, entries[left[0]])
        return [positions[number] for number in range(len(entries))]

    async def _sent(
        self,
        producer: AIOKafkaProducer,
        broken: asyncio.Event,
        entries: Sequence[Entry],
        at: Sequence[datetime],
        extra: Sequence[Sequence[Header]],
    ) -> Sequence[Any]:
        """What became of each: a RecordMetadata, an error, or None when the producer was given up meanwhile."""
        futures: list[asyncio.Future[Any]] = []
        try:
            await _unless(broken, self._hand_over(producer, entries, at, extra, futures))
            await _unless(broken, asyncio.gather(*futures, return_exceptions=True))
        except _GivenUp:
            pass
        except (KafkaError, OSError, RuntimeError) as error:
            await asyncio.wait(futures, timeout=STOP_S) if futures else None
            return [*map(_outcome, futures), error, *[None] * (len(entries) - len(futures) - 1)]
        return [*map(_outcome, futures), *[None] * (len(entries) - len(futures))]

    async def _hand_over(
        self,
        producer: AIOKafkaProducer,
        entries: Sequence[Entry],
        at: Sequence[datetime],
        extra: Sequence[Sequence[Header]],
        futures: list[asyncio.Future[Any]],
    ) -> None:
        for entry, stamp, more in zip(entries, at, extra, strict=True):
            message = entry.message
            futures.append(
                await producer.send(
                    self._address.topic(entry.topic.name),
                    message.value,
                    key=message.key.encode(),
                    partition=entry.partition,
                    timestamp_ms=milliseconds(stamp),
                    headers=[*headers_of(message), *more],
                )
            )

    async def _current(self) -> tuple[AIOKafkaProducer, asyncio.Event]:
        while True:
            async with self._turn:
                if self._producer is not None:
                    return self._producer, self._broken
                try:
                    await self.start()
                except (KafkaError, OSError) as error:
                    _log.warning("no producer for %s yet: %r", self._address.prefix, error)
            await asyncio.sleep(RETRY_S)

    async def _rebuild(self, failed: AIOKafkaProducer, why: BaseException) -> None:
        """Throw the producer away; everybody who waits for it sends what was not acknowledged again."""
        async with self._turn:
            if self._producer is not failed:
                return
            self.rebuilds += 1
            _log.warning("the producer of %s is rebuilt: %r", self._address.prefix, why)
            self._producer = None
            self._broken.set()
        await _ended(failed)


class _GivenUp(Exception):
    """The producer was given up while somebody waited for it."""


async def _unless(broken: asyncio.Event, awaited: Any) -> Any:
    """Wait for something of a producer, or until it is given up."""
    task = asyncio.ensure_future(awaited)
    giving_up = asyncio.ensure_future(broken.wait())
    try:
        await asyncio.wait([task, giving_up], return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise _GivenUp
        return task.result()
    finally:
        giving_up.cancel()


def _check_sizes(wrong: Sequence[BaseException], entry: Entry) -> None:
    refused = next((one for one in wrong if isinstance(one, TOO_LARGE)), None)
    if refused is not None:
        raise MessageTooLarge(
            f"A broker refuses the size of a message for {entry.topic.name}: {refused}. Run `hansho topics check`: the "
            "topic's max.message.bytes, or the broker's message.max.bytes, is smaller than it must be."
        ) from refused


def _outcome(future: asyncio.Future[Any]) -> Any:
    if not future.done() or future.cancelled():
        return None
    return future.exception() or future.result()


async def _ended(producer: AIOKafkaProducer, limit_s: float = STOP_S) -> None:
    """Stop a producer. Where it cannot deliver what it has, without that: it is sent again by another, or was refused."""
    try:
        async with asyncio.timeout(limit_s):
            await producer.stop()
    except (KafkaError, OSError, TimeoutError, RuntimeError):
        # `stop` waits for batches that may never be delivered and has no way to give them up
        with contextlib.suppress(KafkaError, OSError, asyncio.CancelledError):
            await producer._sender.close()  # noqa: SLF001 - see above
        await producer.client.close()
