"""A city of 200,000 devices in one process: ready how soon, and what people notice while all of them are matched.

Real processes: `hansho run` on SQLite, warned by a feed server's telegram. Everybody follows the city, so that everybody is
matched and ordered; no push channel is configured, for what sending takes is measured elsewhere. Peer of the start: the
same start without snapshots, which reads everything from the log.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from datetime import time as clock
from pathlib import Path

import httpx

from schemas import codec
from schemas.lifecycle import fold
from services.dispatcher.core.decide import Case, decide, subject_of
from services.dispatcher.core.force import REAL, Moment, in_force
from services.dispatcher.core.index import Index
from services.dispatcher.core.ledger import Ledger
from services.dispatcher.core.orders import orders, worths
from services.eventlog.open import open_log
from services.eventlog.port import APPEND_MAX
from services.feedserver.api.server import FeedServer
from services.runtime import records
from tests.bench.result import Result, middle, percentile
from tests.crash.city import SHARDS, Person
from tests.e2e.processes import Program, hansho, started, the_stream
from tests.factories import ODAWARA, an_alert, an_info
from tests.scenario.feeds import a_notice
from tests.scenario.jma import Jma
from tests.scenario.timeline import Publishes

DEVICES = 200_000
STARTS = 3
HEARTBEAT_S = 0.1
READY_S, LATE_MS, PAGE_MS, RATIO = 3.0, 50.0, 300.0, 20.0
FIRST_MS, FIRST_ROUNDS = 5.0, 9
CALM_S = 3.0
GAPS_MIN = 20
"""Heartbeats that a figure is made of at the least."""
WAIT_S = 180.0
PAGES = ("/office/login", "/situation", "/health")


def measured() -> Iterator[Result]:
    """Starts with and without snapshots; then one warning to everybody."""
    with tempfile.TemporaryDirectory(prefix="hansho-bench-") as folder:
        data = Path(folder)
        print(f"bench: city: writing {DEVICES:,} devices …", flush=True)  # noqa: T201 - progress of minutes
        asyncio.run(_settle(data))
        with _feeds() as feeds:
            yield from _starts(feeds, data)
            yield from _warned(feeds, data)
    yield _first_order()


async def _settle(folder: Path) -> None:
    now = datetime.now(UTC)
    async with open_log(f"sqlite:{folder / 'hansho.db'}") as log:
        for start in range(0, DEVICES, APPEND_MAX):
            people = (
                Person(device=f"{n:032x}", number=n, before=ODAWARA, after=None)
                for n in range(start, start + APPEND_MAX)
            )
            wishes = [one.wish(ODAWARA, now) for one in people]
            made = [
                records.message(one, key=one.device, id=f"{one.device}:0", source="bench", at=now) for one in wishes
            ]
            await log.append("subscriptions", made)


@contextmanager
def _feeds() -> Iterator[FeedServer]:
    with FeedServer() as feeds:
        feeds.publish(a_notice(datetime.now(UTC)))
        yield feeds


@contextmanager
def _running(feeds: FeedServer, data: Path) -> Iterator[tuple[Program, str, float]]:
    """A running city: its program, its address, and after how many seconds it said that it is ready."""
    options = (
        "--feeds",
        feeds.base_url,
        "--poll-every",
        "0.5",
        "--port",
        "0",
        "--heartbeat",
        str(HEARTBEAT_S),
        "--dead",
        "5",
    )
    with started(*hansho("run", *options, "--data-dir", str(data))) as program:
        base = program.line_with(r"sign +(http://\S+)/sign")[1]
        ready_s = float(program.line_with(r"ready after ([0-9.]+) s")[1])
        yield program, base, ready_s


def _events(data: Path, name: str) -> list[dict[str, object]]:
    lines = (data / "hansho.log").read_text("utf-8").splitlines()
    return [found for line in lines if (found := json.loads(line)).get("event") == name]


def _wait(data: Path, name: str, count: int) -> list[dict[str, object]]:
    until = time.monotonic() + WAIT_S
    while len(found := _events(data, name)) < count:
        assert time.monotonic() < until, f"{len(found)} of {count} {name}"
        time.sleep(0.05)
    return found


# --- starts ---


@dataclass(slots=True)
class _Start:
    """Seconds from the start of the process."""

    pages_s: float
    """From its first line until it said that it is ready: pages and signs are served."""
    shards_s: float
    """Until everybody can be matched."""
    addresses_s: float
    """Until everybody's address is known, so that everybody can be sent to."""
    load_s: float
    """Of which reading who follows what."""

    @property
    def all_s(self) -> float:
        """Until signs are served and everybody can be matched and ordered."""
        return max(self.pages_s, self.shards_s)


def _started(feeds: FeedServer, data: Path) -> _Start:
    (data / "hansho.log").unlink(missing_ok=True)
    is_anew = not (data / "snapshots").exists()
    began = datetime.now(UTC)
    with _running(feeds, data) as (_, _, ready_s):
        loaded = _wait(data, "shards.loaded", 1)[0]
        addresses = _wait_topic(data)
        if is_anew:
            _wait(data, "snapshots.written", 1)
    return _Start(ready_s, _since(began, loaded), _since(began, addresses), float(str(loaded["took_s"])))


def _since(began: datetime, event: dict[str, object]) -> float:
    return (datetime.fromisoformat(str(event["at"])) - began).total_seconds()


def _wait_topic(data: Path) -> dict[str, object]:
    until = time.monotonic() + WAIT_S
    while True:
        found = [one for one in _events(data, "following.loaded") if one["topic"] == "subscriptions"]
        if found:
            return found[0]
        assert time.monotonic() < until
        time.sleep(0.05)


def _starts(feeds: FeedServer, data: Path) -> Iterator[Result]:
    anew: list[_Start] = []
    again: list[_Start] = []
    _started(feeds, data)  # the first gives everybody a number, once and for all
    for _ in range(STARTS):
        shutil.rmtree(data / "snapshots")
        anew.append(_started(feeds, data))
        again.append(_started(feeds, data))
    ready, load = middle([one.all_s for one in again]), middle([one.load_s for one in again])
    anew_load = middle([one.load_s for one in anew])
    yield Result(
        name="city.ready",
        work=f"a city of {DEVICES:,} devices is ready, from the start of the process",
        value=round(ready, 2),
        unit="s",
        peer=round(middle([one.all_s for one in anew]), 2),
        ratio=round(middle([one.all_s for one in anew]) / ready, 1),
        spread=" ".join(f"{one.all_s:.2f}" for one in again),
        goal=f"≤ {READY_S:g} s",
        holds=ready <= READY_S,
    )
    parts = (("pages", "pages and signs are served"), ("addresses", "besides: every address is known, to be sent to"))
    for name, said in parts:
        value = middle([getattr(one, f"{name}_s") for one in again])
        yield Result(name=f"city.ready.{name}", work=said, value=round(value, 2), unit="s")
    yield Result(
        name="city.load",
        work="who follows what, from snapshots; peer: from the log",
        value=round(load, 3),
        unit="s",
        peer=round(anew_load, 3),
        ratio=round(anew_load / load, 1),
        spread=" ".join(f"{one.load_s:.3f}" for one in again),
        goal=f"≥ {RATIO:g} times faster",
        holds=anew_load / load >= RATIO,
    )


# --- the first order ---


def _first_order() -> Result:
    """CPU of one shard of the city from the match to the last of its orders, encoded: the first is none of the later ones."""
    index, now = Index(), datetime.now(UTC)
    for number in range(0, DEVICES, SHARDS):
        person = Person(device=f"{number:032x}", number=number, before=ODAWARA, after=None)
        index.assign(person.device, index.next_number)
        index.put(person.wish(ODAWARA, now))
    alert = an_alert(0, an_info(level=4))
    stream = fold(None, alert.streams[0], alert)
    force = in_force([stream], Moment(now=alert.sent, leases={}), {}).of(REAL)
    subject = subject_of(stream, REAL, {})
    case = Case(cause="bench", shard=0, now=alert.sent, japan_time=clock(12), subject=subject, force=force)
    took_ms: list[float] = []
    for _ in range(FIRST_ROUNDS):
        began = time.thread_time()
        decision = decide(case, index, Ledger())
        made = [codec.encode(order) for _, order in orders(decision, index, worths(force), clock(12))]
        took_ms.append((time.thread_time() - began) * 1_000)
    return Result(
        name="city.first_order",
        work=f"CPU from the match to {len(made)} orders of one shard ({len(index):,} devices), encoded",
        value=round(middle(took_ms), 2),
        unit="ms",
        spread=f"{min(took_ms):.2f}-{max(took_ms):.2f} of {len(took_ms)}",
        goal=f"≤ {FIRST_MS:g} ms",
        holds=middle(took_ms) <= FIRST_MS,
    )


# --- a warning to everybody ---


@dataclass(slots=True)
class _Noticed:
    """What a sign and an officer noticed: gaps between frames, and how long pages took."""

    gaps_ms: list[float] = field(default_factory=list)
    pages_ms: list[float] = field(default_factory=list)
    done: bool = False


def _warned(feeds: FeedServer, data: Path) -> Iterator[Result]:
    print("bench: city: a warning to everybody …", flush=True)  # noqa: T201 - progress of minutes
    (data / "hansho.log").unlink(missing_ok=True)
    with _running(feeds, data) as (_, base, _):
        _wait(data, "shards.loaded", 1)
        _wait_topic(data)
        until = time.monotonic() + CALM_S
        calm = asyncio.run(_watch(base, lambda: time.monotonic() > until))
        telegram = Jma().writes(
            Publishes(family="大雨", in_force=(("レベル４大雨危険警報", ("小田原市",)),)), datetime.now(UTC)
        )
        feeds.publish(telegram)
        began = time.monotonic()
        storm = asyncio.run(_watch(base, lambda: len(_decided(data)) >= SHARDS))
        took_s = time.monotonic() - began
    late, calm_late = (percentile([gap - HEARTBEAT_S * 1_000 for gap in one.gaps_ms], 0.99) for one in (storm, calm))
    yield Result(
        name="city.matched",
        work=f"published → {DEVICES:,} devices matched and their orders durable (the poll included)",
        value=round(took_s, 2),
        unit="s",
    )
    yield Result(
        name="city.heartbeats",
        work="heartbeats meanwhile, late by p99; beside: in calm",
        value=round(late, 1),
        unit="ms",
        peer=round(calm_late, 1),
        spread=f"worst {max(storm.gaps_ms) - HEARTBEAT_S * 1_000:.0f} of {len(storm.gaps_ms)}",
        goal=f"≤ {LATE_MS:g} ms",
        holds=late <= LATE_MS,
    )
    worst = max(storm.pages_ms)
    yield Result(
        name="city.pages",
        work="an office page meanwhile, the slowest; beside: in calm",
        value=round(worst, 1),
        unit="ms",
        peer=round(max(calm.pages_ms), 1),
        spread=f"{min(storm.pages_ms):.0f}-{worst:.0f} of {len(storm.pages_ms)}",
        goal=f"≤ {PAGE_MS:g} ms",
        holds=worst <= PAGE_MS,
    )


def _decided(data: Path) -> list[dict[str, object]]:
    return [one for one in _events(data, "decided") if one["orders"]]


async def _watch(base: str, over: Callable[[], bool]) -> _Noticed:
    noticed = _Noticed()
    await asyncio.gather(_beats(base, noticed), _officer(base, noticed), _until(over, noticed))
    return noticed


async def _until(over: Callable[[], bool], noticed: _Noticed) -> None:
    until = time.monotonic() + WAIT_S
    while not await asyncio.to_thread(over) or len(noticed.gaps_ms) < GAPS_MIN or not noticed.pages_ms:
        assert time.monotonic() < until, "it took too long"
        await asyncio.sleep(0.1)
    noticed.done = True


async def _beats(base: str, noticed: _Noticed) -> None:
    async with the_stream(base) as frames:
        last: float | None = None
        async for frame in frames:
            now = time.monotonic()
            if last is not None and frame["type"] == "heartbeat":
                noticed.gaps_ms.append((now - last) * 1_000)
            last = now
            if noticed.done:
                return


async def _officer(base: str, noticed: _Noticed) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        await client.get(f"{base}{PAGES[0]}")
        while not noticed.done:
            for page in PAGES:
                began = time.monotonic()
                answer = await client.get(f"{base}{page}")
                assert answer.status_code in {200, 503}, answer
                noticed.pages_ms.append((time.monotonic() - began) * 1_000)
            await asyncio.sleep(0.02)
