"""From a decision to a person: what is told, to whom it was decided, what was ordered, what became of it.

decision (who is told of a change, written first) → orders (≤ 500 device ids of one language and channel) → receipts.
Orders carry device ids, never addresses.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from schemas.alert import WIRE, Alert, Drill, Origin, Status
from schemas.area import AreaCode
from schemas.subscription import Channel, Language
from schemas.text import Text

ORDER_DEVICES_MAX = 500
"""Device ids of one order: FCM's batch, and small enough to overtake."""


class Change(StrEnum):
    """What changed for a person; repeats, re-issues and lapses are no change."""

    NEW = "new"
    """A hazard that they were not told of is in force at a rank they follow."""
    RISE = "rise"
    """Its rank rose."""
    LOWERED = "lowered"
    """It is in force still, at a lower rank than they were told; said only where the city's rules say so, without a sound."""
    END = "end"
    """The source said that it is over, or its stated end has come."""
    CANCEL = "cancel"
    """It was issued by mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that is told: the structured message behind every text, on every channel.

    `event`: the source's own name of it (「レベル４土砂災害危険警報」). `level`: 警戒レベル or None; `rank`: how loudly. For
    END and CANCEL both are those that were told. `was`: of a RISE and of LOWERED, the rank that they had been told before.
    `instruction`: the office's own words in each language, "" for the table's action.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    change: Change
    hazard: str
    area: AreaCode
    area_desc: str
    event: str
    level: int | None = None
    rank: int
    was: int | None = None
    origin: Origin = Origin.OFFICIAL
    instruction: str = ""
    instruction_easy: str = ""
    instruction_en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What one person is told at once: the worst item first, with when and by whom. Rendered per language and channel."""

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    alert: str
    """Identifier of the alert."""
    stream: str
    revision: str
    status: Status
    drill: Drill | None = None
    sent: datetime
    sender_name: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Of a decision: those who get the same items. `devices`: base64 of a portable Roaring bitmap of device numbers."""

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    items: tuple[Item, ...]
    devices: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """Who has been told of a hazard in an area at a rank or above: payload of topic `ledger`.

    Key `run:shard:hazard:area:rank`. `run` is `real` or `drill-<run>`. `area` is the municipality that
    people follow; the alert may have named a larger one, which `area_desc` and the item in `notice` say. `notice` is
    what told it, with its one item: what an end speaks of, even when its stream is gone. `lowered_at`: since when less
    than this rank is in force (remembered for a while, so that what goes down and up again tells nobody twice). `devices`:
    base64 of a portable Roaring bitmap; an empty one (in a decision only) means that the entry is forgotten.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    run: str
    shard: int
    hazard: str
    area: AreaCode
    rank: int
    level: int | None = None
    event: str = ""
    area_desc: str = ""
    origin: Origin = Origin.OFFICIAL
    notice: Notice | None = None
    lowered_at: datetime | None = None
    devices: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Who is told, decided once: payload of topic `decisions`, key `<cause>:<shard>`.

    `cause`: id of the record that gave rise to it (an alert's, a receipt's), or, where it was time or a source heard
    again, `<why>:<stream>:<revision>:<when>`. `groups` is empty when nobody is told. Of two decisions with one key the
    first in the log counts.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    cause: str
    shard: int
    decided_at: datetime
    notice: Notice
    """Without items; each group has its own."""
    groups: tuple[Told, ...]
    ledger: tuple[LedgerEntry, ...]
    """The entries as they stand after it: absolute, so that writing them twice changes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Payload of topic `deliveries.*`, key `<cause>:<shard>:<seq>`: tell these devices this.

    `expires`: when it is no longer worth telling by the source's stated end; `lease`: whose lease it holds under ("" for
    none). `silent`: without alarm sound (drills always).
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    id: str
    shard: int
    language: Language
    channel: Channel
    devices: tuple[str, ...]
    notice: Notice
    decided_at: datetime
    expires: datetime | None = None
    lease: str = ""
    silent: bool = False


class Outcome(StrEnum):
    """What became of one device of an order."""

    ACCEPTED = "accepted"
    """The channel took it; that a person saw it nobody can say."""
    DEAD = "dead"
    """The address is no more; ignored until the device gives a new one."""
    NO_ADDRESS = "no-address"
    SUPERSEDED = "superseded"
    """Something newer is in force, which has its own order."""
    EXPIRED = "expired"
    """Its validity ended before it could be sent."""
    REFUSED = "refused"
    """The channel refuses our message itself: a fault of ours, an alarm."""


UNTOLD = frozenset({Outcome.DEAD, Outcome.NO_ADDRESS, Outcome.SUPERSEDED, Outcome.EXPIRED, Outcome.REFUSED})
"""Who met one of these was not told: the ledger takes them out, and no end follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceOutcome:
    """An outcome that somebody must know by device: all but the accepted. `address_sha256` of a dead address."""

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    device: str
    outcome: Outcome
    address_sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Payload of topic `receipts`, key the order's id; written as the work goes on, each the whole state so far.

    `progress`: devices taken up, counted from the front of the order; all of them are settled but those in `waiting`
    (under way, or to be tried again). A worker after a crash goes on with `waiting` and from `progress`. `final`: all
    are settled. `latency_ms_max`: from decision to the channel's answer.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    order: str
    alert: str
    stream: str
    revision: str
    channel: Channel
    progress: int
    total: int
    final: bool
    accepted: int = 0
    waiting: tuple[str, ...] = ()
    others: tuple[DeviceOutcome, ...] = ()
    latency_ms_max: int = 0
    reported_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceNumber:
    """Payload of topic `numbers`: key device id → its dense number; key `next:<shard>` → the first never given."""

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Payload of topic `questions`: why was this device told of this alert, or not; or whom would a draft be pushed to.

    Every shard answers for its own devices. `draft`: an alert that is not issued; then `device` and `alert` are empty.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    id: str
    device: str = ""
    alert: str = ""
    draft: Alert | None = None
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Whom an alert would be pushed to. A device counts once in `devices`, and in each area that it would be told of.

    `unreachable`: they follow it and have no usable address; `asleep`: they follow it and it is their quiet hours.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    devices: int
    by_area: tuple[tuple[AreaCode, int], ...] = ()
    by_language: tuple[tuple[str, int], ...] = ()
    by_channel: tuple[tuple[str, int], ...] = ()
    unreachable: int = 0
    asleep: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Payload of topic `answers`: the chain in words, one line a step; empty where the device is not this shard's.

    `reasons`: the same for the resident, without what only an officer needs. `reach`: of a draft, whom this shard would tell.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    question: str
    shard: int
    lines: tuple[str, ...] = ()
    reasons: tuple[Text, ...] = ()
    reach: Reach | None = None
