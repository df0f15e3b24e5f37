"""Three recorded polls of JMA's feed, served again: each telegram is fetched once, and in any order it is one situation.

Only the feeds were recorded; the telegrams that they list are ours, by type, for the office and the time in their names.
"""

from __future__ import annotations

import gzip
import re
from base64 import b64decode
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from schemas.area import AreaCode, Scheme
from schemas.lifecycle import Stream
from schemas.telegram import RawTelegram
from services.dispatcher.core.situation import Situation, take
from services.ingest.core.novelty import is_wanted
from services.ingest.core.telegram import read_telegram
from services.ingest.core.types import by_name
from services.ingest.sources.jma import Outcome
from services.ingest.sources.table import Bases, sources
from services.runtime import settings
from services.runtime.cities import deploy_dir, load_table
from tests.contract.ingest.peers import DATA, FEED, LONG_FEED, Desk, body, desk, payloads, status
from tests.telegrams import telegram, warnings

POLLS = ("0924", "1016", "1104")
HOST = "https://www.data.jma.go.jp"
LINK = re.compile(rf'href="{HOST}({DATA}[^"]+)"')
NAMED = re.compile(r"/(\d{14})_\d+_(V[A-Z]{3}\d\d)_(\d{6})\.xml")
AREAS = load_table(deploy_dir())
LIVE, *_ = sources(settings.read({"feeds": "live"}, {}), Bases(jma=HOST))
EVERY_OFFICE = frozenset(area.code for area in AREAS.entries if area.scheme == Scheme.OFFICE)
CODES = {"VPWW55": "10 03 43", "VPWW56": "29 09 49", "VPWW58": "15 05 35", "VPWW61": "14 20 21"}


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded poll: when it was, the feed, the paths that it lists."""

    at: datetime
    feed: str
    paths: frozenset[str]


def recorded(samples: Path) -> list[Recorded]:
    found = []
    for hour in POLLS:
        text = (samples / "jma" / "feeds" / f"extra_20260730T{hour}Z_rebuilt.xml").read_text("utf-8")
        at = datetime.strptime(f"20260730{hour}", "%Y%m%d%H%M").replace(tzinfo=UTC)
        found.append(Recorded(at, text, frozenset(LINK.findall(text))))
    return found


def written(path: str) -> bytes:
    """A telegram for a recorded name: of its type, office and second; what it says follows from the name alone."""
    found = NAMED.search(path)
    assert found is not None
    second, kind, office = found.groups()
    chance = Random(path)
    reported = datetime.strptime(second, "%Y%m%d%H%M%S").replace(tzinfo=UTC).isoformat()
    row = by_name(f"{kind}_")
    assert row is not None
    towns = [("1420600", "小田原市"), ("1420800", "逗子市"), ("1410011", "横浜市北部")]
    codes = CODES.get(kind, "1 1 1").split()
    states = ["発表", "継続", "解除"]
    items = [(*town, [(chance.choice(codes), "名", chance.choice(states))]) for town in towns if chance.random() < 0.8]
    tag = f"""<Information type="情報タグ"><Item><Kind><Condition>大雨</Condition></Kind><Areas><Area><Name>府県</Name>
<Code>{office}</Code></Area></Areas></Item></Information>"""
    return telegram(
        title=row.row.titles[0],
        head="神奈川県熱中症警戒アラート",
        reported=reported,
        sent=reported,
        event_id="" if row.row.names_office and not row.row.by_prefecture else f"{kind}{office}",
        serial="1",
        information=tag,
        body=warnings(*(items or [("1420600", "小田原市", [("", "", "発表警報・注意報はなし")])])),
    )


async def replayed(polls: list[Recorded], d: Desk) -> None:
    """Serve and poll each recorded poll at its time."""
    d.server.moods[LONG_FEED] = status(404)
    for path in frozenset().union(*(poll.paths for poll in polls)):
        d.server.moods[path] = body(written(path))
    for poll in polls:
        feed = poll.feed.replace(HOST, d.server.base_url)
        d.server.moods[FEED] = body(feed.encode())
        d.now = poll.at
        polled = await d.poll()
        while polled.waiting:
            polled = await d.poll(minutes=0.1)
        assert polled.outcome is Outcome.FRESH


@pytest.mark.parametrize(
    ("offices", "count"), [(EVERY_OFFICE, 210), (frozenset({"140000"}), 17)], ids=["the country", "Kanagawa"]
)
async def test_each_telegram_is_fetched_once_and_what_is_not_wanted_never(
    offices: frozenset[str], count: int, samples: Path
) -> None:
    polls = recorded(samples)
    every = frozenset().union(*(poll.paths for poll in polls))
    async with desk(types=LIVE.types) as d:
        d.poller.offices = offices
        await replayed(polls, d)
        asked = Counter(request.path for request in d.server.requests if request.path.startswith(DATA))
        wanted = {path for path in every if is_wanted(d.source, offices, path.rpartition("/")[2])}
        assert set(asked) == wanted
        assert set(asked.values()) == {1}
        assert (len(every), len(wanted)) == (270, count)


async def test_in_any_order_it_is_one_situation(samples: Path) -> None:
    async with desk(types=LIVE.types) as d:
        d.poller.offices = EVERY_OFFICE
        await replayed(recorded(samples), d)
        raws = [raw for raw in await payloads(d.log, "telegrams") if isinstance(raw, RawTelegram)]
    alerts = []
    for raw in raws:
        content = gzip.decompress(b64decode(raw.body))
        reading = read_telegram(content, name=raw.name, source=raw.source, url="", areas=AREAS, surfaces=())
        assert reading.alert is not None, (raw.name, reading.defects)
        alerts += [(stream, reading.alert) for stream in reading.alert.streams if reading.topic]
    watch = frozenset({AreaCode("class20", "1420600"), AreaCode("class20", "1420800"), AreaCode("office", "140000")})
    settled: list[dict[str, Stream]] = []
    for seed in range(4):
        Random(seed).shuffle(alerts)
        situation = Situation()
        for stream, alert in alerts:
            situation = take(situation, stream, alert, watch).situation
        settled.append(dict(situation.streams))
    assert len(settled[0]) > 40
    assert all(one == settled[0] for one in settled)
