"""What the office does, as it stands in topic `office`, and who its officers are, as it stands in topic `registry`.

A record of `office` is a *command*: what an officer asked for, with all that is needed to judge it for ever after.
Whether it took effect does not stand in it. Every gateway folds the topic with one pure function
(services/gateway/core/approval.py) and comes to the same answer; `deadline` makes sure that what was answered "not
accepted" cannot come true later, and `rules` that nobody judges by other rules than those the officer was told.

What would go out travels as the exact JSON text (`alert`): approval is bound to the SHA-256 of its bytes, and exactly
these bytes are appended to `alerts.*`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, ClassVar, Literal

from schemas.alert import WIRE, Drill
from schemas.area import AreaCode
from schemas.text import Text

RULES = 1
"""The version of the rules by which commands are judged; a change of a rule keeps the old one for old commands."""
APPROVAL_S = 30 * 60
"""How long a submission may be approved; then it is void and must be submitted anew."""
LEASE_S = 12 * 3600
"""How long an order without a stated end holds after the office last said so: a watch and its relief."""
COMMAND_S = 15
"""How long after it was given a command may still be appended; the fold refuses what was appended later."""
ROLL = "officers"
"""The key under which it stands who is an officer: no incident has this id."""
ADMIN = "admin"
"""The actor of whoever has the machine itself: adds and disables officers, and can do nothing else."""

DISTRICTS_MAX = 200
"""Characters of the districts' names: two lines on a sign."""
MESSAGE_MAX = 400
"""Characters of a message in one language: what a screen of a phone holds in large type."""
REASON_MAX = 400
NAME_MAX = 40


class Matter(StrEnum):
    """What kind of thing the office says."""

    ORDER = "order"
    """避難情報: level 3, 4 or 5."""
    SHELTER = "shelter"
    """避難所."""
    NOTICE = "notice"
    """お知らせ."""


class Purpose(StrEnum):
    """What a draft, and the alert made from it, is to do."""

    ISSUE = "issue"
    CHANGE = "change"
    """Another level, other areas, other words, a correction."""
    END = "end"
    WITHDRAW = "withdraw"
    """It was a mistake; with fixed words and without a draft."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a draft says.

    `level` 3–5 of an order, else None; `cause` a hazard id or "". `areas` are the city's own; `districts` says in words
    which part of them is meant (of a shelter: which). `expires` is a stated end; an order has none, it holds by lease.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    level: int | None = None
    cause: str = ""
    areas: tuple[AreaCode, ...] = ()
    districts: str = ""
    message: Text
    expires: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Begin an incident with a first draft. Matter and drill are settled here and never change."""

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    do: Literal["open"] = "open"
    matter: Matter
    drill: Drill | None = None
    content: Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Replace the draft that stood at `version`, or begin one for another purpose where none is open."""

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    do: Literal["edit"] = "edit"
    version: int
    purpose: Purpose
    content: Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Discard:
    """Throw the draft away."""

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    do: Literal["discard"] = "discard"
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """Ask a second officer to let exactly these bytes go out."""

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    do: Literal["submit"] = "submit"
    version: int
    alert: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve:
    """Let the submitted bytes go out. `drill` is what the officer was told it is."""

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    do: Literal["approve"] = "approve"
    sha256: str
    drill: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """Give a submission back to be changed."""

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    do: Literal["return"] = "return"
    sha256: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueAlone:
    """Break the glass: let the draft go out without a second officer, loudly, to be co-signed later."""

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    do: Literal["issue-alone"] = "issue-alone"
    version: int
    alert: str
    confirmation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    """Say with fixed words that what is in force was a mistake; one officer, to be co-signed later."""

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    do: Literal["withdraw"] = "withdraw"
    alert: str
    confirmation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosign:
    """A second officer has seen what one did alone."""

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    do: Literal["cosign"] = "cosign"
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Renew:
    """It still holds: the lease begins anew."""

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    do: Literal["renew"] = "renew"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetOfficer:
    """Somebody is an officer, or is no longer; only under `ROLL`, only by `ADMIN`."""

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    do: Literal["set-officer"] = "set-officer"
    officer: str
    name: str
    enabled: bool


Body = Open | Edit | Discard | Submit | Approve | Return | IssueAlone | Withdraw | Cosign | Renew | SetOfficer


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeCommand:
    """Payload of topic `office`, key the incident's id (or `ROLL`).

    `id` comes with the form, so a second press of a button is the same command. `at`: when the gateway took it.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    id: str
    incident: str
    actor: str
    at: datetime
    deadline: datetime
    rules: int = RULES
    body: Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """Payload of topic `registry`, key `officer:<id>`: how an officer proves who they are.

    `password` is argon2id's own encoded form (parameters, salt, hash). Whether they may act stands in `office`.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    officer: str
    name: str
    password: str
    enabled: bool
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeSession:
    """Payload of topic `registry`, key `session:<SHA-256 of its token>`: an officer who has logged in.

    The token has 256 random bits, so a fast hash is right. `seen_at` is renewed while it is used.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    officer: str
    began_at: datetime
    seen_at: datetime


def fingerprint(alert: str) -> str:
    """SHA-256 (64 hex digits) of the exact bytes that are shown, approved and appended."""
    return sha256(alert.encode()).hexdigest()


def lease_source(incident: str) -> str:
    """The source under whose lease an order holds: every incident is its own."""
    return f"office:{incident}"


def stream_of(incident: str, drill: Drill | None) -> str:
    """The stream id of an incident; a drill's run stands in it, so that no drill shares a stream with anything real."""
    return f"office:{incident}~{drill.run}" if drill is not None else f"office:{incident}"
