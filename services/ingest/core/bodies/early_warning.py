"""早期注意情報 (VPFD61 to the day after tomorrow, VPFW60 after that): level 1, [高] or [中], by hazard and period.

In force to the end of the last period that has one. 大雨, 土砂災害 and 高潮 (潮位) are 警戒レベル1; wind, waves and snow have
no level and are information of rank 1.

Sources: VPFD61 as recorded; Cabinet Office 避難情報に関するガイドライン (level 1); the project's notes on JMA §2.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from xml.etree.ElementTree import Element

from schemas.alert import InfoState
from schemas.area import AreaCode, AreaTable, Scheme
from schemas.level import Grade, rank_of
from services.ingest.core.bodies import BodyReading, Entries, Kind, weather_area
from services.ingest.core.defect import Code, Defect
from services.ingest.core.xml import named, span_of, text, time_of, token

POSSIBLE = "の警報級の可能性"
"""How Property/Type ends."""
RANKS_THAT_COUNT = frozenset({"高", "中"})
HAZARDS = (
    ("大雨", "heavy_rain"),
    ("雨", "heavy_rain"),
    ("土砂災害", "landslide"),
    ("潮位", "storm_surge"),
    ("高潮", "storm_surge"),
    ("風", "wind"),
    ("波", "wave"),
    ("雪", "heavy_snow"),
    ("大雪", "heavy_snow"),
)
"""How Property/Type begins → hazard."""
LEVELLED = frozenset({"heavy_rain", "landslide", "storm_surge"})


def read(report: Element, areas: AreaTable, _hazards: tuple[str, ...]) -> BodyReading | Defect:
    """VPFD61, by 一次細分区域."""
    return _read(report, areas, weather_area)


def read_week(report: Element, areas: AreaTable, _hazards: tuple[str, ...]) -> BodyReading | Defect:
    """VPFW60, by 府県予報区."""
    return _read(report, areas, _office)


def _office(areas: AreaTable, code: str) -> AreaCode:
    office = AreaCode(Scheme.OFFICE, code)
    return office if office in areas.entries else weather_area(areas, code)


def _read(report: Element, areas: AreaTable, placed: Callable[[AreaTable, str], AreaCode]) -> BodyReading | Defect:
    entries = Entries(areas)
    seen = False
    for series in report.findall("Body/MeteorologicalInfos/TimeSeriesInfo"):
        ends = dict(_ends(series))
        for item in series.findall("Item"):
            for found in item.findall("Kind/Property"):
                kind_of = text(found, "Type")
                if not kind_of.endswith(POSSIBLE):
                    continue
                seen = True
                kind = _kind(found, kind_of, ends, entries)
                if kind is not None:
                    code = token(item, "Area", "Code")
                    entries.add(placed(areas, code), text(item, "Area", "Name"), kind)
    if not seen:
        return Defect(code=Code.NOTHING_LISTED, reason=f"no Type …{POSSIBLE} in the Body")
    return entries.reading()


def _ends(series: Element) -> Iterator[tuple[str, datetime]]:
    """When each period ends, by its timeId."""
    for define in series.findall("TimeDefines/TimeDefine"):
        begins, lasts = time_of(token(define, "DateTime")), span_of(token(define, "Duration"))
        if begins is not None and lasts is not None:
            yield define.get("timeId", ""), begins + lasts


def _kind(found: Element, kind_of: str, ends: Mapping[str, datetime], entries: Entries) -> Kind | None:
    loud = [one for one in found.iter("PossibilityRankOfWarning") if text(one) in RANKS_THAT_COUNT]
    if not loud:
        return None
    hazard = next((known for word, known in HAZARDS if kind_of.startswith(word)), None)
    if hazard is None:
        entries.note(Code.UNKNOWN_KIND, f"Type {named(kind_of)}")
        return None
    strongest = "高" if any(text(one) == "高" for one in loud) else "中"
    level = 1 if hazard in LEVELLED else None
    return Kind(
        event=f"早期注意情報（{entries.word(kind_of)}［{strongest}］）",
        code="",
        hazard=hazard,
        state=InfoState.ACTIVE,
        level=level,
        rank=rank_of(hazard, level=level, grade=Grade.INFORMATION),
        expires=max((ends[ref] for one in loud if (ref := one.get("refID", "")) in ends), default=None),
    )
