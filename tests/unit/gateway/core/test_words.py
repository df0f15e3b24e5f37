from __future__ import annotations

import pytest

from schemas.subscription import Language
from schemas.text import Text
from services.gateway.core.words import DRILL_MARK, GRADES, chosen


@pytest.mark.parametrize(
    ("language", "said"), [(Language.JA, "雷"), (Language.EASY, "かみなり"), (Language.EN, "thunder")]
)
def test_words_are_chosen_by_language(language: Language, said: str) -> None:
    assert chosen(Text(ja="雷", easy="かみなり", en="thunder"), language) == said


def test_a_longer_grade_is_looked_for_before_the_one_it_ends_with() -> None:
    endings = [ending for ending, _ in GRADES]
    later = {(one, other) for index, one in enumerate(endings) for other in endings[index + 1 :]}
    assert [pair for pair in later if pair[1].endswith(pair[0])] == []


def test_the_drills_mark_is_the_same_sign_in_both_kinds_of_japanese() -> None:
    assert DRILL_MARK.ja == DRILL_MARK.easy == "【訓練】"
