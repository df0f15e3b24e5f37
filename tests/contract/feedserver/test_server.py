"""The feed server over HTTP, as a poller meets it."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from services.feedserver.api.server import CONNECTIONS_MAX, FeedServer, FeedServerError
from services.feedserver.core.answer import Request, Response
from services.feedserver.core.canary import canary_telegram

AT = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
FEED = "/developer/xml/feed/canary.xml"


@pytest.fixture(name="server")
def _server(tmp_path: Path) -> Iterator[FeedServer]:
    with FeedServer(access_log=tmp_path / "access.log", clock=lambda: AT) as server:
        yield server


def connect(server: FeedServer) -> HTTPConnection:
    return HTTPConnection(server.base_url.removeprefix("http://"), timeout=5)


def get(server: FeedServer, path: str, method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
    connection = connect(server)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def access_log(tmp_path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (tmp_path / "access.log").read_text(encoding="utf-8").splitlines()]


def test_what_is_published_stands_in_its_feed_and_at_its_address(server: FeedServer) -> None:
    telegram = canary_telegram(1, AT)
    server.publish(telegram)
    response, feed = get(server, FEED)
    assert response.status == 200
    assert f"{server.base_url}{telegram.path}".encode() in feed
    assert get(server, telegram.path)[1] == telegram.body


def test_a_poller_that_asks_again_gets_304_until_there_is_something_new(server: FeedServer) -> None:
    server.publish(canary_telegram(1, AT))
    first, _ = get(server, FEED)
    etag = first.headers["ETag"]
    again, body = get(server, FEED, If_None_Match=etag)
    assert (again.status, body) == (304, b"")
    server.publish(canary_telegram(2, AT))
    assert get(server, FEED, If_None_Match=etag)[0].status == 200
    assert get(server, FEED, If_Modified_Since=first.headers["Last-Modified"])[0].status == 200


def test_a_connection_is_kept_for_the_next_question(server: FeedServer) -> None:
    connection = connect(server)
    for _ in range(3):
        connection.request("GET", FEED)
        response = connection.getresponse()
        etag = response.headers["ETag"]
        response.read()
        connection.request("GET", FEED, headers={"If-None-Match": etag})
        response = connection.getresponse()
        assert (response.status, response.read()) == (304, b"")
    connection.close()


def test_gzip_is_one_a_reader_can_open(server: FeedServer) -> None:
    response, body = get(server, FEED, Accept_Encoding="gzip")
    assert response.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body) == get(server, FEED)[1]


def test_head_says_how_long_it_would_be_and_sends_nothing(server: FeedServer) -> None:
    response, body = get(server, FEED, method="HEAD")
    assert (response.status, body) == (200, b"")
    assert int(response.headers["Content-Length"]) == len(get(server, FEED)[1])


def test_every_request_has_its_line_in_the_access_log_before_its_answer(server: FeedServer, tmp_path: Path) -> None:
    get(server, FEED, User_Agent="poller/1")
    get(server, "/nothing?there=1")
    assert access_log(tmp_path) == [
        {"at": "2026-11-24T21:00:00.000+00:00", "method": "GET", "path": FEED, "status": 200, "user_agent": "poller/1"},
        {
            "at": "2026-11-24T21:00:00.000+00:00",
            "method": "GET",
            "path": "/nothing?there=1",
            "status": 404,
            "user_agent": "",
        },
    ]


def test_a_method_that_is_not_served_is_refused_and_logged(server: FeedServer, tmp_path: Path) -> None:
    assert get(server, FEED, method="POST")[0].status == 501
    assert [(line["method"], line["status"]) for line in access_log(tmp_path)] == [("POST", 501)]


def test_nonsense_instead_of_http_is_answered_400_and_logged(server: FeedServer, tmp_path: Path) -> None:
    host, port = server.base_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        while connection.recv(4096):
            pass
    assert [(line["method"], line["path"], line["status"]) for line in access_log(tmp_path)] == [("-", "-", 400)]


def test_the_first_question_for_a_feed_is_noticed(server: FeedServer) -> None:
    get(server, "/nothing")
    assert not server.asked.is_set()
    get(server, FEED)
    assert server.asked.is_set()


def test_a_connection_too_many_is_closed_at_once(server: FeedServer) -> None:
    held = [connect(server) for _ in range(CONNECTIONS_MAX)]
    for connection in held:
        connection.request("GET", FEED)
        connection.getresponse().read()
    with pytest.raises(OSError):
        get(server, FEED)
    for connection in held:
        connection.close()


def test_stopping_cuts_who_is_still_connected_and_lets_go_of_the_port(server: FeedServer) -> None:
    connection = connect(server)
    connection.request("GET", FEED)
    connection.getresponse().read()
    assert connection.sock is not None
    server.stop()
    assert connection.sock.recv(1) == b""
    connection.close()
    with FeedServer(port=int(server.base_url.rpartition(":")[2])) as again:
        assert get(again, FEED)[0].status == 200


def test_a_reader_that_hangs_up_in_the_middle_leaves_nothing_behind(
    server: FeedServer, capfd: pytest.CaptureFixture[str]
) -> None:
    server.publish(*(canary_telegram(number, AT) for number in range(500)))
    for _ in range(3):
        connection = connect(server)
        connection.request("GET", FEED)
        connection.close()
    assert get(server, FEED)[0].status == 200
    server.stop()
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::1", "", "example.org"])
def test_it_listens_on_this_machine_only(host: str) -> None:
    with pytest.raises(FeedServerError, match="listens on loopback only") as error:
        FeedServer(host=host)
    assert error.value.code == "E6101"


def test_a_port_that_is_taken_is_named(server: FeedServer, tmp_path: Path) -> None:
    port = int(server.base_url.rpartition(":")[2])
    with pytest.raises(FeedServerError, match=f"cannot listen on 127.0.0.1:{port}"):
        FeedServer(port=port, access_log=tmp_path / "other.log")


def test_a_port_that_is_none_is_refused() -> None:
    with pytest.raises(FeedServerError, match=r"cannot listen on 127\.0\.0\.1:70000"):
        FeedServer(port=70_000)


def test_an_access_log_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(FeedServerError, match="cannot write its access log"):
        FeedServer(access_log=tmp_path / "missing" / "access.log")


class Misbehaving(FeedServer):
    """A feed server as tests of pollers make it: it answers what the test wants."""

    def respond(self, request: Request) -> Response:
        if request.path == "/short":
            return Response(status=200, headers={"Content-Length": "10"}, body=b"half")
        return Response(status=500, headers={}, body=request.headers.get("user-agent", "").encode())


def test_a_test_can_make_it_misbehave() -> None:
    with Misbehaving() as server:
        response, body = get(server, FEED, User_Agent="poller/1")
        assert (response.status, body) == (500, b"poller/1")
