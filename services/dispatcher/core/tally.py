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
_FEW = 16
"""So few are counted one by one: whatever of numpy's gives up the interpreter's lock waits for it longer than that takes."""


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
        found = BitMap()
        for limit in limits:
            found |= self._counts[limit.span].at_least(limit.messages, now, among)
        return found


class _Count:
    """Messages of each device within one span."""

    def __init__(self, span: timedelta) -> None:
        self._span = span
        self._told: deque[tuple[datetime, BitMap]] = deque()
        self._messages = np.zeros(_NUMBERS_FIRST, np.int16)

    def add(self, at: datetime, devices: BitMap) -> None:
        self._told.append((at, devices))
        missing = devices.max() + 1 - len(self._messages)
        if missing > 0:
            self._messages = np.concatenate([self._messages, np.zeros(max(missing, len(self._messages)), np.int16)])
        self._change(devices, 1)

    def at_least(self, messages: int, now: datetime, among: BitMap) -> BitMap:
        while self._told and self._told[0][0] <= now - self._span:
            self._change(self._told.popleft()[1], -1)
        count = self._messages
        if len(among) <= _FEW:
            return BitMap([number for number in among if number < len(count) and count[number] >= messages])
        numbers = _numbers(among)
        numbers = numbers[numbers < len(count)]
        return BitMap(numbers[count[numbers] >= messages])

    def _change(self, devices: BitMap, by: int) -> None:
        if len(devices) <= _FEW:
            for number in devices:
                self._messages[number] += by
        else:
            self._messages[_numbers(devices)] += by


def _numbers(devices: BitMap) -> npt.NDArray[np.uint32]:
    return np.frombuffer(devices.to_array(), np.uint32)
