"""One structured notice → what a person reads, by template, per language and medium. Never machine translation.

Every text names place, hazard, what to do, time (Japan) and source; a drill's begins with its mark. Three kinds of event
stay apart (invariant 7): an official warning is 「警戒レベル４相当」, only the office's own order is 「警戒レベル４ 避難指示」,
a gauge has no level at all. `proof.faults` reads every text again before it goes out in a test.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from itertools import product
from types import MappingProxyType

from schemas.alert import Origin, Status
from schemas.level import EQUIVALENT, WARNING_LEVEL
from schemas.notification import Item, Notice
from schemas.subscription import Language
from schemas.text import DRILL_MARK, DRILL_SAID
from services.gateway.core import message as messages
from services.gateway.core import words
from services.gateway.core.card import card
from services.gateway.core.message import Kind, Message, cut, hazard_of, of_item, source_of
from services.gateway.core.words import capital, chosen

JST = timezone(timedelta(hours=9))
TITLE_MAX = 50
"""Characters of a push's title; phones cut what is longer."""
BODY_MAX = 400
"""Characters of a push's body: 1,200 bytes in Japanese, which leaves FCM's 4,096 room for the rest."""
INBOX_TITLE_MAX = 200
INBOX_BODY_MAX = 4_000
"""Characters of an inbox text; what does not fit is counted."""
INBOX_SUBJECTS_MAX = 10
"""Things listed in an inbox text, the worst first; the rest is counted."""
DRILL_CHARS_MAX = 50
"""Room for the mark of a drill and its sentence."""
ACTION_MAX = 80
"""Characters of the office's own words in a push; where it wrote more, the table's action stands there and its words in
the inbox: half an instruction is none."""
PLACES_MAX = 3
"""Places named of one thing; the rest is counted."""
PLACE_MAX = 24
"""Characters of a place's name that comes from outside."""
DISTRICTS_SHOWN_MAX = 60
"""Characters of the districts that an order of the office names; the page has all of them."""

Names = messages.Names
"""Names of areas by code."""

_FULL_WIDTH = "０１２３４５"


class Medium(StrEnum):
    """Where a text is read."""

    PUSH = "push"
    INBOX = "inbox"
    SIGN = "sign"
    """A card of a sign or a page; its text is the card's lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A text as it is shown."""

    language: Language
    medium: Medium
    title: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One thing and everywhere it is told of: items that differ in nothing but the area."""

    message: Message
    places: tuple[str, ...]


_TITLES = MappingProxyType(
    {
        Language.JA: {
            Kind.NEW: "{headline} {places}",
            Kind.LOWERED: "引き下げ {headline} {places}",
            Kind.RELEASED: "解除 {name} {places}",
            Kind.OVER: "終了 {name} {places}",
            Kind.WITHDRAWN: "取消 {name} {places}",
        },
        Language.EASY: {
            Kind.NEW: "{headline} {places}",
            Kind.LOWERED: "さがりました： {headline} {places}",
            Kind.RELEASED: "おわり： {name} {places}",
            Kind.OVER: "おわり： {name} {places}",
            Kind.WITHDRAWN: "まちがい： {name} {places}",
        },
        Language.EN: {
            Kind.NEW: "{headline}: {places}",
            Kind.LOWERED: "Lowered: {name}: {places}",
            Kind.RELEASED: "Over: {name}: {places}",
            Kind.OVER: "Over: {name}: {places}",
            Kind.WITHDRAWN: "Withdrawn: {name}: {places}",
        },
    }
)
_STATEMENTS = MappingProxyType(
    {
        Language.JA: {
            Kind.NEW: "{places}：{headline}。",
            Kind.RAISED: "{places}：{headline}に上がりました。",
            Kind.SWITCHED: "{places}：{headline}に切り替わりました。",
            Kind.LOWERED: "{places}：{headline}に下がりました。",
            Kind.RELEASED: "{places}：{name}は解除されました。",
            Kind.OVER: "{places}：{name}は終了しました。",
            Kind.WITHDRAWN: "{places}：{name}は取り消されました。",
        },
        Language.EASY: {
            Kind.NEW: "ばしょ： {places}。 {headline}。 ",
            Kind.RAISED: "もっと あぶなく なりました。 ばしょ： {places}。 {headline}。 ",
            Kind.SWITCHED: "もっと あぶなく なりました。 ばしょ： {places}。 {headline}。 ",
            Kind.LOWERED: "さがりましたが、 まだ つづいて います。 ばしょ： {places}。 {headline}。 ",
            Kind.RELEASED: "おわりました。 ばしょ： {places}。 {name}。 ",
            Kind.OVER: "おわりました。 ばしょ： {places}。 {name}。 ",
            Kind.WITHDRAWN: "まちがいでした。 ばしょ： {places}。 {name}。 ",
        },
        Language.EN: {
            Kind.NEW: "{places}: {headline}. ",
            Kind.RAISED: "{places}: raised to {headline}. ",
            Kind.SWITCHED: "{places}: raised to {headline}. ",
            Kind.LOWERED: "{places}: lowered to {headline}. ",
            Kind.RELEASED: "{places}: {name} is over. ",
            Kind.OVER: "{places}: {name} is over. ",
            Kind.WITHDRAWN: "{places}: {name} is withdrawn. ",
        },
    }
)
_OVER = frozenset({Kind.RELEASED, Kind.OVER, Kind.WITHDRAWN})


def word(notice: Notice, language: Language, medium: Medium, names: Names) -> Wording:
    """The text of a notice; on a sign, of its first thing.

    One of status Test may have no items: it says that the way to the device is open.
    """
    subjects = _subjects(notice, language, names)
    if not subjects or notice.status is Status.TEST:
        title, body = _test(notice, language, names)
    elif medium is Medium.SIGN:
        shown = card(subjects[0].message, subjects[0].places, language)
        return Wording(language=language, medium=medium, title="", body="\n".join(shown.lines()))
    elif medium is Medium.PUSH:
        title, body = _push(notice, subjects, language)
    else:
        title, body = _inbox(subjects, language)
    mark = chosen(DRILL_MARK, language) if notice.drill else ""
    title_max, body_max = (TITLE_MAX, BODY_MAX) if medium is Medium.PUSH else (INBOX_TITLE_MAX, INBOX_BODY_MAX)
    return Wording(
        language=language,
        medium=medium,
        title=cut(mark + title, title_max),
        body=cut(mark + (_sentence(chosen(DRILL_SAID, language), language) if notice.drill else "") + body, body_max),
    )


# --- what is said of one thing ---


def action(message: Message, language: Language, *, length_max: int) -> str:
    """What to do: the office's own words where they fit and are easy where they should be, else the tables'."""
    own = chosen(message.instruction, language)
    if own and len(own) <= length_max and not (language is Language.EASY and _kanji(own)):
        return own
    return chosen(message.action, language)


def headline(message: Message, language: Language) -> str:
    """Name and level together: 「警戒レベル４相当 土砂災害危険警報」, "landslide danger warning (level 4 equivalent)"."""
    return _levelled(chosen(message.name, language), message, language)


def level_words(message: Message, language: Language) -> str:
    """警戒レベル with its number; 相当 where the level itself would be the city's word. "" where there is none."""
    if message.level is None:
        return ""
    tail = chosen(EQUIVALENT, language) if message.equivalent else ""
    if language is Language.EN:
        return f"{WARNING_LEVEL.en} {message.level} {tail}".strip()
    return f"{chosen(WARNING_LEVEL, language)}{_FULL_WIDTH[message.level]}{tail}"


def place_name(item: Item, language: Language, names: Names) -> str:
    """The area's name in that language; the source's own where the table has none.

    The office names the districts of the city that it is about: in Japanese they are the place.
    """
    if item.origin is Origin.OFFICE and language is Language.JA and item.area_desc:
        return cut(item.area_desc, DISTRICTS_SHOWN_MAX)
    known = names.get(item.area)
    return cut(chosen(known, language) if known else item.area_desc or str(item.area), PLACE_MAX)


def time_words(at: datetime, language: Language) -> str:
    """A moment in Japanese time, always absolute: 「9月1日22:40」."""
    local = at.astimezone(JST)
    clock = f"{local.hour}:{local.minute:02}"
    return {
        Language.JA: f"{local.month}月{local.day}日{clock}",
        Language.EASY: f"{local.month}がつ{local.day}にち {clock}",
        Language.EN: f"{local.day} {words.MONTHS[local.month - 1]} {clock} JST",
    }[language]


def _levelled(called: str, message: Message, language: Language) -> str:
    level = level_words(message, language)
    if not level:
        return called
    return f"{called} ({level})" if language is Language.EN else f"{level} {called}"


def _hazard_name(message: Message, language: Language) -> str:
    return chosen(hazard_of(message.hazard).name, language)


# --- how it is put together ---


def _subjects(notice: Notice, language: Language, names: Names) -> list[Subject]:
    """Items in their order, those that differ only in the area joined."""
    joined: dict[tuple[object, ...], Subject] = {}
    for item in notice.items:
        key = (item.change, item.hazard, item.event, item.level, item.rank, item.origin, item.instruction)
        place = place_name(item, language, names)
        before = joined.get(key)
        if before is None:
            joined[key] = Subject(message=of_item(notice, item, names), places=(place,))
        elif place not in before.places:
            joined[key] = Subject(message=before.message, places=(*before.places, place))
    return list(joined.values())


def _push(notice: Notice, subjects: list[Subject], language: Language) -> tuple[str, str]:
    lead, rest = subjects[0], subjects[1:]
    more = _more(len(rest), language)
    room = TITLE_MAX - (len(chosen(DRILL_MARK, language)) if notice.drill else 0)
    titles = list(_titles(lead, language))
    candidates = [*(title + more for title in titles), *titles, _hazard_name(lead.message, language)]
    title = next((one for one in candidates if len(one) <= room), candidates[-1])
    said, signed = _said(lead, language, length_max=ACTION_MAX), _signed(lead.message, language)
    rests = (_rest(rest, lead.places, language), _sentence(more, language) if more else "", "")
    # what is told first, by whom and when, are never what is cut
    left = BODY_MAX - DRILL_CHARS_MAX - len(said) - len(signed)
    return title, said + next((one for one in rests if len(one) <= left), "") + signed


def _inbox(subjects: list[Subject], language: Language) -> tuple[str, str]:
    shown, rest = subjects[:INBOX_SUBJECTS_MAX], subjects[INBOX_SUBJECTS_MAX:]
    title = next(_titles(shown[0], language)) + _more(len(subjects) - 1, language)
    # ten subjects of three hundred characters fit: half of the bound is left for the rest
    lines = [_said(one, language, length_max=ACTION_MAX * 2).strip() for one in shown]
    if rest:
        lines.append(_more(len(rest), language).strip())
    return title, "\n".join([*lines, _signed(shown[0].message, language)])


def _titles(subject: Subject, language: Language) -> Iterator[str]:
    """Titles, the fullest first: rather the hazard's short name than no place, rather no place than no level."""
    said = subject.message
    template = _TITLES[language].get(said.kind, _TITLES[language][Kind.NEW])
    whole = (headline(said, language), chosen(said.name, language))
    # an order in Japanese is short already, and its name is what counts
    short = whole[1] if said.order and language is not Language.EN else _hazard_name(said, language)
    brief = (_levelled(short, said, language), short)
    where = (_places(subject.places, language), subject.places[0])
    for (called, plain), places in (*product((whole, brief), where), (whole, ""), (brief, "")):
        yield capital(template.format(headline=called, name=plain, places=places).rstrip(": "))


def _said(subject: Subject, language: Language, *, length_max: int) -> str:
    """What to do and what is, in the order in which a person needs it."""
    said = subject.message
    what = _STATEMENTS[language][said.kind].format(
        headline=headline(said, language),
        name=chosen(said.name, language),
        places=_places(subject.places, language),
    )
    todo = _sentence(action(said, language, length_max=length_max), language)
    return what + todo if said.kind in _OVER else todo + what


def _rest(rest: Sequence[Subject], told: Sequence[str], language: Language) -> str:
    """The others by name, with their places where they are not those `told` already; three, and all are counted."""
    if not rest:
        return ""
    count = len(rest)
    listed = [_listed(one, told, language) for one in rest[:PLACES_MAX]] + (["…"] if count > PLACES_MAX else [])
    return {
        Language.JA: f"ほか{count}件：{'、'.join(listed)}。",
        Language.EASY: f"ほか {count}けん： {'、 '.join(listed)}。 ",
        Language.EN: f"{count} more: {', '.join(listed)}. ",
    }[language]


def _listed(subject: Subject, told: Sequence[str], language: Language) -> str:
    said = subject.message
    over = {Kind.RELEASED: words.RELEASED, Kind.OVER: words.OVER, Kind.WITHDRAWN: words.WITHDRAWN}.get(said.kind)
    called = chosen(said.name, language)
    if not set(subject.places) <= set(told):
        where = _places(subject.places, language)
        called += f" ({where})" if language is Language.EN else f"（{where}）"
    if over is None:
        return called
    return f"{over.en.lower()}: {called}" if language is Language.EN else f"{chosen(over, language)} {called}"


def _signed(message: Message, language: Language) -> str:
    """By whom and when; easy Japanese leaves out what they did."""
    who, verb, when = (
        chosen(message.source, language),
        chosen(message.verb, language),
        time_words(message.sent, language),
    )
    return {
        Language.JA: f"（{who} {when}{verb}）",
        Language.EASY: f"（{who} {when}）",
        Language.EN: f"({who}, {verb} {when})",
    }[language]


def _test(notice: Notice, language: Language, names: Names) -> tuple[str, str]:
    who = chosen(source_of(notice.sender_name, notice.stream, Origin.OFFICE, names), language)
    when = time_words(notice.sent, language)
    sign = f"({who}, {when})" if language is Language.EN else f"（{who} {when}）"
    return chosen(words.TEST_TITLE, language), chosen(words.TEST_SAID, language) + sign


def _places(places: Sequence[str], language: Language) -> str:
    named, left = places[:PLACES_MAX], len(places) - PLACES_MAX
    if left <= 0:
        return {Language.JA: "・", Language.EASY: "、 ", Language.EN: ", "}[language].join(named)
    return {
        Language.JA: f"{'・'.join(named)}ほか{left}か所",
        Language.EASY: f"{'、 '.join(named)} ほか {left}かしょ",
        Language.EN: f"{', '.join(named)} and {left} more",
    }[language]


def _more(count: int, language: Language) -> str:
    if count == 0:
        return ""
    return {Language.JA: f" ほか{count}件", Language.EASY: f" ほか {count}けん", Language.EN: f" +{count} more"}[
        language
    ]


def _sentence(text: str, language: Language) -> str:
    """The words as a sentence of its own; the tables leave the stop out, the office may write it."""
    bare = text.strip().rstrip("。.")
    if language is Language.EN:
        return f"{bare}{'' if bare.endswith(('?', '!')) else '.'} "
    return f"{bare}。" if language is Language.JA else f"{bare}。 "


def _kanji(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)
