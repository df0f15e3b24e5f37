"""One warning that an area has or has not: tornado (VPHW50/51), 土砂災害警戒情報 (VXWW50), 記録的短時間大雨情報 (VPOA50).

Each area of the office stands in the Body with a Status: なし where there is nothing, 解除 where it is over. Where there is
a list of municipalities, only that counts: the coarser ones repeat its maximum.

Sources: the telegrams' own lists as recorded; the project's notes on JMA §2.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from xml.etree.ElementTree import Element

from schemas.alert import InfoState
from schemas.area import AreaCode, AreaTable
from schemas.level import Grade, rank_of
from services.ingest.core.bodies import BodyReading, Entries, Kind, released, weather_area
from services.ingest.core.bodies.weather_warning import MUNICIPALITIES, RELEASED
from services.ingest.core.defect import Code, Defect
from services.ingest.core.xml import named, text, token

NOTHING = "なし"
IN_FORCE = frozenset({"発表", "継続"})
STRENGTH = MappingProxyType(
    {"tornado": (None, Grade.ADVISORY), "record_rain": (None, Grade.ADVISORY), "landslide": (4, None)}
)
"""Hazard → 警戒レベル, or the grade of what has none."""


def read(report: Element, areas: AreaTable, hazards: tuple[str, ...]) -> BodyReading | Defect:
    """The areas that have it, and where it was released; `hazards` is the one that the type is about."""
    entries = Entries(areas)
    listed: dict[AreaCode, None] = {}
    for item in _items(report):
        area = weather_area(areas, token(item, "Area", "Code"))
        listed[area] = None
        kind = _kind(item, hazards[0], entries)
        if kind is not None:
            entries.add(area, text(item, "Area", "Name"), kind)
    if not listed:
        return Defect(code=Code.NOTHING_LISTED, reason="no list of areas in the Body, or an empty one")
    return entries.reading(tuple(listed))


def _items(report: Element) -> Iterator[Element]:
    lists = report.findall("Body/Warning")
    finest = [one for one in lists if one.get("type", "").endswith(MUNICIPALITIES)]
    for one in finest or lists:
        yield from one.findall("Item")


def _kind(item: Element, hazard: str, entries: Entries) -> Kind | None:
    status, code = token(item, "Kind", "Status"), entries.word(token(item, "Kind", "Code"))
    event = entries.word(text(item, "Kind", "Name"))
    if status == NOTHING:
        return None
    if status == RELEASED:
        return released(event, code, hazard)
    if status not in IN_FORCE:
        entries.note(Code.UNKNOWN_STATE, f"Status {named(status)} of {named(event)}")
    level, grade = STRENGTH[hazard]
    rank = rank_of(hazard, level=level, grade=grade)
    return Kind(event=event, code=code, hazard=hazard, state=InfoState.ACTIVE, level=level, rank=rank)
