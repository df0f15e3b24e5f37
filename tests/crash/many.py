"""The dispatcher killed while 200,000 devices are matched and ordered: the ledger and the orders of a life undisturbed.

Only reading, folding and deciding run: what sending takes would be hours, and `trial.py` kills it with fewer. The log that
every trial begins with has everybody's number and the snapshots of a clean start.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import time

from schemas.notification import Order
from schemas.telegram import RawTelegram
from services.dispatcher import app as dispatcher
from services.dispatcher.core.places import covers
from services.dispatcher.store.rulefile import usual
from services.eventlog.port import APPEND_MAX, EventLog
from services.eventlog.sqlite import SqliteLog
from services.ingest import app as ingest
from services.runtime import cities, records
from services.runtime.clock import SystemClock
from services.runtime.settings import read
from tests.crash import city, lives
from tests.crash.city import LOOK_EVERY_S, SHARDS, Ledger, Person, people
from tests.crash.counting import CountingLog, Point, die
from tests.crash.lives import Failed, Killed
from tests.crash.trial import Trial, differences
from tests.factories import ODAWARA
from tests.records import every
from tests.scenario.people import CITY, TABLE

GROUPS = frozenset({"parse", "situation", "shards", *(f"decide.{shard}" for shard in range(SHARDS))})
LIFE_MAX_S, SETTLE_MAX_S = 300.0, 900.0
"""After so long something is left undone for ever. On a machine that does nothing else a life takes seconds."""
CHANGING = 3_600
"""How many of the people are of the kinds that may change something; the rest stay as they are."""
Told = Mapping[str, tuple[tuple[str, str, int], ...]]
"""Device → everything that an order names it for, in order."""


@dataclass(frozen=True, slots=True)
class Calm:
    """What a life undisturbed gives, of those who change nothing."""

    points: tuple[Point, ...]
    ledger: Ledger
    told: Told


def crowd(count: int) -> tuple[Person, ...]:
    """So many people, the first of them of every kind."""
    some = people(min(count, CHANGING))
    rest = (Person(device=f"d{n:06}", number=n, before=ODAWARA, after=ODAWARA) for n in range(len(some), count))
    return (*(replace(one, device=f"d{one.number:06}") for one in some), *rest)


def settle(settled: Path, who: tuple[Person, ...]) -> None:
    """The log that trials begin with, and the snapshots beside it."""
    lives.on(settled, partial(_settle, who=who))
    _lived(settled, None)


async def _settle(log: EventLog, who: tuple[Person, ...]) -> None:
    for start in range(0, len(who), APPEND_MAX):
        await city.settle(log, who[start : start + APPEND_MAX])


def calm(settled: Path, who: tuple[Person, ...]) -> Calm:
    """One life without a crash."""
    with tempfile.TemporaryDirectory(prefix="hansho-crash-") as folder:
        path = _copied(settled, Path(folder))
        points = _lived(path, city.a_warning())
        assert not isinstance(points, Killed)
        return Calm(tuple(points), _steady(lives.on(path, city.ledger), who), lives.on(path, told))


def crash(settled: Path, who: tuple[Person, ...], point: Point, undisturbed: Calm) -> Trial:
    """Kill at a point, let people change, start again, look."""
    with tempfile.TemporaryDirectory(prefix="hansho-crash-") as folder:
        path = _copied(settled, Path(folder))
        telegram = city.a_warning()
        ended = _lived(path, telegram, point)
        reached = isinstance(ended, Killed)
        lives.on(path, partial(city.change, who=who))
        try:
            _lived(path, telegram)
        except Failed as error:
            return Trial(point=point, reached=reached, faults=(f"after the restart: {error}",))
        ledger, after = _steady(lives.on(path, city.ledger), who), lives.on(path, told)
    faults = (*differences(undisturbed.ledger, ledger), *wrongly_told(who, undisturbed.told, after))
    return Trial(point=point, reached=reached, faults=faults)


def chosen(points: Iterable[Point], seed: int, sample: int) -> list[Point]:
    """Each kind of step on both sides, and so many more by chance. A group of a shard is of one kind with the others'."""
    chance = random.Random(seed)
    every_one = list(dict.fromkeys(points))
    kinds: dict[tuple[str, str], list[Point]] = {}
    for point in every_one:
        kinds.setdefault((point.what.rstrip(":0123456789"), point.side), []).append(point)
    found = [chance.choice(some) for _, some in sorted(kinds.items())]
    left = [point for point in every_one if point not in found]
    return found + chance.sample(left, min(sample, len(left)))


def wrongly_told(who: Iterable[Person], before: Told, after: Told) -> Iterator[str]:
    """Who is told otherwise than in a life undisturbed, of those who change nothing, and who is told twice."""
    for one in who:
        got = after.get(one.device, ())
        if one.before == one.after and got != before.get(one.device, ()):
            yield f"{one.device} was told {got}, and {before.get(one.device, ())} undisturbed"
        if max(Counter(got).values(), default=0) > 1:
            yield f"{one.device} was told twice: {got}"
        if one.must_not_hear and got:
            yield f"{one.device} was told, whom it does not concern"


async def told(log: EventLog) -> dict[str, tuple[tuple[str, str, int], ...]]:
    """What the orders in the log tell each device."""
    found: dict[str, list[tuple[str, str, int]]] = {}
    for topic in ("deliveries.emergency", "deliveries.routine"):
        for order in await every(log, topic, Order):
            items = [(item.change.value, item.hazard, item.rank) for item in order.notice.items]
            for device in order.devices:
                found.setdefault(device, []).extend(items)
    return {device: tuple(items) for device, items in found.items()}


# --- lives ---


def _lived(path: Path, telegram: RawTelegram | None, kill_at: Point | None = None) -> list[Point] | Killed:
    """One life: from the telegram on, or without one until everything is settled and written to snapshots."""

    async def work(writing: int) -> list[Point]:
        def kill() -> None:
            os.write(writing, f"{time():.6f}".encode())
            die()

        log = CountingLog(await SqliteLog.open(path), kill_at=kill_at, kill=kill)
        await _live(log, path.parent / "snapshots", telegram)
        await log.close()
        return log.seen

    found: list[Point] | Killed = lives.in_child(work)
    return found


async def _live(log: CountingLog, snapshots: Path, telegram: RawTelegram | None) -> None:
    clock = SystemClock()
    neighbours = [cities.load_city(cities.deploy_dir(), name, TABLE) for name in CITY.neighbours]
    settings = read({"feeds": "http://127.0.0.1:1"}, {})
    reading = ingest.build(settings, log, clock, CITY, TABLE, feeds_base=settings.feeds)
    meant = covers(CITY, neighbours, TABLE)
    decisions = dispatcher.build(log, clock, CITY.watch, meant, rules=usual(CITY), snapshots=snapshots)
    running = [asyncio.ensure_future(part) for part in (reading.parser.run(), decisions.run())]
    if telegram is not None:
        id_ = f"{telegram.source}:{telegram.entry_id}"
        await log.append(
            "telegrams", [records.message(telegram, key=id_, id=id_, source="ingest", at=telegram.fetched_at)]
        )
    async with asyncio.timeout(LIFE_MAX_S if telegram is not None else SETTLE_MAX_S):
        while not await _is_done(log) or (telegram is None and not _has_snapshots(snapshots)):
            await asyncio.sleep(LOOK_EVERY_S)
            assert not any(part.done() for part in running), [part for part in running if part.done()]
    for part in running:
        part.cancel()
    await asyncio.wait(running)


async def _is_done(log: EventLog) -> bool:
    lags = [lag for lag in await log.groups() if lag.group in GROUPS]
    return {lag.group for lag in lags} == GROUPS and not any(lag.lag_records for lag in lags)


def _has_snapshots(folder: Path) -> bool:
    return len(list(folder.glob("*.snapshot"))) == SHARDS


def _copied(settled: Path, folder: Path) -> Path:
    shutil.copytree(settled.parent / "snapshots", folder / "snapshots")
    return Path(shutil.copy(settled, folder / "log.db"))


def _steady(ledger: Ledger, who: Iterable[Person]) -> Ledger:
    steady = {one.device for one in who if one.before == one.after}
    return {key: devices & steady for key, devices in ledger.items()}
