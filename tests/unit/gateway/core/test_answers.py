from __future__ import annotations

import pytest

from schemas.office import Approve, Cosign, Submit
from services.gateway.core.answers import OTHER_MEANS, NotAccepted, NotKnown, is_same, not_taken, refused
from services.gateway.core.approval import Refusal, Why


@pytest.mark.parametrize("why", Why)
def test_every_refusal_says_what_happened_and_what_to_do(why: Why) -> None:
    told = refused(Refusal(why=why))
    assert told.code == why
    assert told.said.endswith("。")
    assert told.hint.endswith("。")


def test_what_was_not_accepted_names_other_means() -> None:
    told = not_taken(NotAccepted(code="E2001", message="full"))
    assert (told.code, told.hint) == ("E5505", OTHER_MEANS)
    assert "何も送られていません" in told.said


def test_what_is_not_known_is_not_called_refused() -> None:
    told = not_taken(NotKnown())
    assert told.code == "E5506"
    assert "まだ分かりません" in told.said


def test_a_second_press_is_the_same_although_its_bytes_are_a_second_younger() -> None:
    assert is_same(Submit(version=1, alert="a"), Submit(version=1, alert="b"))
    assert not is_same(Submit(version=1, alert="a"), Submit(version=2, alert="a"))
    assert is_same(Cosign(sha256="a"), Cosign(sha256="a"))
    assert not is_same(Approve(sha256="a", drill=False), Approve(sha256="a", drill=True))
