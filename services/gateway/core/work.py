"""One order on its way: who is still to be told, who waits for another attempt, what became of the others.

Values only: the worker takes devices, tells how they fared, and writes the receipt. After a crash the work goes on from
the newest receipt: what was under way then is tried again, nothing else is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from schemas.notification import DeviceOutcome, Order, Outcome, Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A device that is to be tried again: `failures` so far, and when."""

    failures: int
    due_at: datetime | None = None
    """None: at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """An attempt failed and another one is to follow at `due_at`."""

    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What became of a device for good. `address_sha256`: of an address found dead."""

    outcome: Outcome
    address_sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """`taken`: devices taken from the front; `waiting`: of these, who is to be tried again; `flying`: who is under way."""

    order: Order
    taken: int = 0
    waiting: Mapping[str, Waiting] = field(default_factory=lambda: MappingProxyType({}))
    flying: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Device → failures before this attempt."""
    accepted: int = 0
    others: tuple[DeviceOutcome, ...] = ()
    latency_ms_max: int = 0

    @property
    def total(self) -> int:
        """Devices of the order."""
        return len(self.order.devices)

    @property
    def settled(self) -> int:
        """Devices of whom nothing more is to be done."""
        return self.accepted + len(self.others)

    @property
    def final(self) -> bool:
        """Whether all are settled."""
        return self.settled == self.total


def begin(order: Order, receipt: Receipt | None) -> Work:
    """The work of an order, from the start or from where its newest receipt left it."""
    if receipt is None:
        return Work(order=order)
    return Work(
        order=order,
        taken=receipt.progress,
        waiting=MappingProxyType({device: Waiting(failures=0) for device in receipt.waiting}),
        accepted=receipt.accepted,
        others=receipt.others,
        latency_ms_max=receipt.latency_ms_max,
    )


def take(work: Work, now: datetime, count_max: int, *, fresh_first: bool = False) -> tuple[Work, tuple[str, ...]]:
    """Take up to so many devices for an attempt: first those whose time has come again, then from the front.

    `fresh_first`: the other way round, where one message is to show whether the channel works: one that failed before may
    fail by itself.
    """
    due = [device for device, one in work.waiting.items() if one.due_at is None or one.due_at <= now]
    left = work.order.devices[work.taken :]
    due = due[: count_max - len(left[:count_max])] if fresh_first else due[:count_max]
    fresh = left[: count_max - len(due)]
    flying = {
        **work.flying,
        **{device: work.waiting[device].failures for device in due},
        **dict.fromkeys(fresh, 0),
    }
    waiting = {device: one for device, one in work.waiting.items() if device not in flying}
    after = replace(
        work, taken=work.taken + len(fresh), waiting=MappingProxyType(waiting), flying=MappingProxyType(flying)
    )
    return after, (*due, *fresh)


def give(work: Work, fates: Mapping[str, Again | Settled], latency_ms: int = 0) -> Work:
    """The work after these devices, which were under way, came back. `latency_ms`: from decision to the answer."""
    waiting = dict(work.waiting)
    others = list(work.others)
    accepted = 0
    for device, one in fates.items():
        if isinstance(one, Again):
            waiting[device] = Waiting(failures=work.flying[device] + 1, due_at=one.due_at)
        elif one.outcome is Outcome.ACCEPTED:
            accepted += 1
        else:
            others.append(DeviceOutcome(device=device, outcome=one.outcome, address_sha256=one.address_sha256))
    return replace(
        work,
        waiting=MappingProxyType(waiting),
        flying=MappingProxyType({device: n for device, n in work.flying.items() if device not in fates}),
        accepted=work.accepted + accepted,
        others=tuple(others),
        latency_ms_max=max(work.latency_ms_max, latency_ms) if accepted else work.latency_ms_max,
    )


def drop(work: Work, outcome: Outcome) -> Work:
    """Settle everybody who is not under way: the order itself is no longer to be told."""
    left = (*work.waiting, *work.order.devices[work.taken :])
    return replace(
        work,
        taken=work.total,
        waiting=MappingProxyType({}),
        others=(*work.others, *(DeviceOutcome(device=device, outcome=outcome) for device in left)),
    )


def is_left(work: Work) -> bool:
    """Whether somebody is to be taken, now or later."""
    return work.taken < len(work.order.devices) or bool(work.waiting)


def is_due(work: Work, now: datetime) -> bool:
    """Whether somebody could be taken now."""
    return work.taken < work.total or any(one.due_at is None or one.due_at <= now for one in work.waiting.values())


def next_due_at(works: Iterable[Work]) -> datetime | None:
    """When the next of those who wait may be taken; None when nobody waits for a time."""
    times = (one.due_at for work in works for one in work.waiting.values())
    return min((time for time in times if time is not None), default=None)


def receipt(work: Work, now: datetime) -> Receipt:
    """The whole state so far, as it is written."""
    notice = work.order.notice
    return Receipt(
        order=work.order.id,
        alert=notice.alert,
        stream=notice.stream,
        revision=notice.revision,
        channel=work.order.channel,
        progress=work.taken,
        total=work.total,
        final=work.final,
        accepted=work.accepted,
        waiting=(*work.waiting, *work.flying),
        others=work.others,
        latency_ms_max=work.latency_ms_max,
        reported_at=now,
    )


def receipt_id(work: Work) -> str:
    """The id of the receipt that says so: the same state after a crash has the same one."""
    return f"receipt:{work.order.id}:{work.settled}"
