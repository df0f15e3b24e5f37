"""Who follows what: the index of one shard's devices, as Roaring bitmaps of their dense numbers.

A projection of the shard's partitions of `subscriptions` and `numbers`, and of the addresses found dead: rebuilt at each
start (or read from a snapshot of it), changed device by device. Cumulative: the bitmap of (area, rank) holds all who want
to be told of that rank there, so a match is a few bitmap operations however many devices there are. Larger areas have
bitmaps of their own (roll-ups). Where an alert draws a shape, the places of those who follow the area are looked at one
by one, in columns. Not safe for two threads at once: its owner sees to that.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from schemas.area import AreaCode
from schemas.subscription import Channel, Language, Permission, Place, QuietHours, Subscription, is_quiet
from services.dispatcher.core.rows import DEGREE, NO_TIME, NOT_LOCATED, Row, Rows, Slot, millionths
from services.dispatcher.core.shapes import Shape

RANKS = (1, 2, 3, 4, 5)

Above = Mapping[AreaCode, tuple[AreaCode, ...]]
"""Municipality → the larger areas that it lies in and that are asked for as a whole."""
Key = tuple[str, *tuple[Any, ...]]
"""What a bitmap is of: ("area", area, rank), ("not", hazard, rank), ("language", …), ("channel", …), ("quiet", …)."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Profile(NamedTuple):
    """Everything that a device wishes but its places."""

    hazards: tuple[tuple[str, int], ...]
    language: Language
    channel: Channel
    quiet: QuietHours | None


class Contents(NamedTuple):
    """An index as plain values, from which the same one is made again. `bitmaps`: serialized, by their keys."""

    next_number: int
    devices: list[str | None]
    """By number; None where nobody has it (any more)."""
    places: list[tuple[AreaCode, int]]
    profiles: list[Profile]
    table: npt.NDArray[Any]
    pool: npt.NDArray[Any]
    bitmaps: dict[Key, bytes]
    dead: dict[str, tuple[str, datetime]]


class Index:
    """One shard's devices. `next_number`: the first that was never given.

    `above`: larger areas that have bitmaps of their own. `unlocated`: whether a place without coordinates counts as
    inside every shape that is drawn in its municipality.
    """

    def __init__(self, above: Above | None = None, *, unlocated: bool = True) -> None:
        """Nobody yet."""
        self.next_number = 0
        self.unlocated = unlocated
        self._above = above or {}
        self._numbers: dict[str, int] = {}
        self._devices: list[str | None] = []
        self._rows = Rows()
        self._places: dict[tuple[AreaCode, int], int] = {}
        self._places_of: dict[AreaCode, list[tuple[int, int]]] = defaultdict(list)
        """Least rank and id of every place that lies in an area."""
        self._place_keys: list[frozenset[int]] = []
        self._profiles: dict[Profile, int] = {}
        self._profile_keys: list[frozenset[int]] = []
        self._keys: dict[Key, int] = {}
        self._bitmaps: list[BitMap] = []
        self._alive = BitMap()
        self._usable = BitMap()
        self._dead: dict[str, tuple[str, datetime]] = {}

    # --- numbers ---

    def number(self, device: str) -> int | None:
        """A device's number, None when it has none yet."""
        return self._numbers.get(device)

    def assign(self, device: str, number: int) -> None:
        """A number that was given to a device, and is in the log."""
        before = self._numbers.get(device)
        if before is not None and before != number:
            self.forget(device)
        self._devices += [None] * (number + 1 - len(self._devices))
        self._numbers[device] = number
        self._devices[number] = device
        self.next_number = max(self.next_number, number + 1)

    def without_wishes(self) -> tuple[str, ...]:
        """Devices that have a number and follow nothing."""
        return tuple(device for device, number in self._numbers.items() if number not in self._alive)

    def forget(self, device: str) -> None:
        """A device's end: it is in no bitmap any more, and its number is never given again."""
        number = self._numbers.pop(device, None)
        self._dead.pop(device, None)
        if number is not None:
            self._change(number, self._keys_of(number), frozenset())
            self._rows.drop(number)
            self._alive.discard(number)
            self._usable.discard(number)
            self._devices[number] = None

    # --- what devices wish ---

    def put(self, subscription: Subscription) -> None:
        """What a device follows from now on. It has a number."""
        number = self._numbers[subscription.device]
        address = subscription.address
        row = Row(
            slots=tuple(map(self._slot, subscription.places)),
            profile=self._profile(
                Profile(subscription.hazard_min_ranks, subscription.language, subscription.channel, subscription.quiet)
            ),
            reachable=address is not None and subscription.permission is not Permission.DENIED,
            address=0 if address is None else _first_64_bits(sha256(address.encode()).hexdigest()),
            address_at=NO_TIME if subscription.address_at is None else _microseconds(subscription.address_at),
        )
        old = self._keys_of(number)
        self._rows.put(number, row)
        self._change(number, old, self._keys_of_row(row))
        self._alive.add(number)
        self._mark(number, row, subscription.device)

    def bury(self, device: str, address_sha256: str, found_at: datetime) -> None:
        """An address was found dead at this time: its device is not usable until it gives another, or gives it anew."""
        self._dead[device] = (address_sha256, found_at)
        number = self._numbers.get(device)
        row = None if number is None else self._rows.get(number)
        if number is not None and row is not None:
            self._mark(number, row, device)

    def is_dead(self, device: str) -> bool:
        """Whether the address that a device gave was found dead since."""
        number = self._numbers.get(device)
        row = None if number is None else self._rows.get(number)
        return row is not None and self._is_dead(device, row)

    def _change(self, number: int, old: frozenset[int], new: frozenset[int]) -> None:
        for key in old - new:
            self._bitmaps[key].discard(number)
        for key in new - old:
            self._bitmaps[key].add(number)

    def _mark(self, number: int, row: Row, device: str) -> None:
        if row.reachable and not self._is_dead(device, row):
            self._usable.add(number)
        else:
            self._usable.discard(number)

    def _is_dead(self, device: str, row: Row) -> bool:
        dead = self._dead.get(device)
        if dead is None or not row.address or _first_64_bits(dead[0]) != row.address:
            return False
        return row.address_at == NO_TIME or row.address_at <= _microseconds(dead[1])

    # --- questions ---

    def __len__(self) -> int:
        """Devices that follow something."""
        return len(self._alive)

    @property
    def alive(self) -> BitMap:
        """All devices that are subscribed."""
        return self._alive

    @property
    def usable(self) -> BitMap:
        """Those that have an address not known to be dead, and show what they are sent."""
        return self._usable

    def match(
        self,
        area: AreaCode,
        hazard: str,
        rank: int,
        japan_time: time | None,
        shape: Shape | None = None,
        *,
        order: bool = False,
    ) -> BitMap:
        """Who is to be told of a hazard at a rank in an area; `japan_time` None where quiet hours do not count.

        `order`: only the quiet hours of those count who want them to count for orders. The area is a municipality, or
        one that was named to be asked for as a whole. `shape`: only there.
        """
        found = self._get("area", area, rank) & self._usable
        found -= self._get("not", hazard, rank)
        if found and japan_time is not None:
            found -= self.quiet(japan_time, order=order)
        return found if shape is None or not found else self._inside(found, area, rank, shape)

    def following(self, area: AreaCode, hazard: str, rank: int, shape: Shape | None = None) -> BitMap:
        """Who follows it there at that rank, whether reachable and awake or not."""
        found = self._get("area", area, rank) - self._get("not", hazard, rank)
        return found if shape is None or not found else self._inside(found, area, rank, shape)

    def quiet(self, japan_time: time, *, order: bool = False) -> BitMap:
        """Whose quiet hours these are; `order`: of those only who wants them to count for orders as well."""
        windows = ((window, bitmap) for window, bitmap in self._windows() if window.orders or not order)
        quiet = [bitmap for window, bitmap in windows if is_quiet(window, japan_time)]
        return BitMap.union(*quiet) if quiet else BitMap()

    @property
    def with_quiet(self) -> BitMap:
        """All who have quiet hours at all."""
        return BitMap.union(BitMap(), *(bitmap for _, bitmap in self._windows()))

    def split(self, devices: BitMap) -> Iterator[tuple[Language, Channel, BitMap]]:
        """Devices by language and channel, in the order of their names; those that left are in none."""
        for language in sorted(Language):
            for channel in sorted(Channel):
                some = devices & self._get("language", language) & self._get("channel", channel)
                if some:
                    yield language, channel, some

    def devices(self, numbers: BitMap) -> tuple[str, ...]:
        """The ids of devices, by number; those that left are in none."""
        known = self._devices
        found = (known[number] for number in numbers.to_array() if number < len(known))
        return tuple(device for device in found if device is not None)

    def numbers(self, devices: Iterable[str]) -> BitMap:
        """The numbers of devices; of those that left there is none."""
        return BitMap([number for device in devices if (number := self._numbers.get(device)) is not None])

    def _windows(self) -> Iterator[tuple[QuietHours, BitMap]]:
        return ((key[1], self._bitmaps[id_]) for key, id_ in self._keys.items() if key[0] == "quiet")

    def _inside(self, found: BitMap, area: AreaCode, rank: int, shape: Shape) -> BitMap:
        """Of those who follow the area at the rank, who follows a place of it inside the shape at the rank."""
        follows = np.zeros(len(self._place_keys), np.bool_)
        follows[[id_ for least, id_ in self._places_of[area] if least <= rank]] = True
        slots = self._rows.slots(np.frombuffer(found.to_array(), np.uint32))
        meant = follows[slots.places]
        is_located = slots.latitudes != NOT_LOCATED
        located = np.flatnonzero(meant & is_located)
        inside = shape.holds(slots.latitudes.take(located) / DEGREE, slots.longitudes.take(located) / DEGREE)
        told = _bitmap(slots.numbers.take(located[inside]))
        return told | _bitmap(slots.numbers[meant & ~is_located]) if self.unlocated else told

    def _get(self, *key: Any) -> BitMap:
        id_ = self._keys.get(key)
        return _NOBODY if id_ is None else self._bitmaps[id_]

    # --- what is said once and meant by many ---

    def _keys_of(self, number: int) -> frozenset[int]:
        row = self._rows.get(number) if number in self._alive else None
        return _NO_KEYS if row is None else self._keys_of_row(row)

    def _keys_of_row(self, row: Row) -> frozenset[int]:
        return self._profile_keys[row.profile].union(*[self._place_keys[slot.place] for slot in row.slots])

    def _slot(self, place: Place) -> Slot:
        id_ = self._place(place.area, place.min_rank)
        if place.latitude is None or place.longitude is None:
            return Slot(id_)
        return Slot(id_, millionths(place.latitude), millionths(place.longitude))

    def _place(self, area: AreaCode, least: int) -> int:
        id_ = self._places.get((area, least))
        if id_ is None:
            id_ = self._places[area, least] = len(self._place_keys)
            areas = (area, *self._above.get(area, ()))
            for one in areas:
                self._places_of[one].append((least, id_))
            self._place_keys.append(self._ids(("area", one, rank) for one in areas for rank in RANKS if rank >= least))
        return id_

    def _profile(self, profile: Profile) -> int:
        id_ = self._profiles.get(profile)
        if id_ is None:
            id_ = self._profiles[profile] = len(self._profile_keys)
            keys: list[Key] = [("language", profile.language), ("channel", profile.channel)]
            # where place and hazard both say a least rank the higher counts: below its own, a hazard is wanted nowhere
            keys += [("not", hazard, rank) for hazard, least in profile.hazards for rank in RANKS if rank < least]
            keys += [] if profile.quiet is None else [("quiet", profile.quiet)]
            self._profile_keys.append(self._ids(keys))
        return id_

    def _ids(self, keys: Iterable[Key]) -> frozenset[int]:
        found: set[int] = set()
        for key in keys:
            id_ = self._keys.setdefault(key, len(self._bitmaps))
            if id_ == len(self._bitmaps):
                self._bitmaps.append(BitMap())
            found.add(id_)
        return frozenset(found)

    # --- as plain values ---

    def contents(self) -> Contents:
        """Everything, to be written out. Bitmaps are made small first."""
        table, pool = self._rows.written(len(self._devices))
        for bitmap in self._bitmaps:
            bitmap.run_optimize()
            bitmap.shrink_to_fit()
        return Contents(
            next_number=self.next_number,
            devices=list(self._devices),
            places=list(self._places),
            profiles=list(self._profiles),
            table=table,
            pool=pool,
            bitmaps={key: self._bitmaps[id_].serialize() for key, id_ in self._keys.items()},
            dead=dict(self._dead),
        )

    @classmethod
    def of(cls, contents: Contents, above: Above | None = None, *, unlocated: bool = True) -> Index:
        """The index that has these contents. They fit one another, and `above` is that of the index they came from."""
        index = cls(above, unlocated=unlocated)
        index.next_number = contents.next_number
        index._devices = contents.devices
        index._numbers = {device: number for number, device in enumerate(contents.devices) if device is not None}
        for area, least in contents.places:
            index._place(area, least)
        for profile in contents.profiles:
            index._profile(profile)
        for key, bitmap in contents.bitmaps.items():
            (id_,) = index._ids([key])
            index._bitmaps[id_] = BitMap.deserialize(bitmap)
        index._rows = Rows(contents.table, contents.pool)
        index._alive = BitMap(np.flatnonzero(contents.table["known"]).astype(np.uint32))
        index._dead = contents.dead
        index._usable = BitMap(np.flatnonzero(contents.table["reachable"]).astype(np.uint32))
        for device in contents.dead:
            if index.is_dead(device):
                index._usable.discard(index._numbers[device])
        return index


_NOBODY = BitMap()
_NO_KEYS: frozenset[int] = frozenset()


def _bitmap(numbers: npt.NDArray[np.uint32]) -> BitMap:
    return BitMap(array("I", numbers.tobytes()))  # an eighth of the time that it takes for numpy's arrays


def _first_64_bits(sha256_hex: str) -> int:
    return int(sha256_hex[:16], 16)


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND
