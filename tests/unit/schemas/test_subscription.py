from __future__ import annotations

from datetime import time

import pytest

from schemas.subscription import QuietHours, is_quiet


def at(text: str) -> time:
    return time.fromisoformat(text)


@pytest.mark.parametrize(
    ("start", "end", "now", "quiet"),
    [
        ("22:00", "06:00", "23:59", True),
        ("22:00", "06:00", "05:59", True),
        ("22:00", "06:00", "06:00", False),
        ("22:00", "06:00", "12:00", False),
        ("12:00", "13:00", "12:00", True),
        ("12:00", "13:00", "13:00", False),
        ("07:00", "07:00", "07:00", False),
    ],
)
def test_quiet_hours_may_pass_midnight(start: str, end: str, now: str, quiet: bool) -> None:
    assert is_quiet(QuietHours(start=at(start), end=at(end)), at(now)) is quiet


def test_without_quiet_hours_no_hour_is_quiet() -> None:
    assert not is_quiet(None, at("03:00"))
