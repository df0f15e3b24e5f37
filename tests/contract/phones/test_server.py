"""The stand-in over HTTP: what it takes, what it shows, and that it is for this machine only."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from schemas.level import LEVELS
from services.phones.api import server
from services.phones.api.server import Phones, PhonesError
from services.phones.core.inbox import Phone
from tests.unit.phones.core.messages import AUTHORIZATION, request

BOOK = (Phone(address="demo-odawara-ja", name="小田原に住む人", place="小田原市", language="ja", listed=True),)
SEND = "/v1/projects/hansho-demo/messages:send"
NOW = datetime(2026, 9, 1, 13, 40, tzinfo=UTC)


@pytest.fixture
def phones(tmp_path: Path) -> Iterator[Phones]:
    with Phones(book=BOOK, access_log=tmp_path / "access.log", clock=lambda: NOW) as started:
        yield started


def ask(phones: Phones, path: str, body: bytes | None = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    line = HTTPConnection(phones.base_url.removeprefix("http://"), timeout=5)
    try:
        line.request("GET" if body is None else "POST", path, body, headers)
        answer = line.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        line.close()


def post(phones: Phones, **changed: Any) -> int:
    return ask(phones, SEND, request(**changed), Authorization=AUTHORIZATION)[0]


def test_an_accepted_message_is_on_its_phone_in_the_list_and_in_the_access_log(phones: Phones, tmp_path: Path) -> None:
    assert post(phones) == 200
    inbox = json.loads(ask(phones, "/v1/inbox")[2])
    assert inbox["phones"][0]["shown"][0]["title"] == "警戒レベル４相当 土砂災害危険警報 小田原市"
    (line,) = json.loads(ask(phones, "/v1/received")[2])
    assert (line["address"], line["alert"], line["repeat"], line["at"]) == (
        "demo-odawara-ja",
        "a1",
        False,
        NOW.isoformat(),
    )
    assert json.loads((tmp_path / "access.log").read_text("utf-8")) == line


def test_a_message_that_comes_again_is_counted_as_a_repeat(phones: Phones) -> None:
    assert [post(phones), post(phones), post(phones, token="other")] == [200, 200, 200]
    inbox = json.loads(ask(phones, "/v1/inbox")[2])
    assert (inbox["accepted"], inbox["repeats"]) == (3, 1)
    assert [line["repeat"] for line in json.loads(ask(phones, "/v1/received?after=1")[2])] == [True, False]


def test_a_trial_is_answered_and_shown_nowhere(phones: Phones) -> None:
    status, _, _ = ask(phones, SEND, request(validate_only=True), Authorization=AUTHORIZATION)
    assert status == 200
    assert json.loads(ask(phones, "/v1/received")[2]) == []


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (SEND, {}, 401),
        ("/v1/projects/hansho-demo/messages", {"Authorization": AUTHORIZATION}, 404),
        ("/", {"Authorization": AUTHORIZATION}, 404),
    ],
)
def test_what_the_service_would_not_take_is_not_taken(
    phones: Phones, path: str, headers: dict[str, str], status: int
) -> None:
    assert ask(phones, path, request(), **headers)[0] == status
    assert json.loads(ask(phones, "/v1/received")[2]) == []


def test_a_request_that_is_too_large_is_refused_unread(phones: Phones) -> None:
    line = HTTPConnection(phones.base_url.removeprefix("http://"), timeout=5)
    line.putrequest("POST", SEND)
    line.putheader("Content-Length", str(server.BODY_BYTES_MAX + 1))
    line.endheaders()
    assert line.getresponse().status == 400
    line.close()


def test_failures_come_as_the_address_says(phones: Phones) -> None:
    assert [post(phones, token=f"down2-{name}") for name in ("a", "a", "a", "b")] == [503, 503, 200, 503]


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/inbox.css", "text/css; charset=utf-8"),
        ("/inbox.js", "text/javascript; charset=utf-8"),
        ("/bell.svg", "image/svg+xml"),
        ("/fonts/biz-udpgothic.css", "text/css; charset=utf-8"),
    ],
)
def test_the_page_and_its_files_are_served_and_nothing_from_elsewhere_is_let_in(
    phones: Phones, path: str, media_type: str
) -> None:
    status, headers, body = ask(phones, path)
    assert (status, headers["content-type"]) == (200, media_type)
    assert body
    assert "default-src 'none'; script-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["/x", "/fonts/../app.py", "/fonts/OFL.txt", "/fonts/none.woff2", "/../app.py", "/fonts/"]
)
def test_nothing_else_is_served(phones: Phones, path: str) -> None:
    assert ask(phones, path)[0] == 404


def test_the_page_is_told_when_something_comes(phones: Phones) -> None:
    line = HTTPConnection(phones.base_url.removeprefix("http://"), timeout=5)
    line.request("GET", "/v1/events")
    events = line.getresponse()
    assert events.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert events.readline() == b"data: 0\n"
    assert events.readline() == b"\n"
    post(phones)
    assert events.readline() == b"data: 1\n"
    line.close()


def test_it_listens_on_this_machine_and_nowhere_else() -> None:
    for host in ("0.0.0.0", "10.0.0.1", "::1", "localhost"):
        with pytest.raises(PhonesError, match="loopback only"):
            Phones(host=host)


def test_a_port_that_is_taken_is_said(phones: Phones) -> None:
    with pytest.raises(PhonesError, match="give another --port"):
        Phones(port=int(phones.base_url.rpartition(":")[2]))


def test_an_access_log_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(PhonesError, match="access log"):
        Phones(access_log=tmp_path / "no" / "access.log")


def test_more_connections_than_it_holds_are_closed_at_once(phones: Phones) -> None:
    address = ("127.0.0.1", int(phones.base_url.rpartition(":")[2]))
    with ExitStack() as stack:
        *_, last = (
            stack.enter_context(socket.create_connection(address, timeout=5)) for _ in range(server.CONNECTIONS_MAX + 1)
        )
        assert last.recv(1) == b""


def test_stopping_lets_go_of_everybody() -> None:
    phones = Phones().start()
    line = HTTPConnection(phones.base_url.removeprefix("http://"), timeout=5)
    line.request("GET", "/v1/events")
    assert line.getresponse().readline() == b"data: 0\n"
    phones.stop()
    with pytest.raises(ConnectionError):
        ask(phones, "/v1/inbox")
    line.close()


def test_the_pages_colours_are_the_levels_colours() -> None:
    style = (server.WEB / "inbox.css").read_text("utf-8")
    for level, row in LEVELS.items():
        assert f"--level-{level}-ground: {row.ground}; --level-{level}-ink: {row.ink};" in style
