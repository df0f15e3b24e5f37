"""One crash: killed at a point, people change their wishes, started again; and what must be true then (invariants 1, 2, 4)."""

from __future__ import annotations

import json
import shutil
import tempfile
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from services.gateway.channels.loopback import PARALLEL
from tests.crash import city, lives
from tests.crash.city import Ledger, Person
from tests.crash.counting import Point
from tests.crash.lives import Failed, Killed

BEHIND_S = 0.1
"""How far receipts may be behind what the channel took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undisturbed:
    """What a life without a crash gives: its points in order, and the ledger at the end."""

    points: tuple[Point, ...]
    ledger: Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of one crash. `reached`: whether the life got to its point at all."""

    point: Point
    reached: bool
    repeats: int = 0
    repeats_max: int = 0
    faults: tuple[str, ...] = ()


Message = Mapping[str, Any]


@dataclass(slots=True)
class Phones:
    """The stand-in for phones, at its base URL; `last`: the number of the newest message that was looked at."""

    url: str
    last: int = 0

    def news(self) -> list[Message]:
        """What came since the last look."""
        with urlopen(f"{self.url}/v1/received?after={self.last}") as answer:
            found: list[Message] = json.load(answer)
        self.last = max((int(one["number"]) for one in found), default=self.last)
        return found


def undisturbed(settled: Path, who: Sequence[Person], phones: Phones) -> Undisturbed:
    """Live once without a crash, on a copy of the log."""
    with tempfile.TemporaryDirectory(prefix="hansho-crash-") as folder:
        path = _copy(settled, Path(folder))
        points = lives.lived(path, phones.url, city.a_warning())
        phones.news()
        assert not isinstance(points, Killed)
        return Undisturbed(points=tuple(points), ledger=_steady(lives.on(path, city.ledger), who))


def crash(settled: Path, who: tuple[Person, ...], phones: Phones, point: Point, calm: Undisturbed) -> Trial:
    """Kill at a point, change, start again, look."""
    phones.news()
    with tempfile.TemporaryDirectory(prefix="hansho-crash-") as folder:
        path = _copy(settled, Path(folder))
        telegram = city.a_warning()
        ended = lives.lived(path, phones.url, telegram, point)
        lives.on(path, partial(city.change, who=who))
        try:
            lives.lived(path, phones.url, telegram)
        except Failed:
            undone = lives.on(path, city.unfinished)
            phones.news()
            fault = f"after the restart not everything was done, as {', '.join(undone[:3])}"
            return Trial(point=point, reached=isinstance(ended, Killed), faults=(fault,))
        ledger = _steady(lives.on(path, city.ledger), who)
        unfinished: list[str] = lives.on(path, city.unfinished)
        untold: dict[str, str] = lives.on(path, city.untold)
    got = phones.news()
    allowed = repeats_max(got, ended) if isinstance(ended, Killed) else 0
    repeats = repeated(got)
    faults = [*people_faults(who, got, untold), *(f"not finished: {one}" for one in unfinished)]
    if repeats > allowed:
        faults.append(f"{repeats} messages came twice, {allowed} may")
    faults += differences(calm.ledger, ledger)
    return Trial(
        point=point,
        reached=isinstance(ended, Killed),
        repeats=repeats,
        repeats_max=allowed,
        faults=tuple(faults),
    )


def _copy(settled: Path, folder: Path) -> Path:
    path = folder / "log.db"
    shutil.copy(settled, path)
    return path


def repeated(got: Sequence[Message]) -> int:
    """How many messages came to a phone that had them already."""
    same = Counter((one["address"], one["alert"], one["change"], one["hazard"]) for one in got)
    return sum(same.values()) - len(same)


def repeats_max(got: Sequence[Message], killed: Killed) -> int:
    """What may be in flight at the kill, and what the stand-in took in its busiest tenth of a second until then."""
    times = sorted(at for one in got if (at := datetime.fromisoformat(one["at"]).timestamp()) <= killed.at_s)
    tenths = (bisect_right(times, at + BEHIND_S) - place for place, at in enumerate(times))
    return PARALLEL + max(tenths, default=0)


def people_faults(who: Sequence[Person], got: Sequence[Message], untold: Mapping[str, str]) -> Iterator[str]:
    heard = {one["address"] for one in got}
    for one in who:
        if one.must_hear and one.address not in heard:
            yield f"{one.device} was missed ({untold.get(one.device, 'no receipt names it')})"
        if one.must_not_hear and one.address in heard:
            yield f"{one.device} was told, whom it does not concern"


def _steady(ledger: Ledger, who: Sequence[Person]) -> Ledger:
    """The ledger's part about those who changed nothing."""
    steady = {one.device for one in who if one.before == one.after}
    return {key: devices & steady for key, devices in ledger.items()}


def differences(calm: Ledger, found: Ledger) -> Iterator[str]:
    for key in sorted({*calm, *found}):
        differing = calm.get(key, frozenset()) ^ found.get(key, frozenset())
        if differing:
            yield f"the ledger of {' '.join(map(str, key))} differs for {', '.join(sorted(differing)[:5])}"
