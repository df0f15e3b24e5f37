"""A text read once more before anybody sees it: does it say place, hazard, action, time and source, and nothing wrong.

It knows what must stand in a text from the notice and the tables of the contract, not from how texts are put together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta, timezone

from schemas.alert import Origin, Status
from schemas.area import AreaCode
from schemas.hazard import HAZARDS, TAKE_CARE, base
from schemas.level import INFORMATION_RANK, LEVELS
from schemas.notification import Change, Item, Notice
from schemas.subscription import Language
from schemas.text import DRILL_MARK, Text
from services.gateway.core import words
from services.gateway.core.message import plain_event
from services.gateway.core.wording import (
    BODY_MAX,
    INBOX_BODY_MAX,
    INBOX_TITLE_MAX,
    TITLE_MAX,
    Medium,
    Wording,
)
from services.gateway.core.words import chosen

PUSH_BYTES_MAX = 2_048
"""UTF-8 bytes of title and body together: half of what FCM takes, the other half is for everything around it."""
SIGN_LINE_MAX = 100
"""Characters of a line of a sign; a longer one would be too small to be read from afar."""

_JST = timezone(timedelta(hours=9))
_KANJI = re.compile(r"[\u3400-\u9fff々〆]")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_LEVEL = {
    Language.JA: re.compile(r"警戒レベル([１-５1-5])(相当)?"),
    Language.EASY: re.compile(r"けいかいレベル([１-５1-5])(くらい)?"),
    Language.EN: re.compile(r"level ([1-5])( equivalent)?", re.IGNORECASE),
}
_ACTIVE = frozenset({Change.NEW, Change.RISE, Change.LOWERED})


def faults(text: Wording, notice: Notice, names: Mapping[AreaCode, Text]) -> tuple[str, ...]:
    """What is wrong with a text of this notice, a sentence each; empty when it may go out."""
    found = [*_form(text, notice), *_time_and_source(text, notice, names)]
    if notice.items and notice.status is not Status.TEST:
        found += [*_lead(text, notice.items[0], names), *_levels(text, notice.items), *_orders(text, notice.items)]
    if text.language is Language.EASY:
        found += _easy(text, notice, names)
    return tuple(found)


def _form(text: Wording, notice: Notice) -> Iterator[str]:
    mark = chosen(DRILL_MARK, text.language)
    for part, value, length_max in _parts(text):
        if not value.strip():
            yield f"the {part} is empty"
        length = max(map(len, value.split("\n"))) if text.medium is Medium.SIGN else len(value)
        if length > length_max:
            yield f"the {part} has {length} characters, {length_max} fit"
        if _CONTROL.search(value):
            yield f"the {part} holds a control character"
        if notice.drill is not None and not value.startswith(mark):
            yield f"the {part} of a drill does not begin with {mark}"
        if notice.drill is None and value.startswith(mark):
            yield f"the {part} calls something real a drill"
    if text.medium is Medium.PUSH and len((text.title + text.body).encode()) > PUSH_BYTES_MAX:
        yield f"more than {PUSH_BYTES_MAX} bytes"


def _parts(text: Wording) -> Iterator[tuple[str, str, int]]:
    """Every part with its name and how many characters of a line fit; a sign has no title, and breaks where its lines do."""
    if text.medium is Medium.SIGN:
        yield "body", text.body, SIGN_LINE_MAX
        return
    title_max, body_max = (TITLE_MAX, BODY_MAX) if text.medium is Medium.PUSH else (INBOX_TITLE_MAX, INBOX_BODY_MAX)
    yield "title", text.title, title_max
    yield "body", text.body, body_max


def _time_and_source(text: Wording, notice: Notice, names: Mapping[AreaCode, Text]) -> Iterator[str]:
    local = notice.sent.astimezone(_JST)
    if f"{local.hour}:{local.minute:02}" not in text.body:
        yield "no time"
    if not any(one and one in text.body for one in _sources(notice, text.language, names)):
        yield "no source"


def _sources(notice: Notice, language: Language, names: Mapping[AreaCode, Text]) -> Iterator[str]:
    yield notice.sender_name[:20]
    yield from (chosen(name, language) for name in names.values() if name.ja == notice.sender_name)
    yield from (chosen(who, language) for who in (words.JMA, words.JMA_SHORT, words.OFFICE, words.GAUGE, words.OTHER))


def _lead(text: Wording, item: Item, names: Mapping[AreaCode, Text]) -> Iterator[str]:
    """What is told first must be told whole."""
    known = names.get(item.area)
    places = {item.area_desc[:20], str(item.area)} | ({chosen(known, text.language)[:20]} if known else set())
    if not any(place and place in text.body for place in places):
        yield "no place"
    if not any(name and name.casefold() in text.body.casefold() for name in _hazards(item, text.language)):
        yield "no hazard"
    if not any(action and action.rstrip("。.") in text.body for action in _actions(item, text.language)):
        yield "no action"
    over = {
        Change.END: ("解除", "終了", "おわり", "over"),
        Change.CANCEL: ("取", "まちがい", "withdrawn"),
    }
    if text.medium is not Medium.SIGN:  # a card shows what is in force, not what it was before
        over[Change.LOWERED] = ("下", "さがりました", "lowered")
    for part in (text.title, text.body):
        if item.change in over and not any(sign in part.casefold() for sign in over[item.change]):
            yield "something over or lowered is told as if it began"


def _hazards(item: Item, language: Language) -> Iterator[str]:
    row = HAZARDS.get(base(item.hazard), HAZARDS["notice"])
    yield chosen(row.name, language)
    order = LEVELS[item.level].order if item.level and item.origin is Origin.OFFICE else None
    if order is not None:
        yield chosen(order, language) if item.change in _ACTIVE or language is not Language.EASY else ""
        yield HAZARDS["evacuation"].name.easy if language is Language.EASY else ""
    event = plain_event(item.event)
    yield event[:30] if language is Language.JA else ""
    yield from (
        chosen(grade, language)
        for end, grade in words.GRADES.items()
        if end in words.WHOLE_GRADES and event.endswith(end)
    )


def _actions(item: Item, language: Language) -> Iterator[str]:
    if item.change is Change.CANCEL:
        yield chosen(words.MISTAKEN, language)
    elif item.change is Change.END:
        yield from (chosen(one, language) for one in (words.AFTER_ORDER, words.AFTER_DANGER, TAKE_CARE))
    else:
        yield {Language.JA: item.instruction, Language.EASY: item.instruction_easy, Language.EN: item.instruction_en}[
            language
        ].strip()
        if item.level is not None and item.origin is not Origin.GAUGE:
            row = LEVELS[item.level]
            yield chosen(row.action if item.origin is Origin.OFFICE else row.equivalent_action, language)
        else:
            informs = item.rank == INFORMATION_RANK and item.origin is Origin.OFFICIAL
            row_of_hazard = HAZARDS.get(base(item.hazard), HAZARDS["notice"])
            yield chosen(TAKE_CARE if informs else row_of_hazard.action, language)


def _levels(text: Wording, items: Sequence[Item]) -> Iterator[str]:
    """Only levels that the notice has, as whose they are; a rank is no level."""
    allowed = {
        (item.level, item.origin is not Origin.OFFICE and LEVELS[item.level].order is not None)
        for item in items
        if item.level is not None and item.origin is not Origin.GAUGE
    }
    for found in _LEVEL[text.language].finditer(f"{text.title}\n{text.body}"):
        level = int(found[1])
        if (level, found[2] is not None) not in allowed:
            yield f"「{found[0].strip()}」 is not what the notice says"
    lead = items[0]
    levelled = lead.level is not None and lead.origin is not Origin.GAUGE and lead.change in _ACTIVE
    if levelled and not _LEVEL[text.language].search(text.body):
        yield "no level, though there is one"


def _orders(text: Wording, items: Sequence[Item]) -> Iterator[str]:
    """An order of the city is nobody's word but the office's."""
    ordered = {item.level for item in items if item.origin is Origin.OFFICE}
    said_by_source = "".join(
        f"{item.event}{item.instruction}{item.instruction_easy}{item.instruction_en}" for item in items
    )
    for level, row in LEVELS.items():
        if row.order is None or level in ordered:
            continue
        called = chosen(row.order, text.language)
        if called.casefold() in f"{text.title}{text.body}".casefold() and called not in said_by_source:
            yield f"「{called}」 though the office ordered nothing of level {level}"


def _easy(text: Wording, notice: Notice, names: Mapping[AreaCode, Text]) -> Iterator[str]:
    """No kanji but in names of places, and the drill's mark, which is a sign."""
    places = sorted({item.area_desc for item in notice.items} | {name.easy for name in names.values()}, key=len)
    bare = f"{text.title}\n{text.body}".replace(DRILL_MARK.easy, "")
    for place in reversed(places):
        bare = bare.replace(place, "") if place else bare
    if found := _KANJI.search(bare):
        yield f"kanji 「{found[0]}」 in easy Japanese"
