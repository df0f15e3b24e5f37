"""The one table of JMA's telegram types: what each is about, its lane, its feed, its stream, and who reads its body.

The next type is one row here and one file in `bodies/`. A row without a reader is a type whose Control and Head are
read and whose body is not yet; a type without a row is unknown and goes to `dead`.

Sources: JMA 電文 list as seen in its feeds and sample telegrams; the project's notes on JMA §2.1 (streams), §2.2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from schemas.alert import Category
from services.ingest.core.bodies import (
    BodyParser,
    early_warning,
    heat,
    nankai,
    on_off,
    quake,
    river_flood,
    tagged,
    text_only,
    tsunami,
    typhoon,
    volcano,
    weather_warning,
)

EMERGENCY = "alerts.emergency"
ROUTINE = "alerts.routine"
EXTRA = "jma.extra"
"""The feed 随時."""
EQVOL = "jma.eqvol"
"""The feed 地震火山."""
REGULAR = "jma.regular"
"""The feed 定時."""
PUSHED = "jma.pushed"
"""What no feed carries: a route that pushes each telegram as it is issued."""
PULLED = frozenset({EXTRA, EQVOL, REGULAR})
REFORM = datetime(2026, 5, 28, 4, 0, tzinfo=UTC)
"""13:00 in Japan: since then VPWW55–61 and their kin say it, and the older types repeat it (jma.md §3.1)."""
ALWAYS = datetime.min.replace(tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NEWS = 3 * HOUR
"""How long something that happened, and that nobody ends, is shown: as long as a warning whose source fell silent."""
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
    LATEST = "latest"
    """The type itself, whose latest report counts: EventIDs that change name nothing that goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramType:
    """One row. `code` is the six characters, or four for a family whose `numbers` share a stream and a reader.

    `titles`: Control/Title. `hazards`: what it can be about. `topic`: the lane of its streams, emergency for whatever
    can reach rank 4. `feed`: the source whose being heard keeps its streams (their lease).
    `lasts`: how long it holds from its report on, where it states no end (None: until replaced, under the lease);
    `states_end`: Head/ValidDateTime is its end. `copy_since`: reports from then on repeat what a newer type says.
    `informs`: puts nothing in force. `pushed_only`: of no use by a feed that is minutes behind.
    `by_prefecture`: of one prefecture, although its stream is an event.
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
    lasts: timedelta | None = None
    states_end: bool = False
    copy_since: datetime | None = None
    informs: bool = False
    pushed_only: bool = False
    by_prefecture: bool = False

    @property
    def names_office(self) -> bool:
        """Whether the suffix of a file's name is the office it speaks for; else it is the centre that sent it."""
        return self.by_prefecture or self.key is StreamKey.OFFICE


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


def _legacy(code: str, title: str, body: BodyParser, *, since: datetime = REFORM, **known: str) -> TelegramType:
    """What an older type says of storms before the reform; since then it is a copy."""
    row = _unread(code, title, key=StreamKey.OFFICE, topic=EMERGENCY, hazards=known.get("hazards", OLD_HAZARDS))
    return replace(row, body=body, copy_since=since)


def _explains(code: str, title: str, *, by_prefecture: bool = False) -> TelegramType:
    row = replace(_unread(code, title, hazards=EXPLAINED), by_prefecture=by_prefecture)
    return replace(row, body=tagged.read_outlook, lasts=DAY, informs=True)


def _text(row: TelegramType) -> TelegramType:
    return replace(row, body=text_only)


OLD_HAZARDS = " ".join(sorted({hazard for hazard, _, _ in weather_warning.LEGACY_KINDS.values()}))
EXPLAINED = " ".join(dict.fromkeys(hazard for _, hazard in tagged.SUBJECTS))
EARLY = " ".join(dict.fromkeys(hazard for _, hazard in early_warning.HAZARDS))


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
    replace(
        _unread("VXSU", "水位周知河川に関する情報", hazards="flood", topic=EMERGENCY, numbers=range(50, 60)),
        key=StreamKey.RIVER,
        body=river_flood.read,
    ),
    # Older types: of use for storms before the reform; since then copies of VPWW55–61 and VPBS50, until about 2028.
    _legacy("VPWW50", "気象警報・注意報", weather_warning.read_legacy),
    _legacy("VPWW53", "気象特別警報・警報・注意報", weather_warning.read_legacy),
    _legacy("VPWW54", "気象警報・注意報（Ｈ２７）", weather_warning.read_legacy),
    # a notice that VPWW53/54 hold a special warning; it is never sent to end one
    _legacy("VPNO50", "気象特別警報報知", weather_warning.read_announced, since=ALWAYS),
    _legacy("VXWW50", "土砂災害警戒情報", on_off.read, hazards="landslide"),
    replace(
        _unread("VPOA50", "記録的短時間大雨情報", hazards="record_rain"),
        body=on_off.read,
        lasts=NEWS,
        copy_since=REFORM,
        by_prefecture=True,
    ),
    *(
        replace(_text(_unread(code, title)), copy_since=REFORM)
        for code, title in (("VPZJ50", "全般気象情報"), ("VPCJ50", "地方気象情報"), ("VPFJ50", "府県気象情報"))
    ),
    # 気象防災速報, 竜巻, 解説情報.
    *(
        replace(
            _unread(code, title, hazards="rainband record_rain heavy_snow tornado", topic=EMERGENCY),
            body=tagged.read_news,
            lasts=NEWS,
            by_prefecture=by_prefecture,
        )
        for code, title, by_prefecture in (("VPBS50", "府県気象防災速報", True), ("VPBS51", "地方気象防災速報", False))
    ),
    *(
        replace(
            _unread(code, title, hazards="tornado", key=StreamKey.OFFICE),
            body=on_off.read,
            lasts=timedelta(minutes=75),
            states_end=True,
        )
        for code, title in (("VPHW50", "竜巻注意情報"), ("VPHW51", "竜巻注意情報（目撃情報付き）"))
    ),
    _explains("VPZJ51", "全般気象解説情報"),
    _explains("VPCJ51", "地方気象解説情報"),
    _explains("VPFJ51", "府県気象解説情報", by_prefecture=True),
    replace(_unread("VPFT50", "熱中症警戒アラート", hazards="heat"), body=heat.read, lasts=DAY, by_prefecture=True),
    # Typhoons, as information.
    _text(_unread("VPTW", "台風解析・予報情報（５日予報）（Ｈ３０）", hazards="typhoon", numbers=range(60, 66))),
    replace(
        _unread("VPTA", "台風の暴風域に入る確率", hazards="typhoon", numbers=range(50, 56)),
        body=typhoon.read_probability,
        lasts=DAY,
        informs=True,
    ),
    _text(
        _unread("VPTI", "全般台風情報", "全般台風情報（定型）", "発達する熱帯低気圧に関する情報", numbers=range(50, 53))
    ),
    _unread("VPAW51", "早期天候情報"),
    _unread("VPSG50", "スモッグ気象情報"),
    # Of the feed 定時.
    *(
        replace(
            _unread(code, title, hazards=EARLY, key=StreamKey.OFFICE),
            feed=REGULAR,
            body=body,
            lasts=DAY,
            informs=True,
        )
        for code, title, body in (
            ("VPFD61", "早期注意情報（明後日まで）", early_warning.read),
            ("VPFW60", "警報級の可能性（明後日以降）", early_warning.read_week),
        )
    ),
    replace(
        _unread("VPFD60", "警報級の可能性（明日まで）", hazards=EARLY, key=StreamKey.OFFICE),
        feed=REGULAR,
        body=early_warning.read,
        lasts=DAY,
        copy_since=REFORM,
        informs=True,
    ),
    _unread("VPFD50", "府県天気予報", key=StreamKey.OFFICE),
    _unread("VPFD51", "府県天気予報（Ｒ１）", key=StreamKey.OFFICE),
    _unread("VPFW50", "府県週間天気予報", key=StreamKey.OFFICE),
    # an outlook by the hour, and the whole country's state in one: neither issues anything
    _unread("VPWP50", "気象警報・注意報時系列情報（Ｒ０６）", key=StreamKey.OFFICE),
    _unread("VPWS50", "気象警報・注意報集約通報", key=StreamKey.OFFICE),
    # Earthquakes. 緊急地震速報 comes by no public feed.
    _text(_earth("VXSE42", "緊急地震速報配信テスト", topic=ROUTINE)),
    *(
        replace(
            _earth(code, title),
            feed=PUSHED,
            body=quake.read_early,
            lasts=timedelta(seconds=60),
            pushed_only=True,
        )
        for code, title in (
            ("VXSE43", "緊急地震速報（警報）"),
            ("VXSE44", "緊急地震速報（予報）"),
            ("VXSE45", "緊急地震速報（地震動予報）"),
        )
    ),
    _earth("VXSE47", "リアルタイム震度電文"),
    *(
        replace(_earth(code, title), body=quake.read, lasts=NEWS)
        for code, title in (
            ("VXSE51", "震度速報"),
            ("VXSE53", "震源・震度に関する情報"),
            ("VXSE62", "長周期地震動に関する観測情報"),
        )
    ),
    _text(_earth("VXSE52", "震源に関する情報", topic=ROUTINE)),
    _text(_earth("VXSE56", "地震の活動状況等に関する情報", topic=ROUTINE)),
    _text(_earth("VXSE60", "地震回数に関する情報", topic=ROUTINE)),
    _text(_earth("VXSE61", "顕著な地震の震源要素更新のお知らせ", topic=ROUTINE)),
    _text(_earth("VZSE40", "地震・津波に関するお知らせ", topic=ROUTINE)),
    # Tsunami.
    replace(_earth("VTSE41", "津波警報・注意報・予報a", hazards="tsunami"), body=tsunami.read),
    *(
        replace(
            _earth(code, title, hazards="tsunami", topic=ROUTINE),
            body=tsunami.read_information,
            lasts=NEWS,
            informs=True,
        )
        for code, title in (("VTSE51", "津波情報a"), ("VTSE52", "沖合の津波観測に関する情報"))
    ),
    # Great earthquakes to come.
    replace(
        _earth("VYSE50", "南海トラフ地震臨時情報", hazards="nankai"),
        key=StreamKey.LATEST,
        body=nankai.read,
        lasts=7 * DAY,
    ),
    *(
        replace(
            _earth(code, "南海トラフ地震関連解説情報", hazards="nankai", topic=ROUTINE),
            key=StreamKey.LATEST,
            body=nankai.read,
            lasts=DAY,
            informs=True,
        )
        for code in ("VYSE51", "VYSE52")
    ),
    replace(
        _earth("VYSE60", "北海道・三陸沖後発地震注意情報"),
        key=StreamKey.LATEST,
        body=nankai.read_subsequent,
        lasts=7 * DAY,
    ),
    # Volcanoes.
    replace(_earth("VFVO50", "噴火警報・予報", hazards="volcano"), body=volcano.read_warning),
    *(
        replace(
            _earth(code, title, hazards="volcano", topic=ROUTINE),
            body=volcano.read_information,
            lasts=DAY,
            informs=True,
        )
        for code, title in (("VFVO51", "火山の状況に関する解説情報"), ("VFVO52", "噴火に関する火山観測報"))
    ),
    *(
        replace(
            _earth(code, title, hazards="ash", topic=ROUTINE),
            body=volcano.read_ash,
            lasts=18 * HOUR,
            states_end=True,
        )
        for code, title in (
            ("VFVO53", "降灰予報（定時）"),
            ("VFVO54", "降灰予報（速報）"),
            ("VFVO55", "降灰予報（詳細）"),
        )
    ),
    replace(_earth("VFVO56", "噴火速報", hazards="volcano"), body=volcano.read_eruption, lasts=DAY),
    _earth("VFVO60", "推定噴煙流向報", hazards="ash", topic=ROUTINE),
    _text(_earth("VZVO40", "火山に関するお知らせ", hazards="volcano", topic=ROUTINE)),
    replace(_earth("VFSV", "火山現象に関する海上警報・海上予報", topic=ROUTINE), numbers=range(50, 90)),
    # Of no concern for what a city warns of: known, so that nobody takes them for something new.
    *(
        _unread(code, title)
        for title, codes in (
            ("季節観測", "VGSK50"),
            ("生物季節観測", "VGSK55"),
            ("特殊気象報", "VGSK60"),
            ("紫外線観測データ", "VGUV50"),
            ("台風解析・予報情報（３日予報）", "VPTW40 VPTW41"),
            ("台風解析・予報情報（５日予報）", "VPTW50 VPTW51"),
            ("全般海上警報（定時）", "VPZU50"),
            ("全般海上警報（臨時）", "VPZU51"),
            ("全般海上警報（定時）（Ｈ２９）", "VPZU52"),
            ("全般海上警報（臨時）（Ｈ２９）", "VPZU53"),
            ("地方海上警報", "VPCU50"),
            ("地方海上警報（Ｈ２８）", "VPCU51"),
            ("地方海上予報", "VPCY50"),
            ("地方海上予報（Ｈ２８）", "VPCY51"),
            ("府県天気概況", "VPFG50"),
            ("全般天候情報", "VPZI50"),
            ("地方天候情報", "VPCI50"),
            ("府県天候情報", "VPFI50"),
            ("全般週間天気予報", "VPZW50"),
            ("地方週間天気予報", "VPCW50"),
            ("全般潮位情報", "VMCJ50"),
            ("地方潮位情報", "VMCJ51"),
            ("府県潮位情報", "VMCJ52"),
            ("全般気象解説情報（潮位）", "VMCJ53"),
            ("地方気象解説情報（潮位）", "VMCJ54"),
            ("府県気象解説情報（潮位）", "VMCJ55"),
            ("全般１か月予報", "VPZK50"),
            ("地方１か月予報", "VPCK50"),
            ("全般季節予報（２週間気温予報）", "VPZK70"),
            ("地方季節予報（２週間気温予報）", "VPCK70"),
            ("大雨危険度通知", "VPRN50"),
            ("地上実況図", "VZSA50"),
            ("地上２４時間予想図", "VZSF50"),
            ("地上４８時間予想図", "VZSF51"),
            ("アジア太平洋地上実況図", "VZSA60"),
            ("アジア太平洋海上悪天２４時間予想図", "VZSF60"),
            ("アジア太平洋海上悪天４８時間予想図", "VZSF61"),
        )
        for code in codes.split()
    ),
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
