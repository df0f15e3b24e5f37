"""How many messages each device was told lately: the last defence against telling somebody too much.

Built from the decisions of the longest span that a limit counts over, so it is the same after a restart. Counted as
messages come and go, so that a question costs no more after a night of thousands of decisions than after one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from services.dispatcher.core.rules import Limit

_NUMBERS_FIRST = 1_024


class Tally:
    """Of one shard, how many messages each device was told within the span of each limit. Told of in their order."""

    def __init__(self, limits: Iterable[Limit]) -> None:
        """Nobody was told anything."""
        self._counts = {span: _Count(span) for span in {limit.span for limit in limits}}

    @property
    def span(self) -> timedelta:
        """How far back it counts."""
        return max(self._counts)

    def add(self, at: datetime, devices: BitMap) -> None:
        """A decision told these devices one message each."""
        for count in self._counts.values() if devices else ():
            count.add(at, devices)

    def full(self, limits: Iterable[Limit], now: datetime, among: BitMap) -> BitMap:
        """Who of these has been told as much as one of the limits allows. `now` is never before it was."""
        numbers = _numbers(among)
        found = BitMap()
        for limit in limits:
            found |= BitMap(numbers[self._counts[limit.span].of(now, numbers) >= limit.messages])
        return found


class _Count:
    """Messages of each device within one span."""

    def __init__(self, span: timedelta) -> None:
        self._span = span
        self._told: deque[tuple[datetime, BitMap]] = deque()
        self._messages = np.zeros(_NUMBERS_FIRST, np.uint16)

    def add(self, at: datetime, devices: BitMap) -> None:
        self._told.append((at, devices))
        missing = devices.max() + 1 - len(self._messages)
        if missing > 0:
            self._messages = np.concatenate([self._messages, np.zeros(max(missing, len(self._messages)), np.uint16)])
        self._messages[_numbers(devices)] += 1

    def of(self, now: datetime, numbers: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint16]:
        while self._told and self._told[0][0] <= now - self._span:
            self._messages[_numbers(self._told.popleft()[1])] -= 1
        known = numbers < len(self._messages)
        return np.where(known, self._messages[np.where(known, numbers, 0)], 0).astype(np.uint16)


def _numbers(devices: BitMap) -> npt.NDArray[np.uint32]:
    return np.frombuffer(devices.to_array(), np.uint32)
