"""The HTTP server over the shelf: standard library, threads, loopback only. For the demo, the canary and tests."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import BaseServer
from threading import Event, Lock, Thread
from typing import Any, ClassVar, Self

from services.feedserver.core.answer import Request, Response, answer
from services.feedserver.core.feeds import FEED_PATH, Shelf, empty_shelf
from services.feedserver.core.published import Published
from services.runtime.errors import HanshoError
from services.runtime.loopback import LOOPBACK, SHUTDOWN_POLL_S, LoopbackServer, is_loopback

CONNECTIONS_MAX = 64
"""Connections open at a time; one more is closed at once, the reader tries again. Pollers keep one to five."""
IDLE_S = 30
"""A connection that asks for nothing so long is closed."""

Clock = Callable[[], datetime]


class FeedServerError(HanshoError):
    """The server cannot start: what was asked is refused or the port is not to be had."""

    code: ClassVar[str] = "E6101"


def utc_now() -> datetime:
    """The time now, aware."""
    return datetime.now(UTC)


class FeedServer:
    """Serves what is published on it. Use as a context manager, or `start` and `stop`.

    Tests make a feed misbehave by overriding `respond`; the server itself knows no wrong answers.
    """

    def __init__(
        self, *, host: str = LOOPBACK, port: int = 0, access_log: Path | None = None, clock: Clock = utc_now
    ) -> None:
        """Bind to a loopback address; port 0 takes a free one. Raises `FeedServerError` (E6101)."""
        if not is_loopback(host):
            msg = (
                f"the feed server listens on loopback only, not on {host!r}: its telegrams are drills, for this machine"
            )
            raise FeedServerError(msg)
        self.clock = clock
        self.stopping = Event()
        self.asked = Event()
        """Set by the first request for a feed."""
        self._shelf = empty_shelf(clock())
        self._publishing = Lock()
        self._access_lock = Lock()
        try:
            self._access = None if access_log is None else access_log.open("a", encoding="utf-8", buffering=1)
        except OSError as error:
            msg = f"the feed server cannot write its access log: {error}; give another --access-log"
            raise FeedServerError(msg) from error
        try:
            self._http = _Http((host, port), self)
        except (OSError, OverflowError) as error:
            self._close_log()
            msg = f"the feed server cannot listen on {host}:{port}: {error}; give another --port, or 0 for a free one"
            raise FeedServerError(msg) from error
        self._thread = Thread(target=self._http.serve_forever, args=(SHUTDOWN_POLL_S,), name="feedserver", daemon=True)

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:PORT`, without a slash at the end; links in the feeds begin with it."""
        host, port = self._http.server_address[:2]
        return f"http://{host!s}:{port}"

    @property
    def shelf(self) -> Shelf:
        """What is published now."""
        return self._shelf

    def publish(self, *items: Published) -> None:
        """Put telegrams into their feeds, all at once."""
        with self._publishing:
            self._shelf = self._shelf.with_published(items)

    def respond(self, request: Request) -> Response:
        """The answer to a request; called in the thread of its connection."""
        return answer(request, self._shelf, self.base_url)

    def start(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop answering, close every connection and let go of the port."""
        self.stopping.set()
        if self._thread.is_alive():
            self._http.shutdown()
            self._thread.join()
        self._http.server_close()
        self._http.close_connections()
        self._close_log()

    def __enter__(self) -> Self:
        """Begin to answer."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def note(self, *, method: str, path: str, status: int, user_agent: str) -> None:
        """Write the access log's line of a request, before its answer leaves: who has the answer finds the line."""
        if path.startswith(FEED_PATH):
            self.asked.set()
        if self._access is None:
            return
        at = self.clock().isoformat(timespec="milliseconds")
        line = json.dumps({"at": at, "method": method, "path": path, "status": status, "user_agent": user_agent})
        try:
            with self._access_lock:
                self._access.write(f"{line}\n")
        except (OSError, ValueError) as error:  # ValueError: closed, an answer overran the stop
            sys.stderr.write(f"feedserver: access log: {error}\n")

    def _close_log(self) -> None:
        if self._access is not None:
            self._access.close()


class _Http(LoopbackServer):
    def __init__(self, address: tuple[str, int], feeds: FeedServer) -> None:
        self.feeds = feeds
        super().__init__(address, _Connection, connections_max=CONNECTIONS_MAX)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "hansho-feedserver"
    sys_version = ""
    timeout = IDLE_S
    server: BaseServer

    @property
    def _feeds(self) -> FeedServer:
        assert isinstance(self.server, _Http)  # nobody else makes connections
        return self.server.feeds

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        response = self._feeds.respond(Request(path=self.path, headers=headers))
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if "Content-Length" not in response.headers and response.status != 304:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The Date of an answer: readers check their clock by it, and ours may be a rehearsal's."""
        at = self._feeds.clock() if timestamp is None else datetime.fromtimestamp(timestamp, UTC)
        return format_datetime(at.astimezone(UTC), usegmt=True)

    do_HEAD = do_GET  # noqa: N815 - the base class's name

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002
        headers = getattr(self, "headers", None)
        self._feeds.note(
            method=self.command or "-",
            path=getattr(self, "path", "-"),
            status=int(code),
            user_agent="" if headers is None else headers.get("User-Agent", ""),
        )

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Nothing: the access log says what there is to say."""
