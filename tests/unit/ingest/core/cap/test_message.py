from __future__ import annotations

from services.ingest.core.cap.message import DEFECTS_MAX, Notes, Reference
from services.ingest.core.defect import Code


def test_what_is_wrong_is_said_once() -> None:
    notes = Notes()
    notes.add(Code.CAP_TIME, "sent is 'soon'")
    notes.add(Code.CAP_TIME, "sent is 'soon'")
    assert [one.code for one in notes.told()] == [Code.CAP_TIME]


def test_of_too_much_the_number_is_told() -> None:
    notes = Notes()
    for number in range(DEFECTS_MAX + 3):
        notes.add(Code.CAP_TIME, str(number))
    assert len(notes.told()) == DEFECTS_MAX + 1
    assert notes.told()[-1].code is Code.MORE_DEFECTS
    assert notes.told()[-1].reason == "3 more defects"


def test_a_reference_is_written_as_in_cap() -> None:
    assert str(Reference("a", "b", "c")) == "a,b,c"
