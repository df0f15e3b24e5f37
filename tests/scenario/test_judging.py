"""The timelines can be read, and the judge finds what is wrong with a night: a test of scenarios must be able to fail."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.scenario.judge import Heard, faults
from tests.scenario.timeline import JST, Timeline, Unreadable, Words, load, nights, read

EVENING = """\
title   An evening
begins  2026-09-01 17:00
ends    20:00
person  Aoki follows 小田原市 from 2
person  Baba follows 小田原市 from 3, 平塚市 from 4; 暴風 from 5; quiet 22:00-06:00; in English

18:00         JMA 大雨: レベル３大雨警報 小田原市; レベル２大雨注意報 箱根町 平塚市  # a remark
18:00-18:20   Aoki, Baba hear new 大雨 3 小田原市
18:30-18:50   nobody hears anything
19:00         JMA 大雨: nothing
19:00-19:20   Aoki, Baba hear end 大雨 3 小田原市
"""
RAIN = Words(change="new", hazard="大雨", rank=3, place="小田原市")


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-09-01 {clock}").replace(tzinfo=JST)


def heard(who: str, clock: str, words: Words = RAIN, channel: str = "fcm", *, silent: bool = False) -> Heard:
    return Heard(at(clock), who, words, channel, silent)


def over(words: Words = RAIN) -> Words:
    return replace(words, change="end")


GOOD = (
    heard("Aoki", "18:01"),
    heard("Baba", "18:19"),
    heard("Aoki", "19:02", over()),
    heard("Baba", "19:03", over()),
)


@pytest.mark.parametrize("name", nights())
def test_every_night_can_be_read_and_expects_an_end_for_everybody_who_hears_a_beginning(name: str) -> None:
    night = load(nights()[name])
    assert night.title
    assert night.begins < night.acts[0][0] < night.ends
    assert max(one.until for one in night.hears) <= night.ends
    as_expected = [Heard(one.since + timedelta(minutes=1), one.who, one.words, "fcm", True) for one in night.hears]
    assert faults(night, as_expected) == []


def test_a_line_is_what_it_says() -> None:
    night = read(EVENING)
    assert [who for who in night.people if night.people[who].language == "en"] == ["Baba"]
    assert night.people["Baba"].places == (("小田原市", 3), ("平塚市", 4))
    assert [f"{one.since:%H:%M} {one.until:%H:%M} {one.who} {one.words}" for one in night.hears[:2]] == [
        "18:00 18:20 Aoki new 大雨 3 小田原市",
        "18:00 18:20 Baba new 大雨 3 小田原市",
    ]


def test_after_midnight_is_the_next_day() -> None:
    night = read("begins 2026-09-01 23:00\nends 01:00\n23:50 killed\n00:10 killed\n")
    assert [when.day for when, _ in night.acts] == [1, 2]
    assert night.ends.day == 2


@pytest.mark.parametrize(
    "line",
    [
        "18:00 JMA 大雨",
        "18:00 JMA 大雨: レベル３大雨警報",
        "18:00-19:00 Aoki hears new 大雨 9 小田原市",
        "18:00-19:00 Nobody hears new 大雨 3 小田原市",
        "18:00 something",
        "25:00 killed",
        "weather fine",
        "person Aoki follows 小田原市",
        "person Aoki follows 小田原市 from 2; in Latin",
    ],
)
def test_a_line_that_says_nothing_known_is_named(line: str) -> None:
    with pytest.raises(Unreadable, match=r"^timeline:2: '"):
        read(f"begins 2026-09-01 17:00\n{line}\n")


def judged(*messages: Heard) -> list[str]:
    night: Timeline = read(EVENING)
    return faults(night, messages)


def test_a_night_as_expected_has_no_fault() -> None:
    assert judged(*GOOD) == []


@pytest.mark.parametrize(
    ("messages", "fault"),
    [
        (GOOD[1:], "between 18:00 and 18:20 Aoki should have heard new 大雨 3 小田原市"),
        (GOOD[:3], "18:19:00 Baba heard new 大雨 3 小田原市, and never its end"),
        ((*GOOD, GOOD[0]), "18:01:00 Aoki heard new 大雨 3 小田原市, which no line expects"),
        ((*GOOD, heard("Doi", "18:05")), "18:05:00 Doi heard new 大雨 3 小田原市, which no line expects"),
        ((heard("Aoki", "18:21"), *GOOD[1:]), "18:21:00 Aoki heard new 大雨 3 小田原市, which no line expects"),
        ((*GOOD, heard("Aoki", "18:40")), "18:40:00 Aoki heard new 大雨 3 小田原市, when nobody was to hear anything"),
        (
            (*GOOD[:3], heard("Baba", "19:03", over(), "webpush")),
            "19:03:00 Baba heard end 大雨 3 小田原市 by webpush, after a beginning by fcm",
        ),
        (
            (*GOOD[1:],),
            "19:02:00 Aoki heard end 大雨 3 小田原市 without having heard a beginning",
        ),
        (
            (heard("Aoki", "18:01", replace(RAIN, rank=4)), *GOOD[1:]),
            "18:01:00 Aoki heard new 大雨 4 小田原市, which no line expects",
        ),
        (
            (heard("Aoki", "18:01", replace(RAIN, drill=True)), *GOOD[1:]),
            "18:01:00 Aoki heard new (drill) 大雨 3 小田原市 with a sound, though it is a drill",
        ),
        (
            (*GOOD, heard("Baba", "23:00")),
            "23:00:00 Baba heard new 大雨 3 小田原市 with a sound in quiet hours",
        ),
        (
            (heard("Aoki", "18:01", replace(RAIN, drill=True)), *GOOD[1:]),
            "18:01:00 Aoki heard new (drill) 大雨 3 小田原市, which no line expects",
        ),
    ],
)
def test_what_is_wrong_with_a_night_is_said(messages: tuple[Heard, ...], fault: str) -> None:
    assert fault in judged(*messages)
