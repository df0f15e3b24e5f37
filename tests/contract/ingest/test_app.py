"""Ingest as it runs: ticks, polls, telegrams, alerts, status; on the real feed server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime

import pytest

from schemas.alert import Alert
from schemas.area import City
from schemas.status import Condition, StatusReport
from schemas.text import Text
from services.eventlog.memory import MemoryLog
from services.feedserver.api.server import FeedServer
from services.feedserver.core.canary import canary_telegram
from services.feedserver.core.published import Published, telegram_path
from services.ingest.app import App, build
from services.ingest.core.polling import Source
from services.ingest.sources.jma import Polled, Poller
from services.ingest.sources.table import Bases, sources
from services.runtime import settings
from services.runtime.clock import SystemClock
from tests.contract.ingest.cap_peers import LIST, atom, cap
from tests.contract.ingest.peers import MoodyServer, body, everything, payloads
from tests.telegrams import heavy_rain, table

NAME = Text(ja="小田原市", easy="おだわらし", en="Odawara")
CITY = City(
    id="odawara",
    name=NAME,
    prefecture=NAME,
    class20=(),
    jis5="14206",
    lgcode6="142069",
    offices=tuple(area for area in table().entries if str(area) == "office:140000"),
    own=frozenset(),
    watch=frozenset(),
    drills_from_feeds=("sign",),
)
FAST = {"feeds": "demo", "poll_every_s": "0.2", "canary_every_s": "1", "lease_s": "5"}


def rain(server: FeedServer, *, status: str = "通常", topic: str = "extra") -> Published:
    at = server.clock()
    return Published(
        at=at,
        topic=topic,
        path=telegram_path(at=at, kind="VPWW55", suffix="140000"),
        body=heavy_rain(("1420600", "03", "発表"), status=status),
        title="",
        author="",
        content="",
    )


def app_of(log: MemoryLog, server: FeedServer, *, canary: bool = True, **changes: str) -> App:
    return build(
        settings.read({**FAST, **changes}, {}),
        log,
        SystemClock(),
        CITY,
        table(),
        feeds_base=server.base_url,
        canary_base=server.base_url if canary else "",
    )


@asynccontextmanager
async def running(app: App) -> AsyncIterator[asyncio.Task[None]]:
    """The app under way; cancelled at the end, and given two seconds for it."""
    task = asyncio.create_task(app.run())
    try:
        yield task
    finally:
        task.cancel()
        async with asyncio.timeout(2):
            with suppress(asyncio.CancelledError):
                await task


async def until(log: MemoryLog, topic: str, says: Callable[[list[object]], bool]) -> None:
    """Wait until the records of a topic are as wanted."""
    async with asyncio.timeout(20):
        while not says(list(await payloads(log, topic))):
            await log.wait({(topic, 0): await log.head(topic, 0), ("status", 0): await log.head("status", 0)})


def about(found: list[object]) -> dict[str, StatusReport]:
    return {one.subject: one for one in found if isinstance(one, StatusReport)}


async def test_a_telegram_travels_from_the_feed_to_the_alerts_and_every_stage_reports() -> None:
    log = MemoryLog()
    with FeedServer() as server:
        server.publish(rain(server), canary_telegram(1, server.clock()), replace(rain(server), topic="eqvol"))
        async with running(app_of(log, server)):
            await until(log, "alerts.emergency", lambda found: len(found) == 2)
            await until(
                log,
                "status",
                lambda found: (
                    {one for one, report in about(found).items() if report.condition is Condition.OK}
                    >= {
                        *("feed:jma.extra", "feed:jma.eqvol", "feed:canary", "lease:jma.extra", "lease:jma.eqvol"),
                        *("canary:poll", "canary:log", "canary:parse", "clock", "bytes"),
                    }
                ),
            )
    assert {record.key for record in await everything(log, "alerts.emergency")} == {"jma:VPWW55:140000", "canary"}


async def test_the_ticks_go_on_and_what_is_published_later_comes_too() -> None:
    log = MemoryLog()
    with FeedServer() as server:
        server.publish(rain(server, status="訓練"))
        async with running(app_of(log, server)):
            await until(log, "drills", lambda found: len(found) == 1)
            server.publish(replace(rain(server), path="/developer/xml/data/later.xml"))
            await until(log, "alerts.emergency", lambda found: len(found) == 1)


async def test_a_feed_that_falls_silent_is_an_alarm_and_a_restart_keeps_its_beginning() -> None:
    log = MemoryLog()

    seen: list[StatusReport] = []

    def frozen(found: list[object]) -> bool:
        """Whether the feed was found frozen once more; on a slow machine a poll may meet its time limit before."""
        now = about(found).get("feed:jma.extra")
        if now is None or now.code != "E3204" or (seen and now.reported_at <= seen[-1].reported_at):
            return False
        seen.append(now)
        return True

    with FeedServer() as server:
        server.publish(rain(server))
        for _ in range(2):
            async with running(app_of(log, server, canary=False, feed_age_limit_s="1", poll_every_s="1")):
                await until(log, "status", frozen)
    began, again = seen
    assert began.condition is again.condition is Condition.ALARM
    assert again.since == began.since


class Stumbling(Poller):
    """Fails on every source but one, as a fault of ours would."""

    async def poll_once(self, source: Source, now: datetime) -> Polled:
        if source.id != "jma.extra":
            raise KeyError("a fault of ours")
        return await super().poll_once(source, now)


async def test_a_source_on_which_we_fail_does_not_end_the_others() -> None:
    log = MemoryLog()
    with FeedServer() as server:
        server.publish(rain(server))
        app = app_of(log, server)
        app.poller = Stumbling(
            log=log, clock=app.clock, known=app.poller.known, offices=app.poller.offices, canary_s=app.poller.canary_s
        )
        async with running(app) as task:
            await until(log, "alerts.emergency", lambda found: len(found) == 1)
            assert not task.done()


class TestTheTable:
    def test_live_is_jma_s_public_feed_every_minute_under_a_lease_of_three_hours(self) -> None:
        extra, eqvol, regular = sources(settings.read({"feeds": "live"}, {}), Bases(jma=settings.LIVE_BASE))
        assert extra.base + extra.feed == "https://www.data.jma.go.jp/developer/xml/feed/extra.xml"
        assert eqvol.base + str(eqvol.long_feed) == "https://www.data.jma.go.jp/developer/xml/feed/eqvol_l.xml"
        assert (extra.interval_s, extra.age_limit_s, extra.lease_s) == (60, 6 * 3600, 3 * 3600)
        assert (eqvol.interval_s, eqvol.age_limit_s, eqvol.lease_s) == (60, 24 * 3600, 3 * 3600)
        assert extra.types == {
            *(f"VPWW{number}" for number in range(55, 62)),
            *("VXKO", "VXSU", "VPBS50", "VPBS51", "VPHW50", "VPHW51", "VPZJ51", "VPCJ51", "VPFJ51", "VPFT50", "VPTA"),
        }
        assert {"VTSE41", "VXSE51", "VXSE53", "VYSE50", "VFVO50"} <= eqvol.types
        assert not {"VXSE43", "VXSE45", "VXSE52"} & eqvol.types
        assert regular.types == {"VPFD61", "VPFW60"}
        assert (regular.interval_s, regular.lease_s, regular.long_feed) == (600, None, None)

    def test_another_server_may_replay_a_storm_of_the_older_types(self) -> None:
        extra, _ = sources(settings.read({"feeds": "http://127.0.0.1:1"}, {}), Bases(jma="http://127.0.0.1:1"))
        assert {"VPWW53", "VPWW54", "VXWW50", "VPOA50"} <= extra.types
        assert extra.quiet is None

    def test_the_demo_is_fast_and_has_its_canary(self) -> None:
        extra, _, canary = sources(settings.read({}, {}), Bases(jma="http://127.0.0.1:1", canary="http://127.0.0.1:1"))
        assert (extra.interval_s, extra.age_limit_s, extra.lease_s) == (1, 30, 60)
        assert (canary.id, canary.interval_s, canary.age_limit_s, canary.lease_s) == ("canary", 2.5, 30, None)
        assert canary.long_feed is None

    def test_settings_override_the_table(self) -> None:
        flags = {"feeds": "http://127.0.0.1:1", "poll_every_s": "2", "feed_age_limit_s": "40", "lease_s": "9"}
        for source in sources(settings.read(flags, {}), Bases(jma="http://127.0.0.1:1")):
            assert (source.interval_s, source.age_limit_s, source.lease_s) == (2, 40, 9)

    @pytest.mark.parametrize("every_s", ["1", "10", "60", "600"])
    def test_the_canary_is_polled_often_enough_to_be_heard(self, every_s: str) -> None:
        *_, canary = sources(settings.read({"canary_every_s": every_s}, {}), Bases(jma="http://x", canary="http://x"))
        assert canary.unheard_limit_s <= max(3 * float(every_s), 10)


async def test_a_source_of_cap_is_polled_beside_the_others_and_its_alerts_are_told() -> None:
    log = MemoryLog()
    with MoodyServer() as server:
        server.moods[LIST] = body(atom(f"{server.base_url}/1.xml"))
        server.moods["/1.xml"] = body(cap())
        app = app_of(log, server, canary=False, cap=f"city={server.base_url}{LIST}", feed_age_limit_s="600000")
        async with running(app), asyncio.timeout(10):
            while not (found := await payloads(log, "alerts.emergency")):
                await asyncio.sleep(0.02)
        assert [one.source.id for one in app.cap_poller.desks.values()] == ["cap.city"]
    assert isinstance(found[0], Alert)
    assert found[0].identifier == "city-1"
