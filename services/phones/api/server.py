"""The stand-in over HTTP: standard library, threads, loopback only."""

from __future__ import annotations

import json
import sys
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socket import SHUT_RDWR
from socketserver import BaseServer
from threading import Condition, Event, Lock, Thread
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, urlsplit

from services.phones.core import inbox, wire
from services.phones.core.inbox import Inbox, Phone
from services.phones.core.script import scene
from services.phones.core.wire import PATH, Answer, Received
from services.runtime.errors import HanshoError
from services.runtime.loopback import LOOPBACK, SHUTDOWN_POLL_S, LoopbackServer, is_loopback

CONNECTIONS_MAX = 256
"""Connections open at a time; one more is closed at once, the other side tries again."""
IDLE_S = 60
"""A connection that asks for nothing so long is closed."""
BODY_BYTES_MAX = 65_536
"""A request larger than this is refused unread; FCM's messages have 4 KB."""
KEPT_MAX = 20_000
"""Messages that `/v1/received` can still give; the newest."""
TRIES_KNOWN_MAX = 20_000
"""Addresses whose tries are counted for scripts like `down2-…`; beyond them counting starts anew."""
CHANGES_EVERY_S = 0.2
"""The page is told of changes at the most so often."""
KEEPALIVE_S = 15.0
WEB = Path(__file__).resolve().parents[1] / "web"
FONTS = Path(__file__).resolve().parents[2] / "gateway" / "web" / "vendor" / "fonts"
"""The typeface that the image carries already; the page is readable without it."""
FILES = {
    "/": (WEB / "index.html", "text/html; charset=utf-8"),
    "/bell.svg": (WEB / "bell.svg", "image/svg+xml"),
    "/inbox.css": (WEB / "inbox.css", "text/css; charset=utf-8"),
    "/inbox.js": (WEB / "inbox.js", "text/javascript; charset=utf-8"),
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

Clock = Callable[[], datetime]


class PhonesError(HanshoError):
    """The stand-in cannot start: what was asked is refused or the port is not to be had."""

    code: ClassVar[str] = "E6104"


def utc_now() -> datetime:
    """The time now, aware."""
    return datetime.now(UTC)


class Phones:
    """Takes messages as FCM does and shows what its phones got. Use as a context manager, or `start` and `stop`."""

    def __init__(
        self,
        *,
        host: str = LOOPBACK,
        port: int = 0,
        book: tuple[Phone, ...] = (),
        access_log: Path | None = None,
        clock: Clock = utc_now,
    ) -> None:
        """Bind to a loopback address; port 0 takes a free one. Raises `PhonesError` (E6104)."""
        if not is_loopback(host):
            raise PhonesError(
                f"the stand-in for phones listens on loopback only, not on {host!r}: it is for this machine"
            )
        self.clock = clock
        self.stopping = Event()
        self.changed = Condition()
        self.version = 0
        self.inbox: Inbox = inbox.empty(book)
        self._lock = Lock()
        self._number = 0
        self._tries: dict[str, int] = {}
        self._known: dict[tuple[str, ...], None] = {}
        self._received: deque[dict[str, object]] = deque(maxlen=KEPT_MAX)
        try:
            self._access = None if access_log is None else access_log.open("a", encoding="utf-8", buffering=1)
        except OSError as error:
            raise PhonesError(f"cannot write the access log: {error}; give another --access-log") from error
        try:
            self._http = _Http((host, port), self)
        except (OSError, OverflowError) as error:
            self._close_log()
            raise PhonesError(f"cannot listen on {host}:{port}: {error}; give another --port, or 0 for any") from error
        self._thread = Thread(target=self._http.serve_forever, args=(SHUTDOWN_POLL_S,), name="phones", daemon=True)

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:PORT`, without a slash at the end."""
        host, port = self._http.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop answering, close every connection and let go of the port."""
        self.stopping.set()
        with self.changed:
            self.changed.notify_all()
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

    # --- messages ---

    def answer(self, path: str, body: bytes, authorization: str) -> Answer | None:
        """Take one message; None means that the connection is to be cut instead of answered."""
        received = wire.read(body, authorization)
        if isinstance(received, Answer):
            return received
        with self._lock:
            tries = self._tries.get(received.address, 0)
            if len(self._tries) >= TRIES_KNOWN_MAX:
                self._tries.clear()
            self._tries[received.address] = tries + 1
        act = scene(received.address, tries)
        if act.wait_s and self.stopping.wait(act.wait_s):
            return None
        if act.answer is not None:
            return act.answer
        number = 0 if received.validate_only else self._deliver(received)
        return None if act.cut else wire.accepted(path, number)

    def _deliver(self, received: Received) -> int:
        """Show a message on its phone and write it down, before its answer leaves."""
        now = self.clock()
        same = inbox.identity(received)
        with self._lock:
            self._number += 1
            repeat = same in self._known
            if len(self._known) >= inbox.REPEATS_KNOWN_MAX:
                del self._known[next(iter(self._known))]
            self._known[same] = None
            self.inbox = inbox.deliver(self.inbox, received, now, repeat=repeat)
            line = {
                "number": self._number,
                "at": now.isoformat(),
                "address": received.address,
                "alert": received.data.get("alert", ""),
                "revision": received.data.get("revision", ""),
                "change": received.data.get("change", ""),
                "hazard": received.data.get("hazard", ""),
                "data": dict(received.data),
                "tag": received.tag,
                "title": received.title,
                "silent": received.silent,
                "repeat": repeat,
            }
            self._received.append(line)
            self._note(line)
            number = self._number
        with self.changed:
            self.version += 1
            self.changed.notify_all()
        return number

    def received(self, after: int) -> list[dict[str, object]]:
        """What was accepted since the message of that number, oldest first, as far as it is kept."""
        with self._lock:
            return [line for line in self._received if int(str(line["number"])) > after]

    def changed_since(self, version: int, wait_s: float) -> int:
        """Wait until something was delivered since that version, at the most so long; the version now."""
        with self.changed:
            self.changed.wait_for(lambda: self.version != version or self.stopping.is_set(), timeout=wait_s)
            return self.version

    def drawn(self) -> dict[str, Any]:
        """What the page draws now."""
        return inbox.drawn(self.inbox, self.clock())

    def _note(self, line: Mapping[str, object]) -> None:
        if self._access is None:
            return
        try:
            self._access.write(json.dumps(line, ensure_ascii=False) + "\n")
        except (OSError, ValueError) as error:  # ValueError: closed, a message overran the stop
            sys.stderr.write(f"phones: access log: {error}\n")

    def _close_log(self) -> None:
        if self._access is not None:
            self._access.close()


class _Http(LoopbackServer):
    def __init__(self, address: tuple[str, int], phones: Phones) -> None:
        self.phones = phones
        super().__init__(address, _Connection, connections_max=CONNECTIONS_MAX)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "hansho-phones"
    sys_version = ""
    timeout = IDLE_S
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body of an answer leave together
    server: BaseServer

    @property
    def _phones(self) -> Phones:
        assert isinstance(self.server, _Http)  # nobody else makes connections
        return self.server.phones

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or "0")
        if length > BODY_BYTES_MAX or "chunked" in self.headers.get("Transfer-Encoding", ""):
            self.close_connection = True
            self._send(wire.bad_request("", f"Request payload is larger than {BODY_BYTES_MAX} bytes."))
            return
        body = self.rfile.read(length)
        if not PATH.fullmatch(self.path):
            self._send(wire.not_found())
            return
        answer = self._phones.answer(self.path, body, self.headers.get("Authorization", ""))
        if answer is None:
            self.close_connection = True
            self.connection.shutdown(SHUT_RDWR)
            return
        self._send(answer)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/v1/inbox":
            self._send_json(self._phones.drawn())
        elif parts.path == "/v1/received":
            after = parse_qs(parts.query).get("after", ["0"])[0]
            self._send_json(self._phones.received(int(after) if after.isdigit() else 0))
        elif parts.path == "/v1/events":
            self._send_events()
        else:
            self._send_file(parts.path)

    def _send_events(self) -> None:
        """An event a change, at the most every `CHANGES_EVERY_S`, until the page or the stand-in goes away."""
        self.send_response(200)
        self._headers("text/event-stream; charset=utf-8")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        phones, seen = self._phones, -1
        while not phones.stopping.is_set():
            version = phones.changed_since(seen, KEEPALIVE_S)
            line = ": still here\n\n" if version == seen else f"data: {version}\n\n"
            seen = version
            self.wfile.write(line.encode())
            self.wfile.flush()
            phones.stopping.wait(CHANGES_EVERY_S)

    def _send_file(self, path: str) -> None:
        name = path.removeprefix("/fonts/")
        font = FONTS / name
        if path in FILES:
            file, media_type = FILES[path]
        elif path != name and name.replace("-", "").replace(".", "").isalnum() and font.suffix in {".css", ".woff2"}:
            file, media_type = font, "text/css; charset=utf-8" if font.suffix == ".css" else "font/woff2"
        else:
            self._send(wire.not_found())
            return
        try:
            body = file.read_bytes()
        except OSError:
            self._send(wire.not_found())
            return
        self._send_body(200, media_type, body)

    def _send_json(self, value: object) -> None:
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        self._send_body(200, "application/json; charset=utf-8", body)

    def _send(self, answer: Answer) -> None:
        self._send_body(answer.status, "application/json; charset=utf-8", answer.body, answer.headers)

    def _send_body(self, status: int, media_type: str, body: bytes, more: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        self._headers(media_type)
        for name, value in (more or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _headers(self, media_type: str) -> None:
        self.send_header("Content-Type", media_type)
        self.send_header("Cache-Control", "max-age=2592000" if media_type == "font/woff2" else "no-store")
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Nothing: the access log says what there is to say."""
