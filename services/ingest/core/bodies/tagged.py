"""Information by its tag 情報タグ: 気象防災速報 (VPBS50/51), which is news, and 気象解説情報 (VPZJ/VPCJ/VPFJ), which explains.

The headline's Information says what it is about (Kind/Condition) and in which areas; 記録雨 names a municipality in its
Body besides. It has no warning level and no end of its own: the type says how long it is news.

Sources: the telegrams as recorded; the project's notes on JMA §2.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from xml.etree.ElementTree import Element

from schemas.alert import InfoState
from schemas.area import AreaTable
from schemas.level import Grade, rank_of
from services.ingest.core.bodies import BodyReading, Entries, Kind, informs, weather_area
from services.ingest.core.defect import Code, Defect
from services.ingest.core.xml import named, text, token

TAGS = "情報タグ"
MUNICIPALITY = "市町村等"
"""How Area/@codeType of a municipality ends."""
NEWS = MappingProxyType(
    {
        "線状降水帯": ("rainband", Grade.ADVISORY),
        "記録雨": ("record_rain", Grade.ADVISORY),
        "記録的短時間大雨": ("record_rain", Grade.ADVISORY),
        "大雪": ("heavy_snow", Grade.WARNING),
        "竜巻": ("tornado", Grade.ADVISORY),
    }
)
"""What a tag of 気象防災速報 holds → hazard and grade."""
SUBJECTS = (
    ("線状降水帯", "rainband"),
    ("大雨", "heavy_rain"),
    ("大雪", "heavy_snow"),
    ("暴風雪", "snowstorm"),
    ("暴風", "wind"),
    ("強風", "wind"),
    ("高波", "wave"),
    ("波浪", "wave"),
    ("高潮", "storm_surge"),
    ("台風", "typhoon"),
    ("雷", "thunder"),
    ("竜巻", "tornado"),
    ("突風", "tornado"),
    ("融雪", "snowmelt"),
    ("なだれ", "avalanche"),
    ("高温", "heat"),
    ("低温", "low_temperature"),
    ("霜", "frost"),
    ("乾燥", "dry_air"),
    ("霧", "fog"),
    ("着雪", "snow_accretion"),
    ("着氷", "icing"),
)
"""What a tag of 気象解説情報 holds → hazard; a tag may hold several."""


def read_news(report: Element, areas: AreaTable, hazards: tuple[str, ...]) -> BodyReading | Defect:
    """気象防災速報: each tag in its areas; `hazards` are those of the type."""
    entries = Entries(areas)
    for tag, item in _tagged(report):
        known = next((found for word, found in NEWS.items() if word in tag), None)
        if known is None or known[0] not in hazards:
            entries.note(Code.UNKNOWN_KIND, f"情報タグ {named(tag)}")
            continue
        kind = _news(entries.word(tag), *known)
        _add(entries, areas, item, kind)
        for area in report.find("Body") or ():
            _add_towns(entries, areas, area, kind)
    return _reading(entries)


def read_outlook(report: Element, areas: AreaTable, _hazards: tuple[str, ...]) -> BodyReading | Defect:
    """気象解説情報: what it speaks of where, as information. A telegram without tags speaks of no area."""
    entries = Entries(areas)
    for tag, item in _tagged(report):
        subjects = dict.fromkeys(hazard for word, hazard in SUBJECTS if word in tag)
        for hazard in subjects:
            _add(entries, areas, item, informs(entries.word(tag), "", hazard))
    return entries.reading()


def _reading(entries: Entries) -> BodyReading | Defect:
    reading = entries.reading()
    if isinstance(reading, BodyReading) and not reading.entries:
        reason = "; ".join(defect.reason for defect in reading.defects) or f"no {TAGS} in the headline"
        return Defect(code=Code.NOTHING_LISTED, reason=reason)
    return reading


def _tagged(report: Element) -> Iterator[tuple[str, Element]]:
    for information in report.findall("Head/Headline/Information"):
        if information.get("type") == TAGS:
            for item in information.findall("Item"):
                yield from ((text(kind, "Condition"), item) for kind in item.findall("Kind"))


def _news(tag: str, hazard: str, grade: Grade) -> Kind:
    rank = rank_of(hazard, grade=grade)
    return Kind(event=tag, code="", hazard=hazard, state=InfoState.ACTIVE, rank=rank)


def _add(entries: Entries, areas: AreaTable, item: Element, kind: Kind) -> None:
    for listed in item.findall("Areas"):
        for area in listed.findall("Area"):
            placed = weather_area(areas, token(area, "Code"), listed.get("codeType", ""))
            entries.add(placed, text(area, "Name"), kind)


def _add_towns(entries: Entries, areas: AreaTable, element: Element, kind: Kind) -> None:
    for area in element.iter("Area"):
        if area.get("codeType", "").endswith(MUNICIPALITY):
            entries.add(weather_area(areas, token(area, "Code")), text(area, "Name"), kind)
