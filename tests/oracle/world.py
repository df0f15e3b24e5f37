"""What both programs are given, as plain data: devices with their wishes, and bulletins of streams."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from schemas.area import AreaCode

AREAS = tuple(AreaCode("class20", f"14{number:02}000") for number in range(1, 13))
"""Invented municipalities."""
HAZARDS = ("landslide", "heavy_rain", "wind", "thunder", "flood:820", "flood:821", "quake", "tsunami")
ORDER = "evacuation"
"""The office's hazard: each incident is one of its own."""


FLAP = timedelta(minutes=10)
"""What goes down and up again within this tells nobody twice."""

Point = tuple[int, int]
"""Tenths of a degree to the north and to the east."""
Box = tuple[int, int, int, int]
"""South, west, north, east in tenths of a degree: what lies on an edge is inside."""


@dataclass(frozen=True)
class Device:
    """What a device follows. `places`: area, least rank, where in it; `hazards`: hazard without its item → least rank.

    `quiet`: from, to, and whether orders of rank 3 are to wait as well.
    """

    id: str
    places: tuple[tuple[AreaCode, int, Point | None], ...]
    hazards: tuple[tuple[str, int], ...] = ()
    quiet: tuple[time, time, bool] | None = None
    language: str = "ja"
    reachable: bool = True


@dataclass(frozen=True)
class Word:
    """What a bulletin says to be in force: a hazard in an area at a rank, perhaps with a stated end."""

    hazard: str
    area: AreaCode
    rank: int
    expires: datetime | None = None
    box: Box | None = None
    """Where in the area alone: it draws a shape."""


@dataclass(frozen=True)
class Bulletin:
    """One message of a stream: everything that is in force by it, or (`withdraws`) that its last report was a mistake."""

    stream: str
    number: int
    sent: datetime
    words: tuple[Word, ...] = ()
    withdraws: bool = False
    drill: str = ""
    office: bool = False


Item = tuple[str, str, AreaCode, int, int]
"""What is told: change, hazard, area, rank, and of a rise the rank told before (else 0)."""
Told = dict[str, list[frozenset[Item]]]
"""By device, its messages: one for each decision that tells it something."""
