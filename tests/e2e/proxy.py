"""A line that tests can cut: TCP forwarded to a port, until it is cut or swallows what it is given."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

CHUNK_BYTES = 65_536


class Line(StrEnum):
    """What the line does with bytes."""

    WHOLE = "whole"
    CUT = "cut"
    """Connections are closed and new ones refused: a cable pulled at the gateway."""
    BLACK_HOLE = "black-hole"
    """Connections stay open and nothing arrives: a cable pulled elsewhere."""


@dataclass(slots=True)
class Proxy:
    """Forwards connections to `target` (a port of this machine)."""

    target: int
    state: Line = Line.WHOLE
    port: int = 0
    late_s: float = 0.0
    """How long every piece is under way, each way."""
    _server: asyncio.Server | None = None
    _ends: set[asyncio.StreamWriter] = field(default_factory=set)
    _lines: set[asyncio.Task[None]] = field(default_factory=set)

    async def open(self) -> None:
        """Listen on a port of its own."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Listen no more, forward no more."""
        assert self._server is not None
        self._server.close()
        await self.cut()

    async def cut(self) -> None:
        """Close every connection and take no new one."""
        self.state = Line.CUT
        lines = tuple(self._lines)
        for line in lines:
            line.cancel()
        await asyncio.gather(*lines, return_exceptions=True)

    async def reset(self) -> None:
        """Reset every connection, and forward those that come next: a firewall that forgot them."""
        for writer in tuple(self._ends):
            sock = writer.get_extra_info("socket")
            with suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    def black_hole(self) -> None:
        """Keep the connections, lose the bytes."""
        self.state = Line.BLACK_HOLE

    async def mend(self) -> None:
        """Forward again; connections that lost bytes are closed, as a kernel would reset them."""
        await self.cut()
        self.state = Line.WHOLE

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.state is Line.CUT:
            writer.close()
            return
        line = asyncio.create_task(self._forward(reader, writer))
        self._lines.add(line)
        line.add_done_callback(self._lines.discard)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        self._ends |= {writer, far_writer}
        try:
            ways = (
                asyncio.create_task(self._pump(reader, far_writer)),
                asyncio.create_task(self._pump(far_reader, writer)),
            )
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        finally:
            self._ends -= {writer, far_writer}
            for end in (writer, far_writer):
                end.close()
                with suppress(OSError):
                    await end.wait_closed()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(CHUNK_BYTES):
            if self.late_s:
                await asyncio.sleep(self.late_s)
            if self.state is Line.WHOLE:
                writer.write(chunk)
                await writer.drain()
