"""What goes to a channel and what comes back: the words that the core and every channel share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType


class Verdict(StrEnum):
    """How a channel answered for one device; each channel classifies its own failures into these."""

    ACCEPTED = "accepted"
    DEAD = "dead"
    """The address is no more."""
    RETRY = "retry"
    """It may work later: the channel is busy, down or did not answer. A message may have arrived all the same."""
    REFUSED = "refused"
    """Our message itself is wrong: it would fail for everybody, so nobody else is tried."""
    HOLD = "hold"
    """Our credentials are refused: nothing goes out until somebody mends them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A message as every device of an order gets it.

    `tag`: a later message with the same tag replaces this one on the screen. `data`: for the app; strings. `ttl_s`: how
    long the channel may keep it for a device it cannot reach; `urgent`: of the emergency lane; `silent`: without sound.
    `topic`: of messages that are not urgent, which of them may replace each other while the device is away.
    """

    title: str
    body: str
    tag: str
    ttl_s: int
    sent_at: datetime
    expires_at: datetime
    urgent: bool = False
    silent: bool = False
    topic: str = ""
    data: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One message to one device. The address is the channel's; it is never logged."""

    device: str
    address: str
    push: Push


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What became of one sending. `code`: the channel's own word for it, for people and metrics, never an address.

    `retry_after_s`: how long the channel asked us to wait; `pauses_all`: that it meant everything, not this message.
    """

    verdict: Verdict
    code: str = ""
    retry_after_s: float | None = None
    pauses_all: bool = False
    message_id: str = ""
