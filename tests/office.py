"""The office at work, as values: officers A, B and C, a disabled D, and what they do one after the other. All invented."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from schemas.alert import Drill, Surface
from schemas.area import AreaCode
from schemas.office import (
    ADMIN,
    ROLL,
    Approve,
    Body,
    Content,
    Edit,
    IssueAlone,
    Matter,
    OfficeCommand,
    Open,
    Purpose,
    SetOfficer,
    Submit,
    Withdraw,
)
from schemas.text import Text
from services.gateway.core import approval, composing
from services.gateway.core.approval import Outcome, Step
from services.gateway.core.composing import Sender
from services.gateway.core.incident import Incident, Issue, Office, Submission
from tests.factories import ODAWARA, at

A, B, C, D = "officer-a", "officer-b", "officer-c", "officer-d"
REAL, DRILL = "20260901-aaaaaa", "20260901-dddddd"
SENDER = Sender(
    name=Text(ja="小田原市", easy="おだわらし", en="Odawara City"),
    sender="jp.lg.142069",
    areas={ODAWARA: Text(ja="小田原市", easy="おだわらし", en="Odawara City")},
)
MESSAGE = Text(ja="避難してください。", easy="にげて ください。", en="Evacuate now.")


def a_content(
    level: int | None = 4,
    *,
    cause: str = "landslide",
    areas: tuple[AreaCode, ...] = (ODAWARA,),
    districts: str = "早川・風祭",
    message: Text = MESSAGE,
    expires: datetime | None = None,
) -> Content:
    """What a draft says: an evacuation order for two districts."""
    return Content(level=level, cause=cause, areas=areas, districts=districts, message=message, expires=expires)


def a_drill(incident: str = DRILL) -> Drill:
    """A drill on every surface."""
    return Drill(run=incident, surfaces=tuple(Surface))


Fold = Callable[[Office, OfficeCommand, datetime], Step]


@dataclass
class Play:
    """An office that is given commands; `incident` is the one that the short names below are about."""

    incident: str = REAL
    drill: Drill | None = None
    matter: Matter = Matter.ORDER
    fold: Fold = approval.fold
    office: Office = field(default_factory=Office)
    minute: float = 0
    _count: int = 0

    def __post_init__(self) -> None:
        for officer in (A, B, C, D):
            self.do(ADMIN, SetOfficer(officer=officer, name=officer.upper(), enabled=officer != D), incident=ROLL)

    def do(
        self, actor: str, body: Body, *, incident: str = "", late_s: float = 0, command: str = "", **changes: object
    ) -> Outcome | None:
        """Give a command at the minute that it is; it is appended `late_s` after it was given."""
        self._count += 1
        given = OfficeCommand(
            id=command or f"c{self._count}",
            incident=incident or self.incident,
            actor=actor,
            at=at(self.minute),
            deadline=at(self.minute) + timedelta(seconds=15),
            body=body,
        )
        step = self.fold(self.office, replace(given, **changes), given.at + timedelta(seconds=late_s))  # type: ignore[arg-type]
        self.office = step.office
        return step.outcome

    @property
    def now(self) -> Incident:
        """The incident as it stands."""
        return self.office.incidents[self.incident]

    @property
    def submission(self) -> Submission:
        """What waits for a second officer."""
        assert self.now.submission is not None
        return self.now.submission

    @property
    def last(self) -> Issue:
        """What went out last."""
        return self.now.issues[-1]

    # --- the steps of an ordinary day ---

    def open(self, actor: str = A, content: Content | None = None) -> Outcome | None:
        body = Open(matter=self.matter, drill=self.drill, content=content or a_content())
        return self.do(actor, body)

    def edit(self, actor: str = A, content: Content | None = None, purpose: Purpose = Purpose.ISSUE) -> Outcome | None:
        return self.do(actor, Edit(version=self.now.version, purpose=purpose, content=content or a_content()))

    def bytes_(self) -> str:
        """The bytes that the draft would become now."""
        draft = self.now.draft
        assert draft is not None
        return composing.text_of(
            composing.compose(self.now, draft.purpose, draft.content, at=at(self.minute), sender=SENDER)
        )

    def withdrawal(self) -> str:
        """The bytes of a withdrawal now."""
        return composing.text_of(composing.compose_withdrawal(self.now, at=at(self.minute), sender=SENDER))

    def submit(self, actor: str = A, alert: str | None = None) -> Outcome | None:
        return self.do(actor, Submit(version=self.now.version, alert=self.bytes_() if alert is None else alert))

    def approve(self, actor: str = B) -> Outcome | None:
        return self.do(actor, Approve(sha256=self.submission.sha256, drill=self.drill is not None))

    def alone(self, actor: str = A) -> Outcome | None:
        word = approval.confirmation(IssueAlone, drill=self.drill is not None)
        return self.do(actor, IssueAlone(version=self.now.version, alert=self.bytes_(), confirmation=word))

    def withdraw(self, actor: str = A) -> Outcome | None:
        word = approval.confirmation(Withdraw, drill=self.drill is not None)
        return self.do(actor, Withdraw(alert=self.withdrawal(), confirmation=word))

    def issued(self, content: Content | None = None) -> Play:
        """With the order in force: A drafted and submitted it, B approved."""
        self.open(content=content)
        self.submit()
        self.approve()
        return self

    def changed(self, purpose: Purpose, content: Content | None = None) -> Play:
        """With a change or an end that C drafted and submitted and A approved."""
        self.edit(C, content, purpose)
        self.submit(C)
        self.approve(A)
        return self


def a_real_order() -> Play:
    """An office with officers and no incident yet; what follows is real."""
    return Play()


def a_drill_order() -> Play:
    """The same for a drill."""
    return Play(incident=DRILL, drill=a_drill())
