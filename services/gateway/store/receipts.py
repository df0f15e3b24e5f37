"""What became of the orders: a projection of `receipts`, for the push workers and for the office."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from schemas.notification import Order, Receipt
from schemas.topics import PLANNED
from services.eventlog.port import EventLog, Record
from services.gateway.core.sends import Sends, Subject, fold
from services.gateway.store.following import Following
from services.runtime import logs, records
from services.runtime.clock import Clock

TOPIC = "receipts"

_log = logs.get("gateway")


@dataclass(slots=True, kw_only=True)
class Receipts:
    """`sends` is its value at one moment."""

    log: EventLog
    clock: Clock
    sends: Sends = field(default_factory=Sends)
    following: Following = field(init=False)

    def __post_init__(self) -> None:
        """Follow from the beginning."""
        self.following = Following(
            log=self.log,
            clock=self.clock,
            topic=TOPIC,
            partitions=PLANNED[TOPIC].partitions,
            take=self._take,
        )

    async def run(self) -> None:
        """Follow until cancelled."""
        await self.following.run()

    async def current(self) -> None:
        """Wait until all receipts that stand in the log now are known."""
        await self.following.current(range(PLANNED[TOPIC].partitions))

    def of(self, order: Order) -> Receipt | None:
        """The newest receipt of an order."""
        notice = order.notice
        return self.sends.of(Subject(notice.alert, notice.stream, notice.revision), order.id)

    def _take(self, batch: Sequence[Record]) -> None:
        taken = []
        for record in batch:
            value = records.payload(record)
            if isinstance(value, Receipt):
                taken.append(value)
            else:
                _log.error("receipt.unreadable", partition=record.partition, offset=record.offset)
        self.sends = fold(self.sends, taken)
