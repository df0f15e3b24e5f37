"""One structured notice → what a person reads, by template, per language and medium. Never machine translation.

Every text names place, hazard, what to do, time (Japan) and source; a drill's begins with its mark. Three kinds of event
stay apart (invariant 7): an official warning is 「警戒レベル４相当」, only the office's own order is 「警戒レベル４ 避難指示」,
a gauge has no level at all. `proof.faults` reads every text again before it goes out in a test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from itertools import product
from types import MappingProxyType

from schemas.alert import Origin, Status
from schemas.area import AreaCode
from schemas.hazard import HAZARDS, TAKE_CARE, Hazard, base
from schemas.level import EQUIVALENT, LEVELS
from schemas.notification import Change, Item, Notice
from schemas.subscription import Language
from schemas.text import Text
from services.gateway.core import words
from services.gateway.core.words import chosen

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
NAME_MAX = 40
PLACE_MAX = 24
SOURCE_MAX = 40
"""Characters of names that come from outside."""
DISTRICTS_SHOWN_MAX = 60
"""Characters of the districts that an order of the office names; the page has all of them."""

Names = Mapping[AreaCode, Text]
"""Names of areas by code: the national table's, and the demo's own."""

_STAYS_CAREFUL = 3
"""The rank from which what is over may still be dangerous."""
_FULL_WIDTH = "０１２３４５"


class Medium(StrEnum):
    """Where a text is read."""

    PUSH = "push"
    INBOX = "inbox"


class Kind(StrEnum):
    """What a sentence says of its subject; picks the template."""

    NEW = "new"
    RAISED = "raised"
    SWITCHED = "switched"
    """Risen, of something without a level."""
    LOWERED = "lowered"
    RELEASED = "released"
    OVER = "over"
    WITHDRAWN = "withdrawn"


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

    item: Item
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
_VERBS = MappingProxyType({Kind.RELEASED: "released", Kind.OVER: "over", Kind.WITHDRAWN: "withdrawn"})
_OVER = frozenset({Kind.RELEASED, Kind.OVER, Kind.WITHDRAWN})


def word(notice: Notice, language: Language, medium: Medium, names: Names) -> Wording:
    """The text of a notice. One of status Test may have no items: it says that the way to the device is open."""
    subjects = _subjects(notice.items, language, names)
    if not subjects or notice.status is Status.TEST:
        title, body = _test(notice, language, names)
    elif medium is Medium.PUSH:
        title, body = _push(notice, subjects, language, names)
    else:
        title, body = _inbox(notice, subjects, language, names)
    mark = chosen(words.DRILL_MARK, language) if notice.drill else ""
    title_max, body_max = (TITLE_MAX, BODY_MAX) if medium is Medium.PUSH else (INBOX_TITLE_MAX, INBOX_BODY_MAX)
    return Wording(
        language=language,
        medium=medium,
        title=_cut(mark + title, title_max),
        body=_cut(mark + (chosen(words.DRILL_SAID, language) if notice.drill else "") + body, body_max),
    )


# --- what is said of one thing ---


def action(item: Item, language: Language, *, length_max: int) -> str:
    """What to do: the office's own words where they fit, else by the level, else by the hazard.

    An official warning orders nothing, whatever its level. Of what is over: what still holds.
    """
    if item.change is Change.CANCEL:
        return chosen(words.MISTAKEN, language)
    if item.change is Change.END:
        return chosen(_after(item), language)
    own = {Language.JA: item.instruction, Language.EASY: item.instruction_easy, Language.EN: item.instruction_en}
    if own[language] and len(own[language]) <= length_max and not (language is Language.EASY and _kanji(own[language])):
        return own[language]
    level = _level(item)
    if level is None:
        return chosen(_hazard(item).action, language)
    row = LEVELS[level]
    return chosen(row.action if item.origin is Origin.OFFICE else row.equivalent_action, language)


def headline(item: Item, language: Language) -> str:
    """Name and level together: 「警戒レベル４相当 土砂災害危険警報」, "landslide danger warning (level 4 equivalent)"."""
    return _levelled(name(item, language), item, language)


def name(item: Item, language: Language) -> str:
    """What it is called: the city's order by the table, else the source's own name (without the level in it)."""
    order = order_of(item)
    if order is not None and language is Language.EASY and item.change in {Change.END, Change.CANCEL}:
        # 「みんな にげて ください」 is an order also where it stands after 「おわり」
        return HAZARDS["evacuation"].name.easy
    if order is not None:
        return chosen(order, language) if language is not Language.EN else _lower(order.en)
    hazard, event = _hazard(item).name, plain_event(item.event)
    if language is Language.JA:
        return _cut(event, NAME_MAX) or hazard.ja
    found = next(((ending, text) for ending, text in words.GRADES if event.endswith(ending)), None)
    if found is None:
        return chosen(hazard, language)
    ending, grade = found
    if ending in words.WHOLE_GRADES:
        return chosen(grade, language)
    return f"{hazard.easy}の {grade.easy}" if language is Language.EASY else f"{hazard.en} {grade.en}"


def order_of(item: Item) -> Text | None:
    """What the city orders at this level; None for everything that is not the office's own word."""
    level = _level(item)
    return LEVELS[level].order if item.origin is Origin.OFFICE and level is not None else None


def level_words(item: Item, language: Language) -> str:
    """警戒レベル with its number; 相当 where the level itself would be the city's word. "" where there is none."""
    level = _level(item)
    if level is None:
        return ""
    # levels 1 and 2 are the weather service's own; from 3 on the level is the city's, and a warning is its equivalent
    equivalent = item.origin is not Origin.OFFICE and LEVELS[level].order is not None
    tail = chosen(EQUIVALENT, language) if equivalent else ""
    if language is Language.EN:
        return f"level {level} {tail}".strip()
    return f"{'警戒レベル' if language is Language.JA else 'けいかいレベル'}{_FULL_WIDTH[level]}{tail}"


def plain_event(event: str) -> str:
    """The source's name without its level and without what it says of its own issuing (「レベル４土砂災害危険警報」)."""
    at = event[:4]
    level_named = at.startswith("レベル") and at[3:] in {*"１２３４５", *"12345"}
    plain = event[4:] if level_named else event
    head, bracket, _ = plain.partition("（")
    return head if bracket and plain.endswith("）") and head else plain


def place_name(item: Item, language: Language, names: Names) -> str:
    """The area's name in that language; the source's own where the table has none.

    The office names the districts of the city that it is about: in Japanese they are the place.
    """
    if item.origin is Origin.OFFICE and language is Language.JA and item.area_desc:
        return _cut(item.area_desc, DISTRICTS_SHOWN_MAX)
    known = names.get(item.area)
    return _cut(chosen(known, language) if known else item.area_desc or str(item.area), PLACE_MAX)


def source_name(notice: Notice, item: Item | None, language: Language, names: Names) -> str:
    """Who says it. Where its own name would not be understood: the area it is named after, else what kind it is."""
    sender = _cut(notice.sender_name, SOURCE_MAX)
    is_jma = notice.stream.startswith("jma:")
    if language is Language.JA:
        return sender or words.JMA.ja
    namesake = next((text for text in names.values() if text.ja == notice.sender_name), None)
    if namesake is not None:
        return _cut(chosen(namesake, language), SOURCE_MAX)
    if is_jma:
        return chosen(words.JMA, language)
    if language is Language.EN:
        return sender or words.JMA.en
    origin = Origin.OFFICE if item is None else item.origin
    return {Origin.OFFICE: words.OFFICE, Origin.GAUGE: words.GAUGE, Origin.OFFICIAL: words.OTHER}[origin].easy


def time_words(at: datetime, language: Language) -> str:
    """A moment in Japanese time, always absolute: 「9月1日22:40」."""
    local = at.astimezone(JST)
    clock = f"{local.hour}:{local.minute:02}"
    return {
        Language.JA: f"{local.month}月{local.day}日{clock}",
        Language.EASY: f"{local.month}がつ{local.day}にち {clock}",
        Language.EN: f"{local.day} {words.MONTHS[local.month - 1]} {clock} JST",
    }[language]


def _level(item: Item) -> int | None:
    return None if item.origin is Origin.GAUGE else item.level


def _levelled(called: str, item: Item, language: Language) -> str:
    level = level_words(item, language)
    if not level:
        return called
    return f"{called} ({level})" if language is Language.EN else f"{level} {called}"


def _hazard(item: Item) -> Hazard:
    return HAZARDS.get(base(item.hazard), HAZARDS["notice"])


def _hazard_name(item: Item, language: Language) -> str:
    return chosen(_hazard(item).name, language)


def _after(item: Item) -> Text:
    if order_of(item) is not None:
        return words.AFTER_ORDER
    lasting = item.rank >= _STAYS_CAREFUL and base(item.hazard) not in {"shelter", "notice"}
    return words.AFTER_DANGER if lasting else TAKE_CARE


def kind_of(item: Item) -> Kind:
    """Which sentence says it."""
    if item.change is Change.NEW:
        return Kind.NEW
    if item.change is Change.LOWERED:
        return Kind.LOWERED
    if item.change is Change.RISE:
        return Kind.SWITCHED if _level(item) is None else Kind.RAISED
    if item.change is Change.CANCEL:
        return Kind.WITHDRAWN
    released = order_of(item) is not None or plain_event(item.event).endswith(words.RELEASED_BY)
    return Kind.RELEASED if released else Kind.OVER


# --- how it is put together ---


def _subjects(items: Sequence[Item], language: Language, names: Names) -> list[Subject]:
    """Items in their order, those that differ only in the area joined."""
    joined: dict[tuple[object, ...], Subject] = {}
    for item in items:
        key = (item.change, item.hazard, item.event, item.level, item.rank, item.origin, item.instruction)
        place = place_name(item, language, names)
        before = joined.get(key)
        if before is None:
            joined[key] = Subject(item=item, places=(place,))
        elif place not in before.places:
            joined[key] = Subject(item=before.item, places=(*before.places, place))
    return list(joined.values())


def _push(notice: Notice, subjects: list[Subject], language: Language, names: Names) -> tuple[str, str]:
    lead, rest = subjects[0], subjects[1:]
    more = _more(len(rest), language)
    room = TITLE_MAX - (len(chosen(words.DRILL_MARK, language)) if notice.drill else 0)
    titles = list(_titles(lead, language))
    candidates = [*(title + more for title in titles), *titles, _hazard_name(lead.item, language)]
    title = next((one for one in candidates if len(one) <= room), candidates[-1])
    said, signed = _said(lead, language, length_max=ACTION_MAX), _signed(notice, lead.item, language, names)
    rests = (_rest(rest, lead.places, language), _sentence(more, language) if more else "", "")
    # what is told first, by whom and when, are never what is cut
    left = BODY_MAX - DRILL_CHARS_MAX - len(said) - len(signed)
    return title, said + next((one for one in rests if len(one) <= left), "") + signed


def _inbox(notice: Notice, subjects: list[Subject], language: Language, names: Names) -> tuple[str, str]:
    shown, rest = subjects[:INBOX_SUBJECTS_MAX], subjects[INBOX_SUBJECTS_MAX:]
    title = next(_titles(shown[0], language)) + _more(len(subjects) - 1, language)
    # ten subjects of three hundred characters fit: half of the bound is left for the rest
    lines = [_said(one, language, length_max=ACTION_MAX * 2).strip() for one in shown]
    if rest:
        lines.append(_more(len(rest), language).strip())
    return title, "\n".join([*lines, _signed(notice, shown[0].item, language, names)])


def _titles(subject: Subject, language: Language) -> Iterator[str]:
    """Titles, the fullest first: rather the hazard's short name than no place, rather no place than no level."""
    kind = kind_of(subject.item)
    template = _TITLES[language].get(kind, _TITLES[language][Kind.NEW])
    whole = (headline(subject.item, language), name(subject.item, language))
    # an order in Japanese is short already, and its name is what counts
    short = whole[1] if order_of(subject.item) and language is not Language.EN else _hazard_name(subject.item, language)
    brief = (_levelled(short, subject.item, language), short)
    where = (_places(subject.places, language), subject.places[0])
    for (called, plain), places in (*product((whole, brief), where), (whole, ""), (brief, "")):
        text = template.format(headline=called, name=plain, places=places).rstrip(": ")
        yield text[:1].upper() + text[1:]


def _said(subject: Subject, language: Language, *, length_max: int) -> str:
    """What to do and what is, in the order in which a person needs it."""
    kind = kind_of(subject.item)
    what = _STATEMENTS[language][kind].format(
        headline=headline(subject.item, language),
        name=name(subject.item, language),
        places=_places(subject.places, language),
    )
    todo = _sentence(action(subject.item, language, length_max=length_max), language)
    return what + todo if kind in _OVER else todo + what


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
    kind = kind_of(subject.item)
    over = {Kind.RELEASED: words.RELEASED, Kind.OVER: words.OVER, Kind.WITHDRAWN: words.WITHDRAWN}.get(kind)
    called = name(subject.item, language)
    if not set(subject.places) <= set(told):
        where = _places(subject.places, language)
        called += f" ({where})" if language is Language.EN else f"（{where}）"
    if over is None:
        return called
    return f"{_lower(over.en)}: {called}" if language is Language.EN else f"{chosen(over, language)} {called}"


def _signed(notice: Notice, item: Item, language: Language, names: Names) -> str:
    """By whom and when."""
    kind = kind_of(item)
    first = {Origin.GAUGE: "observed"}.get(item.origin, "order" if order_of(item) else "issued")
    verb = chosen(words.VERBS[_VERBS.get(kind, first)], language)
    who = source_name(notice, item, language, names)
    when = time_words(notice.sent, language)
    return {
        Language.JA: f"（{who} {when}{verb}）",
        Language.EASY: f"（{who} {when}）",
        Language.EN: f"({who}, {verb} {when})",
    }[language]


def _test(notice: Notice, language: Language, names: Names) -> tuple[str, str]:
    who, when = source_name(notice, None, language, names), time_words(notice.sent, language)
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


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _kanji(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


def _cut(text: str, length_max: int) -> str:
    return text if len(text) <= length_max else text[: length_max - 1] + "…"
