"""`make run` as a newcomer types it: every alert on the sign's stream goes back to a GET in the feed server's own log."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path

import httpx
import pytest

from schemas.topics import TOPICS
from services.eventlog.open import open_log
from services.eventlog.port import BEFORE_FIRST, EventLog, Record
from services.runtime import deployment
from services.runtime.clock import SystemClock
from services.runtime.deployment import DataDirRefused
from services.runtime.settings import read
from tests.e2e.processes import READY_S, ROOT, STOP_S, Frame, Program, started, the_stream

WATCHED_STATES = 5
"""Alert frames watched: the first quarter of the storm, with two hazards and their rises."""


async def watched(base: str, count: int) -> list[Frame]:
    """The first alert frames of a sign's stream."""
    found: list[Frame] = []
    async with asyncio.timeout(READY_S), the_stream(base) as frames:
        async for frame in frames:
            if frame["type"] == "alert" and "stream" in frame:
                found.append(frame)
            if len(found) >= count:
                return found
    raise AssertionError("the stream ended")


async def every_record(log: EventLog, topic: str) -> dict[str, Record]:
    """All records of a topic, by id."""
    found: dict[str, Record] = {}
    for partition in range(TOPICS[topic].partitions):
        after = BEFORE_FIRST
        while batch := await log.read(topic, partition, after=after):
            after = batch[-1].offset
            found |= {record.id: record for record in batch}
    return found


def served(access_log: Path) -> set[str]:
    """The paths that the feed server answered with 200."""
    lines = [json.loads(line) for line in access_log.read_text("utf-8").splitlines()]
    return {line["path"] for line in lines if line["status"] == 200}


def make_run(folder: Path) -> tuple[tuple[str, ...], dict[str, str]]:
    """`make run`, with the data of this test's own and a free port; the environment that runs the tests is used."""
    variables = {"HANSHO_DATA_DIR": str(folder), "HANSHO_PORT": "0"}
    return ("make", "run"), variables


def base_of(program: Program) -> str:
    """The address that the terminal shows."""
    return program.line_with(r"sign +(http://\S+)/sign")[1]


@pytest.mark.timeout(180)
async def test_every_alert_on_the_sign_goes_back_to_a_get_at_the_feed_server(tmp_path: Path) -> None:
    command, variables = make_run(tmp_path)
    with started(*command, environment=variables) as program:
        base = base_of(program)
        frames = await watched(base, WATCHED_STATES)
        async with httpx.AsyncClient(base_url=base) as client:
            situation = (await client.get("/v1/situation")).json()
        began = time.monotonic()
        os.killpg(program.process.pid, signal.SIGINT)
        program.process.wait(STOP_S)
        assert time.monotonic() - began < 5
    assert situation["alerts"] == []
    assert situation["drills"]
    assert all(frame["stream"]["drill"]["run"].startswith("run-") for frame in frames)

    got = served(tmp_path / "feedserver.access.log")
    async with open_log(f"sqlite:{tmp_path / 'hansho.db'}") as log:
        drills, telegrams = await every_record(log, "drills"), await every_record(log, "telegrams")
    for frame in frames:
        alert = drills[frame["ce_causationid"]]
        telegram = telegrams[alert.headers["ce_causationid"]]
        path = "/" + telegram.key.partition("://")[2].partition("/")[2]
        assert path in got, f"{frame['ce_id']} came from {telegram.key}, which was never fetched"


@pytest.mark.timeout(180)
async def test_the_log_is_kept_and_the_second_start_shows_a_storm_too(tmp_path: Path) -> None:
    command, variables = make_run(tmp_path)
    runs = []
    for _ in range(2):
        with started(*command, environment=variables) as program:
            frames = await watched(base_of(program), 3)
            runs.append({frame["stream"]["drill"]["run"] for frame in frames if frame["stream"]["state"] == "active"})
            os.killpg(program.process.pid, signal.SIGINT)
            program.process.wait(STOP_S)
    assert len(runs[0]) == len(runs[1]) == 1
    assert runs[0] != runs[1]
    async with open_log(f"sqlite:{tmp_path / 'hansho.db'}") as log:
        telegrams = await every_record(log, "telegrams")
    assert any(runs[0] & {key.split("/")[-2]} for key in telegrams)


async def test_live_refuses_what_was_ever_a_demo(tmp_path: Path) -> None:
    clock = SystemClock()
    async with open_log(f"sqlite:{tmp_path / 'hansho.db'}") as log:
        await deployment.claim(log, read({"feeds": "demo"}, {}), clock)
    async with open_log(f"sqlite:{tmp_path / 'hansho.db'}") as log:
        await deployment.claim(log, read({"feeds": "demo"}, {}), clock)
        with pytest.raises(DataDirRefused):
            await deployment.claim(log, read({"feeds": "live"}, {}), clock)


def test_the_terminal_is_told_what_is_wrong_and_not_a_traceback(tmp_path: Path) -> None:
    with started(sys.executable, "-m", "services", "run", "--port", "99999", "--data-dir", str(tmp_path)) as program:
        assert program.process.wait(STOP_S) == 2
        assert program.process.stdout is not None
        said = program.process.stdout.read()
    assert said.startswith("hansho: E6001")
    assert "Traceback" not in said
    assert str(ROOT) not in said
