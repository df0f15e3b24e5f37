"""A short text in the languages that are reviewed from the start, and the words that mark a drill."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The same words in Japanese, easy Japanese (やさしい日本語: kana, spaces between phrases) and plain English."""

    ja: str
    easy: str
    en: str


DRILL_MARK = Text(ja="【訓練】", easy="【訓練】", en="DRILL: ")
"""First in every text of a drill. The same sign in easy Japanese as on every screen; its reading follows at once."""
DRILL_SAID = Text(
    ja="これは訓練です", easy="れんしゅうです。 ほんとうでは ありません", en="This is a drill, not a real alert"
)
"""What follows the mark."""
DRILL_CONTENT = Text(ja="訓練の内容", easy="れんしゅうの なかみ", en="The drill says")
"""What stands before that which a drill trains, where a screen shows both."""
