"""A small HTTP server for this machine only: the standard library's, which here also counts, limits and closes connections.

For the programs beside the services: the feed server of the demo and the canary, the stand-in for phones.
"""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from socket import SHUT_RDWR, socket
from socketserver import TCPServer
from threading import Condition
from typing import Any

LOOPBACK = "127.0.0.1"
STOP_S = 0.5
"""How long stopping waits for answers under way before it leaves their threads behind."""
SHUTDOWN_POLL_S = 0.05


class LoopbackServer(ThreadingHTTPServer):
    """Keeps at most `connections_max` connections open; one more is closed at once, the other side tries again."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(
        self, address: tuple[str, int], connection: type[BaseHTTPRequestHandler], *, connections_max: int
    ) -> None:
        """Bind; raises OSError or OverflowError."""
        self._connections_max = connections_max
        self._open: set[socket] = set()
        self._changed = Condition()
        super().__init__(address, connection)

    def server_bind(self) -> None:
        """Bind without the base class's look-up of the host's name, which may wait for a name server."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer on a thread of its own, or close what is too many."""
        with self._changed:
            full = len(self._open) >= self._connections_max
            self._open.add(request)
        if full:
            self.shutdown_request(request)
        else:
            super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Let go of a connection."""
        super().shutdown_request(request)
        with self._changed:
            self._open.discard(request)
            self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever goes away in the middle is nothing to report; anything else is."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    def close_connections(self) -> None:
        """Cut what is open, and wait a moment for its threads."""
        with self._changed:
            for connection in self._open:
                try:
                    connection.shutdown(SHUT_RDWR)
                except OSError:
                    continue  # the other side was faster
            self._changed.wait_for(lambda: not self._open, timeout=STOP_S)


def is_loopback(host: str) -> bool:
    """Whether that is an IPv4 address of this machine itself."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.version == 4 and address.is_loopback
