from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.ingest.core.bodies.heat import read
from services.ingest.core.defect import Code
from tests.unit.ingest.core.bodies.reading import reading, refused, said


@pytest.mark.parametrize("title", ["神奈川県熱中症警戒アラート", "神奈川県（島を除く）熱中症特別警戒アラート"])
def test_is_told_in_the_prefecture_of_its_title(title: str) -> None:
    assert said(read, "heat", head=title) == ["office:140000 heat - 2 active"]


@pytest.mark.parametrize(
    ("reported", "until"),
    [
        ("2026-08-11T05:00:00+09:00", datetime(2026, 8, 11, 15, tzinfo=UTC)),
        ("2026-08-11T17:00:00+09:00", datetime(2026, 8, 12, 15, tzinfo=UTC)),
        ("no time", None),
    ],
)
def test_holds_to_the_end_of_its_day(reported: str, until: datetime | None) -> None:
    [entry] = reading(read, "heat", head="神奈川県熱中症警戒アラート", reported=reported).entries
    assert (entry.kind.expires, entry.kind.event) == (until, "熱中症警戒アラート")


@pytest.mark.parametrize("title", ["", "熱中症警戒アラート", "火星熱中症警戒アラート"])
def test_without_a_prefecture_it_is_refused(title: str) -> None:
    assert refused(read, "heat", head=title) is Code.NOTHING_LISTED
