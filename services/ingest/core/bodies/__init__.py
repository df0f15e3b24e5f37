"""Parsers of telegram bodies, one file a body: what it says of which area, in the order of the telegram."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from xml.etree.ElementTree import Element

from schemas.alert import InfoState
from schemas.area import AreaCode, AreaTable, Scheme, UnknownArea, resolve
from schemas.level import Grade, rank_of
from services.ingest.core.defect import Code, Defect
from services.ingest.core.xml import named

AREAS_MAX = 4000
"""Entries of one telegram; the largest office has 64 areas, times nine advisories. More is refused."""
DEFECTS_MAX = 50
"""Defects told of one telegram; of the others only their number."""
WORD_MAX = 100
"""Characters of a name of an area or of a kind; cut with a defect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What is said: the source's name and code, the hazard, and how strongly. Level and rank None when released.

    `expires`: the end that the body states for it, None where that is the type's matter.
    """

    event: str
    code: str
    hazard: str
    state: InfoState
    level: int | None = None
    rank: int | None = None
    expires: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One area and what is said of it; an area has one entry a hazard."""

    area: AreaCode
    name: str
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyReading:
    """What a body says. `listed` are all areas it names, also those it says nothing is in force for."""

    entries: tuple[Entry, ...]
    listed: tuple[AreaCode, ...] = ()
    defects: tuple[Defect, ...] = ()


BodyParser = Callable[[Element, AreaTable, tuple[str, ...]], BodyReading | Defect]
"""(the Report element, the national area table, the hazards of the telegram's type) → what it says, or why it cannot be read."""


@dataclass(slots=True)
class Entries:
    """Gathers entries: resolves codes, keeps one entry for each area and hazard, and the order of the telegram."""

    areas: AreaTable
    _by_key: dict[tuple[AreaCode, str], Entry] = field(default_factory=dict)
    _defects: dict[Defect, None] = field(default_factory=dict)

    def add(self, area: AreaCode, name: str, kind: Kind) -> None:
        """Take an entry in; of two for one area and hazard the one in force and stronger stays."""
        found = resolve(self.areas, area)
        if isinstance(found, UnknownArea):
            rest = ", ".join(map(str, found.within))
            new_part = f"; perhaps a new part of {rest}" if rest else ""
            self.note(Code.UNKNOWN_AREA, f"{named(name)} {named(str(area))} is in no area table: left out{new_part}")
            return
        if area.scheme == Scheme.QUAKE_CITY:
            found = (
                area,
            )  # a ward keeps its own intensity; which municipality it is, is asked when people are matched
        for current in found:
            known = self.areas.entries.get(current)
            called = known.name.ja if known and current != area else name  # an old code's parts have names of their own
            entry = Entry(area=current, name=self.word(called), kind=kind)
            before = self._by_key.get((current, kind.hazard))
            self._by_key[current, kind.hazard] = entry if before is None else max(before, entry, key=_strength)

    def word(self, written: str) -> str:
        """A name of the source, at most `WORD_MAX` long."""
        if len(written) > WORD_MAX:
            self.note(Code.TEXT_CUT, f"the name {named(written)} has {len(written)} characters, cut to {WORD_MAX}")
        return written[:WORD_MAX]

    def note(self, code: Code, reason: str) -> None:
        """Say once what is wrong beside what could be read."""
        self._defects[Defect(code=code, reason=reason)] = None

    def reading(self, listed: tuple[AreaCode, ...] = ()) -> BodyReading | Defect:
        """What was gathered; more than `AREAS_MAX` entries are no telegram of one office."""
        if len(self._by_key) > AREAS_MAX:
            return Defect(code=Code.TOO_MANY_AREAS, reason=f"{len(self._by_key)} entries, more than {AREAS_MAX}")
        return BodyReading(entries=tuple(self._by_key.values()), listed=listed, defects=self._told())

    def _told(self) -> tuple[Defect, ...]:
        told, rest = tuple(self._defects)[:DEFECTS_MAX], len(self._defects) - DEFECTS_MAX
        return (*told, Defect(code=Code.MORE_DEFECTS, reason=f"{rest} more defects")) if rest > 0 else told


CENTERS = "全国・地方予報区等"
"""Areas/@codeType of 地方予報区, which share numbers with 府県予報区."""
_WEATHER = (Scheme.CLASS10, Scheme.OFFICE, Scheme.CLASS15)


def text_only(_report: Element, _areas: AreaTable, _hazards: tuple[str, ...]) -> BodyReading:
    """A body that speaks of no area in any system: a text, a hypocentre, a typhoon's track."""
    return BodyReading(entries=())


def weather_area(areas: AreaTable, code: str, code_type: str = "") -> AreaCode:
    """The area of a code of weather telegrams: seven digits are a municipality; of six the finest system that knows it."""
    if code_type == CENTERS:
        return AreaCode(Scheme.CENTER, code)
    if len(code) == len("1420600"):
        return AreaCode(Scheme.CLASS20, code)
    placed = (AreaCode(system, code) for system in _WEATHER)
    return next((area for area in placed if area in areas.entries), AreaCode(Scheme.CLASS10, code))


def town_area(areas: AreaTable, code: str) -> AreaCode:
    """The area of a code of 気象・地震・火山情報／市町村等: a municipality, or a ward of one that is warned as a whole."""
    town = AreaCode(Scheme.CLASS20, code)
    return AreaCode(Scheme.QUAKE_CITY, code) if isinstance(resolve(areas, town), UnknownArea) else town


def informs(event: str, code: str, hazard: str) -> Kind:
    """What informs of a hazard and puts nothing in force."""
    rank = rank_of(hazard, grade=Grade.INFORMATION)
    return Kind(event=event, code=code, hazard=hazard, state=InfoState.ACTIVE, rank=rank)


def released(event: str, code: str, hazard: str) -> Kind:
    """That a hazard is over."""
    return Kind(event=event, code=code, hazard=hazard, state=InfoState.RELEASED)


def _strength(entry: Entry) -> tuple[bool, int]:
    return entry.kind.state is InfoState.ACTIVE, entry.kind.rank or 0
