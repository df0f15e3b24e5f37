"""Before each attempt: does what the order says still hold, and where does it go. And the message that it becomes.

An order's claims are held against the situation as this gateway knows it (invariant 2, 4, 6): what rose, fell, ended or
began again since has an order of its own; what ran out is not told any more. Addresses come from the subscriptions; one
that was found dead counts as none until the device gives a newer one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType

from schemas.alert import Status
from schemas.lifecycle import Stream
from schemas.notification import Change, Item, Notice, Order, Outcome
from schemas.subscription import Channel, Permission
from services.gateway.core.said import NOTHING, Place, Said, rank, run_of
from services.gateway.core.sending import Attempt, Push, Verdict
from services.gateway.core.wording import Medium, Names, word

ORDER_AGE_MAX = timedelta(hours=24)
"""How long an order without any stated end is worth telling; a newer word would have superseded it long before."""
TTL_MAX_S = 2_419_200
"""FCM's own bound: four weeks."""
DOUBT_MIN = 5
"""So many addresses called malformed at once, and none accepted, is a fault of our message, not of the addresses."""
MALFORMED = "INVALID_ARGUMENT"
"""The code under which a channel calls one address malformed."""
TAG_CHARS = 24


class Fate(StrEnum):
    """What is to become of an order at this moment."""

    SEND = "send"
    LATER = "later"
    """The situation that this gateway knows is older than the order."""
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is in force as this gateway knows it: what the streams say, and how far each is known."""

    said: Said = field(default_factory=lambda: NOTHING)
    streams: Mapping[str, Stream] = field(default_factory=lambda: MappingProxyType({}))


# --- whether it is sent ---


def valid_until(order: Order, leases: Mapping[str, datetime]) -> datetime:
    """Until when the order is worth telling: its stated end, its lease's end, or a day where it has neither."""
    ends = [end for end in (order.expires, leases.get(order.lease)) if end is not None]
    return min(ends, default=order.decided_at + ORDER_AGE_MAX)


def fate(order: Order, situation: Known, leases: Mapping[str, datetime], now: datetime) -> Fate:
    """What is to become of the order now; asked before every attempt."""
    notice = order.notice
    if now >= valid_until(order, leases):
        return Fate.EXPIRED
    if notice.status is Status.TEST:
        return Fate.SEND
    known = situation.streams.get(notice.stream)
    if known is None or known.revision < notice.revision:
        return Fate.LATER
    return Fate.SEND if all(_holds(item, notice, situation.said, now) for item in notice.items) else Fate.SUPERSEDED


def _holds(item: Item, notice: Notice, said: Said, now: datetime) -> bool:
    """Whether it is still so. Where one thing is not, the whole notice is not sent: the others are told anew."""
    found = rank(said, Place(run_of(notice.drill), item.hazard, item.area), now)
    return found is None if item.change in {Change.END, Change.CANCEL} else found == item.rank


# --- where it goes ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """How a device is reached, of its subscription."""

    channel: Channel
    value: str | None
    given_at: datetime | None
    permission: Permission = Permission.UNKNOWN


def fingerprint(address: str) -> str:
    """How an address is named in receipts: its SHA-256."""
    return sha256(address.encode()).hexdigest()


def target(order: Order, address: Address | None, dead: Mapping[str, datetime]) -> str | Outcome:
    """The address to send to, or why there is none. `dead`: fingerprint → when it was found dead."""
    if order.channel is Channel.DRY_RUN:
        return ""
    usable = address is not None and address.channel is order.channel and address.permission is not Permission.DENIED
    if address is None or not usable or not address.value:
        return Outcome.NO_ADDRESS
    died_at = dead.get(fingerprint(address.value))
    if died_at is not None and (address.given_at is None or address.given_at <= died_at):
        return Outcome.DEAD
    return address.value


# --- what is sent ---


def push_of(order: Order, names: Names, leases: Mapping[str, datetime], now: datetime, *, urgent: bool) -> Push:
    """The message of an order at this moment."""
    notice = order.notice
    text = word(notice, order.language, Medium.PUSH, names)
    until = valid_until(order, leases)
    ttl_s = min(TTL_MAX_S, max(0, int((until - now).total_seconds())))
    return Push(
        title=text.title,
        body=text.body,
        tag=tag(notice),
        ttl_s=ttl_s,
        sent_at=notice.sent,
        expires_at=until,
        urgent=urgent,
        silent=order.silent or notice.drill is not None,
        topic="" if urgent else _topic(notice),
        data=MappingProxyType(_data(order)),
    )


def tag(notice: Notice) -> str:
    """What replaces what on a screen: the same hazard in the same place, of the same run. Its end replaces its beginning."""
    lead = notice.items[0] if notice.items else None
    about = f"{run_of(notice.drill)}|{lead.hazard}|{lead.area}" if lead else notice.stream
    return f"hansho-{sha256(about.encode()).hexdigest()[:TAG_CHARS]}"


def _topic(notice: Notice) -> str:
    """Four are kept for a device that is away, so there are three: an end must not push out a beginning."""
    if notice.drill is not None:
        return "drill"
    over = notice.items and notice.items[0].change in {Change.END, Change.CANCEL}
    return "over" if over else "begun"


def _data(order: Order) -> dict[str, str]:
    """What the app needs to drop repeats, to fetch the truth and to draw the level; strings all."""
    notice = order.notice
    data = {
        "alert": notice.alert,
        "revision": notice.revision,
        "stream": notice.stream,
        "sent": notice.sent.isoformat(),
        "language": order.language.value,
        "drill": "" if notice.drill is None else notice.drill.run,
    }
    if not notice.items:
        return data
    lead = notice.items[0]
    level = {} if lead.level is None else {"level": str(lead.level)}
    return {
        **data,
        **level,
        "change": lead.change.value,
        "hazard": lead.hazard,
        "area": str(lead.area),
        "rank": str(lead.rank),
        "origin": lead.origin.value,
        "items": str(len(notice.items)),
    }


# --- what the answers mean ---


def doubted(attempts: Sequence[Attempt]) -> tuple[Attempt, ...]:
    """The attempts as they are believed.

    A channel that calls every address of a batch malformed has been given a bad message: believing it would empty the
    city's register of addresses.
    """
    malformed = [one for one in attempts if one.verdict is Verdict.DEAD and one.code == MALFORMED]
    if len(malformed) < DOUBT_MIN or any(one.verdict is Verdict.ACCEPTED for one in attempts):
        return tuple(attempts)
    return tuple(Attempt(verdict=Verdict.REFUSED, code=one.code) if one in malformed else one for one in attempts)
