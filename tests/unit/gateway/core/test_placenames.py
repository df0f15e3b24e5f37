"""Municipalities by name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.area import City
from schemas.text import Text
from services.gateway.core.placenames import FOUND_MAX, Municipality, found, municipalities
from services.runtime import cities

DEPLOY = cities.deploy_dir()
AREAS = cities.load_table(DEPLOY)


def a_city(name: str) -> City:
    return cities.load_city(DEPLOY, name, AREAS)


def watched() -> tuple[Municipality, ...]:
    city = a_city("odawara")
    return municipalities(city, [a_city(one) for one in city.neighbours])


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("小田原", ["小田原市"]),
        ("小田原市", ["小田原市"]),
        ("おだわら", ["小田原市"]),
        ("オダワラ", ["小田原市"]),
        ("ｵﾀﾞﾜﾗ", ["小田原市"]),
        ("odawara", ["小田原市"]),
        ("ODAWARA  city", ["小田原市"]),
        ("Ōdawara", ["小田原市"]),
        ("神奈川県小田原市", ["小田原市"]),
        ("川崎", ["川崎市"]),
        ("かわ", ["川崎市"]),
        ("塚", ["平塚市"]),
        ("市", ["小田原市", "逗子市", "平塚市", "川崎市"]),
        ("", ["小田原市", "逗子市", "平塚市", "川崎市"]),
        ("横浜", []),
        ("はら", []),
    ],
)
def test_a_place_is_found_however_it_is_written(query: str, names: list[str]) -> None:
    assert [one.name.ja for one in found(watched(), query)] == names


def test_what_begins_so_comes_before_what_has_it_inside() -> None:
    def named(ja: str, easy: str) -> Municipality:
        return replace(watched()[0], name=Text(ja=ja, easy=easy, en=easy))

    assert [one.name.ja for one in found([named("東中", "ひがしなか"), named("中", "なか")], "なか")] == ["中", "東中"]


def test_long_vowels_are_one_however_they_are_spelt() -> None:
    one = replace(watched()[0], name=Text(ja="大津", easy="おおつ", en="Otsu City"))
    assert all(found([one], query) == (one,) for query in ("ohtsu", "ootsu", "Ōtsu", "otsu"))


def test_a_mark_that_makes_another_sound_is_kept() -> None:
    one = replace(watched()[0], name=Text(ja="逗子市", easy="ずしし", en="Zushi City"))
    assert found([one], "すし") == ()


def test_the_city_itself_is_told_from_its_neighbours() -> None:
    assert [one.own for one in watched()] == [True, False, False, False]
    assert [str(area) for area in watched()[0].areas] == ["class20:1420600"]


def test_one_answer_is_bounded() -> None:
    assert len(found([watched()[0]] * 50, "")) == FOUND_MAX
