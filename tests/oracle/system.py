"""The dispatcher's core as a shard runs it, without log and clock: sixteen shards on the same bulletins and devices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from itertools import count

from schemas import notification
from schemas.alert import Alert, Area, Category, Drill, Info, InfoState, MsgType, Origin, Status, Surface
from schemas.area import AreaCode
from schemas.level import triple_of
from schemas.lifecycle import Stream
from schemas.notification import Change, Decision, DeviceOutcome, Order, Outcome, Receipt
from schemas.subscription import Language, Permission, Place, QuietHours, Subscription
from services.dispatcher.core import corrections
from services.dispatcher.core.decide import Case, Subject, decide, over, subject_of
from services.dispatcher.core.force import Force, Moment, in_force, run_named, speaker
from services.dispatcher.core.index import Index
from services.dispatcher.core.ledger import Ledger
from services.dispatcher.core.orders import orders, worths
from services.dispatcher.core.pending import Pending, Waiting
from services.dispatcher.core.rules import Rules
from services.dispatcher.core.situation import Situation, take
from services.eventlog.partition import partition_of
from tests.oracle.world import AREAS, FLAP, Bulletin, Device, Item, Point, Told, Word

SHARDS = 16
JAPAN = timezone(timedelta(hours=9))
WATCH = frozenset(AREAS)
RULES = Rules(flap=FLAP)


@dataclass
class Shard:
    index: Index = field(default_factory=Index)
    ledger: Ledger = field(default_factory=Ledger)
    pending: Pending = field(init=False)

    def __post_init__(self) -> None:
        self.pending = Pending(self.index.number)


Decide = Callable[[Case, Index, Ledger], Decision]


class System:
    """All shards and the fold they decide by. Every order is settled before the next thing happens."""

    def __init__(self, rule: Decide = decide) -> None:
        """Nobody and nothing yet; `rule` decides."""
        self.rule = rule
        self.shards = [Shard() for _ in range(SHARDS)]
        self.situation = Situation()
        self._causes = count()
        self._forces: tuple[Situation | None, datetime | None, Force] = (None, None, Force(runs={}, until=None))

    # --- devices ---

    def subscribe(self, device: Device) -> None:
        index = self.shards[partition_of(device.id, SHARDS)].index
        if index.number(device.id) is None:
            index.assign(device.id, index.next_number)
        index.put(_subscription(device))

    def unsubscribe(self, device: str) -> None:
        self.shards[partition_of(device, SHARDS)].index.forget(device)

    # --- what happens ---

    def bulletin(self, bulletin: Bulletin, now: datetime, refused: frozenset[str]) -> Told:
        alert = _alert(bulletin)
        name = alert.streams[0]
        self.situation = take(self.situation, name, alert, WATCH).situation
        told: Told = defaultdict(list)
        for number, shard in enumerate(self.shards):
            stream = self.situation.streams[name]
            subject = subject_of(stream, run_named(stream.drill), {})
            self._decide(number, shard, subject, now, told, refused)
        return told

    def moment(self, now: datetime, refused: frozenset[str]) -> Told:
        told: Told = defaultdict(list)
        for number, shard in enumerate(self.shards):
            for stream in list(self._due(shard, now)):
                subject = subject_of(stream, run_named(stream.drill), {})
                self._decide(number, shard, subject, now, told, refused, begins=False)
        return told

    def _due(self, shard: Shard, now: datetime) -> Iterator[Stream]:
        streams = self.situation.streams.values()
        seen: set[str] = set()
        for run, pair in sorted(over(shard.ledger, self._force(now), lambda _: Waiting())):
            stream = speaker(streams, run, pair, {})
            assert stream is not None
            if stream.stream not in seen:
                seen.add(stream.stream)
                yield stream

    def _force(self, now: datetime) -> Force:
        known, at, force = self._forces
        if known is not self.situation or at != now:
            force = in_force(self.situation.streams.values(), Moment(now=now, leases={}), {})
            self._forces = self.situation, now, force
        return force

    def _decide(
        self,
        number: int,
        shard: Shard,
        subject: Subject,
        now: datetime,
        told: Told,
        refused: frozenset[str],
        *,
        begins: bool = True,
    ) -> None:
        force = self._force(now).of(subject.run)
        japan_time = now.astimezone(JAPAN).time()
        cause = f"cause-{next(self._causes)}"
        case = Case(
            cause=cause,
            shard=number,
            now=now,
            japan_time=japan_time,
            subject=subject,
            force=force,
            begins=begins,
            rules=RULES,
        )
        decision = self.rule(case, shard.index, shard.ledger)
        _apply(shard, decision)
        given = orders(decision, shard.index, worths(force), japan_time)
        for _, order in given:
            shard.pending.add(order)
            message = frozenset(_items(order))
            for device in order.devices:
                told[device].append(message)
        for _, order in given:
            self._receive(shard, case, order, refused, told)

    def _receive(self, shard: Shard, case: Case, order: Order, refused: frozenset[str], told: Told) -> None:
        outcomes = [DeviceOutcome(device=one, outcome=Outcome.REFUSED) for one in order.devices if one in refused]
        receipt = _receipt(order, outcomes, case.now)
        settled = shard.pending.look(receipt)
        assert settled is not None
        shard.pending.settle(receipt)
        if settled.untold:
            again = Case(
                cause=f"receipt-{order.id}",
                shard=case.shard,
                now=case.now,
                japan_time=case.japan_time,
                subject=case.subject,
                force=case.force,
                takes=corrections.takes(settled, {}, shard.index),
                begins=False,
            )
            corrected = self.rule(again, shard.index, shard.ledger)
            for group in corrected.groups:
                told[f"by a correction: {order.id}"].append(frozenset(_words(group.items)))
            _apply(shard, corrected)


def _apply(shard: Shard, decision: Decision) -> None:
    for entry in decision.ledger:
        shard.ledger.put(entry)


def _items(order: Order) -> Iterator[Item]:
    worst = [(item.change in {Change.END, Change.CANCEL}, -item.rank) for item in order.notice.items]
    assert worst == sorted(worst), "the worst does not stand first"
    return _words(order.notice.items)


def _words(items: Iterable[notification.Item]) -> Iterator[Item]:
    return ((item.change.value, item.hazard, item.area, item.rank, item.was or 0) for item in items)


def _receipt(order: Order, outcomes: Iterable[DeviceOutcome], at: datetime) -> Receipt:
    return Receipt(
        order=order.id,
        alert=order.notice.alert,
        stream=order.notice.stream,
        revision=order.notice.revision,
        channel=order.channel,
        progress=len(order.devices),
        total=len(order.devices),
        final=True,
        others=tuple(outcomes),
        reported_at=at,
    )


def _subscription(device: Device) -> Subscription:
    return Subscription(
        device=device.id,
        credential_sha256="0" * 64,
        places=tuple(_place(*one) for one in device.places),
        hazard_min_ranks=device.hazards,
        language=Language(device.language),
        quiet=QuietHours(start=device.quiet[0], end=device.quiet[1], orders=device.quiet[2]) if device.quiet else None,
        address=f"address of {device.id}" if device.reachable else None,
        permission=Permission.GRANTED,
        updated_at=datetime(2026, 9, 1, tzinfo=UTC),
    )


def _place(area: AreaCode, least: int, at: Point | None) -> Place:
    latitude, longitude = (at[0] / 10, at[1] / 10) if at else (None, None)
    return Place(area=area, min_rank=least, latitude=latitude, longitude=longitude)


def _area(word: Word) -> Area:
    if word.box is None:
        return Area(area_desc=word.area.code, code=word.area)
    south, west, north, east = (one / 10 for one in word.box)
    corners = ((south, west), (south, east), (north, east), (north, west), (south, west))
    polygon = " ".join(f"{latitude},{longitude}" for latitude, longitude in corners)
    return Area(area_desc=word.area.code, code=word.area, polygon=(polygon,))


def _alert(bulletin: Bulletin) -> Alert:
    drill = Drill(run=bulletin.drill, surfaces=(Surface.PUSH,)) if bulletin.drill else None
    revision = f"{bulletin.number:06}"
    return Alert(
        identifier=f"{bulletin.stream}:{revision}",
        sender="invented",
        sender_name="架空の気象台",
        sent=bulletin.sent,
        status=Status.EXERCISE if drill else Status.ACTUAL,
        msg_type=MsgType.CANCEL if bulletin.withdraws else MsgType.UPDATE,
        source=bulletin.stream.split(":", maxsplit=1)[0],
        origin=Origin.OFFICE if bulletin.office else Origin.OFFICIAL,
        streams=(bulletin.stream,),
        revision=revision,
        report="" if bulletin.withdraws else revision,
        drill=drill,
        info=tuple(_info(word.hazard, word.rank, word.expires, _area(word)) for word in bulletin.words),
    )


def _info(hazard: str, rank: int, expires: datetime | None, area: Area) -> Info:
    severity, urgency, certainty = triple_of(level=None, rank=rank)
    return Info(
        category=Category.MET,
        event=hazard,
        hazard=hazard,
        state=InfoState.ACTIVE,
        rank=rank,
        urgency=urgency,
        severity=severity,
        certainty=certainty,
        expires=expires,
        area=(area,),
    )
