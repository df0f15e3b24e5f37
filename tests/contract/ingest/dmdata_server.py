"""A stand-in of ours for DMDATA.JP: tickets over HTTP, and a socket that pushes, pings and misbehaves when told to."""

from __future__ import annotations

import asyncio
import gzip
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import orjson
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

PROTOCOL = Subprotocol("dmdata.v2")


def pushed(id_: str, body: bytes, kind: str = "VTSE41") -> bytes:
    """A `data` message."""
    packed = b64encode(gzip.compress(body)).decode()
    return orjson.dumps(
        {
            "type": "data",
            "version": "2.0",
            "id": id_,
            "head": {"type": kind, "test": False},
            "format": "xml",
            "compression": "gzip",
            "encoding": "base64",
            "body": packed,
        }
    )


@dataclass
class Dmdata:
    """Both of its endpoints and what they saw. `status`: of the answer to who asks for a ticket."""

    key: str = "secret-key"
    status: int = 200
    tickets: set[str] = field(default_factory=set)
    asked: list[dict[str, object]] = field(default_factory=list)
    lines: dict[str, ServerConnection] = field(default_factory=dict)
    pongs: list[str] = field(default_factory=list)
    accepted: int = 0
    api: str = ""
    endpoints: tuple[str, ...] = ()

    async def ticket(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """POST /v2/socket."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length")
        )
        self.asked.append(orjson.loads(await reader.readexactly(length)))
        basic = next((line.split()[2] for line in head.split("\r\n") if line.lower().startswith("authorization")), "")
        known = b64decode(basic).decode() == f"{self.key}:"
        status = self.status if known else 401
        ticket = f"ticket-{len(self.asked)}"
        body = orjson.dumps({"status": "ok", "ticket": ticket} if status == 200 else {"status": "error"})
        if status == 200:
            self.tickets.add(ticket)
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    async def line(self, line: ServerConnection) -> None:
        """One connection: its ticket is good for once."""
        assert line.request is not None
        url = urlsplit(line.request.path)
        ticket = parse_qs(url.query).get("ticket", [""])[0]
        if ticket not in self.tickets:
            await line.send('{"type": "error", "error": "ticket", "code": 4404, "close": true}')
            return
        self.tickets.discard(ticket)
        self.accepted += 1
        self.lines[url.path] = line
        await line.send('{"type": "start"}')
        try:
            async for text in line:
                message = orjson.loads(text)
                if message["type"] == "pong":
                    self.pongs.append(message["pingId"])
        except ConnectionClosed:
            pass
        finally:
            if self.lines.get(url.path) is line:
                del self.lines[url.path]

    async def push(self, message: bytes | str) -> None:
        """Send a message by every line."""
        for line in tuple(self.lines.values()):
            await line.send(message if isinstance(message, str) else message.decode())


@asynccontextmanager
async def dmdata(**settings: object) -> AsyncIterator[Dmdata]:
    """A stand-in, listening on this machine."""
    made = Dmdata(**settings)  # type: ignore[arg-type]  # names are the test's own
    tickets = await asyncio.start_server(made.ticket, "127.0.0.1", 0)
    async with tickets, serve(made.line, "127.0.0.1", 0, subprotocols=[PROTOCOL]) as sockets:
        made.api = f"http://127.0.0.1:{tickets.sockets[0].getsockname()[1]}"
        port = next(iter(sockets.sockets)).getsockname()[1]
        made.endpoints = (f"ws://127.0.0.1:{port}/tokyo", f"ws://127.0.0.1:{port}/osaka")
        yield made
