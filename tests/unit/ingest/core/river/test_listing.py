from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.ingest.core.river.listing import gone, heard, slot

AT = datetime(2026, 9, 1, 11, 3, tzinfo=UTC)


def test_a_gauge_that_an_answer_does_not_name_is_gone() -> None:
    assert gone({"b": 0, "a": 2, "c": 0}, {"c", "d"}) == ("a", "b")


def test_it_is_forgotten_when_it_was_said_three_times() -> None:
    listed = heard({}, "a", is_listed=True)
    for count in (1, 2):
        listed = heard(listed, "a", is_listed=False)
        assert listed == {"a": count}
    assert heard(listed, "a", is_listed=False) == {}


def test_a_return_begins_the_count_anew() -> None:
    assert heard({"a": 2, "b": 1}, "a", is_listed=True) == {"a": 0, "b": 1}


def test_two_ingests_that_ask_in_turns_are_in_one_slot() -> None:
    assert slot(AT, 600) == slot(AT + timedelta(minutes=5), 600) == AT - timedelta(minutes=3)
    assert slot(AT + timedelta(minutes=10), 600) != slot(AT, 600)
