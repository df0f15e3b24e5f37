"""`make test-kafka`: Apache Kafka is started, what needs it is run, all is stopped. It never passes by skipping.

    suite   the conformance suite of the event log on a broker
    city    what only Kafka can do (tests/kafka): two of each, the office in a browser, moving there, trouble, kills
    nights  every night on the wall clock, each service in its own process

ARGS="nights a_storm" for one part only, or some of it. 0 when everything passed; 1 when something did not; 2 when the broker
could not be started.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from tests.kafka.brokers import ROOT, Brokers, brokers
from tests.scenario.timeline import load, nights
from tests.scenario.wall import on_the_wall

SPEED = float(os.environ.get("HANSHO_NIGHT_SPEED", "200"))
"""Of a night: fewer rehearsed seconds a second than on one host, for the processes of several nights share the machine with
the broker: the 25 minutes within which something is to be heard are 7.5 s."""
LEAD_S = 30.0
"""From a night's first process to its beginning."""
APART_S = 8.0
"""Between the starts of two nights, the longest first: neither their processes nor their hours begin all at once."""
TOGETHER = int(os.environ.get("HANSHO_NIGHTS_TOGETHER", "5"))
WORKERS = 2
SHOWN = ("-rP", "-p", "no:logging", "--show-capture=stdout", "--durations=5")
"""The figures that tests print are for people."""
NOTHING = 5


def main(argv: Sequence[str] | None = None) -> int:
    """Run all parts, or the one named first."""
    words = list(sys.argv[1:] if argv is None else argv)
    parts: dict[str, Callable[[Brokers, Sequence[str]], bool]] = {"suite": _suite, "city": _city, "nights": _nights}
    if words and words[0] not in parts:
        print(f"test-kafka: there is no part {words[0]}; there are {', '.join(parts)}")
        return 2
    chosen = [words[0]] if words else list(parts)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hansho-kafka-") as folder:
        try:
            cluster = brokers(Path(folder))
            with cluster as running:
                print(f"test-kafka: a broker at {running.servers} after {time.monotonic() - began:.1f} s", flush=True)
                passed = [_timed(name, parts[name], running, words[1:]) for name in chosen]
        except AssertionError as error:
            print(f"test-kafka: NOT RUN, the broker did not start: {error}", file=sys.stderr)
            return 2
    print(f"test-kafka: {'passed' if all(passed) else 'FAILED'} in {time.monotonic() - began:.0f} s", flush=True)
    return 0 if all(passed) else 1


def _timed(name: str, part: Callable[[Brokers, Sequence[str]], bool], running: Brokers, words: Sequence[str]) -> bool:
    began = time.monotonic()
    held = part(running, words)
    print(
        f"test-kafka: {name}: {'as it should be' if held else 'FAILED'} ({time.monotonic() - began:.0f} s)", flush=True
    )
    return held


def _suite(running: Brokers, words: Sequence[str]) -> bool:
    return _pytest(running, "tests/contract/eventlog", "-k", "kafka", "--numprocesses", str(WORKERS), *words)


def _city(running: Brokers, words: Sequence[str]) -> bool:
    # what is held to seconds is alone on the machine; of the rest, which mostly waits, two run at a time
    where = ["tests/kafka", *SHOWN, *words]
    alone = _pytest(running, *where, "-m", "measured")
    return _pytest(running, *where, "-m", "not measured", "--numprocesses", str(WORKERS)) and alone


def _pytest(running: Brokers, *words: str) -> bool:
    environment = {**os.environ, "HANSHO_TEST_KAFKA": running.servers}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words]
    ended = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    # nothing collected is a failure, unless somebody chose what is not in this part
    return ended == 0 or (ended == NOTHING and "-k" in words)


def _nights(running: Brokers, words: Sequence[str]) -> bool:
    def length(name: str) -> timedelta:
        night = load(nights()[name])
        return night.ends - night.begins

    async def all_of_them() -> list[bool]:
        turns = asyncio.Semaphore(TOGETHER)
        chosen = sorted(words or nights(), key=length, reverse=True)
        return await asyncio.gather(
            *(_night(name, number * APART_S, turns, running) for number, name in enumerate(chosen))
        )

    return all(asyncio.run(all_of_them()))


async def _night(name: str, wait_s: float, turns: asyncio.Semaphore, running: Brokers) -> bool:
    await asyncio.sleep(wait_s)
    async with turns:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="hansho-night-") as folder:
            log = running.url(f"night-{name}-{os.getpid()}")
            wrong, left = await on_the_wall(load(nights()[name]), Path(folder), log=log, speed=SPEED, lead_s=LEAD_S)
    faults = [*wrong, *(f"left over: {one}" for one in left)]
    for fault in faults:
        print(f"test-kafka: {name}: {fault}", flush=True)
    said = "as it should be" if not faults else f"{len(faults)} FAULTS"
    print(f"test-kafka: night {name}: {said} ({time.monotonic() - began:.0f} s)", flush=True)
    return not faults


if __name__ == "__main__":
    sys.exit(main())
