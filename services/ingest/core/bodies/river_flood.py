"""VXKO50–89 指定河川洪水予報, VXSU50–59 水位周知河川: one river, one level, and the municipalities that may be flooded.

The level is the tens digit of Kind/Code in the headline's list of 予報区域 (10 is the release); the municipalities are
those of Body's 浸水想定地区, all at the telegram's level. 簡略版, with an almost empty Body, names no municipality. VXSU
names its stretch 発表区間, in a system with ten digits, and its towns by part.

Sources: the code table of 指定河川洪水予報 as collected in the project's notes on JMA, §2.2, §3.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from schemas.alert import InfoState
from schemas.area import AreaCode, AreaTable, Scheme
from schemas.level import rank_of
from services.ingest.core.bodies import AREAS_MAX, BodyReading, Entries, Kind
from services.ingest.core.defect import Code, Defect
from services.ingest.core.identity import key_part
from services.ingest.core.xml import child, named, text, token

FORECAST_AREAS = "（予報区域）"
"""How Information/@type of the headline's list of forecast areas ends."""
STRETCHES = "（発表区間）"
"""The same of VXSU."""
FLOODED = "浸水想定地区"
"""How Kind/Name of Body's lists of municipalities begins; （氾濫発生情報） may follow."""
RELEASED = "10"
TOWN_DIGITS = 7
LEVELS = (2, 3, 4, 5)


def read(report: Element, areas: AreaTable, hazards: tuple[str, ...]) -> BodyReading | Defect:
    """The forecast areas and the municipalities, each at its river's level; `hazards` is ("flood",)."""
    entries = Entries(areas)
    towns = tuple(_towns(report))
    rivers = [(item, area) for item in _forecast_areas(report) for area in item.findall("Areas/Area")]
    scheme = Scheme.RIVER if _is_stretch(report) else Scheme.FLOOD_AREA
    if not rivers:
        return Defect(code=Code.NOTHING_LISTED, reason=f"no forecast area {FORECAST_AREAS} in the headline")
    if len(rivers) * (1 + len(towns)) > AREAS_MAX:
        reason = f"{len(rivers)} forecast areas and {len(towns)} municipalities, more than {AREAS_MAX} entries"
        return Defect(code=Code.TOO_MANY_AREAS, reason=reason)
    for item, area in rivers:
        river = token(area, "Code")
        kind = _kind(item, f"{hazards[0]}:{key_part(river)}", entries)
        if isinstance(kind, Defect):
            return kind
        entries.add(AreaCode(scheme, river), text(area, "Name"), kind)
        for town, name in towns:
            entries.add(town, name, kind)
    return entries.reading()


def _kind(item: Element, hazard: str, entries: Entries) -> Kind | Defect:
    code, event = token(item, "Kind", "Code"), entries.word(text(item, "Kind", "Name"))
    if code == RELEASED:
        return Kind(event=event, code=code, hazard=hazard, state=InfoState.RELEASED)
    level = _level(code)
    if level is None:
        return Defect(code=Code.UNKNOWN_KIND, reason=f"Kind {named(code)} {named(event)}")
    rank = rank_of(hazard, level=level)
    return Kind(event=event, code=code, hazard=hazard, state=InfoState.ACTIVE, level=level, rank=rank)


def river_of(report: Element) -> str:
    """The first forecast area's code, "" where none is named: what EventID repeats."""
    return next((token(item, "Areas", "Area", "Code") for item in _forecast_areas(report)), "")


def _level(code: str) -> int | None:
    known = len(code) == 2 and code.isascii() and code.isdigit() and int(code[0]) in LEVELS
    return int(code[0]) if known else None


def _forecast_areas(report: Element) -> Iterator[Element]:
    headline = child(report, "Head", "Headline")
    for information in headline.findall("Information") if headline is not None else ():
        if information.get("type", "").endswith((FORECAST_AREAS, STRETCHES)):
            yield from information.findall("Item")


def _towns(report: Element) -> Iterator[tuple[AreaCode, str]]:
    """Each municipality once, although it stands there for every gauge."""
    seen: set[str] = set()
    for item in _flooded(report):
        for area in item.findall("Areas/Area"):
            part = token(area, "Code")
            by_part = len(part) == TOWN_DIGITS
            code = part if by_part else token(area, "CityCode")
            if code and code not in seen:
                seen.add(code)
                yield AreaCode(Scheme.CLASS20, code), text(area, "Name" if by_part else "City")


def _flooded(report: Element) -> Iterator[Element]:
    for warning in report.findall("Body/Warning"):
        of_towns = warning.get("type", "").endswith(f"（{FLOODED}）")
        for item in warning.findall("Item"):
            if of_towns or text(item, "Kind", "Name").startswith(FLOODED):
                yield item


def _is_stretch(report: Element) -> bool:
    return any(one.get("type", "").endswith(STRETCHES) for one in report.findall("Head/Headline/Information"))
