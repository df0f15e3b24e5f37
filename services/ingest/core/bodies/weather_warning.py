"""VPWW55–61: warnings and advisories by hazard, one telegram for all municipalities of an office; and the older VPWW53/54.

A full snapshot: what the list of municipalities does not name in force is not in force. Four lists stand in the Body,
each coarser one with the *maximum* of the finer; only the list （市町村等） counts here. VPWW57 has a fifth, by coast
section 高潮予報区間, which is another system of areas.

Status comes first: a released warning keeps its name and code, and only its Status says 解除.

Sources: JMA 別表3 (Kind/Code) and the rules of 技術情報634号 as collected in the project's notes on JMA, §0, §3.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from xml.etree.ElementTree import Element

from schemas.alert import InfoState
from schemas.area import AreaCode, AreaTable, Scheme
from schemas.level import Grade, rank_of
from services.ingest.core.bodies import BodyReading, Entries, Kind
from services.ingest.core.defect import Code, Defect
from services.ingest.core.xml import child, named, text, token

MUNICIPALITIES = "（市町村等）"
"""How Warning/@type of the list that counts ends."""
NOTHING = "発表警報・注意報はなし"
RELEASED = "解除"
RELEASED_CODE = "00"
"""Kind/Code of 解除 in a headline."""
IN_FORCE = frozenset(
    {
        "発表",
        "継続",
        "特別警報から危険警報",
        "特別警報から警報",
        "特別警報から注意報",
        "危険警報から警報",
        "危険警報から注意報",
        "警報から注意報",
    }
)
"""Kind/Status of what is in force at the Kind's own (new) code."""


def _levels(hazard: str, codes: str) -> Iterator[tuple[str, tuple[str, int | None, Grade | None]]]:
    for level, code in zip((5, 4, 3, 2), codes.split(), strict=True):
        yield code, (hazard, level, None)


def _grades(hazard: str, codes: str) -> Iterator[tuple[str, tuple[str, int | None, Grade | None]]]:
    for grade, code in zip((Grade.SPECIAL, Grade.WARNING, Grade.ADVISORY), codes.split(), strict=True):
        yield code, (hazard, None, grade)


def _advisory(hazard: str, code: str) -> tuple[str, tuple[str, int | None, Grade | None]]:
    return code, (hazard, None, Grade.ADVISORY)


KINDS = MappingProxyType(
    dict(
        (
            *_levels("heavy_rain", "33 43 03 10"),
            *_levels("landslide", "39 49 09 29"),
            *_levels("storm_surge", "38 48 08 19"),
            *_grades("wind", "35 05 15"),
            *_grades("snowstorm", "32 02 13"),
            *_grades("wave", "37 07 16"),
            *_grades("heavy_snow", "36 06 12"),
            _advisory("thunder", "14"),
            _advisory("snowmelt", "17"),
            _advisory("fog", "20"),
            _advisory("dry_air", "21"),
            _advisory("avalanche", "22"),
            _advisory("low_temperature", "23"),
            _advisory("frost", "24"),
            _advisory("icing", "25"),
            _advisory("snow_accretion", "26"),
        )
    )
)
"""別表3: Kind/Code → hazard, and its 警戒レベル or, where there is none, its grade."""


LEGACY_KINDS = MappingProxyType({**KINDS, "04": ("flood", 3, None), "18": ("flood", 2, None)})
"""The codes of VPWW53/54 and VPNO50: the same numbers at the levels of the same numbers now, and 洪水, which ended 2026."""


def read_legacy(report: Element, areas: AreaTable, hazards: tuple[str, ...]) -> BodyReading | Defect:
    """VPWW53 and VPWW54: all hazards of an office in one telegram."""
    return read(report, areas, hazards, LEGACY_KINDS)


def read_announced(report: Element, areas: AreaTable, hazards: tuple[str, ...]) -> BodyReading | Defect:
    """VPNO50: the headline names the municipalities under 特別警報; each Kind there is in force, and 解除 names none."""
    if any(token(code) == RELEASED_CODE for code in report.iterfind("Head/Headline/Information/Item/Kind/Code")):
        return BodyReading(entries=())
    entries = Entries(areas)
    for information in report.findall("Head/Headline/Information"):
        for item in information.findall("Item") if information.get("type", "").endswith(MUNICIPALITIES) else ():
            kinds = [
                _of_code(token(kind, "Code"), text(kind, "Name"), hazards, entries) for kind in item.findall("Kind")
            ]
            for area in item.findall("Areas/Area"):
                for kind in filter(None, kinds):
                    entries.add(AreaCode(Scheme.CLASS20, token(area, "Code")), text(area, "Name"), kind)
    reading = entries.reading()
    if isinstance(reading, BodyReading) and not reading.entries:
        return Defect(code=Code.NOTHING_LISTED, reason=f"no list {MUNICIPALITIES} in the headline, or an empty one")
    return reading


def _of_code(code: str, event: str, hazards: tuple[str, ...], entries: Entries) -> Kind | None:
    return _in_force(code, entries.word(event), "", hazards, entries, LEGACY_KINDS)


def read(
    report: Element,
    areas: AreaTable,
    hazards: tuple[str, ...],
    kinds: Mapping[str, tuple[str, int | None, Grade | None]] = KINDS,
) -> BodyReading | Defect:
    """What the list of municipalities says; a telegram without any is no all-clear and is refused."""
    entries = Entries(areas)
    listed: dict[AreaCode, None] = {}
    for item in _items(report):
        area = AreaCode(Scheme.CLASS20, token(item, "Area", "Code"))
        listed[area] = None
        for element in item.findall("Kind"):
            kind = _kind(element, hazards, entries, kinds)
            if kind is not None:
                entries.add(area, text(item, "Area", "Name"), kind)
    if not listed:
        return Defect(code=Code.NOTHING_LISTED, reason=f"no list {MUNICIPALITIES} in the Body, or an empty one")
    return entries.reading(tuple(listed))


def _items(report: Element) -> Iterator[Element]:
    body = child(report, "Body")
    for warning in body.findall("Warning") if body is not None else ():
        if warning.get("type", "").endswith(MUNICIPALITIES):
            yield from warning.findall("Item")


def _kind(
    element: Element,
    hazards: tuple[str, ...],
    entries: Entries,
    kinds: Mapping[str, tuple[str, int | None, Grade | None]],
) -> Kind | None:
    status, code, event = token(element, "Status"), token(element, "Code"), entries.word(text(element, "Name"))
    if status == NOTHING:
        return None
    if status != RELEASED and status not in IN_FORCE:
        entries.note(Code.UNKNOWN_STATE, f"Status {named(status)} of {named(event)}")
    return _in_force(code, event, status, hazards, entries, kinds)


def _in_force(  # noqa: PLR0917 - what one Kind says, and where to say what is wrong with it
    code: str,
    event: str,
    status: str,
    hazards: tuple[str, ...],
    entries: Entries,
    kinds: Mapping[str, tuple[str, int | None, Grade | None]],
) -> Kind | None:
    if code not in kinds:
        entries.note(Code.UNKNOWN_KIND, f"Kind {named(code)} {named(event)}")
        return _of_unknown_level(event, entries.word(code), status, hazards)
    hazard, level, grade = kinds[code]
    if status == RELEASED:
        return Kind(event=event, code=code, hazard=hazard, state=InfoState.RELEASED)
    rank = rank_of(hazard, level=level, grade=grade)
    return Kind(event=event, code=code, hazard=hazard, state=InfoState.ACTIVE, level=level, rank=rank)


def _of_unknown_level(event: str, code: str, status: str, hazards: tuple[str, ...]) -> Kind | None:
    """A code we do not know, in a telegram about one hazard: that is in force, at a level that is not guessed.

    Dropping it would end, for its area, whatever stood before; in a telegram about several there is no telling which.
    """
    if status == RELEASED or len(hazards) != 1:
        return None
    return Kind(event=event, code=code, hazard=hazards[0], state=InfoState.ACTIVE)
