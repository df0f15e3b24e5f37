"""A storm's file is read whole or refused with the place of the mistake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.feedserver.core.script import read_storm
from services.feedserver.core.storm import FloodStep, NoticeStep, StormError, WarningStep
from tests.unit.feedserver.core.little_storm import little_storm, table, values

Values = dict[str, Any]
NOTICE, FIRST, SECOND, CORRECTION, FLOOD, RELEASE, FLOOD_OVER = range(7)


def test_a_good_file_gives_its_steps_in_order() -> None:
    storm = little_storm()
    assert [(step.at_s, type(step)) for step in storm.steps] == [
        (0, NoticeStep),
        (2, WarningStep),
        (4, WarningStep),
        (6, WarningStep),
        (6, FloodStep),
        (8, WarningStep),
        (8, FloodStep),
    ]
    assert (storm.title, storm.prefix, storm.disclaimer, storm.rest_s) == ("鐘県の雨", "【訓練】", "（架空）", 5)


def test_warnings_are_kept_by_the_towns_code() -> None:
    step = little_storm().steps[SECOND]
    assert isinstance(step, WarningStep)
    assert {code: kind.code for code, kind in step.in_force.items()} == {"9010200": "03", "9020100": "03"}
    assert (step.corrects, step.comment) == (False, None)


def test_a_correction_and_its_comment_are_read() -> None:
    step = little_storm().steps[CORRECTION]
    assert isinstance(step, WarningStep)
    assert (step.corrects, step.comment) == (True, "山鐘町は誤りでした。")


def test_a_river_is_read_with_the_towns_it_may_flood() -> None:
    step = little_storm().steps[FLOOD]
    assert isinstance(step, FloodStep)
    assert [(area.town.code, area.quarters) for area in step.river.flooded] == [("9010200", ("一丁目", "二丁目"))]
    assert step.kind.code == "30"


def put(*path: str | int, value: object) -> Callable[[Values], None]:
    """Spoil the file at one place."""

    def spoil(file: Any) -> None:
        for key in path[:-1]:
            file = file[key]
        file[path[-1]] = value

    return spoil


def drop(*path: str | int) -> Callable[[Values], None]:
    def spoil(file: Any) -> None:
        for key in path[:-1]:
            file = file[key]
        del file[path[-1]]

    return spoil


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (drop("storm"), "the file: `storm` must be a table, it is missing"),
        (put("extra", value=1), "the file: `extra` means nothing here; known are storm, step"),
        (put("storm", "rest_s", value="5"), r"\[storm\]: `rest_s` must be a whole number, it is '5'"),
        (put("storm", "rest_s", value=-1), "must be a number of seconds, not -1"),
        (put("storm", "rest_s", value=True), "must be a number of seconds, not True"),
        (put("prefecture", "office", value="999990"), "there is no office '999990'"),
        (put("step", value=[1]), r"\[\[step\]\] no.: `1` must be a table, it is 1"),
        (put("step", FIRST, "stream", value="地震"), r"no. 2: '地震' is not known; one of 大雨"),
        (put("step", FIRST, "corects", value=True), "no. 2: `corects` means nothing here"),
        (put("step", FIRST, "in_force", value={"大雨警報": []}), "'大雨警報' is not known; one of レベル２大雨注意報"),
        (
            put("step", FIRST, "in_force", value={"レベル２大雨注意報": "大鐘市"}),
            "must be a list of texts, it is '大鐘市'",
        ),
        (put("step", FIRST, "in_force", value={"レベル２大雨注意報": [1]}), "must be a list of texts, it holds"),
        (put("step", FIRST, "in_force", value={"レベル２大雨注意報": ["大金市"]}), "no town '大金市' in 鐘県"),
        (
            put("step", FIRST, "in_force", value={"レベル２大雨注意報": ["大鐘市"], "レベル３大雨警報": ["大鐘市"]}),
            "大鐘市 stands under レベル２大雨注意報 and レベル３大雨警報",
        ),
        (drop("step", FIRST, "in_force"), "`in_force` must be a table, it is missing"),
        (put("step", CORRECTION, "corrects", value="yes"), "`corrects` must be true or false"),
        (put("step", FLOOD, "kind", value="レベル３"), "'レベル３' is not known; one of レベル２氾濫注意報解除"),
        (put("step", FLOOD, "kinds", value=""), "no. 5: `kinds` means nothing here"),
        (put("step", NOTICE, "kind", value=""), "no. 1: `kind` means nothing here"),
        (put("river", "鐘川", "flooded", value={"海鐘市": []}), "no town '海鐘市' in 鐘県"),
        (put("step", SECOND, "at_s", value=1), "the step at 1 s stands behind the one at 2 s"),
        (put("step", FIRST, "corrects", value=True), "the step at 2 s corrects 大雨, of which nothing was published"),
        (put("step", SECOND, "at_s", value=2), "two telegrams VPWW55 at 2 s would have one name"),
        (drop("step", RELEASE), "the storm ends with 大雨 in force"),
        (drop("step", FLOOD_OVER), "the storm ends with 鐘川 in force"),
    ],
)
def test_a_mistake_is_named_with_its_place(spoil: Callable[[Values], None], reason: str) -> None:
    file = values()
    spoil(file)
    with pytest.raises(StormError, match=reason) as error:
        read_storm(file, table())
    assert error.value.code == "E6102"
