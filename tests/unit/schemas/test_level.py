from __future__ import annotations

import pytest

from schemas.alert import Certainty, Severity, Urgency
from schemas.hazard import HAZARDS
from schemas.level import LEVELS, RANKS, Grade, rank_of, rank_of_severity, triple_of


def luminance(colour: str) -> float:
    """Relative luminance of sRGB (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("level", "ground", "ink"),
    [
        (1, "#FFFFFF", "#000000"),
        (2, "#F2E700", "#000000"),
        (3, "#FF2800", "#000000"),
        (4, "#AA00AA", "#FFFFFF"),
        (5, "#0C000C", "#FFFFFF"),
    ],
)
def test_colours_are_the_cabinet_offices_with_text_that_can_be_read(level: int, ground: str, ink: str) -> None:
    row = LEVELS[level]
    assert (row.ground, row.ink) == (ground, ink)
    assert contrast(row.ground, row.ink) >= 4.5


def test_each_level_has_a_shape_of_its_own_so_colour_is_never_alone() -> None:
    assert len({row.shape for row in LEVELS.values()}) == 5


@pytest.mark.parametrize(
    ("level", "order"), [(1, None), (2, None), (3, "高齢者等避難"), (4, "避難指示"), (5, "緊急安全確保")]
)
def test_orders_are_the_citys_and_begin_at_level_3(level: int, order: str | None) -> None:
    found = LEVELS[level].order
    assert (found.ja if found else None) == order


@pytest.mark.parametrize("level", [3, 4])
def test_what_an_official_warning_asks_is_never_worded_as_the_citys_order(level: int) -> None:
    row = LEVELS[level]
    assert row.order is not None
    assert row.equivalent_action != row.action
    assert row.order.ja not in row.equivalent_action.ja
    assert "全員避難" not in row.equivalent_action.ja


RANK_TABLE = [
    *((hazard, Grade.SPECIAL, 5) for hazard in ("wind", "snowstorm", "wave", "heavy_snow")),
    *((hazard, Grade.WARNING, 3) for hazard in ("wind", "snowstorm", "wave", "heavy_snow")),
    *((hazard, Grade.ADVISORY, 2) for hazard in ("wind", "wave", "thunder", "fog", "frost", "heat")),
    ("tsunami", Grade.MAJOR_TSUNAMI, 5),
    ("tsunami", Grade.WARNING, 4),
    ("tsunami", Grade.ADVISORY, 3),
    ("quake", Grade.SHINDO_7, 5),
    ("quake", Grade.SHINDO_6_LOWER, 5),
    ("quake", Grade.SHINDO_5_UPPER, 4),
    ("quake", Grade.SHINDO_5_LOWER, 4),
    ("quake", Grade.SHINDO_4, 3),
    ("quake", Grade.SHINDO_3, 2),
    ("volcano", Grade.VOLCANO_5, 5),
    ("volcano", Grade.VOLCANO_1, 1),
    ("nankai", Grade.MEGAQUAKE_WARNING, 4),
    ("tornado", Grade.ADVISORY, 3),
    ("rainband", Grade.ADVISORY, 3),
    ("record_rain", Grade.ADVISORY, 3),
    ("nankai", Grade.MEGAQUAKE_ADVISORY, 3),
    ("volcano", Grade.ERUPTION, 3),
    ("ash", Grade.ADVISORY, 2),
    ("typhoon", Grade.INFORMATION, 1),
    ("heavy_rain", Grade.INFORMATION, 1),
    ("gauge:1", Grade.DANGER, 3),
]


@pytest.mark.parametrize(("hazard", "grade", "rank"), RANK_TABLE)
def test_the_rank_of_what_has_no_level_is_the_tables(hazard: str, grade: Grade, rank: int) -> None:
    assert rank_of(hazard, grade=grade) == rank


def test_where_there_is_a_level_it_is_the_rank() -> None:
    assert rank_of("landslide", level=4, grade=Grade.ADVISORY) == 4


def test_what_no_table_names_has_no_rank() -> None:
    assert rank_of("typhoon", grade=Grade.WARNING) is None
    assert rank_of("thunder", grade=Grade.WARNING) is None
    assert rank_of("wind") is None


def test_the_rank_table_names_only_hazards_without_a_level() -> None:
    assert set(RANKS) <= set(HAZARDS)
    assert not {"heavy_rain", "landslide", "storm_surge", "flood"} & set(RANKS)


def test_caps_three_words_follow_the_level_then_the_rank() -> None:
    assert triple_of(level=4, rank=4) == (Severity.SEVERE, Urgency.IMMEDIATE, Certainty.LIKELY)
    assert triple_of(level=None, rank=5) == (Severity.EXTREME, Urgency.IMMEDIATE, Certainty.LIKELY)
    assert triple_of(level=None, rank=None) == (Severity.UNKNOWN, Urgency.UNKNOWN, Certainty.UNKNOWN)


def test_a_higher_level_or_rank_is_never_less_severe() -> None:
    order = [Severity.UNKNOWN, Severity.MINOR, Severity.MODERATE, Severity.SEVERE, Severity.EXTREME]
    for triples in (
        [triple_of(level=level, rank=level) for level in range(1, 6)],
        [triple_of(level=None, rank=rank) for rank in range(1, 6)],
    ):
        severities = [order.index(severity) for severity, _, _ in triples]
        assert severities == sorted(severities)


@pytest.mark.parametrize(
    ("severity", "rank"),
    [
        (Severity.EXTREME, 5),
        (Severity.SEVERE, 4),
        (Severity.MODERATE, 3),
        (Severity.MINOR, 2),
        (Severity.UNKNOWN, 2),
    ],
)
def test_what_another_system_warns_of_is_told_by_its_severity(severity: Severity, rank: int) -> None:
    assert rank_of_severity(severity) == rank
