"""A city's rules: what they say, what cannot be read, and what must not be used."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schemas.alert import Origin
from schemas.area import AreaCode
from services.dispatcher.core.rules import (
    FLOOR,
    Limit,
    PushRule,
    Rules,
    RulesDefect,
    least_rank,
    lint,
    parse,
)
from tests.factories import HACHIOJI, ODAWARA, ZUSHI

OWN = frozenset({ODAWARA})
GOOD = """
newcomers = false
flap_minutes = 5
[[push]]
hazards = ["heavy_rain", "flood"]
areas = "own"
min_rank = 2
[[push]]
areas = ["1420800"]
min_rank = 4
[[limit]]
messages = 6
minutes = 60
"""
LIMIT = "[[limit]]\nmessages = 6\nminutes = 60\n"


def rules_of(text: str) -> Rules:
    found = parse(text, OWN)
    assert isinstance(found, Rules), str(found)
    return found


def test_a_file_is_read_with_what_it_leaves_out() -> None:
    assert rules_of(GOOD) == Rules(
        push=(
            PushRule(hazards=frozenset({"heavy_rain", "flood"}), areas="own", min_rank=2),
            PushRule(areas=frozenset({"1420800"}), min_rank=4),
        ),
        limits=(Limit(messages=6, span=timedelta(hours=1)),),
        flap=timedelta(minutes=5),
        coalesce=timedelta(seconds=60),
        newcomers=False,
        after_quiet=True,
        floor=FLOOR,
        own=OWN,
    )


@pytest.mark.parametrize(
    ("hazard", "area", "rank"),
    [("flood:820", ODAWARA, 2), ("wind", ODAWARA, 3), ("flood:820", ZUSHI, 4), ("flood:820", HACHIOJI, 3)],
)
def test_the_first_row_that_fits_counts(hazard: str, area: AreaCode, rank: int) -> None:
    assert least_rank(rules_of(GOOD), hazard, area, Origin.OFFICIAL) == rank


def test_orders_of_the_city_are_pushed_whatever_a_rule_says_and_without_a_file_everything_is() -> None:
    strict = Rules(push=(PushRule(min_rank=5),))
    assert least_rank(strict, "evacuation:1", ODAWARA, Origin.OFFICE) == 1
    assert least_rank(strict, "notice:1", ODAWARA, Origin.OFFICE) == 5
    assert least_rank(Rules(), "thunder", ODAWARA, Origin.OFFICIAL) == 1
    assert least_rank(Rules(push=(PushRule(areas="watched", min_rank=2),)), "fog", ZUSHI, Origin.OFFICIAL) == 2


@pytest.mark.parametrize(
    ("text", "where", "why"),
    [
        ("[[push", "the file", "no TOML"),
        ("colour = 1", "the file", "nothing is called colour"),
        ("newcomers = 1", "the file", "newcomers = 1 is no bool"),
        ("flap_minutes = true", "the file", "is no int"),
        ("flap_minutes = -1", "the file", "less than none"),
        ("push = 1", "push", "write it as [[push]]"),
        ("push = [1]", "push", "write it as [[push]]"),
        ('[[push]]\nhazards = ["rain"]', "push 1", "no such hazard: rain"),
        ("[[push]]\nhazards = []", "push 1", "hazards is no list of words"),
        ("[[push]]\nhazards = 3", "push 1", "hazards is no list of words"),
        ('[[push]]\nhazards = "some"', "push 1", "hazards is no list of words"),
        ('[[push]]\nareas = "there"', "push 1", "areas = 'there'"),
        ("[[push]]\nareas = [1]", "push 1", "areas is no list of words"),
        ("[[push]]\nmin_rank = 6", "push 1", "ranks go from 1 to 5"),
        ("[[push]]\nrank = 6", "push 1", "nothing is called rank"),
        ("[[limit]]\nmessages = 3", "limit 1", "both needed"),
        ('lowered = "loud"', "the file", "use 'silent' or 'notice'"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(text: str, where: str, why: str) -> None:
    found = parse(text, OWN)
    assert isinstance(found, RulesDefect)
    assert (found.where, why in found.reason) == (where, True), found
    assert str(found).startswith("E4010 ")


def test_whether_something_lowered_is_told_is_a_word() -> None:
    assert [rules_of(text).lowered for text in ("", 'lowered = "silent"', 'lowered = "notice"')] == [False, False, True]


def test_a_good_file_is_not_refused() -> None:
    assert lint(rules_of(GOOD)) == ()
    assert lint(rules_of(LIMIT)) == ()


@pytest.mark.parametrize(
    ("text", "code", "why"),
    [
        ("[[push]]\nmin_rank = 2", "E4011", "any advisory of all"),
        ('[[push]]\nhazards = ["thunder", "flood"]\nmin_rank = 2', "E4011", "any advisory of thunder"),
        ('[[push]]\non = ["new", "update"]', "E4011", "any update"),
        ('[[push]]\non = ["end"]', "E4010", "is none of"),
        ('[[push]]\nareas = "everywhere"', "E4011", "other prefectures' warnings (everywhere)"),
        ('[[push]]\nareas = ["1420800", "1310100"]', "E4011", "other prefectures' warnings (1310100)"),
        ("[[push]]\nmin_rank = 5", "E4012", "silent below rank 5"),
        ('[[push]]\nhazards = ["flood"]\nmin_rank = 5', "E4012", "silent below rank 5"),
        ('[[push]]\nhazards = ["quake"]\nmin_rank = 4', "E4012", "silent below rank 4"),
        ('[[push]]\nareas = ["1420600"]\nmin_rank = 4', "E4012", "silent below rank 4"),
        ("[[limit]]\nmessages = 40\nminutes = 60", "E4011", "more than a person bears"),
        ("flap_minutes = 90", "E4012", "news that nobody would hear of"),
        ("coalesce_seconds = 900", "E4012", "not kept back so long"),
    ],
)
def test_what_floods_people_or_keeps_silent_is_refused_with_the_reason(text: str, code: str, why: str) -> None:
    limit = "" if "limit" in text else LIMIT
    [refusal] = lint(rules_of(f"{text}\n{limit}"))
    assert (refusal.code, why in refusal.reason or why in refusal.hint) == (code, True), refusal
    assert str(refusal).startswith(f"{code} ")


def test_a_file_without_a_limit_is_refused() -> None:
    [refusal] = lint(rules_of(""))
    assert refusal.reason == "it has no limit per person"
