"""The linter of texts: every text of every combination passes, and each thing that could be wrong with one is seen."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle, product

import pytest

from schemas.alert import Origin, Status
from schemas.hazard import HAZARDS, TAKE_CARE
from schemas.level import LEVELS
from schemas.notification import Change, Item, Notice
from schemas.subscription import Language
from services.gateway.core.proof import faults
from services.gateway.core.wording import Medium, Wording, word
from tests.unit.gateway.core.notices import HIRATSUKA, NAMES, SAGAMI_BAY, item, notice, office_notice, order_item

EVENTS = (
    "",
    "大津波警報",
    "レベル５大雨特別警報",
    "レベル４土砂災害危険警報",
    "暴風警報",
    "濃霧注意報",
    "竜巻注意情報",
)
SHAPES = ("one", "two places", "three things")


def every_item(change: Change, origin: Origin, shape: str) -> list[Item]:
    """Every hazard at every level and none (of several things fewer: the first decides), under turning kinds of names."""
    turns = cycle(EVENTS)
    return [
        item(change, hazard=hazard, event=next(turns), level=level, rank=level or 3, origin=origin)
        for hazard, level in product(HAZARDS, (None, *LEVELS) if shape == "one" else (None, 4))
    ]


def shown_by(change: Change) -> tuple[Medium, ...]:
    """Where a change is told: a sign shows what is in force, and what is over no more."""
    return (Medium.PUSH, Medium.INBOX) if change in {Change.END, Change.CANCEL} else tuple(Medium)


def shaped(one: Item, shape: str, *, drill: bool) -> Notice:
    """A notice whose first thing is this one."""
    more = {
        "one": (),
        "two places": (replace(one, area=HIRATSUKA, area_desc="平塚市"),),
        "three things": (
            item(Change.RISE, hazard="wind", event="暴風警報", level=None, rank=3),
            item(Change.END, hazard="fog", event="濃霧注意報", level=None, rank=2, area=SAGAMI_BAY),
        ),
    }[shape]
    make = office_notice if one.origin is Origin.OFFICE else notice
    return make(one, *more, drill=drill)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("origin", Origin)
@pytest.mark.parametrize("change", Change)
def test_every_text_of_every_combination_passes(change: Change, origin: Origin, shape: str) -> None:
    wrong = {
        (one.hazard, one.level, one.event, drill, language, medium): found
        for one in every_item(change, origin, shape)
        for drill in (False, True)
        for told in (shaped(one, shape, drill=drill),)
        for language, medium in product(Language, shown_by(change))
        if (found := faults(word(told, language, medium, NAMES), told, NAMES))
    }
    assert wrong == {}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("drill", [False, True])
def test_a_test_names_time_and_source(language: Language, *, drill: bool) -> None:
    told = replace(notice(drill=drill), sender_name="小田原市", stream="test:d1")
    told = told if drill else replace(told, status=Status.TEST)
    assert faults(word(told, language, Medium.PUSH, NAMES), told, NAMES) == ()


@pytest.mark.parametrize("language", Language)
def test_the_longest_things_from_outside_still_fit(language: Language) -> None:
    long = "あ" * 300
    one = replace(
        item(event=f"レベル４{long}危険警報", instruction=(long, long, long)), area=SAGAMI_BAY, area_desc=long
    )
    told = replace(notice(*(replace(one, hazard=f"flood:{n}") for n in range(50)), drill=True), sender_name=long)
    assert [faults(word(told, language, medium, {}), told, {}) for medium in Medium] == [(), (), ()]


# --- what is seen ---

GOOD = {language: word(notice(item()), language, Medium.PUSH, NAMES) for language in Language}
JA = GOOD[Language.JA]


def changed(text: Wording, old: str, new: str) -> Wording:
    assert old in text.title + text.body
    return replace(text, title=text.title.replace(old, new), body=text.body.replace(old, new))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (replace(JA, title=" "), "the title is empty"),
        (replace(JA, title=JA.title + "あ" * 50), "the title has 72 characters, 50 fit"),
        (replace(JA, body=JA.body + "あ" * 400), "the body has 471 characters, 400 fit"),
        (replace(JA, body=JA.body + "\u202e"), "the body holds a control character"),
        (replace(JA, title="【訓練】" + JA.title), "the title calls something real a drill"),
        (changed(JA, "22:40", ""), "no time"),
        (changed(JA, "横浜地方気象台", ""), "no source"),
        (changed(JA, "小田原市", "この町"), "no place"),
        (changed(JA, "土砂災害危険警報", "警報"), "no hazard"),
        (changed(JA, LEVELS[4].equivalent_action.ja, "注意"), "no action"),
        (changed(JA, "相当", ""), "「警戒レベル４」 is not what the notice says"),
        (changed(JA, "レベル４", "レベル５"), "「警戒レベル５相当」 is not what the notice says"),
        (changed(JA, "警戒レベル４相当 ", ""), "no level, though there is one"),
        (changed(JA, "危険警報", "危険警報 避難指示"), "「避難指示」 though the office ordered nothing of level 4"),
        (
            changed(GOOD[Language.EASY], "いま", "今"),
            "kanji 「今」 in easy Japanese",
        ),
        (changed(GOOD[Language.EN], " equivalent", ""), "「level 4」 is not what the notice says"),
    ],
)
def test_a_text_with_this_fault_does_not_pass(text: Wording, fault: str) -> None:
    assert fault in faults(text, notice(item()), NAMES)


SIGN = word(notice(item()), Language.JA, Medium.SIGN, NAMES)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (replace(SIGN, body=SIGN.body + "あ" * 100), "the body has 116 characters, 100 fit"),
        (changed(SIGN, "22:40", ""), "no time"),
        (changed(SIGN, "横浜地方気象台", ""), "no source"),
        (changed(SIGN, "小田原市", "この町"), "no place"),
        (changed(SIGN, "土砂災害", "災害"), "no hazard"),
        (changed(SIGN, LEVELS[4].equivalent_action.ja, "注意"), "no action"),
        (changed(SIGN, "4相当", "4"), "「警戒レベル4」 is not what the notice says"),
        (changed(SIGN, "警戒レベル4相当", "注意"), "no level, though there is one"),
    ],
)
def test_a_sign_with_this_fault_does_not_pass(text: Wording, fault: str) -> None:
    assert fault in faults(text, notice(item()), NAMES)


def test_a_sign_that_shows_a_rank_as_a_level_does_not_pass() -> None:
    gale = notice(item(hazard="wind", event="暴風特別警報", level=None, rank=5))
    text = word(gale, Language.JA, Medium.SIGN, NAMES)
    assert faults(text, gale, NAMES) == ()
    assert "「警戒レベル5相当」 is not what the notice says" in faults(
        changed(text, "特別警報\n", "警戒レベル5相当\n"), gale, NAMES
    )


def test_a_drill_on_a_sign_begins_with_its_mark() -> None:
    assert "the body of a drill does not begin with 【訓練】" in faults(SIGN, notice(item(), drill=True), NAMES)


@pytest.mark.parametrize("medium", Medium)
def test_what_only_informs_may_not_ask_for_what_its_hazard_asks_for(medium: Medium) -> None:
    early = notice(item(hazard="wind", event="早期注意情報", level=None, rank=1))
    text = word(early, Language.JA, medium, NAMES)
    assert faults(text, early, NAMES) == ()
    assert "no action" in faults(changed(text, TAKE_CARE.ja, HAZARDS["wind"].action.ja), early, NAMES)


@pytest.mark.parametrize("part", ["title", "body"])
def test_a_drill_without_its_mark_does_not_pass(part: str) -> None:
    assert f"the {part} of a drill does not begin with 【訓練】" in faults(JA, notice(item(), drill=True), NAMES)


@pytest.mark.parametrize("change", [Change.LOWERED, Change.END, Change.CANCEL])
def test_something_over_that_reads_as_if_it_began_does_not_pass(change: Change) -> None:
    assert "something over or lowered is told as if it began" in faults(JA, notice(item(change)), NAMES)


def test_a_gauge_is_never_worded_with_a_level() -> None:
    gauge = notice(item(origin=Origin.GAUGE))
    assert "「警戒レベル４相当」 is not what the notice says" in faults(JA, gauge, NAMES)


def test_too_many_bytes_do_not_fit_a_push() -> None:
    wide = replace(JA, body=JA.body + "𠮷" * 300, title=JA.title + "𠮷" * 28)
    told = notice(item())
    assert "more than 2048 bytes" not in faults(wide, told, NAMES)
    assert "more than 2048 bytes" in faults(replace(wide, body=wide.body + "𠮷" * 200), told, NAMES)


def test_an_order_that_its_source_itself_names_may_be_told() -> None:
    named = notice(item(event="避難指示", level=None))
    assert faults(word(named, Language.JA, Medium.PUSH, NAMES), named, NAMES) == ()


def test_the_offices_own_words_count_as_the_action() -> None:
    own = office_notice(order_item(instruction=("本町へ", "ほんちょうへ", "Go to Honcho")))
    assert [faults(word(own, language, Medium.PUSH, NAMES), own, NAMES) for language in Language] == [(), (), ()]
