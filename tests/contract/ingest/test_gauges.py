"""Gauges from list to alert: polled from a real server into a log, folded by the consumer, across restarts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from schemas.alert import Alert, InfoState, Origin, Status
from schemas.status import StatusReport
from services.eventlog.memory import MemoryLog
from services.eventlog.open import open_log
from services.eventlog.port import APPEND_MAX, EventLog, Message
from services.ingest.core.gauge_alert import INSTRUCTION
from services.ingest.core.river.city import Gauges
from services.ingest.core.river.sources import SOURCES
from services.ingest.sources.drop import DropPoller
from services.ingest.sources.gauges import GaugeFold
from services.ingest.sources.observed import Observed
from services.ingest.sources.rivers import RiverPoller
from services.runtime.cities import deploy_dir, load_table
from services.runtime.clock import SystemClock
from services.runtime.reporting import Reporter
from tests.contract.ingest.peers import dead, payloads
from tests.contract.ingest.recorded import RiverServer, a_poller, kriver, kriver_row
from tests.factories import EVENING

TABLE = load_table(deploy_dir())
LIST = "/swin/files/area_info/current/99000.json"


def a_fold(log: EventLog) -> GaugeFold:
    clock = SystemClock()
    return GaugeFold(log=log, clock=clock, reporter=Reporter("ingest", clock), areas=TABLE)


async def caught_up(log: EventLog) -> None:
    """Wait until the group has nothing left."""
    async with asyncio.timeout(20):
        while any(lag.lag_records for lag in await log.groups() if lag.group == "thresholds") or not await log.groups():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def folding(log: EventLog) -> AsyncIterator[GaugeFold]:
    """A fold at work on a log."""
    fold = a_fold(log)
    task = asyncio.create_task(fold.run())
    try:
        yield fold
        await caught_up(log)
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def alerts(log: EventLog) -> list[Alert]:
    """The gauge alerts, in the order of their instants."""
    found = [one for one in await payloads(log, "alerts.routine") if isinstance(one, Alert)]
    return sorted(found, key=lambda one: (one.sent, one.identifier))


def said(alert: Alert) -> tuple[str, str]:
    """What an alert says: its level and state."""
    [info] = alert.info
    return info.event.partition(" ")[2], info.state


async def play(server: RiverServer, poller: RiverPoller, series: list[tuple[datetime, bytes]]) -> None:
    """Serve one list after the other, polled as each appears."""
    for now, body in series:
        server.put({LIST: body}, now)
        await poller.poll_once(SOURCES["kriver"], now)


def a_flood() -> list[tuple[datetime, bytes]]:
    """Calm, through start, warn and flood with flapping, a gap in the answers, a return, and down again: every ten minutes."""
    levels: list[float | None] = [
        *(None, 4.35, 4.28, 4.36, 4.9, 5.45, 5.52, 5.48, 5.53, 5.9, 6.5, 6.95, 6.9, 6.96, None, 6.97),
        *(6.8, 6.8, 6.8, 6.86, 6.2, 5.45, 5.3, 5.38, 5.2, 4.8, 4.4, None, 4.35, None, None, None, None),
    ]
    return [
        (at, kriver() if level is None else kriver(kriver_row(level=level, at=at - timedelta(minutes=2))))
        for index, level in enumerate(levels)
        for at in [EVENING + timedelta(minutes=10 * index)]
    ]


FLOOD_TOLD = [
    ("観測開始水位", "active"),
    ("氾濫危険水位", "active"),
    ("氾濫開始水位", "active"),
    ("氾濫危険水位", "active"),
    ("観測開始水位", "active"),
    ("観測開始水位", "released"),
]


@asynccontextmanager
async def river(log: EventLog) -> AsyncIterator[tuple[RiverServer, RiverPoller]]:
    """A server with one prefecture and a poller of it."""
    with RiverServer() as server:
        poller = a_poller(server, log, Gauges(polls={"kriver": ("99000",)}))
        try:
            yield server, poller
        finally:
            await poller.close()


async def test_a_flood_with_flapping_gaps_and_returns_is_told_once_up_and_once_down_a_level() -> None:
    log = MemoryLog()
    async with river(log) as (server, poller):
        await play(server, poller, a_flood())
    async with folding(log):
        pass
    assert [said(one) for one in await alerts(log)] == FLOOD_TOLD
    revisions = [one.revision for one in await alerts(log)]
    assert revisions == sorted(set(revisions))


async def test_an_alert_says_what_was_measured_and_nothing_more() -> None:
    log = MemoryLog()
    async with river(log) as (server, poller):
        await play(server, poller, a_flood())
    async with folding(log):
        pass
    for one in await alerts(log):
        [info] = one.info
        assert (one.origin, one.status, one.source, one.lease) == (Origin.GAUGE, Status.ACTUAL, "kriver", "kriver")
        assert (info.level, info.certainty, [area.area_desc for area in info.area]) == (None, "Observed", ["小田原市"])
        assert (info.rank is None) == (info.state is InfoState.RELEASED)
        assert [word for word in ("避難指示", "気象庁", "警戒レベル") if word in repr(one)] == []
        assert info.instruction in {INSTRUCTION, ""}
    assert max(info.rank or 0 for one in await alerts(log) for info in one.info) == 3


@pytest.mark.parametrize("stop", [1, 4, 12, 20, 29])
async def test_a_restart_in_the_middle_tells_the_same(tmp_path: Path, stop: int) -> None:
    series = a_flood()
    path = f"sqlite:{tmp_path / 'log.db'}"
    async with open_log(path) as log, river(log) as (server, poller), folding(log):
        await play(server, poller, series[:stop])
    async with open_log(path) as log, river(log) as (server, poller), folding(log):
        await play(server, poller, series[stop:])
    async with open_log(path) as log:
        assert [said(one) for one in await alerts(log)] == FLOOD_TOLD


async def test_two_ingests_agree() -> None:
    """Two pollers in turns on one log, and a fold of its own on another log: the same alerts, to the byte."""
    one, two = MemoryLog(), MemoryLog()
    async with river(one) as (server, poller), river(one) as (_, second), river(two) as (_, alone):
        second.base = alone.base = server.base_url
        for now, body in a_flood():
            server.put({LIST: body}, now)
            await poller.poll_once(SOURCES["kriver"], now)
            await second.poll_once(SOURCES["kriver"], now + timedelta(minutes=5))
            await alone.poll_once(SOURCES["kriver"], now)
    async with folding(one), folding(two):
        pass
    assert await alerts(one) == await alerts(two)
    assert len(await alerts(one)) == len(FLOOD_TOLD)


async def test_what_a_commit_refused_is_told_again_and_the_same() -> None:
    log = MemoryLog()
    async with river(log) as (server, poller):
        await play(server, poller, a_flood())
    fold = a_fold(log)
    told: list[object] = []
    for partition in range(4):
        for record in await log.read("observations", partition):
            first = await fold.handle(record)
            again = await fold.handle(record)
            assert [output.message.id for output in first] == [output.message.id for output in again]
            told += first
    assert len([one for one in told if one.topic == "alerts.routine"]) == len(FLOOD_TOLD)  # type: ignore[attr-defined]


async def test_a_gauge_first_seen_flooded_stays_with_the_staff() -> None:
    log = MemoryLog()
    moments = [EVENING + timedelta(minutes=10 * index) for index in range(8)]
    lists = [
        kriver(kriver_row(level=level, at=at, startLevel=95.9, warnLevel=None, fladLevel=97.8))
        for at, level in zip(moments, (100.0, 99.95, 100.08, 100.0), strict=False)
    ]
    gone = [kriver()] * 4
    async with river(log) as (server, poller), folding(log) as fold:
        await play(server, poller, list(zip(moments, lists, strict=False)))
        await caught_up(log)
        held = fold.reporter.last["gauge:kriver:9900000001:doubt"]
        await play(server, poller, list(zip(moments[4:], gone, strict=True)))
        await caught_up(log)
        dismissed = fold.reporter.last["gauge:kriver:9900000001:doubt"]
    assert await alerts(log) == []
    assert (held.condition, held.code, dismissed.condition) == ("alarm", "E3240", "ok")


async def test_a_gauge_of_nowhere_tells_nobody_and_the_staff_hear_of_it() -> None:
    log = MemoryLog()
    async with river(log) as (server, poller):
        await play(server, poller, [(EVENING, kriver(kriver_row(townCode="99999", at=EVENING)))])
    async with folding(log):
        pass
    assert await alerts(log) == []
    [report] = [one for one in await payloads(log, "status") if isinstance(one, StatusReport)]
    assert (report.subject, report.code) == ("gauge:kriver:9900000001:place", "E3243")


async def test_a_gauge_that_falls_silent_above_a_threshold_is_an_alarm_also_after_a_restart() -> None:
    log = MemoryLog()
    async with river(log) as (server, poller):
        await play(server, poller, [(EVENING, kriver(kriver_row(at=EVENING)))])
    async with folding(log) as fold:
        await caught_up(log)
        assert fold.silent(EVENING + timedelta(minutes=59)) == []
        [report] = fold.silent(EVENING + timedelta(minutes=61))
        assert (report.subject, report.code) == ("gauge:kriver:9900000001:lost", "E3242")
        fold.reporter.output(report)
        assert fold.silent(EVENING + timedelta(minutes=62)) == []
        assert [one.condition for one in fold.silent(EVENING)] == ["ok"]
    async with folding(log) as again, asyncio.timeout(20):
        while not (reports := again.silent(EVENING + timedelta(hours=2))):
            await asyncio.sleep(0.005)
        assert [one.code for one in reports] == ["E3242"]


async def test_a_record_that_is_no_observation_goes_to_dead_and_the_next_is_taken() -> None:
    log = MemoryLog()
    async with river(log) as (server, poller):
        await play(server, poller, [(EVENING, kriver(kriver_row(at=EVENING)))])
        [record] = [one for partition in range(4) for one in await log.read("observations", partition)]
        broken = Message(key=record.key, value=b"{}", id="broken", headers=record.headers)
        await log.append("observations", [broken])
        later = EVENING + timedelta(minutes=20)
        await play(server, poller, [(later, kriver(kriver_row(level=5.6, at=later)))])
    async with folding(log):
        pass
    assert [letter.code for letter in await dead(log)] == ["E3244"]
    assert [said(one)[0] for one in await alerts(log)] == ["観測開始水位", "氾濫危険水位"]


async def test_the_flood_of_2026_06_03_as_it_was_crawled(samples: Path) -> None:
    """Each gauge's start level is raised once an episode and cleared once; せどむら橋 stays with the staff."""
    lines = (samples / "river" / "kriver-kanagawa-20260602-04.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    moments = sorted({row["snapshot"] for row in rows})
    log = MemoryLog()
    async with river(log) as (server, poller):
        lists = [kriver(*(row for row in rows if row["snapshot"] == moment)) for moment in moments]
        await play(server, poller, list(zip(map(datetime.fromisoformat, moments), lists, strict=True)))
    async with folding(log):
        pass
    by_stream: dict[str, list[str]] = {}
    for one in await alerts(log):
        by_stream.setdefault(one.streams[0].rpartition(":")[2], []).append(one.info[0].state)
    assert "1415000002" not in by_stream
    assert len(by_stream) == len({row["code"] for row in rows}) - 1
    twice = {"1400000006", "1400000064"}  # back after three answers without them
    still = {"1400000064", "8300000390"}  # listed, or not three times absent, when the crawl ends
    for station, states in by_stream.items():
        episode = ["active", "released"]
        expected = episode * (2 if station in twice else 1)
        assert states == (expected[:-1] if station in still else expected), station


def files(folder: Path) -> list[str]:
    """The files under a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.*"))


async def test_dropped_files_are_taken_once_and_broken_ones_set_aside(tmp_path: Path) -> None:
    log = MemoryLog()
    poller = DropPoller(log=log, clock=SystemClock(), gauges=Gauges(), observed=Observed(log), folder=tmp_path)
    line = {
        "station": "A1",
        "kind": "stage",
        "value": 123,
        "unit": "cm",
        "datum": "TP",
        "observed": EVENING.isoformat(),
    }
    (tmp_path / "1.jsonl").write_text(json.dumps(line))
    (tmp_path / "2.jsonl").write_text("{")
    (tmp_path / "3.tmp").write_text("not yet")
    polled = await poller.poll_once(EVENING)
    assert (polled.outcome, len(polled.appended)) == ("fresh", 1)
    assert files(tmp_path) == ["3.tmp", "refused/2.jsonl", "taken/1.jsonl"]
    (tmp_path / "1.jsonl").write_text(json.dumps(line))  # after a crash before the renaming
    assert (await poller.poll_once(EVENING)).appended == ()
    assert (await poller.poll_once(EVENING)).outcome == "unchanged"


async def test_a_dropped_file_may_hold_more_readings_than_the_log_takes_in_one_call(tmp_path: Path) -> None:
    log, count = MemoryLog(), APPEND_MAX + 1
    poller = DropPoller(log=log, clock=SystemClock(), gauges=Gauges(), observed=Observed(log), folder=tmp_path)
    line = {"kind": "stage", "value": 1, "unit": "m", "datum": "TP", "observed": EVENING.isoformat()}
    (tmp_path / "1.jsonl").write_text("\n".join(json.dumps({**line, "station": str(one)}) for one in range(count)))
    assert len((await poller.poll_once(EVENING)).appended) == count
    assert files(tmp_path) == ["taken/1.jsonl"]


async def test_a_drop_folder_that_is_not_there_is_an_alarm_after_a_while(tmp_path: Path) -> None:
    log = MemoryLog()
    poller = DropPoller(log=log, clock=SystemClock(), gauges=Gauges(), observed=Observed(log), folder=tmp_path / "none")
    polled = await poller.poll_once(EVENING)
    assert polled.outcome == "failed"
    polled = await poller.poll_once(EVENING + timedelta(minutes=5))
    [report] = polled.reports
    assert (report.condition, report.code) == ("alarm", "E3245")
