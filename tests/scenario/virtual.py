"""A night in one process on a clock that the test moves: every part over a log in memory, no socket, hours in a moment.

What is not here is the door itself (sockets, the stream's own seconds) and FCM's SDK; the driver on the wall clock has
both. Polling is ticked by this clock instead of the scheduler, pages are asked for without a socket, and the push channel
is the phones themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import httpx

from schemas.alert import Surface
from schemas.office import Officer
from schemas.subscription import Channel
from services.dispatcher import app as dispatcher
from services.dispatcher.core.places import covers
from services.dispatcher.store import rulefile
from services.eventlog.memory import MemoryLog
from services.eventlog.port import EventLog
from services.gateway import app as gateway
from services.gateway.channels.lanes import EMERGENCY, ROUTINE
from services.gateway.channels.worker import Worker
from services.gateway.core.sending import Attempt, Sending, Verdict
from services.gateway.store.passwords import Passwords
from services.ingest import app as ingest
from services.ingest.core.polling import Source
from services.ingest.sources.http import Http
from services.runtime import cities
from services.runtime.reporting import Reporter
from services.runtime.settings import read
from tests.records import every_record
from tests.scenario.feeds import BASE, Feeds
from tests.scenario.jma import Jma
from tests.scenario.judge import Heard
from tests.scenario.office import Desk
from tests.scenario.people import CITY, TABLE, heard, who_has
from tests.scenario.quiet import MovedClock
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

PASSWORD = "for nobody but this test"


class PhoneNetwork:
    """A push channel that is the phones themselves: what it is given has arrived."""

    kind = Channel.FCM
    parallel = 20

    def __init__(self, clock: MovedClock) -> None:
        """Silent."""
        self.clock = clock
        self.heard: list[Heard] = []

    async def send(self, batch: Sequence[Sending]) -> Sequence[Attempt]:
        """Accept everything."""
        for one in batch:
            push = one.push
            self.heard.append(heard(self.clock.now(), who_has(one.address), push.data, self.kind, silent=push.silent))
        return [Attempt(verdict=Verdict.ACCEPTED) for _ in batch]

    async def close(self) -> None:
        """Nothing is held."""


class Virtual:
    """The city of a night."""

    def __init__(self, night: Timeline, folder: Path) -> None:
        """Make log, feeds and clock; nothing runs yet."""
        self.night = night
        self.clock = MovedClock(night.begins)
        self.log = MemoryLog(clock=self.clock.now)
        self.feeds = Feeds(self.clock)
        self.phones = PhoneNetwork(self.clock)
        self.jma = Jma()
        self.settings = read({"feeds": BASE, "drills": "sign,page,public,push", "data_dir": str(folder)}, {})
        self.residents = Residents()
        self.desks: dict[str, Desk] = {}
        self.incident = ""
        self.door: gateway.App | None = None
        self._running: asyncio.Task[None] | None = None

    async def plays(self) -> list[Heard]:
        """Let the night happen; what everybody heard."""
        await self._start()
        for who, follows in self.night.people.items():
            await self.residents.follow(self._client(), who, follows)
        for officer in self.night.officers:
            await self._enrol(officer)
        for at, act in self.night.acts:
            await self.clock.move_to(at)
            await self._do(act)
        await self.clock.move_to(self.night.ends)
        await self._stop()
        return self.phones.heard

    async def left_over(self) -> list[str]:
        """What should not be there when everything is over."""
        return await left_over(self.log)

    # --- what happens ---

    async def _do(self, act: Act) -> None:
        match act:
            case Publishes() | Floods():
                self.feeds.publish(self.jma.writes(act, self.clock.now()))
            case Line(cut=cut):
                self.feeds.cut = cut
            case Killed():
                await self._stop()
                await self._start()
            case Comes(who=who, follows=follows):
                await self.residents.follow(self._client(), who, follows)
            case Leaves(who=who):
                await self.residents.leave(self._client(), who)
            case Drafts() | Approves():
                self.incident = await self._desk(act.who).does(act, self.incident)

    async def _enrol(self, officer: str) -> None:
        assert self.door is not None
        encoded = await Passwords().hash(PASSWORD)
        made = Officer(
            officer=officer.lower(), name=officer, password=encoded, enabled=True, changed_at=self.clock.now()
        )
        await self.door.office.store.enrol(made, uuid4().hex)

    def _desk(self, officer: str) -> Desk:
        return self.desks.setdefault(officer, Desk(self._client(), officer.lower(), PASSWORD))

    def _client(self) -> httpx.AsyncClient:
        """Somebody's browser or app."""
        assert self.door is not None
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.door.http), base_url="http://city")

    # --- the program ---

    async def _start(self) -> None:
        self.door = gateway.build(self.settings, self.log, self.clock, CITY, TABLE)
        self.desks = {}
        self._running = asyncio.create_task(self._run(self.door))
        await self.clock.move_to(self.clock.now())

    async def _stop(self) -> None:
        assert self._running is not None
        self._running.cancel()
        with suppress(asyncio.CancelledError):
            await self._running

    async def _run(self, door: gateway.App) -> None:
        neighbours = [cities.load_city(cities.deploy_dir(), name, TABLE) for name in CITY.neighbours]
        city = replace(CITY, drills_from_feeds=tuple(Surface))
        polls = ingest.build(self.settings, self.log, self.clock, city, TABLE, feeds_base=BASE)
        polls.poller.connect = lambda base: Http(base, transport=self.feeds)
        means = covers(city, neighbours, TABLE)
        rules = rulefile.load(cities.deploy_dir(), city)
        decisions = dispatcher.build(self.log, self.clock, city.watch, means, rules=rules)
        async with asyncio.TaskGroup() as group:
            group.create_task(polls.parser.run())
            for source in polls.sources:
                group.create_task(self._poll(polls, source))
            group.create_task(decisions.run())
            group.create_task(door.projection.follow_situation())
            group.create_task(door.projection.follow_status())
            group.create_task(door.office.run())
            for part in self._pushes(door):
                group.create_task(part)

    def _pushes(self, door: gateway.App) -> Iterator[Coroutine[None, None, None]]:
        addresses, receipts = door.push.addresses, door.push.receipts
        yield addresses.run()
        yield receipts.run()
        for lane in (EMERGENCY, ROUTINE):
            yield Worker(
                lane=lane,
                log=self.log,
                clock=self.clock,
                channels={Channel.FCM: self.phones},
                view=door.projection.view,
                bell=door.projection.bell,
                addresses=addresses,
                receipts=receipts,
                names=door.push.names,
                reporter=Reporter("gateway", self.clock),
            ).run()

    async def _poll(self, polls: ingest.App, source: Source) -> None:
        await polls.poller.known.refresh()
        while True:
            await polls.poll(source)
            await self.clock.sleep(source.interval_s)


async def left_over(log: EventLog) -> list[str]:
    """What should not be there when everything is over: people still told of something, dead letters."""
    newest = {record.key: record for record in await every_record(log, "ledger")}
    told = [key for key, record in newest.items() if record.value is not None]
    dead = [f"dead: {record.id}" for record in await every_record(log, "dead")]
    return [*told, *dead]
