"""A short text in the languages that are reviewed from the start."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The same words in Japanese, easy Japanese (やさしい日本語: kana, spaces between phrases) and plain English."""

    ja: str
    easy: str
    en: str
