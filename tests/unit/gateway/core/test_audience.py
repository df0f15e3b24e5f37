"""Whom a draft would reach, in words."""

from __future__ import annotations

from schemas.notification import Reach
from schemas.text import Text
from services.gateway.core.audience import QUOTA_PER_MIN, audience, lines, together
from tests.factories import ODAWARA, ZUSHI

NAMES = {ODAWARA: Text(ja="小田原市", easy="おだわらし", en="Odawara")}
SOME = Reach(
    devices=3, by_area=((ODAWARA, 2), (ZUSHI, 1)), by_language=(("ja", 3),), by_channel=(("fcm", 3),), asleep=2
)
MORE = Reach(devices=1, by_area=((ODAWARA, 1),), by_language=(("x", 1),), by_channel=(("fcm", 1),), unreachable=5)


def test_shards_are_added_up() -> None:
    assert together([SOME, MORE]) == Reach(
        devices=4,
        by_area=((ODAWARA, 3), (ZUSHI, 1)),
        by_language=(("ja", 3), ("x", 1)),
        by_channel=(("fcm", 4),),
        unreachable=5,
        asleep=2,
    )
    assert together([]) == Reach(devices=0)


def test_it_is_said_with_names_and_which_neighbours_are_touched() -> None:
    found = audience(together([SOME, MORE]), [ODAWARA], NAMES)
    assert found.neighbours == (str(ZUSHI),)
    assert lines(found) == (
        "プッシュ通知が届く端末：4 台",
        "  小田原市：3 台",
        "  class20:1420800：1 台",
        "言語：日本語 3、x 1",
        "経路：fcm 4",
        "送信にかかる時間：配信網の上限（毎分 600,000 通）で、少なくとも 1 秒",
        "市の外：class20:1420800",
        "届かない端末：宛先がない 5 台、静かにする時間 2 台",
    )


def test_nobody_takes_no_time_and_a_prefecture_does() -> None:
    assert "なし" in lines(audience(Reach(devices=0), [], {}))[1]
    assert audience(Reach(devices=0), [], {}).takes_s == 0
    assert audience(Reach(devices=2 * QUOTA_PER_MIN), [], {}).takes_s == 120
