from __future__ import annotations

from datetime import timedelta

from schemas.status import Condition, is_silent
from services.ingest.core.canary import passed
from tests.factories import EVENING


def test_a_stage_that_a_canary_passed_is_well() -> None:
    report = passed("poll", EVENING, 60)
    assert (report.subject, report.condition, report.reported_at) == ("canary:poll", Condition.OK, EVENING)


def test_a_stage_falls_silent_after_three_canaries_that_did_not_come() -> None:
    report = passed("parse", EVENING, 60)
    assert not is_silent(report, EVENING + timedelta(seconds=180))
    assert is_silent(report, EVENING + timedelta(seconds=181))
    assert report.hint
