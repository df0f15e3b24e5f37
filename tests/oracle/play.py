"""A storm of chance, given to oracle and system alike, and what they differ in."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta

from schemas.area import AreaCode
from services.dispatcher.core.decide import decide
from tests.oracle.brute import Oracle
from tests.oracle.system import Decide, System
from tests.oracle.world import AREAS, HAZARDS, ORDER, Box, Bulletin, Device, Point, Told, Word

BEGIN = datetime(2026, 9, 1, 3, 0, tzinfo=UTC)
MESSAGES_MAX = 8
"""Messages of one stream: as many as a fold keeps, so that both remember the same."""
CHANGED = 0.01
"""Of the devices, how many change something between two bulletins."""
REFUSED = 0.02
"""Of the devices, how many meet a refusal whatever is sent to them, this time."""


@dataclass
class Result:
    """What came of a play."""

    bulletins: int = 0
    messages: int = 0
    changes: dict[str, int] = field(default_factory=dict)
    mismatches: list[str] = field(default_factory=list)


def play(
    bulletins: int,
    devices: int,
    seed: int,
    say: Callable[[int], None] = lambda _: None,
    rule: Decide = decide,
) -> Result:
    """Play so many bulletins to so many devices; every difference is a line."""
    chance = random.Random(seed)
    oracle, system, result = Oracle(), System(rule), Result()
    known: dict[str, Device] = {}
    for number in range(devices):
        _subscribe(known, _device(chance, f"{seed}-{number}"), oracle, system)
    now = BEGIN
    for number, bulletin in enumerate(_storm(chance, bulletins)):
        _change_some(chance, known, oracle, system)
        now = bulletin.sent
        refused = frozenset(name for name in known if chance.random() < REFUSED)
        _compare(
            result,
            f"before {bulletin.stream} {bulletin.number}",
            oracle.moment(now, refused),
            system.moment(now, refused),
        )
        told = oracle.bulletin(bulletin, now, refused), system.bulletin(bulletin, now, refused)
        _compare(result, f"{bulletin.stream} {bulletin.number}", *told)
        result.bulletins += 1
        say(number + 1)
    return result


def _compare(result: Result, when: str, wanted: Told, got: Told) -> None:
    for messages in wanted.values():
        result.messages += len(messages)
        for message in messages:
            for change, *_ in message:
                result.changes[change] = result.changes.get(change, 0) + 1
    for device in wanted.keys() | got.keys():
        a, b = wanted.get(device, []), got.get(device, [])
        if a != b and sorted(map(sorted, a)) != sorted(map(sorted, b)):
            result.mismatches.append(f"{when}: {device} wanted {a} got {b}")


# --- devices ---


def _subscribe(known: dict[str, Device], device: Device, oracle: Oracle, system: System) -> None:
    known[device.id] = device
    oracle.subscribe(device)
    system.subscribe(device)


def _device(chance: random.Random, id_: str) -> Device:
    count = chance.choices((1, 2, 3), (55, 30, 15))[0]
    places = tuple((_area(chance), _rank(chance), _point(chance)) for _ in range(count))
    return Device(
        id=id_,
        places=places,
        hazards=_hazards(chance),
        quiet=_quiet(chance),
        language=chance.choices(("ja", "easy", "en"), (90, 6, 4))[0],
        reachable=chance.random() < 0.95,
    )


def _area(chance: random.Random) -> AreaCode:
    return chance.choices(AREAS, [1 / (number + 1) for number in range(len(AREAS))])[0]


def _rank(chance: random.Random) -> int:
    return chance.choices((2, 3, 4, 5), (25, 50, 20, 5))[0]


def _point(chance: random.Random) -> Point | None:
    return (chance.randrange(350, 360), chance.randrange(1390, 1400)) if chance.random() < 0.4 else None


def _box(chance: random.Random) -> Box:
    south, west = chance.randrange(350, 360), chance.randrange(1390, 1400)
    return south, west, south + chance.randrange(1, 6), west + chance.randrange(1, 6)


def _hazards(chance: random.Random) -> tuple[tuple[str, int], ...]:
    if chance.random() < 0.8:
        return ()
    return tuple((name, _rank(chance)) for name in chance.sample(("landslide", "flood", "thunder", "quake"), 2))


def _quiet(chance: random.Random) -> tuple[time, time, bool] | None:
    if chance.random() < 0.6:
        return None
    start, end = chance.choice(((time(22), time(6)), (time(23, 30), time(7)), (time(13), time(15)), (time(9), time(9))))
    return start, end, chance.random() < 0.3


def _change_some(chance: random.Random, known: dict[str, Device], oracle: Oracle, system: System) -> None:
    """Between two bulletins people move, change their minds, leave and come."""
    for name in chance.sample(sorted(known), max(1, int(len(known) * CHANGED))):
        device = known[name]
        match chance.randrange(6):
            case 0:
                del known[name]
                oracle.unsubscribe(name)
                system.unsubscribe(name)
                _subscribe(known, _device(chance, f"{name}+"), oracle, system)
            case 1:
                _subscribe(known, replace(device, places=_device(chance, name).places), oracle, system)
            case 2:
                _subscribe(known, replace(device, hazards=_hazards(chance)), oracle, system)
            case 3:
                _subscribe(known, replace(device, quiet=_quiet(chance)), oracle, system)
            case 4:
                _subscribe(known, replace(device, reachable=not device.reachable), oracle, system)
            case _:
                _subscribe(known, _device(chance, name), oracle, system)


# --- bulletins ---


@dataclass
class _Open:
    """A stream that still speaks."""

    stream: str
    hazards: tuple[str, ...]
    drill: str
    office: bool
    number: int = 0
    words: dict[tuple[str, AreaCode], Word] = field(default_factory=dict)


def _storm(chance: random.Random, bulletins: int) -> Iterator[Bulletin]:
    speaking: list[_Open] = []
    now = BEGIN
    streams = 0
    for _ in range(bulletins):
        now += timedelta(minutes=chance.choice((1, 2, 5, 20, 60, 180)))
        if len(speaking) < 5:
            streams += 1
            speaking.append(_begin(chance, streams))
        one = chance.choice(speaking)
        one.number += 1
        yield _message(chance, one, now)
        if one.number == MESSAGES_MAX:
            speaking.remove(one)


def _begin(chance: random.Random, number: int) -> _Open:
    if chance.random() < 0.15:
        return _Open(f"office:{number}", (f"{ORDER}:{number}",), "", office=True)
    drill = f"run-{number}" if chance.random() < 0.15 else ""
    hazards = tuple(chance.sample(HAZARDS, chance.randint(1, 3)))
    return _Open(f"invented{number}:{number}", hazards, drill, office=False)


def _message(chance: random.Random, one: _Open, now: datetime) -> Bulletin:
    bare = Bulletin(stream=one.stream, number=one.number, sent=now, drill=one.drill, office=one.office)
    if one.number == MESSAGES_MAX or chance.random() < 0.1:
        one.words.clear()
        return bare
    if one.number > 1 and chance.random() < 0.12:
        return replace(bare, withdraws=True)
    for _ in range(chance.randint(1, 4)):
        hazard, area = chance.choice(one.hazards), _area(chance)
        if chance.random() < 0.25:
            one.words.pop((hazard, area), None)
        else:
            expires = now + timedelta(minutes=chance.choice((30, 120, 400))) if chance.random() < 0.3 else None
            box = _box(chance) if chance.random() < 0.3 else None
            one.words[hazard, area] = Word(hazard, area, chance.randint(1, 5), expires, box)
    return replace(bare, words=tuple(one.words.values()))
