"""A real feed server that misbehaves when it is told to, and a poller that reads it. All telegrams are invented."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from schemas.codec import Payload, Undecodable
from schemas.telegram import DeadLetter
from schemas.topics import TOPICS
from services.eventlog.memory import MemoryLog
from services.eventlog.port import BEFORE_FIRST, EventLog, Record
from services.feedserver.api.server import FeedServer
from services.feedserver.core.answer import Request, Response
from services.feedserver.core.published import Published
from services.ingest.core.polling import Source
from services.ingest.sources.jma import Polled, Poller
from services.ingest.sources.known import Known
from services.runtime import records
from services.runtime.clock import SystemClock
from tests.factories import EVENING
from tests.telegrams import heavy_rain

FEED = "/developer/xml/feed/extra.xml"
LONG_FEED = "/developer/xml/feed/extra_l.xml"
DATA = "/developer/xml/data/"
TYPES = frozenset({"VPWW55", "VPWW56", "VPWW61", "VXKO", "HANSHO"})
RAIN = heavy_rain(("1420600", "03", "発表"))

Mood = Callable[[Request], Response]


class MoodyServer(FeedServer):
    """Answers as the shelf says, but for paths that have a mood: then as that says. Remembers every request."""

    def __init__(self, **settings: object) -> None:
        super().__init__(clock=lambda: EVENING, **settings)  # type: ignore[arg-type]
        self.moods: dict[str, Mood] = {}
        self.requests: list[Request] = []

    def respond(self, request: Request) -> Response:
        self.requests.append(request)
        mood = self.moods.get(request.path)
        return mood(request) if mood else super().respond(request)

    def asked_for(self, path: str) -> int:
        """How often a path was asked for."""
        return sum(request.path == path for request in self.requests)


def status(code: int, **headers: str) -> Mood:
    """Always this status."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: Response(status=code, headers=given, body=b"")


def body(content: bytes, **headers: str) -> Mood:
    """Always 200 and these bytes."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: Response(status=200, headers=given, body=content)


def resets(_: Request) -> Response:
    """The connection ends without an answer."""
    raise ConnectionResetError


def name(number: int = 0, kind: str = "VPWW55", suffix: str = "140000") -> str:
    """A telegram's file name."""
    return f"2026090111{number // 60:02}{number % 60:02}_0_{kind}_{suffix}.xml"


def published(number: int = 0, *, file: str = "", content: bytes = RAIN, topic: str = "extra") -> Published:
    """A telegram on the shelf, `number` seconds after the evening began."""
    return Published(
        at=EVENING + timedelta(seconds=number),
        topic=topic,
        path=f"{DATA}{file or name(number)}",
        body=content,
        title="",
        author="",
        content="",
    )


def source(base: str, **changes: object) -> Source:
    """A source that reads the server's feed `extra` every minute."""
    values: Mapping[str, object] = {
        "id": "jma.extra",
        "base": base,
        "feed": FEED,
        "long_feed": LONG_FEED,
        "interval_s": 60.0,
        "age_limit_s": 3600.0,
        "lease_s": 10_800.0,
        "types": TYPES,
        **changes,
    }
    return Source(**values)  # type: ignore[arg-type]


def feed_of(*links: str, updated: str = "2026-09-01T20:00:00+09:00") -> bytes:
    """An Atom feed that lists these links."""
    entries = "".join(
        f'<entry><id>{link}</id><link href="{link}"/><updated>2026-09-01T11:00:00Z</updated></entry>' for link in links
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><updated>{updated}</updated>{entries}</feed>'.encode()


class Desk:
    """A poller with a log of its own, pointed at one server; every poll is a minute after the last."""

    def __init__(self, server: MoodyServer, log: EventLog, **changes: object) -> None:
        self.log = log
        self.server = server
        self.source = source(server.base_url, **changes)
        self.poller = Poller(
            log=log, clock=SystemClock(), known=Known(log), offices=frozenset({"140000"}), canary_s=60.0
        )
        self.now = EVENING

    async def poll(self, *, minutes: float = 1) -> Polled:
        """Poll once, and let time pass."""
        polled = await self.poller.poll_once(self.source, self.now)
        self.now += timedelta(minutes=minutes)
        return polled

    async def polls(self, count: int) -> Polled:
        """Poll so often; the last one's answer."""
        polled = await self.poll()
        for _ in range(count - 1):
            polled = await self.poll()
        return polled


@asynccontextmanager
async def desk(**changes: object) -> AsyncIterator[Desk]:
    """A poller and its server, both closed at the end."""
    with MoodyServer() as server:
        made = Desk(server, MemoryLog(), **changes)
        try:
            yield made
        finally:
            await made.poller.close()


async def everything(log: EventLog, topic: str) -> list[Record]:
    """All records of a topic, by partition and offset."""
    found: list[Record] = []
    for partition in range(TOPICS[topic].partitions):
        after = BEFORE_FIRST
        while batch := await log.read(topic, partition, after=after):
            found += batch
            after = batch[-1].offset
    return found


async def payloads(log: EventLog, topic: str) -> list[Payload | Undecodable | None]:
    """What the records of a topic say."""
    return [records.payload(record) for record in await everything(log, topic)]


async def dead(log: EventLog) -> list[DeadLetter]:
    """The dead letters."""
    return [letter for letter in await payloads(log, "dead") if isinstance(letter, DeadLetter)]


async def names(log: EventLog) -> list[str]:
    """File names of the telegrams in the log, sorted."""
    return sorted(record.key.rpartition("/")[2] for record in await everything(log, "telegrams"))


def condition(polled: Polled, subject: str) -> tuple[str, str]:
    """Condition and code of a report."""
    (report,) = {one.subject: one for one in polled.reports if one.subject == subject}.values()
    return report.condition, report.code


def lease(polled: Polled) -> datetime | None:
    """Until when the source's lease holds by this poll's word."""
    return next((one.until for one in polled.reports if one.subject == "lease:jma.extra"), None)
