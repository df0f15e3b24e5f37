"""How each device is reached: a projection of `subscriptions`. The gateway keeps no more of a person than this.

What else a device wishes stands in the log, at a known offset, and is read there when the device itself asks
(store/register.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from schemas.subscription import Subscription
from schemas.topics import PLANNED
from services.eventlog.port import EventLog, Record
from services.gateway.core.push import Address
from services.gateway.store.following import Following
from services.runtime import logs, records
from services.runtime.clock import Clock

TOPIC = "subscriptions"

_log = logs.get("gateway")


@dataclass(slots=True, kw_only=True)
class Addresses:
    """Device id → address, and where its record stands. A tombstone forgets the device."""

    log: EventLog
    clock: Clock
    known: dict[str, Address] = field(default_factory=dict)
    offsets: dict[str, int] = field(default_factory=dict)
    following: Following = field(init=False)

    def __post_init__(self) -> None:
        """Follow from the beginning."""
        partitions = PLANNED[TOPIC].partitions
        self.following = Following(log=self.log, clock=self.clock, topic=TOPIC, partitions=partitions, take=self._take)

    async def run(self) -> None:
        """Follow until cancelled."""
        await self.following.run()

    async def of_shard(self, shard: int) -> None:
        """Wait until the addresses of this shard are those that stand in the log now (a shard is a partition)."""
        await self.following.current([shard])

    def get(self, device: str) -> Address | None:
        """How the device is reached; None for one that is not registered."""
        return self.known.get(device)

    def _take(self, batch: Sequence[Record]) -> None:
        for record in batch:
            value = records.payload(record)
            if isinstance(value, Subscription):
                self.offsets[record.key] = record.offset
                self.known[record.key] = Address(
                    channel=value.channel,
                    value=value.address,
                    given_at=value.address_at,
                    permission=value.permission,
                )
            elif value is None:
                self.offsets.pop(record.key, None)
                self.known.pop(record.key, None)
            else:
                _log.error("subscription.unreadable", partition=record.partition, offset=record.offset)
