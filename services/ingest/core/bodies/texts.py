"""Telegrams whose Body is a text, a track or a hypocentre: information for where it is about, else for the whole country.

The country is `region:japan`, which every city lies in. A hypocentre has a system of its own (震央地名), whose numbers
are no region's: it concerns a city that lists it, for the shaking itself is told by VXSE51 and VXSE53.

Sources: VPTW60, VXSE52, VXSE56, VXSE60, VXSE61, VPFJ50 as recorded; the project's notes on JMA §2.2.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from schemas.area import AreaCode, AreaEntry, AreaTable, Scheme
from services.ingest.core.bodies import BodyReading, Entries, informs
from services.ingest.core.bodies.tagged import SUBJECTS
from services.ingest.core.defect import Code, Defect
from services.ingest.core.xml import text, token

JAPAN = AreaCode(Scheme.REGION, "japan")
_NUMBERED = re.compile(r"\d\d(\d\d)")
"""The number of a typhoon: two digits of the year, two of its own."""


def read_nationwide(report: Element, areas: AreaTable, hazards: tuple[str, ...]) -> BodyReading | Defect:
    """Information for the whole country, called by its title."""
    return _everywhere(areas, hazards[0], text(report, "Head", "Title") or text(report, "Control", "Title"))


def read_typhoon(report: Element, areas: AreaTable, hazards: tuple[str, ...]) -> BodyReading | Defect:
    """VPTW60–65, where a typhoon is and will be; `hazards` is ("typhoon",)."""
    number = next(report.iter("TyphoonNamePart"), Element("none"))
    found = _NUMBERED.fullmatch(token(number, "Number"))
    called = f"台風第{int(found[1])}号" if found else text(next(report.iter("TyphoonClass"), Element("none")))
    return _everywhere(areas, hazards[0], f"台風情報（{called.partition('(')[0]}）" if called else "台風情報")


def read_hypocentre(report: Element, areas: AreaTable, hazards: tuple[str, ...]) -> BodyReading | Defect:
    """VXSE52 and VXSE61: where a quake began; `hazards` is ("quake",)."""
    entries = Entries(areas)
    event = entries.word(text(report, "Control", "Title"))
    for area in report.findall("Body/Earthquake/Hypocenter/Area"):
        code = AreaCode(Scheme.EPICENTER, token(area, "Code"))
        entries.add(code, text(area, "Name"), informs(event, "", hazards[0]))
    reading = entries.reading()
    if isinstance(reading, BodyReading) and not reading.entries:
        return Defect(code=Code.NOTHING_LISTED, reason="no Hypocenter/Area with a code in the Body")
    return reading


def read_titled(report: Element, areas: AreaTable, _hazards: tuple[str, ...]) -> BodyReading | Defect:
    """VPZJ50, VPCJ50 and VPFJ50 (to 2026): what and where their title names; 「大雨と雷に関する岩手県気象情報」."""
    title = text(report, "Head", "Title")
    place = _placed(areas, title)
    entries = Entries(areas)
    for hazard in dict.fromkeys(hazard for word, hazard in SUBJECTS if word in title):
        entries.add(place.area if place else JAPAN, place.name.ja if place else "全国", informs(title, "", hazard))
    return entries.reading()


def _everywhere(areas: AreaTable, hazard: str, event: str) -> BodyReading | Defect:
    entries = Entries(areas)
    entries.add(JAPAN, "全国", informs(entries.word(event), "", hazard))
    return entries.reading()


def _placed(areas: AreaTable, title: str) -> AreaEntry | None:
    """The prefecture, else the 地方, whose name the title holds; of several the longest."""
    for scheme in (Scheme.OFFICE, Scheme.CENTER):
        named_so = [entry for area, entry in areas.entries.items() if area.scheme == scheme and entry.name.ja in title]
        if named_so:
            return max(named_so, key=lambda entry: len(entry.name.ja))
    return None
