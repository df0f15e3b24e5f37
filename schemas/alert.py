"""An alert in the words of CAP 1.2, with the few fields a city's service needs besides.

Elements named as in the standard (OASIS CAP-v1.2, clause in each docstring) carry its meaning; snake_case here,
CAP's own spelling on the wire (`msg_type` ↔ `msgType`). Ours are `streams`, `revision`, `report`, `lease`, `drill`
and, in `Info`, `hazard`, `level`, `rank`, `state`; CAP export writes them as `parameter`s.

An alert is a full snapshot of its streams: what it does not list is not in force by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from schemas.area import AreaCode


def camel(name: str) -> str:
    """CAP's spelling of a field: `area_desc` → `areaDesc`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


WIRE: dict[str, Any] = {"alias_generator": camel, "validate_by_name": True, "extra": "ignore"}
"""How contract types are written: CAP's spelling, unknown fields ignored (read by pydantic, which is not imported here)."""


OWN_SOURCE = "office"
"""The source of what this city's office issues here."""


class Status(StrEnum):
    """CAP 3.2.1 status: how to handle the message."""

    ACTUAL = "Actual"
    EXERCISE = "Exercise"
    SYSTEM = "System"
    TEST = "Test"
    DRAFT = "Draft"


class MsgType(StrEnum):
    """CAP 3.2.1 msgType: its nature."""

    ALERT = "Alert"
    UPDATE = "Update"
    CANCEL = "Cancel"
    ACK = "Ack"
    ERROR = "Error"


class Scope(StrEnum):
    """CAP 3.2.1 scope: whom it is meant for."""

    PUBLIC = "Public"
    RESTRICTED = "Restricted"
    PRIVATE = "Private"


class Category(StrEnum):
    """CAP 3.2.2 category of the event."""

    GEO = "Geo"
    MET = "Met"
    SAFETY = "Safety"
    SECURITY = "Security"
    RESCUE = "Rescue"
    FIRE = "Fire"
    HEALTH = "Health"
    ENV = "Env"
    TRANSPORT = "Transport"
    INFRA = "Infra"
    CBRNE = "CBRNE"
    OTHER = "Other"


class Urgency(StrEnum):
    """CAP 3.2.2 urgency: when to act."""

    IMMEDIATE = "Immediate"
    EXPECTED = "Expected"
    FUTURE = "Future"
    PAST = "Past"
    UNKNOWN = "Unknown"


class Severity(StrEnum):
    """CAP 3.2.2 severity: threat to life or property."""

    EXTREME = "Extreme"
    SEVERE = "Severe"
    MODERATE = "Moderate"
    MINOR = "Minor"
    UNKNOWN = "Unknown"


class Certainty(StrEnum):
    """CAP 3.2.2 certainty of what is told."""

    OBSERVED = "Observed"
    LIKELY = "Likely"
    POSSIBLE = "Possible"
    UNLIKELY = "Unlikely"
    UNKNOWN = "Unknown"


class InfoState(StrEnum):
    """Whether an info block says that something is in force or that it is over."""

    ACTIVE = "active"
    RELEASED = "released"


class Surface(StrEnum):
    """Where a drill may be shown; a drill reaches only those it names."""

    SIGN = "sign"
    PAGE = "page"
    PUBLIC = "public"
    PUSH = "push"


class Origin(StrEnum):
    """The three kinds of event that stay apart: an official warning, a gauge crossing, a municipality's own word."""

    OFFICIAL = "official"
    GAUGE = "gauge"
    OFFICE = "office"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """Of an Exercise: the run it belongs to (runs of one source sort as strings) and the surfaces it may reach."""

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    run: str
    surfaces: tuple[Surface, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """CAP 3.2.4 area. `code` is our geocode: valueName and value as one (scheme, code); None where the source has none."""

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    area_desc: str
    code: AreaCode | None = None
    polygon: tuple[str, ...] = ()
    circle: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    """CAP 3.2.2 info: one hazard in one state, at one level and rank, in one set of areas.

    `event` is the source's own name of it (「レベル４土砂災害危険警報」), `event_code` its code. `level` is the 警戒レベル
    1–5 from the source's codes or None; `rank` 1–5 how loudly we tell; both None when released. `instruction_easy` and
    `instruction_en` say what `instruction` says in the other languages, where the source itself wrote them (the office
    does): one block stays one hazard in one state; CAP export writes a block a language.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    category: Category
    event: str
    hazard: str
    state: InfoState
    level: int | None = None
    rank: int | None = None
    urgency: Urgency
    severity: Severity
    certainty: Certainty
    event_code: str = ""
    language: str = "ja"
    effective: datetime | None = None
    onset: datetime | None = None
    expires: datetime | None = None
    headline: str = ""
    description: str = ""
    instruction: str = ""
    instruction_easy: str = ""
    instruction_en: str = ""
    area: tuple[Area, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """CAP 3.2.1 alert: a full snapshot of its streams at one revision.

    `identifier`, `revision` and everything else come from the source's content alone, so a copy by another route is
    equal. `revision` sorts as a string within a stream. `report` names what a revision repeats: a 訂正 has the report
    of what it corrects, a 取消 the report it withdraws ("" where the source does not say). `references` are CAP
    triples "sender,identifier,sent". `lease` is the source: its being heard keeps a validity without a
    stated end, and shows that its backlog is in ("" for none). `drill` is set exactly for status Exercise.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    identifier: str
    sender: str
    sender_name: str
    sent: datetime
    status: Status
    msg_type: MsgType
    scope: Scope = Scope.PUBLIC
    source: str
    origin: Origin = Origin.OFFICIAL
    streams: tuple[str, ...]
    revision: str
    report: str = ""
    references: tuple[str, ...] = ()
    lease: str = ""
    drill: Drill | None = None
    event: str = ""
    headline: str = ""
    info: tuple[Info, ...] = ()

    def __post_init__(self) -> None:
        """Hold the two rules no reader could repair: a drill says so, and an alert has a stream."""
        if (self.status is Status.EXERCISE) != (self.drill is not None):
            msg = f"{self.identifier}: status {self.status} and drill {self.drill} contradict each other"
            raise ValueError(msg)
        if not self.streams:
            msg = f"{self.identifier}: an alert without a stream could never be ended"
            raise ValueError(msg)


def is_own(alert: Alert) -> bool:
    """Whether this city's office wrote it here: a municipality's order by another route is an order, and none of ours."""
    return alert.source == OWN_SOURCE


def active(info: Info) -> bool:
    """Whether the block says that its hazard is in force somewhere."""
    return info.state is InfoState.ACTIVE and bool(info.area)


def top_rank(alert: Alert) -> int | None:
    """The highest rank in force by this alert, None when nothing is."""
    return max((info.rank for info in alert.info if active(info) and info.rank is not None), default=None)
