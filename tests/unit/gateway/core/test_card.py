"""What a sign shows, line by line; every whole card stands in the golden files (test_wording.py)."""

from __future__ import annotations

import pytest

from schemas.level import LEVELS
from schemas.subscription import Language
from services.gateway.core.card import Card, card
from services.gateway.core.message import of_item
from tests.unit.gateway.core.notices import NAMES, item, notice, order_item

GALE = item(hazard="wind", event="暴風特別警報", level=None, rank=5)


def shown(language: Language, *places: str, drill: bool = False, gale: bool = False) -> Card:
    one = GALE if gale else item()
    return card(of_item(notice(one, drill=drill), one, NAMES), places or ("小田原市",), language)


@pytest.mark.parametrize(
    ("language", "marks"),
    [
        (Language.JA, ("警戒レベル4相当", "特別警報")),
        (Language.EASY, ("けいかいレベル4くらい", "とくべつけいほう")),
        (Language.EN, ("Level 4 equivalent", "emergency warning")),
    ],
)
def test_the_mark_is_the_level_or_how_the_source_grades_it(language: Language, marks: tuple[str, str]) -> None:
    assert (shown(language).mark, shown(language, gale=True).mark) == marks


def test_the_citys_own_level_is_equivalent_to_none() -> None:
    one = order_item()
    assert card(of_item(notice(one), one, NAMES), ("小田原市",), Language.EN).mark == "Level 4"


def test_places_are_listed_and_who_and_when_is_said() -> None:
    assert shown(Language.JA, "早川", "風祭").place == "早川、風祭"
    assert shown(Language.EN, "Hayakawa", "Kazamatsuri").place == "Hayakawa, Kazamatsuri"
    assert shown(Language.JA).source == "横浜地方気象台 22:40 発表"
    assert shown(Language.EN).source == "JMA 22:40 issued"


def test_a_drill_says_so_first_and_then_what_it_trains() -> None:
    lines = list(shown(Language.JA, drill=True).lines())
    assert lines[0] == "【訓練】これは訓練です"
    assert lines[-2] == f"訓練の内容： {LEVELS[4].equivalent_action.ja}"
    assert shown(Language.EN, drill=True).action.startswith("The drill says: ")


def test_something_real_has_no_line_about_a_drill() -> None:
    made = shown(Language.JA)
    assert made.drill == ""
    assert list(made.lines()) == [made.mark, made.about, made.name, made.place, made.action, made.source]
