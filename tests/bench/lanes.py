"""How long an emergency takes from the log to a phone, on SQLite and on Kafka, with an empty queue and with a full one.

Full: 50,000 routine orders wait before it, in the same run. The dispatcher and the push workers run in this process on each
engine alike; the broker and the stand-in for phones are processes of their own. The peer of a full queue is the empty one.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from schemas.area import Scheme
from schemas.notification import Order
from services.dispatcher import app as dispatcher
from services.eventlog.open import apply_topics, open_log
from services.eventlog.port import EventLog
from services.gateway import pushing
from services.gateway.core.message import names_of
from services.gateway.store.projection import Projection
from services.runtime import records
from services.runtime.clock import SystemClock
from services.runtime.settings import read
from tests.bench.chain import Phones
from tests.bench.result import Result, middle, percentile, spread
from tests.crash.city import Person
from tests.e2e.processes import hansho, started
from tests.kafka.brokers import brokers
from tests.kafka.city import an_alert
from tests.records import every
from tests.scenario.people import CITY, TABLE

QUEUED = int(os.environ.get("HANSHO_BENCH_QUEUED", "50000"))
ROUNDS = 60
TOWNS = tuple(sorted(code for code in TABLE.entries if code.scheme == Scheme.CLASS20))[: 2 * ROUNDS]
"""A device in each: nobody is told so much that the last defence (30 an hour) holds anything back."""
AT_ONCE = 5_000
APART_S = 0.1
FACTOR_MAX = 2.0
ROUTINE = 900_000
"""The number of the river whose warning the routine orders speak of."""


def measured() -> Iterator[Result]:
    """p50 and p99, empty and queued, of each engine."""
    with tempfile.TemporaryDirectory(prefix="hansho-bench-") as folder:
        yield from _results("sqlite", *asyncio.run(_spans(f"sqlite:{folder}/hansho.db", Path(folder))))
    with tempfile.TemporaryDirectory(prefix="hansho-bench-") as folder, brokers(Path(folder) / "kafka") as cluster:
        yield from _results("kafka", *asyncio.run(_spans(cluster.url("bench"), Path(folder))))


def _results(engine: str, empty_ms: list[float], queued_ms: list[float]) -> Iterator[Result]:
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        peer = middle(empty_ms) if share == 0.5 else percentile(empty_ms, share)
        value = middle(queued_ms) if share == 0.5 else percentile(queued_ms, share)
        ratio = value / peer
        yield Result(
            name=f"lanes.{engine}.{name}",
            work=f"append → phone behind {QUEUED:,} routine orders, {engine}, {name} (peer: nothing queued)",
            value=round(value, 1),
            unit="ms",
            peer=round(peer, 1),
            ratio=round(ratio, 3),
            spread=spread(queued_ms),
            goal=f"ratio ≤ {FACTOR_MAX:g}" if name == "p99" else "",
            holds=ratio <= FACTOR_MAX if name == "p99" else None,
        )


async def _spans(url: str, folder: Path) -> tuple[list[float], list[float]]:
    access_log = folder / "phones.log"
    if url.startswith("kafka:"):
        await apply_topics(url, dev=True)
    with started(*hansho("phones", "--access-log", str(access_log))) as program:
        where = program.line_with(r"phones (http://\S+)")[1]
        async with open_log(url, dev=True) as log, _running(log, where):
            book = Phones(access_log)
            await log.append("alerts.routine", [an_alert(ROUTINE, TOWNS[0], level=3)])
            await asyncio.to_thread(book.next, 1)
            numbers = iter(range(10 * ROUNDS))
            empty_ms = await _rounds(log, access_log, numbers)
            await _queue(log)
            return empty_ms, await _rounds(log, access_log, numbers)


async def _rounds(log: EventLog, access_log: Path, numbers: Iterator[int]) -> list[float]:
    spans_ms: list[float] = []
    for _ in range(ROUNDS):
        number = next(numbers)
        began = time.time()
        await log.append("alerts.emergency", [an_alert(number, TOWNS[number])])
        at = await asyncio.to_thread(_taken, access_log, f"test:{number:012}:1")
        spans_ms.append((at - began) * 1_000)
        await asyncio.sleep(APART_S)
    return spans_ms


def _taken(access_log: Path, alert: str) -> float:
    """When the stand-in took an alert's message."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        with access_log.open("rb") as file:
            file.seek(max(0, access_log.stat().st_size - 200_000))
            for line in file.read().decode("utf-8", "replace").splitlines():
                if alert in line and line.startswith("{") and line.endswith("}"):  # not one that is cut
                    return datetime.fromisoformat(json.loads(line)["at"]).timestamp()
        time.sleep(0.005)
    raise AssertionError(f"{alert} did not come")


async def _queue(log: EventLog) -> None:
    """As many orders as are to wait, made from the one that the dispatcher made."""
    model = (await every(log, "deliveries.routine", Order))[0]
    for start in range(0, QUEUED, AT_ONCE):
        some = [replace(model, id=f"bench:{n}:{model.shard}:0") for n in range(start, min(start + AT_ONCE, QUEUED))]
        now = datetime.now(UTC)
        made = [records.message(one, key=one.id, id=one.id, source="bench", at=now) for one in some]
        await log.append("deliveries.routine", made)


@asynccontextmanager
async def _running(log: EventLog, phones: str) -> AsyncIterator[None]:
    clock, now = SystemClock(), datetime.now(UTC)
    for number, town in enumerate(TOWNS):
        wish = Person(device=f"d{number:05}", number=0, before=town, after=None).wish(town, now)
        made = records.message(wish, key=wish.device, id=f"wish:{number}", source="bench", at=now)
        await log.append("subscriptions", [made])
    settings = read({"feeds": "http://127.0.0.1:1", "phones": phones}, {})
    decisions = dispatcher.build(log, clock, frozenset(TOWNS))
    projection = Projection(log=log, clock=clock, started_at=now)
    pushes = pushing.build(settings, log, clock, CITY, names_of(TABLE, CITY), projection=projection)
    parts = (decisions.run(), projection.follow_situation(), projection.follow_status(), pushes.run())
    running = [asyncio.ensure_future(part) for part in parts]
    try:
        await decisions.swept.wait()
        yield
    finally:
        for part in running:
            part.cancel()
        await asyncio.wait(running, timeout=20)
