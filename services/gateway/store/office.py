"""The office as this gateway knows it: topic `office` folded from its beginning, topic `registry` beside it.

Followed without a group, so any number of gateways agree. A command is accepted by appending it and waiting until the
own fold has passed its offset: then what it did is known here, and at every other gateway that has read as far.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from schemas.codec import Undecodable
from schemas.office import (
    ADMIN,
    COMMAND_S,
    ROLL,
    Body,
    OfficeCommand,
    Officer,
    OfficeSession,
    SetOfficer,
)
from services.eventlog.port import BEFORE_FIRST, EventLog, EventLogError, Message, Record
from services.gateway.core import access
from services.gateway.core.answers import Given, NotAccepted, NotKnown
from services.gateway.core.approval import fold
from services.gateway.core.history import FIRST_LINK, Entry, next_link
from services.gateway.core.incident import Office
from services.gateway.core.issuing import Effect, effects
from services.gateway.core.view import Trouble
from services.runtime import logs, records
from services.runtime.clock import Clock

RETRY_S = 1.0
"""How long to wait before the log is asked again after it failed."""
GRACE_S = 2.0
"""How long after its deadline a command's answer is waited for: what comes later was refused by the fold."""
ASK_MAX_S = 2.0
"""How long the log may take to say that it is there before a command is handed to it."""
SESSIONS_MAX = 2_000
"""Log-ins kept at all; a city has some dozens. Of more the one that was used longest ago ends."""
SOURCE = "gateway"

_log = logs.get("gateway")


@dataclass(slots=True)
class OfficeStore:
    """The office's state. It changes only between awaits of the event loop."""

    log: EventLog
    clock: Clock
    patience_s: float = COMMAND_S + GRACE_S
    """How long an answer is waited for, in the machine's seconds."""
    office: Office = field(default_factory=Office)
    entries: list[Entry] = field(default_factory=list)
    link: str = FIRST_LINK
    position: int = BEFORE_FIRST
    officers: Mapping[str, Officer] = field(default_factory=lambda: MappingProxyType({}))
    sessions: dict[str, OfficeSession] = field(default_factory=dict)
    unreadable: dict[int, Undecodable] = field(default_factory=dict)
    """By offset: records of `office` that this program cannot judge. Each is an alarm."""
    _by_command: dict[str, Entry] = field(default_factory=dict)
    _by_incident: dict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    _effects: dict[int, tuple[Effect, ...]] = field(default_factory=dict)
    _read_to_head: set[str] = field(default_factory=set)
    _failed: dict[str, Trouble] = field(default_factory=dict)
    _bell: asyncio.Event = field(default_factory=asyncio.Event)
    _registry_at: int = BEFORE_FIRST

    @property
    def loaded(self) -> bool:
        """Whether both topics were read to their heads once."""
        return self._read_to_head >= {"office", "registry"}

    @property
    def reading(self) -> Trouble | None:
        """Why the log cannot be read, None while it can."""
        return next(iter(self._failed.values()), None)

    # --- following ---

    async def follow_office(self) -> None:
        """Fold `office` until cancelled."""
        await self._follow("office", self._take_office)

    async def follow_registry(self) -> None:
        """Keep officers and log-ins until cancelled."""
        await self._follow("registry", self._take_registry)

    async def _follow(self, topic: str, take: Callable[[Sequence[Record]], None]) -> None:
        after = BEFORE_FIRST
        while True:
            try:
                batch = await self.log.read(topic, 0, after=after, limit=_SLICE)
                if batch:
                    take(batch)
                    after = batch[-1].offset
                    self._ring()
                    await asyncio.sleep(0)
                    continue
                self._failed.pop(topic, None)
                self._read_to_head.add(topic)
                self._ring()
                await self.log.wait({(topic, 0): after})
            except EventLogError as error:
                self._fail(topic, error)
                await self.clock.sleep(RETRY_S)

    def _fail(self, topic: str, error: EventLogError) -> None:
        if topic not in self._failed:
            _log.error("log.unreadable", topic=topic, code=error.code, error=str(error))
        hint = "look at the log's disk and process; what was decided stays decided"
        trouble = Trouble(since=self.clock.now(), code=error.code, message=f"{topic}: {error}", hint=hint)
        self._failed.setdefault(topic, trouble)

    def _take_office(self, batch: Sequence[Record]) -> None:
        for record in batch:
            self._take(record)
            self.position = record.offset

    def _take(self, record: Record) -> None:
        command = records.payload(record)
        if isinstance(command, OfficeCommand) and command.incident == record.key:
            step = fold(self.office, command, record.appended_at)
            self.office = step.office
            if step.outcome is None:
                return
            self.link = next_link(self.link, key=record.key, id=record.id, value=record.value or b"")
            entry = Entry(
                offset=record.offset, at=record.appended_at, command=command, outcome=step.outcome, link=self.link
            )
            self._note(entry)
            return
        fault = (
            command if isinstance(command, Undecodable) else Undecodable(code="E5534", reason="not what its key says")
        )
        self.link = next_link(self.link, key=record.key, id=record.id, value=record.value or b"")
        self.unreadable[record.offset] = fault
        _log.error("office.unreadable", code=fault.code, offset=record.offset, key=record.key, error=fault.reason)

    def _note(self, entry: Entry) -> None:
        self.entries.append(entry)
        self._by_command[entry.command.id] = entry
        self._by_incident[entry.command.incident].append(entry)
        incident = self.office.incidents.get(entry.command.incident)
        if incident is not None and (following := effects(incident, entry.outcome)):
            self._effects[entry.offset] = following
        if self.loaded:
            # outside the log: whoever keeps the logs can prove the chain
            _log.event(
                "office.judged",
                incident=entry.command.incident,
                did=entry.command.body.do,
                actor=entry.command.actor,
                refused=entry.refused,
                offset=entry.offset,
                link=entry.link,
            )

    def _take_registry(self, batch: Sequence[Record]) -> None:
        for record in batch:
            self._registry_at = record.offset
            kind, _, name = record.key.partition(":")
            value = records.payload(record)
            if kind == "officer" and isinstance(value, Officer):
                self.officers = MappingProxyType({**self.officers, name: value})
            elif kind == "session" and isinstance(value, OfficeSession):
                self.sessions[name] = value
            elif kind == "session":
                self.sessions.pop(name, None)

    # --- asking ---

    def incident_entries(self, incident: str) -> Sequence[Entry]:
        """Everything that was asked for about an incident, oldest first."""
        return tuple(self._by_incident.get(incident, ()))

    def judged(self, command: str) -> Entry | None:
        """What came of a command, by its id."""
        return self._by_command.get(command)

    def effects(self, offset: int) -> tuple[Effect, ...]:
        """What follows outside the office from the record at this offset."""
        return self._effects.get(offset, ())

    async def passed(self, offset: int) -> None:
        """Wait until the fold has taken the record at this offset."""
        while self.position < offset:
            await self._bell.wait()

    async def session(self, key: str) -> OfficeSession | None:
        """A log-in.

        One that is not known here may have been made a moment ago at another gateway: then what stands in the log is read
        first, for as long as the log may take to answer.
        """
        if key not in self.sessions:
            try:
                async with asyncio.timeout(ASK_MAX_S):
                    head = await self.log.head("registry", 0)
                    while self._registry_at < head:
                        await self._bell.wait()
            except (EventLogError, TimeoutError) as error:
                _log.warning("session.not-asked", error=repr(error))
        return self.sessions.get(key)

    def bell(self) -> asyncio.Event:
        """Rings at the next change; take it before looking."""
        return self._bell

    def _ring(self) -> None:
        ringing, self._bell = self._bell, asyncio.Event()
        ringing.set()

    # --- commands ---

    def command(
        self,
        *,
        id: str,  # noqa: A002 - CloudEvents' word
        incident: str,
        actor: str,
        body: Body,
        at: datetime | None = None,
    ) -> OfficeCommand:
        """A command given now, or `at` the moment at which the alert in it was composed.

        Its deadline counts in the machine's seconds also where a rehearsal's clock runs faster.
        """
        now = at or self.clock.now()
        span_s = COMMAND_S * float(getattr(self.clock, "speed", 1.0))
        deadline = now + timedelta(seconds=span_s)
        return OfficeCommand(id=id, incident=incident, actor=actor, at=now, deadline=deadline, body=body)

    async def give(self, command: OfficeCommand) -> Given:
        """Append a command and answer what it did, once the own fold has passed it."""
        message = records.message(
            command, key=command.incident, id=f"office:{command.id}", source=SOURCE, at=command.at
        )
        try:
            # Before anything is handed over: what was refused here is nowhere, and cannot come true later.
            async with asyncio.timeout(ASK_MAX_S):
                await self.log.head("office", 0)
        except (EventLogError, TimeoutError) as error:
            code = error.code if isinstance(error, EventLogError) else EventLogError.code
            _log.error("office.not-accepted", code=code, incident=command.incident, error=str(error))
            return NotAccepted(code=code, message=str(error) or f"the log did not answer within {ASK_MAX_S:g} s")
        try:
            async with asyncio.timeout(self.patience_s):
                (position,) = await self.log.append("office", [message])
                await self.passed(position.offset)
        except EventLogError as error:
            _log.error("office.not-accepted", code=error.code, incident=command.incident, error=str(error))
            return NotAccepted(code=error.code, message=str(error))
        except TimeoutError:
            _log.error("office.not-known", incident=command.incident, did=command.body.do)
            return NotKnown()
        return self._by_command.get(command.id) or NotKnown()

    # --- officers and log-ins ---

    async def enrol(self, officer: Officer, command_id: str) -> None:
        """Make somebody an officer, or change or disable one: first the roll, then the credential.

        Raises `EventLogError`. Half done it is harmless and done again: a name on the roll without a password cannot
        log in, a disabled one on the roll cannot act.
        """
        body = SetOfficer(officer=officer.officer, name=officer.name, enabled=officer.enabled)
        command = self.command(id=command_id, incident=ROLL, actor=ADMIN, body=body)
        await self.log.append("office", [roll_message(command)])
        await self.log.append("registry", [officer_message(officer, command_id)])

    async def log_in(self, key: str, session: OfficeSession) -> None:
        """Keep a log-in; where the log refuses, in this gateway only: whoever can act on nothing can still look."""
        self.sessions[key] = session
        await self._keep_session(key, session)
        for over in self._over_the_limits(session.officer):
            await self.log_out(over)

    async def seen(self, key: str, now: datetime) -> None:
        """Note, now and then, that a log-in is in use."""
        session = self.sessions[key]
        if access.is_worth_noting(session, now):
            self.sessions[key] = replace(session, seen_at=now)
            await self._keep_session(key, self.sessions[key])

    async def log_out(self, key: str) -> None:
        """End a log-in."""
        if self.sessions.pop(key, None) is not None:
            await self._keep_session(key, None)

    async def sweep(self, now: datetime) -> None:
        """End the log-ins whose time is over."""
        for key in [key for key, session in self.sessions.items() if not access.is_alive(session, now)]:
            await self.log_out(key)

    def _over_the_limits(self, officer: str) -> list[str]:
        """The log-ins beyond the limits: those that were used longest ago."""
        oldest = sorted(self.sessions, key=lambda key: self.sessions[key].seen_at)
        own = [key for key in oldest if self.sessions[key].officer == officer]
        return list({*own[: -access.SESSIONS_MAX], *oldest[:-SESSIONS_MAX]})

    async def _keep_session(self, key: str, session: OfficeSession | None) -> None:
        id_ = f"session:{key}:{session.seen_at.isoformat() if session else 'over'}"
        message = (
            records.tombstone(key=f"session:{key}", id=id_)
            if session is None
            else records.message(session, key=f"session:{key}", id=id_, source=SOURCE, at=session.seen_at)
        )
        try:
            await self.log.append("registry", [message])
        except EventLogError as error:
            _log.warning("session.not-kept", code=error.code, error=str(error))


_SLICE = 50
"""Records folded in one go: about 20 ms of the event loop, most of it reading alerts."""


def roll_message(command: OfficeCommand) -> Message:
    """The record of `office` by which somebody is an officer."""
    return records.message(command, key=command.incident, id=f"office:{command.id}", source=SOURCE, at=command.at)


def officer_message(officer: Officer, command_id: str) -> Message:
    """The record of `registry` by which an officer can log in."""
    return records.message(
        officer,
        key=f"officer:{officer.officer}",
        id=f"officer:{officer.officer}:{command_id}",
        source=SOURCE,
        at=officer.changed_at,
    )
