from __future__ import annotations

from datetime import UTC, datetime

from services.ingest.core.bodies.outlook import read
from services.ingest.core.defect import Code
from tests.unit.ingest.core.bodies.reading import codes, reading, refused, said

PERIODS = """<TimeDefines>
<TimeDefine timeId="1"><DateTime>2026-09-01T21:00:00+09:00</DateTime><Duration>PT3H</Duration></TimeDefine>
<TimeDefine timeId="2"><DateTime>2026-09-02T00:00:00+09:00</DateTime><Duration>PT3H</Duration></TimeDefine>
</TimeDefines>"""


def danger(kind_of: str, *levels: tuple[str, str, str]) -> str:
    """A Kind: (period, Code, Name) for each Significancy."""
    made = "".join(
        f'<Significancy refID="{ref}"><Name>{name}</Name><Code>{code}</Code></Significancy>'
        for ref, code, name in levels
    )
    return f"<Kind><Property><Type>{kind_of}</Type><Part><Base>{made}</Base></Part></Property></Kind>"


def outlook(*kinds: str, code: str = "1420600") -> str:
    item = f"<Item>{''.join(kinds)}<Area><Name>小田原市</Name><Code>{code}</Code></Area></Item>"
    return f"<MeteorologicalInfos><TimeSeriesInfo>{PERIODS}{item}</TimeSeriesInfo></MeteorologicalInfos>"


def test_a_danger_to_come_is_information_without_a_level_to_the_end_of_its_last_period() -> None:
    body = outlook(danger("土砂災害危険度", ("1", "41", "警戒レベル４相当"), ("2", "22", "警戒レベル２相当")))
    assert said(read, "", body) == ["class20:1420600 landslide - 1 active"]
    [entry] = reading(read, "", body).entries
    assert (entry.kind.event, entry.kind.code) == ("時系列情報（土砂災害危険度　警戒レベル４相当）", "41")
    assert entry.kind.expires == datetime(2026, 9, 1, 18, 0, tzinfo=UTC)


def test_what_stays_below_an_advisory_or_is_a_quantity_is_no_danger() -> None:
    quiet = danger("風危険度", ("1", "01", "注意報級未満"), ("2", "11", "警戒レベル２未満"), ("2", "00", "値なし"))
    words = danger("雷危険度", ("1", "", "?"), ("1", "2x", "?"), ("1", "200", "?"))
    found = reading(read, "", outlook(quiet, words, danger("雨", ("1", "51", "x"))))
    assert (found.entries, found.defects, [str(one) for one in found.listed]) == ((), (), ["class20:1420600"])


def test_a_period_that_is_not_defined_gives_no_end() -> None:
    [entry] = reading(read, "", outlook(danger("波危険度", ("9", "30", "警報級")))).entries
    assert entry.kind.expires is None


def test_a_danger_of_an_unknown_kind_or_place_is_said() -> None:
    assert codes(read, "", outlook(danger("黄砂危険度", ("1", "20", "注意報級")))) == [Code.UNKNOWN_KIND]
    unknown = outlook(danger("雪危険度", ("1", "20", "注意報級")), code="9999900")
    assert codes(read, "", unknown) == [Code.UNKNOWN_AREA]


def test_without_any_item_it_is_refused() -> None:
    assert refused(read, "") is Code.NOTHING_LISTED
