"""DMDATA.JP's socket, kept open on two endpoints: what it pushes goes into topic `telegrams`, once.

Off without a key. Each endpoint has its own ticket and its own line; a line that is cut, silent or refused is made anew with
growing pauses. Both bring every telegram: the second copy is dropped by its id, and a copy by JMA's feed is the same alert.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import stat
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from random import random
from typing import ClassVar

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidURI, WebSocketException
from websockets.typing import Subprotocol

from schemas.status import Condition, StatusReport
from schemas.telegram import RawTelegram
from services.eventlog.port import EventLog, EventLogError
from services.ingest.core import dmdata, letters, polling, trouble
from services.ingest.core.defect import Defect
from services.ingest.core.dmdata import Fault, Ping, Pushed, Started
from services.ingest.core.types import PUSHED
from services.ingest.sources.known import Known
from services.runtime import logs, metrics, records
from services.runtime.clock import Clock
from services.runtime.errors import HanshoError
from services.runtime.reporting import TOPIC, Reporter

API = "https://api.dmdata.jp"
TICKETS = "/v2/socket"
ENDPOINTS = ("wss://ws-tokyo.api.dmdata.jp/v2/websocket", "wss://ws-osaka.api.dmdata.jp/v2/websocket")
TICKET_LIMIT_S = 20.0
ALARM_AFTER_S = 120.0
"""How long both lines may be down before that is an alarm."""
LOOK_EVERY_S = 10.0

_log = logs.get("ingest")


class KeyUnusable(HanshoError):
    """The file with the key cannot be used."""

    code: ClassVar[str] = "E6022"


class _Down(Exception):
    """A line that is not there, and why."""


def read_key(file: str) -> str:
    """The key in a file that its owner alone can read. Raises `KeyUnusable`."""
    path = Path(file)
    try:
        status = path.stat()
        key = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyUnusable(f"dmdata_key={file!r} cannot be read ({error})") from error
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO) or status.st_uid != os.geteuid():
        raise KeyUnusable(f"dmdata_key={file!r} can be read by others: chmod 600 it, and own it")
    if not key or not key.isascii() or not key.isprintable():
        raise KeyUnusable(f"dmdata_key={file!r} holds no key")
    return key


@dataclass(slots=True, kw_only=True)
class Sockets:
    """All lines. `up`: those that are open; `down_since`: when the last one closed (by the monotonic clock)."""

    log: EventLog
    clock: Clock
    known: Known
    reporter: Reporter
    key: str
    api: str = API
    endpoints: tuple[str, ...] = ENDPOINTS
    silent_s: float = dmdata.PING_WITHIN_S
    up: set[str] = field(default_factory=set)
    down_since: float | None = None
    reason: str = "not connected yet"
    _taking: set[str] = field(default_factory=set)

    async def run(self) -> None:
        """Keep every line open until cancelled."""
        self.down_since = self.clock.monotonic()
        async with asyncio.TaskGroup() as group:
            for endpoint in self.endpoints:
                group.create_task(self._keep(endpoint))
            group.create_task(self._report())

    # --- one line ---

    async def _keep(self, endpoint: str) -> None:
        failures = 0
        while True:
            try:
                await self._listen(endpoint)
            except _Down as down:
                self.reason = str(down)
            except EventLogError as error:
                # what it brought is not kept; JMA's feed brings it minutes later, and the log raises its own alarm
                self.reason = f"the log refuses: {error.code}"
            except (OSError, TimeoutError, WebSocketException, InvalidHandshake, InvalidURI) as error:
                self.reason = f"{type(error).__name__}: {error}"[:200]
            failures = 0 if endpoint in self.up else failures + 1
            self._closed(endpoint)
            _log.warning("socket.down", endpoint=endpoint, reason=self.reason, failures=failures)
            await self.clock.sleep(dmdata.pause_s(failures, random()))  # noqa: S311 - manners, no secret

    async def _listen(self, endpoint: str) -> None:
        ticket = await self._ticket()
        async with connect(
            f"{endpoint}?ticket={ticket}",
            subprotocols=[Subprotocol(dmdata.PROTOCOL)],
            max_size=dmdata.MESSAGE_BYTES_MAX,
            open_timeout=TICKET_LIMIT_S,
            ping_interval=None,  # the server pings by a message of its own
            proxy=None,
        ) as line:
            while True:
                async with asyncio.timeout(self.silent_s):
                    text = await line.recv()
                await self._take(endpoint, line, text)

    async def _ticket(self) -> str:
        async with httpx.AsyncClient(timeout=TICKET_LIMIT_S, trust_env=False) as client:
            try:
                answer = await client.post(f"{self.api}{TICKETS}", json=dmdata.request(), auth=(self.key, ""))
            except httpx.HTTPError as error:
                raise _Down(f"no ticket: {type(error).__name__}") from error
        if answer.status_code != HTTPStatus.OK:
            raise _Down(f"no ticket: HTTP {answer.status_code}")
        ticket = dmdata.ticket_of(answer.content)
        if isinstance(ticket, Defect):
            raise _Down(f"no ticket: {ticket.reason}")
        return ticket

    async def _take(self, endpoint: str, line: ClientConnection, text: str | bytes) -> None:
        match dmdata.read(text):
            case Ping() as ping:
                await line.send(dmdata.pong(ping))
                self.up.add(endpoint)
            case Started():
                self.up.add(endpoint)
                _log.event("socket.up", endpoint=endpoint)
            case Fault() as fault:
                _log.warning("socket.fault", endpoint=endpoint, reason=fault.reason)
                if fault.closes:
                    raise _Down(fault.reason)
            case Pushed() as pushed:
                await self._append(pushed)
            case Defect() as defect:
                await self._bury(defect, text)
            case other:
                _log.event("socket.other", type=other.type)

    def _closed(self, endpoint: str) -> None:
        self.up.discard(endpoint)
        if not self.up and self.down_since is None:
            self.down_since = self.clock.monotonic()

    # --- what it brings ---

    async def _append(self, pushed: Pushed) -> None:
        if pushed.id in self._taking or not dmdata.is_wanted(pushed, self.known.of(PUSHED)):
            return
        self._taking.add(pushed.id)  # the other line may bring it while this one is being written
        try:
            now = self.clock.now()
            packed = await asyncio.to_thread(gzip.compress, pushed.body, 6, mtime=0)
            raw = RawTelegram(
                source=PUSHED,
                entry_id=pushed.id,
                name=pushed.name,
                fetched_at=now,
                sha256=sha256(pushed.body).hexdigest(),
                body=b64encode(packed).decode(),
            )
            id_ = f"{PUSHED}:{pushed.id}"
            await self.log.append("telegrams", [records.message(raw, key=id_, id=id_, source="ingest", at=now)])
            self.known.add(PUSHED, pushed.id)
            _log.event("telegram.appended", id=id_, bytes=len(pushed.body))
        finally:
            self._taking.discard(pushed.id)

    async def _bury(self, defect: Defect, text: str | bytes) -> None:
        """What cannot be read goes to `dead`, by what it is: the same message twice is one letter."""
        content = text.encode() if isinstance(text, str) else text
        key = f"{PUSHED}:{sha256(content).hexdigest()[:16]}"
        letter = letters.never_fetched(key, letters.fatal("a message of the socket", defect), self.clock.now())
        message = records.message(letter.payload, key=letter.key, id=letter.id, source="ingest", at=self.clock.now())
        await self.log.append(letter.topic, [message])
        metrics.DEAD.labels(code=defect.code).inc()

    # --- what is said of it ---

    async def _report(self) -> None:
        while True:
            report = self.report()
            if polling.is_worth_saying(self.reporter.last.get(report.subject), report, polling.SAY_AGAIN_S):
                with suppress(EventLogError):  # its silence is the alarm then
                    await self.log.append(TOPIC, [self.reporter.output(report).message])
            await self.clock.sleep(LOOK_EVERY_S)

    def report(self) -> StatusReport:
        """`feed:jma.pushed`: ok while a line is up, an alarm when none was for too long."""
        now = self.clock.now()
        if self.up:
            self.down_since = None
        down_s = 0.0 if self.down_since is None else self.clock.monotonic() - self.down_since
        if down_s > ALARM_AFTER_S:
            return polling.alarm(f"feed:{PUSHED}", trouble.no_answer(PUSHED, self.reason), now)
        return StatusReport(
            subject=f"feed:{PUSHED}",
            condition=Condition.OK,
            since=now,
            reported_at=now,
            silence_s=ALARM_AFTER_S,
            message=f"{len(self.up)} of {len(self.endpoints)} lines open" + (f"; {self.reason}" if not self.up else ""),
        )


def sockets(log: EventLog, clock: Clock, known: Known, reporter: Reporter, key_file: str) -> Sockets | None:
    """The lines of this run; None without a key. Raises `KeyUnusable`."""
    if not key_file:
        return None
    return Sockets(log=log, clock=clock, known=known, reporter=reporter, key=read_key(key_file))
