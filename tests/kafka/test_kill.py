"""Sixty seconds of kill -9 at random over two of each service, under a stream of alerts: everything acknowledged is told."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copytree

from schemas.area import Scheme
from services.eventlog.open import open_log
from services.gateway.channels.fcm import PARALLEL
from tests.kafka.brokers import ROOT
from tests.kafka.city import City, an_alert, city, settle
from tests.scenario.people import TABLE

LENGTH_S = float(os.environ.get("HANSHO_KILL_S", "60"))
RATE = int(os.environ.get("HANSHO_KILL_RATE", "10"))
"""Alerts a second, each of its own stream and concerning one device. Six processes and the broker share the machine, and what
each message costs Google's SDK (milliseconds) is what limits the rate: on two cores more than this is told late."""
STEP_S = 0.1
TOWNS = tuple(sorted(code for code in TABLE.entries if code.scheme == Scheme.CLASS20))
"""A device in each: nobody is told so much that the last defence (30 an hour) holds anything back."""
SEED = 7
CALM_S = 120.0
"""How long after the last kill everything may take to be told."""


@dataclass(slots=True)
class Storm:
    """What was appended and what was killed."""

    acknowledged: list[str] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)


def watching_every_town(deploy: Path) -> Path:
    """The project's cities, but that Odawara watches every municipality of Japan, and has no rules of its own."""
    copytree(ROOT / "deploy", deploy)
    folder = deploy / "cities" / "odawara"
    watch = f"[watch]\nclass20 = {[code.code for code in TOWNS]}\n"
    text = (folder / "city.toml").read_text("utf-8").replace("[watch]\n", watch)
    (folder / "city.toml").write_text(text, "utf-8")
    (folder / "rules.toml").unlink()
    return deploy


async def pour(log: str, storm: Storm) -> None:
    """Append so many alerts a second, one call a tenth of a second, until the time is up."""
    async with open_log(log, dev=True) as opened:
        began, number = time.monotonic(), 0
        while (now := time.monotonic() - began) < LENGTH_S:
            due = int(now * RATE)
            batch = [an_alert(n, TOWNS[n % len(TOWNS)]) for n in range(number, due)]
            if batch:
                await opened.append("alerts.emergency", batch)
                storm.acknowledged += [f"test:{n:012}:1" for n in range(number, due)]
                number = due
            await asyncio.sleep(STEP_S)


async def strike(running: City, storm: Storm) -> None:
    """Kill a process every two to five seconds, all of them in turn in an order of chance; each is started again at once."""
    chance, until = random.Random(SEED), time.monotonic() + LENGTH_S - 2
    turn: list[str] = []
    while time.monotonic() < until:
        await asyncio.sleep(chance.uniform(2, 5))
        turn = turn or chance.sample(sorted(running.programs), len(running.programs))
        name = turn.pop()
        await asyncio.to_thread(running.kill, name)
        storm.kills[name.partition("-")[0]] += 1
        await asyncio.to_thread(running.begin, name)


async def watch(running: City, ended: asyncio.Event) -> None:
    """Collect what the phones take, before their stand-in lets go of it."""
    while not ended.is_set():
        await asyncio.to_thread(running.collect)
        await asyncio.sleep(0.5)


async def storm_over(log: str, running: City) -> Storm:
    storm, ended = Storm(), asyncio.Event()
    watching = asyncio.create_task(watch(running, ended))
    await asyncio.gather(pour(log, storm), strike(running, storm))
    poured = time.monotonic()
    while missing := set(storm.acknowledged) - {str(line["alert"]) for line in running.received}:
        assert time.monotonic() - poured < CALM_S, (
            f"{len(missing)} of {len(storm.acknowledged)} not told: {sorted(missing)[:5]}"
        )
        await asyncio.sleep(0.5)
    print(
        f"{len(storm.acknowledged)} alerts, all told {time.monotonic() - poured:.1f} s after the last; kills {dict(storm.kills)}"
    )
    await asyncio.sleep(3)
    ended.set()
    await watching
    return storm


def test_sixty_seconds_of_kills_lose_nothing_acknowledged(log: str, tmp_path: Path) -> None:
    people = [(f"d{number}", area) for number, area in enumerate(TOWNS)]
    asyncio.run(settle(log, people))
    with city(log, tmp_path, each=2, deploy=watching_every_town(tmp_path / "deploy")) as running:
        storm = asyncio.run(storm_over(log, running))
    raw = Counter((str(line["alert"]), str(line["address"]), str(line["change"])) for line in running.received)
    repeats = sum(raw.values()) - len(raw)
    # what is under way when a gateway is killed, and what was accepted since its last receipt
    bound = storm.kills["gateway"] * (2 * PARALLEL + int(0.1 * RATE)) + storm.kills["dispatcher"] * int(0.1 * RATE)
    print(f"{repeats} raw repeats of {len(raw)} messages, at most {bound}")
    assert {alert for alert, _, _ in raw} == set(storm.acknowledged)
    assert {change for _, _, change in raw} == {"new"}
    concerned = {f"test:{n:012}:1": f"at-d{n % len(TOWNS)}" for n in range(len(storm.acknowledged))}
    assert all(concerned[alert] == address for alert, address, _ in raw)
    assert repeats <= bound
    # what a phone shows: one message a tag and revision, however often it came
    shown = {(line["address"], line["tag"], line["revision"]) for line in running.received}
    assert len(shown) == len(raw)
