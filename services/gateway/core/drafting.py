"""What a draft may say: words to begin with, and what is still wrong with it.

The words are fixed sentences per level and cause in three languages, written beforehand, so that at three in the morning
nobody begins with an empty page. They are a beginning: an officer changes them, a second one reads them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from schemas.hazard import HAZARDS
from schemas.office import DISTRICTS_MAX, MESSAGE_MAX, Content, Matter, Purpose
from schemas.text import Text
from services.gateway.core.composing import Sender, event_of

ORDER_LEVELS = (3, 4, 5)
"""What the city may order; levels 1 and 2 are the weather service's."""
CAUSES = ("landslide", "flood", "heavy_rain", "storm_surge", "tsunami", "quake", "volcano", "wind", "heavy_snow")
"""Dangers that a city evacuates for, in the order of the form."""
EXPIRES_MAX = timedelta(days=7)
"""The furthest stated end: a notice that nobody remembers helps nobody."""
DRILL_EXPIRES_MAX = timedelta(hours=12)
"""A drill ends the same day."""
DRILL_LASTS = timedelta(hours=2)
NOTICE_LASTS = timedelta(days=1)
"""What is usual; an officer says otherwise."""

_DANGER = Text(ja="災害", easy="さいがい", en="a disaster")

_ORDERS = MappingProxyType(
    {
        3: Text(
            ja="{ja}のおそれが高まっています。危険な場所にいる高齢者や避難に時間がかかる方は、避難を始めてください。",
            easy="{easy}の きけんが あります。おとしよりや にげるのに じかんが かかる ひとは、"
            "いま あんぜんな ところへ にげて ください。",
            en="Risk of {en}. Need time to evacuate? Leave dangerous places now.",
        ),
        4: Text(
            ja="{ja}の危険が高まっています。危険な場所にいる方は、全員避難してください。",
            easy="{easy}の きけんが とても あります。あぶない ばしょに いる ひとは、みんな にげて ください。",
            en="Danger of {en}. Everyone in dangerous places: evacuate now.",
        ),
        5: Text(
            ja="{ja}がすでに起きているか、切迫しています。命の危険があります。外へ出るのが危ないときは、"
            "建物の中のより安全な場所へ、直ちに移ってください。",
            easy="{easy}が おきて います。いのちが あぶないです。すぐに すこしでも あんぜんな ところへ いって ください。",
            en="Life in danger: {en}. Go now to the safest place you can reach.",
        ),
    }
)
_SHELTER = Text(
    ja="避難所を開設しました。避難に時間がかかる方は、早めに避難してください。",
    easy="ひなんじょが あきました。ひなんじょへ いく ことが できます。",
    en="Evacuation shelters are open. If you need time to evacuate, go early.",
)
_OVER = MappingProxyType(
    {
        Matter.ORDER: Text(
            ja="{event}を解除しました。引き続き、今後の情報に注意してください。",
            easy="にげる ことは おわりました。これからの しらせに きを つけて ください。",
            en="The evacuation information has been lifted. Keep following the news.",
        ),
        Matter.SHELTER: Text(
            ja="避難所を閉鎖しました。",
            easy="ひなんじょは しまりました。",
            en="The evacuation shelters have closed.",
        ),
        Matter.NOTICE: Text(
            ja="先のお知らせは終わりました。",
            easy="まえの おしらせは おわりました。",
            en="The earlier notice no longer applies.",
        ),
    }
)
_NOT_A_DRILL = "訓練ではありません"
_DRILL_WORDS = ("訓練", "くんれん", "れんしゅう", "drill", "exercise")


def beginning(matter: Matter, purpose: Purpose, level: int | None, cause: str) -> Text:
    """The words a draft begins with; empty where there are none to suggest."""
    if purpose is Purpose.END:
        over = _OVER[matter]
        event = event_of(matter, level).ja
        return Text(ja=over.ja.format(event=event), easy=over.easy, en=over.en)
    if matter is Matter.SHELTER:
        return _SHELTER
    row = _ORDERS.get(level or 0)
    if matter is Matter.NOTICE or row is None:
        return Text(ja="", easy="", en="")
    known = HAZARDS.get(cause)
    name = known.name if known else _DANGER
    return Text(ja=row.ja.format(ja=name.ja), easy=row.easy.format(easy=name.easy), en=row.en.format(en=name.en))


def usual_end(matter: Matter, *, drill: bool, now: datetime) -> datetime | None:
    """The end that a form begins with, in whole minutes: of a drill and of a notice; others hold until lifted."""
    if drill:
        return now.replace(second=0, microsecond=0) + DRILL_LASTS
    return now.replace(second=0, microsecond=0) + NOTICE_LASTS if matter is Matter.NOTICE else None


@dataclass(frozen=True, slots=True)
class Objection:
    """What is wrong with a field of the form, in words for the officer."""

    field: str
    text: str


def objections(
    matter: Matter, content: Content, *, purpose: Purpose, drill: bool, now: datetime, sender: Sender
) -> tuple[Objection, ...]:
    """What keeps a draft from being submitted; empty when nothing does. A draft with objections may be kept."""
    found = [*_of_area(content, sender), *_of_message(content, drill=drill)]
    if matter is Matter.ORDER and content.level not in ORDER_LEVELS:
        found.append(Objection("level", "警戒レベルを選んでください。"))
    if matter is not Matter.ORDER and content.level is not None:
        found.append(Objection("level", "警戒レベルは避難情報だけに付きます。"))
    if content.cause and content.cause not in HAZARDS:
        found.append(Objection("cause", "災害の種類を選び直してください。"))
    if purpose is not Purpose.END:
        found += _of_end(matter, content, drill=drill, now=now)
    return tuple(found)


def _of_area(content: Content, sender: Sender) -> Iterator[Objection]:
    """An order with no area, or with one that is not the city's own, is refused whole."""
    if not content.areas:
        yield Objection("areas", "対象の市区町村を選んでください。対象のない発令はできません。")
    elif any(area not in sender.areas for area in content.areas):
        yield Objection("areas", f"{sender.name.ja}の区域ではありません。選び直してください。")
    if not content.districts.strip():
        yield Objection("districts", "対象の地区を書いてください（市内全域なら「全域」）。")
    elif len(content.districts) > DISTRICTS_MAX:
        yield Objection("districts", f"{DISTRICTS_MAX} 字までにしてください。")


def _of_message(content: Content, *, drill: bool) -> Iterator[Objection]:
    texts = (
        ("message_ja", "日本語", content.message.ja),
        ("message_easy", "やさしい日本語", content.message.easy),
        ("message_en", "英語", content.message.en),
    )
    for field, language, text in texts:
        if not text.strip():
            yield Objection(field, f"{language}の文を書いてください。")
        elif len(text) > MESSAGE_MAX:
            yield Objection(field, f"{MESSAGE_MAX} 字までにしてください（今 {len(text)} 字）。")
        elif not drill and _speaks_of_a_drill(text):
            yield Objection(field, "本番の文に「訓練」とは書けません。訓練は「訓練」のページから始めてください。")
        elif field == "message_easy" and any("一" <= letter <= "鿿" for letter in text):
            yield Objection(field, "やさしい日本語は、ひらがなとカタカナで、ことばの間を空けて書いてください。")


def _speaks_of_a_drill(text: str) -> bool:
    """Whether a real text could be read as a drill's; that it is none may be said."""
    said = text.replace(_NOT_A_DRILL, "").lower()
    return any(word in said for word in _DRILL_WORDS)


def _of_end(matter: Matter, content: Content, *, drill: bool, now: datetime) -> Iterator[Objection]:
    """Drills and notices say when they end; a real order never does: it holds until it is lifted."""
    if content.expires is None:
        if drill or matter is Matter.NOTICE:
            yield Objection("expires", "終わりの日時を入れてください。その時刻に自動で終わります。")
        return
    if matter is Matter.ORDER and not drill:
        yield Objection("expires", "避難情報に終わりの日時は付けられません。解除するまで続きます。")
    elif content.expires <= now:
        yield Objection("expires", "終わりの日時が過ぎています。")
    elif content.expires - now > (DRILL_EXPIRES_MAX if drill else EXPIRES_MAX):
        yield Objection("expires", "終わりの日時が先すぎます（訓練は 12 時間、ほかは 7 日まで）。")
