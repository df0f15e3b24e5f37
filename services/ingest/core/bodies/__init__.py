"""Parsers of telegram bodies, one file a body: what it says of which area, in the order of the telegram."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from schemas.alert import InfoState
from schemas.area import AreaCode, AreaTable, UnknownArea, resolve
from services.ingest.core.defect import Code, Defect
from services.ingest.core.xml import NAMED_MAX, named

AREAS_MAX = 4000
"""Entries of one telegram; the largest office has 64 areas, times nine advisories. More is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What is said: the source's name and code, the hazard, and how strongly. Level and rank None when released."""

    event: str
    code: str
    hazard: str
    state: InfoState
    level: int | None = None
    rank: int | None = None


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
    defects: list[Defect] = field(default_factory=list)
    _by_key: dict[tuple[AreaCode, str], Entry] = field(default_factory=dict)

    def add(self, area: AreaCode, name: str, kind: Kind) -> None:
        """Take an entry in; of two for one area and hazard the one in force and stronger stays."""
        found = resolve(self.areas, area)
        if isinstance(found, UnknownArea):
            rest = ", ".join(map(str, found.within))
            new_part = f"; perhaps a new part of {rest}" if rest else ""
            self.note(
                Code.UNKNOWN_AREA, f"{named(name)} {found.area} is not in the area table and was left out{new_part}"
            )
            return
        for current in found:
            known = self.areas.entries.get(current)
            called = known.name.ja if known and current != area else name  # an old code's parts have names of their own
            entry = Entry(area=current, name=called[:NAMED_MAX], kind=kind)
            before = self._by_key.get((current, kind.hazard))
            self._by_key[current, kind.hazard] = entry if before is None else max(before, entry, key=_strength)

    def reading(self, listed: tuple[AreaCode, ...] = ()) -> BodyReading | Defect:
        """What was gathered; more than `AREAS_MAX` entries are no telegram of one office."""
        if len(self._by_key) > AREAS_MAX:
            return Defect(code=Code.TOO_MANY_AREAS, reason=f"{len(self._by_key)} entries, more than {AREAS_MAX}")
        return BodyReading(entries=tuple(self._by_key.values()), listed=listed, defects=tuple(self.defects))

    def note(self, code: Code, reason: str) -> None:
        """Say once what is wrong beside what could be read."""
        defect = Defect(code=code, reason=reason)
        if defect not in self.defects:
            self.defects.append(defect)


def _strength(entry: Entry) -> tuple[bool, int]:
    return entry.kind.state is InfoState.ACTIVE, entry.kind.rank or 0
