"""What the office's pages stand on: the folded office, what the gateway knows, and who may come in."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from schemas.alert import Alert
from schemas.area import AreaCode, City
from schemas.notification import Reach
from schemas.office import Body, OfficeCommand, Officer, OfficeSession
from schemas.text import Text
from services.gateway.core import access
from services.gateway.core.access import Lockout
from services.gateway.core.answers import Given
from services.gateway.core.audience import Audience, audience
from services.gateway.core.composing import Sender
from services.gateway.core.console import Sending
from services.gateway.core.health import Crowd, Problem
from services.gateway.core.history import Entry
from services.gateway.core.incident import Office
from services.gateway.core.outline import Outline
from services.gateway.core.view import View
from services.runtime.clock import Clock


class Store(Protocol):
    """The office as folded here, and the way to give it commands (services/gateway/store/office.py)."""

    office: Office
    entries: list[Entry]
    link: str
    position: int
    officers: Mapping[str, Officer]
    sessions: dict[str, OfficeSession]

    @property
    def loaded(self) -> bool:
        """Whether it was read to its head once."""
        ...

    def incident_entries(self, incident: str) -> Sequence[Entry]:
        """Everything asked for about an incident."""
        ...

    def judged(self, command: str) -> Entry | None:
        """What came of a command."""
        ...

    async def passed(self, offset: int) -> None:
        """Wait until the fold has taken the record at this offset."""
        ...

    def command(
        self,
        *,
        id: str,  # noqa: A002 - CloudEvents' word
        incident: str,
        actor: str,
        body: Body,
        at: datetime | None = None,
    ) -> OfficeCommand:
        """A command given now, or at the moment at which the alert in it was composed."""
        ...

    async def give(self, command: OfficeCommand) -> Given:
        """Append a command and answer what it did."""
        ...

    async def session(self, key: str) -> OfficeSession | None:
        """A log-in, also one that another gateway took a moment ago."""
        ...

    async def log_in(self, key: str, session: OfficeSession) -> None:
        """Keep a log-in."""
        ...

    async def seen(self, key: str, now: datetime) -> None:
        """Note that a log-in is in use."""
        ...

    async def log_out(self, key: str) -> None:
        """End a log-in."""
        ...


class Passwords(Protocol):
    """Checks passwords (services/gateway/store/passwords.py)."""

    async def verify(self, encoded: str | None, password: str) -> bool:
        """Whether it is the password; raises `access.TooBusy`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """A city on the situation page: its outline and the areas that colour it."""

    name: str
    outline: Outline
    areas: tuple[AreaCode, ...]


def nothing_sent() -> Sequence[Sending]:
    """Where nobody follows the receipts."""
    return ()


async def nobody_counts(_: Alert) -> Reach | None:
    """Where there is no dispatcher to ask."""
    return None


@dataclass(slots=True, kw_only=True)
class Desk:
    """Everything the pages use. `problems` are those of the whole path; `sendings` is how far notices have come.

    `reach` counts whom a draft would be pushed to; it answers None at once, or within a moment, where nobody can.
    """

    store: Store
    passwords: Passwords
    clock: Clock
    view: Callable[[], View]
    problems: Callable[[View], list[Problem]]
    crowd: Callable[[], Crowd]
    city: City
    sender: Sender
    names: Mapping[AreaCode, Text]
    maps: tuple[Map, ...] = ()
    demo: bool = False
    sendings: Callable[[], Sequence[Sending]] = nothing_sent
    reach: Callable[[Alert], Awaitable[Reach | None]] = nobody_counts
    accounts: Lockout = field(
        default_factory=lambda: Lockout(failures_max=access.ACCOUNT_FAILURES_MAX, wait_max_s=access.ACCOUNT_WAIT_MAX_S)
    )
    addresses: Lockout = field(
        default_factory=lambda: Lockout(failures_max=access.ADDRESS_FAILURES_MAX, wait_max_s=access.ADDRESS_WAIT_MAX_S)
    )

    async def audience(self, alert: Alert) -> Audience | None:
        """Whom an alert would be pushed to, for a page; None where nobody could say in time."""
        found = await self.reach(alert)
        return None if found is None else audience(found, self.city.class20, self.names)

    def new_id(self) -> str:
        """An id for a form's command: 128 random bits."""
        return secrets.token_hex(16)

    def new_token(self) -> str:
        """A log-in's secret: 256 random bits."""
        return secrets.token_urlsafe(32)

    async def caught_up(self, offset: int) -> bool:
        """Whether the fold has come to an offset, after waiting for it a moment."""
        try:
            async with asyncio.timeout(CATCH_UP_S):
                await self.store.passed(offset)
        except TimeoutError:
            return False
        return True


CATCH_UP_S = 2.0
"""How long a page waits for its own gateway to have read what another one took."""
