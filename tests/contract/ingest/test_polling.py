"""Polling over real HTTP, against a server that does what servers do on a bad night."""

from __future__ import annotations

import gzip
import threading
from base64 import b64decode
from collections.abc import Callable, Sequence
from datetime import timedelta
from hashlib import sha256

import pytest

from schemas.status import Condition
from schemas.telegram import RawTelegram
from schemas.topics import TELEGRAM_BYTES_MAX
from services.eventlog.memory import MemoryLog
from services.eventlog.port import LogFull, Message, Position
from services.feedserver.core.answer import Request, Response
from services.ingest.core.novelty import DAMAGED_TRIES_MAX, TRIES_MAX
from services.ingest.core.polling import LONG_TRIES_MAX
from services.ingest.sources.jma import Outcome
from tests.contract.ingest.peers import (
    DATA,
    FEED,
    LONG_FEED,
    RAIN,
    Desk,
    Mood,
    MoodyServer,
    body,
    condition,
    dead,
    desk,
    everything,
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


def feed_of(*links: str, updated: str = "2026-09-01T20:00:00+09:00") -> bytes:
    """An Atom feed that lists these links."""
    entries = "".join(
        f'<entry><id>{link}</id><link href="{link}"/><updated>2026-09-01T11:00:00Z</updated></entry>' for link in links
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><updated>{updated}</updated>{entries}</feed>'.encode()


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
            assert condition(await d.poll(), "clock") == (
                Condition.ALARM,
                "E3208",
            )  # its Date is today, our evening is not

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


@pytest.mark.parametrize("order", [list, lambda items: items[::-1]], ids=["as sent", "newest first"])
async def test_the_order_of_the_entries_does_not_matter(order: Callable[[list[str]], list[str]]) -> None:
    async with desk() as d:
        items = [published(number) for number in range(5)]
        d.server.publish(*items)
        links = [f"{d.server.base_url}{item.path}" for item in items]
        d.server.moods[FEED] = body(feed_of(*order(links)))
        await d.poll()
        assert await names(d.log) == [name(number) for number in range(5)]
