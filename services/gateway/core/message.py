"""What is said of one thing, before any language, channel or reader is chosen: the one structured message.

Made from an alert's block (signs, pages, the public API) or from an item of a notice (pushes, inboxes). Whoever shows it
only chooses: the language, the places that are theirs, where a line breaks. Three kinds of event stay apart here
(invariant 7): an official warning is equivalent to its level, only the office orders, a gauge has no level at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from schemas.alert import Alert, Area, Info, Origin, active
from schemas.area import AreaCode, AreaTable, City
from schemas.hazard import HAZARDS, TAKE_CARE, Hazard, base
from schemas.level import INFORMATION_RANK, LEVELS, Level
from schemas.notification import Change, Item, Notice
from schemas.text import Text
from services.gateway.core import words
from services.gateway.core.frames import instant

NAME_MAX = 40
SOURCE_MAX = 40
RIVER_MAX = 24
"""Characters of names that come from outside."""
CAUSE_MAX = 16
"""Characters of the office's reason that stand above its order; a longer one gives way to the hazard."""

Names = Mapping[AreaCode, Text]
"""Names of areas by code: the national table's, and the demo's own."""

_STAYS_CAREFUL = 3
"""The rank from which what is over may still be dangerous."""
_ORDER_BREAKS = ("安全確保", "避難")
"""The ends of orders before which a line may break."""
_NONE = Text(ja="", easy="", en="")
_ACTIVE = frozenset({Change.NEW, Change.RISE, Change.LOWERED})


class Kind(StrEnum):
    """What is said to have happened; picks the sentence."""

    NEW = "new"
    RAISED = "raised"
    SWITCHED = "switched"
    """Risen, of something without a level."""
    LOWERED = "lowered"
    RELEASED = "released"
    OVER = "over"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One thing told.

    `hazard`: the id that people follow. `level`: 警戒レベル or None; `equivalent`: 相当, the level is not the city's own word;
    `order`: the city orders it. `about`: the danger above the name, as its source calls it, with the river's name or the
    office's reason. `name`: what it is called; `parts`: its Japanese, where a line may break between them. `grade`: how
    strongly the source speaks, which stands where there is no level. `action`: what to do by the tables;
    `instruction`: the office's own words, "" where it wrote none. `source`, `source_short`: who says it, `verb` what
    they did at `sent`. Places are not here: each reader keeps those of the block that are theirs.
    """

    kind: Kind
    hazard: str
    level: int | None
    equivalent: bool
    order: bool
    about: Text
    name: Text
    parts: tuple[str, ...]
    grade: Text
    action: Text
    instruction: Text
    source: Text
    source_short: Text
    verb: Text
    sent: datetime
    drill: bool


def names_of(areas: AreaTable, city: City) -> Names:
    """What areas are called: the national table's names, and the city's own of its demo."""
    return {code: entry.name for code, entry in areas.entries.items()} | {one.area: one.name for one in city.demo}


def of_block(alert: Alert, info: Info, names: Names) -> Message:
    """The message of a block that is in force."""
    about = _about(info, alert.origin, info.headline, info.area)
    source = source_of(alert.sender_name, alert.streams[0], alert.origin, names)
    return _message(alert, info, alert.origin, about=about, source=source, short=_short(alert.streams[0], source))


def of_item(notice: Notice, item: Item, names: Names) -> Message:
    """The message of one thing that a person is told."""
    about = _about(item, item.origin, "", ())
    source = source_of(notice.sender_name, notice.stream, item.origin, names)
    short = _short(notice.stream, source)
    return _message(notice, item, item.origin, about=about, source=source, short=short, change=item.change)


def wire(message: Message) -> dict[str, Any]:
    """The message as it stands with its block in JSON (`message`), on the stream and in `GET /v1/situation`.

    Each text as {ja, easy, en}. The office's own words stand in the block (`instruction`, `instructionEasy`,
    `instructionEn`), and are not repeated.
    """
    return {
        "hazard": message.hazard,
        "level": message.level,
        "equivalent": message.equivalent,
        "order": message.order,
        "about": _text(message.about),
        "name": _text(message.name),
        "parts": list(message.parts),
        "grade": _text(message.grade),
        "action": _text(message.action),
        "source": _text(message.source),
        "sourceShort": _text(message.source_short),
        "verb": _text(message.verb),
        "sent": instant(message.sent),
        "drill": message.drill,
    }


def wire_of(alert: Alert, names: Names) -> list[dict[str, Any] | None]:
    """The message of each block of an alert, in their order; None for those that are not in force."""
    return [wire(of_block(alert, info, names)) if active(info) else None for info in alert.info]


def source_of(sender_name: str, stream: str, origin: Origin, names: Names) -> Text:
    """Who says it. Where its own name would not be understood: the area it is named after, else what kind it is."""
    sender = cut(sender_name, SOURCE_MAX)
    if stream.startswith("jma:"):
        return Text(ja=sender or words.JMA.ja, easy=words.JMA.easy, en=words.JMA.en)
    namesake = next((text for text in names.values() if text.ja == sender_name), None)
    if namesake is not None:
        return Text(ja=sender, easy=cut(namesake.easy, SOURCE_MAX), en=cut(namesake.en, SOURCE_MAX))
    kind = {Origin.OFFICE: words.OFFICE, Origin.GAUGE: words.GAUGE, Origin.OFFICIAL: words.OTHER}[origin]
    return Text(ja=sender or words.JMA.ja, easy=kind.easy, en=sender or words.JMA.en)


def plain_event(event: str) -> str:
    """The source's name without its level and without what it says of its own issuing (「レベル４土砂災害危険警報」)."""
    at = event[:4]
    level_named = at.startswith("レベル") and at[3:] in {*"１２３４５", *"12345"}
    return _unbracketed(event[4:] if level_named else event)


def cut(text: str, length_max: int) -> str:
    """The text, its end left out where it is longer."""
    return text if len(text) <= length_max else text[: length_max - 1] + "…"


# --- how it is put together ---


def _message(
    head: Alert | Notice,
    said: Info | Item,
    origin: Origin,
    *,
    about: Text,
    source: Text,
    short: Text,
    change: Change = Change.NEW,
) -> Message:
    row = None if origin is Origin.GAUGE or said.level is None else LEVELS[said.level]
    order = row.order if row and origin is Origin.OFFICE else None
    name = _order_name(order, change) if order else _event_name(said)
    kind = _kind(change, row, order is not None or plain_event(said.event).endswith(words.RELEASED_BY))
    return Message(
        kind=kind,
        hazard=base(said.hazard),
        level=row.level if row else None,
        # levels 1 and 2 are the weather service's own; from 3 on the level is the city's, and a warning is its equivalent
        equivalent=row is not None and row.order is not None and origin is not Origin.OFFICE,
        order=order is not None,
        about=about,
        name=name,
        parts=_parts(name.ja),
        grade=_grade(said),
        action=_action(said, change, row, origin),
        instruction=_own(said) if change in _ACTIVE else _NONE,
        source=source,
        source_short=short,
        verb=words.VERBS[_verb(kind, origin, ordered=order is not None)],
        sent=head.sent,
        drill=head.drill is not None,
    )


def _short(stream: str, source: Text) -> Text:
    return words.JMA_SHORT if stream.startswith("jma:") else source


def _kind(change: Change, row: Level | None, released: bool) -> Kind:
    if change is Change.NEW:
        return Kind.NEW
    if change is Change.LOWERED:
        return Kind.LOWERED
    if change is Change.RISE:
        return Kind.SWITCHED if row is None else Kind.RAISED
    if change is Change.CANCEL:
        return Kind.WITHDRAWN
    return Kind.RELEASED if released else Kind.OVER


def _verb(kind: Kind, origin: Origin, *, ordered: bool) -> str:
    if kind in {Kind.RELEASED, Kind.OVER, Kind.WITHDRAWN}:
        return kind
    return "observed" if origin is Origin.GAUGE else "order" if ordered else "issued"


def _order_name(order: Text, change: Change) -> Text:
    # 「みんな にげて ください」 is an order also where it stands after 「おわり」
    easy = order.easy if change in _ACTIVE else HAZARDS["evacuation"].name.easy
    return Text(ja=order.ja, easy=easy, en=order.en[:1].lower() + order.en[1:])


def _event_name(said: Info | Item) -> Text:
    """The source's own name without the level in it; in other languages the hazard and how the source grades it."""
    hazard, event = hazard_of(said.hazard).name, plain_event(said.event)
    japanese = cut(event, NAME_MAX) or hazard.ja
    ending = _ending(event)
    if ending is None:
        return Text(ja=japanese, easy=hazard.easy, en=hazard.en)
    grade = words.GRADES[ending]
    if ending in words.WHOLE_GRADES:
        return Text(ja=japanese, easy=grade.easy, en=grade.en)
    return Text(ja=japanese, easy=f"{hazard.easy}の {grade.easy}", en=f"{hazard.en} {grade.en}")


def _grade(said: Info | Item) -> Text:
    ending = _ending(plain_event(said.event))
    return hazard_of(said.hazard).name if ending is None else words.GRADES[ending]


def _action(said: Info | Item, change: Change, row: Level | None, origin: Origin) -> Text:
    """By the level, else by the hazard; an official warning orders nothing. Of what is over: what still holds.

    What only informs asks for nothing but attention: what its hazard asks for would come days too early.
    """
    if change is Change.CANCEL:
        return words.MISTAKEN
    if change is Change.END:
        if row is not None and row.order is not None and origin is Origin.OFFICE:
            return words.AFTER_ORDER
        lasting = (said.rank or 0) >= _STAYS_CAREFUL and base(said.hazard) not in {"shelter", "notice"}
        return words.AFTER_DANGER if lasting else TAKE_CARE
    if row is None:
        return TAKE_CARE if _informs(said, origin) else hazard_of(said.hazard).action
    return row.action if origin is Origin.OFFICE else row.equivalent_action


def _informs(said: Info | Item, origin: Origin) -> bool:
    """Whether an official block only informs of a danger, and warns of nothing yet."""
    return said.rank == INFORMATION_RANK and origin is Origin.OFFICIAL


def _own(said: Info | Item) -> Text:
    return Text(ja=said.instruction, easy=said.instruction_easy, en=said.instruction_en)


def _about(said: Info | Item, origin: Origin, headline: str, areas: Sequence[Area]) -> Text:
    """強風 in 強風注意報, though 強風 and 暴風 are one hazard to us; the river it is about; why the office orders."""
    name = hazard_of(said.hazard).name
    if origin is Origin.OFFICE and headline and len(headline) <= CAUSE_MAX:
        return Text(ja=headline, easy=name.easy, en=name.en)
    head, *graded = _parts(plain_event(said.event))
    called = cut(head, NAME_MAX) if graded and origin is Origin.OFFICIAL else name.ja
    river = next(
        (area for area in areas if area.code is not None and area.code.scheme in {"flood_area", "river"}), None
    )
    of_river = f"{cut(_unbracketed(river.area_desc), RIVER_MAX)} " if river else ""
    return Text(ja=of_river + called, easy=name.easy, en=name.en)


def hazard_of(hazard_id: str) -> Hazard:
    """The row of a hazard; one that this program does not know yet is told like a notice."""
    return HAZARDS.get(base(hazard_id), HAZARDS["notice"])


def _parts(name: str) -> tuple[str, ...]:
    """A Japanese name where a line may break, never inside a word: 土砂災害｜危険警報, 緊急｜安全確保."""
    tail = _ending(name) or next((end for end in _ORDER_BREAKS if name.endswith(end)), "")
    head = name.removesuffix(tail)
    return (head, tail) if head and tail else (name,)


def _ending(name: str) -> str | None:
    return next((end for end in words.GRADES if name.endswith(end)), None)


def _unbracketed(text: str) -> str:
    head, bracket, _ = text.partition("（")
    return head if bracket and text.endswith("）") and head else text


def _text(text: Text) -> dict[str, str]:
    return {"ja": text.ja, "easy": text.easy, "en": text.en}
