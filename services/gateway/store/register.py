"""The register of devices: topic `subscriptions`, read and written for the devices themselves. Nobody else writes it.

What was answered is seen by whoever asks next, at any gateway: every question waits until the projection has taken what
stands in the log, every command until it has taken the command.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from schemas.subscription import Subscription
from schemas.topics import PLANNED
from services.eventlog.partition import partition_of
from services.eventlog.port import EventLog, Message
from services.gateway.store.addresses import TOPIC, Addresses
from services.runtime import records
from services.runtime.clock import Clock

SHARDS = PLANNED[TOPIC].partitions
ANSWER_MAX_S = 5.0
"""How long the log may take. What it has not answered by then is not known to be kept."""
LOOKS_MAX = 5
"""How often a record that was replaced while we looked is looked for again."""
SOURCE = "gateway"


def shard_of(device: str) -> int:
    """The shard of a device: the partition of its key."""
    return partition_of(device, SHARDS)


@dataclass(slots=True, kw_only=True)
class Register:
    """The devices as they stand in the log. Raises `EventLogError` and `TimeoutError` where it cannot be had."""

    log: EventLog
    clock: Clock
    addresses: Addresses
    _turns: tuple[asyncio.Lock, ...] = field(default_factory=lambda: tuple(asyncio.Lock() for _ in range(SHARDS)))

    def __len__(self) -> int:
        """How many devices there are."""
        return len(self.addresses.offsets)

    @asynccontextmanager
    async def turn(self, device: str) -> AsyncIterator[None]:
        """One change of a device at a time: a change that is late must not bring back what was erased meanwhile.

        Holds within one gateway. Two gateways that are given both at one moment keep them in the log's order.
        """
        async with self._turns[shard_of(device)]:
            yield

    async def find(self, device: str) -> Subscription | None:
        """What stands in the log of a device now; None for one that is not registered (any more)."""
        shard = shard_of(device)
        async with asyncio.timeout(ANSWER_MAX_S):
            for _ in range(LOOKS_MAX):
                await self.addresses.of_shard(shard)
                offset = self.addresses.offsets.get(device)
                if offset is None:
                    return None
                for record in await self.log.read(TOPIC, shard, after=offset - 1, limit=1):
                    value = records.payload(record)
                    if record.offset == offset and isinstance(value, Subscription):
                        return value
                # a newer record took its place after we looked: the projection is about to learn of it
            raise TimeoutError

    async def keep(self, subscription: Subscription) -> None:
        """Write what a device wishes. Returns once it is durable and seen."""
        device, at = subscription.device, subscription.updated_at
        id_ = f"subscription:{device}:{at.isoformat()}"
        await self._append(records.message(subscription, key=device, id=id_, source=SOURCE, at=at))

    async def erase(self, device: str) -> None:
        """Forget a device: a tombstone, after which nothing of it is readable, and its bytes leave the log within a day."""
        id_ = f"subscription:{device}:gone:{self.clock.now().isoformat()}"
        await self._append(records.tombstone(key=device, id=id_))

    async def _append(self, message: Message) -> None:
        async with asyncio.timeout(ANSWER_MAX_S):
            await self.log.append(TOPIC, [message])
        try:
            async with asyncio.timeout(ANSWER_MAX_S):
                await self.addresses.of_shard(shard_of(message.key))
        except TimeoutError:
            return  # it is kept: that it is not seen yet is no reason to call it refused
