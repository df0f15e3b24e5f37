from __future__ import annotations

import pytest

from schemas.text import DRILL_MARK, Text


def test_a_text_cannot_leave_a_language_out() -> None:
    with pytest.raises(TypeError):
        Text(ja="大雨", en="heavy rain")  # type: ignore[call-arg]


def test_the_drills_mark_is_the_same_sign_in_both_kinds_of_japanese() -> None:
    assert DRILL_MARK.ja == DRILL_MARK.easy == "【訓練】"
