from __future__ import annotations

import pytest

from schemas.text import Text


def test_a_text_cannot_leave_a_language_out() -> None:
    with pytest.raises(TypeError):
        Text(ja="大雨", en="heavy rain")  # type: ignore[call-arg]
