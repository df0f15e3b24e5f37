"""The two lanes of pushes, and what a push worker works with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from schemas.notification import Notice, Order, Receipt
from schemas.subscription import Channel, Language
from services.eventlog.port import Record
from services.gateway.core.push import Address
from services.gateway.core.sends import Sends
from services.gateway.core.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A lane: its topic, its group, and whether it is the urgent one."""

    name: str
    urgent: bool

    @property
    def topic(self) -> str:
        """Where its orders stand."""
        return f"deliveries.{self.name}"

    @property
    def group(self) -> str:
        """Who reads them."""
        return f"push.{self.name}"


EMERGENCY = Lane(name="emergency", urgent=True)
ROUTINE = Lane(name="routine", urgent=False)


@dataclass(slots=True)
class Traffic:
    """What the lanes know of each other: while the urgent one sends, the other keeps to one slice at a time."""

    urgent_flying: int = 0


class AddressBook(Protocol):
    """Where addresses come from."""

    async def of_shard(self, shard: int) -> None:
        """Wait until they are those of this moment."""
        ...

    def get(self, device: str) -> Address | None:
        """How a device is reached."""
        ...


class ReceiptBook(Protocol):
    """Where work goes on after a crash, and which addresses are dead."""

    @property
    def sends(self) -> Sends:
        """What the receipts say."""
        ...

    async def current(self) -> None:
        """Wait until they are those of this moment."""
        ...

    def of(self, order: Order) -> Receipt | None:
        """The newest receipt of an order."""
        ...


@dataclass(slots=True)
class Held:
    """An order under way. `since_s`: when it was taken (event loop's time); `dirty`: a receipt is due; `rank`: its loudest."""

    record: Record
    work: Work
    since_s: float
    dirty: bool = False
    rank: int = field(init=False)

    def __post_init__(self) -> None:
        """An order stays as loud as it is."""
        self.rank = max((item.rank for item in self.order.notice.items), default=0)

    @property
    def order(self) -> Order:
        """The order."""
        return self.work.order


Template = tuple[Notice, Language, Channel]
"""What makes two orders' messages the same one."""


def loudness(held: Held) -> tuple[int, float]:
    """Sorts the loudest first, then as they came."""
    return -held.rank, held.since_s


def template(order: Order) -> Template:
    """What its message is made from, whoever it is for."""
    return order.notice, order.language, order.channel
