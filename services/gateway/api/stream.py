"""`GET /v1/stream`: the websocket of signs and open pages, over the sans-I/O session of `core/session.py`.

One task a connection reads; one loop for all (`Stream.run`) writes. A fan-out walks over the connections in slices and
awaits nobody. A new connection is brought to the head in the same step that makes it live, so that nothing falls
between what it is given at first and what it is given later.

How long a line may be silent is counted in the machine's seconds, also where the city's time is a rehearsal's: whoever is
at the other end lives in them.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.websockets import WebSocket

from services.gateway.api.errors import ApiError, not_ready
from services.gateway.api.wire import Wire, wire_of
from services.gateway.core import leases
from services.gateway.core.fanout import Refusal, Roster, is_slow
from services.gateway.core.frames import Frame
from services.gateway.core.health import Crowd
from services.gateway.core.session import HELLO_S, Moment, Reply, Session, State
from services.gateway.core.view import View
from services.runtime import logs, metrics

DRAIN_S = 1.0
"""How long connections may take to read their goodbye when the gateway stops."""
DRAIN_SPREAD_MS = 1_000
"""Over what time clients return after a drain, at the least; a millisecond more for each of them."""

_log = logs.get("gateway")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The stream's settings. `origins`: pages of these may connect besides those of the gateway's own host."""

    heartbeat_s: float
    dead_s: float
    connections_max: int
    per_address_max: int
    canary_id: str
    origins: frozenset[str] = frozenset()
    hello_s: float = HELLO_S


@dataclass(slots=True, eq=False)
class Connection:
    """One client: its side of the protocol and its socket."""

    session: Session
    wire: Wire


class Stream:
    """All stream connections of this gateway."""

    def __init__(self, options: Options, view: Callable[[], View], bell: Callable[[], asyncio.Event]) -> None:
        """`view` is what is known now, `bell` rings when that changes."""
        self._options = options
        self._view = view
        self._bell = bell
        self._roster: Roster[Connection] = Roster(
            connections_max=options.connections_max, per_address_max=options.per_address_max
        )
        self._draining = False
        self._left = asyncio.Event()

    def crowd(self) -> Crowd:
        """Who is connected."""
        return Crowd(connections=self._roster.counts(), signs=self._roster.signs(self._view().mirror.offset))

    # --- one connection ---

    async def endpoint(self, websocket: WebSocket) -> None:
        """Serve one client until it goes."""
        address = websocket.client.host if websocket.client else ""
        refused = self._refusal(websocket, address)
        if refused is not None:
            metrics.CONNECTIONS_CUT.labels(reason=refused.code).inc()
            await websocket.send_denial_response(refused.response())
            return
        session = Session(time.monotonic(), hello_s=self._options.hello_s, canary_id=self._options.canary_id)
        connection = Connection(session, wire_of(websocket.scope))
        self._roster.enter(connection, address)
        try:
            await websocket.accept()
            await self._converse(websocket, connection)
        finally:
            self._roster.leave(connection)
            self._left.set()

    def _refusal(self, websocket: WebSocket, address: str) -> ApiError | None:
        if self._draining or not self._view().loaded:
            return not_ready()
        origin = websocket.headers.get("origin")
        if origin is not None and not self._is_ours(origin, websocket.headers.get("host", "")):
            return ApiError(403, "E5010", f"a page of {origin[:100]!r} may not connect", "open the page from this host")
        retry = {"retry-after": "5"}
        match self._roster.refusal(address):
            case Refusal.FULL:
                return ApiError(503, "E5009", "all connections are taken", "try again, or ask another gateway", retry)
            case Refusal.ADDRESS:
                hint = "see the setting connections_per_address_max"
                return ApiError(503, "E5009", "all connections of this address are taken", hint, retry)
            case None:
                return None

    def _is_ours(self, origin: str, host: str) -> bool:
        """Whether the browser's page comes from this host; programs send no Origin and are not asked."""
        return origin in self._options.origins or (host != "" and urlsplit(origin).netloc.lower() == host.lower())

    async def _converse(self, websocket: WebSocket, connection: Connection) -> None:
        session = connection.session
        while True:
            opening = session.state is State.OPENING
            wait_s = session.deadline - time.monotonic() if opening else None
            message = None
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    message = await websocket.receive()
            if message is None:
                reply = session.expire(time.monotonic())
            elif message["type"] == "websocket.disconnect":
                return
            elif (text := message.get("text")) is None:
                reply = session.receive_binary()
            else:
                reply = session.receive_text(text, time.monotonic(), self._moment())
            self._answer(connection, reply)
            if opening and session.state is State.LIVE:
                metrics.RESUMES.labels(outcome=session.outcome).inc()

    def _answer(self, connection: Connection, reply: Reply, reason: str = "protocol") -> None:
        if reply.frames:
            connection.wire.write(b"".join(frame.wire for frame in reply.frames))
        if reply.close is not None:
            metrics.CONNECTIONS_CUT.labels(reason=reason).inc()
            if reason != "drain":
                said = reply.frames[-1].text
                _log.warning("stream.closed", client=connection.session.client, reason=reason, said=said)
            connection.wire.finish(reply.close)

    # --- all connections ---

    async def run(self) -> None:
        """Bring everybody to the head whenever it moves, and give a sign of life every `heartbeat_s`."""
        beat_at = time.monotonic() + self._options.heartbeat_s
        view = self._view()
        until, told = view.leases(), view.mirror
        while True:
            # Taken before looking: what comes while the last change is given out rings this one.
            bell, view = self._bell(), self._view()
            before, until = until, view.leases()
            beats = time.monotonic() >= beat_at or leases.revived(before, until, view.now)
            if beats:
                beat_at = time.monotonic() + self._options.heartbeat_s
            if beats or view.mirror is not told:
                told = view.mirror
                await self._fan_out(beats=beats)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, beat_at - time.monotonic())):
                    await bell.wait()

    async def _fan_out(self, *, beats: bool) -> None:
        for connections in self._roster.slices():
            moment, now = self._moment(), time.monotonic()
            tail = (moment.heartbeat(),) if beats else ()
            for connection in connections:
                frames = connection.session.advance(moment.mirror, now) + tail
                if frames:
                    self._give(connection, frames, len(moment.mirror.snapshot.wire))
            await asyncio.sleep(0)

    def _give(self, connection: Connection, frames: tuple[Frame, ...], snapshot_bytes: int) -> None:
        if is_slow(connection.wire.waiting_bytes, snapshot_bytes):
            self._answer(connection, connection.session.cut(), "slow")
        else:
            connection.wire.write(frames[0].wire if len(frames) == 1 else b"".join(frame.wire for frame in frames))

    async def drain(self) -> None:
        """Say goodbye to everybody, and let them read it."""
        self._draining = True
        spread_ms = DRAIN_SPREAD_MS + len(self._roster)
        for connection in self._roster.everybody():
            retry_ms = DRAIN_SPREAD_MS // 2 + random.randrange(spread_ms)  # noqa: S311 - spreads load, keeps no secret
            self._answer(connection, connection.session.drain(retry_ms), "drain")
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                while len(self._roster):
                    self._left.clear()
                    await self._left.wait()

    def _moment(self) -> Moment:
        view = self._view()
        return Moment(
            mirror=view.mirror,
            leases=view.leases(),
            at=view.now,
            as_of=view.as_of or view.now,
            heartbeat_s=self._options.heartbeat_s,
            dead_s=self._options.dead_s,
        )
