"""The gateway, wired: the log followed, the stream and the API served, the operator alarmed."""

from __future__ import annotations

import asyncio
import resource
import secrets
import socket
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import uvicorn
from fastapi import FastAPI
from starlette.routing import WebSocketRoute
from starlette.types import ASGIApp

from schemas.area import AreaTable, City
from services.eventlog.port import EventLog, EventLogError, Output
from services.gateway import office, pushing, residents
from services.gateway.api import canary, errors, health, pages, public
from services.gateway.api.stream import Options, Stream
from services.gateway.api.wire import Wire
from services.gateway.channels.webhook import Webhook, checked
from services.gateway.core import alarms
from services.gateway.core.health import problems
from services.gateway.core.message import names_of
from services.gateway.core.mirror import Mirror
from services.gateway.core.session import HELLO_S
from services.gateway.core.view import Trouble
from services.gateway.store.duty import Duty
from services.gateway.store.projection import Projection
from services.runtime import cities, deployment, logs, metrics
from services.runtime.clock import Clock
from services.runtime.errors import HanshoError
from services.runtime.reporting import Reporter
from services.runtime.settings import Settings

REPORT_EVERY_S = 10.0
SILENCE_S = 3 * REPORT_EVERY_S
APPEND_MAX_S = 5.0
"""How long the log may take to answer before it counts as refusing; nothing else of the gateway waits for it."""
LOOK_EVERY_S = 1.0
"""How often problems are looked for."""
LOADING_MAX_S = 60.0
"""How long a start may take before what is missing is an alarm."""
CANARY_MISSED = 3
"""Canaries that may be missed before it is a problem."""
CANARY_SLACK_S = 5.0
NOTICES_MAX = 500
"""Notices that wait for the webhook; of more the oldest is dropped (it is in the log and in `status` all the same)."""
REQUESTS_MAX = 2_000
"""HTTP connections beside those of the stream; uvicorn answers further ones with 503."""
FILES_KEPT = 500
"""Open files that the rest of the process is sure of, however many clients come: the log must never lack one."""
BACKLOG = 2_048
"""Connections that wait to be accepted; the kernel lets further ones try again."""
MESSAGE_BYTES_HARD_MAX = 65_536
"""A client's message that the parser still takes in, so that the session can answer why it is too large."""
PING_S = 20.0
"""Between pings of a stream connection, and for how long a pong may be missing."""
STOP_S = 1
"""How long requests under way may take when the gateway stops."""

_log = logs.get("gateway")


class AddressUnusable(HanshoError):
    """The gateway cannot listen where it should."""

    code: ClassVar[str] = "E5302"


def build(
    settings: Settings,
    log: EventLog,
    clock: Clock,
    city: City,
    areas: AreaTable,
    *,
    web: Path = pages.WEB,
    hello_s: float = HELLO_S,
    phones: str = "",
) -> App:
    """Join the parts. `phones`: where the demo's stand-in for FCM listens.

    Raises `WebhookUnusable` for an address that alarms cannot be sent to, `CredentialsUnusable` for a file of FCM's.
    """
    names = names_of(areas, city)
    projection = Projection(log=log, clock=clock, started_at=clock.now(), mirror=Mirror(names=names))
    options = Options(
        heartbeat_s=settings.heartbeat_s,
        dead_s=settings.dead_s,
        connections_max=room_for(int(settings.connections_max)),
        per_address_max=int(settings.connections_per_address_max),
        canary_id=f"canary-{secrets.token_hex(16)}",
        origins=frozenset(settings.origins.split()),
        hello_s=hello_s,
    )
    stream = Stream(options, projection.view, projection.bell)
    canary_limit_s = CANARY_MISSED * settings.canary_s + CANARY_SLACK_S
    deploy = cities.deploy_dir(settings.deploy_dir)
    neighbours = [cities.load_city(deploy, neighbour, areas) for neighbour in city.neighbours]

    http = FastAPI(title="Hanshō 半鐘", version="1", docs_url=None, redoc_url=None)
    errors.install(http)
    http.routes.append(WebSocketRoute("/v1/stream", stream.endpoint))
    http.include_router(public.router(projection.view, city, neighbours, areas, inbox=phones))
    http.include_router(health.router(projection.view, stream.crowd, canary_limit_s=canary_limit_s))
    pages.install(http, web)
    push_part = pushing.build(settings, log, clock, city, names, projection=projection, phones=phones)
    http.include_router(push_part.router)
    http.include_router(
        residents.build(log, clock, city, neighbours, areas, addresses=push_part.addresses, deploy=deploy)
    )
    office_part = office.build(
        log,
        clock,
        city,
        neighbours,
        areas,
        view=projection.view,
        crowd=stream.crowd,
        problems=lambda view: problems(view, canary_limit_s=canary_limit_s),
        demo=settings.is_demo,
        deploy=deploy,
        data=deployment.data_dir(settings),
        sendings=push_part.sendings,
        reach=push_part.reach,
    )
    http.include_router(office_part.router)

    address = settings.alarm_webhook
    return App(
        settings=settings,
        log=log,
        clock=clock,
        projection=projection,
        stream=stream,
        office=office_part,
        push=push_part,
        connections_max=options.connections_max,
        http=pages.Guarded(http),
        canary_id=options.canary_id,
        canary_limit_s=canary_limit_s,
        webhook=Webhook(checked(address), clock, city.id) if address else None,
        reporter=Reporter("gateway", clock),
    )


@dataclass(slots=True, kw_only=True)
class App:
    """One gateway."""

    settings: Settings
    log: EventLog
    clock: Clock
    projection: Projection
    stream: Stream
    office: office.OfficePart
    push: pushing.PushPart
    connections_max: int
    http: ASGIApp
    canary_id: str
    canary_limit_s: float
    webhook: Webhook | None
    reporter: Reporter
    port: int = 0
    duty: Duty = field(init=False)
    _listening: asyncio.Event = field(default_factory=asyncio.Event)
    _notices: deque[alarms.Notice] = field(default_factory=lambda: deque(maxlen=NOTICES_MAX))
    _noticed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Nothing is raised for others yet."""
        self.duty = Duty(log=self.log, clock=self.clock)

    async def run(self) -> None:
        """Serve until cancelled. Raises `AddressUnusable` when the port is taken."""
        sock = self._bound()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._serve(sock))
            group.create_task(self.projection.follow_situation())
            group.create_task(self.projection.follow_status())
            group.create_task(self.stream.run())
            group.create_task(self.office.run())
            group.create_task(self.push.run())
            group.create_task(self._report())
            group.create_task(self.duty.run())
            group.create_task(self._watch())
            group.create_task(self._send_notices())
            group.create_task(canary.listen(_stream_url(sock), self.canary_id, self.clock, self._heard_canary))

    async def listening(self) -> int:
        """Wait until connections are taken, and give the port."""
        await self._listening.wait()
        return self.port

    async def ready(self) -> int:
        """Wait until there is something to show as well, and give the port."""
        port = await self.listening()
        while True:
            changed = self.projection.bell()
            if self.projection.loaded:
                return port
            await changed.wait()

    # --- the door ---

    def _bound(self) -> socket.socket:
        host, port = self.settings.host, int(self.settings.port)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            sock = socket.create_server((host, port), family=family, backlog=BACKLOG)
        except OSError as error:
            hint = "set host and port, or end what listens there"
            raise AddressUnusable(f"cannot listen on {host} port {port}: {error}; {hint}") from error
        self.port = sock.getsockname()[1]
        self._listening.set()
        return sock

    async def _serve(self, sock: socket.socket) -> None:
        server = _Server(
            uvicorn.Config(
                self.http,
                ws=Wire,
                ws_max_size=MESSAGE_BYTES_HARD_MAX,
                ws_per_message_deflate=False,
                ws_ping_interval=PING_S,
                ws_ping_timeout=PING_S,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(self.settings.proxies),
                forwarded_allow_ips=self.settings.proxies,
                backlog=BACKLOG,
                limit_concurrency=self.connections_max + min(REQUESTS_MAX, max(100, self.connections_max // 2)),
                timeout_graceful_shutdown=STOP_S,
            )
        )
        serving = asyncio.ensure_future(server.serve(sockets=[sock]))
        _log.event("gateway.listens", host=self.settings.host, port=self.port)
        try:
            await asyncio.shield(serving)
        finally:
            await self.stream.drain()
            server.should_exit = True
            await asyncio.wait([serving])
            _log.event("gateway.stopped")

    # --- what it says of itself ---

    async def _report(self) -> None:
        """Say every few seconds that the gateway serves; that also shows whether the log takes appends."""
        while True:
            await self.probe()
            await self.clock.sleep(REPORT_EVERY_S)

    async def probe(self) -> None:
        """Append our own report now."""
        await self._append(self.reporter.ok("service:gateway", "serving", silence_s=SILENCE_S))

    async def _append(self, output: Output) -> None:
        try:
            async with asyncio.timeout(APPEND_MAX_S):
                await self.log.append(output.topic, [output.message])
        except EventLogError as error:
            self._refused(error.code, str(error))
        except TimeoutError:
            self._refused(EventLogError.code, f"the log did not answer within {APPEND_MAX_S:g} s")
        else:
            self.projection.appending = None

    def _refused(self, code: str, message: str) -> None:
        before = self.projection.appending
        since = before.since if before else self.clock.now()
        hint = "make room on the log's disk or mend it; what was accepted is kept, new alerts wait at their feeds"
        self.projection.appending = Trouble(since=since, code=code, message=message, hint=hint)
        if before is None:
            _log.error("log.refuses", code=code, error=message, hint=hint)

    async def _heard_canary(self, age_s: float) -> None:
        # An old one is what stood there when the line came up: it says nothing about the way being open now.
        if age_s <= self.canary_limit_s:
            said = f"came through to a client of the stream in {age_s:.1f} s"
            await self._append(self.reporter.ok("canary:stream", said, silence_s=self.canary_limit_s))

    # --- alarms ---

    async def _watch(self) -> None:
        """Turn problems into alarms, from the moment at which everything is known; of several gateways one speaks for all."""
        while not self.projection.loaded and self._running_s() < LOADING_MAX_S:
            await self.clock.sleep(LOOK_EVERY_S)
        state, was_ours = alarms.Alarms(), False
        while True:
            view, is_ours = self.projection.view(), self.duty.is_ours
            if is_ours != was_ours:
                standing = alarms.remembered(self.projection.reports.values(), view.now)
                state, was_ours = alarms.handed(state, standing, on_duty=is_ours), is_ours
            found = alarms.ours(problems(view, canary_limit_s=self.canary_limit_s), on_duty=is_ours)
            state, notices = alarms.judge(state, found, view.now)
            for notice in notices:
                self._tell(notice)
            for notice in notices:
                await self._append(self.reporter.output(notice.report()))
            await self.clock.sleep(LOOK_EVERY_S)

    def _running_s(self) -> float:
        return (self.clock.now() - self.projection.started_at).total_seconds()

    def _tell(self, notice: alarms.Notice) -> None:
        problem = notice.problem
        metrics.ALARMS.labels(kind=problem.subject.partition(":")[0], outcome=notice.turn).inc()
        say = _log.event if notice.turn is alarms.Turn.CLEARED else _log.error
        say(
            f"alarm.{notice.turn}",
            subject=problem.subject,
            code=problem.code,
            message=problem.message,
            hint=problem.hint,
        )
        self._notices.append(notice)
        self._noticed.set()

    async def _send_notices(self) -> None:
        while True:
            await self._noticed.wait()
            self._noticed.clear()
            while self._notices:
                notice = self._notices.popleft()
                if self.webhook is not None:
                    await self.webhook.send(notice)


def room_for(connections: int) -> int:
    """How many of these connections the process may have open, once its limit of open files is raised for them.

    Where that limit cannot be raised far enough, half of it: the rest is for requests and the log.
    """
    needed = connections + REQUESTS_MAX + FILES_KEPT
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    possible = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    if soft != resource.RLIM_INFINITY and soft < possible:
        resource.setrlimit(resource.RLIMIT_NOFILE, (possible, hard))
    if possible < needed:
        hint = "raise the limit of open files (LimitNOFILE, ulimit -n), or lower connections_max"
        _log.warning("connections.fewer", wanted=connections, open_files=possible, hint=hint)
    return connections if possible >= needed else min(connections, possible // 2)


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the process has one owner of signals, runtime/supervise.py."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _stream_url(sock: socket.socket) -> str:
    """Where our own listener finds the stream: where signs find it, or on loopback when that is everywhere."""
    host, port = sock.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"ws://[{host}]:{port}/v1/stream" if ":" in host else f"ws://{host}:{port}/v1/stream"
