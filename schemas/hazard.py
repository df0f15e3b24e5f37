"""What can happen: the closed list of hazards, with their names and what to do when there is no warning level to say it.

A hazard id may carry an item after a colon (`flood:820209000400`, `gauge:…`, `evacuation:<incident>`): floods count per
river, gauges per station, office orders per incident, so that another river is a new hazard with its own end. People
follow the part before the colon.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from schemas.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard:
    """One kind of danger. `per` names what counts separately (None: one of a kind); `action` is what to do."""

    id: str
    name: Text
    action: Text
    per: str | None = None


STAY_INSIDE = Text(
    ja="外に出ず、窓から離れてください",
    easy="そとに でないで ください。まどから はなれて ください",
    en="Stay indoors, away from windows",
)
TAKE_CARE = Text(
    ja="今後の情報に注意してください", easy="これからの しらせを みて ください", en="Follow the next reports"
)
KEEP_FROM_WATER = Text(
    ja="川や海、低い土地に近づかないでください",
    easy="かわや うみ、ひくい ところに ちかづかないで ください",
    en="Keep away from rivers, the sea and low ground",
)
KEEP_FROM_SEA = Text(ja="海に近づかないでください", easy="うみに ちかづかないで ください", en="Keep away from the sea")
ONLY_IF_NEEDED = Text(
    ja="不要な外出を控えてください", easy="できるだけ そとに でないで ください", en="Go out only if you must"
)


def _hazard(id: str, ja: str, easy: str, en: str, action: Text = TAKE_CARE, per: str | None = None) -> Hazard:  # noqa: A002, PLR0917 - a table row
    return Hazard(id=id, name=Text(ja=ja, easy=easy, en=en), action=action, per=per)


_ROWS = (
    _hazard("heavy_rain", "大雨", "おおあめ", "heavy rain", KEEP_FROM_WATER),
    _hazard(
        "landslide",
        "土砂災害",
        "がけくずれ",
        "landslide",
        Text(
            ja="がけや沢から離れてください",
            easy="がけや さわから はなれて ください",
            en="Keep away from slopes and ravines",
        ),
    ),
    _hazard("storm_surge", "高潮", "たかしお", "storm surge", KEEP_FROM_SEA),
    _hazard("flood", "氾濫", "かわの はんらん", "river flood", KEEP_FROM_WATER, per="river"),
    _hazard("wind", "暴風", "つよい かぜ", "strong wind", STAY_INSIDE),
    _hazard("snowstorm", "暴風雪", "ふぶき", "snowstorm", STAY_INSIDE),
    _hazard("wave", "波浪", "たかい なみ", "high waves", KEEP_FROM_SEA),
    _hazard("heavy_snow", "大雪", "おおゆき", "heavy snow", ONLY_IF_NEEDED),
    _hazard(
        "thunder",
        "雷",
        "かみなり",
        "thunder",
        Text(ja="建物の中に入ってください", easy="たてものの なかに はいって ください", en="Go inside a building"),
    ),
    _hazard("fog", "濃霧", "こい きり", "dense fog"),
    _hazard(
        "dry_air",
        "乾燥",
        "くうきの かんそう",
        "dry air",
        Text(ja="火の取扱いに注意してください", easy="ひに きをつけて ください", en="Take care with fire"),
    ),
    _hazard(
        "avalanche",
        "なだれ",
        "なだれ",
        "avalanche",
        Text(
            ja="雪の積もった斜面に近づかないでください",
            easy="ゆきの さかに ちかづかないで ください",
            en="Keep away from snowy slopes",
        ),
    ),
    _hazard("snowmelt", "融雪", "ゆきどけ", "snowmelt", KEEP_FROM_WATER),
    _hazard("low_temperature", "低温", "ひくい おんど", "low temperature"),
    _hazard("frost", "霜", "しも", "frost"),
    _hazard("icing", "着氷", "こおりの つくこと", "icing"),
    _hazard("snow_accretion", "着雪", "ゆきの つくこと", "snow accretion"),
    _hazard("tornado", "竜巻", "たつまき", "tornado", STAY_INSIDE),
    _hazard("rainband", "線状降水帯", "つづく はげしい あめ", "rain band", KEEP_FROM_WATER),
    _hazard("record_rain", "記録的短時間大雨", "とても はげしい あめ", "record rain", KEEP_FROM_WATER),
    _hazard(
        "heat",
        "熱中症",
        "ねっちゅうしょう",
        "heat",
        Text(
            ja="涼しい所で過ごし、水分をとってください",
            easy="すずしい ところに いて、みずを のんで ください",
            en="Stay cool and drink water",
        ),
    ),
    _hazard("typhoon", "台風", "たいふう", "typhoon"),
    _hazard(
        "quake",
        "地震",
        "じしん",
        "earthquake",
        Text(
            ja="揺れに注意し、身の安全を確保してください",
            easy="ゆれに きをつけて ください",
            en="Protect yourself; expect more shaking",
        ),
    ),
    _hazard(
        "tsunami",
        "津波",
        "つなみ",
        "tsunami",
        Text(
            ja="海や川から離れ、高い所へ逃げてください",
            easy="うみや かわから はなれて、たかい ところへ にげて ください",
            en="Leave the coast and rivers; go to high ground",
        ),
    ),
    _hazard(
        "volcano",
        "噴火",
        "かざんの ふんか",
        "volcanic eruption",
        Text(
            ja="火口に近づかないでください",
            easy="かざんに ちかづかないで ください",
            en="Keep away from the crater",
        ),
    ),
    _hazard("ash", "降灰", "かざんの はい", "ash fall", ONLY_IF_NEEDED),
    _hazard(
        "nankai",
        "南海トラフ地震",
        "なんかいトラフ じしん",
        "Nankai Trough earthquake",
        Text(
            ja="地震への備えを確認してください",
            easy="じしんの じゅんびを して ください",
            en="Check your earthquake preparations",
        ),
    ),
    _hazard("gauge", "川の水位", "かわの みずの たかさ", "river level", KEEP_FROM_WATER, per="station"),
    _hazard("evacuation", "避難情報", "ひなんの しらせ", "evacuation", per="incident"),
    _hazard("shelter", "避難所", "ひなんじょ", "shelter", per="incident"),
    _hazard("notice", "お知らせ", "おしらせ", "notice", per="incident"),
)

HAZARDS = MappingProxyType({hazard.id: hazard for hazard in _ROWS})
"""Every hazard by id, in the order of DESIGN's list."""


INFORMATION = "information"
"""The item of a hazard that a source only informs of."""


def base(hazard_id: str) -> str:
    """The hazard that people follow: the id without its item (`flood:820209000400` → `flood`)."""
    return hazard_id.partition(":")[0]


def informs(hazard_id: str) -> bool:
    """Whether it is what a source only informs of: an item of its own, so that a warning beside it can end."""
    return hazard_id.partition(":")[2] == INFORMATION


def hazard(hazard_id: str) -> Hazard:
    """The hazard of an id with or without its item; KeyError for an unknown one, which no contract type lets in."""
    return HAZARDS[base(hazard_id)]
