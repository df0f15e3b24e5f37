"""kill -9 of a push worker in the middle: nobody is missed, and who is told twice is bounded and known by name."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import count, islice, pairwise
from pathlib import Path

import pytest

from schemas.notification import Receipt
from services.eventlog.partition import partition_of
from services.eventlog.sqlite import SqliteLog
from services.gateway.channels.loopback import PARALLEL
from services.runtime import records
from services.runtime.clock import SystemClock
from tests.contract.channels.standing import ROOT, StandIn, stand_in
from tests.contract.push.bench import Bench, stream_of

DEVICES, ORDERS = 150, 3
RECEIPTS_BEHIND_S = 0.1
"""Receipts are at most that far behind what was accepted."""


def of_one_shard(shard: int) -> list[str]:
    """Devices as an order has them: all of one shard."""
    named = (f"phone-{number}" for number in count())
    return list(islice((device for device in named if partition_of(device, 16) == shard), DEVICES))


async def prepare(path: Path) -> dict[str, list[str]]:
    """A log with orders in it, as the dispatcher leaves it: devices by order."""
    log = await SqliteLog.open(path)
    bench = Bench(log=log, clock=SystemClock())
    await bench.follow()
    await bench.say(stream_of())
    told = {}
    for number in range(ORDERS):
        devices = of_one_shard(number)
        await bench.register(*devices)
        told[(await bench.order(*devices)).id] = devices
    await bench.stop()
    await log.close()
    return told


def live(path: Path, beside: StandIn, kill_after: int | None, orders: int = ORDERS) -> None:
    """One life of the worker: until it is done, or until the stand-in has got so many messages in all."""
    command = (sys.executable, "-m", "tests.contract.push.killing", str(path), beside.url, str(orders))
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        if kill_after is None:
            assert program.stdout.readline() == "done\n"
            assert program.wait(20) == 0
            return
        while len(beside.received()) < kill_after:
            assert program.poll() is None, "the worker ended by itself"
        program.kill()


async def receipts(path: Path) -> list[Receipt]:
    log = await SqliteLog.open(path)
    try:
        bench = Bench(log=log, clock=SystemClock())
        said = [records.payload(record) for record in await bench.all_of("receipts", 4)]
    finally:
        await log.close()
    return [one for one in said if isinstance(one, Receipt)]


def rate_per_s(lines: Sequence[dict[str, object]]) -> float:
    """How fast the stand-in took messages at its fastest, over ten of them."""
    at = [datetime.fromisoformat(str(line["at"])).timestamp() for line in lines]
    return max(
        (10 / (later - earlier) for earlier, later in zip(at, at[10:], strict=False) if later > earlier), default=0
    )


@pytest.mark.timeout(120)
async def test_a_worker_that_is_killed_goes_on_from_its_receipts(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    told = await prepare(path)
    everybody = {device for devices in told.values() for device in devices}
    kills = (7, 60, 200, 333)
    with stand_in() as beside:
        for kill_after in (*kills, None):
            live(path, beside, kill_after)
        lines = beside.received()
    times = Counter(str(line["address"]) for line in lines)

    assert set(times) == everybody, "nobody is missed and nobody else is told"
    assert len(lines) - len(everybody) <= len(kills) * (PARALLEL + RECEIPTS_BEHIND_S * rate_per_s(lines))
    assert max(times.values()) <= 1 + len(kills)
    assert {bool(line["repeat"]) for line in lines} == {False, True}, "the kills did hit what was under way"

    said = await receipts(path)
    for order, devices in told.items():
        last = [one for one in said if one.order == order][-1]
        assert (last.final, last.accepted, last.others) == (True, len(devices), ())
    for order in told:
        progress = [one.accepted for one in said if one.order == order]
        assert all(later >= earlier for earlier, later in pairwise(progress)), "a receipt never says less than before"


@pytest.mark.timeout(60)
async def test_one_order_meets_every_kind_of_answer_and_the_receipt_says_what_became_of_each(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    addresses = ["phone-1", "dead-1", "mismatch-1", "malformed-1", "busy1-1", "cut1-1", "down1-1"]
    log = await SqliteLog.open(path)
    bench = Bench(log=log, clock=SystemClock())
    await bench.follow()
    await bench.say(stream_of())
    devices = of_one_shard(0)[: len(addresses)]
    for device, address in zip(devices, addresses, strict=True):
        await bench.register(device, address=address)
    await bench.order(*devices)
    await bench.stop()
    await log.close()
    with stand_in() as beside:
        live(path, beside, None, orders=1)
        got = Counter(beside.addresses())
    last = (await receipts(path))[-1]
    assert last.accepted == 4
    assert {one.device: str(one.outcome) for one in last.others} == dict.fromkeys(devices[1:4], "dead")
    # whose answer was lost was accepted, and is told again: there is no key by which the service could know
    assert got == {"phone-1": 1, "busy1-1": 1, "cut1-1": 2, "down1-1": 1}
