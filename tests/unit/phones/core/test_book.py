"""The demo phones: read from a city's file, registered as their people would have done."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from schemas.area import AreaCode, AreaTable, parse_table
from schemas.subscription import Channel, Language, Permission, Place
from services.phones.core.book import BookError, drawn_as, read_book, subscriptions
from services.phones.core.inbox import PHONES_MAX

NOW = datetime(2026, 9, 1, tzinfo=UTC)
AREAS = """\
# version: 1
scheme,code,name,kana,english,parent
office,140000,神奈川県,かながわけん,Kanagawa,
class10,140020,西部,せいぶ,West,140000
class15,140024,西湘,せいしょう,Seisho,140020
class20,1420600,小田原市,おだわらし,Odawara City,140024
class20,1420300,平塚市,ひらつかし,Hiratsuka City,140024
"""
TWO = """
[[phone]]
id = "a"
name = "小田原に住む人"
language = "ja"
follows = [{ area = "1420600", min_rank = 3 }]
[[phone]]
id = "b"
name = "A visitor"
language = "en"
follows = [{ area = "1420300", min_rank = 2 }, { area = "1420600", min_rank = 4 }]
"""


@pytest.fixture
def table() -> AreaTable:
    found = parse_table(AREAS)
    assert isinstance(found, AreaTable)
    return found


def test_phones_follow_places_in_a_language(table: AreaTable) -> None:
    first, second = read_book(TWO, table)
    assert (first.id, first.language, first.address) == ("a", Language.JA, "demo-a")
    assert [place.min_rank for place in second.places] == [2, 4]
    assert first.device != second.device
    assert len(first.device) == 32


def test_a_city_may_have_none(table: AreaTable) -> None:
    assert read_book("", table) == ()


def test_they_are_registered_like_anybody(table: AreaTable) -> None:
    first, _ = subscriptions(read_book(TWO, table), NOW)
    assert first.places == (Place(area=AreaCode("class20", "1420600"), min_rank=3),)
    assert (first.channel, first.address, first.address_at) == (Channel.FCM, "demo-a", NOW)
    assert first.permission is Permission.GRANTED


def test_they_are_drawn_with_the_names_of_their_places(table: AreaTable) -> None:
    drawn = drawn_as(read_book(TWO, table), table)
    assert [(one.place, one.language, one.listed) for one in drawn] == [
        ("小田原市", "ja", True),
        ("平塚市・小田原市", "en", True),
    ]


def phone(name: str = "a", area: str = "1420600", rank: int = 3, places: int = 1, language: str = "ja") -> str:
    follows = ", ".join([f'{{ area = "{area}", min_rank = {rank} }}'] * places)
    return f'[[phone]]\nid = "{name}"\nname = "x"\nlanguage = "{language}"\nfollows = [{follows}]\n'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[phone", "cannot be read"),
        ("phone = 1", "cannot be read"),
        ('[[phone]]\nid = "a"', "KeyError"),
        (phone(language="de"), "'de' is not a valid Language"),
        (phone(area="9999999"), "class20:9999999"),
        (phone(rank=1), "from rank 1"),
        (phone(places=6), "5 places at the most"),
        (phone() + phone(), "ids must differ"),
        ("".join(phone(str(number)) for number in range(PHONES_MAX + 1)), f"{PHONES_MAX} phones"),
    ],
)
def test_a_wrong_book_says_what_is_wrong(text: str, reason: str, table: AreaTable) -> None:
    with pytest.raises(BookError, match=reason):
        read_book(text, table)
