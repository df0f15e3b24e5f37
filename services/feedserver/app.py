"""`hansho feedserver`: the demo storm and the canary as a process of its own.

It says `feedserver http://127.0.0.1:PORT` on its first line of output as soon as it listens, and ends on SIGTERM, on
Ctrl-C, and when the process that started it is gone.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from heapq import heapify, heappop, heapreplace
from pathlib import Path

from services.feedserver.api.server import FeedServer
from services.feedserver.core.canary import canary_telegram
from services.feedserver.core.published import run_id
from services.feedserver.core.script import read_storm
from services.feedserver.core.storm import Storm, StormError, moments, telegram
from services.runtime import cities
from services.runtime import clock as clocks
from services.runtime.clock import Clock, SystemClock
from services.runtime.errors import HanshoError

CANARY_EVERY_S = 60
PARENT_CHECK_S = 0.3
FIRST_ASKED_CHECK_S = 0.1

Act = Iterator[float]
"""Something that goes on beside the server: each `next` does what is due and gives the seconds until the next."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the feed server until it is told to stop; 0 for a clean end, 2 for what it cannot start with."""
    options = _options(argv)
    try:
        storm = None if options.storm is None else load_storm(options.storm, cities.deploy_dir(options.deploy_dir))
        clock = clocks.read(options.clock)
        server = FeedServer(host=options.host, port=options.port, access_log=options.access_log, clock=clock.now)
    except HanshoError as error:
        sys.stderr.write(f"{error.code}: {error}\n")
        return 2
    acts = [watch_parent(options.parent or os.getppid())]
    if storm is not None:
        acts.append(play_storm(server, storm, runs=options.runs, wait=options.wait))
    if options.canary:
        acts.append(send_canary(server, options.every))
    acts.append(announce(server, options.announce))  # last: what is due at once stands in the feeds by then
    for told in (signal.SIGTERM, signal.SIGINT):  # Ctrl-C too where a shell had it ignored
        signal.signal(told, signal.default_int_handler)
    try:
        with server:
            perform(acts, clock)
    except KeyboardInterrupt:
        return 0
    return 0


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="hansho feedserver",
        description="Serve a storm (drill) and the canary as a feed laid out like JMA's. Loopback only.",
    )
    parser.add_argument("--storm", metavar="CITY|FILE", help="play deploy/cities/CITY/storm.toml, or this file")
    parser.add_argument("--deploy-dir", metavar="DIR", default="", help="the folder with cities/ and areas/")
    parser.add_argument("--runs", metavar="N", type=int, default=0, help="play the storm so often (0: until stopped)")
    parser.add_argument("--wait", action="store_true", help="begin the storm when a feed is asked for the first time")
    parser.add_argument("--canary", action="store_true", help="publish the canary too")
    parser.add_argument("--every", metavar="SECONDS", type=_seconds, default=CANARY_EVERY_S, help="canary's interval")
    parser.add_argument("--clock", metavar="FROM×SPEED", default="", help="a rehearsal's time instead of the machine's")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--access-log", metavar="FILE", type=Path, help="append a JSON line a request")
    parser.add_argument("--announce", metavar="FILE", type=Path, help="also write the line with the URL here")
    parser.add_argument("--parent", metavar="PID", type=int, help="end when this is no longer the parent process")
    return parser.parse_args(argv)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not seconds >= 1:  # also what is no number
        msg = "at least 1: telegrams are named by the second"
        raise argparse.ArgumentTypeError(msg)
    return seconds


def load_storm(name: str, deploy: Path) -> Storm:
    """The storm of a city, or of a file when `name` ends in `.toml`. Raises `StormError` (E6102)."""
    path = Path(name) if name.endswith(".toml") else deploy / "cities" / name / "storm.toml"
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        storms = ", ".join(sorted(found.parent.name for found in deploy.glob("cities/*/storm.toml")))
        msg = f"no storm at {path}: {error.strerror}; cities with one: {storms or 'none'}"
        raise StormError(msg) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"{path} is not TOML: {error}"
        raise StormError(msg) from error
    try:
        return read_storm(values, cities.load_table(deploy))
    except StormError as error:
        msg = f"{path}: {error}"
        raise StormError(msg) from error


def announce(server: FeedServer, path: Path | None) -> Act:
    """Say where the server listens: in the file, when one is named, and then on the first line of output."""
    line = f"feedserver {server.base_url}\n"
    if path is not None:
        part = path.with_name(f"{path.name}.part")
        part.write_text(line, encoding="utf-8")
        part.replace(path)  # a reader finds the whole line or no file
    sys.stdout.write(line)
    sys.stdout.flush()
    yield from ()


def play_storm(server: FeedServer, storm: Storm, *, runs: int = 0, wait: bool = False) -> Act:
    """Play the storm run after run (`runs` 0: for ever); every telegram is stamped when it is published."""
    while wait and not server.asked.is_set():
        yield FIRST_ASKED_CHECK_S
    played = 0
    while runs == 0 or played < runs:
        yield from _play_run(server, storm)
        yield storm.rest_s
        played += 1


def _play_run(server: FeedServer, storm: Storm) -> Act:
    run = run_id(at=server.clock(), suffix=secrets.token_hex(2))
    published_at = []
    clock_s = 0
    for at_s, count in moments(storm):
        if at_s > clock_s:
            yield at_s - clock_s
        clock_s = at_s
        items = []
        now = server.clock()
        for _ in range(count):
            published_at.append(now)
            items.append(telegram(storm, run, published_at))
        server.publish(*items)


def send_canary(server: FeedServer, every_s: float) -> Act:
    """Publish a canary at once and every `every_s` seconds."""
    serial = 0
    while True:
        serial += 1
        server.publish(canary_telegram(serial, server.clock()))
        yield every_s


def watch_parent(parent: int) -> Act:
    """End the program, as Ctrl-C does, once `parent` is not its parent any more: nothing is left behind."""
    while os.getppid() == parent:
        yield PARENT_CHECK_S
    raise KeyboardInterrupt


def perform(acts: Sequence[Act], clock: Clock | None = None) -> None:
    """Let the acts go on, each at its time, in this thread: a mistake in one ends the program and is seen."""
    clock = clock or SystemClock()
    due = [(clock.monotonic(), number, act) for number, act in enumerate(acts)]
    heapify(due)
    while due:
        at_s, number, act = due[0]
        time.sleep(clocks.machine_s(clock, max(0.0, at_s - clock.monotonic())))
        wait_s = next(act, None)
        if wait_s is None:
            heappop(due)
        else:
            heapreplace(due, (clock.monotonic() + wait_s, number, act))


if __name__ == "__main__":
    sys.exit(main())
