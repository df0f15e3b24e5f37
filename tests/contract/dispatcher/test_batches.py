"""Many alerts at once: decided in one go, the loudest first, and as exact as one after the other, also where it dies."""

from __future__ import annotations

from functools import cache

import pytest

from schemas.alert import Alert
from services.eventlog.memory import MemoryLog
from services.runtime import records
from tests.contract.dispatcher.city import EMERGENCY, City, Told, in_a_city
from tests.contract.dispatcher.test_dying import crash, does_it_die
from tests.crash.counting import AFTER, BEFORE, CountingLog, Point
from tests.factories import ZUSHI, a_device, an_alert, an_info
from tests.scenario.quiet import run

PEOPLE = tuple(f"person-{number}" for number in range(6))
"""The first changes its mind while the process is dead."""
COUNT = 100
"""More than one go takes."""
FEW = 8


def rivers(minute: float = 0, *, over: bool = False) -> list[Alert]:
    """Alerts of as many streams, quiet and loud in turn."""
    return [
        an_alert(
            minute,
            an_info(f"flood:{n:04}", level=None if over else 3 + n % 2, released=over),
            stream=f"jma:river:{n:04}",
        )
        for n in range(COUNT)
    ]


async def says_all(city: City, alerts: list[Alert]) -> None:
    """In one append."""
    messages = [
        records.message(
            one, key=one.streams[0], id=f"alert:{one.identifier}@{one.streams[0]}", source="ingest", at=one.sent
        )
        for one in alerts
    ]
    await city.here.append(EMERGENCY, messages)


@in_a_city
async def test_what_waits_together_is_decided_in_a_few_goes_the_loudest_first(city: City) -> None:
    log = CountingLog(city.here)
    await city.stops()
    city.log = log
    await city.starts()
    await city.follows(a_device("anna", min_rank=3))
    log.seen.clear()
    await says_all(city, rivers())
    await city.settles()
    ahead = [point for point in log.seen if point.what == "decisions" and point.side == AFTER]
    assert 1 <= len(ahead) <= 4, "a durable append for many decisions"
    assert len(await city.decisions()) == COUNT
    told = (await city.told())["anna"]
    # the last defence holds back the rest
    assert len(told) == 30
    assert {rank for _, _, rank in told} == {4}, "the loudest were told first"


async def night(kill_at: Point | None) -> tuple[Told, dict[object, int], list[Point]]:
    """All at once, and all of them over at once; the process may die in between."""
    city = City()
    log = CountingLog(MemoryLog(clock=city.clock.now), kill=crash)
    city.log = log
    await city.starts()
    await city.follows(*(a_device(person, min_rank=3) for person in PEOPLE))
    log.seen.clear()
    log.kill_at = kill_at
    for alerts in (rivers()[:FEW], rivers(5, over=True)[:FEW]):
        await says_all(city, alerts)
        if await does_it_die(city, city.passes_until(alerts[0].sent)):
            log.kill_at = None
            await city.starts()
            await city.follows(a_device(PEOPLE[0], ZUSHI))
    told = {device: sorted(items) for device, items in (await city.heard()).items() if device != PEOPLE[0]}
    ledger = dict(await city.ledger())
    await city.stops()
    return told, ledger, log.seen  # type: ignore[return-value]  # keys are tuples


@cache
def undisturbed() -> tuple[Told, dict[object, int], list[Point]]:
    return run(night(None))


def test_undisturbed_everybody_is_told_each_once_and_its_end() -> None:
    told, ledger, _ = undisturbed()
    everything = sorted(
        [("new", f"flood:{n:04}", 3 + n % 2) for n in range(FEW)]
        + [("end", f"flood:{n:04}", 3 + n % 2) for n in range(FEW)]
    )
    assert told == dict.fromkeys(PEOPLE[1:], everything)
    assert ledger == {}


@pytest.mark.parametrize("side", [BEFORE, AFTER])
@pytest.mark.parametrize("what", ["decisions", "decide", "correct", "situation"])
def test_whoever_dies_in_the_middle_of_many_misses_nobody_and_repeats_nothing(what: str, side: str) -> None:
    told, ledger, seen = undisturbed()
    points = [point for point in seen if point.what.rstrip(":").split(".")[0] == what and point.side == side]
    for point in (points[0], points[len(points) // 2]):
        after, left, _ = run(night(point))
        assert after == told, str(point)
        assert left == ledger, str(point)
