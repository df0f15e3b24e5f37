"""What a sign shows of one thing, line by line: what the office sees before it orders, and what the pages are held to.

The pages lay the same message out by themselves (`web/shared/lines.js`); the golden files in tests/fixtures/wording hold
both to the same lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta, timezone

from schemas.level import EQUIVALENT, WARNING_LEVEL
from schemas.subscription import Language
from schemas.text import DRILL_CONTENT, DRILL_MARK, DRILL_SAID
from services.gateway.core.message import Message
from services.gateway.core.words import capital, chosen

_JST = timezone(timedelta(hours=9))


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The lines, in the order of a card. `drill` is "" of something real, `mark` the level or how the source grades it."""

    language: Language
    drill: str
    mark: str
    about: str
    name: str
    place: str
    action: str
    source: str

    def lines(self) -> Iterator[str]:
        """The lines that there are."""
        yield from (line for one in fields(self)[1:] if (line := getattr(self, one.name)))


def card(message: Message, places: Sequence[str], language: Language) -> Card:
    """The lines of a message in a language; `places` are the reader's own, named in it. The time is that of the day."""
    english = language is Language.EN
    action = chosen(message.action, language)
    content = f"{chosen(DRILL_CONTENT, language)}{': ' if english else '： '}{action}"
    drill = chosen(DRILL_MARK, language) + chosen(DRILL_SAID, language)
    source = message.source_short if english else message.source
    return Card(
        language=language,
        drill=drill if message.drill else "",
        mark=_mark(message, language),
        about=chosen(message.about, language),
        name=capital(chosen(message.name, language)),
        place=(", " if english else "、").join(places),
        action=content if message.drill else action,
        source=f"{chosen(source, language)} {_time(message.sent)} {chosen(message.verb, language)}",
    )


def _mark(message: Message, language: Language) -> str:
    if message.level is None:
        grade = chosen(message.grade, language)
        return grade.replace(" ", "") if language is Language.JA else grade
    gap = " " if language is Language.EN else ""
    equivalent = gap + chosen(EQUIVALENT, language) if message.equivalent else ""
    return capital(f"{chosen(WARNING_LEVEL, language)}{gap}{message.level}{equivalent}")


def _time(at: datetime) -> str:
    local = at.astimezone(_JST)
    return f"{local.hour:02}:{local.minute:02}"
