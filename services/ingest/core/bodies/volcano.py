"""Volcanoes: VFVO50 噴火警報・予報, VFVO51/52 what is observed, VFVO53–55 降灰予報, VFVO56 噴火速報.

噴火警戒レベル is no 警戒レベル: it is a rank. It belongs to the volcano; the municipalities that the warning is for have
it too. 噴火予報 (level 1, 警報解除) puts nothing in force. What is observed or explained repeats the level and is never
sent to end it, so it is information.

Sources: JMA code table of 噴火警報等 (11–15 with levels, 21–25 without, 31–36 at sea, 41–49 what towns do), 51–66 eruptions,
70–75 ash, as seen in telegrams and from general knowledge where none was at hand (24, 25, 36, 42, 44, 75).
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from xml.etree.ElementTree import Element

from schemas.alert import InfoState
from schemas.area import AreaCode, AreaTable, Scheme
from schemas.level import Grade, rank_of
from services.ingest.core.bodies import BodyReading, Entries, Kind, informs, released, town_area
from services.ingest.core.defect import Code, Defect
from services.ingest.core.xml import named, text, token

VOLCANO = "火山名"
"""Areas/@codeType of volcanoes."""
OF_VOLCANO = "（対象火山）"
OF_TOWNS = "（対象市町村等）"
WHAT_TOWNS_DO = "（対象市町村の防災対応等）"
GRADES = MappingProxyType(
    {
        "12": Grade.VOLCANO_2,
        "13": Grade.VOLCANO_3,
        "14": Grade.VOLCANO_4,
        "15": Grade.VOLCANO_5,
        "22": Grade.VOLCANO_2,
        "23": Grade.VOLCANO_3,
        "24": Grade.VOLCANO_4,
        "25": Grade.VOLCANO_5,
        "36": Grade.VOLCANO_3,
    }
)
"""Kind/Code of a volcano → its level, or the level that has the same consequences where a volcano has none."""
FORECASTS = frozenset({"04", "05", "11", "21", "31", "35", "45", "49"})
"""噴火予報: 警報解除, level 1, 活火山であることに留意."""
HEAVY_ASH = frozenset({"73", "75"})
"""多量の降灰, 小さな噴石の落下."""


def read_warning(report: Element, areas: AreaTable, hazards: tuple[str, ...]) -> BodyReading | Defect:
    """VFVO50: the volcano at its level, and the municipalities that are warned of it at the same."""
    entries = Entries(areas)
    strongest: Grade | None = None
    volcanoes = 0
    for item, area in _listed(report, OF_VOLCANO):
        volcanoes += 1
        code = token(item, "Kind", "Code")
        strongest = GRADES.get(code, strongest)
        entries.add(AreaCode(Scheme.VOLCANO, token(area, "Code")), text(area, "Name"), _of(item, hazards[0], entries))
    if not volcanoes:
        return Defect(code=Code.NOTHING_LISTED, reason=f"no list {OF_VOLCANO} in the Body, or an empty one")
    for part in (OF_TOWNS, WHAT_TOWNS_DO):
        for item, area in _listed(report, part):
            kind = _of_town(item, hazards[0], strongest, entries)
            # what the towns do goes by finer degrees: it adds the towns that are told nothing, and raises none
            if part == OF_TOWNS or kind.state is InfoState.RELEASED:
                entries.add(town_area(areas, token(area, "Code")), text(area, "Name"), kind)
    return entries.reading()


def read_information(report: Element, areas: AreaTable, hazards: tuple[str, ...]) -> BodyReading | Defect:
    """VFVO51, VFVO52: of which volcano."""
    entries = Entries(areas)
    for item, area in _listed(report, ""):
        if _is_volcano(item):
            kind = informs(*_named(item, entries), hazards[0])
            entries.add(AreaCode(Scheme.VOLCANO, token(area, "Code")), text(area, "Name"), kind)
    return entries.reading()


def read_eruption(report: Element, areas: AreaTable, hazards: tuple[str, ...]) -> BodyReading | Defect:
    """VFVO56: it erupts; the volcano and the municipalities around it."""
    entries = Entries(areas)
    rank = rank_of(hazards[0], grade=Grade.ERUPTION)
    for item, area in _listed(report, ""):
        event, code = _named(item, entries)
        kind = Kind(event=event, code=code, hazard=hazards[0], state=InfoState.ACTIVE, rank=rank)
        entries.add(_placed(areas, item, area), text(area, "Name"), kind)
    reading = entries.reading()
    if isinstance(reading, BodyReading) and not reading.entries:
        return Defect(code=Code.NOTHING_LISTED, reason="neither volcano nor municipality in the Body")
    return reading


def read_ash(report: Element, areas: AreaTable, hazards: tuple[str, ...]) -> BodyReading | Defect:
    """VFVO53–55: the municipalities that ash falls on, the volcano as information."""
    entries = Entries(areas)
    for item, area in (*_listed(report, OF_VOLCANO), *_listed(report, OF_TOWNS)):
        event, code = _named(item, entries)
        kind = informs(event, code, hazards[0])
        if code in HEAVY_ASH:
            rank = rank_of(hazards[0], grade=Grade.ADVISORY)
            kind = Kind(event=event, code=code, hazard=hazards[0], state=InfoState.ACTIVE, rank=rank)
        entries.add(_placed(areas, item, area), text(area, "Name"), kind)
    return entries.reading()


def _listed(report: Element, part: str) -> Iterator[tuple[Element, Element]]:
    for information in report.findall("Body/VolcanoInfo"):
        if information.get("type", "").endswith(part):
            for item in information.findall("Item"):
                yield from ((item, area) for area in item.findall("Areas/Area"))


def _is_volcano(item: Element) -> bool:
    return any(areas.get("codeType") == VOLCANO for areas in item.findall("Areas"))


def _placed(areas: AreaTable, item: Element, area: Element) -> AreaCode:
    code = token(area, "Code")
    return AreaCode(Scheme.VOLCANO, code) if _is_volcano(item) else town_area(areas, code)


def _named(item: Element, entries: Entries) -> tuple[str, str]:
    return entries.word(text(item, "Kind", "Name")), entries.word(token(item, "Kind", "Code"))


def _of(item: Element, hazard: str, entries: Entries) -> Kind:
    """What is said of a volcano. A code that we do not know is in force, at a rank that is not guessed."""
    event, code = _named(item, entries)
    if code in FORECASTS:
        return released(event, code, hazard)
    grade = GRADES.get(code)
    if grade is None:
        entries.note(Code.UNKNOWN_KIND, f"Kind {named(code)} {named(event)}")
    return Kind(event=event, code=code, hazard=hazard, state=InfoState.ACTIVE, rank=rank_of(hazard, grade=grade))


def _of_town(item: Element, hazard: str, grade: Grade | None, entries: Entries) -> Kind:
    event, code = _named(item, entries)
    if code in FORECASTS:
        return released(event, code, hazard)
    return Kind(event=event, code=code, hazard=hazard, state=InfoState.ACTIVE, rank=rank_of(hazard, grade=grade))
