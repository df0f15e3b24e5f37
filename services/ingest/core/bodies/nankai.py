"""Information on great earthquakes to come: 南海トラフ地震 (VYSE50 臨時情報, VYSE51/52 解説), 後発地震 (VYSE60).

They name no area: whom they concern is the region that the law designates, which a city's file says it lies in. JMA
sends no end: the government's week of heightened care is the type's own.

Sources: JMA 地震関連情報番号コード (111–113 調査中, 120 巨大地震警戒, 130 巨大地震注意, 190 調査終了, 2xx 解説); 南海トラフ地震
防災対策推進基本計画 (a week); the project's notes on JMA §2.2.
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

NANKAI = AreaCode(Scheme.REGION, "nankai")
NANKAI_NAME = "南海トラフ地震防災対策推進地域"
HOKKAIDO_SANRIKU = AreaCode(Scheme.REGION, "hokkaido_sanriku")
HOKKAIDO_SANRIKU_NAME = "北海道・三陸沖後発地震の対象地域"
GRADES = MappingProxyType(
    {
        "111": Grade.MEGAQUAKE_STUDY,
        "112": Grade.MEGAQUAKE_STUDY,
        "113": Grade.MEGAQUAKE_STUDY,
        "120": Grade.MEGAQUAKE_WARNING,
        "130": Grade.MEGAQUAKE_ADVISORY,
    }
)
STUDY_OVER = "190"
EXPLAINS = "2"
"""How the codes of 関連解説情報 begin."""


def read(report: Element, areas: AreaTable, hazards: tuple[str, ...]) -> BodyReading | Defect:
    """VYSE50–52. A code that we do not know is in force, at a rank that is not guessed."""
    entries = Entries(areas)
    serial = report.find("Body/EarthquakeInfo/InfoSerial")
    code, word = token(serial, "Code"), entries.word(text(serial, "Name"))
    entries.add(NANKAI, NANKAI_NAME, _kind(entries.word(code), word, hazards[0], entries))
    return entries.reading()


def read_subsequent(report: Element, areas: AreaTable, hazards: tuple[str, ...]) -> BodyReading | Defect:
    """VYSE60: that a greater earthquake may follow."""
    entries = Entries(areas)
    rank = rank_of(hazards[0], grade=Grade.MEGAQUAKE_ADVISORY)
    event = entries.word(text(report, "Head", "Title"))
    kind = Kind(event=event, code="", hazard=hazards[0], state=InfoState.ACTIVE, rank=rank)
    entries.add(HOKKAIDO_SANRIKU, HOKKAIDO_SANRIKU_NAME, kind)
    return entries.reading()


def _kind(code: str, word: str, hazard: str, entries: Entries) -> Kind:
    event = f"南海トラフ地震臨時情報（{word}）"
    if code == STUDY_OVER:
        return released(event, code, hazard)
    if code.startswith(EXPLAINS):
        return informs(f"南海トラフ地震関連解説情報（{word}）", code, hazard)
    grade = GRADES.get(code)
    if grade is None:
        entries.note(Code.UNKNOWN_KIND, f"InfoSerial {named(code)} {named(word)}")
    return Kind(event=event, code=code, hazard=hazard, state=InfoState.ACTIVE, rank=rank_of(hazard, grade=grade))
