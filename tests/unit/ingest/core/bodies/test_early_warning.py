from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.ingest.core.bodies.early_warning import read, read_week
from services.ingest.core.defect import Code
from tests.unit.ingest.core.bodies.reading import codes, reading, refused, said

PERIODS = """<TimeDefines>
<TimeDefine timeId="1"><DateTime>2026-09-02T06:00:00+09:00</DateTime><Duration>PT6H</Duration></TimeDefine>
<TimeDefine timeId="2"><DateTime>2026-09-02T12:00:00+09:00</DateTime><Duration>PT6H</Duration></TimeDefine>
<TimeDefine timeId="3"><DateTime>soon</DateTime><Duration>PT6H</Duration></TimeDefine>
<TimeDefine timeId="4"><DateTime>2026-09-02T18:00:00+09:00</DateTime><Duration>for long</Duration></TimeDefine>
</TimeDefines>"""


def body(*kinds: tuple[str, str], code: str = "140020") -> str:
    """Each kind: Property/Type and what it says of the periods, one letter each (- none)."""
    made = "".join(
        f"<Kind><Property><Type>{kind}</Type><PossibilityRankOfWarningPart>"
        + "".join(
            f'<PossibilityRankOfWarning refID="{number}">{word if word != "-" else ""}</PossibilityRankOfWarning>'
            for number, word in enumerate(words, 1)
        )
        + "</PossibilityRankOfWarningPart></Property></Kind>"
        for kind, words in kinds
    )
    item = f"<Item>{made}<Area><Name>西部</Name><Code>{code}</Code></Area></Item>"
    return f"<MeteorologicalInfos><TimeSeriesInfo>{PERIODS}{item}</TimeSeriesInfo></MeteorologicalInfos>"


@pytest.mark.parametrize(
    ("kind", "strength"),
    [
        ("大雨", "heavy_rain 1 1"),
        ("雨", "heavy_rain 1 1"),
        ("土砂災害", "landslide 1 1"),
        ("潮位", "storm_surge 1 1"),
        ("高潮", "storm_surge 1 1"),
        ("風（風雪）", "wind - 1"),
        ("波", "wave - 1"),
        ("雪", "heavy_snow - 1"),
    ],
)
def test_is_level_1_of_what_has_levels_and_information_of_the_rest(kind: str, strength: str) -> None:
    assert said(read, "", body((f"{kind}の警報級の可能性", "中"))) == [f"class10:140020 {strength} active"]


def test_holds_to_the_end_of_the_last_period_that_has_one() -> None:
    first, second, unknown = (
        reading(read, "", body(("大雨の警報級の可能性", words))).entries[0].kind for words in ("高-", "-中", "--高高")
    )
    assert first.expires == datetime(2026, 9, 2, 3, 0, tzinfo=UTC)
    assert second.expires == datetime(2026, 9, 2, 9, 0, tzinfo=UTC)
    assert unknown.expires is None
    assert ("［高］" in first.event, "［中］" in second.event) == (True, True)


def test_where_nothing_is_likely_nothing_is_said() -> None:
    assert said(read, "", body(("大雨の警報級の可能性", "-"), ("波の警報級の可能性", "な"))) == []


def test_a_kind_that_we_do_not_know_is_said() -> None:
    written = body(("隕石の警報級の可能性", "高"), ("大雨の警報級の可能性", "中"))
    assert said(read, "", written) == ["class10:140020 heavy_rain 1 1 active"]
    assert codes(read, "", written) == [Code.UNKNOWN_KIND]


def test_without_any_it_is_refused() -> None:
    assert refused(read, "", body(("天気", "高"))) is Code.NOTHING_LISTED


def test_the_week_speaks_of_offices() -> None:
    assert said(read_week, "", body(("大雨の警報級の可能性", "中"), code="140000")) == [
        "office:140000 heavy_rain 1 1 active"
    ]
    assert said(read_week, "", body(("大雨の警報級の可能性", "中"))) == ["class10:140020 heavy_rain 1 1 active"]
