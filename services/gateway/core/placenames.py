"""Municipalities by name: 小田原, おだわら, オダワラ, odawara. Only those that this deployment watches can be chosen.

Of any other the gateway would not know of a danger, so it must not be offered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from unicodedata import combining, normalize

from schemas.area import AreaCode, City
from schemas.text import Text

FOUND_MAX = 20
"""Places in one answer; whoever looks for more types another letter."""

_KATAKANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
_LEFT_OUT = re.compile(r"[\s\-'’・.,]")
_LONG = ((re.compile("o[ouh]"), "o"), (re.compile("uu"), "u"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Municipality:
    """One that can be followed. `areas`: its class20 codes, several where it is warned by part. `own`: the city itself."""

    jis5: str
    areas: tuple[AreaCode, ...]
    name: Text
    prefecture: Text
    own: bool


def municipalities(city: City, neighbours: Sequence[City]) -> tuple[Municipality, ...]:
    """Those that this deployment watches, its own city first."""
    return tuple(
        Municipality(jis5=one.jis5, areas=one.class20, name=one.name, prefecture=one.prefecture, own=one is city)
        for one in (city, *neighbours)
    )


def found(all_: Iterable[Municipality], query: str) -> tuple[Municipality, ...]:
    """Those whose name has the query in it, in any of the ways a name is written; first those that begin with it.

    An empty query finds all.
    """
    asked = _plain(query)
    hits = [(at, one) for one in all_ if (at := _place_of(asked, one)) is not None]
    return tuple(one for _, one in sorted(hits, key=lambda hit: hit[0] > 0))[:FOUND_MAX]


def _place_of(asked: str, one: Municipality) -> int | None:
    """Where in the name the query stands, the foremost of all spellings."""
    spellings = (one.name.ja, one.name.easy, one.name.en)
    places = [at for spelling in spellings if (at := _plain(spelling).find(asked)) >= 0]
    # 神奈川県小田原市 is how an address begins
    full = _plain(one.prefecture.ja + one.name.ja).find(asked)
    return min(places) if places else (full if full >= 0 else None)


def _plain(text: str) -> str:
    """The name without what is written in several ways: width, case, kana, marks on letters, long vowels, blanks."""
    text = normalize("NFKC", text).casefold().translate(_KATAKANA)
    text = "".join(_bare(letter) for letter in _LEFT_OUT.sub("", text))
    for long, short in _LONG:
        text = long.sub(short, text)
    return text


def _bare(letter: str) -> str:
    """ō → o; が stays が, because its mark makes another sound of it."""
    parts = normalize("NFD", letter)
    marked = len(parts) > 1 and parts[0].isascii() and all(map(combining, parts[1:]))
    return parts[0] if marked else letter
