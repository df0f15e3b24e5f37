"""Fetching telegrams over real HTTP: what comes late, cut, huge, from elsewhere or not at all."""

from __future__ import annotations

import asyncio
import gzip
import threading
import time
from base64 import b64decode
from collections.abc import Sequence

import pytest

from schemas.status import Condition
from schemas.telegram import RawTelegram
from schemas.topics import TELEGRAM_BYTES_MAX
from services.eventlog.memory import MemoryLog
from services.eventlog.port import LogFull, Message, Position
from services.feedserver.core.answer import Request, Response
from services.ingest.core.novelty import DAMAGED_TRIES_MAX, TRIES_MAX
from services.ingest.core.polling import DAY_BYTES_MAX, Spent
from services.ingest.sources.jma import Outcome
from tests.contract.ingest.peers import (
    DATA,
    FEED,
    RAIN,
    Desk,
    Mood,
    MoodyServer,
    body,
    condition,
    dead,
    desk,
    feed_of,
    name,
    names,
    payloads,
    published,
    resets,
    source,
    status,
)

OK = (Condition.OK, "")


class TestATelegramThatFails:
    @pytest.mark.parametrize(
        "mood", [status(404), status(403), status(500), resets], ids=["404", "403", "500", "reset"]
    )
    async def test_is_tried_again_at_the_next_polls_and_comes_in_late(self, mood: Mood) -> None:
        async with desk() as d:
            item = published(1)
            d.server.publish(item, published(2))
            d.server.moods[item.path] = mood
            polled = await d.poll()
            assert (len(polled.appended), polled.waiting) == (1, 1)
            del d.server.moods[item.path]
            polled = await d.poll()
            assert polled.outcome is Outcome.UNCHANGED
            assert (len(polled.appended), polled.waiting) == (1, 0)
            assert await names(d.log) == [name(1), name(2)]
            assert await dead(d.log) == []

    async def test_is_given_up_after_its_tries_with_its_origin_and_an_alarm(self) -> None:
        async with desk() as d:
            item = published(1)
            d.server.publish(item, published(2))
            d.server.moods[item.path] = status(404)
            polled = await d.polls(TRIES_MAX)
            assert condition(polled, "dead:jma.extra") == (Condition.ALARM, "E3210")
            (letter,) = await dead(d.log)
            assert letter.key == f"jma.extra:{d.server.base_url}{item.path}"
            assert f"{d.server.base_url}{item.path}" in letter.reason
            assert (letter.topic, letter.code) == ("telegrams", "E3210")
            await d.poll()
            assert d.server.asked_for(item.path) == TRIES_MAX

    async def test_that_is_huge_is_not_read_to_its_end(self) -> None:
        async with desk() as d:
            huge, small = published(1), published(2)
            d.server.publish(huge, small)
            d.server.moods[huge.path] = body(b"<Report>" + b" " * (TELEGRAM_BYTES_MAX * 2))
            polled = await d.poll()
            assert polled.received_bytes < TELEGRAM_BYTES_MAX + 1_000_000
            assert await names(d.log) == [name(2)]
            assert [letter.code for letter in await dead(d.log)] == ["E3211"]
            await d.poll()
            assert d.server.asked_for(huge.path) == 1

    async def test_that_unfolds_to_something_huge_is_not_unfolded(self) -> None:
        async with desk() as d:
            bomb = published(1)
            d.server.publish(bomb)
            d.server.moods[bomb.path] = body(gzip.compress(b" " * (TELEGRAM_BYTES_MAX * 20)), Content_Encoding="gzip")
            await d.poll()
            assert [letter.code for letter in await dead(d.log)] == ["E3211"]

    async def test_that_was_cut_is_tried_again_and_kept_as_it_is_when_it_stays_so(self) -> None:
        async with desk() as d:
            once, always = published(1), published(2)
            d.server.publish(once, always)
            d.server.moods |= {once.path: body(RAIN[:200]), always.path: body(RAIN[:300])}
            assert (await d.poll()).appended == ()
            del d.server.moods[once.path]
            await d.polls(DAMAGED_TRIES_MAX - 1)
            found = {
                raw.name: gzip.decompress(b64decode(raw.body))
                for raw in await payloads(d.log, "telegrams")
                if isinstance(raw, RawTelegram)
            }
            assert found == {name(1): RAIN, name(2): RAIN[:300]}

    async def test_that_answers_too_many_requests_makes_us_wait(self) -> None:
        async with desk() as d:
            items = [published(number) for number in range(8)]
            d.server.publish(*items)
            d.server.moods |= {item.path: status(429, Retry_After="180") for item in items}
            await d.poll()
            asked = len(d.server.requests)
            assert asked <= 1 + 4
            assert [(await d.poll()).outcome for _ in range(2)] == [Outcome.WAITING] * 2
            assert len(d.server.requests) == asked
            d.server.moods.clear()
            await d.poll()
            assert len(await names(d.log)) == 8

    async def test_that_does_not_come_in_time_waits_for_the_next_poll(self) -> None:
        async with desk(interval_s=0.5) as d:
            slow, quick = published(2), published(1)
            d.server.publish(slow, quick)
            d.server.moods[slow.path] = lambda _: (
                d.server.stopping.wait(5),
                Response(status=200, headers={}, body=b""),
            )[1]
            polled = await d.poll()
            assert (len(polled.appended), polled.waiting) == (1, 1)

    @pytest.mark.parametrize(
        "link",
        [
            "http://169.254.169.254/latest/meta-data/20260901110000_0_VPWW55_140000.xml",
            "file:///etc/passwd",
            "http://127.0.0.1:1/20260901110000_0_VPWW55_140000.xml",
        ],
    )
    async def test_on_another_host_is_never_asked_for(self, link: str) -> None:
        async with desk() as d:
            d.server.publish(published(1))
            d.server.moods[FEED] = body(feed_of(link, f"{d.server.base_url}{DATA}{name(1)}"))
            polled = await d.polls(2)
            assert await names(d.log) == [name(1)]
            (letter,) = await dead(d.log)
            assert (letter.code, letter.key) == ("E3212", f"jma.extra:{link}")
            assert condition(polled, "feed:jma.extra") == OK

    async def test_many_on_another_host_are_named_up_to_a_limit(self) -> None:
        async with desk() as d:
            d.server.moods[FEED] = body(feed_of(*(f"http://127.0.0.1:1/{number}.xml" for number in range(100))))
            await d.poll()
            assert len(await dead(d.log)) == 20


class FullLog(MemoryLog):
    """Refuses telegrams while it is full."""

    full = True

    async def append(self, topic: str, messages: Sequence[Message]) -> list[Position]:
        if self.full and topic == "telegrams":
            raise LogFull("the disk is full")
        return await super().append(topic, messages)


async def test_what_the_log_refused_is_fetched_again_when_it_has_room() -> None:
    log = FullLog()
    with MoodyServer() as server:
        d = Desk(server, log)
        server.publish(published(1))
        with pytest.raises(ExceptionGroup) as refused:
            await d.poll()
        assert refused.group_contains(LogFull)
        log.full = False
        await d.poll()
        await d.poller.close()
    assert await names(log) == [name(1)]


class TestADayOnWhichTooMuchCame:
    async def test_brings_what_is_urgent_and_the_rest_on_the_next(self) -> None:
        async with desk() as d:
            urgent, other = published(1), published(2, file=name(2, kind="VPWW61"))
            d.server.publish(urgent, other)
            d.poller.spent = Spent(day=d.now.date(), received_bytes=DAY_BYTES_MAX)
            polled = await d.poll(minutes=24 * 60)
            assert (await names(d.log), polled.waiting) == ([name(1)], 1)
            assert condition(polled, "bytes") == (Condition.ALARM, "E3209")
            await d.poll()
            assert len(await names(d.log)) == 2


async def test_no_more_than_four_are_fetched_at_once_from_a_server_by_all_its_feeds() -> None:
    async with desk() as d:
        under_way: list[int] = [0, 0]
        lock = threading.Lock()

        def slow(content: bytes) -> Mood:
            def answer(request: Request) -> Response:
                with lock:
                    under_way[0] += 1
                    under_way[1] = max(under_way)
                time.sleep(0.02)
                with lock:
                    under_way[0] -= 1
                return body(content)(request)

            return answer

        items = [published(number) for number in range(24)]
        d.server.moods |= {item.path: slow(RAIN) for item in items}
        feeds = (FEED, "/developer/xml/feed/eqvol.xml")
        for feed, its in zip(feeds, (items[:12], items[12:]), strict=True):
            d.server.moods[feed] = body(feed_of(*(f"{d.server.base_url}{item.path}" for item in its)))
        others = (source(d.server.base_url, id=f"jma.{number}", feed=feed) for number, feed in enumerate(feeds))
        polls = await asyncio.gather(*(d.poller.poll_once(one, d.now) for one in others))
        assert sum(len(polled.appended) for polled in polls) == 24
        assert 1 < under_way[1] <= 4
