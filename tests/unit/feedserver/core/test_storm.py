"""A storm's file becomes telegrams: what is written nowhere in it, and that all of it is a drill."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import timedelta

import pytest

from services.feedserver.core.storm import moments, telegram, telegrams
from tests.unit.feedserver.core.little_storm import STARTED_AT, document, lists, little_storm, texts

TOWNS = "気象警報・注意報（市町村等）"
RUN = telegrams(little_storm(), "run-1", STARTED_AT)
ROOTS = [document(item.body) for item in RUN]


def statuses(root: ET.Element) -> dict[str, str]:
    """Status of each town by name."""
    return {texts(item, "Name")[-1]: texts(item, "Status")[0] for item in lists(root, "Warning")[TOWNS]}


def test_every_telegram_of_a_storm_is_a_drill_marked_first_thing_and_said_to_be_invented() -> None:
    assert {texts(root, "Status")[0] for root in ROOTS} == {"訓練"}
    headlines = [texts(root, "Text")[0] for root in ROOTS]
    assert [text for text in headlines if not text.startswith("【訓練】") or not text.endswith("（架空）")] == []


def test_telegrams_are_stamped_with_the_time_they_are_published_at() -> None:
    assert [item.at - STARTED_AT for item in RUN] == [timedelta(seconds=s) for s in (0, 2, 4, 6, 6, 8, 8)]
    assert RUN[1].path == "/developer/xml/data/run-1/20261124205952_0_VPWW55_900000.xml"
    assert texts(ROOTS[1], "DateTime") == ["2026-11-24T20:59:52Z"]


def test_the_notice_stands_in_the_other_feed() -> None:
    assert [item.topic for item in RUN] == ["eqvol", *["extra"] * 6]
    assert RUN[0].path.endswith("/20261124205950_0_VZSE40_010000.xml")
    assert texts(ROOTS[0], "EventID") == ["20261125055950"]
    assert texts(ROOTS[0], "Text")[1] == "【訓練】訓練です。"


def test_a_first_warning_is_new_for_its_town_and_the_next_counts_from_it() -> None:
    assert statuses(ROOTS[1]) == {
        "小鐘市": "発表警報・注意報はなし",
        "大鐘市": "発表",
        "山鐘町": "発表警報・注意報はなし",
    }
    assert texts(lists(ROOTS[2], "Warning")[TOWNS][1], "Code")[:2] == ["03", "10"]


def test_a_correction_repeats_the_time_of_the_report_it_replaces_and_counts_from_the_one_before() -> None:
    correction = ROOTS[3]
    assert texts(correction, "InfoType") == ["訂正"]
    assert texts(correction, "ReportDateTime") == texts(ROOTS[2], "ReportDateTime")
    assert texts(correction, "DateTime") == ["2026-11-24T20:59:56Z"]
    assert statuses(correction)["山鐘町"] == "発表警報・注意報はなし"
    assert statuses(correction)["大鐘市"] == "発表"
    assert texts(correction, "Text")[1] == "山鐘町は誤りでした。"


def test_a_report_after_a_correction_counts_from_the_correction() -> None:
    assert statuses(ROOTS[5]) == {
        "小鐘市": "発表警報・注意報はなし",
        "大鐘市": "解除",
        "山鐘町": "発表警報・注意報はなし",
    }
    assert texts(ROOTS[5], "InfoType") == ["発表"]


def test_a_rivers_forecasts_have_its_code_as_event_and_count_up() -> None:
    floods = [ROOTS[4], ROOTS[6]]
    assert [texts(root, "EventID") for root in floods] == [["999999000200"]] * 2
    assert [texts(root, "Serial") for root in floods] == [["1"], ["2"]]
    assert [texts(root, "Title")[1] for root in floods] == ["鐘川レベル３氾濫警報", "鐘川レベル２氾濫注意報解除"]
    assert RUN[4].author == "鐘川事務所 鐘気象台"
    assert RUN[4].path.endswith("_VXKO51_030000.xml")


def test_a_step_that_was_published_late_is_stamped_late_and_its_correction_finds_it() -> None:
    late = [STARTED_AT + timedelta(seconds=s) for s in (0, 2, 14, 16)]
    correction = document(telegram(little_storm(), "run-1", late).body)
    assert texts(correction, "ReportDateTime") == ["2026-11-25T06:00:04+09:00"]
    assert texts(correction, "DateTime") == ["2026-11-24T21:00:06Z"]


@pytest.mark.parametrize("run", ["run-1", "run-2"])
def test_runs_differ_by_their_address_only(run: str) -> None:
    assert [item.body for item in telegrams(little_storm(), run, STARTED_AT)] == [item.body for item in RUN]
    assert all(f"/{run}/" in item.path for item in telegrams(little_storm(), run, STARTED_AT))


def test_telegrams_of_one_moment_are_published_together() -> None:
    assert moments(little_storm()) == ((0, 1), (2, 1), (4, 1), (6, 2), (8, 2))
