"""A city for crashes: devices over all shards, one warning at level 4, and what changes between a crash and the restart.

All invented. Everything but the sockets of feeds and pages is as `hansho run` has it: telegrams are read, folded, decided
and pushed on SQLite, through the SDK, to the stand-in for phones.
"""

from __future__ import annotations

import asyncio
import gzip
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from schemas.area import AreaCode
from schemas.notification import DeviceNumber, LedgerEntry, Order, Receipt
from schemas.status import Condition, StatusReport, lease_subject
from schemas.subscription import Language, Permission, Place, Subscription
from schemas.telegram import RawTelegram
from schemas.topics import TOPICS
from services.dispatcher import app as dispatcher
from services.dispatcher.core.ledger import unpacked
from services.dispatcher.core.places import covers
from services.eventlog.port import EventLog, Message
from services.gateway import pushing
from services.gateway.core.message import names_of
from services.gateway.store.projection import Projection
from services.ingest import app as ingest
from services.runtime import cities, records
from services.runtime.clock import SystemClock
from services.runtime.settings import read
from tests.factories import ODAWARA, ZUSHI
from tests.records import every, every_record
from tests.scenario.jma import Jma
from tests.scenario.people import CITY, TABLE
from tests.scenario.timeline import Publishes

LANGUAGES = tuple(Language)
LEASE = timedelta(hours=6)
LOOK_EVERY_S = 0.05
LIFE_MAX_S = 120.0
"""After so long something is left undone for ever."""
END_MAX_S = 20.0
"""How long the parts may take to end when they are told to."""
SHARDS = TOPICS["subscriptions"].partitions
GROUPS = frozenset(
    {
        *("parse", "situation", "shards", "push.emergency", "push.routine"),
        *(f"{name}.{shard}" for name in ("decide", "correct") for shard in range(SHARDS)),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A device and what it follows before and after: an area, or nothing."""

    device: str
    number: int
    before: AreaCode | None
    after: AreaCode | None

    @property
    def address(self) -> str:
        """Where its phone is reached."""
        return f"at-{self.device}"

    @property
    def must_hear(self) -> bool:
        """Whether it is concerned before and after."""
        return self.before == self.after == ODAWARA

    @property
    def must_not_hear(self) -> bool:
        """Whether it never is."""
        return self.before == self.after == ZUSHI

    def wish(self, area: AreaCode, now: datetime) -> Subscription:
        """What stands in the log of it."""
        return Subscription(
            device=self.device,
            credential_sha256=sha256(self.device.encode()).hexdigest(),
            places=(Place(area=area, min_rank=3 + self.number % 2),),
            language=LANGUAGES[self.number % len(LANGUAGES)],
            address=self.address,
            address_at=now,
            permission=Permission.GRANTED,
            updated_at=now,
        )


_KINDS: tuple[tuple[AreaCode | None, AreaCode | None], ...] = (
    *((ODAWARA, ODAWARA),) * 12,
    *((ZUSHI, ZUSHI),) * 2,
    (ODAWARA, None),
    (ODAWARA, ZUSHI),
    (ZUSHI, ODAWARA),
    (None, ODAWARA),
)
"""Of eighteen: twelve stay concerned, two never are, one leaves, one moves away, one moves in, one comes."""


def people(count: int) -> tuple[Person, ...]:
    """So many people, of every kind in every shard."""
    made = ((number, *_KINDS[number % len(_KINDS)]) for number in range(count))
    return tuple(Person(device=f"d{number:05}", number=number, before=one, after=two) for number, one, two in made)


async def settle(log: EventLog, who: tuple[Person, ...]) -> None:
    """The log before anything happens: everybody's wishes, and that the feed was heard."""
    now = datetime.now(UTC)
    subject = lease_subject("jma.extra")
    lease = StatusReport(
        subject=subject,
        condition=Condition.OK,
        since=now - timedelta(hours=1),
        reported_at=now,
        until=now + LEASE,
        message="heard",
    )
    await log.append("status", [records.message(lease, key=subject, id="lease:0", source="crash", at=now)])
    wishes = [_message(one, one.before, now, "before") for one in who if one.before is not None]
    await log.append("subscriptions", wishes)


async def change(log: EventLog, who: tuple[Person, ...]) -> None:
    """What people did while the program was dead."""
    now = datetime.now(UTC)
    changed = [_message(one, one.after, now, "after") for one in who if one.before != one.after]
    await log.append("subscriptions", changed)


def _message(one: Person, area: AreaCode | None, now: datetime, when: str) -> Message:
    id_ = f"{one.device}:{when}"
    if area is None:
        return records.tombstone(key=one.device, id=id_)
    return records.message(one.wish(area, now), key=one.device, id=id_, source="crash", at=now)


def a_warning() -> RawTelegram:
    """Level 4 in Odawara, published and fetched now."""
    now = datetime.now(UTC)
    published = Jma().writes(Publishes(family="大雨", in_force=(("レベル４大雨危険警報", ("小田原市",)),)), now)
    return RawTelegram(
        source="jma.extra",
        entry_id=f"http://127.0.0.1{published.path}",
        name=published.path.rpartition("/")[2],
        fetched_at=now,
        sha256=sha256(published.body).hexdigest(),
        body=b64encode(gzip.compress(published.body, mtime=0)).decode(),
    )


async def live(log: EventLog, phones: str, telegram: RawTelegram) -> None:
    """Run the program from the fetched telegram on until there is nothing left to do."""
    clock = SystemClock()
    settings = read({"feeds": "http://127.0.0.1:1", "phones": phones}, {})
    neighbours = [cities.load_city(cities.deploy_dir(), name, TABLE) for name in CITY.neighbours]
    reading = ingest.build(settings, log, clock, CITY, TABLE, feeds_base=settings.feeds)
    decisions = dispatcher.build(log, clock, CITY.watch, covers(CITY, neighbours, TABLE))
    projection = Projection(log=log, clock=clock, started_at=clock.now())
    pushes = pushing.build(settings, log, clock, CITY, names_of(TABLE, CITY), projection=projection)
    parts = (
        reading.parser.run(),
        decisions.run(),
        projection.follow_situation(),
        projection.follow_status(),
        pushes.run(),
    )
    running = [asyncio.ensure_future(part) for part in parts]
    id_ = f"{telegram.source}:{telegram.entry_id}"
    fetched = records.message(telegram, key=id_, id=id_, source="ingest", at=telegram.fetched_at)
    await log.append("telegrams", [fetched])
    async with asyncio.timeout(LIFE_MAX_S):
        # a decision made by time alone has no record that is left: only after the first sweep nothing is
        await decisions.swept.wait()
        while not await is_done(log):
            await asyncio.sleep(LOOK_EVERY_S)
            assert not any(part.done() for part in running), [part for part in running if part.done()]
    for part in running:
        part.cancel()
    _, left = await asyncio.wait(running, timeout=END_MAX_S)
    assert not left, left


async def is_done(log: EventLog) -> bool:
    """Whether every group has finished everything."""
    lags = await log.groups()
    return {lag.group for lag in lags} >= GROUPS and not any(lag.lag_records for lag in lags)


Ledger = dict[tuple[str, str, int], frozenset[str]]
"""(hazard, area, rank) → the devices told."""


async def ledger(log: EventLog) -> Ledger:
    """Who has been told what, by device."""
    given = [(record, records.payload(record)) for record in await every_record(log, "numbers")]
    devices = {
        (record.partition, value.number): record.key
        for record, value in given
        if isinstance(value, DeviceNumber) and not record.key.startswith("next:")
    }
    found: Ledger = {}
    for entry in await every(log, "ledger", LedgerEntry):
        key = (entry.hazard, str(entry.area), entry.rank)
        told = (devices.get((entry.shard, number)) for number in unpacked(entry.devices))
        found[key] = found.get(key, frozenset()) | {device for device in told if device is not None}
    return found


async def accepted(log: EventLog) -> int:
    """How many messages the receipts in the log say were taken by the channel."""
    newest = {receipt.order: receipt.accepted for receipt in await every(log, "receipts", Receipt)}
    return sum(newest.values())


async def untold(log: EventLog) -> dict[str, str]:
    """Whom the receipts say was not told, and why."""
    receipts = await every(log, "receipts", Receipt)
    return {one.device: one.outcome for receipt in receipts for one in receipt.others}


async def unfinished(log: EventLog) -> list[str]:
    """Dead letters, and orders without a final receipt."""
    final = {receipt.order for receipt in await every(log, "receipts", Receipt) if receipt.final}
    topics = ("deliveries.emergency", "deliveries.routine")
    orders = [order.id for topic in topics for order in await every(log, topic, Order)]
    return [*(record.id for record in await every_record(log, "dead")), *(id_ for id_ in orders if id_ not in final)]
