"""The one table of JMA's telegram types: what each is about, its lane, its feed, its stream, and who reads its body.

The next type is one row here and one file in `bodies/`. A row without a reader is a type whose Control and Head are
read and whose body is not yet; a type without a row is unknown and goes to `dead`.

Sources: JMA 電文 list as seen in its feeds and sample telegrams; the project's notes on JMA §2.1 (streams), §2.2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from schemas.alert import Category
from services.ingest.core.bodies import BodyParser, river_flood, weather_warning

EMERGENCY = "alerts.emergency"
ROUTINE = "alerts.routine"
EXTRA = "jma.extra"
"""The feed 随時."""
EQVOL = "jma.eqvol"
"""The feed 地震火山."""
CANARY = "canary"
"""The source that is our own loopback feed."""
CANARY_TYPE = "HANSHO"

NAMED = re.compile(r"(?<![A-Za-z0-9])(V[A-Z]{3}|HANS)(\d\d|HO|ii)(?![A-Za-z0-9])")
"""The type in a file name: four letters and two digits, `ii` where the number is unknown."""


class StreamKey(StrEnum):
    """What one stream of a type is about: the chain that the source keeps revising."""

    OFFICE = "office"
    """The office (府県予報区): each telegram is a snapshot for it."""
    EVENT = "event"
    """EventID, one or several separated by spaces; the office where there is none."""
    RIVER = "river"
    """EventID, which is the 予報区域; that of the headline where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramType:
    """One row. `code` is the six characters, or four for a family whose `numbers` share a stream and a reader.

    `titles`: Control/Title. `hazards`: what it can be about. `topic`: the lane of its streams, emergency for whatever
    can reach rank 4. `feed`: the source whose being heard keeps its streams (their lease).
    """

    code: str
    titles: tuple[str, ...]
    hazards: tuple[str, ...]
    topic: str
    feed: str
    key: StreamKey
    category: Category = Category.MET
    numbers: range | None = None
    body: BodyParser | None = None


def _warning(number: int, title: str, *hazards: str, topic: str = EMERGENCY) -> TelegramType:
    return TelegramType(
        code=f"VPWW{number}",
        titles=(f"気象警報・注意報（Ｒ０６）（{title}）",),
        hazards=hazards,
        topic=topic,
        feed=EXTRA,
        key=StreamKey.OFFICE,
        body=weather_warning.read,
    )


def _unread(
    code: str,
    *titles: str,
    hazards: str = "",
    topic: str = ROUTINE,
    key: StreamKey = StreamKey.EVENT,
    numbers: range | None = None,
) -> TelegramType:
    return TelegramType(
        code=code,
        titles=titles,
        hazards=tuple(hazards.split()),
        topic=topic,
        feed=EXTRA,
        key=key,
        numbers=numbers,
    )


def _earth(code: str, *titles: str, hazards: str = "quake", topic: str = EMERGENCY) -> TelegramType:
    return replace(_unread(code, *titles, hazards=hazards, topic=topic), feed=EQVOL, category=Category.GEO)


TYPES: tuple[TelegramType, ...] = (
    _warning(55, "大雨", "heavy_rain"),
    _warning(56, "土砂", "landslide"),
    _warning(57, "高潮", "storm_surge"),
    _warning(58, "暴風", "wind", "snowstorm"),
    _warning(59, "波浪", "wave"),
    _warning(60, "大雪", "heavy_snow"),
    _warning(
        61,
        "その他注意報",
        "thunder",
        "snowmelt",
        "fog",
        "dry_air",
        "avalanche",
        "low_temperature",
        "frost",
        "icing",
        "snow_accretion",
        topic=ROUTINE,
    ),
    TelegramType(
        code="VXKO",
        numbers=range(50, 90),
        titles=("指定河川洪水予報",),
        hazards=("flood",),
        topic=EMERGENCY,
        feed=EXTRA,
        key=StreamKey.RIVER,
        body=river_flood.read,
    ),
    # Legacy copies of the same events, sent beside VPWW55–61 until about 2028.
    _unread("VPWW53", "気象特別警報・警報・注意報", key=StreamKey.OFFICE),
    _unread("VPWW54", "気象警報・注意報（Ｈ２７）", key=StreamKey.OFFICE),
    _unread("VPNO50", "気象特別警報報知", key=StreamKey.OFFICE),
    _unread("VXWW50", "土砂災害警戒情報", key=StreamKey.OFFICE),
    _unread("VPOA50", "記録的短時間大雨情報"),
    # Weather, still to be read.
    _unread("VPBS50", "府県気象防災速報", hazards="rainband record_rain heavy_snow", topic=EMERGENCY),
    _unread("VPBS51", "地方気象防災速報", hazards="rainband record_rain heavy_snow", topic=EMERGENCY),
    _unread("VPHW50", "竜巻注意情報", hazards="tornado", key=StreamKey.OFFICE),
    _unread("VPHW51", "竜巻注意情報（目撃情報付き）", hazards="tornado", key=StreamKey.OFFICE),
    _unread("VXSU", "水位周知河川に関する情報", hazards="flood", topic=EMERGENCY, numbers=range(50, 60)),
    _unread("VPFT50", "熱中症警戒アラート", hazards="heat"),
    _unread("VPTW", "台風解析・予報情報（５日予報）（Ｈ３０）", hazards="typhoon", numbers=range(60, 66)),
    _unread("VPTA", "台風の暴風域に入る確率", hazards="typhoon", numbers=range(50, 56)),
    _unread("VPTI", "全般台風情報", "全般台風情報（定型）", "発達する熱帯低気圧に関する情報", numbers=range(50, 53)),
    _unread("VPZJ50", "全般気象情報"),
    _unread("VPZJ51", "全般気象解説情報"),
    _unread("VPCJ50", "地方気象情報"),
    _unread("VPCJ51", "地方気象解説情報"),
    _unread("VPFJ50", "府県気象情報"),
    _unread("VPFJ51", "府県気象解説情報"),
    _unread("VPAW51", "早期天候情報"),
    _unread("VPSG50", "スモッグ気象情報"),
    # Forecasts and summaries, of the feed 定時.
    _unread("VPFD50", "府県天気予報", key=StreamKey.OFFICE),
    _unread("VPFD51", "府県天気予報（Ｒ１）", key=StreamKey.OFFICE),
    _unread("VPFD60", "警報級の可能性（明日まで）", key=StreamKey.OFFICE),
    _unread("VPFD61", "早期注意情報（明後日まで）", key=StreamKey.OFFICE),
    _unread("VPFW50", "府県週間天気予報", key=StreamKey.OFFICE),
    _unread("VPFW60", "警報級の可能性（明後日以降）", key=StreamKey.OFFICE),
    _unread("VPWP50", "気象警報・注意報時系列情報（Ｒ０６）", key=StreamKey.OFFICE),
    _unread("VPWS50", "気象警報・注意報集約通報", key=StreamKey.OFFICE),
    # Earthquakes and tsunami, still to be read; 緊急地震速報 comes by no public feed.
    _earth("VXSE42", "緊急地震速報配信テスト", topic=ROUTINE),
    _earth("VXSE43", "緊急地震速報（警報）"),
    _earth("VXSE44", "緊急地震速報（予報）"),
    _earth("VXSE45", "緊急地震速報（地震動予報）"),
    _earth("VXSE47", "リアルタイム震度電文"),
    _earth("VXSE51", "震度速報"),
    _earth("VXSE52", "震源に関する情報"),
    _earth("VXSE53", "震源・震度に関する情報"),
    _earth("VXSE56", "地震の活動状況等に関する情報", topic=ROUTINE),
    _earth("VXSE60", "地震回数に関する情報", topic=ROUTINE),
    _earth("VXSE61", "顕著な地震の震源要素更新のお知らせ"),
    _earth("VXSE62", "長周期地震動に関する観測情報"),
    _earth("VZSE40", "地震・津波に関するお知らせ", topic=ROUTINE),
    _earth("VTSE41", "津波警報・注意報・予報a", hazards="tsunami"),
    _earth("VTSE51", "津波情報a", hazards="tsunami"),
    _earth("VTSE52", "沖合の津波観測に関する情報", hazards="tsunami"),
    _earth("VYSE50", "南海トラフ地震臨時情報", hazards="nankai"),
    _earth("VYSE51", "南海トラフ地震関連解説情報", hazards="nankai"),
    _earth("VYSE52", "南海トラフ地震関連解説情報", hazards="nankai"),
    _earth("VYSE60", "北海道・三陸沖後発地震注意情報"),
    # Volcanoes, still to be read.
    _earth("VFVO50", "噴火警報・予報", hazards="volcano"),
    _earth("VFVO51", "火山の状況に関する解説情報", hazards="volcano", topic=ROUTINE),
    _earth("VFVO52", "噴火に関する火山観測報", hazards="volcano", topic=ROUTINE),
    _earth("VFVO53", "降灰予報（定時）", hazards="ash", topic=ROUTINE),
    _earth("VFVO54", "降灰予報（速報）", hazards="ash", topic=ROUTINE),
    _earth("VFVO55", "降灰予報（詳細）", hazards="ash", topic=ROUTINE),
    _earth("VFVO56", "噴火速報", hazards="volcano"),
    _earth("VFVO60", "推定噴煙流向報", hazards="ash", topic=ROUTINE),
    _earth("VZVO40", "火山に関するお知らせ", hazards="volcano", topic=ROUTINE),
    replace(_earth("VFSV", "火山現象に関する海上警報・海上予報", topic=ROUTINE), numbers=range(50, 90)),
    # Ours: the canary that travels the whole chain (source `canary`, stream `canary`).
    _unread(CANARY_TYPE, "半鐘動作確認", topic=EMERGENCY),
)

_BY_CODE = {row.code: row for row in TYPES}
_BY_TITLE = {title: row for row in reversed(TYPES) for title in row.titles}


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A type by its name: `written` as it is printed (`VXKO70`, `VXKO` where the number is unknown), and its row."""

    written: str
    row: TelegramType


def by_name(name: str) -> Named | None:
    """The type that a file's name tells, None where it tells none that has a row."""
    found = NAMED.search(name)
    if found is None:
        return None
    family, number = found[1], found[2]
    row = _BY_CODE.get(family + number) or _BY_CODE.get(family)
    if row is None or not _numbered(row, number):
        return None
    return Named(written=family if number == "ii" else family + number, row=row)


def by_title(title: str) -> Named | None:
    """The type that Control/Title tells; of a family only its four letters."""
    row = _BY_TITLE.get(title)
    return Named(written=row.code, row=row) if row else None


def _numbered(row: TelegramType, number: str) -> bool:
    return row.numbers is None or number == "ii" or (number.isdigit() and int(number) in row.numbers)
