"""What a GET is answered: the document, 304 when the reader has it already, gzip when asked, 404 when there is none.

Source: RFC 9110 §13 (conditional requests), §12.5.3 (Accept-Encoding); headers as JMA's feeds have them.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256
from http import HTTPStatus

from services.feedserver.core.feeds import FEEDS, Shelf, feed_document

CACHE_CONTROL = "max-age=60"
GZIP_WBITS = 31
"""zlib's window of 2^15 with a gzip envelope: no time stamp in it, so equal bytes stay equal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A GET or HEAD; names of `headers` are lower case."""

    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """Status, headers and body; the server adds Content-Length and Date."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def answer(request: Request, shelf: Shelf, base_url: str) -> Response:
    """The answer from this shelf."""
    path = request.path.partition("?")[0]
    feed = FEEDS.get(path)
    if feed is not None:
        return document(request, feed_document(shelf, feed, base_url), shelf.modified_at(feed))
    published = shelf.telegram(path)
    if published is not None:
        return document(request, published.body, published.at)
    text = f"nothing at {path}; feeds: {', '.join(FEEDS)}\n"
    return Response(
        status=HTTPStatus.NOT_FOUND, headers={"Content-Type": "text/plain; charset=utf-8"}, body=text.encode()
    )


def document(request: Request, body: bytes, modified_at: datetime) -> Response:
    """A document of this content, last changed at `modified_at` (aware)."""
    modified_at = modified_at.astimezone(UTC).replace(microsecond=0)
    etag = f'W/"{sha256(body).hexdigest()[:32]}"'
    headers = {
        "ETag": etag,
        "Last-Modified": format_datetime(modified_at, usegmt=True),
        "Cache-Control": CACHE_CONTROL,
        "Vary": "Accept-Encoding",
    }
    if _has_it(request, etag, modified_at):
        return Response(status=HTTPStatus.NOT_MODIFIED, headers=headers, body=b"")
    headers["Content-Type"] = "text/xml"
    if _takes_gzip(request.headers.get("accept-encoding", "")):
        headers["Content-Encoding"] = "gzip"
        body = zlib.compress(body, wbits=GZIP_WBITS)
    return Response(status=HTTPStatus.OK, headers=headers, body=body)


def _has_it(request: Request, etag: str, modified_at: datetime) -> bool:
    """If-None-Match wins over If-Modified-Since (RFC 9110 §13.2.2); entity tags are compared weakly."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        given = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return "*" in given or etag.removeprefix("W/") in given
    since = _date(request.headers.get("if-modified-since", ""))
    return since is not None and modified_at <= since


def _date(text: str) -> datetime | None:
    """An HTTP date; None for what is not one, which counts as not asked (RFC 9110 §13.1.3)."""
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo is not None else None


def _takes_gzip(accepted: str) -> bool:
    for item in accepted.split(","):
        coding, _, parameter = item.partition(";")
        if coding.strip().lower() == "gzip":
            return parameter.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
