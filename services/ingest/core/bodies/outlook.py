"""VPWP50 気象警報・注意報時系列情報: how dangerous it may get in each municipality, period by period.

An outlook and no issuance: it has no 警戒レベル of its own, whatever level it expects, and is information of rank 1. What
is in force is said by VPWW55–61. A danger below 注意報級 (and 値なし) is none.

Sources: VPWP50 as recorded; JMA 別表5 (Significancy) as collected in the project's notes on JMA, §2.2, §3.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from xml.etree.ElementTree import Element

from schemas.area import AreaCode, AreaTable
from services.ingest.core.bodies import BodyReading, Entries, Kind, informs, weather_area
from services.ingest.core.defect import Code, Defect
from services.ingest.core.xml import named, periods, text, token

MUNICIPALITIES = "（市町村等）"
"""How MeteorologicalInfos/@type of the list that counts ends."""
DANGER = "危険度"
"""How Property/Type of a danger ends; the others are quantities."""
HAZARDS: Mapping[str, str] = {
    "大雨浸水": "heavy_rain",
    "大雨": "heavy_rain",
    "土砂災害": "landslide",
    "高潮": "storm_surge",
    "風": "wind",
    "風雪": "snowstorm",
    "波": "wave",
    "雪": "heavy_snow",
    "雷": "thunder",
    "融雪": "snowmelt",
    "濃霧": "fog",
    "乾燥": "dry_air",
    "なだれ": "avalanche",
    "低温": "low_temperature",
    "霜": "frost",
    "着氷": "icing",
    "着雪": "snow_accretion",
}
"""What Property/Type says before 危険度 → hazard."""
LEAST = "20"
"""Significancy/Code from which on it is a danger: 20 注意報級, 21 警戒レベル2, 30 警報級 … 51."""


def read(report: Element, areas: AreaTable, _hazards: tuple[str, ...]) -> BodyReading | Defect:
    """Each municipality's dangers, each to the end of the last period that has it."""
    entries = Entries(areas)
    listed: dict[AreaCode, None] = {}
    for series in report.findall("Body/MeteorologicalInfos/TimeSeriesInfo"):
        ends = dict(periods(series))
        for item in series.findall("Item"):
            area = weather_area(areas, token(item, "Area", "Code"))
            listed[area] = None
            for found in item.findall("Kind/Property"):
                kind = _kind(found, ends, entries)
                if kind is not None:
                    entries.add(area, text(item, "Area", "Name"), kind)
    if not listed:
        return Defect(code=Code.NOTHING_LISTED, reason="no TimeSeriesInfo with an Item in the Body")
    return entries.reading(tuple(listed))


def _kind(found: Element, ends: Mapping[str, datetime], entries: Entries) -> Kind | None:
    kind_of = text(found, "Type")
    loud = [one for one in found.iter("Significancy") if _counts(token(one, "Code"))]
    if not kind_of.endswith(DANGER) or not loud:
        return None
    hazard = HAZARDS.get(kind_of.removesuffix(DANGER))
    if hazard is None:
        entries.note(Code.UNKNOWN_KIND, f"Type {named(kind_of)}")
        return None
    worst = max(loud, key=lambda one: token(one, "Code"))
    event = entries.word(f"時系列情報（{kind_of}　{text(worst, 'Name')}）")
    return replace(informs(event, token(worst, "Code"), hazard), expires=max(_ended(loud, ends), default=None))


def _counts(code: str) -> bool:
    return code.isdigit() and len(code) == len(LEAST) and code >= LEAST


def _ended(loud: list[Element], ends: Mapping[str, datetime]) -> Iterator[datetime]:
    for one in loud:
        if one.get("refID", "") in ends:
            yield ends[one.get("refID", "")]
