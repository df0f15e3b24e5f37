"""A start from a snapshot of the index: the same as from the whole log, and from the whole log where it cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from services.dispatcher.store.snapshots import AGE_MAX
from services.eventlog.memory import MemoryLog
from services.eventlog.port import BEFORE_FIRST, FETCH_MAX, Record
from tests.contract.dispatcher.city import City
from tests.factories import EVENING, ODAWARA, ZUSHI, a_device, an_alert, an_info, at
from tests.scenario.quiet import run

PEOPLE = tuple(f"person-{number}" for number in range(40))


class ReadLog(MemoryLog):
    """Notes which partitions of `subscriptions` are read from their beginning."""

    anew: set[int]

    async def read(
        self, topic: str, partition: int, *, after: int = BEFORE_FIRST, limit: int = FETCH_MAX
    ) -> list[Record]:
        found = await super().read(topic, partition, after=after, limit=limit)
        if topic == "subscriptions" and after == BEFORE_FIRST and found:
            self.anew.add(partition)
        return found


async def a_city(folder: Path) -> City:
    """Forty people, of whom one left, at a warning; snapshots are written."""
    city = City(snapshots=folder)
    city.log = ReadLog(clock=city.clock.now)
    city.log.anew = set()
    await city.starts()
    await city.follows(*(a_device(one, ODAWARA if n % 2 else ZUSHI) for n, one in enumerate(PEOPLE)))
    await city.leaves(PEOPLE[1])
    await city.passes_until(at(6))
    await city.says(an_alert(6, an_info(level=4)))
    return city


async def restarted(city: City, spoil: Callable[[Path], None] = lambda _: None) -> set[int]:
    """Which shards read everything anew."""
    await city.stops()
    assert isinstance(city.log, ReadLog)
    assert city.snapshots is not None
    spoil(city.snapshots)
    city.log.anew = set()
    await city.starts()
    return set(city.log.anew)


async def everybody_hears(city: City) -> None:
    """Who followed is told of a rise once, new people too; who left or moved away is not."""
    await city.follows(a_device("newcomer"), a_device(PEOPLE[3], ZUSHI))
    await city.leaves(PEOPLE[5])
    await city.says(an_alert(7, an_info(level=5)))
    told = await city.told()
    steady = {one for n, one in enumerate(PEOPLE) if n % 2 and n > 5}
    assert {one for one in told if told[one] == [("new", "landslide", 4), ("rise", "landslide", 5)]} == steady
    assert told["newcomer"][-1] == ("new", "landslide", 5)
    assert len(told[PEOPLE[3]]) == len(told[PEOPLE[5]]) == 1
    assert PEOPLE[1] not in told


def test_a_start_goes_on_from_where_the_snapshot_ends(tmp_path: Path) -> None:
    async def plays() -> None:
        city = await a_city(tmp_path)
        assert modes(tmp_path) == {(".snapshot", 0o600)}
        assert await restarted(city) == set()
        await everybody_hears(city)
        await city.stops()

    run(plays())


def times(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def modes(folder: Path) -> set[tuple[str, int]]:
    return {(path.suffix, path.stat().st_mode & 0o777) for path in folder.iterdir()}


def emptied(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def cut_off(folder: Path) -> None:
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes()[:-7])


def exchanged(folder: Path) -> None:
    """Each shard finds another one's."""
    contents = [path.read_bytes() for path in sorted(folder.iterdir())]
    for path, data in zip(sorted(folder.iterdir()), contents[1:] + contents[:1], strict=True):
        path.write_bytes(data)


@pytest.mark.parametrize("spoil", [emptied, cut_off, exchanged])
def test_one_that_cannot_be_used_is_left_aside(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    async def plays() -> None:
        city = await a_city(tmp_path)
        assert len(await restarted(city, spoil)) > 1
        await everybody_hears(city)
        await city.stops()

    run(plays())


def test_one_that_is_too_old_is_left_aside_and_removed(tmp_path: Path) -> None:
    async def plays() -> None:
        city = await a_city(tmp_path)
        await city.stops()
        before = times(tmp_path)
        await city.clock.move_to(EVENING + AGE_MAX + AGE_MAX)
        assert isinstance(city.log, ReadLog)
        await city.starts()
        assert len(city.log.anew) > 1
        assert all(time > before[name] for name, time in times(tmp_path).items())
        await city.stops()

    run(plays())
