"""The feed server as a process: what it says, when it ends, and the storm of the demo as a poller sees it."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from urllib.request import urlopen

import pytest

from services.feedserver import app
from services.feedserver.api.server import FeedServer
from services.feedserver.core.feeds import FEEDS
from services.feedserver.core.storm import Storm, StormError, WarningStep, telegrams
from services.runtime import cities

ROOT = Path(__file__).parents[3]
CODE = "import sys; from services.feedserver.app import main; sys.exit(main(sys.argv[1:]))"
COMMAND = (sys.executable, "-c", CODE)
END_S = 10
"""How long a test waits for a process that should end by itself within a second."""
FEED = "/developer/xml/feed/"


@contextmanager
def started(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A feed server of our own and its base URL."""
    with subprocess.Popen((*COMMAND, *arguments), cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            word, url = process.stdout.readline().split()
            assert word == "feedserver"
            yield process, url
        finally:
            process.kill()


def read(url: str) -> bytes:
    with urlopen(url, timeout=5) as response:
        body: bytes = response.read()
        return body


@pytest.fixture(name="storm", scope="module")
def _storm() -> Storm:
    return app.load_storm("odawara", cities.deploy_dir())


def test_it_says_where_it_listens_and_serves_storm_and_canary_there(tmp_path: Path) -> None:
    announced = tmp_path / "url"
    with started("--storm", "odawara", "--canary", "--every", "60", "--announce", str(announced)) as (_, url):
        assert announced.read_text(encoding="utf-8") == f"feedserver {url}\n"
        feed = ET.fromstring(read(f"{url}{FEED}eqvol.xml"))
        (address,) = [link.text for link in feed.iter("{http://www.w3.org/2005/Atom}id")][1:]
        assert address is not None
        assert address.startswith(f"{url}/developer/xml/data/run-2")
        assert "訓練".encode() in read(address)
        assert b"_0_HANSHO_canary.xml" in read(f"{url}{FEED}canary.xml")


@pytest.mark.parametrize("end", ["terminate", "interrupt"])
def test_it_ends_within_a_second_when_told(end: str) -> None:
    with started("--storm", "odawara", "--canary") as (process, _):
        before = datetime.now(UTC)
        process.send_signal(2 if end == "interrupt" else 15)
        assert process.wait(END_S) == 0
        assert datetime.now(UTC) - before < timedelta(seconds=1)


def test_it_ends_when_the_process_that_started_it_is_gone() -> None:
    # The one in between starts a feed server on our pipe, waits for its first line to have been written, and is gone.
    between = f"import subprocess, sys; subprocess.Popen({COMMAND!r}, stdout=1); sys.stdin.readline()"
    with subprocess.Popen(
        (sys.executable, "-c", between), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline().startswith("feedserver http://127.0.0.1:")
        process.stdin.write("go\n")
        process.stdin.close()
        # End of file comes when the last holder of the pipe is gone: the feed server.
        assert process.stdout.read() == ""


def test_it_ends_at_once_when_its_parent_is_another_than_the_one_that_was_named() -> None:
    ended = subprocess.run((*COMMAND, "--parent", str(os.getpid() + 1)), cwd=ROOT, timeout=END_S, check=False)
    assert ended.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--host", "0.0.0.0"), "E6101: the feed server listens on loopback only"),
        (("--storm", "atlantis"), "E6102: no storm at "),
        (("--every", "0.5"), "at least 1: telegrams are named by the second"),
    ],
)
def test_what_it_cannot_start_with_ends_with_status_2_and_a_reason(
    arguments: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        sys.exit(app.main(arguments))
    assert end.value.code == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "reason"), [(b"a = ", "is not TOML"), (b"\xff", "is not TOML"), (b"", "`storm` must be a table")]
)
def test_a_storms_file_that_is_none_is_named(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "storm.toml"
    path.write_bytes(content)
    with pytest.raises(StormError, match=f"{path}.*{reason}"):
        app.load_storm(str(path), cities.deploy_dir())


# The player on a clock of the test's: no time passes.


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(name="clock")
def _clock() -> Clock:
    return Clock()


@pytest.fixture(name="server")
def _server(clock: Clock) -> Iterator[FeedServer]:
    with FeedServer(clock=clock) as server:
        yield server


def play(clock: Clock, act: app.Act) -> list[float]:
    """Let an act go on to its end; the clock moves as far as it wants to wait."""
    waits = []
    for wait_s in act:
        waits.append(wait_s)
        clock.now += timedelta(seconds=wait_s)
    return waits


def published(server: FeedServer) -> list[str]:
    """Paths of all telegrams in the order they were published."""
    kept = [item for feed in ("eqvol_l", "extra_l") for item in server.shelf.entries(FEEDS[f"{FEED}{feed}.xml"])[::-1]]
    return [item.path for item in sorted(kept, key=lambda item: item.at)]


def test_a_run_that_keeps_its_time_publishes_what_the_storm_says(
    storm: Storm, server: FeedServer, clock: Clock
) -> None:
    started_at = clock.now
    waits = play(clock, app.play_storm(server, storm, runs=1))
    run = published(server)[0].split("/")[4]
    assert published(server) == [item.path for item in telegrams(storm, run, started_at)]
    assert waits[-1] == storm.rest_s


def test_each_run_has_an_id_of_its_own_that_sorts_behind_the_one_before(
    storm: Storm, server: FeedServer, clock: Clock
) -> None:
    play(clock, app.play_storm(server, storm, runs=3))
    runs = list(dict.fromkeys(path.split("/")[4] for path in published(server)))
    assert len(runs) == 3
    assert runs == sorted(runs)


def test_a_storm_that_waits_begins_with_the_first_question(storm: Storm, server: FeedServer, clock: Clock) -> None:
    act = app.play_storm(server, storm, runs=1, wait=True)
    assert [next(act), next(act)] == [app.FIRST_ASKED_CHECK_S] * 2
    assert published(server) == []
    server.asked.set()
    play(clock, act)
    assert len(published(server)) == len(storm.steps)


def test_canaries_come_at_once_and_then_at_their_interval(server: FeedServer, clock: Clock) -> None:
    act = app.send_canary(server, 10)
    for _ in range(3):
        clock.now += timedelta(seconds=next(act))
    feed = FEEDS[f"{FEED}canary.xml"]
    assert [item.content.split("第")[1][0] for item in server.shelf.entries(feed)] == ["3", "2", "1"]


def test_acts_go_on_side_by_side_each_at_its_time() -> None:
    said: list[str] = []

    def act(name: str, *waits_s: float) -> app.Act:
        for wait_s in waits_s:
            said.append(name)
            yield wait_s

    app.perform([act("a", 0.02, 0.06, 0), act("b", 0.05, 0)])
    assert said == ["a", "b", "a", "b", "a"]


# The demo's storm itself.


def test_the_demo_rises_through_the_levels_in_odawara_is_corrected_once_and_ends(storm: Storm) -> None:
    rain = [step for step in storm.steps if isinstance(step, WarningStep) and step.stream == "大雨"]
    levels = [step.in_force["1420600"].grade if "1420600" in step.in_force else 0 for step in rain]
    assert levels == [2, 3, 4, 5, 5, 4, 2, 0]
    assert sum(isinstance(step, WarningStep) and step.corrects for step in storm.steps) == 1
    assert storm.steps[-1].at_s + storm.rest_s == pytest.approx(96)


def test_the_demos_rain_spreads_to_the_neighbours(storm: Storm) -> None:
    worst = max((step for step in storm.steps if isinstance(step, WarningStep)), key=lambda step: len(step.in_force))
    assert {"1420300", "1413000", "1420800"} <= set(worst.in_force)


def test_the_demo_leaves_time_to_see_each_change(storm: Storm) -> None:
    times = sorted({step.at_s for step in storm.steps if step.at_s > 0})
    assert min(later - earlier for earlier, later in pairwise(times)) >= 6
