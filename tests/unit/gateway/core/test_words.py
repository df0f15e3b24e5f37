from __future__ import annotations

import pytest

from schemas.subscription import Language
from schemas.text import Text
from services.gateway.core.words import GRADES, capital, chosen


@pytest.mark.parametrize(
    ("language", "said"), [(Language.JA, "雷"), (Language.EASY, "かみなり"), (Language.EN, "thunder")]
)
def test_words_are_chosen_by_language(language: Language, said: str) -> None:
    assert chosen(Text(ja="雷", easy="かみなり", en="thunder"), language) == said


def test_a_longer_grade_is_looked_for_before_the_one_it_ends_with() -> None:
    endings = list(GRADES)
    later = {(one, other) for index, one in enumerate(endings) for other in endings[index + 1 :]}
    assert [pair for pair in later if pair[1].endswith(pair[0])] == []


def test_only_the_first_letter_is_raised_and_japanese_stays() -> None:
    assert [capital(text) for text in ("", "landslide JMA", "がけ")] == ["", "Landslide JMA", "がけ"]
