"""What a reader gets: the document, "you have it", gzip, or nothing there."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta

import pytest

from services.feedserver.core.answer import GZIP_WBITS, Request, answer, document
from services.feedserver.core.feeds import empty_shelf
from services.feedserver.core.published import Published

AT = datetime(2026, 11, 24, 21, 0, 0, 400_000, tzinfo=UTC)
BASE = "http://127.0.0.1:8000"
TELEGRAM = Published(
    at=AT, topic="extra", path="/developer/xml/data/1.xml", body=b"<x/>", title="t", author="o", content="c"
)
SHELF = empty_shelf(AT - timedelta(minutes=1)).with_published([TELEGRAM])
ETAG = document(Request(path="/", headers={}), b"<x/>", AT).headers["ETag"]


def asked(path: str = "/developer/xml/data/1.xml", **headers: str) -> Request:
    return Request(path=path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_a_telegram_is_answered_with_its_bytes_and_what_is_needed_to_ask_again() -> None:
    response = answer(asked(), SHELF, BASE)
    assert (response.status, response.body) == (200, b"<x/>")
    assert response.headers["Last-Modified"] == "Tue, 24 Nov 2026 21:00:00 GMT"
    assert response.headers["ETag"].startswith('W/"')
    assert response.headers["Content-Type"] == "text/xml"


def test_a_feed_is_answered_with_absolute_links_whatever_stands_behind_the_question_mark() -> None:
    response = answer(asked("/developer/xml/feed/extra.xml?x=1"), SHELF, BASE)
    assert response.status == 200
    assert f'href="{BASE}/developer/xml/data/1.xml"'.encode() in response.body


@pytest.mark.parametrize("path", ["/", "/developer/xml/data/2.xml", "/developer/xml/feed/regular.xml"])
def test_nothing_there_is_404_and_says_what_there_is(path: str) -> None:
    response = answer(asked(path), SHELF, BASE)
    assert response.status == 404
    assert b"/developer/xml/feed/extra.xml" in response.body


@pytest.mark.parametrize("given", [ETAG, ETAG.removeprefix("W/"), f'"other", {ETAG}', "*"])
def test_who_has_the_same_content_is_told_so(given: str) -> None:
    response = answer(asked(if_none_match=given), SHELF, BASE)
    assert (response.status, response.body) == (304, b"")
    assert response.headers["ETag"] == ETAG


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"if_none_match": 'W/"other"'}, 200),
        ({"if_modified_since": "Tue, 24 Nov 2026 21:00:00 GMT"}, 304),
        ({"if_modified_since": "Tue, 24 Nov 2026 20:59:59 GMT"}, 200),
        ({"if_modified_since": "yesterday"}, 200),
        ({"if_modified_since": "Tue, 24 Nov 2026 21:00:00 -0000"}, 200),
        ({"if_none_match": 'W/"other"', "if_modified_since": "Tue, 24 Nov 2026 21:00:00 GMT"}, 200),
    ],
)
def test_conditions_are_weighed_as_http_says(headers: dict[str, str], status: int) -> None:
    assert answer(asked(**headers), SHELF, BASE).status == status


@pytest.mark.parametrize(
    ("accepted", "zipped"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("", False),
        ("br", False),
        ("gzip; q=0", False),
        ("gzip;q=0.000", False),
    ],
)
def test_gzip_comes_only_when_it_is_wanted(accepted: str, zipped: bool) -> None:
    response = answer(asked(accept_encoding=accepted), SHELF, BASE)
    assert (response.headers.get("Content-Encoding") == "gzip") is zipped
    assert (zlib.decompress(response.body, wbits=GZIP_WBITS) if zipped else response.body) == b"<x/>"
