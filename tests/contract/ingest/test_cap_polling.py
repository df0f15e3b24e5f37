"""Every source of CAP and L-Alert, polled over real HTTP from a server that serves it well and badly."""

from __future__ import annotations

import gzip
import json
from base64 import b64decode
from dataclasses import replace
from datetime import timedelta

import pytest

from schemas.status import Condition
from schemas.telegram import RawTelegram
from services.feedserver.core.answer import Response
from services.ingest.sources.jma import Outcome
from services.ingest.sources.table import CAP_ROWS, GENERIC, CapAddressInvalid, cap_sources
from services.runtime import settings
from tests.contract.ingest.cap_peers import LIST, atom, cap, cap_desk, rss
from tests.contract.ingest.peers import (
    Desk,
    Mood,
    body,
    condition,
    dead,
    everything,
    payloads,
    resets,
    status,
)
from tests.factories import EVENING

NAMES = [*(id_.removeprefix("cap.") for id_ in CAP_ROWS), "city"]
OK = (Condition.OK, "")
EDXL = (
    b'<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0"><senderID>city.example</senderID>'
    b"<dateTimeSent>2026-09-01T20:00:00+09:00</dateTimeSent><distributionStatus>Actual</distributionStatus>"
    b"<distributionType>Report</distributionType></EDXLDistribution>"
)


async def bodies(d: Desk) -> list[bytes]:
    """The messages in the log, as they came."""
    raws = [raw for raw in await payloads(d.log, "telegrams") if isinstance(raw, RawTelegram)]
    return sorted(gzip.decompress(b64decode(raw.body)) for raw in raws)


@pytest.mark.parametrize("name", NAMES)
class TestEverySource:
    async def test_reads_its_list_and_fetches_each_message_once(self, name: str) -> None:
        async with cap_desk(name) as d:
            path = "/cap/1.xml"
            d.server.moods |= {LIST: body(atom(f"{d.server.base_url}{path}")), path: body(cap())}
            polled = await d.poll()
            await d.polls(2)
            assert polled.outcome is Outcome.FRESH
            assert await bodies(d) == [cap()]
            assert d.server.asked_for(path) == 1
            assert condition(polled, f"feed:cap.{name}") == OK
            [record] = await everything(d.log, "telegrams")
            assert record.key.startswith(f"cap.{name}:{d.server.base_url}{path}#2026")

    @pytest.mark.parametrize(
        ("mood", "code"),
        [
            (status(403), "E3202"),
            (status(429), "E3202"),
            (status(500), "E3202"),
            (resets, "E3201"),
            (body(b"<feed><upd"), "E3203"),
            (body(b'{"features": ['), "E3203"),
            (body(b"<!DOCTYPE html><html></html>"), "E3203"),
            (body(b'{"hello": 1}'), "E3203"),
            (body(atom(), Content_Length="99999", Connection="close"), "E3201"),
        ],
        ids=["403", "429", "500", "reset", "cut XML", "cut JSON", "a page", "other JSON", "cut answer"],
    )
    async def test_that_fails_is_an_alarm_after_three_intervals(self, name: str, mood: Mood, code: str) -> None:
        async with cap_desk(name) as d:
            d.server.moods[LIST] = body(atom())
            assert condition(await d.poll(), f"feed:cap.{name}") == OK
            d.server.moods[LIST] = mood
            assert condition(await d.poll(), f"feed:cap.{name}") == (Condition.OK, code)
            d.now += timedelta(seconds=d.source.unheard_limit_s)
            assert condition(await d.poll(), f"feed:cap.{name}") == (Condition.ALARM, code)

    async def test_304_renews_the_lease(self, name: str) -> None:
        async with cap_desk(name) as d:
            d.server.moods[LIST] = body(atom(), ETag='"1"')
            await d.poll()
            d.server.moods[LIST] = status(304)
            polled = await d.poll()
            assert polled.outcome is Outcome.UNCHANGED
            [lease] = [one.until for one in polled.reports if one.subject == f"lease:cap.{name}"]
            assert lease == EVENING + timedelta(minutes=1, seconds=d.source.lease_s or 0)
            assert d.server.requests[-1].headers["if-none-match"] == '"1"'

    async def test_stale_content_is_frozen_whatever_http_says(self, name: str) -> None:
        async with cap_desk(name) as d:
            old = EVENING - timedelta(seconds=d.source.age_limit_s + 1)
            d.server.moods[LIST] = body(atom(updated=old.isoformat()))
            assert condition(await d.poll(), f"feed:cap.{name}") == (Condition.ALARM, "E3204")

    async def test_that_is_slow_is_let_go(self, name: str) -> None:
        async with cap_desk(name) as d:
            d.source = replace(d.source, interval_s=0.25)
            d.server.moods[LIST] = lambda _: (d.server.stopping.wait(5), Response(status=200, headers={}, body=b""))[1]
            polled = await d.poll()
            assert (polled.outcome, condition(polled, f"feed:cap.{name}")) == (Outcome.FAILED, (Condition.OK, "E3201"))

    async def test_a_list_larger_than_the_sources_limit_is_not_read(self, name: str) -> None:
        async with cap_desk(name) as d:
            d.source = replace(d.source, feed_bytes_max=100)
            d.server.moods[LIST] = body(atom() + b" " * 100)
            polled = await d.poll()
            assert condition(polled, f"feed:cap.{name}") == (Condition.OK, "E3201")
            assert "more than 100 bytes" in next(one.message for one in polled.reports if one.code == "E3201")

    async def test_a_message_larger_than_the_sources_limit_is_given_up(self, name: str) -> None:
        async with cap_desk(name) as d:
            d.source = replace(d.source, bytes_max=100)
            d.server.moods[LIST] = body(atom(f"{d.server.base_url}/1.xml"))
            d.server.moods["/1.xml"] = body(cap())
            await d.poll()
            assert [letter.code for letter in await dead(d.log)] == ["E3211"]
            d.server.moods[LIST] = body(atom(embedded=cap()))
            await d.poll()
            assert [letter.code for letter in await dead(d.log)] == ["E3211", "E3211"]


class TestLists:
    async def test_rss(self) -> None:
        async with cap_desk() as d:
            d.server.moods |= {LIST: body(rss(f"{d.server.base_url}/1.xml")), "/1.xml": body(cap())}
            await d.polls(2)
            assert await bodies(d) == [cap()]

    async def test_a_message_in_the_list_is_taken_from_there_once(self) -> None:
        async with cap_desk() as d:
            d.server.moods[LIST] = body(atom(embedded=cap()))
            await d.polls(2)
            [found] = await bodies(d)
            assert b"<identifier>city-1</identifier>" in found
            assert {request.path for request in d.server.requests} == {LIST}

    async def test_the_one_message_of_an_address_is_taken_again_when_it_changes(self) -> None:
        async with cap_desk() as d:
            for message in (cap(), cap(), cap(2)):
                d.server.moods[LIST] = body(message)
                polled = await d.poll()
                assert condition(polled, "feed:cap.city") == OK
            assert await bodies(d) == [cap(), cap(2)]

    async def test_json(self) -> None:
        async with cap_desk("nws") as d:
            alert = {"id": "urn:1", "sender": "a", "sent": "2026-09-01T11:00:00Z", "status": "Actual"}
            listed = {"updated": "2026-09-01T11:00:00Z", "features": [{"id": "x", "properties": alert}]}
            d.server.moods[LIST] = body(json.dumps(listed).encode())
            await d.polls(2)
            assert [json.loads(one) for one in await bodies(d)] == listed["features"]

    async def test_l_alert_in_its_envelope(self) -> None:
        async with cap_desk("lalert") as d:
            d.server.moods[LIST] = body(EDXL)
            await d.poll()
            assert await bodies(d) == [EDXL]

    async def test_an_entry_that_leads_to_another_host_is_not_followed(self) -> None:
        async with cap_desk() as d:
            d.server.moods[LIST] = body(atom("http://169.254.169.254/latest/"))
            await d.poll()
            assert [letter.code for letter in await dead(d.log)] == ["E3212"]

    async def test_a_message_that_was_cut_is_tried_again(self) -> None:
        async with cap_desk() as d:
            d.server.moods |= {LIST: body(atom(f"{d.server.base_url}/1.xml")), "/1.xml": body(cap()[:-20])}
            await d.poll()
            assert await bodies(d) == []
            d.server.moods["/1.xml"] = body(cap())
            await d.poll()
            assert await bodies(d) == [cap()]


class TestTheSetting:
    def test_a_source_has_its_row_or_that_of_any_other(self) -> None:
        found = cap_sources(settings.read({"cap": "nws=https://a.example/x?area=GU mine=http://b.example:81"}, {}))
        assert [(one.id, one.base, one.feed) for one in found] == [
            ("cap.nws", "https://a.example", "/x?area=GU"),
            ("cap.mine", "http://b.example:81", "/"),
        ]
        assert found[0].lease_s == CAP_ROWS["cap.nws"].lease_s
        assert found[1].age_limit_s == GENERIC.age_limit_s

    @pytest.mark.parametrize(
        "written",
        [
            "nws",
            "nws=",
            "=https://a.example",
            "a b=http://x",
            "n=ftp://a.example",
            "n=http://u:p@a",
            "n=http://a:b",
            "n=http://a n=http://b",
            "ｎ=http://a",
            "a/b=http://a",
        ],
    )
    def test_one_that_cannot_be_polled_is_said_at_the_start(self, written: str) -> None:
        with pytest.raises(CapAddressInvalid) as refused:
            cap_sources(settings.read({"cap": written}, {}))
        assert refused.value.code == "E3216"
