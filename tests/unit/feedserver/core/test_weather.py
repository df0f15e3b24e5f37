"""Warning telegrams: levels, statuses and the four lists, from what was in force before and what is now."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime

import pytest

from services.feedserver.core.telegrams import DRILL, Heading
from services.feedserver.core.weather import FAMILIES, Change, InForce, warning_telegram
from tests.unit.feedserver.core.little_storm import document, kane, lists, texts

AT = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
RAIN = FAMILIES["大雨"]
LEVELS = {kind.grade: kind for kind in RAIN.kinds}
TOWNS = "気象警報・注意報（市町村等）"
DISTRICTS = "気象警報・注意報（市町村等をまとめた地域等）"
PREFECTURE = "気象警報・注意報（府県予報区等）"
OKANE, KOKANE, YAMAKANE = "9010200", "9010100", "9020100"


def telegram(before: InForce, now: InForce, comment: str | None = None, hazard: str = "大雨") -> ET.Element:
    heading = Heading(
        form=FAMILIES[hazard].form,
        title="鐘県",
        status=DRILL,
        editorial_office="台",
        publishing_office="台",
        sent_at=AT,
        reported_at=AT,
        headline="見出し",
    )
    change = Change(family=FAMILIES[hazard], before=before, now=now)
    return document(warning_telegram(heading, change, kane(), comment=comment))


def item_of(root: ET.Element, layer: str, code: str) -> ET.Element:
    return next(item for item in lists(root, "Warning")[layer] if code in texts(item, "Code"))


def status_of(before: int | None, now: int | None) -> str:
    """The status a town gets that was at one level and is at another."""
    root = telegram({OKANE: LEVELS[before]} if before else {}, {OKANE: LEVELS[now]} if now else {})
    return texts(item_of(root, TOWNS, OKANE), "Status")[0]


@pytest.mark.parametrize(
    ("hazard", "names"),
    [
        (
            "大雨",
            {
                "レベル２大雨注意報": "10",
                "レベル３大雨警報": "03",
                "レベル４大雨危険警報": "43",
                "レベル５大雨特別警報": "33",
            },
        ),
        (
            "土砂災害",
            {
                "レベル２土砂災害注意報": "29",
                "レベル３土砂災害警報": "09",
                "レベル４土砂災害危険警報": "49",
                "レベル５土砂災害特別警報": "39",
            },
        ),
        ("暴風", {"強風注意報": "15", "暴風警報": "05", "暴風特別警報": "35"}),
    ],
)
def test_each_hazard_has_the_names_and_codes_of_the_reform(hazard: str, names: dict[str, str]) -> None:
    assert {kind.name: kind.code for kind in FAMILIES[hazard].kinds} == names


@pytest.mark.parametrize(
    ("before", "now", "status"),
    [
        (None, None, "発表警報・注意報はなし"),
        (None, 2, "発表"),
        (2, 3, "発表"),
        (3, 3, "継続"),
        (5, 4, "特別警報から危険警報"),
        (5, 3, "特別警報から警報"),
        (4, 2, "危険警報から注意報"),
        (3, 2, "警報から注意報"),
        (2, None, "解除"),
    ],
)
def test_the_status_of_a_town_follows_from_before_and_now(before: int | None, now: int | None, status: str) -> None:
    assert status_of(before, now) == status


def test_a_raised_town_names_its_kind_its_last_kind_and_the_danger() -> None:
    item = item_of(telegram({OKANE: LEVELS[3]}, {OKANE: LEVELS[4]}), TOWNS, OKANE)
    assert texts(item, "Name") == ["レベル４大雨危険警報", "レベル３大雨警報", "警戒レベル４相当", "大鐘市"]
    assert texts(item, "Code") == ["43", "03", "41", OKANE]
    assert texts(item, "ChangeStatus") == ["警報・注意報種別に変化有"]


def test_a_new_warning_has_no_last_kind() -> None:
    assert texts(item_of(telegram({}, {OKANE: LEVELS[2]}), TOWNS, OKANE), "LastKind") == []


def test_a_released_town_keeps_name_and_code_and_only_its_status_says_that_it_is_over() -> None:
    root = telegram({OKANE: LEVELS[2]}, {})
    item = item_of(root, TOWNS, OKANE)
    assert texts(item, "Name") == ["レベル２大雨注意報", "レベル２大雨注意報", "大鐘市"]
    assert (texts(item, "Status"), texts(item, "Significancy")) == (["解除"], [])
    headline = lists(root, "Information")[TOWNS]
    assert [texts(one, "Name") + texts(one, "Code") for one in headline] == [["解除", "大鐘市", "00", OKANE]]


def test_a_town_without_a_warning_is_listed_as_having_none_and_not_in_the_headline() -> None:
    root = telegram({}, {OKANE: LEVELS[2]})
    item = item_of(root, TOWNS, YAMAKANE)
    assert (texts(item, "Status"), texts(item, "Name")) == (["発表警報・注意報はなし"], ["山鐘町"])
    assert texts(item, "ChangeStatus") == []
    assert len(lists(root, "Information")[TOWNS]) == 1


def test_wider_areas_carry_the_highest_of_their_towns_and_whether_all_are_concerned() -> None:
    root = telegram({}, {OKANE: LEVELS[4], KOKANE: LEVELS[2]})
    assert texts(item_of(root, PREFECTURE, "900000"), "Name") == ["レベル４大雨危険警報", "鐘県"]
    assert texts(item_of(root, PREFECTURE, "900000"), "FullStatus") == ["一部"]
    assert texts(item_of(root, DISTRICTS, "900011"), "FullStatus") == ["全域"]
    assert texts(item_of(root, DISTRICTS, "900011"), "EditingMark") == ["1"]


def test_nothing_new_reads_as_no_change_everywhere() -> None:
    root = telegram({OKANE: LEVELS[3]}, {OKANE: LEVELS[3]})
    assert set(texts(root, "ChangeStatus")) == {"変化無"}


def test_wind_has_classes_of_danger_and_no_levels() -> None:
    storm = FAMILIES["暴風"].kinds[1]
    root = telegram({}, {OKANE: storm}, hazard="暴風")
    assert texts(item_of(root, TOWNS, OKANE), "Name") == ["暴風警報", "警報級", "大鐘市"]


def test_a_comment_stands_behind_the_lists_and_only_when_there_is_one() -> None:
    assert texts(telegram({}, {}, comment="補足"), "Comment") != []
    assert texts(telegram({}, {}, comment="補足"), "Text") == ["見出し", "補足"]
    assert texts(telegram({}, {}), "Comment") == []
