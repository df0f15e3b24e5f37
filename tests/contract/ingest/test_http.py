"""What the heads of answers say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.ingest.sources.http import http_date, is_loopback, retry_after_s, served_at

NOW = datetime(2026, 9, 1, 11, 0, tzinfo=UTC)
DATE = "Tue, 01 Sep 2026 11:00:00 GMT"


@pytest.mark.parametrize(
    ("text", "wait_s"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Tue, 01 Sep 2026 11:05:00 GMT", 300.0),
        ("Tue, 01 Sep 2026 10:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("１２０", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_else_says_nothing(text: str, wait_s: float | None) -> None:
    assert retry_after_s({"retry-after": text}, NOW) == wait_s
    assert retry_after_s({}, NOW) is None


def test_the_source_s_time_counts_what_a_cache_has_held_the_answer() -> None:
    assert served_at({"date": DATE}) == NOW
    assert served_at({"date": DATE, "age": "9"}) == NOW.replace(second=9)


@pytest.mark.parametrize("age", ["", "soon", "9" * 400])
def test_an_age_that_says_nothing_is_none(age: str) -> None:
    assert served_at({"date": DATE, "age": age}) == NOW


@pytest.mark.parametrize("date", ["", "today", "Tue, 01 Sep 2026 11:00:00", "Tue, 99 Sep 2026 11:00:00 GMT"])
def test_a_date_that_is_none_is_not_guessed(date: str) -> None:
    assert http_date(date) is None
    assert served_at({"date": date}) is None
    assert served_at({}) is None


@pytest.mark.parametrize(
    ("base", "is_ours"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://[::1]:8000", True),
        ("http://localhost:8000", True),
        ("https://www.data.jma.go.jp", False),
        ("https://127.0.0.1.example", False),
        ("nothing", False),
    ],
)
def test_only_this_machine_is_reached_without_a_proxy(base: str, is_ours: bool) -> None:
    assert is_loopback(base) is is_ours
