"""The four lists of a warning telegram come out of the national area table."""

from __future__ import annotations

from services.feedserver.core.places import Place, prefecture
from tests.unit.feedserver.core.little_storm import kane, table


def test_a_prefecture_has_four_lists_from_itself_down_to_its_towns() -> None:
    assert [[place.name for place, _ in layer.areas] for layer in kane().layers] == [
        ["鐘県"],
        ["東部", "西部"],
        ["東沿岸", "西山"],
        ["小鐘市", "大鐘市", "山鐘町"],
    ]


def test_each_area_knows_the_towns_in_it() -> None:
    towns = {place.name: codes for layer in kane().layers for place, codes in layer.areas}
    assert towns["鐘県"] == ("9010100", "9010200", "9020100")
    assert towns["東部"] == towns["東沿岸"] == ("9010100", "9010200")
    assert towns["山鐘町"] == ("9020100",)


def test_towns_stand_in_the_order_of_their_codes_and_only_the_last_list_is_theirs() -> None:
    assert kane().towns[0] == Place(code="9010100", name="小鐘市")
    assert [layer.of_towns for layer in kane().layers] == [False, False, False, True]
    assert kane().layers[-1].code_type == "気象・地震・火山情報／市町村等"


def test_an_office_that_is_not_in_the_table_is_no_prefecture() -> None:
    assert prefecture(table(), "999990", "鐘気象台") is None
