"""The dispatcher dies at any append or commit, people change their wishes meanwhile, and nobody is missed or told twice.

In process and by sample; `make crash` kills real processes at every point.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable
from functools import cache

import pytest

from schemas.alert import Alert
from schemas.notification import Order, Outcome
from services.dispatcher.core.pending import TELLING
from services.eventlog.memory import MemoryLog
from tests.contract.dispatcher.city import City, Told
from tests.crash.counting import CountingLog, Point
from tests.factories import ZUSHI, a_device, an_alert, an_info, at
from tests.scenario.quiet import run

PEOPLE = tuple(f"person-{number}" for number in range(12))
STEADY = PEOPLE[2:]
"""Those who change nothing."""
INPUTS = frozenset({"receipts", "subscriptions", "alerts.emergency"})
"""What the test itself appends: nobody dies of it."""
SAMPLE = 20


class Crash(BaseException):
    """The process dies here: no handler may catch it."""


def crash() -> None:
    raise Crash


LEVELS = ((0, 3), (5, 4), (6, 3), (8, 5), (9, None))
"""Minutes and levels; the 4 is overtaken by the 3 before it is delivered."""


async def storm(city: City) -> None:
    """A rise, one that is overtaken, another, an end; beside it something with a stated end."""
    in_force: list[int | None] = [None]

    def fate(order: Order) -> Outcome:
        ranks = {item.rank for item in order.notice.items if item.hazard == "landslide" and item.change in TELLING}
        return Outcome.ACCEPTED if ranks <= {in_force[0]} else Outcome.SUPERSEDED

    city.fate = fate
    await put(city, an_alert(0, an_info("rainband", level=3, expires=at(20)), stream="jma:rainband"))
    for minute, level in LEVELS:
        in_force[0] = level
        city.delivering = level != 4
        await put(city, an_alert(minute, an_info(level=level, released=level is None)))
    await surviving(city, city.passes_until(at(30)))


async def put(city: City, alert: Alert) -> None:
    await surviving(city, city.puts(alert))
    await surviving(city, city.passes_until(alert.sent))


async def surviving(city: City, step: Awaitable[None]) -> None:
    """Do a step; should the process die of it, change some wishes, and start it again."""
    died = await does_it_die(city, step)
    if not died:
        return
    log = city.here
    assert isinstance(log, CountingLog)
    log.kill_at = None
    app, city.app = city.app, None
    assert app is not None
    await city.starts()
    await city.follows(a_device(PEOPLE[0], ZUSHI))
    await city.leaves(PEOPLE[1])


async def does_it_die(city: City, step: Awaitable[None]) -> bool:
    try:
        await step
        await city.settles()
    except BaseExceptionGroup as group:
        if group.split(Crash)[1] is not None:
            raise
        return True
    return False


async def played(kill_at: Point | None) -> tuple[Told, dict[object, int], list[Point]]:
    city = City()
    log = CountingLog(MemoryLog(clock=city.clock.now), kill=crash)
    city.log = log
    await city.starts()
    await city.follows(*(a_device(person, min_rank=2) for person in PEOPLE))
    log.seen.clear()
    log.kill_at = kill_at
    await storm(city)
    told = {device: items for device, items in (await city.heard()).items() if device in STEADY}
    ledger = dict(await city.ledger())
    await city.stops()
    return told, ledger, log.seen  # type: ignore[return-value]  # keys are tuples


@cache
def undisturbed() -> tuple[Told, dict[object, int], list[Point]]:
    """What comes of it when nobody dies."""
    return run(played(None))


@cache
def points() -> list[Point]:
    """Some of all points of an undisturbed night; which they are depends on how its shards took turns."""
    _, _, seen = undisturbed()
    return random.Random(4).sample([point for point in seen if point.what not in INPUTS], SAMPLE)


def test_the_undisturbed_night_tells_everybody_three_things_and_their_end() -> None:
    told, ledger, seen = undisturbed()
    assert {person: sorted(items) for person, items in told.items()} == {
        person: [
            ("end", "landslide", 5),
            ("end", "rainband", 3),
            ("new", "landslide", 3),
            ("new", "rainband", 3),
            ("rise", "landslide", 5),
        ]
        for person in STEADY
    }
    assert ledger == {}
    assert {point.what.rstrip(":").split(".")[0] for point in seen} >= {"decisions", "situation", "decide", "correct"}


@pytest.mark.parametrize("number", range(SAMPLE))
def test_a_death_changes_nothing_for_who_was_there_before_and_after(number: int) -> None:
    point = points()[number]
    told, ledger, _ = run(played(point))
    assert told == undisturbed()[0]
    assert ledger == {}
