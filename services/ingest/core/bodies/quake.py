"""Intensity 震度: VXSE51 by region in 90 seconds, VXSE53 by municipality, VXSE62 with long periods; 緊急地震速報 VXSE43–45.

Municipalities are those of earthquakes (wards in designated cities); their numbers are not those of stations, which may
be equal, and a region's number is a tsunami area's elsewhere. A municipality without data where 5弱 or more is presumed
(未入電) counts as 5弱.

Sources: JMA 地震火山関連 telegrams as recorded; the project's notes on JMA §2.2, §6.
"""

from __future__ import annotations

from types import MappingProxyType
from xml.etree.ElementTree import Element

from schemas.alert import InfoState
from schemas.area import AreaCode, AreaTable, Scheme
from schemas.level import Grade, rank_of
from services.ingest.core.bodies import BodyReading, Entries, Kind
from services.ingest.core.defect import Code, Defect
from services.ingest.core.xml import named, text, token

SHINDO = MappingProxyType(
    {
        "7": Grade.SHINDO_7,
        "6+": Grade.SHINDO_6_UPPER,
        "6-": Grade.SHINDO_6_LOWER,
        "5+": Grade.SHINDO_5_UPPER,
        "5-": Grade.SHINDO_5_LOWER,
        "4": Grade.SHINDO_4,
        "3": Grade.SHINDO_3,
        "2": None,
        "1": None,
        "0": None,
    }
)
"""MaxInt → grade; below 3 there is none, and nobody is told."""
NO_DATA = "未入電"
PRESUMED = "5-"
NO_LIMIT = "over"
"""ForecastInt/To where only the lower bound is said."""
_WORDS = MappingProxyType({"5-": "５弱", "5+": "５強", "6-": "６弱", "6+": "６強"})


def read(report: Element, areas: AreaTable, hazards: tuple[str, ...]) -> BodyReading | Defect:
    """VXSE51, VXSE53, VXSE62: municipalities, and regions where no municipality is named in them."""
    entries = Entries(areas)
    for region in report.findall("Body/Intensity/Observation/Pref/Area"):
        cities = region.findall("City")
        for place in cities or [region]:
            scheme = Scheme.QUAKE_CITY if cities else Scheme.QUAKE_AREA
            kind = _kind(_observed(place), hazards[0], entries)
            entries.add(AreaCode(scheme, token(place, "Code")), text(place, "Name"), kind)
    return entries.reading()


def read_early(report: Element, areas: AreaTable, hazards: tuple[str, ...]) -> BodyReading | Defect:
    """VXSE43–45: regions, at the upper bound of the intensity that is expected."""
    entries = Entries(areas)
    for region in report.findall("Body/Intensity/Forecast/Pref/Area"):
        lower, upper = token(region, "ForecastInt", "From"), token(region, "ForecastInt", "To")
        expected = _kind(lower if upper == NO_LIMIT else upper, hazards[0], entries)
        entries.add(AreaCode(Scheme.QUAKE_AREA, token(region, "Code")), text(region, "Name"), expected)
    return entries.reading()


def _observed(place: Element) -> str:
    """The intensity of a place, no lower than what is presumed where its data has not come in."""
    written = token(place, "MaxInt")
    presumed = NO_DATA in text(place, "Condition") or NO_DATA in written
    order = list(SHINDO)
    if presumed and (written not in SHINDO or order.index(written) > order.index(PRESUMED)):
        return PRESUMED
    return written


def _kind(shindo: str, hazard: str, entries: Entries) -> Kind:
    if shindo not in SHINDO:
        entries.note(Code.UNKNOWN_KIND, f"intensity {named(shindo)}")
    return Kind(
        event=f"震度{_WORDS.get(shindo) or entries.word(shindo)}",
        code=entries.word(shindo),
        hazard=hazard,
        state=InfoState.ACTIVE,
        rank=rank_of(hazard, grade=SHINDO.get(shindo)),
    )
