"""The warning level 警戒レベル and the rank: the one table of what they mean, look like and are called.

Level 1–5 comes from the source's own codes and is never guessed; wind, waves, snow, quakes, tsunami, volcanoes and
gauges have none. How loudly we tell is the rank 1–5: the level where there is one, else `RANKS`. A rank is never shown
as a level.

Sources: Cabinet Office 避難情報に関するガイドライン (2021, level ↔ action, city's orders), its colours of 2020-05-29
(also for 相当情報); CAP 1.2 §3.2.2 for severity, urgency, certainty; JMA 別表3 for the grades.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from schemas.alert import Certainty, Severity, Urgency
from schemas.hazard import base
from schemas.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One 警戒レベル.

    `ground` and `ink` are RGB colours of surface and text; `shape` is the figure that says the level without colour.
    `order` is what the city issues at this level (None at 1 and 2, which are JMA's); `action` is what to do under the
    city's order, `equivalent_action` under an official warning of the same level (相当), which orders nothing.
    """

    level: int
    severity: Severity
    urgency: Urgency
    certainty: Certainty
    colour: Text
    ground: str
    ink: str
    shape: str
    order: Text | None
    action: Text
    equivalent_action: Text


LEVELS = MappingProxyType(
    {
        1: Level(
            level=1,
            severity=Severity.MINOR,
            urgency=Urgency.FUTURE,
            certainty=Certainty.POSSIBLE,
            colour=Text(ja="白", easy="しろ", en="white"),
            ground="#FFFFFF",
            ink="#000000",
            shape="circle",
            order=None,
            action=Text(ja="災害への心構えを高める", easy="これからの しらせに きをつけて ください", en="Be prepared"),
            equivalent_action=Text(
                ja="災害への心構えを高める", easy="これからの しらせに きをつけて ください", en="Be prepared"
            ),
        ),
        2: Level(
            level=2,
            severity=Severity.MODERATE,
            urgency=Urgency.EXPECTED,
            certainty=Certainty.POSSIBLE,
            colour=Text(ja="黄", easy="きいろ", en="yellow"),
            ground="#F2E700",
            ink="#000000",
            shape="triangle",
            order=None,
            action=Text(
                ja="避難の場所と道を確認",
                easy="にげる ばしょと みちを たしかめて ください",
                en="Check where and how to evacuate",
            ),
            equivalent_action=Text(
                ja="避難の場所と道を確認",
                easy="にげる ばしょと みちを たしかめて ください",
                en="Check where and how to evacuate",
            ),
        ),
        3: Level(
            level=3,
            severity=Severity.SEVERE,
            urgency=Urgency.EXPECTED,
            certainty=Certainty.LIKELY,
            colour=Text(ja="赤", easy="あか", en="red"),
            ground="#FF2800",
            ink="#000000",
            shape="square",
            order=Text(
                ja="高齢者等避難",
                easy="おとしよりなどは にげて ください",
                en="Evacuation for the elderly and others who need time",
            ),
            action=Text(
                ja="危険な場所から 高齢者などは避難",
                easy="あぶない ばしょから おとしよりなどは にげて ください",
                en="Elderly people and those who need time: leave dangerous places",
            ),
            equivalent_action=Text(
                ja="避難に時間がかかる人は 避難の判断を",
                easy="にげるのに じかんが かかる ひとは にげる じゅんびを して ください",
                en="If you need time to evacuate, decide now",
            ),
        ),
        4: Level(
            level=4,
            severity=Severity.SEVERE,
            urgency=Urgency.IMMEDIATE,
            certainty=Certainty.LIKELY,
            colour=Text(ja="紫", easy="むらさき", en="purple"),
            ground="#AA00AA",
            ink="#FFFFFF",
            shape="diamond",
            order=Text(ja="避難指示", easy="みんな にげて ください", en="Evacuation order"),
            action=Text(
                ja="危険な場所から 全員避難",
                easy="あぶない ばしょから みんな にげて ください",
                en="Everyone: leave dangerous places",
            ),
            equivalent_action=Text(
                ja="危険な場所にいる人は 市の指示を待たず 避難の判断を",
                easy="あぶない ばしょに いる ひとは いま にげるか きめて ください",
                en="In a dangerous place? Decide to leave; do not wait for an order",
            ),
        ),
        5: Level(
            level=5,
            severity=Severity.EXTREME,
            urgency=Urgency.IMMEDIATE,
            certainty=Certainty.OBSERVED,
            colour=Text(ja="黒", easy="くろ", en="black"),
            ground="#0C000C",
            ink="#FFFFFF",
            shape="octagon",
            order=Text(ja="緊急安全確保", easy="いのちを まもって ください", en="Emergency safety measures"),
            action=Text(
                ja="命の危険 直ちに安全確保",
                easy="いのちが あぶないです。すぐ あんぜんな ところへ",
                en="Life in danger: get to the safest place you can, now",
            ),
            equivalent_action=Text(
                ja="命の危険 直ちに身の安全を確保",
                easy="いのちが あぶないです。すぐ あんぜんな ところへ",
                en="Life in danger: get to the safest place you can, now",
            ),
        ),
    }
)
"""The level table: level ↔ CAP's triple ↔ colour ↔ wording. Generated for the pages, written nowhere else."""

WARNING_LEVEL = Text(ja="警戒レベル", easy="けいかいレベル", en="level")
"""What stands before the number of a level."""

EQUIVALENT = Text(ja="相当", easy="くらい", en="equivalent")
"""What follows the level of an official warning: the level itself is the municipality's evacuation information."""


class Grade(StrEnum):
    """How strongly a source without 警戒レベル speaks, in its own terms; the column of the rank table."""

    SPECIAL = "special"
    """特別警報"""
    WARNING = "warning"
    """警報"""
    ADVISORY = "advisory"
    """注意報"""
    MAJOR_TSUNAMI = "major"
    """大津波警報"""
    SHINDO_7 = "7"
    SHINDO_6_UPPER = "6+"
    SHINDO_6_LOWER = "6-"
    SHINDO_5_UPPER = "5+"
    SHINDO_5_LOWER = "5-"
    SHINDO_4 = "4"
    SHINDO_3 = "3"
    VOLCANO_1 = "volcano-1"
    VOLCANO_2 = "volcano-2"
    VOLCANO_3 = "volcano-3"
    VOLCANO_4 = "volcano-4"
    VOLCANO_5 = "volcano-5"
    MEGAQUAKE_WARNING = "120"
    """巨大地震警戒"""
    MEGAQUAKE_ADVISORY = "130"
    """巨大地震注意, and 後発地震注意情報"""
    MEGAQUAKE_STUDY = "111"
    """調査中: whether a quake makes a larger one likelier is being looked into"""
    ERUPTION = "eruption"
    """噴火速報"""
    INFORMATION = "information"
    """What informs of a danger and puts nothing in force: 早期注意情報 of what has no level, 解説情報, 津波情報."""
    GAUGE_START = "start"
    """観測開始水位 at a gauge"""
    GAUGE_STANDBY = "standby"
    """水防団待機水位 at a gauge"""
    GAUGE_CAUTION = "caution"
    """氾濫注意水位 at a gauge"""
    GAUGE_JUDGE = "judge"
    """避難判断水位 at a gauge"""
    DANGER = "danger"
    """氾濫危険水位 at a gauge"""
    GAUGE_FLOOD = "flood"
    """氾濫開始水位 at a gauge: what was measured, no forecast; it stays below an official warning"""
    OFFICE = "office"
    """The office's word about something that has no level: a shelter, a notice."""


_GALE = {Grade.SPECIAL: 5, Grade.WARNING: 3, Grade.ADVISORY: 2}
_ADVISORY = {Grade.ADVISORY: 2}

RANKS = MappingProxyType(
    {
        "wind": _GALE,
        "snowstorm": _GALE,
        "wave": _GALE,
        "heavy_snow": _GALE,
        "thunder": _ADVISORY,
        "fog": _ADVISORY,
        "dry_air": _ADVISORY,
        "avalanche": _ADVISORY,
        "snowmelt": _ADVISORY,
        "low_temperature": _ADVISORY,
        "frost": _ADVISORY,
        "icing": _ADVISORY,
        "snow_accretion": _ADVISORY,
        "tsunami": {Grade.MAJOR_TSUNAMI: 5, Grade.WARNING: 4, Grade.ADVISORY: 3},
        "quake": {
            Grade.SHINDO_7: 5,
            Grade.SHINDO_6_UPPER: 5,
            Grade.SHINDO_6_LOWER: 5,
            Grade.SHINDO_5_UPPER: 4,
            Grade.SHINDO_5_LOWER: 4,
            Grade.SHINDO_4: 3,
            Grade.SHINDO_3: 2,
            Grade.MEGAQUAKE_ADVISORY: 3,
        },
        "volcano": {
            Grade.VOLCANO_1: 1,
            Grade.VOLCANO_2: 2,
            Grade.VOLCANO_3: 3,
            Grade.VOLCANO_4: 4,
            Grade.VOLCANO_5: 5,
            Grade.ERUPTION: 3,
        },
        "ash": {Grade.ADVISORY: 2},
        "nankai": {Grade.MEGAQUAKE_WARNING: 4, Grade.MEGAQUAKE_ADVISORY: 3, Grade.MEGAQUAKE_STUDY: 2},
        "tornado": {Grade.ADVISORY: 3},
        "rainband": {Grade.ADVISORY: 3},
        "record_rain": {Grade.ADVISORY: 3},
        "gauge": {
            Grade.GAUGE_START: 1,
            Grade.GAUGE_STANDBY: 1,
            Grade.GAUGE_CAUTION: 2,
            Grade.GAUGE_JUDGE: 2,
            Grade.DANGER: 3,
            Grade.GAUGE_FLOOD: 3,
        },
        "heat": {Grade.ADVISORY: 2},
        "shelter": {Grade.OFFICE: 3},
        "notice": {Grade.OFFICE: 2},
    }
)
"""Rank of a hazard that has no warning level, by grade; INFORMATION is rank 1 of every hazard."""

INFORMATION_RANK = 1

_TRIPLES = MappingProxyType(
    {
        1: (Severity.MINOR, Urgency.FUTURE, Certainty.POSSIBLE),
        2: (Severity.MINOR, Urgency.EXPECTED, Certainty.LIKELY),
        3: (Severity.MODERATE, Urgency.EXPECTED, Certainty.LIKELY),
        4: (Severity.SEVERE, Urgency.IMMEDIATE, Certainty.LIKELY),
        5: (Severity.EXTREME, Urgency.IMMEDIATE, Certainty.LIKELY),
    }
)


def rank_of(hazard_id: str, *, level: int | None = None, grade: Grade | None = None) -> int | None:
    """How loudly we tell: the level where there is one, else the table; None where the table has no row."""
    if level is not None:
        return level
    if grade is None:
        return None
    if grade is Grade.INFORMATION:
        return INFORMATION_RANK
    return RANKS.get(base(hazard_id), {}).get(grade)


_SEVERITY_RANKS = MappingProxyType(
    {Severity.EXTREME: 5, Severity.SEVERE: 4, Severity.MODERATE: 3, Severity.MINOR: 2, Severity.UNKNOWN: 2}
)
"""Rank of what a CAP source says without a warning level: the column `_TRIPLES` read backwards. Unknown is told, quietly."""


def rank_of_severity(severity: Severity) -> int:
    """How loudly we tell what another system warns of in CAP's words."""
    return _SEVERITY_RANKS[severity]


def triple_of(*, level: int | None, rank: int | None) -> tuple[Severity, Urgency, Certainty]:
    """CAP severity, urgency and certainty of a level, else of a rank; all Unknown when there is neither."""
    if level is not None:
        row = LEVELS[level]
        return row.severity, row.urgency, row.certainty
    if rank is not None:
        return _TRIPLES[rank]
    return Severity.UNKNOWN, Urgency.UNKNOWN, Certainty.UNKNOWN
