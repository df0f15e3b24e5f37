"""Snapshots: the same index comes out again, and nothing else."""

from __future__ import annotations

from datetime import time
from hashlib import sha256

import pytest
from pyroaring import BitMap

from schemas.subscription import Channel, Language, Place, QuietHours, Subscription
from services.dispatcher.core.index import Index
from services.dispatcher.core.snapshot import MAGIC, Damaged, Marks, above_sum, pack, unpack
from tests.factories import ODAWARA, ZUSHI, a_device, at
from tests.unit.dispatcher.core.test_index import ABOVE, KANAGAWA, WEST

MARKS = Marks(shard=3, epoch="e", above=above_sum(ABOVE), subscriptions=17, numbers=23, made_at=at(5))
HERE = Place(area=ODAWARA, min_rank=3, latitude=35.26, longitude=139.15)


def devices() -> list[Subscription]:
    return [
        a_device("anna", hazard_min_ranks=(("landslide", 5),), quiet=QuietHours(start=time(22), end=time(6))),
        a_device("ben", ZUSHI, 2, more=((ODAWARA, 5),), language=Language.EN),
        a_device("gone"),
        a_device("canary", channel=Channel.DRY_RUN, address=None, address_at=None),
        a_device("dead"),
        a_device("here", places=(HERE,)),
    ]


def an_index() -> Index:
    index = Index(ABOVE)
    for device in devices():
        index.assign(device.device, index.next_number)
        index.put(device)
    index.bury("dead", sha256(b"address-1").hexdigest(), at(9))
    index.bury("stranger", "0" * 64, at(9))
    index.forget("gone")
    return index


def questions(index: Index) -> list[object]:
    asked: list[object] = [
        index.match(area, hazard, rank, hour)
        for area in (ODAWARA, ZUSHI, KANAGAWA)
        for hazard in ("landslide", "wind")
        for rank in (1, 2, 3, 4, 5)
        for hour in (None, time(23))
    ]
    asked += [index.match(ODAWARA, "wind", 5, None, WEST), index.alive, index.usable, index.next_number, len(index)]
    asked += [list(index.split(index.alive)), index.devices(index.alive), index.quiet(time(23))]
    return asked + [(index.number(name), index.is_dead(name)) for name in ("anna", "gone", "dead", "stranger")]


def restored(data: bytes) -> Index:
    found = unpack(data, ABOVE)
    assert not isinstance(found, Damaged)
    assert found[0] == MARKS
    return found[1]


def test_the_same_index_comes_out_again() -> None:
    index = an_index()
    assert index.usable == BitMap([0, 1, 5])
    assert questions(restored(pack(index, MARKS))) == questions(index)


def test_it_goes_on_as_if_it_had_never_stopped() -> None:
    index = an_index()
    again = restored(pack(index, MARKS))
    for one in (index, again):
        one.put(a_device("anna", ZUSHI, 4))
        one.forget("ben")
        one.assign("zoe", one.next_number)
        one.put(a_device("zoe", ODAWARA, 2))
        one.put(a_device("dead", address_at=at(10)))
    assert questions(again) == questions(index)
    assert questions(restored(pack(again, MARKS))) == questions(index)


def test_an_empty_one_too() -> None:
    assert len(restored(pack(Index(ABOVE), MARKS))) == 0


@pytest.mark.parametrize("place", [0, len(MAGIC), len(MAGIC) + 40, -1])
def test_a_changed_byte_is_seen(place: int) -> None:
    data = bytearray(pack(an_index(), MARKS))
    data[place] ^= 1
    assert isinstance(unpack(bytes(data), ABOVE), Damaged)


@pytest.mark.parametrize("length", [0, 5, len(MAGIC) + 10, 200])
def test_one_that_was_cut_off_is_seen(length: int) -> None:
    assert isinstance(unpack(pack(an_index(), MARKS)[:length], ABOVE), Damaged)


def test_other_larger_areas_have_another_sum() -> None:
    assert above_sum(ABOVE) != above_sum({})
    assert above_sum(ABOVE) == above_sum(dict(reversed(ABOVE.items())))
