"""What a gateway knows at one moment: the value that every answer of it is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from schemas.status import StatusReport
from services.gateway.core import leases
from services.gateway.core.mirror import Mirror


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why something does not work, since when, and what to do."""

    since: datetime
    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One moment.

    `loaded`: the situation was read up to its head once, and its epoch is known. `as_of`: when the mirror was last
    known to be the whole situation; it stays behind `now` while the log cannot be read (`reading`). `appending` is why
    the log refuses appends. `unreadable` are records of the situation that this program cannot read, by key: what it
    shows of these streams is older than what is known.
    """

    now: datetime
    started_at: datetime
    mirror: Mirror = field(default_factory=Mirror)
    reports: Mapping[str, StatusReport] = field(default_factory=lambda: MappingProxyType({}))
    loaded: bool = False
    as_of: datetime | None = None
    reading: Trouble | None = None
    appending: Trouble | None = None
    unreadable: Mapping[str, Trouble] = field(default_factory=lambda: MappingProxyType({}))

    def leases(self) -> dict[str, datetime]:
        """Until when the word of each source holds."""
        return leases.effective(self.reports, self.started_at)
