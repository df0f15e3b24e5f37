"""When to try again: after one message failed, and after the channel itself did. Chance comes in as an argument.

A message that failed waits for itself (exponential, with jitter, or as long as the channel says). Where every answer is a
failure the *gate* closes for the whole channel, and one message asks whether it is open again: an outage must not be
met with as many requests as there are messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.gateway.core.sending import Attempt, Verdict

BACKOFF_FIRST_S = 1.0
BACKOFF_MAX_S = 64.0
"""Longest wait of our own choosing: a channel that comes back is used again within about a minute and a half."""
RETRY_AFTER_MAX_S = 600.0
"""Longest wait that a channel may ask for; an hour of silence would outlive most orders."""
HOLD_S = 30.0
"""How often one message asks whether our credentials are accepted again."""


def backoff_s(failures: int, jitter: float) -> float:
    """1, 2, 4 … 64 s after that many failures in a row, times 0.5 to 1.5 by `jitter` (0 to 1)."""
    exponent = min(max(failures, 1) - 1, 16)
    return min(BACKOFF_MAX_S, BACKOFF_FIRST_S * 2.0**exponent) * (0.5 + jitter)


def again_at(attempt: Attempt, failures: int, now: datetime, jitter: float) -> datetime:
    """When a message that failed `failures` times in a row, this time included, is tried again."""
    asked_s = attempt.retry_after_s
    if asked_s is None:
        return now + timedelta(seconds=backoff_s(failures, jitter))
    # not all at the same moment: a second of spread on top of what was asked
    return now + timedelta(seconds=min(asked_s, RETRY_AFTER_MAX_S) + jitter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Whether a channel may be used. `failures`: answers in a row that were none; `held`: our credentials are refused.

    `strays`: messages in a row that failed while it was open, too few as yet to say anything about the channel.
    """

    failures: int = 0
    strays: int = 0
    closed_until: datetime | None = None
    closed_since: datetime | None = None
    held: bool = False

    def allowance(self, now: datetime, many: int) -> int:
        """How many messages may be under way: `many`, one to ask whether it is open again, or none."""
        if self.closed_until is None:
            return many
        return 1 if now >= self.closed_until else 0


def heard(gate: Gate, attempts: Sequence[Attempt], now: datetime, jitter: float) -> Gate:
    """The gate after the channel's answers to one batch."""
    if not attempts or gate.allowance(now, 1) == 0:
        # answers to what was under way when it closed say nothing new
        return gate
    since = gate.closed_since or now
    failures = gate.failures + 1
    paused_s = max((one.retry_after_s or 0.0 for one in attempts if one.pauses_all), default=0.0)
    if any(one.verdict is Verdict.HOLD for one in attempts):
        until = now + timedelta(seconds=HOLD_S)
        return Gate(failures=failures, closed_until=until, closed_since=since, held=True)
    if paused_s > 0:
        until = now + timedelta(seconds=min(paused_s, RETRY_AFTER_MAX_S) + jitter)
        return Gate(failures=failures, closed_until=until, closed_since=since)
    if not all(one.verdict is Verdict.RETRY for one in attempts):
        return Gate()
    strays = gate.strays + len(attempts)
    if gate.failures == 0 and strays < FEW:
        return Gate(strays=strays)
    until = now + timedelta(seconds=backoff_s(failures, jitter))
    return Gate(failures=failures, closed_until=until, closed_since=since)


FEW = 3
"""Fewer failures in a row than this say nothing about the channel: one phone's message may fail by itself."""
