"""What became of the orders, folded from their receipts.

Where work goes on after a crash, which addresses are dead, and how far each sending is, for the office.
Bounded: of so many sendings and dead addresses only the newest are known; what is older is in the log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from schemas.alert import active
from schemas.lifecycle import Stream
from schemas.notification import Outcome, Receipt
from schemas.situation import CANARY_STREAM
from services.gateway.core import console
from services.gateway.core.devices import TEST
from services.gateway.core.frames import instant
from services.gateway.core.message import plain_event

SENDINGS_MAX = 200
"""Sendings known by order, the newest. An order that could come again after a crash is never among the older ones."""
DEAD_MAX = 200_000
"""Dead addresses remembered; should one be forgotten it is found dead again, by one message."""


class Subject(NamedTuple):
    """What is sent: an alert, as a revision of a stream."""

    alert: str
    stream: str
    revision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """All orders of one subject. `orders`: the newest receipt of each, by the order's id."""

    began_at: datetime
    orders: Mapping[str, Receipt] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sends:
    """Everything the receipts say. `dead`: fingerprint of an address → when it was found dead."""

    sendings: Mapping[Subject, Sending] = field(default_factory=lambda: MappingProxyType({}))
    dead: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, subject: Subject, order: str) -> Receipt | None:
        """The newest receipt of an order; None where there is none."""
        sending = self.sendings.get(subject)
        return None if sending is None else sending.orders.get(order)


def fold(before: Sends, receipts: Iterable[Receipt]) -> Sends:
    """The sends after these receipts. Of two receipts of one order the one that says more counts."""
    sendings = dict(before.sendings)
    changed: dict[Subject, dict[str, Receipt]] = {}
    died: dict[str, datetime] = {}
    for receipt in receipts:
        if receipt.stream == CANARY_STREAM:
            continue
        if receipt.stream == TEST:  # somebody tries their own device: of no concern to the office
            died |= dict.fromkeys(_newly_dead(None, receipt), receipt.reported_at)
            continue
        subject = Subject(receipt.alert, receipt.stream, receipt.revision)
        if subject not in sendings:
            sendings[subject] = Sending(began_at=receipt.reported_at)
        orders = changed.setdefault(subject, dict(sendings[subject].orders))
        known = orders.get(receipt.order)
        if known is None or _says(receipt) >= _says(known):
            orders[receipt.order] = receipt
        died |= dict.fromkeys(_newly_dead(known, receipt), receipt.reported_at)
    for subject, orders in changed.items():
        sendings[subject] = Sending(began_at=sendings[subject].began_at, orders=MappingProxyType(orders))
    return Sends(
        sendings=MappingProxyType(dict(list(sendings.items())[-SENDINGS_MAX:])),
        dead=MappingProxyType(dict([*before.dead.items(), *died.items()][-DEAD_MAX:])) if died else before.dead,
    )


def _newly_dead(known: Receipt | None, receipt: Receipt) -> Iterator[str]:
    """Addresses that this receipt is the first to call dead: a later one says it again, of a moment that has passed."""
    before = set() if known is None else {one.device for one in known.others}
    return (
        one.address_sha256
        for one in receipt.others
        if one.outcome is Outcome.DEAD and one.address_sha256 and one.device not in before
    )


def _says(receipt: Receipt) -> tuple[bool, int, int]:
    return receipt.final, receipt.accepted + len(receipt.others), receipt.progress


# --- for the office ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far one sending is: of `total` devices so many are settled, and how."""

    subject: Subject
    began_at: datetime
    reported_at: datetime
    total: int
    accepted: int
    others: Mapping[Outcome, int]
    orders: int
    final: bool
    latency_ms_max: int

    @property
    def settled(self) -> int:
        """Devices of whom nothing more is to be done."""
        return self.accepted + sum(self.others.values())


def progress(sends: Sends) -> list[Progress]:
    """Every sending known, the newest first."""
    return [_progress(subject, sending) for subject, sending in reversed(list(sends.sendings.items()))]


def _progress(subject: Subject, sending: Sending) -> Progress:
    receipts = sending.orders.values()
    return Progress(
        subject=subject,
        began_at=sending.began_at,
        reported_at=max(one.reported_at for one in receipts),
        total=sum(one.total for one in receipts),
        accepted=sum(one.accepted for one in receipts),
        others=MappingProxyType(Counter(other.outcome for one in receipts for other in one.others)),
        orders=len(receipts),
        final=all(one.final for one in receipts),
        latency_ms_max=max(one.latency_ms_max for one in receipts),
    )


def shown(sends: Sends, streams: Mapping[str, Stream], count_max: int) -> list[console.Sending]:
    """The newest sendings as the office's pages show them, by the name of what was sent."""
    return [
        console.Sending(
            alert=one.subject.alert,
            title=_title(one.subject, streams),
            at=one.began_at,
            drill=_is_drill(one.subject, streams),
            accepted=one.accepted,
            left_out=one.settled - one.accepted,
            total=one.total,
            final=one.final,
            latency_ms_max=one.latency_ms_max,
        )
        for one in progress(sends)[:count_max]
    ]


def _title(subject: Subject, streams: Mapping[str, Stream]) -> str:
    """What the alert's loudest block is called; its stream's name where the alert is kept no more."""
    stream = streams.get(subject.stream)
    alert = next((one for one in stream.kept if one.identifier == subject.alert), None) if stream else None
    if alert is None:
        return subject.stream
    loudest = max(alert.info, key=lambda info: (active(info), info.rank or 0), default=None)
    return (plain_event(loudest.event) if loudest else "") or alert.headline or alert.event or subject.stream


def _is_drill(subject: Subject, streams: Mapping[str, Stream]) -> bool:
    stream = streams.get(subject.stream)
    return stream is not None and stream.drill is not None


def answer(sends: Sends, count_max: int) -> dict[str, Any]:
    """The body of `GET /v1/operator/sends`."""
    return {
        "sends": [
            {
                "alert": one.subject.alert,
                "stream": one.subject.stream,
                "revision": one.subject.revision,
                "began_at": instant(one.began_at),
                "reported_at": instant(one.reported_at),
                "total": one.total,
                "settled": one.settled,
                "accepted": one.accepted,
                "others": {outcome.value: count for outcome, count in sorted(one.others.items())},
                "orders": one.orders,
                "final": one.final,
                "latency_ms_max": one.latency_ms_max,
            }
            for one in progress(sends)[:count_max]
        ],
        "dead_addresses": len(sends.dead),
    }
