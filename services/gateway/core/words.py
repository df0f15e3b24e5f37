"""The words that texts for people are put together from: what no table of the contract says yet.

Names of hazards, levels, orders and what to do stand in `schemas/level.py` and `schemas/hazard.py`; here are
how sources grade their events, what to do when something is over, verbs, and who sources are.
"""

from __future__ import annotations

from types import MappingProxyType

from schemas.text import Text

GRADES = MappingProxyType(
    {
        "大津波警報": Text(ja="大津波 警報", easy="とても おおきな つなみの けいほう", en="major tsunami warning"),
        "特別警報": Text(ja="特別 警報", easy="とくべつけいほう", en="emergency warning"),
        "危険警報": Text(ja="危険 警報", easy="きけんけいほう", en="danger warning"),
        "警報": Text(ja="警報", easy="けいほう", en="warning"),
        "早期注意情報": Text(ja="早期 注意", easy="はやめの ちゅうい", en="early notice"),
        "注意報": Text(ja="注意報", easy="ちゅういほう", en="advisory"),
        "注意情報": Text(ja="注意 情報", easy="ちゅうい じょうほう", en="advisory"),
        "緊急情報": Text(ja="緊急 情報", easy="きんきゅう じょうほう", en="urgent notice"),
        "速報": Text(ja="速報", easy="そくほう", en="report"),
        "情報": Text(ja="情報", easy="じょうほう", en="information"),
        "氾濫開始水位": Text(ja="氾濫開始 水位", easy="かわの みずが あふれる たかさ", en="river at overflow level"),
        "氾濫危険水位": Text(ja="氾濫危険 水位", easy="かわの みずが あぶない たかさ", en="river at danger level"),
        "避難判断水位": Text(ja="避難判断 水位", easy="かわの みずが とても たかい", en="river very high"),
        "氾濫注意水位": Text(ja="氾濫注意 水位", easy="かわの みずが たかい", en="river high"),
        "水防団待機水位": Text(ja="水防団待機 水位", easy="かわの みずが すこし たかい", en="river somewhat high"),
        "観測開始水位": Text(ja="観測開始 水位", easy="かわの みずが ふえはじめた", en="river beginning to rise"),
    }
)
"""How a source grades its events, by the end of the event's name, the longest first. A blank is where a line may break."""
WHOLE_GRADES = frozenset({"大津波警報", *(ending for ending in GRADES if ending.endswith("水位"))})
"""Grades that name their hazard already."""
RELEASED_BY = ("警報", "注意報")
"""What ends so is released 解除; anything else is over 終了."""

OVER = Text(ja="終了", easy="おわり", en="Over")
RELEASED = Text(ja="解除", easy="おわり", en="Over")
WITHDRAWN = Text(ja="取消", easy="まちがい", en="Withdrawn")

AFTER_ORDER = Text(
    ja="避難していた人は、周りの安全を確かめてください",
    easy="にげて いた ひとは まわりが あんぜんか たしかめて ください",
    en="If you left, check that it is safe before you return",
)
AFTER_DANGER = Text(
    ja="危険な場所には、まだ近づかないでください",
    easy="あぶない ばしょには まだ ちかづかないで ください",
    en="Keep away from dangerous places for now",
)
MISTAKEN = Text(
    ja="先の情報は誤りでした。今後の情報に注意してください",
    easy="まえの しらせは まちがいでした。 これからの しらせを みて ください",
    en="The earlier message was a mistake. Follow the next reports",
)

JMA = Text(ja="気象庁", easy="きしょうちょう", en="Japan Meteorological Agency")
JMA_SHORT = Text(ja="気象庁", easy="きしょうちょう", en="JMA")
"""Where a screen has room for a few letters."""
OFFICE = Text(ja="", easy="まちの やくしょ", en="")
GAUGE = Text(ja="", easy="かわの みずを はかる ところ", en="")
OTHER = Text(ja="", easy="くにや けんの やくしょ", en="")
"""Who says it where its name would not be understood: the weather service by its stream's name, others by their kind."""

TEST_TITLE = Text(ja="テスト通知", easy="テストの しらせ", en="Test notification")
TEST_SAID = Text(
    ja="この端末に通知が届くことを確かめるテストです。災害の情報ではありません。",
    easy="この きかいに しらせが とどくか ためして います。 さいがいの しらせでは ありません。 ",
    en="This checks that notifications reach this device. It is not about a disaster. ",
)

VERBS = MappingProxyType(
    {
        "order": Text(ja="発令", easy="だしました", en="issued"),
        "issued": Text(ja="発表", easy="だしました", en="issued"),
        "observed": Text(ja="観測", easy="はかりました", en="observed"),
        "released": Text(ja="解除", easy="おわりました", en="ended"),
        "over": Text(ja="終了", easy="おわりました", en="ended"),
        "withdrawn": Text(ja="取消", easy="とりけしました", en="withdrawn"),
    }
)
"""What the source did at that time."""

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def chosen(text: Text, language: str) -> str:
    """The words in one language."""
    return {"ja": text.ja, "easy": text.easy, "en": text.en}[language]


def capital(text: str) -> str:
    """The words as they begin a line; Japanese stays as it is."""
    return text[:1].upper() + text[1:]
