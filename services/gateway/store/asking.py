"""Something appended to one topic, and the answer that comes in another. Whoever waits longer than agreed has none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_hex

from schemas.alert import Alert
from schemas.codec import Payload
from schemas.notification import Answer, Order, Question, Reach, Receipt
from schemas.topics import PLANNED
from services.eventlog.partition import partition_of
from services.eventlog.port import EventLog, Message
from services.gateway.core.audience import together
from services.runtime import records
from services.runtime.clock import Clock

EXPLAIN_MAX_S = 2.0
"""How long the shards may take to say why."""
REACH_MAX_S = 0.25
"""How long they may take to count: a page of the office waits for it."""
TEST_MAX_S = 3.0
"""How long a test may take to reach the channel before it is said to be under way."""
APPEND_MAX_S = 5.0
"""How long the log may take to keep the question."""
SOURCE = "gateway"
SHARDS = PLANNED["subscriptions"].partitions
ROUTINE = "deliveries.routine"


@dataclass(slots=True, kw_only=True)
class Asking:
    """Questions of one device to the others. Raises `EventLogError` and `TimeoutError` where the log refuses."""

    log: EventLog
    clock: Clock

    async def explain(self, question: Question) -> Answer | None:
        """Why a device was told of an alert, or was not; None when nobody answered in time."""
        asked = self._message(question, question.id)
        found = await self._answer(
            "questions", asked, "answers", 0, EXPLAIN_MAX_S, lambda one: _is_of(one, question.id)
        )
        return found if isinstance(found, Answer) else None

    async def reach(self, draft: Alert) -> Reach | None:
        """Whom a draft would be pushed to; None when not every shard has answered in time."""
        id_ = token_hex(16)
        asked = self._message(Question(id=id_, draft=draft, asked_at=self.clock.now()), id_)
        by_shard: dict[int, Reach] = {}

        def all_have_answered(value: object) -> bool:
            if isinstance(value, Answer) and value.question == id_ and value.reach is not None:
                by_shard[value.shard] = value.reach
            return len(by_shard) == SHARDS

        found = await self._answer("questions", asked, "answers", 0, REACH_MAX_S, all_have_answered)
        return None if found is None else together(by_shard.values())

    async def test(self, order: Order) -> Receipt | None:
        """Order a test push, and say what became of it; None when it is still under way."""
        asked = self._message(order, order.id)
        partition = partition_of(order.id, PLANNED["receipts"].partitions)
        found = await self._answer(
            ROUTINE, asked, "receipts", partition, TEST_MAX_S, lambda one: _is_end(one, order.id)
        )
        return found if isinstance(found, Receipt) else None

    def _message(self, payload: Payload, id_: str) -> Message:
        return records.message(payload, key=id_, id=id_, source=SOURCE, at=self.clock.now())

    async def _answer(  # noqa: PLR0917 - from here to there
        self, to: str, message: Message, topic: str, partition: int, wait_s: float, fits: Callable[[object], bool]
    ) -> object | None:
        async with asyncio.timeout(APPEND_MAX_S):
            after = await self.log.head(topic, partition)
            await self.log.append(to, [message])
        try:
            async with asyncio.timeout(wait_s):
                while True:
                    for record in await self.log.read(topic, partition, after=after):
                        after = record.offset
                        value = records.payload(record)
                        if fits(value):
                            return value
                    await self.log.wait({(topic, partition): after})
        except TimeoutError:
            return None


def _is_of(value: object, question: str) -> bool:
    return isinstance(value, Answer) and value.question == question


def _is_end(value: object, order: str) -> bool:
    return isinstance(value, Receipt) and value.order == order and value.final
