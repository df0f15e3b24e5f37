from __future__ import annotations

from services.ingest.core.defect import HINTS, Code, Defect


def test_a_defect_says_its_code_what_happened_and_what_to_do() -> None:
    defect = Defect(code=Code.UNKNOWN_STATUS, reason="Control/Status '休み'")
    assert str(defect) == f"E3112 Control/Status '休み': {defect.hint}"


def test_every_code_has_a_hint_and_no_two_share_a_number() -> None:
    assert set(HINTS) == set(Code)
    assert all(code.startswith("E31") and len(code) == 5 for code in Code)
