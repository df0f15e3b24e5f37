"""A real gateway on a port of its own, over a log in memory, driven from outside."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from schemas.alert import Alert
from schemas.area import AreaTable
from schemas.lifecycle import Stream, fold
from schemas.status import Condition, StatusReport
from schemas.telegram import Epoch
from services.eventlog.memory import MemoryLog
from services.eventlog.port import EventLog, EventLogError, Message, Position, Record
from services.gateway import app
from services.gateway.api import pages
from services.runtime import cities, records, settings
from services.runtime.clock import SystemClock

WAIT_S = 10.0
"""No answer within this is a failure, not a slow machine."""


class TroubledLog(MemoryLog):
    """A log whose disk is full (`refuses`) or cannot be read (`fails`) for as long as a test says."""

    refuses: EventLogError | None = None
    fails: EventLogError | None = None

    async def append(self, topic: str, messages: Sequence[Message]) -> list[Position]:
        if self.refuses:
            raise self.refuses
        return await super().append(topic, messages)

    async def read(self, topic: str, partition: int, *, after: int = -1, limit: int = 500) -> list[Record]:
        if self.fails:
            raise self.fails
        return await super().read(topic, partition, after=after, limit=limit)


@dataclass(slots=True)
class Door:
    """A running gateway, and the log it looks at."""

    app: app.App
    log: EventLog
    port: int
    http: httpx.AsyncClient
    running: asyncio.Task[None]
    folds: dict[str, Stream] = field(default_factory=dict)

    async def begin(self) -> None:
        """What the dispatcher does first: the log's epoch."""
        epoch = records.message(Epoch(epoch="e"), key="epoch", id="epoch", source="dispatcher", at=datetime.now(UTC))
        await self.log.append("situation", [epoch])
        await self.until(lambda: self.app.projection.loaded)

    async def stop(self) -> None:
        """End it, as a signal to the process does."""
        await self.http.aclose()
        self.running.cancel()
        with suppress(asyncio.CancelledError):
            await self.running

    async def publish(self, *alerts: Alert, seen: bool = True) -> int:
        """Fold alerts and publish their streams, as the dispatcher does; gives the last offset, once it is `seen`."""
        offset = -1
        for alert in alerts:
            for name in alert.streams:
                stream = self.folds[name] = fold(self.folds.get(name), name, alert)
                message = records.message(
                    stream,
                    key=name,
                    id=f"situation:{name}:{alert.revision}",
                    source="dispatcher",
                    at=datetime.now(UTC),
                    cause=f"alert:{alert.identifier}",
                )
                offset = (await self.log.append("situation", [message]))[0].offset
        await self.until(lambda: self.app.projection.mirror.position >= offset or not seen)
        return offset

    async def say(self, subject: str, *, ago_s: float = 0, alarm: str = "", **fields: Any) -> None:
        """What a part reports of itself."""
        at = datetime.now(UTC) - timedelta(seconds=ago_s)
        condition = Condition.ALARM if alarm else Condition.OK
        report = StatusReport(subject=subject, condition=condition, since=at, reported_at=at, message=alarm, **fields)
        await self.log.append("status", [records.message(report, key=subject, id=f"{subject}:{at}", source="x", at=at)])

    async def reported(self, subject: str) -> StatusReport:
        """The report of a subject, once there is one."""
        await self.until(lambda: subject in self.app.projection.reports)
        return self.app.projection.reports[subject]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until the gateway's state has come to this; it rings at each change."""
        async with asyncio.timeout(WAIT_S):
            while True:
                bell = self.app.projection.bell()
                if holds():
                    return
                await bell.wait()

    async def health(self, holds: Callable[[Mapping[str, Any]], bool]) -> tuple[int, Mapping[str, Any]]:
        """Ask how it is until the answer is this; health is asked, it does not ring."""
        async with asyncio.timeout(WAIT_S):
            while True:
                answer = await self.http.get("/health")
                if holds(answer.json()):
                    return answer.status_code, answer.json()
                await asyncio.sleep(0.02)

    @asynccontextmanager
    async def line(self, **options: Any) -> AsyncIterator[Line]:
        """A websocket, before hello."""
        url = f"ws://127.0.0.1:{self.port}/v1/stream"
        async with connect(url, proxy=None, open_timeout=WAIT_S, **options) as socket:
            yield Line(socket)


@dataclass(slots=True)
class Line:
    """A client's end of the stream."""

    socket: ClientConnection

    async def hello(self, resume: object = None, **fields: object) -> dict[str, Any]:
        """Say hello; gives the welcome."""
        said = {"type": "hello", "v": 1, "client": "sign-1", "kind": "sign", "resume": resume, **fields}
        await self.say(said)
        return await self.hear()

    async def say(self, message: object) -> None:
        await self.socket.send(json.dumps(message))

    async def hear(self, kind: str = "") -> dict[str, Any]:
        """The next message, or the next of a type."""
        async with asyncio.timeout(WAIT_S):
            while True:
                message: dict[str, Any] = json.loads(await self.socket.recv())
                if not kind or message["type"] == kind:
                    return message

    async def closed(self) -> int | None:
        """Wait for the end; gives the close code."""
        async with asyncio.timeout(WAIT_S):
            await self.socket.wait_closed()
        return self.socket.close_code


Opener = Callable[..., Awaitable[Door]]
Builder = Callable[..., app.App]


@pytest.fixture(scope="session")
def areas() -> AreaTable:
    """The national table as it is delivered."""
    return cities.load_table(cities.deploy_dir())


@pytest.fixture
def built(areas: AreaTable) -> Builder:
    """Join a gateway's parts without running it."""

    def build(log: EventLog, *, web: Path = pages.WEB, hello_s: float = 5.0, **flags: str) -> app.App:
        values = settings.read({"port": "0", "heartbeat_s": "60", **flags}, {})
        city = cities.load_city(cities.deploy_dir(), "odawara", areas)
        return app.build(values, log, SystemClock(), city, areas, web=web, hello_s=hello_s)

    return build


@pytest.fixture
async def opened(built: Builder) -> AsyncIterator[Opener]:
    """Open gateways with settings; all are stopped at the end."""
    doors: list[Door] = []

    async def open_door(log: EventLog | None = None, **options: Any) -> Door:
        log = log or MemoryLog()
        made = built(log, **options)
        running = asyncio.create_task(made.run())
        port = await made.listening()
        http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=WAIT_S, trust_env=False)
        doors.append(Door(app=made, log=log, port=port, http=http, running=running))
        return doors[-1]

    yield open_door
    for one in doors:
        await one.stop()


@pytest.fixture
async def door(opened: Opener) -> Door:
    """A gateway that has loaded an empty situation."""
    made = await opened()
    await made.begin()
    return made
