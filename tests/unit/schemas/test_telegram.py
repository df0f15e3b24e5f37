from __future__ import annotations

from schemas.examples import EXAMPLES
from schemas.telegram import DeadLetter, Epoch, RawTelegram


def test_a_telegram_is_kept_with_where_it_came_from_and_its_sum() -> None:
    raw = EXAMPLES["telegram"]
    assert isinstance(raw, RawTelegram)
    assert raw.entry_id.endswith(raw.name)
    assert len(raw.sha256) == 64


def test_a_dead_letter_says_what_to_do() -> None:
    letter = EXAMPLES["dead"]
    assert isinstance(letter, DeadLetter)
    assert letter.hint


def test_an_epoch_names_one_log() -> None:
    assert Epoch(epoch="a") != Epoch(epoch="b")
