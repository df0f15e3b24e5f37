"""A CAP message as its sender wrote it, read leniently: what is wrong with it stands beside it, nothing of it is guessed.

The same shape holds CAP 1.0, 1.1 and 1.2, CAP as JSON, and what L-Alert says in its own words (core/cap/lalert.py).

Sources: OASIS CAP-v1.2 §3.2 (elements, references), the project's notes on CAP §4.3 (defects that were measured) and
§4.4 (what to do about them).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from schemas.alert import Category, Certainty, MsgType, Scope, Severity, Status, Urgency
from services.ingest.core.defect import Code, Defect

DEFECTS_MAX = 50
"""Defects told of one message; of the others only their number."""

Point = tuple[float, float]
"""Latitude, longitude in degrees (WGS 84), as CAP writes them."""
Ring = tuple[Point, ...]
"""A closed outline: the last point is the first."""


class Family(StrEnum):
    """Whose words a message is in; the `source` of its alert."""

    CAP = "cap"
    LALERT = "lalert"


class Signature(StrEnum):
    """What the signature of a message is worth."""

    CHECKED = "checked"
    """Nothing was changed since it was signed with the key of the certificate in it."""
    UNCHECKED = "unchecked"
    """There is no certificate with it, or one that was not valid then, or it is of a kind that cannot be checked."""
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Named:
    """A valueName and its value: geocode, parameter or eventCode."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A message that another names: sender, identifier and sent as they are written (CAP 3.2.1 references)."""

    sender: str
    identifier: str
    sent: str

    def __str__(self) -> str:
        """CAP's triple."""
        return f"{self.sender},{self.identifier},{self.sent}"


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle: its middle and its radius in km; 0 is a point."""

    middle: Point
    radius_km: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedArea:
    """An area that a message names. `rings` and `circles` are what of its geometry can be used."""

    name: str
    geocodes: tuple[Named, ...] = ()
    rings: tuple[Ring, ...] = ()
    circles: tuple[Circle, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One info of a message (CAP 3.2.2). `expires` is when the hazard ends by the message: `ends`, else `expires`."""

    language: str
    category: Category
    event: str
    responses: tuple[str, ...]
    urgency: Urgency
    severity: Severity
    certainty: Certainty
    event_codes: tuple[Named, ...] = ()
    effective: datetime | None = None
    onset: datetime | None = None
    expires: datetime | None = None
    sender_name: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""
    parameters: tuple[Named, ...] = ()
    areas: tuple[NamedArea, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message. What is None could not be read; `sent` keeps the offset it was written with.

    `type` is what is printed of it: `CAP`, or L-Alert's category. `document` is L-Alert's own name of the series
    (documentID) and `number` its documentRevision; `areas` are those that it names outside of its blocks. `is_unread`: its
    type is known and not read. `signature`: what it is worth, None where there is none.
    """

    family: Family
    type: str
    identifier: str
    sender: str
    sent: datetime | None
    status: Status | None
    msg_type: MsgType | None
    scope: Scope | None
    references: tuple[Reference, ...] = ()
    title: str = ""
    headline: str = ""
    blocks: tuple[Block, ...] = ()
    document: str = ""
    number: int = 0
    areas: tuple[NamedArea, ...] = ()
    is_unread: bool = False
    is_signed: bool = False
    signature: Signature | None = None
    defects: tuple[Defect, ...] = ()


@dataclass(slots=True)
class Notes:
    """Gathers what is wrong with a message, each thing once."""

    _found: dict[Defect, None] = field(default_factory=dict)

    def add(self, code: Code, reason: str) -> None:
        """Say it."""
        self._found[Defect(code=code, reason=reason)] = None

    def told(self) -> tuple[Defect, ...]:
        """The first `DEFECTS_MAX`, and how many more there are."""
        told, rest = tuple(self._found)[:DEFECTS_MAX], len(self._found) - DEFECTS_MAX
        return (*told, Defect(code=Code.MORE_DEFECTS, reason=f"{rest} more defects")) if rest > 0 else told
