"""At the start of a process: which orders are under way, and which addresses are known to be dead.

One pass over the orders of three days and the receipts of thirty, for all shards at once. Only what a shard's group has
committed counts of the receipts: the others will come to it anew, and change the ledger then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from schemas.notification import Order, Outcome, Receipt
from schemas.topics import TOPICS
from services.dispatcher.core.orders import EMERGENCY, ROUTINE, shard_of
from services.dispatcher.store.bench import Bench
from services.dispatcher.store.projection import Projection
from services.eventlog.port import BEFORE_FIRST, EventLog, Record
from services.runtime import records

RECEIPTS = "receipts"


def group_of(shard: int) -> str:
    """The group under which a shard follows `receipts`."""
    return f"correct.{shard}"


@dataclass(slots=True)
class _Found:
    receipts: list[Receipt] = field(default_factory=list)
    """Those that count, in the order in which they stand."""
    settled: set[str] = field(default_factory=set)
    """Orders that are final and told everybody: nothing can come of them."""


async def load_underway(log: EventLog, bench: Bench, shards: Mapping[int, Projection]) -> None:
    """Fill `pending` and the dead addresses of these shards."""
    lags = await log.groups([group_of(shard) for shard in shards])
    committed = {(lag.group, lag.partition): lag.committed for lag in lags if lag.topic == RECEIPTS}
    found = _Found()
    for partition in range(TOPICS[RECEIPTS].partitions):
        until = {shard: committed.get((group_of(shard), partition), BEFORE_FIRST) for shard in shards}
        after = BEFORE_FIRST
        while batch := await log.read(RECEIPTS, partition, after=after):
            after = batch[-1].offset
            await bench.run(partial(_take_receipts, found, batch, shards, until))
    for topic in (EMERGENCY, ROUTINE):
        for partition in range(TOPICS[topic].partitions):
            after = BEFORE_FIRST
            while batch := await log.read(topic, partition, after=after):
                after = batch[-1].offset
                await bench.run(partial(_take_orders, found, batch, shards))
    await bench.run(partial(_replay, found, shards))


def _take_receipts(
    found: _Found, batch: list[Record], shards: Mapping[int, Projection], until: Mapping[int, int]
) -> None:
    for record in batch:
        shard = shard_of(record.key)
        receipt = records.payload(record) if shard in shards else None
        if shard is None or not isinstance(receipt, Receipt):
            continue
        bury(shards[shard], receipt)
        if record.offset <= until[shard]:
            found.receipts.append(receipt)
            if receipt.final and not receipt.others:
                found.settled.add(receipt.order)


def _take_orders(found: _Found, batch: list[Record], shards: Mapping[int, Projection]) -> None:
    for record in batch:
        shard = shard_of(record.key)
        order = records.payload(record) if shard in shards and record.key not in found.settled else None
        if shard is not None and isinstance(order, Order):
            shards[shard].pending.add(order)


def _replay(found: _Found, shards: Mapping[int, Projection]) -> None:
    for receipt in found.receipts:
        shard = shard_of(receipt.order)
        if shard is not None:
            shards[shard].pending.settle(receipt)


def bury(shard: Projection, receipt: Receipt) -> None:
    """Note the addresses that a receipt says are dead."""
    for one in receipt.others:
        if one.outcome is Outcome.DEAD and one.address_sha256:
            shard.index.bury(one.device, one.address_sha256, receipt.reported_at)
