"""Every river source against a real server with its answers: good, unchanged, refused, slow, cut, old, foreign."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.observation import Kind, Observation, Station
from services.ingest.core.river.city import Gauges
from services.ingest.core.river.sources import SOURCES
from services.ingest.sources.jma import Outcome, Polled
from tests.contract.ingest import recorded
from tests.contract.ingest.peers import Mood, condition, dead, status
from tests.contract.ingest.recorded import ITEMS, answers, bank, kriver, kriver_row
from tests.factories import EVENING

NAMES = sorted(ITEMS)
LIST = "/swin/files/area_info/current/99000.json"


def lease(polled: Polled) -> object:
    return next((one.until for one in polled.reports if one.subject.startswith("lease:")), None)


def gone(seen: Iterable[Observation]) -> list[Observation]:
    return [one for one in seen if not one.listed]


@pytest.mark.parametrize("source", NAMES)
async def test_a_reading_comes_into_the_log_once(source: str) -> None:
    async with bank(source) as made:
        first, second = await made.poll(), await made.poll()
        [seen] = await made.seen()
        assert (first.outcome, len(first.appended), len(second.appended)) == (Outcome.FRESH, 1, 0)
        assert second.outcome is Outcome.UNCHANGED  # it said what it had, and was answered 304
        assert (seen.kind, seen.observed, seen.received) == (Kind.STAGE, EVENING, EVENING + timedelta(minutes=3))
        assert seen.value == pytest.approx(4.52 if source == "kriver" else 1.231 if "usgs" in source else 1.23)
        assert condition(second, f"feed:{source}") == ("ok", "")
        assert lease(second) is not None


@pytest.mark.parametrize("source", NAMES)
@pytest.mark.parametrize("code", [403, 429, 500, 404])
async def test_a_refusal_keeps_nothing_alive_and_is_left_alone(source: str, code: int) -> None:
    async with bank(source) as made:
        before = await made.poll()
        made.server.mood = status(code, Retry_After="60")
        polled = await made.poll(minutes=0)
        asked = len(made.server.requests)
        waiting = await made.poll(minutes=0)
        assert polled.outcome is Outcome.FAILED
        assert lease(polled) == lease(before)
        assert condition(polled, f"feed:{source}")[1] == "E3202"
        assert (waiting.outcome is Outcome.WAITING) == (code != 404)
        assert (len(made.server.requests) == asked) == (code != 404)


@pytest.mark.parametrize("source", NAMES)
@pytest.mark.parametrize("mood", [recorded.cut, recorded.cut_gzip, recorded.other, recorded.slow])
async def test_what_is_cut_slow_or_foreign_is_not_heard_and_breaks_nothing(source: str, mood: Mood) -> None:
    async with bank(source, interval_s=0.25 if mood is recorded.slow else 600.0) as made:
        made.server.mood = mood
        polled = await made.poll()
        if polled.outcome is Outcome.FRESH:  # a table or page of which whole rows came
            assert (source, mood) in {("suimon", recorded.cut), ("kanagawa", recorded.cut)}
            assert await made.seen() == []
            return
        assert polled.outcome is Outcome.FAILED
        assert lease(polled) is None
        assert await made.seen() == []
        made.server.mood = None
        if mood is not recorded.slow:  # whose time limit may be too short for a busy machine
            again = await made.poll()
            assert (again.outcome, len(again.appended)) == (Outcome.FRESH, 1)


@pytest.mark.parametrize("source", NAMES)
async def test_an_old_answer_is_frozen_whatever_its_status(source: str) -> None:
    async with bank(source) as made:
        made.now = EVENING + timedelta(seconds=SOURCES[source].age_limit_s + 60)
        polled = await made.poll()
        assert condition(polled, f"feed:{source}") == ("alarm", "E3204")
        assert lease(polled) is None


@pytest.mark.parametrize("source", NAMES)
async def test_a_document_that_cannot_be_read_is_kept_in_dead_once(source: str) -> None:
    async with bank(source) as made:
        made.server.mood = recorded.other
        await made.poll()
        await made.poll()
        assert [letter.code for letter in await dead(made.log)] == ["E3160"]


async def test_two_ingests_that_ask_in_turns_write_each_reading_once() -> None:
    async with bank("kriver") as made:
        other = recorded.a_poller(made.server, made.log)
        for minutes in (0, 5, 10, 15):
            now = EVENING + timedelta(minutes=minutes)
            rows = kriver(kriver_row(at=EVENING + timedelta(minutes=minutes // 10 * 10), level=4.5 + minutes // 10))
            made.server.put({LIST: rows}, now)
            poller = made.poller if minutes % 10 == 0 else other
            await poller.poll_once(made.source, now)
        await other.close()
        assert [one.value for one in await made.seen()] == [4.5, 5.5]


async def test_a_gauge_is_said_absent_three_times_and_then_forgotten() -> None:
    async with bank("kriver") as made:
        await made.poll()
        for _ in range(5):
            made.server.put({LIST: kriver()}, made.now)
            await made.poll()
        absent = gone(await made.seen())
        assert [one.station for one in absent] == ["9900000001"] * 3
        assert len({one.observed for one in absent}) == 3


async def test_a_list_that_has_not_changed_is_still_a_good_answer() -> None:
    async with bank("kriver") as made:
        await made.poll()
        made.server.put({LIST: kriver()}, made.now)
        outcomes = [(await made.poll()).outcome for _ in range(3)]
        assert outcomes == [Outcome.FRESH, Outcome.UNCHANGED, Outcome.UNCHANGED]
        assert len(gone(await made.seen())) == 3


@pytest.mark.parametrize("mood", [status(500), recorded.cut, recorded.other])
async def test_a_failed_answer_is_not_absence(mood: Mood) -> None:
    async with bank("kriver") as made:
        await made.poll()
        made.server.mood = mood
        for _ in range(4):
            await made.poll(minutes=120)
        assert gone(await made.seen()) == []


async def test_an_old_list_is_not_absence() -> None:
    async with bank("kriver") as made:
        await made.poll()
        made.server.put({LIST: kriver()}, made.now)
        made.now += timedelta(hours=2)
        for _ in range(4):
            await made.poll()
        assert gone(await made.seen()) == []


async def test_one_failing_prefecture_hides_no_gauge_of_the_others() -> None:
    async with bank("kriver") as made:
        made.poller.gauges = Gauges(polls={"kriver": ("99000", "98000")})
        await made.poll()  # 98000 is answered 404
        made.server.put({LIST: kriver()}, made.now)
        for _ in range(4):
            await made.poll()
        seen = await made.seen()
        assert (len(seen), gone(seen)) == (1, [])


async def test_a_dead_sensor_in_the_list_is_neither_absent_nor_news() -> None:
    async with bank("kriver") as made:
        old = kriver_row("9900000002", 38.0, at=EVENING - timedelta(days=700))
        for _ in range(5):
            made.server.put({LIST: kriver(kriver_row(at=made.now), old)}, made.now)
            await made.poll()
        dead_sensor = [one for one in await made.seen() if one.station == "9900000002"]
        assert [one.listed for one in dead_sensor] == [True]


async def test_a_restart_knows_which_gauges_were_listed() -> None:
    async with bank("kriver") as made:
        await made.poll()
        again = recorded.a_poller(made.server, made.log)
        for _ in range(4):
            made.server.put({LIST: kriver()}, made.now)
            await again.poll_once(made.source, made.now)
            made.now += timedelta(minutes=10)
        await again.close()
        assert len(gone(await made.seen())) == 3


async def test_a_successor_keeps_the_lease_of_the_readings_it_brings() -> None:
    async with bank("usgs-ogc") as made:
        polled = await made.poll()
        [seen] = await made.seen()
        assert seen.source == "usgs"
        assert [one.subject for one in polled.reports if one.subject.startswith("lease:")] == ["lease:usgs"]


async def test_a_source_whose_terms_ask_for_restraint_shows_them_and_is_asked_seldom() -> None:
    async with bank("kawabou") as made:
        polled = await made.poll()
        [said] = [one for one in polled.reports if one.subject == "terms:kawabou"]
        assert "控える" in said.message
        assert SOURCES["kawabou"].interval_s >= 600


async def test_the_citys_thresholds_are_with_its_gauges_readings() -> None:
    async with bank("kanagawa") as made:
        station = Station(source="kanagawa", station="9999_4_1", name="見本橋", jis5=("14206",))
        made.poller.gauges = Gauges(polls=ITEMS, stations={"kanagawa:9999_4_1": station})
        await made.poll()
        [seen] = await made.seen()
        assert seen.about == station


async def test_a_hundred_pages_are_within_one_poll(samples: Path) -> None:
    """The recorded national list, served as it was recorded."""
    body = (samples / "river" / "kriver-snapshot-20260603T07.json").read_bytes()
    async with bank("kriver") as made:
        made.server.put({LIST: body}, made.now)
        polled = await made.poll()
        assert (polled.outcome, len(polled.appended)) == (Outcome.FRESH, 750)


RECORDED = {
    "kriver": "kriver-area_info-14000-2026060307.json",
    "kawabou": "synthetic-kawabou-obslist-tm-twnlist-1401130.json",
    "suimon": "suimon-kind6-200401.shift_jis.dat",
    "kanagawa": "synthetic-kanagawa-suibou-stage10.html",
    "ea": "ea-station-1491TH.json",
    "usgs": "usgs-iv.json",
    "usgs-ogc": "usgs-ogc-fixtures.json",
    "pegelonline": "pegelonline-wuerzburg.json",
    "hubeau": "rivretrieve-france_hubeau_sample.json",
}


@pytest.mark.parametrize("source", NAMES)
async def test_each_recorded_answer_served_gives_its_readings_and_is_found_old(source: str, samples: Path) -> None:
    body = (samples / "river" / RECORDED[source]).read_bytes()
    async with bank(source) as made:
        [path] = [path for path in answers(EVENING)[source] if "tmCrntTime" not in path and "cgi-bin" not in path]
        made.server.put({path: body}, EVENING)
        polled = await made.poll()
        assert polled.outcome is Outcome.FRESH
        assert len(await made.seen()) >= 1
        if source != "kriver":  # whose age is its file's
            assert condition(polled, f"feed:{source}") == ("alarm", "E3204")
