"""Who follows what: the index of one shard's devices, as Roaring bitmaps of their dense numbers.

A projection of the shard's partitions of `subscriptions` and `numbers`, and of the addresses found dead: rebuilt at each
start, changed device by device. Cumulative: the bitmap of (area, rank) holds all who want to be told of that rank there,
so a match is a few bitmap operations however many devices there are. Not safe for two threads at once: its owner sees
to that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time
from functools import lru_cache
from hashlib import sha256

from pyroaring import BitMap

from schemas.area import AreaCode
from schemas.subscription import Channel, Language, Permission, QuietHours, Subscription, is_quiet

RANKS = (1, 2, 3, 4, 5)
REMEMBERED = 4_096
"""Different wishes of devices whose keys are made once and shared; a city has some hundreds."""

Key = tuple[object, ...]
"""What a bitmap is of: ("area", area, rank), ("not", hazard, rank), ("language", …), ("channel", …), ("quiet", …)."""


@dataclass(frozen=True, slots=True)
class Row:
    """What the index remembers of a device: which bitmaps it is in, and its address's hash and age."""

    keys: frozenset[Key]
    reachable: bool
    address_sha256: bytes | None
    address_at: datetime | None


class Index:
    """One shard's devices. `next_number`: the first that was never given."""

    def __init__(self) -> None:
        """Nobody yet."""
        self.next_number = 0
        self._numbers: dict[str, int] = {}
        self._devices: dict[int, str] = {}
        self._rows: dict[int, Row] = {}
        self._bitmaps: dict[Key, BitMap] = defaultdict(BitMap)
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
        self._numbers[device] = number
        self._devices[number] = device
        self.next_number = max(self.next_number, number + 1)

    def without_wishes(self) -> tuple[str, ...]:
        """Devices that have a number and follow nothing."""
        return tuple(device for device, number in self._numbers.items() if number not in self._rows)

    def forget(self, device: str) -> None:
        """A device's end: it is in no bitmap any more, and its number is never given again."""
        number = self._numbers.pop(device, None)
        self._dead.pop(device, None)
        if number is not None:
            self._place(number, None)
            del self._devices[number]

    # --- what devices wish ---

    def put(self, subscription: Subscription) -> None:
        """What a device follows from now on. It has a number."""
        address = subscription.address
        reachable = address is not None and subscription.permission is not Permission.DENIED
        row = Row(
            keys=_keys(
                tuple((place.area, place.min_rank) for place in subscription.places),
                subscription.hazard_min_ranks,
                subscription.language,
                subscription.channel,
                subscription.quiet,
            ),
            reachable=reachable,
            address_sha256=None if address is None else sha256(address.encode()).digest(),
            address_at=subscription.address_at,
        )
        self._place(self._numbers[subscription.device], row)

    def bury(self, device: str, address_sha256: str, found_at: datetime) -> None:
        """An address was found dead at this time: its device is not usable until it gives another, or gives it anew."""
        self._dead[device] = (address_sha256, found_at)
        number = self._numbers.get(device)
        row = None if number is None else self._rows.get(number)
        if number is not None and row is not None:
            self._mark(number, row)

    def _place(self, number: int, row: Row | None) -> None:
        before = self._rows.pop(number, None)
        old: frozenset[Key] = before.keys if before is not None else frozenset()
        new: frozenset[Key] = row.keys if row is not None else frozenset()
        if old is not new:
            for key in old - new:
                self._bitmaps[key].discard(number)
            for key in new - old:
                self._bitmaps[key].add(number)
        if row is None:
            self._alive.discard(number)
            self._usable.discard(number)
        else:
            self._alive.add(number)
            self._rows[number] = row
            self._mark(number, row)

    def _mark(self, number: int, row: Row) -> None:
        if row.reachable and not self._is_dead(self._devices[number], row):
            self._usable.add(number)
        else:
            self._usable.discard(number)

    def is_dead(self, device: str) -> bool:
        """Whether the address that a device gave was found dead since."""
        number = self._numbers.get(device)
        row = None if number is None else self._rows.get(number)
        return row is not None and self._is_dead(device, row)

    def _is_dead(self, device: str, row: Row) -> bool:
        dead = self._dead.get(device)
        if dead is None or row.address_sha256 is None or dead[0] != row.address_sha256.hex():
            return False
        return row.address_at is None or row.address_at <= dead[1]

    # --- questions ---

    def __len__(self) -> int:
        """Devices that follow something."""
        return len(self._rows)

    @property
    def alive(self) -> BitMap:
        """All devices that are subscribed."""
        return self._alive

    @property
    def usable(self) -> BitMap:
        """Those that have an address not known to be dead, and show what they are sent."""
        return self._usable

    def match(self, area: AreaCode, hazard: str, rank: int, japan_time: time | None) -> BitMap:
        """Who is to be told of a hazard at a rank in a municipality; `japan_time` None where quiet hours do not count."""
        found = self._get("area", area, rank) & self._usable
        found -= self._get("not", hazard, rank)
        if found and japan_time is not None:
            found -= self.quiet(japan_time)
        return found

    def quiet(self, japan_time: time) -> BitMap:
        """Whose quiet hours these are."""
        windows = [key for key in self._bitmaps if key[0] == "quiet"]
        quiet = [
            self._bitmaps[key] for key in windows if isinstance(key[1], QuietHours) and is_quiet(key[1], japan_time)
        ]
        return BitMap.union(*quiet) if quiet else BitMap()

    def split(self, devices: BitMap) -> Iterator[tuple[Language, Channel, BitMap]]:
        """Devices by language and channel, in the order of their names; those that left are in none."""
        for language in sorted(Language):
            for channel in sorted(Channel):
                some = devices & self._get("language", language) & self._get("channel", channel)
                if some:
                    yield language, channel, some

    def devices(self, numbers: BitMap) -> tuple[str, ...]:
        """The ids of devices, by number."""
        return tuple(map(self._devices.__getitem__, numbers.to_array()))

    def numbers(self, devices: Iterable[str]) -> BitMap:
        """The numbers of devices; of those that left there is none."""
        return BitMap([number for device in devices if (number := self._numbers.get(device)) is not None])

    def _get(self, *key: object) -> BitMap:
        return self._bitmaps.get(key, _NOBODY)


_NOBODY = BitMap()


@lru_cache(maxsize=REMEMBERED)
def _keys(
    places: tuple[tuple[AreaCode, int], ...],
    hazards: tuple[tuple[str, int], ...],
    language: Language,
    channel: Channel,
    quiet: QuietHours | None,
) -> frozenset[Key]:
    """The bitmaps of a device with these wishes. Most people wish the same: one set of keys for all of them."""
    keys: set[Key] = {("language", language), ("channel", channel)}
    keys.update(("area", area, rank) for area, least in places for rank in RANKS if rank >= least)
    # where place and hazard both say a least rank the higher counts: below its own, a hazard is not wanted anywhere
    keys.update(("not", hazard, rank) for hazard, least in hazards for rank in RANKS if rank < least)
    if quiet is not None:
        keys.add(("quiet", quiet))
    return frozenset(keys)
