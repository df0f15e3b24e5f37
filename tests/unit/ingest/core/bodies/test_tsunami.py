from __future__ import annotations

import pytest

from services.ingest.core.bodies.tsunami import OVER, read, read_information
from services.ingest.core.defect import Code
from tests.telegrams import coast
from tests.unit.ingest.core.bodies.reading import codes, reading, refused, said


@pytest.mark.parametrize(("code", "rank"), [("53", 5), ("52", 5), ("51", 4), ("62", 3)])
def test_a_warning_has_no_level_and_its_rank(code: str, rank: int) -> None:
    assert said(read, "tsunami", coast(("330", code, "津波警報"))) == [f"tsunami:330 tsunami - {rank} active"]


@pytest.mark.parametrize("code", sorted(OVER))
def test_a_forecast_and_a_release_are_the_end_of_it(code: str) -> None:
    assert said(read, "tsunami", coast(("330", code, "津波予報"), last="52")) == ["tsunami:330 tsunami - - released"]


def test_a_code_that_we_do_not_know_is_in_force_at_no_rank() -> None:
    body = coast(("330", "54", "何か"), ("312", "51", "津波警報"))
    assert said(read, "tsunami", body) == ["tsunami:330 tsunami - - active", "tsunami:312 tsunami - 4 active"]
    assert codes(read, "tsunami", body) == [Code.UNKNOWN_KIND]


def test_every_coast_is_listed_and_one_without_any_is_no_all_clear() -> None:
    assert [area.code for area in reading(read, "tsunami", coast(("330", "60", ""), ("312", "62", ""))).listed] == [
        "330",
        "312",
    ]
    assert refused(read, "tsunami", "<Tsunami/>") is Code.NOTHING_LISTED


def test_arrivals_and_heights_only_inform() -> None:
    estimated = (
        "<Tsunami><Estimation><Item><Area><Name>静岡県</Name><Code>380</Code></Area></Item></Estimation></Tsunami>"
    )
    body = coast(("330", "53", "大津波警報：発表"), ("312", "71", "津波予報（若干の海面変動）")) + estimated
    assert said(read_information, "tsunami", body) == [
        "tsunami:330 tsunami - 1 active",
        "tsunami:312 tsunami - - released",
        "tsunami:380 tsunami - 1 active",
    ]
