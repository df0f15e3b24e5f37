"""Many alerts a second, each of its own stream and of one device: how soon each is ordered, and how soon its phone has it.

One process as `hansho run` has it, but for the sockets of feeds and pages: the fold, all shards and the gateway's mirror on
SQLite. Alerts are appended as ingest appends them. First without push workers, as where a gateway sends from a process of
its own, once with hardly a stream in force and once with very many: nothing may grow with their number. Then with them,
the unmodified SDK and the stand-in for phones beside it: what the SDK takes of the one interpreter is what limits the rate.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from schemas.area import AreaCode, Scheme
from schemas.notification import Order
from schemas.status import Condition, StatusReport, lease_subject
from schemas.subscription import Permission, Place, Subscription
from services.dispatcher import app as dispatcher
from services.eventlog.open import open_log
from services.eventlog.port import APPEND_MAX, EventLog, Message
from services.gateway import pushing
from services.gateway.core.message import names_of
from services.gateway.store.projection import Projection
from services.onehost import SWITCH_S
from services.runtime import logs, records
from services.runtime.clock import SystemClock
from services.runtime.loops import new_loop
from services.runtime.settings import read
from tests.bench.result import Result, middle, percentile
from tests.e2e.processes import hansho, started
from tests.factories import an_alert, an_info
from tests.records import every_record
from tests.scenario.people import CITY, TABLE

RATE, SENT_RATE, ORDERED_MAX_MS = 300, 100, 1_000
SPAN_S = 20.0
STEP_S = 0.05
FEW, MANY = 1_000, 20_000
"""Streams in force when a span begins."""
BURST = 200
WAIT_S = 600.0
LEASE = timedelta(hours=6)
TOWNS = tuple(sorted(code for code in TABLE.entries if code.scheme == Scheme.CLASS20))
"""A device in each: nobody is told so much that the last defence holds anything back."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Span:
    """One span at the rate. Seconds since 1970, by the alert's number; CPU in seconds of a core, ours and the stand-in's."""

    appended: dict[int, float] = field(default_factory=dict)
    took_s: float = 0.0
    cpu_s: float = 0.0
    ordered: dict[int, float] = field(default_factory=dict)
    accepted: dict[int, float] = field(default_factory=dict)

    def ms(self, done: dict[int, float]) -> list[float]:
        """How long each took from its append."""
        return [(done[number] - at) * 1_000 for number, at in self.appended.items()]


def measured(rate: int = RATE, sent_rate: int = SENT_RATE, streams: Sequence[int] = (FEW, MANY)) -> Iterator[Result]:
    """Spans at the rate with few streams in force and with many, without sending; then a span with it."""
    with tempfile.TemporaryDirectory(prefix="hansho-bench-") as folder:
        spans, burst = _run(Path(folder), "", rate, streams)
    yield Result(
        name="rate.burst",
        work=f"alerts decided and ordered a second, out of {burst[0]:,} at once (each of its own stream and one device)",
        value=round(burst[0] / burst[1], 1),
        unit="/s",
        goal=f"≥ {rate}/s",
        holds=burst[0] / burst[1] >= rate,
    )
    for count, span in zip(streams, spans, strict=True):
        yield from _results(f"rate.{count}", f"{rate} alerts/s, {count:,} streams in force before", span)
    with tempfile.TemporaryDirectory(prefix="hansho-bench-") as folder:
        access_log = Path(folder) / "phones.log"
        with started(*hansho("phones", "--access-log", str(access_log))) as program:
            phones = program.line_with(r"phones (http://\S+)")[1]
            (span,), _ = _run(Path(folder), phones, sent_rate, streams[:1])
        taken = _taken(access_log)
    span.accepted = {number: taken[_identifier(number)] for number in span.appended}
    yield from _results("rate.sent", f"{sent_rate} alerts/s, sent as well", span)


def _run(folder: Path, phones: str, rate: int, streams: Sequence[int]) -> tuple[list[Span], tuple[int, float]]:
    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(_played(folder, phones, rate, SPAN_S, streams))


def _results(name: str, work: str, span: Span) -> Iterator[Result]:
    ordered = percentile(span.ms(span.ordered), 0.99)
    spread = f"{len(span.appended):,} alerts"
    work = f"{work}: append → order, p50"
    yield Result(name=f"{name}.ordered.p50", work=work, value=_p50(span, span.ordered), unit="ms", spread=spread)
    yield Result(
        name=f"{name}.ordered.p99",
        work="the same, p99",
        value=round(ordered, 1),
        unit="ms",
        goal=f"≤ {ORDERED_MAX_MS:,} ms",
        holds=ordered <= ORDERED_MAX_MS,
    )
    if span.accepted:
        work = "append → the phone's service took it, p50"
        yield Result(name=f"{name}.phone.p50", work=work, value=_p50(span, span.accepted), unit="ms")
        last = percentile(span.ms(span.accepted), 0.99)
        yield Result(name=f"{name}.phone.p99", work="the same, p99", value=round(last, 1), unit="ms")
    per = span.cpu_s / len(span.appended) * 1_000
    yield Result(name=f"{name}.cpu", work="CPU of our process an alert", value=round(per, 2), unit="ms")


def _p50(span: Span, done: dict[int, float]) -> float:
    return round(middle(span.ms(done)), 1)


# --- what is played ---


async def _played(
    folder: Path, phones: str, rate: int, span_s: float, streams: Sequence[int]
) -> tuple[list[Span], tuple[int, float]]:
    sys.setswitchinterval(SWITCH_S)
    logs.configure(level="INFO", path=str(folder / "hansho.log"))
    async with open_log(f"sqlite:{folder / 'hansho.db'}") as log:
        await _settle(log)
        parts, app = _parts(log, phones)
        running = [asyncio.ensure_future(part) for part in parts]
        try:
            await app.swept.wait()
            return await _storm(log, running, rate, span_s, streams)
        finally:
            for part in running:
                part.cancel()
            await asyncio.wait(running, timeout=20)


async def _storm(
    log: EventLog, running: Sequence[asyncio.Future[None]], rate: int, span_s: float, streams: Sequence[int]
) -> tuple[list[Span], tuple[int, float]]:
    spans: list[Span] = []
    burst = (0, 1.0)
    number = 0
    for count in streams:
        began = time.monotonic()
        for start in range(number, count, BURST):
            await log.append("alerts.emergency", [_alert(n) for n in range(start, min(start + BURST, count))])
        await _until_ordered(log, count, running)
        if count > number:
            burst = (count - number, time.monotonic() - began)
            number = count
        await _until_final(log, number, running)
        spans.append(await _span(log, number, rate, span_s, running))
        number += len(spans[-1].appended)
    ordered = {_number(order.notice.alert): at for order, at in await _orders(log)}
    for span in spans:
        span.ordered = {n: ordered[n] for n in span.appended}
    return spans, burst


async def _span(log: EventLog, first: int, rate: int, span_s: float, running: Sequence[asyncio.Future[None]]) -> Span:
    span = Span()
    cpu, began, number = time.process_time(), time.monotonic(), first
    while (now := time.monotonic() - began) < span_s:
        due = first + int(now * rate)
        if due > number:
            at = time.time()
            await log.append("alerts.emergency", [_alert(n) for n in range(number, due)])
            span.appended |= dict.fromkeys(range(number, due), at)
            number = due
        await asyncio.sleep(STEP_S)
    await _until_final(log, number, running)
    span.took_s, span.cpu_s = time.monotonic() - began, time.process_time() - cpu
    return span


def _parts(log: EventLog, phones: str) -> tuple[list[Coroutine[object, object, None]], dispatcher.App]:
    clock = SystemClock()
    settings = read({"feeds": "http://127.0.0.1:1"} | ({"phones": phones} if phones else {}), {})
    app = dispatcher.build(log, clock, frozenset(TOWNS))
    projection = Projection(log=log, clock=clock, started_at=clock.now())
    running = [app.run(), projection.follow_situation(), projection.follow_status()]
    if phones:
        running.append(pushing.build(settings, log, clock, CITY, names_of(TABLE, CITY), projection=projection).run())
    return running, app


async def _settle(log: EventLog) -> None:
    now = datetime.now(UTC)
    subject = lease_subject("jma.extra")
    lease = StatusReport(
        subject=subject,
        condition=Condition.OK,
        since=now - timedelta(hours=1),
        reported_at=now,
        until=now + LEASE,
        message="heard",
    )
    await log.append("status", [records.message(lease, key=subject, id="lease:0", source="bench", at=now)])
    wishes = [_wish(number, area, now) for number, area in enumerate(TOWNS)]
    made = [records.message(one, key=one.device, id=f"{one.device}:0", source="bench", at=now) for one in wishes]
    assert len(made) <= APPEND_MAX
    await log.append("subscriptions", made)


def _wish(number: int, area: AreaCode, now: datetime) -> Subscription:
    device = f"d{number:05}"
    return Subscription(
        device=device,
        credential_sha256=sha256(device.encode()).hexdigest(),
        places=(Place(area=area, min_rank=3),),
        address=f"at-{device}",
        address_at=now,
        permission=Permission.GRANTED,
        updated_at=now,
    )


def _alert(number: int) -> Message:
    """A flood of a river of its own in one municipality."""
    stream = f"jma:bench:{number:08}"
    block = an_info(f"flood:{number:012}", level=4, areas=(TOWNS[number % len(TOWNS)],))
    alert = an_alert(0, block, stream=stream, sent=datetime.now(UTC), identifier=_identifier(number))
    id_ = f"alert:{alert.identifier}@{stream}"
    return records.message(alert, key=stream, id=id_, source="bench", at=alert.sent, cause="bench")


def _identifier(number: int) -> str:
    return f"bench:{number:08}:1"


def _number(identifier: str) -> int:
    return int(identifier.split(":")[1])


# --- what came of it ---


async def _until_ordered(log: EventLog, count: int, running: Sequence[asyncio.Future[None]]) -> None:
    await _until(log, ("deliveries.emergency",), count, running)


async def _until_final(log: EventLog, count: int, running: Sequence[asyncio.Future[None]]) -> None:
    """Until every group has done everything: then every order has its last receipt."""
    await _until_ordered(log, count, running)
    until = time.monotonic() + WAIT_S
    while any(lag.lag_records for lag in await log.groups()):
        assert time.monotonic() < until, [lag for lag in await log.groups() if lag.lag_records]
        _check(running)
        await asyncio.sleep(0.25)


async def _until(log: EventLog, topics: Sequence[str], count: int, running: Sequence[asyncio.Future[None]]) -> None:
    """Until so many records stand in the topics."""
    until = time.monotonic() + WAIT_S
    seen: dict[tuple[str, int], int] = {(topic, partition): -1 for topic in topics for partition in range(8)}
    found = 0
    while True:
        for place in tuple(seen):
            while batch := await log.read(*place, after=seen[place]):
                seen[place] = batch[-1].offset
                found += len(batch)
        if found >= count:
            return
        assert time.monotonic() < until, f"{found} of {count}"
        _check(running)
        await asyncio.sleep(0.25)


def _check(running: Sequence[asyncio.Future[None]]) -> None:
    for part in running:
        if part.done():
            part.result()


async def _orders(log: EventLog) -> list[tuple[Order, float]]:
    """Every order, and when it was appended."""
    found: list[tuple[Order, float]] = []
    for record in await every_record(log, "deliveries.emergency"):
        value = records.payload(record)
        if isinstance(value, Order):
            found.append((value, (record.appended_at - _EPOCH).total_seconds()))
    return found


def _taken(access_log: Path) -> dict[str, float]:
    """By alert, when the stand-in took its message."""
    lines = (json.loads(line) for line in access_log.read_text("utf-8").splitlines())
    return {line["alert"]: datetime.fromisoformat(line["at"]).timestamp() for line in lines}
