"""How many messages each device was told lately: the last defence against telling somebody too much.

Kept as a count a device and limit, so that asking costs nothing and telling costs as much as those who are told. Built from
the decisions of the longest span that a limit counts over, so it is the same after a restart.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from services.dispatcher.core.rules import Limit

_FIRST_SIZE = 1024

_Numbers = npt.NDArray[np.uint32]


class Tally:
    """Of one shard, who was told how often within the span of each limit. It is told of decisions in their order."""

    def __init__(self, limits: Iterable[Limit]) -> None:
        """Nobody was told anything."""
        self._windows = {limit: _Window(limit) for limit in limits}
        self.span = max((limit.span for limit in self._windows), default=timedelta())

    def add(self, at: datetime, devices: BitMap) -> None:
        """A decision told these devices one message each."""
        if devices:
            for window in self._windows.values():
                window.add(at, devices)

    def full(self, limits: Iterable[Limit], now: datetime) -> BitMap:
        """Who has been told as much as one of the limits allows; each of them is one that is counted for."""
        return BitMap.union(BitMap(), *(self._windows[limit].at(now) for limit in limits))

    def freed(self, now: datetime) -> BitMap:
        """Who had been told as much as some limit allows and may be told more again, since this was last asked."""
        return BitMap.union(BitMap(), *(window.freed(now) for window in self._windows.values()))

    def times(self, limit: Limit, device: int, now: datetime) -> int:
        """How often a device was told within the span of a limit."""
        return self._windows[limit].times(device, now)


class _Window:
    """Of one limit: counts by device, what leaves them when, and who is at the limit."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._told: deque[tuple[datetime, BitMap]] = deque()
        self._counts: _Numbers = np.zeros(_FIRST_SIZE, np.uint32)
        self._full = BitMap()
        self._freed = BitMap()

    def add(self, at: datetime, devices: BitMap) -> None:
        self._pass(at)
        self._told.append((at, devices))
        if devices.max() >= len(self._counts):
            grown = np.zeros(max(devices.max() + 1, 2 * len(self._counts)), np.uint32)
            grown[: len(self._counts)] = self._counts
            self._counts = grown
        numbers = _array(devices)
        self._counts[numbers] += 1
        self._full |= BitMap(numbers[self._counts[numbers] >= self._limit.messages])
        self._freed -= self._full

    def at(self, now: datetime) -> BitMap:
        self._pass(now)
        return self._full

    def freed(self, now: datetime) -> BitMap:
        self._pass(now)
        freed, self._freed = self._freed, BitMap()
        return freed

    def times(self, device: int, now: datetime) -> int:
        self._pass(now)
        return int(self._counts[device]) if device < len(self._counts) else 0

    def _pass(self, now: datetime) -> None:
        while self._told and self._told[0][0] <= now - self._limit.span:
            numbers = _array(self._told.popleft()[1])
            self._counts[numbers] -= 1
            below = BitMap(numbers[self._counts[numbers] < self._limit.messages])
            self._freed |= below & self._full
            self._full -= below


def _array(devices: BitMap) -> _Numbers:
    return np.frombuffer(devices.to_array(), np.uint32)
