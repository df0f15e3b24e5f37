from __future__ import annotations

import pytest

from services.ingest.core.bodies.volcano import read_ash, read_eruption, read_information, read_warning
from services.ingest.core.defect import Code
from tests.unit.ingest.core.bodies.reading import codes, refused, said

HAKONE, ODAWARA = "1438200", "1420600"


def listed(kind: str, *items: tuple[str, str, str]) -> str:
    """Items: (Kind code, Kind name, area code); an area of three digits is a volcano."""
    made = "".join(
        f"<Item><Kind><Name>{name}</Name><Code>{code}</Code></Kind>"
        f'<Areas codeType="{"火山名" if len(area) == 3 else "気象・地震・火山情報／市町村等"}">'
        f"<Area><Name>箱根</Name><Code>{area}</Code></Area></Areas></Item>"
        for code, name, area in items
    )
    return f'<VolcanoInfo type="{kind}">{made}</VolcanoInfo>'


def warning(level: str, town: str, does: str = "43") -> str:
    return (
        listed("噴火警報・予報（対象火山）", (level, "レベル", "315"))
        + listed("噴火警報・予報（対象市町村等）", (town, "火口周辺警報", HAKONE))
        + listed(
            "噴火警報・予報（対象市町村の防災対応等）",
            (does, "入山規制等", HAKONE),
            ("45", "活火山であることに留意", ODAWARA),
        )
    )


@pytest.mark.parametrize(
    ("level", "rank"),
    [("12", 2), ("13", 3), ("14", 4), ("15", 5), ("22", 2), ("23", 3), ("24", 4), ("25", 5), ("36", 3)],
)
def test_its_level_is_a_rank_of_the_volcano_and_of_the_towns_that_are_warned(level: str, rank: int) -> None:
    assert said(read_warning, "volcano", warning(level, "02")) == [
        f"volcano:315 volcano - {rank} active",
        f"class20:1438200 volcano - {rank} active",
        "class20:1420600 volcano - - released",
    ]


@pytest.mark.parametrize(("level", "town"), [("11", "04"), ("11", "05"), ("21", "04")])
def test_a_forecast_is_the_end_of_a_warning(level: str, town: str) -> None:
    assert said(read_warning, "volcano", warning(level, town, "45")) == [
        "volcano:315 volcano - - released",
        "class20:1438200 volcano - - released",
        "class20:1420600 volcano - - released",
    ]


def test_a_code_that_we_do_not_know_is_in_force_at_no_rank() -> None:
    assert said(read_warning, "volcano", warning("16", "02"))[:2] == [
        "volcano:315 volcano - - active",
        "class20:1438200 volcano - - active",
    ]
    assert codes(read_warning, "volcano", warning("16", "02")) == [Code.UNKNOWN_KIND]


def test_without_a_volcano_it_is_no_all_clear() -> None:
    body = listed("噴火警報・予報（対象市町村等）", ("04", "噴火予報：警報解除", HAKONE))
    assert refused(read_warning, "volcano", body) is Code.NOTHING_LISTED


def test_what_is_explained_or_observed_only_informs() -> None:
    body = listed("火山の状況に関する解説情報（対象火山）", ("12", "レベル２", "315"), ("12", "レベル２", HAKONE))
    assert said(read_information, "volcano", body) == ["volcano:315 volcano - 1 active"]


def test_an_eruption_is_told_around_the_volcano() -> None:
    body = listed("噴火速報", ("52", "噴火", "315")) + listed("噴火速報（対象市町村等）", ("52", "噴火", HAKONE))
    assert said(read_eruption, "volcano", body) == [
        "volcano:315 volcano - 3 active",
        "class20:1438200 volcano - 3 active",
    ]
    assert refused(read_eruption, "volcano", "") is Code.NOTHING_LISTED


def test_ash_is_told_where_it_falls_and_much_of_it_louder() -> None:
    body = listed("降灰予報（対象火山）", ("08", "降灰予報（詳細）", "315")) + listed(
        "降灰予報（対象市町村等）",
        ("73", "多量の降灰", HAKONE),
        ("71", "少量の降灰", ODAWARA),
        ("72", "やや多量の降灰", "1413100"),
    )
    assert said(read_ash, "ash", body) == [
        "volcano:315 ash - 1 active",
        "class20:1438200 ash - 2 active",
        "class20:1420600 ash - 1 active",
        "quake_city:1413100 ash - 1 active",
    ]
