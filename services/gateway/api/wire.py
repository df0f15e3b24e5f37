"""The stream's socket: uvicorn's sans-I/O WebSocket protocol, opened a little.

A fan-out must not await anybody, must see how much waits for each client, and must be able to give one up; ASGI's
`send` can do none of these. So the endpoint finds this protocol in its scope and writes prebuilt frames to the
transport itself. Handshake, parsing, masks, fragments and pings stay with `websockets` and uvicorn. The parts of
uvicorn that are used here are held by tests/contract/gateway.
"""

from __future__ import annotations

import socket
from asyncio.transports import BaseTransport
from collections.abc import MutableMapping
from typing import Any

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

EXTENSION = "hansho.wire"
"""Where the endpoint finds its wire: scope["extensions"][EXTENSION]."""
SEND_BUFFER_BYTES = 131_072
"""What the kernel holds for one client: without it a stuck one takes up to 4 MB before we notice."""
UNACKNOWLEDGED_MS = 30_000
"""How long sent bytes may stay unacknowledged before the kernel gives the line up (Linux)."""
GIVE_UP_S = 2.0
"""How long a client that is told goodbye may take to read it."""


class Wire(WebSocketsSansIOProtocol):
    """One stream connection, below ASGI."""

    def connection_made(self, transport: BaseTransport) -> None:
        """Bound what the kernel keeps for a client that does not read."""
        super().connection_made(transport)
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS)

    def handle_connect(self, event: Request) -> None:
        """Show the endpoint its wire; it runs only after this."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            extensions: Any = self.scope["extensions"]
            extensions[EXTENSION] = self

    async def send(self, message: ASGISendEvent) -> None:
        """A refusal completes the handshake too; uvicorn would log it as an endpoint that forgot to answer."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True

    def keepalive_timeout(self) -> None:
        """A peer that answers no ping will not read a goodbye either."""
        super().keepalive_timeout()
        self.transport.abort()

    @property
    def waiting_bytes(self) -> int:
        """What the client has not taken yet."""
        return self.transport.get_write_buffer_size()

    def write(self, frames: bytes) -> None:
        """Send whole frames without waiting; nothing when the line is not open, or not any more."""
        if self.handshake_complete and not self.close_sent and not self.transport.is_closing():
            self.transport.write(frames)

    def finish(self, code: int) -> None:
        """Close with a code; a client that does not answer in `GIVE_UP_S` is dropped with all that waits for it."""
        if not self.handshake_complete or self.close_sent or self.transport.is_closing():
            return
        self.conn.send_close(code)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.stop_keepalive()
        self.close_timer = self.loop.call_later(GIVE_UP_S, self.transport.abort)


def wire_of(scope: MutableMapping[str, Any]) -> Wire:
    """The wire of a connection."""
    wire: Wire = scope["extensions"][EXTENSION]
    return wire
