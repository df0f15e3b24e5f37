from __future__ import annotations

from collections.abc import Callable

import pytest

from services.ingest.core import trouble
from services.ingest.core.defect import Code, Defect
from services.ingest.core.trouble import Trouble
from tests.factories import at

LINK = "https://feeds.example/developer/xml/data/20260901110000_0_VPWW55_140000.xml"
ALL: dict[str, Trouble] = {
    "E3201": trouble.no_answer("jma.extra", "ConnectError"),
    "E3202": trouble.bad_status("jma.extra", 500),
    "E3203": trouble.no_feed("jma.extra", Defect(code=Code.NOT_A_FEED, reason="no date")),
    "E3204": trouble.frozen("jma.extra", at(0), 30_000, 21_600),
    "E3205": trouble.empty("jma.extra"),
    "E3206": trouble.from_the_future("jma.extra", at(600)),
    "E3207": trouble.not_heard("jma.extra"),
    "E3208": trouble.clock_off(45),
    "E3209": trouble.over_budget(600_000_000, 1_000_000_000),
    "E3210": trouble.unfetched("jma.extra", LINK, 10, "HTTP 404"),
    "E3211": trouble.too_large("jma.extra", LINK, 8_000_000),
    "E3212": trouble.leads_elsewhere("jma.extra", "http://169.254.169.254/"),
    "E3213": trouble.failing("a.xml", 3, "KeyError"),
    "E3214": trouble.lapsing("jma.extra", at(180)),
    "E3215": trouble.no_telegram("unknown kind"),
    "E3222": trouble.disagreement(["class20:1420600 wind: telegrams 3, website none"] * 7),
    "E3223": trouble.unreadable_check("140000", "HTTP 404"),
    "E3221": trouble.quiet("jma.extra", at(0), 90_000, 86_400),
    "E3240": trouble.doubted("見本橋", "9.90 m", "jump"),
    "E3241": trouble.rising("見本橋", "4.20 m", 0.6, 1800.0),
    "E3242": trouble.gauge_lost("見本橋", at(0)),
    "E3243": trouble.gauge_placeless("見本橋", "jis5:99999"),
    "E3244": trouble.no_observation("unknown kind"),
    "E3245": trouble.no_drop("/srv/drop", "No such file or directory"),
}


@pytest.mark.parametrize("code", ALL)
def test_every_trouble_has_its_code_and_says_what_to_do(code: str) -> None:
    assert ALL[code].code == code
    assert ALL[code].message
    assert ALL[code].hint


def test_every_code_is_listed_for_the_operator() -> None:
    assert trouble.__doc__ is not None
    assert [code for code in ALL if code not in trouble.__doc__] == []


def test_an_answer_that_leads_nowhere_is_no_feed() -> None:
    assert trouble.no_next("suimon", "/cgi-bin/x").code == "E3203"


def test_when_the_next_level_comes_is_said_where_it_is_known() -> None:
    assert "30 min" in ALL["E3241"].message
    assert "next level" not in trouble.rising("見本橋", "4.20 m", 0.6, None).message


def test_a_304_to_nobody_is_told_as_a_status_that_brings_no_feed() -> None:
    assert trouble.not_modified_since_never("jma.extra").code == "E3202"


@pytest.mark.parametrize(("status", "word"), [(403, "blocked"), (429, "blocked"), (503, "pauses")])
def test_who_refuses_us_is_left_alone(status: int, word: str) -> None:
    assert word in trouble.bad_status("jma.extra", status).hint


@pytest.mark.parametrize(
    "made",
    [
        lambda text: trouble.unfetched("jma.extra", text, 10, "HTTP 404"),
        lambda text: trouble.too_large("jma.extra", text, 1),
        lambda text: trouble.leads_elsewhere("jma.extra", text),
    ],
    ids=["unfetched", "too large", "leads elsewhere"],
)
def test_a_long_address_is_cut(made: Callable[[str], Trouble]) -> None:
    assert len(made("x" * 10_000).message) < 500


@pytest.mark.parametrize(
    ("span_s", "words"), [(0, "0 s"), (119.4, "119 s"), (120, "2 min"), (7199, "120 min"), (21_600, "6.0 h")]
)
def test_a_span_is_told_in_the_unit_that_suits_it(span_s: float, words: str) -> None:
    assert trouble.span(span_s) == words


def test_the_clock_is_japan_s() -> None:
    assert trouble.clock_time(at(0)) == "09-01 20:00:00 JST"


def test_which_way_the_clock_is_off_is_said() -> None:
    assert "ahead of" in trouble.clock_off(45).message
    assert "behind" in trouble.clock_off(-45).message
