from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from schemas.area import AreaCode
from schemas.hazard import HAZARDS
from schemas.office import DISTRICTS_MAX, MESSAGE_MAX, Content, Matter, Purpose
from schemas.text import Text
from services.gateway.core.drafting import CAUSES, ORDER_LEVELS, beginning, objections, usual_end
from services.gateway.core.wording import ACTION_MAX
from tests.factories import ZUSHI, at
from tests.office import MESSAGE, SENDER, a_content

EMPTY = Text(ja="", easy="", en="")


def fields(
    content: Content, matter: Matter = Matter.ORDER, *, drill: bool = False, purpose: Purpose = Purpose.ISSUE
) -> list[str]:
    found = objections(matter, content, purpose=purpose, drill=drill, now=at(0), sender=SENDER)
    return [one.field for one in found]


# --- words to begin with ---


@pytest.mark.parametrize("level", ORDER_LEVELS)
@pytest.mark.parametrize("cause", [*CAUSES, "", "unknown"])
def test_every_level_and_cause_has_words_that_fit_a_push_and_pass_our_own_check(level: int, cause: str) -> None:
    words = beginning(Matter.ORDER, Purpose.ISSUE, level, cause)
    assert all(0 < len(text) <= ACTION_MAX for text in (words.ja, words.easy, words.en))
    assert fields(a_content(level, cause=cause if cause in HAZARDS else "", message=words)) == []
    assert (HAZARDS[cause].name.ja if cause in HAZARDS else "災害") in words.ja


def test_a_shelter_opens_with_words_and_a_notice_with_none() -> None:
    assert fields(a_content(None, message=beginning(Matter.SHELTER, Purpose.ISSUE, None, "")), Matter.SHELTER) == []
    assert beginning(Matter.NOTICE, Purpose.ISSUE, None, "") == EMPTY
    assert beginning(Matter.ORDER, Purpose.ISSUE, None, "flood") == EMPTY


@pytest.mark.parametrize("matter", Matter)
def test_every_end_has_words(matter: Matter) -> None:
    level = 4 if matter is Matter.ORDER else None
    words = beginning(matter, Purpose.END, level, "landslide")
    assert fields(a_content(level, message=words), matter, purpose=Purpose.END) == []
    if matter is Matter.ORDER:
        assert words.ja.startswith("避難指示を解除しました")


# --- objections ---


def test_a_whole_draft_meets_none() -> None:
    assert fields(a_content()) == []


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (a_content(areas=()), "areas"),
        (a_content(areas=(ZUSHI,)), "areas"),
        (a_content(areas=(*a_content().areas, AreaCode("class20", "9999900"))), "areas"),
        (a_content(districts=" "), "districts"),
        (a_content(districts="あ" * (DISTRICTS_MAX + 1)), "districts"),
        (a_content(None), "level"),
        (a_content(2), "level"),
        (a_content(cause="nonsense"), "cause"),
        (a_content(message=replace(MESSAGE, ja=" ")), "message_ja"),
        (a_content(message=replace(MESSAGE, easy="")), "message_easy"),
        (a_content(message=replace(MESSAGE, easy="避難 して ください")), "message_easy"),
        (a_content(message=replace(MESSAGE, en="")), "message_en"),
        (a_content(message=replace(MESSAGE, en="a" * (MESSAGE_MAX + 1))), "message_en"),
        (a_content(expires=at(60)), "expires"),
    ],
    ids=[
        "no area", "a neighbour", "one too many", "no district", "too many districts", "no level", "JMA's level",
        "no such cause", "no Japanese", "no easy Japanese", "kanji", "no English", "too long", "an order that ends",
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field(content: Content, field: str) -> None:
    assert fields(content) == [field]


@pytest.mark.parametrize(
    "text", ["これは訓練です。", "くんれん です", "れんしゅう です", "This is a DRILL.", "An exercise."]
)
def test_the_real_thing_never_speaks_of_a_drill(text: str) -> None:
    content = a_content(message=Text(ja="避難してください。", easy="にげて ください。", en=text))
    assert fields(content) == ["message_en"]
    assert fields(replace(content, expires=at(60)), drill=True) == []


def test_that_it_is_no_drill_may_be_said() -> None:
    assert fields(a_content(message=replace(MESSAGE, ja="訓練ではありません。避難してください。"))) == []


def test_only_orders_have_a_level() -> None:
    assert fields(a_content(4), Matter.SHELTER) == ["level"]


@pytest.mark.parametrize(
    ("matter", "drill", "minutes", "wrong"),
    [
        (Matter.NOTICE, False, None, True),
        (Matter.NOTICE, False, 60, False),
        (Matter.NOTICE, False, 7 * 24 * 60 + 1, True),
        (Matter.NOTICE, False, 0, True),
        (Matter.SHELTER, False, None, False),
        (Matter.SHELTER, False, 60, False),
        (Matter.ORDER, True, None, True),
        (Matter.ORDER, True, 60, False),
        (Matter.ORDER, True, 12 * 60 + 1, True),
    ],
)
def test_notices_and_drills_say_when_they_end(matter: Matter, drill: bool, minutes: int | None, wrong: bool) -> None:
    expires = None if minutes is None else at(0) + timedelta(minutes=minutes)
    content = a_content(4 if matter is Matter.ORDER else None, expires=expires)
    assert fields(content, matter, drill=drill) == (["expires"] if wrong else [])


def test_an_end_needs_no_end() -> None:
    assert fields(a_content(None), Matter.NOTICE, purpose=Purpose.END) == []


def test_a_form_begins_with_the_usual_end() -> None:
    now = at(0.7)
    assert usual_end(Matter.ORDER, drill=True, now=now) == at(120)
    assert usual_end(Matter.NOTICE, drill=False, now=now) == at(24 * 60)
    assert usual_end(Matter.ORDER, drill=False, now=now) is None
    assert usual_end(Matter.SHELTER, drill=False, now=now) is None
