"""Who follows what: matching, wishes that change, addresses that die, numbers."""

from __future__ import annotations

from datetime import time
from hashlib import sha256

import pytest
from pyroaring import BitMap

from schemas.area import AreaCode
from schemas.subscription import Channel, Language, Permission, Place, QuietHours, Subscription
from services.dispatcher.core.index import Index
from services.dispatcher.core.shapes import Shape
from tests.factories import EVENING, HACHIOJI, ODAWARA, ZUSHI, a_device, at

NOON, NIGHT = time(12), time(23)
ASLEEP = QuietHours(start=time(22), end=time(6))


def an_index(*devices: Subscription) -> Index:
    index = Index()
    for device in devices:
        index.assign(device.device, index.next_number)
        index.put(device)
    return index


def matched(
    index: Index, area: AreaCode = ODAWARA, hazard: str = "landslide", rank: int = 3, hour: time | None = None
) -> set[str]:
    return set(index.devices(index.match(area, hazard, rank, hour)))


@pytest.mark.parametrize(("rank", "who"), [(2, set()), (3, {"anna"}), (4, {"anna", "ben"}), (5, {"anna", "ben"})])
def test_a_rank_reaches_everybody_who_follows_it_or_a_lower_one(rank: int, who: set[str]) -> None:
    index = an_index(a_device("anna", min_rank=3), a_device("ben", min_rank=4), a_device("zoe", ZUSHI))
    assert matched(index, rank=rank) == who


def test_a_device_with_the_same_place_twice_counts_once_at_the_lower_rank() -> None:
    index = an_index(a_device("anna", ODAWARA, 5, more=((ODAWARA, 2), (ZUSHI, 4))))
    assert matched(index, rank=2) == {"anna"}
    assert matched(index, ZUSHI, rank=3) == set()
    assert matched(index, ZUSHI, rank=4) == {"anna"}


def test_of_place_and_hazard_the_higher_least_rank_counts() -> None:
    index = an_index(a_device("anna", min_rank=3, hazard_min_ranks=(("landslide", 5), ("thunder", 2))))
    assert matched(index, rank=4) == set()
    assert matched(index, rank=5) == {"anna"}
    assert matched(index, hazard="thunder", rank=2) == set()
    assert matched(index, hazard="wind", rank=3) == {"anna"}


@pytest.mark.parametrize(
    ("hour", "who"), [(NOON, {"anna", "ben"}), (NIGHT, {"ben"}), (time(5, 59), {"ben"}), (None, {"anna", "ben"})]
)
def test_quiet_hours_count_where_an_hour_is_given(hour: time | None, who: set[str]) -> None:
    index = an_index(a_device("anna", quiet=ASLEEP), a_device("ben"))
    assert matched(index, hour=hour) == who


def test_orders_wake_all_but_those_who_want_them_to_wait_as_well() -> None:
    refuses = QuietHours(start=time(22), end=time(6), orders=True)
    index = an_index(a_device("anna", quiet=ASLEEP), a_device("ben", quiet=refuses), a_device("carl"))
    assert set(index.devices(index.match(ODAWARA, "evacuation", 3, NIGHT, order=True))) == {"anna", "carl"}
    assert matched(index, hour=NIGHT) == {"carl"}
    assert index.with_quiet == BitMap([0, 1])


def test_nobody_is_quiet_where_nobody_has_such_hours() -> None:
    assert an_index(a_device()).quiet(NIGHT) == an_index(a_device()).with_quiet == BitMap()


@pytest.mark.parametrize(
    "unreachable",
    [a_device("anna", address=None), a_device("anna", permission=Permission.DENIED)],
    ids=["no address", "not permitted"],
)
def test_who_cannot_be_reached_is_not_matched(unreachable: Subscription) -> None:
    index = an_index(unreachable, a_device("ben", permission=Permission.UNKNOWN))
    assert matched(index) == {"ben"}


def test_a_change_of_wishes_leaves_nothing_of_the_old_ones() -> None:
    index = an_index(a_device("anna", quiet=ASLEEP, language=Language.EN, hazard_min_ranks=(("landslide", 5),)))
    index.put(a_device("anna", ZUSHI, 2))
    assert matched(index, rank=5) == set()
    assert matched(index, ZUSHI, rank=2) == {"anna"}
    assert index.quiet(NIGHT) == BitMap()
    assert [(language, len(some)) for language, _, some in index.split(index.alive)] == [(Language.JA, 1)]


def test_a_dead_address_counts_as_none_until_another_is_given_or_it_is_given_anew() -> None:
    index = an_index(a_device("anna"), a_device("ben"))
    found = sha256(b"address-1").hexdigest()
    index.bury("anna", found, at(5))
    assert matched(index) == {"ben"}
    assert index.is_dead("anna")
    assert not index.is_dead("ben")
    index.put(a_device("anna"))
    assert matched(index) == {"ben"}, "the same address, as old"
    index.put(a_device("anna", address_at=at(6)))
    assert matched(index) == {"anna", "ben"}, "registered anew after it was found dead"
    index.bury("anna", found, at(7))
    index.put(a_device("anna", address="address-2"))
    assert matched(index) == {"anna", "ben"}


def test_an_address_without_a_time_stays_dead_and_one_found_dead_before_is_known_at_once() -> None:
    index = Index()
    index.bury("anna", sha256(b"address-1").hexdigest(), at(5))
    assert not index.is_dead("anna"), "it is not known what it follows"
    index.assign("anna", 0)
    assert not index.is_dead("anna")
    index.put(a_device("anna", address_at=None))
    assert matched(index) == set()
    index.put(a_device("anna", address=None))
    assert not index.is_dead("anna")


def test_who_left_is_in_nothing_and_gives_his_number_to_nobody() -> None:
    index = an_index(a_device("anna"), a_device("ben"))
    index.forget("anna")
    index.forget("nobody")
    assert matched(index) == {"ben"}
    assert (len(index), index.number("anna"), index.next_number) == (1, None, 2)
    index.assign("anna", 2)
    index.put(a_device("anna"))
    assert index.numbers(["anna", "ben", "nobody"]) == BitMap([1, 2])
    assert index.usable == index.alive == BitMap([1, 2])


def test_a_number_given_anew_replaces_the_one_before() -> None:
    index = an_index(a_device("anna"))
    index.assign("anna", 0)
    assert matched(index) == {"anna"}
    index.assign("anna", 7)
    assert index.without_wishes() == ("anna",)
    assert len(index) == 0


def test_devices_are_split_by_language_and_channel_in_a_fixed_order() -> None:
    index = an_index(
        a_device("anna"),
        a_device("ben", language=Language.EN),
        a_device("canary", channel=Channel.DRY_RUN),
        a_device("dora", HACHIOJI),
    )
    split = [
        (language, channel, index.devices(some)) for language, channel, some in index.split(BitMap([0, 1, 2, 3, 9]))
    ]
    assert split == [
        (Language.EN, Channel.FCM, ("ben",)),
        (Language.JA, Channel.DRY_RUN, ("canary",)),
        (Language.JA, Channel.FCM, ("anna", "dora")),
    ]


def test_a_least_rank_below_all_is_in_every_bitmap() -> None:
    assert matched(an_index(a_device("anna", min_rank=0)), rank=1) == {"anna"}
    assert EVENING.tzinfo is not None


# --- larger areas, shapes ---

KANAGAWA = AreaCode("office", "140000")
ABOVE = {ODAWARA: (KANAGAWA,), ZUSHI: (KANAGAWA,)}
WEST = Shape(("35.2,139.1 35.2,139.2 35.3,139.2 35.3,139.1 35.2,139.1",))
IN, OUT = (35.25, 139.15), (35.25, 139.5)


def a_place(point: tuple[float, float] | None = None, area: AreaCode = ODAWARA, min_rank: int = 3) -> Place:
    latitude, longitude = point or (None, None)
    return Place(area=area, min_rank=min_rank, latitude=latitude, longitude=longitude)


def test_a_larger_area_has_everybody_who_follows_a_part_of_it_once() -> None:
    index = Index(ABOVE)
    for device in (
        a_device("anna", ODAWARA, 3, more=((ZUSHI, 4),)),
        a_device("ben", ZUSHI, 4),
        a_device("c", HACHIOJI),
    ):
        index.assign(device.device, index.next_number)
        index.put(device)
    assert matched(index, KANAGAWA, rank=3) == {"anna"}
    assert matched(index, KANAGAWA, rank=4) == {"anna", "ben"}
    index.put(a_device("anna", ZUSHI, 5))
    assert matched(index, KANAGAWA, rank=4) == {"ben"}


@pytest.mark.parametrize(
    ("places", "is_told"),
    [
        ((a_place(IN),), True),
        ((a_place(OUT),), False),
        ((a_place(),), True),
        ((a_place(OUT), a_place(IN)), True),
        ((a_place(OUT), a_place()), True),
        ((a_place(OUT), a_place(IN, min_rank=5)), False),
        ((a_place(OUT), a_place(IN, ZUSHI)), False),
    ],
    ids=["inside", "outside", "unlocated", "one of two", "one unlocated", "at a higher rank only", "of another area"],
)
def test_a_shape_reaches_who_follows_a_place_of_the_area_inside_it_at_the_rank(
    places: tuple[Place, ...], *, is_told: bool
) -> None:
    index = an_index(a_device("nobody", ZUSHI), a_device("anna", places=places))
    assert set(index.devices(index.match(ODAWARA, "wind", 3, None, WEST))) == ({"anna"} if is_told else set())


def test_whether_a_place_without_coordinates_is_in_a_shape_is_a_setting() -> None:
    index = Index(ABOVE, unlocated=False)
    for name, point in (("anna", None), ("ben", IN)):
        index.assign(name, index.next_number)
        index.put(a_device(name, places=(a_place(point),)))
    assert set(index.devices(index.match(ODAWARA, "wind", 3, None, WEST))) == {"ben"}
    assert set(index.devices(index.match(KANAGAWA, "wind", 3, None, WEST))) == {"ben"}


def test_who_left_meanwhile_is_in_no_list_of_ids() -> None:
    index = an_index(a_device("anna"), a_device("ben"))
    index.forget("anna")
    assert index.devices(BitMap([0, 1, 99])) == ("ben",)


def test_who_follows_something_is_also_who_cannot_be_told_of_it() -> None:
    index = an_index(
        a_device("anna", address=None),
        a_device("ben", hazard_min_ranks=(("wind", 5),)),
        a_device("carl", places=(a_place(OUT),)),
    )
    assert index.following(ODAWARA, "wind", 3) == BitMap([0, 2])
    assert index.following(ODAWARA, "wind", 3, WEST) == BitMap([0])
    assert index.following(ZUSHI, "wind", 3, WEST) == BitMap()


def test_the_same_index_is_made_of_its_contents() -> None:
    index = an_index(a_device("anna", quiet=ASLEEP), a_device("gone"), a_device("dead"), a_device("ben", ZUSHI, 2))
    index.bury("dead", sha256(b"address-1").hexdigest(), at(5))
    index.bury("stranger", "0" * 64, at(5))
    index.forget("gone")
    again = Index.of(index.contents())
    for one in (index, again):
        assert (one.alive, one.usable, one.next_number) == (BitMap([0, 2, 3]), BitMap([0, 3]), 4)
        assert matched(one) == {"anna", "dead"} - {"dead"}
        assert matched(one, ZUSHI, rank=2) == {"ben"}
        assert one.quiet(NIGHT) == BitMap([0])
        one.put(a_device("dead", address="address-2"))
        assert matched(one) == {"anna", "dead"}
