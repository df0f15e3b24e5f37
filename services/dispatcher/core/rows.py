"""What the index remembers of each device, in columns by its dense number: 27 bytes, and 12 for each place.

Python objects for ten million devices would take gigabytes and minutes; columns are written to a file and read again as
they are. The places of a device lie together in one pool; what a change leaves behind there is given back when more than
half of the pool is such.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

NOT_LOCATED = -(2**31)
"""In place of a coordinate, where a person chose a municipality by name."""
DEGREE = 1_000_000
"""Coordinates are kept in millionths of a degree: what was written with six decimals or fewer comes back as it was."""
NO_TIME = -(2**63)
FIRST_ROWS = 64

ROW = np.dtype(
    [
        ("known", "?"),
        ("reachable", "?"),
        ("count", "u1"),
        ("start", "<u4"),
        ("profile", "<u4"),
        ("address", "<u8"),
        ("address_at", "<i8"),
    ]
)
SLOT = np.dtype([("place", "<u4"), ("latitude", "<i4"), ("longitude", "<i4")])
_ROW, _SLOT = Struct("<??BIIQq"), Struct("<Iii")

Numbers = npt.NDArray[np.uint32]


class Slot(NamedTuple):
    """One place of a device: the interned id of (area, least rank), latitude and longitude in millionths of a degree."""

    place: int
    latitude: int = NOT_LOCATED
    longitude: int = NOT_LOCATED


class Row(NamedTuple):
    """One device. `profile`: the interned id of everything it wishes but places. `address`: the first 64 bits of its SHA-256.

    Of two addresses that one device gave, these are the same once in 10^19 times. `address_at`: microseconds since 1970.
    """

    slots: tuple[Slot, ...]
    profile: int
    reachable: bool
    address: int = 0
    address_at: int = NO_TIME


@dataclass(frozen=True, slots=True)
class Slots:
    """The places of many devices, one after the other: whose, which, where (in millionths of a degree)."""

    numbers: Numbers
    places: Numbers
    latitudes: npt.NDArray[np.int32]
    longitudes: npt.NDArray[np.int32]


class Rows:
    """All rows of one shard."""

    def __init__(self, table: npt.NDArray[Any] | None = None, pool: npt.NDArray[Any] | None = None) -> None:
        """Those that `written` gave, or none."""
        self._set_table(np.zeros(FIRST_ROWS, ROW) if table is None else table.copy())
        self._set_pool(np.zeros(FIRST_ROWS, SLOT) if pool is None else pool.copy())
        self._used = 0 if pool is None else len(pool)
        """How much of the pool was ever given out."""
        self._live = self._used

    def get(self, number: int) -> Row | None:
        """A device's row, None where it follows nothing."""
        if number >= len(self._table):
            return None
        known, reachable, count, start, profile, address, address_at = _ROW.unpack_from(self._rows, number * _ROW.size)
        if not known:
            return None
        return Row(self._slots(start, count), profile, reachable, address, address_at)

    def put(self, number: int, row: Row) -> None:
        """A device's row from now on."""
        if number >= len(self._table):
            self._set_table(_grown(self._table, number + 1))
        _, _, had, start, *_ = _ROW.unpack_from(self._rows, number * _ROW.size)
        count = len(row.slots)
        if count > had:
            start = self._claimed(count)
        for at, slot in enumerate(row.slots, start):
            _SLOT.pack_into(self._places, at * _SLOT.size, *slot)
        self._live += count - had
        values = (True, row.reachable, count, start, row.profile, row.address, row.address_at)
        _ROW.pack_into(self._rows, number * _ROW.size, *values)

    def drop(self, number: int) -> None:
        """A device follows nothing any more. What it followed is overwritten."""
        if number >= len(self._table):
            return
        start, count = int(self._table["start"][number]), int(self._table["count"][number])
        self._pool[start : start + count] = 0
        self._table[number] = 0
        self._live -= count

    def _slots(self, start: int, count: int) -> tuple[Slot, ...]:
        found = (_SLOT.unpack_from(self._places, at * _SLOT.size) for at in range(start, start + count))
        return tuple(map(Slot._make, found))

    def _set_table(self, table: npt.NDArray[Any]) -> None:
        # single rows go through `struct`: a tenth of the time that numpy takes for one
        self._table, self._rows = table, table.view(np.uint8).data

    def _set_pool(self, pool: npt.NDArray[Any]) -> None:
        self._pool, self._places = pool, pool.view(np.uint8).data

    def slots(self, numbers: Numbers) -> Slots:
        """The places of these devices, which all have rows."""
        rows = self._table.take(numbers)  # whole rows by `take`: a quarter of the time that indexing takes
        counts = rows["count"].astype(np.intp)
        ends = np.cumsum(counts)
        # where each device's places begin, and how far each place is behind that
        at = np.repeat(rows["start"].astype(np.intp) - (ends - counts), counts)
        found = self._pool.take(at + np.arange(len(at)))
        return Slots(np.repeat(numbers, counts), found["place"], found["latitude"], found["longitude"])

    def written(self, count: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """The first `count` rows, and the pool laid close together: what another `Rows` is made from."""
        self._tidy()
        return _grown(self._table, count)[:count], self._pool[: self._used]

    def _claimed(self, count: int) -> int:
        if self._used > FIRST_ROWS and 2 * self._live < self._used:
            self._tidy()
        start, self._used = self._used, self._used + count
        if self._used > len(self._pool):
            self._set_pool(_grown(self._pool, self._used))
        return start

    def _tidy(self) -> None:
        numbers = np.flatnonzero(self._table["known"]).astype(np.uint32)
        slots = self.slots(numbers)
        counts = self._table["count"][numbers].astype(np.uint32)
        self._table["start"][numbers] = np.cumsum(counts) - counts
        self._used = self._live = len(slots.places)
        self._set_pool(np.zeros(self._used + FIRST_ROWS, SLOT))
        for name, column in (("place", slots.places), ("latitude", slots.latitudes), ("longitude", slots.longitudes)):
            self._pool[name][: self._used] = column


def millionths(degrees: float) -> int:
    """Degrees as they are kept."""
    return round(degrees * DEGREE)


def _grown(column: npt.NDArray[Any], at_least: int) -> npt.NDArray[Any]:
    """The column with room for so many, and half as many again."""
    grown = np.zeros(max(at_least, len(column) + len(column) // 2), column.dtype)
    grown[: len(column)] = column
    return grown
