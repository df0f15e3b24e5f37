"""Polling over real HTTP, against a server that does what servers do on a bad night."""

from __future__ import annotations

import gzip
import threading
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from schemas.status import Condition
from schemas.telegram import RawTelegram
from services.feedserver.api.server import FeedServer
from services.feedserver.core.answer import Request, Response
from services.ingest.core.polling import LONG_TRIES_MAX
from services.ingest.sources.jma import Outcome
from tests.contract.ingest.peers import (
    DATA,
    FEED,
    LONG_FEED,
    RAIN,
    Desk,
    Mood,
    body,
    condition,
    dead,
    desk,
    everything,
    feed_of,
    lease,
    name,
    names,
    payloads,
    published,
    resets,
    status,
)
from tests.factories import EVENING

OK = (Condition.OK, "")


FAILURES = {
    "500": (status(500), "E3202"),
    "403": (status(403), "E3202"),
    "404": (status(404), "E3202"),
    "a part of it": (status(206), "E3202"),
    "a reset": (resets, "E3201"),
    "broken Atom": (body(b"<feed"), "E3203"),
    "no bytes": (body(b""), "E3203"),
    "no date": (body(b"<feed><updated>soon</updated></feed>"), "E3203"),
    "a web page": (body(b"<!DOCTYPE html><html></html>"), "E3203"),
    "no gzip though it says so": (body(b"nonsense", Content_Encoding="gzip"), "E3201"),
    "gzip that was cut": (body(gzip.compress(feed_of())[:-9], Content_Encoding="gzip"), "E3201"),
    "an encoding that we did not offer": (body(feed_of(), Content_Encoding="br"), "E3201"),
    "less than its length": (body(feed_of(), Content_Length="99999", Connection="close"), "E3201"),
    "no entries": (body(feed_of()), "E3205"),
}
"""What a feed may answer instead of entries, and the code it is told by."""


class TestAGoodNight:
    async def test_what_is_new_is_fetched_once_and_kept_as_it_came(self) -> None:
        async with desk() as d:
            d.server.publish(published(1), published(2))
            polled = await d.poll()
            assert polled.outcome is Outcome.FRESH
            assert await names(d.log) == [name(1), name(2)]
            record = (await everything(d.log, "telegrams"))[0]
            assert record.key == record.id == f"jma.extra:{d.server.base_url}{DATA}{record.key[-len(name(1)) :]}"
            raw = (await payloads(d.log, "telegrams"))[0]
            assert isinstance(raw, RawTelegram)
            assert gzip.decompress(b64decode(raw.body)) == RAIN
            assert raw.sha256 == sha256(RAIN).hexdigest()
            assert raw.source == "jma.extra"
            assert f"jma.extra:{raw.entry_id}" == record.key
            await d.polls(3)
            assert d.server.asked_for(f"{DATA}{name(1)}") == 1

    async def test_an_unchanged_feed_is_asked_for_conditionally_and_renews_the_lease(self) -> None:
        async with desk() as d:
            d.server.publish(published(1))
            first = await d.poll()
            second = await d.poll()
            assert second.outcome is Outcome.UNCHANGED
            asked = [request for request in d.server.requests if request.path == FEED][1]
            assert asked.headers["if-none-match"].startswith("W/")
            assert asked.headers["if-modified-since"].endswith("GMT")
            assert condition(second, "feed:jma.extra") == OK
            assert lease(first) == EVENING + timedelta(seconds=10_800)
            assert lease(second) == EVENING + timedelta(minutes=1, seconds=10_800)

    async def test_we_say_who_we_are_and_take_gzip(self) -> None:
        async with desk() as d:
            d.server.publish(published(1))
            await d.poll()
            assert {request.headers["user-agent"].split("/")[0] for request in d.server.requests} == {"Hansho"}
            assert {request.headers["accept-encoding"] for request in d.server.requests} == {"gzip"}

    async def test_other_offices_and_types_that_nobody_reads_are_not_fetched(self) -> None:
        async with desk() as d:
            files = (name(1, suffix="130000"), name(2, kind="VPWW54"), name(3, kind="VXKO70", suffix="050000"))
            d.server.publish(*(published(number, file=file) for number, file in enumerate(files)))
            await d.poll()
            assert await names(d.log) == [files[2]]

    async def test_an_entry_listed_twice_is_fetched_once(self) -> None:
        async with desk() as d:
            d.server.publish(published(1))
            link = f"{d.server.base_url}{DATA}{name(1)}"
            d.server.moods[FEED] = body(feed_of(link, link))
            await d.poll()
            assert d.server.asked_for(f"{DATA}{name(1)}") == 1

    async def test_after_a_restart_nothing_is_fetched_again(self) -> None:
        async with desk() as d:
            d.server.publish(published(1))
            await d.poll()
            again = Desk(d.server, d.log)
            polled = await again.poll()
            await again.poller.close()
            assert polled.appended == ()
            assert d.server.asked_for(f"{DATA}{name(1)}") == 1

    async def test_a_second_instance_skips_what_the_first_has_in_the_log(self) -> None:
        async with desk() as d:
            other = Desk(d.server, d.log)
            await other.poll()
            d.server.publish(published(1))
            await d.poll()
            assert (await other.poll()).appended == ()
            await other.poller.close()
            assert d.server.asked_for(f"{DATA}{name(1)}") == 1

    async def test_no_more_than_four_telegrams_are_fetched_at_once(self) -> None:
        under_way: list[int] = []
        most = 0
        turn = threading.Barrier(4)

        def crowded(_: Request) -> Response:
            nonlocal most
            under_way.append(1)
            most = max(most, len(under_way))
            turn.wait(timeout=5)  # no answer before four have asked: fewer at once would break the barrier
            under_way.pop()
            return Response(status=200, headers={}, body=RAIN)

        async with desk() as d:
            items = [published(number) for number in range(12)]
            d.server.publish(*items)
            d.server.moods |= {item.path: crowded for item in items}
            assert len((await d.poll()).appended) == 12
            assert most == 4

    async def test_the_canary_is_reported_at_each_stage_it_passes(self) -> None:
        async with desk(id="canary", long_feed=None, lease_s=None, tells_time=False) as d:
            d.server.publish(published(1, file=name(1, kind="HANSHO", suffix="canary")))
            polled = await d.poll()
            assert [one.subject for one in polled.reports] == ["feed:canary", "canary:poll", "canary:log"]


class TestTheLongFeed:
    async def test_is_read_once_at_the_start(self) -> None:
        async with desk() as d:
            d.server.publish(published(1), published(700))
            await d.polls(3)
            assert d.server.asked_for(LONG_FEED) == 1
            assert await names(d.log) == [name(1), name(700)]

    async def test_is_read_after_a_gap(self) -> None:
        async with desk() as d:
            d.server.publish(published(1))
            await d.poll(minutes=9)
            d.server.publish(published(2), published(800))
            await d.poll()
            assert d.server.asked_for(LONG_FEED) == 2
            assert await names(d.log) == [name(1), name(2), name(800)]

    @pytest.mark.parametrize("code", [404, 410])
    async def test_that_is_missing_is_not_missed(self, code: int) -> None:
        async with desk() as d:
            d.server.moods[LONG_FEED] = status(code)
            d.server.publish(published(1))
            polled = await d.polls(3)
            assert d.server.asked_for(LONG_FEED) == 1
            assert condition(polled, "feed:jma.extra") == OK

    @pytest.mark.parametrize("mood", [status(500), body(b"<html/>"), resets], ids=["500", "no feed", "reset"])
    async def test_that_fails_is_tried_a_few_times_and_stops_nothing(self, mood: Mood) -> None:
        async with desk() as d:
            d.server.moods[LONG_FEED] = mood
            d.server.publish(published(1))
            polled = await d.polls(LONG_TRIES_MAX + 2)
            assert d.server.asked_for(LONG_FEED) == LONG_TRIES_MAX
            assert condition(polled, "feed:jma.extra") == OK
            assert await names(d.log) == [name(1)]


class TestAFeedThatFails:
    @pytest.mark.parametrize(("mood", "code"), FAILURES.values(), ids=FAILURES)
    async def test_is_an_alarm_after_three_intervals_and_renews_no_lease(self, mood: Mood, code: str) -> None:
        async with desk() as d:
            d.server.publish(published(1))
            good = await d.poll()
            d.server.moods[FEED] = mood
            polled = await d.poll()
            assert condition(polled, "feed:jma.extra") == (Condition.OK, code)
            polled = await d.polls(3)
            assert condition(polled, "feed:jma.extra") == (Condition.ALARM, code)
            assert lease(polled) == lease(good)
            del d.server.moods[FEED]
            d.now += timedelta(minutes=10)
            assert condition(await d.poll(), "feed:jma.extra") == OK

    async def test_304_for_ever_is_frozen_once_its_content_is_too_old(self) -> None:
        async with desk() as d:
            d.server.publish(published(1))
            await d.poll(minutes=59)
            d.server.moods[FEED] = status(304)
            assert condition(await d.poll(minutes=2), "feed:jma.extra") == OK
            polled = await d.poll()
            assert condition(polled, "feed:jma.extra") == (Condition.ALARM, "E3204")
            assert lease(polled) == EVENING + timedelta(minutes=59, seconds=10_800)

    async def test_200_with_old_content_is_frozen_at_once(self) -> None:
        async with desk() as d:
            d.server.publish(published(1))
            d.server.moods[FEED] = body(
                feed_of(f"{d.server.base_url}{DATA}{name(1)}", updated="2026-09-01T18:59:59+09:00")
            )
            polled = await d.poll()
            assert polled.outcome is Outcome.FRESH
            assert condition(polled, "feed:jma.extra") == (Condition.ALARM, "E3204")
            assert lease(polled) is None
            assert await names(d.log) == [name(1)]

    async def test_304_to_a_first_request_is_not_heard(self) -> None:
        async with desk() as d:
            d.server.moods[FEED] = status(304)
            polled = await d.polls(5)
            assert condition(polled, "feed:jma.extra") == (Condition.ALARM, "E3202")
            assert lease(polled) is None

    async def test_that_does_not_answer_in_time_is_let_go(self) -> None:
        async with desk(interval_s=0.25) as d:
            d.server.moods[FEED] = lambda _: (d.server.stopping.wait(5), Response(status=200, headers={}, body=b""))[1]
            polled = await d.poll()
            assert polled.outcome is Outcome.FAILED
            assert condition(polled, "feed:jma.extra") == (Condition.OK, "E3201")

    async def test_that_hung_for_a_while_is_read_again_when_it_answers(self) -> None:
        async with desk(interval_s=0.1) as d:
            d.server.publish(published(1))
            answering = threading.Event()

            def hangs(request: Request) -> Response:
                answering.wait(5)
                return FeedServer.respond(d.server, request)

            d.server.moods |= {FEED: hangs}
            assert [(await d.poll()).outcome for _ in range(10)] == [Outcome.FAILED] * 10
            answering.set()
            d.server.moods.clear()
            # More polls hung than there are connections: had one been kept, this would wait for it in vain.
            d.source = replace(d.source, interval_s=60.0)
            assert len((await d.poll()).appended) == 1

    @pytest.mark.parametrize("code", [403, 429, 500, 503])
    async def test_that_refuses_is_left_alone_for_longer_and_longer(self, code: int) -> None:
        async with desk() as d:
            d.server.moods[FEED] = status(code)
            outcomes = [(await d.poll()).outcome for _ in range(8)]
            asked = [number for number, outcome in enumerate(outcomes) if outcome is Outcome.FAILED]
            assert asked == [0, 1, 3, 7]
            assert d.server.asked_for(FEED) == 4

    async def test_that_says_for_how_long_is_left_alone_so_long(self) -> None:
        async with desk() as d:
            d.server.moods[FEED] = status(503, Retry_After="240")
            outcomes = [(await d.poll()).outcome for _ in range(5)]
            assert outcomes == [Outcome.FAILED, *[Outcome.WAITING] * 3, Outcome.FAILED]

    async def test_that_redirects_within_its_host_is_followed(self) -> None:
        async with desk() as d:
            d.server.publish(published(1))
            d.server.moods[FEED] = status(302, Location=LONG_FEED)
            await d.poll()
            assert await names(d.log) == [name(1)]

    @pytest.mark.parametrize(
        "target", ["http://169.254.169.254/latest/", "http://localhost:1/x", "file:///etc/passwd", ""]
    )
    async def test_that_redirects_elsewhere_is_not(self, target: str) -> None:
        async with desk() as d:
            d.server.moods[FEED] = status(302, Location=target)
            assert condition(await d.poll(), "feed:jma.extra") == (Condition.OK, "E3201")

    async def test_that_redirects_in_a_circle_is_not_followed_for_ever(self) -> None:
        async with desk() as d:
            d.server.moods[FEED] = status(302, Location=FEED)
            assert (await d.poll()).outcome is Outcome.FAILED
            assert d.server.asked_for(FEED) == 4

    async def test_whose_clock_differs_from_ours_is_said(self) -> None:
        async with desk() as d:
            d.server.publish(published(1))
            its_clock = d.server.clock
            d.server.clock = lambda: its_clock() + timedelta(minutes=2)
            assert condition(await d.poll(), "clock") == (Condition.ALARM, "E3208")

    async def test_with_a_broken_entry_is_read_but_for_that_and_the_entry_is_in_dead_once(self) -> None:
        async with desk() as d:
            d.server.publish(published(1))
            link = f"{d.server.base_url}{DATA}{name(1)}"
            d.server.moods[FEED] = body(feed_of(link, "x" * 2000))
            await d.polls(2)
            assert await names(d.log) == [name(1)]
            assert [letter.code for letter in await dead(d.log)] == ["E3131"]

    async def test_the_day_s_bytes_are_counted(self) -> None:
        async with desk() as d:
            d.server.publish(published(1))
            polled = await d.poll()
            assert polled.received_bytes > 500
            assert condition(polled, "bytes") == OK


@pytest.mark.parametrize("order", [list, lambda items: items[::-1]], ids=["as sent", "newest first"])
async def test_the_order_of_the_entries_does_not_matter(order: Callable[[list[str]], list[str]]) -> None:
    async with desk() as d:
        items = [published(number) for number in range(5)]
        d.server.publish(*items)
        links = [f"{d.server.base_url}{item.path}" for item in items]
        d.server.moods[FEED] = body(feed_of(*order(links)))
        await d.poll()
        assert await names(d.log) == [name(number) for number in range(5)]
