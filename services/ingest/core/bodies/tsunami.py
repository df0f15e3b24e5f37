"""Tsunami: VTSE41 says what is in force for each stretch of coast, VTSE51/52 inform of arrivals and heights.

VTSE41 is a snapshot by 津波予報区. 津波予報 (71–73), 解除 (50, 60) and 津波なし (00) put nothing in force: after a warning
each of them is its end. VTSE51 and VTSE52 repeat the warning and are never sent to end it, so they are information: were
they taken for the warning, it would outlive its release.

Sources: JMA code table 警報等情報要素／津波警報・注意報・予報 as collected in the project's notes on JMA §2.2.
"""

from __future__ import annotations

from types import MappingProxyType
from xml.etree.ElementTree import Element

from schemas.alert import InfoState
from schemas.area import AreaCode, AreaTable, Scheme
from schemas.level import Grade, rank_of
from services.ingest.core.bodies import BodyReading, Entries, Kind, informs, released
from services.ingest.core.defect import Code, Defect
from services.ingest.core.xml import named, text, token

IN_FORCE = MappingProxyType(
    {"52": Grade.MAJOR_TSUNAMI, "53": Grade.MAJOR_TSUNAMI, "51": Grade.WARNING, "62": Grade.ADVISORY}
)
OVER = frozenset({"00", "50", "60", "71", "72", "73"})
"""警報解除, 注意報解除, 若干の海面変動, 津波なし."""


def read(report: Element, areas: AreaTable, hazards: tuple[str, ...]) -> BodyReading | Defect:
    """VTSE41: what each stretch of coast has; one without any is no all-clear and is refused."""
    entries = Entries(areas)
    listed: list[AreaCode] = []
    for item in report.findall("Body/Tsunami/Forecast/Item"):
        area = _coast(item)
        listed.append(area)
        entries.add(area, text(item, "Area", "Name"), _kind(item, hazards[0], entries))
    if not listed:
        return Defect(code=Code.NOTHING_LISTED, reason="no Tsunami/Forecast/Item in the Body")
    return entries.reading(tuple(listed))


def read_information(report: Element, areas: AreaTable, hazards: tuple[str, ...]) -> BodyReading | Defect:
    """VTSE51, VTSE52: the stretches of coast that a wave is expected at, or was estimated for."""
    entries = Entries(areas)
    event = text(report, "Head", "Title")
    told = informs(entries.word(event), "", hazards[0])
    for item in report.findall("Body/Tsunami/Forecast/Item"):
        of_warning = _kind(item, hazards[0], entries)
        in_force = of_warning.state is InfoState.ACTIVE
        entries.add(_coast(item), text(item, "Area", "Name"), told if in_force else of_warning)
    for item in report.findall("Body/Tsunami/Estimation/Item"):
        entries.add(_coast(item), text(item, "Area", "Name"), told)
    return entries.reading()


def _coast(item: Element) -> AreaCode:
    return AreaCode(Scheme.TSUNAMI, token(item, "Area", "Code"))


def _kind(item: Element, hazard: str, entries: Entries) -> Kind:
    """What an Item says. A code that we do not know is in force, at a rank that is not guessed."""
    code, event = token(item, "Category", "Kind", "Code"), entries.word(text(item, "Category", "Kind", "Name"))
    if code in OVER:
        return released(event, code, hazard)
    grade = IN_FORCE.get(code)
    if grade is None:
        entries.note(Code.UNKNOWN_KIND, f"Kind {named(code)} {named(event)}")
    rank = rank_of(hazard, grade=grade)
    return Kind(event=event, code=entries.word(code), hazard=hazard, state=InfoState.ACTIVE, rank=rank)
