"""What one shard knows, read from its partitions: index, ledger, orders under way, the decisions that stand.

Everything is read anew at each start and followed from then on. Numbers are given here: a device that is seen for the
first time gets the next one, which is in the log before it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256

from pyroaring import BitMap

from schemas.codec import Payload, Undecodable
from schemas.notification import Decision, DeviceNumber, LedgerEntry
from schemas.subscription import Subscription
from services.dispatcher.core.index import Index
from services.dispatcher.core.ledger import Ledger, unpacked
from services.dispatcher.core.pending import Pending
from services.dispatcher.core.places import Covers, current
from services.dispatcher.core.rules import HARD_LIMIT, Rules
from services.dispatcher.core.tally import Tally
from services.dispatcher.store.bench import Bench
from services.dispatcher.store.snapshots import Snapshots
from services.eventlog.port import BEFORE_FIRST, EventLog, LogFull, Message, Position, Record
from services.runtime import logs, records
from services.runtime.clock import Clock
from services.runtime.consuming import dead

SOURCE = "dispatcher"
SLICE_MAX = 64
"""Decisions made in one go, at the most: only the last of these can stand without their orders."""
STANDING_KEPT = 2 * SLICE_MAX
"""Decisions at the end of the partition that are known by their key: the others are for an owner that was overtaken."""
TAIL_FIRST = 1_024
"""Offsets looked back over first for them; four times as many until one is found. Offsets have gaps."""
FORGET_AT_ONCE = 5_000
"""Numbers let go of in one append."""
RETRY_S = 1.0
"""Between two tries on a full disk."""

Read = list[tuple[Record, Payload | Undecodable | None]]
Take = Callable[[Read], None]

_log = logs.get("dispatcher")


@dataclass(slots=True)
class Projection:
    """One shard's knowledge. Index, ledger and pending are changed on the bench only."""

    shard: int
    log: EventLog
    clock: Clock
    bench: Bench
    covers: Covers = field(default_factory=dict)
    index: Index = field(default_factory=Index)
    ledger: Ledger = field(default_factory=Ledger)
    pending: Pending = field(init=False)
    standing: dict[str, Decision] = field(default_factory=dict)
    last: list[Decision] = field(default_factory=list)
    """At the start, the decisions that were made in one go, the last: they may stand without their orders."""
    snapshots: Snapshots | None = None
    rules: Rules = field(default_factory=Rules)
    tally: Tally = field(init=False)
    welcomed: int = BEFORE_FIRST
    """Up to here in `subscriptions`, whoever came has been told what is in force."""
    _joined: set[str] = field(default_factory=set)
    _seen: int = BEFORE_FIRST
    _numbered: int = BEFORE_FIRST
    """Up to here in `numbers` the index knows what was given and let go of, by us or by an owner before us."""
    _saved: int = BEFORE_FIRST

    def __post_init__(self) -> None:
        """Orders name devices; the index knows their numbers."""
        self.pending = Pending(self.index.number)
        self.tally = Tally((HARD_LIMIT, *self.rules.limits))

    async def load(self) -> None:
        """Read everything but the orders under way."""
        if self.snapshots is not None:
            marks, self.index = await self.snapshots.load(self.shard)
            self._seen = self._saved = marks.subscriptions
            self._numbered = marks.numbers
            self.pending = Pending(self.index.number)
        self._numbered = await self._each("numbers", self._take_numbers, after=self._numbered)
        await self.catch_up()
        await self._release_numbers()
        await self._load_ledger()
        await self._load_standing()

    async def catch_up(self) -> None:
        """Know every subscription that stands in the log now."""
        head = await self.log.head("subscriptions", self.shard)
        while self._seen < head:
            batch = await self.log.read("subscriptions", self.shard, after=self._seen)
            if batch:
                await self._take_subscriptions(batch)
            self._seen = batch[-1].offset if batch else head

    async def save(self) -> bool:
        """Write a snapshot of the index; False where nothing has changed. Nothing may change it meanwhile."""
        if self.snapshots is None or self._seen == self._saved:
            return False
        await self.snapshots.save(self.shard, self.index, self._seen, self._numbered)
        self._saved = self._seen
        return True

    def newcomers(self) -> BitMap:
        """Those whose wishes were taken since the last time that this was asked."""
        joined, self._joined = self._joined, set()
        return self.index.numbers(joined) if self.rules.newcomers else BitMap()

    def stand(self, decision: Decision) -> None:
        """A decision that is in the log: it is never made again, and this is how the ledger stands after it."""
        self._count(decision)
        self.standing[key_of(decision)] = decision
        self._keep_standing()
        for entry in decision.ledger:
            self.ledger.put(entry)

    # --- topics ---

    async def _each(self, topic: str, take: Take, after: int = BEFORE_FIRST) -> int:
        """Have everything of our partition taken; the last offset."""
        while batch := await self.log.read(topic, self.shard, after=after):
            after = batch[-1].offset
            await self.bench.run(partial(_take_decoded, take, batch))
        return after

    def _take_numbers(self, read: Read) -> None:
        for record, value in read:
            if record.key == next_key(self.shard) and isinstance(value, DeviceNumber):
                self.index.next_number = max(self.index.next_number, value.number)
            elif isinstance(value, DeviceNumber):
                self.index.assign(record.key, value.number)
            elif value is None:
                self.index.forget(record.key)

    async def _load_ledger(self) -> None:
        """The newest entry of each key: older ones may still stand before it, and before its tombstone."""
        newest: dict[str, LedgerEntry] = {}

        def take(read: Read) -> None:
            for record, value in read:
                if isinstance(value, LedgerEntry):
                    newest[record.key] = value
                elif value is None:
                    newest.pop(record.key, None)
                else:
                    _log.error("ledger.unreadable", shard=self.shard, key=record.key, offset=record.offset)

        await self._each("ledger", take)
        await self.bench.run(partial(self._put_entries, newest.values()))

    def _put_entries(self, entries: Iterable[LedgerEntry]) -> None:
        for entry in entries:
            self.ledger.put(entry)

    async def _take_subscriptions(self, batch: Sequence[Record]) -> None:
        read = await self.bench.run(partial(decoded, batch))
        wishes: dict[str, Subscription | None] = {}
        for record, value in read:
            if value is None:
                wishes[record.key] = None
            elif isinstance(value, Subscription) and value.device == record.key:
                wishes[record.key] = value
            else:
                await self._bury(record, value)
        self._joined |= {
            record.key for record, _ in read if record.offset > self.welcomed and wishes.get(record.key) is not None
        }
        given = list(self._given(wishes))
        gone = [device for device, wish in wishes.items() if wish is None and self.index.number(device) is not None]
        await self._write_numbers(given, gone)
        await self.bench.run(partial(self._put, wishes, given))

    def _given(self, wishes: dict[str, Subscription | None]) -> Iterator[tuple[str, int]]:
        new = (device for device, wish in wishes.items() if wish is not None and self.index.number(device) is None)
        yield from ((device, self.index.next_number + place) for place, device in enumerate(new))

    def _put(self, wishes: dict[str, Subscription | None], given: Sequence[tuple[str, int]]) -> None:
        for device, number in given:
            self.index.assign(device, number)
        for device, wish in wishes.items():
            if wish is None:
                self.index.forget(device)
            else:
                self.index.put(current(wish, self.covers))

    async def _write_numbers(self, given: Sequence[tuple[str, int]], gone: Sequence[str]) -> None:
        now = self.clock.now()
        messages = [self._number(device, number, f"number:{device}:{number}") for device, number in given]
        if given:
            first_free = given[-1][1] + 1
            messages.append(self._number(next_key(self.shard), first_free, f"next:{self.shard}:{first_free}"))
        for device in gone:
            message = records.tombstone(key=device, id=f"number:{device}:gone:{now.isoformat()}")
            messages.append(replace(message, partition=self.shard))
        if messages:
            written = await append(self.log, self.clock, "numbers", messages)
            self._numbered = max(position.offset for position in written)

    def _number(self, key: str, number: int, id_: str) -> Message:
        value = DeviceNumber(number=number)
        message = records.message(value, key=key, id=id_, source=SOURCE, at=self.clock.now())
        return replace(message, partition=self.shard)

    async def _release_numbers(self) -> None:
        """Let go of the numbers of devices that left while nobody was here to see it."""
        gone = self.index.without_wishes()
        for start in range(0, len(gone), FORGET_AT_ONCE):
            some = gone[start : start + FORGET_AT_ONCE]
            await self._write_numbers((), some)
            await self.bench.run(partial(self._put, dict.fromkeys(some), ()))

    async def _bury(self, record: Record, value: Payload | Undecodable | None) -> None:
        code = value.code if isinstance(value, Undecodable) else "E4002"
        reason = value.reason if isinstance(value, Undecodable) else "no subscription of the device that is its key"
        # what a device follows is personal: of the value only the hash goes to `dead`
        record = replace(record, value=sha256(record.value or b"").digest())
        hint = "the device's last readable subscription still counts; mend the writer, the device will register again"
        letter = dead(record, code=code, reason=reason, hint=hint, clock=self.clock)
        _log.error("subscription.unreadable", shard=self.shard, offset=record.offset, code=code)
        await append(self.log, self.clock, letter.topic, [letter.message])

    async def _load_standing(self) -> None:
        head = await self.log.head("decisions", self.shard)
        since = self.clock.now() - self.tally.span
        span = TAIL_FIRST
        found: list[Decision] = []
        while head > BEFORE_FIRST and span < TAIL_FIRST + 4 * head and not (found and found[0].decided_at <= since):
            found = await self._decisions(max(head - span, BEFORE_FIRST))
            span *= 4
        for decision in found:
            if self.standing.setdefault(key_of(decision), decision) is decision and decision.decided_at > since:
                self._count(decision)  # of two with one key the first counts
        self._keep_standing()
        # what was decided in one go was decided at one moment
        self.last = [one for one in found[-SLICE_MAX:] if one.decided_at == found[-1].decided_at]

    def _keep_standing(self) -> None:
        while len(self.standing) > STANDING_KEPT:
            del self.standing[next(iter(self.standing))]

    def _count(self, decision: Decision) -> None:
        told = [unpacked(group.devices) for group in decision.groups]
        self.tally.add(decision.decided_at, BitMap.union(*told) if told else BitMap())

    async def _decisions(self, after: int) -> list[Decision]:
        found: list[Decision] = []
        while batch := await self.log.read("decisions", self.shard, after=after):
            after = batch[-1].offset
            read = await self.bench.run(partial(decoded, batch))
            found += [value for _, value in read if isinstance(value, Decision)]
        return found


def key_of(decision: Decision) -> str:
    """The key under which a decision stands in topic `decisions`."""
    return f"{decision.cause}:{decision.shard}"


def next_key(shard: int) -> str:
    """The key in topic `numbers` of the first number that the shard never gave."""
    return f"next:{shard}"


def decoded(batch: Sequence[Record]) -> Read:
    """Records with what they say. Takes milliseconds: on the bench."""
    return [(record, records.payload(record)) for record in batch]


async def append(log: EventLog, clock: Clock, topic: str, messages: Sequence[Message]) -> list[Position]:
    """Append, waiting out a full disk."""
    while True:
        try:
            return await log.append(topic, messages)
        except LogFull as error:
            _log.error("append.waits", topic=topic, code=error.code, hint=str(error))
            await clock.sleep(RETRY_S)


def _take_decoded(take: Take, batch: Sequence[Record]) -> None:
    take(decoded(batch))
