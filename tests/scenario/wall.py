"""A night on the wall clock: `hansho run`, the feed server and the phones as processes of their own, five hundred times as fast.

Everything is as in life but the speed: polls, sockets, SQLite, the SDK, kill -9. All processes take their time from one
clock, which began when the night did. Given a log on Kafka, every service is a process of its own on it.
"""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx

from schemas.office import Officer
from services.eventlog.open import apply_topics, open_log
from services.eventlog.port import EventLog
from services.feedserver.api.server import FeedServer
from services.feedserver.core.answer import Request, Response
from services.gateway.store.office import OfficeStore
from services.gateway.store.passwords import Passwords
from services.runtime.clock import ScaledClock
from tests.e2e.processes import Program, hansho, started
from tests.scenario.feeds import a_notice
from tests.scenario.jma import Jma
from tests.scenario.judge import Heard, faults
from tests.scenario.office import Desk
from tests.scenario.people import heard, who_has
from tests.scenario.residents import Residents
from tests.scenario.timeline import (
    Act,
    Approves,
    Comes,
    Drafts,
    Floods,
    Killed,
    Leaves,
    Line,
    Publishes,
    Timeline,
)
from tests.scenario.virtual import left_over

SPEED = 500
PASSWORD = "for nobody but this test"
ANSWER_MAX_S = 30.0
"""How long somebody waits for a page, in the machine's seconds: a night that is late says so, it does not break off."""
SETTLE_S = 0.3
"""How long what is under way at the night's end may take, in the machine's seconds."""


class CutServer(FeedServer):
    """The feed server at the end of a line that can be cut: then no question is answered."""

    cut = False

    def respond(self, request: Request) -> Response:
        """Answer, unless the line is cut."""
        if self.cut:
            raise ConnectionResetError
        return super().respond(request)


@dataclass(slots=True)
class Wall:
    """The city of a night. `folder` holds its log and everything its processes write."""

    night: Timeline
    folder: Path
    clock: ScaledClock
    feeds: CutServer
    jma: Jma = field(default_factory=Jma)
    incident: str = ""
    residents: Residents = field(default_factory=Residents)
    desks: dict[str, Desk] = field(default_factory=dict)
    log: str = ""
    """The address of a log on Kafka; empty: one process on SQLite."""
    programs: list[Program] = field(default_factory=list)
    base: str = ""
    _stack: ExitStack = field(default_factory=ExitStack)
    _options: tuple[str, ...] = ()

    async def plays(self) -> list[Heard]:
        """Let the night happen; what everybody heard."""
        with self._stack:
            phones = await self._prepare()
            await self._start()
            for who, follows in self.night.people.items():
                await self.residents.follow(self._client(), who, follows)
            for at, act in self.night.acts:
                await self._until(at)
                await self._do(act)
            await self._until(self.night.ends)
            await asyncio.sleep(SETTLE_S)
            await asyncio.gather(*(asyncio.to_thread(program.stop) for program in self.programs))
            async with httpx.AsyncClient(trust_env=False) as client:
                got = (await client.get(f"{phones}/v1/received")).json()
        return [
            heard(datetime.fromisoformat(one["at"]), who_has(one["address"]), one["data"], "fcm", silent=one["silent"])
            for one in got
        ]

    async def left_over(self) -> list[str]:
        """What should not be there when everything is over."""
        async with open_log(self._url, dev=True) as log:
            return await left_over(log)

    @property
    def _url(self) -> str:
        return self.log or f"sqlite:{self.folder / 'hansho.db'}"

    # --- what happens ---

    async def _until(self, at: datetime) -> None:
        wait_s = (at - self.clock.now()).total_seconds() / self.clock.speed
        await asyncio.sleep(max(0.0, wait_s))

    async def _do(self, act: Act) -> None:
        match act:
            case Publishes() | Floods():
                self.feeds.publish(self.jma.writes(act, self.clock.now()))
            case Line(cut=cut):
                self.feeds.cut = cut
            case Killed():
                await asyncio.gather(*(asyncio.to_thread(program.kill) for program in self.programs))
                await self._start()
            case Comes(who=who, follows=follows):
                await self.residents.follow(self._client(), who, follows)
            case Leaves(who=who):
                await self.residents.leave(self._client(), who)
            case Drafts() | Approves():
                self.incident = await self._desk(act.who).does(act, self.incident)

    def _desk(self, officer: str) -> Desk:
        return self.desks.setdefault(officer, Desk(self._client(), officer.lower(), PASSWORD))

    def _client(self) -> httpx.AsyncClient:
        """Somebody's browser or app."""
        return httpx.AsyncClient(base_url=self.base, trust_env=False, timeout=ANSWER_MAX_S)

    # --- the processes ---

    async def _prepare(self) -> str:
        """Everything but the program itself; answers where the phones are."""
        self._stack.enter_context(self.feeds)
        self.feeds.publish(a_notice(self.clock.now()))
        book = self._stack.enter_context(started(*hansho("phones", "--clock", str(self.clock))))
        phones = (await asyncio.to_thread(book.line_with, r"phones (http://\S+)"))[1]
        options = {
            "feeds": self.feeds.base_url,
            "phones": phones,
            "clock": str(self.clock),
            "drills": "sign,page,public,push",
            "data-dir": str(self.folder),
            "poll-every": "120",
            "canary-every": "3600",
            "port": str(_free_port()),
        }
        if self.log:
            options |= {"log": self.log, "dev": "1"}
            await apply_topics(self.log, dev=True)
        self._options = tuple(word for name, value in options.items() for word in (f"--{name}", value))
        async with open_log(self._url, now=self.clock.now, stamped=self.clock.at, dev=True) as log:
            await self._enrol(log)
        return phones

    async def _enrol(self, log: EventLog) -> None:
        """Make officers, as the machine's owner does."""
        now = self.clock.now()
        store, passwords = OfficeStore(log=log, clock=self.clock), Passwords()
        for name in self.night.officers:
            encoded = await passwords.hash(PASSWORD)
            officer = Officer(officer=name.lower(), name=name, password=encoded, enabled=True, changed_at=now)
            await store.enrol(officer, uuid4().hex)

    async def _start(self) -> None:
        """Start the program; a killed one has left its children to end by themselves."""
        names = ("gateway", "dispatcher", "ingest") if self.log else ("run",)
        self.programs = [self._started(name) for name in names]
        for program in self.programs[1:]:
            await asyncio.to_thread(program.line_with, "ready")
        self.base = (await asyncio.to_thread(self.programs[0].line_with, r"sign +(http://\S+)/sign"))[1]

    def _started(self, name: str) -> Program:
        # into a file: nobody reads the pipe of a program that has said it is ready
        log_file = ("--log-file", str(self.folder / f"{name}.log"))
        return self._stack.enter_context(started(*hansho(name, *self._options, *log_file)))


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


async def on_the_wall(
    night: Timeline, folder: Path, *, log: str = "", speed: float = SPEED, lead_s: float = 0.0
) -> tuple[list[str], list[str]]:
    """Play a night (on a log on Kafka, where one is given); what was wrong with what was heard, and what is left over.

    `lead_s`: the machine's seconds from now until the night begins, for processes to start in.
    """
    clock = ScaledClock(start=night.begins.astimezone(UTC), speed=speed, origin_s=time.time() + lead_s)
    wall = Wall(night=night, folder=folder, clock=clock, feeds=CutServer(clock=clock.now), log=log)
    return faults(night, await wall.plays()), await wall.left_over()
