from __future__ import annotations

import pytest

from schemas.hazard import HAZARDS, base, hazard, informs


@pytest.mark.parametrize(
    ("id_", "followed"), [("flood:820209000400", "flood"), ("wind", "wind"), ("evacuation:2026-1", "evacuation")]
)
def test_people_follow_the_hazard_before_the_colon(id_: str, followed: str) -> None:
    assert base(id_) == followed
    assert hazard(id_).id == followed


def test_information_is_an_item_of_its_hazard() -> None:
    assert [informs(one) for one in ("quake:information", "quake", "flood:820209000400")] == [True, False, False]


def test_an_unknown_hazard_is_no_hazard() -> None:
    with pytest.raises(KeyError):
        hazard("meteor")


def test_every_hazard_has_a_name_and_an_action_in_every_language() -> None:
    for row in HAZARDS.values():
        for text in (row.name, row.action):
            assert all((text.ja, text.easy, text.en)), row.id


def test_easy_japanese_is_written_without_kanji() -> None:
    for row in HAZARDS.values():
        easy = row.name.easy + row.action.easy
        assert not [letter for letter in easy if "\u4e00" <= letter <= "\u9fff"], row.id


def test_only_rivers_stations_and_incidents_count_separately() -> None:
    assert {row.id: row.per for row in HAZARDS.values() if row.per} == {
        "flood": "river",
        "gauge": "station",
        "evacuation": "incident",
        "shelter": "incident",
        "notice": "incident",
    }
