"""GET over HTTP as a guest behaves: one host, no more bytes than allowed, no longer than allowed, gzip, who we are.

Whatever a server does comes back as a value; only programming errors are raised.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from importlib.metadata import version
from ipaddress import ip_address
from urllib.parse import urljoin, urlsplit

import httpx

from services.ingest.core.novelty import address

REDIRECTS_MAX = 3
"""Redirects followed for one GET; a longer chain is no answer."""
CONNECTIONS_MAX = 6
"""Connections to one server: four telegrams at once and the feed (JMA asks for few)."""
KEEPALIVE_S = 15.0
"""Idle connections are closed before a server is likely to close them under us."""
GZIP_WBITS = 31
REDIRECTS = frozenset(
    {
        HTTPStatus.MOVED_PERMANENTLY,
        HTTPStatus.FOUND,
        HTTPStatus.SEE_OTHER,
        HTTPStatus.TEMPORARY_REDIRECT,
        HTTPStatus.PERMANENT_REDIRECT,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """An answer with its head (names in lower case), its body decoded (empty unless the status is 200, or 206 unasked)."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    received_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """No connection, a broken one, not in time, or a redirect we do not follow."""

    reason: str
    received_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLarge:
    """The body is larger than allowed; it was not read further."""

    limit_bytes: int
    received_bytes: int


Result = Got | NoAnswer | TooLarge


class _Refused(Exception):
    """Ends a GET from inside with the reason in words."""


class _Overflow(Exception):
    """The body passed its limit."""


class _Body:
    """A body under way: counts what came, decodes it, and never holds more than its limit."""

    def __init__(self, encoding: str, limit_bytes: int) -> None:
        if encoding not in {"", "identity", "gzip", "x-gzip"}:
            raise _Refused(f"content encoding {encoding!r}, though only gzip was offered")
        self._inflate = zlib.decompressobj(GZIP_WBITS) if encoding.endswith("gzip") else None
        self._limit_bytes = limit_bytes
        self._decoded = bytearray()
        self.received_bytes = 0

    def add(self, chunk: bytes) -> None:
        """Take in a piece; a small one may unfold into a huge one (a gzip bomb), so unfolding is limited too."""
        self.received_bytes += len(chunk)
        room = self._limit_bytes - len(self._decoded)
        piece = chunk[: room + 1] if self._inflate is None else self._inflate.decompress(chunk, room + 1)
        if len(piece) > room:
            raise _Overflow
        self._decoded += piece

    def whole(self) -> bytes:
        """The body, when all of it came."""
        if self._inflate is not None and not self._inflate.eof:
            raise _Refused("the gzip stream ends before its end")
        return bytes(self._decoded)


class Http:
    """A client for one server. Close it when done."""

    def __init__(self, base: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """`base`: scheme, host and port without a slash at the end. `transport`: another way than a socket."""
        self.base = base
        self._client = httpx.AsyncClient(
            headers={
                "User-Agent": f"Hansho/{version('hansho')} (alerts for one city's residents; reads what it needs once)",
                "Accept": "application/cap+xml, application/atom+xml, application/xml, text/xml, application/json, */*;q=0.5",
                "Accept-Encoding": "gzip",
            },
            limits=httpx.Limits(max_connections=CONNECTIONS_MAX, keepalive_expiry=KEEPALIVE_S),
            follow_redirects=False,
            transport=transport,
            timeout=None,  # noqa: S113 - every GET stands under one limit for all of it, below
            # A proxy of the environment is for the world outside; our own canary must not go through it.
            trust_env=not is_loopback(base),
        )

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    async def get(
        self, url: str, *, limit_bytes: int, limit_s: float, headers: Mapping[str, str] | None = None
    ) -> Result:
        """GET one document of this server, within `limit_s` seconds and `limit_bytes` bytes."""
        try:
            async with asyncio.timeout(limit_s):
                return await self._follow(url, limit_bytes, dict(headers or {}))
        except TimeoutError:
            return NoAnswer(reason=f"no complete answer within {limit_s:.1f} s")
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
            return NoAnswer(reason=f"{type(error).__name__}: {error}")
        except zlib.error as error:
            return NoAnswer(reason=f"broken gzip: {error}")
        except _Refused as refused:
            return NoAnswer(reason=str(refused))

    async def _follow(self, url: str, limit_bytes: int, headers: dict[str, str]) -> Result:
        for _ in range(REDIRECTS_MAX + 1):
            answer = await self._one(url, limit_bytes, headers)
            if not isinstance(answer, Got) or answer.status not in REDIRECTS:
                return answer
            target = address(self.base, urljoin(url, answer.headers.get("location", "")))
            if target is None:
                raise _Refused(f"a redirect to {answer.headers.get('location', '')[:200]!r}, which is another host")
            url = target
        raise _Refused(f"more than {REDIRECTS_MAX} redirects")

    async def _one(self, url: str, limit_bytes: int, headers: dict[str, str]) -> Result:
        async with self._client.stream("GET", url, headers=headers) as response:
            body = _Body(response.headers.get("content-encoding", "").strip().lower(), limit_bytes)
            # 206 without a Range of ours: a page of a longer list (Hub'Eau)
            has_body = response.status_code in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}
            if has_body:
                try:
                    async for chunk in response.aiter_raw():
                        body.add(chunk)
                except _Overflow:
                    return TooLarge(limit_bytes=limit_bytes, received_bytes=body.received_bytes)
            return Got(
                status=response.status_code,
                headers={name.lower(): value for name, value in response.headers.items()},
                body=body.whole() if has_body else b"",
                received_bytes=body.received_bytes,
            )


def is_loopback(base: str) -> bool:
    """Whether a server runs on this machine."""
    host = urlsplit(base).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Retry-After in seconds, given so or as a date (RFC 9110 §10.2.3); None where there is none or it says nothing."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    at = http_date(text)
    return None if at is None else max(0.0, (at - now).total_seconds())


def served_at(headers: Mapping[str, str]) -> datetime | None:
    """The source's time when it answered: Date, and the seconds that a cache has held the answer since (Age)."""
    at = http_date(headers.get("date", ""))
    held = headers.get("age", "0")
    if at is None or not (held.isascii() and held.isdigit() and len(held) < 9):
        return at
    return at + timedelta(seconds=int(held))


def http_date(text: str) -> datetime | None:
    """An HTTP date (RFC 9110 §5.6.7), aware; None for what is not one."""
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo is not None else None
