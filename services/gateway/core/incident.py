"""An incident of the office: its state, what can happen to it, and how the one follows from the other.

An incident is one order, shelter or notice from its first draft to its end. At any moment it has at most one draft,
and of that draft at most one submission that waits for a second officer. What went out is kept as the exact bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from schemas.alert import Drill
from schemas.office import APPROVAL_S, LEASE_S, Content, Matter, Purpose


class Standing(StrEnum):
    """What an incident is to everybody outside the office."""

    NOTHING = "nothing"
    """Nothing of it ever went out."""
    IN_FORCE = "in-force"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"
    """It was a mistake, and that was said."""
    DISCARDED = "discarded"
    """Its draft was thrown away before anything went out."""


OVER = frozenset({Standing.ENDED, Standing.WITHDRAWN, Standing.DISCARDED})
"""Nothing can follow but a co-signature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is being written. `author` began it, `editor` changed it last; neither may approve it."""

    version: int
    purpose: Purpose
    content: Content
    author: str
    editor: str
    returned: str = ""
    """Why it was given back, "" when it was not."""
    returned_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """The exact bytes that wait for a second officer."""

    alert: str
    sha256: str
    purpose: Purpose
    by: str
    at: datetime

    def void_at(self) -> datetime:
        """From when on it can no longer be approved."""
        return self.at + timedelta(seconds=APPROVAL_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """Bytes that went out: by whom, approved by whom ("" for alone), and who co-signed what was done alone ("" yet)."""

    alert: str
    sha256: str
    purpose: Purpose
    by: str
    approver: str
    at: datetime
    cosigner: str = ""
    content: Content | None = None
    """What the draft said; None for a withdrawal, which has fixed words."""

    def needs_cosigning(self) -> bool:
        """Whether one officer did it alone and no second has signed since."""
        return not self.approver and not self.cosigner


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """All that decides what may happen next. `version` counts changes of drafts and never falls."""

    id: str
    matter: Matter
    drill: Drill | None = None
    version: int = 0
    draft: Draft | None = None
    submission: Submission | None = None
    issues: tuple[Issue, ...] = ()
    standing: Standing = Standing.NOTHING
    said_at: datetime | None = None
    """When the office last said that it holds; its lease counts from here."""
    given: frozenset[str] = frozenset()
    """Ids of the commands that were judged: a repeat changes nothing."""

    def content(self) -> Content | None:
        """What the last issue said that had a draft: what is in force, while something is."""
        return next((issue.content for issue in reversed(self.issues) if issue.content is not None), None)

    def holds(self, now: datetime) -> bool:
        """Whether it is in force: said so, not taken back, and its stated end, where it has one, has not come."""
        said = self.content()
        expires = said.expires if said else None
        return self.standing is Standing.IN_FORCE and (expires is None or now < expires)

    def lapses_at(self) -> datetime | None:
        """When it lapses unless renewed; None where nothing is in force or an end is stated."""
        said = self.content()
        if self.standing is not Standing.IN_FORCE or self.said_at is None or said is None or said.expires is not None:
            return None
        return self.said_at + timedelta(seconds=LEASE_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class RollEntry:
    """An officer, as far as acting goes."""

    name: str
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Everything the office did, folded. `given`: ids of judged commands about the roll."""

    officers: Mapping[str, RollEntry] = field(default_factory=lambda: MappingProxyType({}))
    incidents: Mapping[str, Incident] = field(default_factory=lambda: MappingProxyType({}))
    given: frozenset[str] = frozenset()

    def name(self, officer: str) -> str:
        """What an officer is called; the id where nobody has said a name."""
        known = self.officers.get(officer)
        return known.name if known else officer


# --- what can happen ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """A draft stands as written, and whatever was submitted is void. The first one of an incident opens it."""

    draft: Draft
    opened: tuple[Matter, Drill | None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Discarded:
    """The draft is gone, and with it what was submitted of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """The bytes wait for a second officer."""

    submission: Submission


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """The submission is void and the draft open again."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """The bytes go out."""

    issue: Issue


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosigned:
    """A second officer signed what one had done alone."""

    sha256: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """The office says that it still holds."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerSet:
    """Somebody is an officer, or is no longer."""

    officer: str
    name: str
    enabled: bool


Event = Drafted | Discarded | Submitted | Returned | Issued | Cosigned | Renewed | OfficerSet

_AFTER = {Purpose.END: Standing.ENDED, Purpose.WITHDRAW: Standing.WITHDRAWN}


def evolve(before: Incident | None, incident: str, events: Iterable[Event]) -> Incident | None:
    """The incident after these events; None while there is none."""
    now = before
    for event in events:
        now = _opened(now, incident, event) if now is None else _after(now, event)
    return now


def _opened(now: Incident | None, incident: str, event: Event) -> Incident | None:
    if not isinstance(event, Drafted) or event.opened is None:
        return now
    matter, drill = event.opened
    return _after(Incident(id=incident, matter=matter, drill=drill), event)


def _after(now: Incident, event: Event) -> Incident:  # noqa: PLR0911 - one return an event
    match event:
        case Drafted(draft=draft):
            return replace(now, version=draft.version, draft=draft, submission=None)
        case Discarded():
            standing = Standing.DISCARDED if now.standing is Standing.NOTHING else now.standing
            return replace(now, draft=None, submission=None, standing=standing)
        case Submitted(submission=submission):
            return replace(now, submission=submission, draft=_unreturned(now.draft))
        case Returned(by=by, reason=reason):
            returned = None if now.draft is None else replace(now.draft, returned=reason, returned_by=by)
            return replace(now, submission=None, draft=returned)
        case Issued(issue=issue):
            return replace(
                now,
                draft=None,
                submission=None,
                issues=(*now.issues, issue),
                standing=_AFTER.get(issue.purpose, Standing.IN_FORCE),
                said_at=issue.at,
            )
        case Cosigned(sha256=sha256, by=by):
            issues = (replace(one, cosigner=by) if one.sha256 == sha256 else one for one in now.issues)
            return replace(now, issues=tuple(issues))
        case Renewed(at=at):
            return replace(now, said_at=at)
    return now  # who is an officer is nothing of the incident's


def _unreturned(draft: Draft | None) -> Draft | None:
    return None if draft is None else replace(draft, returned="", returned_by="")
