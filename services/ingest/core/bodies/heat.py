"""VPFT50 熱中症警戒アラート: one 府県予報区, named by the title alone, for one day.

The first report comes about 17:00 for the day after, the second about 05:00 for the day itself; it holds to that day's
end. The Body is text.

Sources: VPFT50 as recorded; 環境省・気象庁 熱中症警戒アラート (hours of issue); the project's notes on JMA §2.2.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from xml.etree.ElementTree import Element

from schemas.alert import InfoState
from schemas.area import AreaCode, AreaEntry, AreaTable, Scheme
from schemas.level import Grade, rank_of
from services.ingest.core.bodies import BodyReading, Entries, Kind
from services.ingest.core.defect import Code, Defect
from services.ingest.core.identity import JST
from services.ingest.core.xml import named, text, time_of, token

TITLE = "熱中症"
"""What follows the name of the area in Head/Title (警戒アラート, 特別警戒アラート)."""
FOR_TOMORROW_FROM_HOUR = 12


def read(report: Element, areas: AreaTable, hazards: tuple[str, ...]) -> BodyReading | Defect:
    """The area that the title names; `hazards` is ("heat",)."""
    title = text(report, "Head", "Title")
    where = title.partition(TITLE)[0].strip()
    office = _office(areas, where)
    if office is None:
        return Defect(code=Code.NOTHING_LISTED, reason=f"no area that is known in the title {named(title)}")
    entries = Entries(areas)
    rank = rank_of(hazards[0], grade=Grade.ADVISORY)
    kind = Kind(
        event=entries.word(title.removeprefix(where)),
        code="",
        hazard=hazards[0],
        state=InfoState.ACTIVE,
        rank=rank,
        expires=_end_of_day(time_of(token(report, "Head", "ReportDateTime"))),
    )
    entries.add(office.area, office.name.ja, kind)
    return entries.reading()


def _office(areas: AreaTable, where: str) -> AreaEntry | None:
    """The office, or the 一次細分区域, of this name; （…を除く） is written in more than one way."""
    bare = where.partition("（")[0]
    named_so: dict[AreaCode, AreaEntry] = {
        area: entry
        for area, entry in areas.entries.items()
        if area.scheme == Scheme.OFFICE and bare and entry.name.ja.partition("（")[0] == bare
    }
    return next(iter(named_so.values()), None)


def _end_of_day(reported_at: datetime | None) -> datetime | None:
    if reported_at is None:
        return None
    local = reported_at.astimezone(JST)
    days = 2 if local.hour >= FOR_TOMORROW_FROM_HOUR else 1
    return local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days)
