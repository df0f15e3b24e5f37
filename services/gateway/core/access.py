"""Who may come in: how long a log-in lasts, and who must wait after failures. Numbers and decisions, no passwords.

Codes of the door:

    E5501  not logged in, or the log-in is over      E5504  the form is not ours, or too old
    E5502  name and password do not fit              E5508  too many log-ins at once
    E5503  too many failures: wait                   E5509  no such page of the office
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac

from schemas.office import OfficeSession

IDLE_S = 60 * 60
"""A log-in that nobody uses ends; the situation page asks by itself, so a screen that is watched stays."""
ABSOLUTE_S = 12 * 3600
"""A watch; then the relief logs in as themselves."""
SEEN_EVERY_S = 5 * 60
"""How often it is written down that a log-in is in use: not at every request."""
SESSIONS_MAX = 5
"""Log-ins of one officer at the same time; of more the oldest ends."""

ACCOUNT_FAILURES_MAX = 5
ADDRESS_FAILURES_MAX = 20
"""Failures until a name, or everybody at an address, must wait. A city hall's desks may share one address."""
WAIT_FIRST_S = 15.0
"""The first wait, doubled at every further failure."""
ACCOUNT_WAIT_MAX_S = 60.0
"""The longest wait of a name: guessing stays hopeless, and whoever knows an officer's name cannot keep them out."""
ADDRESS_WAIT_MAX_S = 15 * 60.0
FORGET_S = 30 * 60.0
"""After so long without a failure it is forgotten."""
_DOUBLINGS_MAX = 16
"""Beyond these every wait is at its longest anyway, and 2**n only grows."""
REMEMBERED_MAX = 10_000
"""Names and addresses remembered (about 2 MB); of more, the one that failed longest ago is forgotten."""


class TooBusy(Exception):
    """More people try to log in than can be checked; nobody was refused for what they typed."""


def token_key(token: str) -> str:
    """Under which a log-in is kept: never the token itself."""
    return sha256(token.encode()).hexdigest()


def form_token(secret: str) -> str:
    """What a form of this log-in carries: derived from the token in the cookie, which no other site can read."""
    return hmac(secret.encode(), b"form", sha256).hexdigest()


def is_our_form(secret: str, given: str) -> bool:
    """Whether a form came from a page of this log-in; takes equally long for every wrong answer."""
    return compare_digest(form_token(secret), given)


def is_alive(session: OfficeSession, now: datetime) -> bool:
    """Whether a log-in still holds."""
    idle_s, age_s = (now - session.seen_at).total_seconds(), (now - session.began_at).total_seconds()
    return idle_s < IDLE_S and age_s < ABSOLUTE_S


def is_worth_noting(session: OfficeSession, now: datetime) -> bool:
    """Whether it is time to write down that a log-in is in use."""
    return (now - session.seen_at).total_seconds() >= SEEN_EVERY_S


def ends_at(session: OfficeSession) -> datetime:
    """When the officer must log in anew, whatever they do."""
    return session.began_at + timedelta(seconds=ABSOLUTE_S)


@dataclass(slots=True)
class _Failures:
    count: int
    last_s: float


@dataclass(slots=True, kw_only=True)
class Lockout:
    """Failures by name or address. Time is monotonic seconds: setting the clock back frees nobody."""

    failures_max: int
    wait_max_s: float
    _failed: OrderedDict[str, _Failures] = field(default_factory=OrderedDict)

    def wait_s(self, key: str, now_s: float) -> float:
        """How long this name or address must still wait; 0 when it may try."""
        known = self._failed.get(key)
        if known is None or known.count < self.failures_max:
            return 0.0
        doubled = min(known.count - self.failures_max, _DOUBLINGS_MAX)
        wait_s = min(self.wait_max_s, WAIT_FIRST_S * 2.0**doubled)
        return max(0.0, known.last_s + wait_s - now_s)

    def failed(self, key: str, now_s: float) -> None:
        """Note a failure."""
        known = self._failed.pop(key, None)
        fresh = known is None or now_s - known.last_s >= FORGET_S
        self._failed[key] = _Failures(1 if known is None or fresh else known.count + 1, now_s)
        while len(self._failed) > REMEMBERED_MAX:
            self._failed.popitem(last=False)

    def succeeded(self, key: str) -> None:
        """Forget the failures of somebody who came in."""
        self._failed.pop(key, None)

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._failed)
