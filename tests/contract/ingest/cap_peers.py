"""CAP messages of ours, and lists of them, as a server of theirs would publish them. All invented."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.eventlog.memory import MemoryLog
from services.ingest.core.polling import Source
from services.ingest.sources.cap import CapPoller
from services.ingest.sources.known import Known
from services.ingest.sources.table import cap_sources
from services.runtime import settings
from services.runtime.clock import SystemClock
from tests.contract.ingest.peers import Desk, MoodyServer

LIST = "/cap/list"
SENDER = "bosai@city.example"
ODAWARA = "<geocode><valueName>JISX0402</valueName><value>142069</value></geocode>"


def cap(
    number: int = 1,
    *,
    sent: str = "2026-09-01T20:00:00+09:00",
    msg_type: str = "Alert",
    names: tuple[int, ...] = (),
    event: str = "避難指示",
    level: str = "4",
    severity: str = "Severe",
    status: str = "Actual",
    responses: str = "",
    expires: str = "2026-09-02T03:00:00+09:00",
    area: str = ODAWARA,
) -> bytes:
    """A message; `names`: numbers of those that it names."""
    references = " ".join(f"{SENDER},city-{one},2026-09-01T{19 + one // 60:02}:{one % 60:02}:00+09:00" for one in names)
    ends = f"<expires>{expires}</expires>" if expires else ""
    return f"""<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>city-{number}</identifier>
<sender>{SENDER}</sender><sent>{sent}</sent><status>{status}</status><msgType>{msg_type}</msgType><scope>Public</scope>
<references>{references}</references><info><language>ja-JP</language><category>Met</category><event>{event}</event>
{responses}<urgency>Immediate</urgency><severity>{severity}</severity><certainty>Likely</certainty>{ends}
<senderName>例示市</senderName><headline>{event}（架空）</headline>
<parameter><valueName>keikaiLevel</valueName><value>{level}</value></parameter>
<area><areaDesc>例示地区</areaDesc>{area}</area></info></alert>""".encode()


def atom(*links: str, updated: str = "2026-09-01T20:00:00+09:00", embedded: bytes = b"") -> bytes:
    """An Atom feed of links, or with one message in it."""
    entries = "".join(
        f'<entry><id>urn:{link}</id><updated>2026-09-01T11:00:00Z</updated><link type="application/cap+xml" href="{link}"/>'
        "</entry>"
        for link in links
    ).encode()
    inside = b'<entry><id>urn:one</id><content type="text/xml">' + embedded + b"</content></entry>" if embedded else b""
    head = f'<feed xmlns="http://www.w3.org/2005/Atom"><updated>{updated}</updated>'.encode()
    return head + entries + inside + b"</feed>"


def rss(*links: str, built: str = "Tue, 01 Sep 2026 20:00:00 +0900") -> bytes:
    """An RSS feed of links."""
    items = "".join(f"<item><title>x</title><link>{link}</link></item>" for link in links)
    return f'<rss version="2.0"><channel><lastBuildDate>{built}</lastBuildDate>{items}</channel></rss>'.encode()


def source_named(name: str, base: str, **changes: str) -> Source:
    """A source of the table, lying on our server."""
    [found] = cap_sources(settings.read({"feeds": "live", "cap": f"{name}={base}{LIST}", **changes}, {}))
    return found


@asynccontextmanager
async def cap_desk(name: str = "city", **changes: str) -> AsyncIterator[Desk]:
    """A poller of one source of the table and its server, both closed at the end."""
    with MoodyServer() as server:
        made = Desk(server, MemoryLog())
        await made.poller.close()
        made.source = source_named(name, server.base_url, **changes)
        made.poller = CapPoller(
            log=made.log, clock=SystemClock(), known=Known(made.log), offices=frozenset(), canary_s=60.0
        )
        try:
            yield made
        finally:
            await made.poller.close()
