"""How many messages each device was told lately: the last defence against telling somebody too much.

Built from the decisions of the longest span that a limit counts over, so it is the same after a restart.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta

from pyroaring import BitMap

from services.dispatcher.core.rules import Limit


class Tally:
    """Of one shard, which devices each decision told, and when; as far back as `span`. Told of in their order."""

    def __init__(self, span: timedelta) -> None:
        """Nobody was told anything."""
        self.span = span
        self._told: deque[tuple[datetime, BitMap]] = deque()

    def add(self, at: datetime, devices: BitMap) -> None:
        """A decision told these devices one message each."""
        if devices:
            self._told.append((at, devices))
        while self._told and self._told[0][0] <= at - self.span:
            self._told.popleft()

    def full(self, limits: Iterable[Limit], now: datetime) -> BitMap:
        """Who has been told as much as one of the limits allows."""
        found = BitMap()
        for limit in limits:
            found |= self._at_least(limit.messages, [some for at, some in self._told if at > now - limit.span])
        return found

    def _at_least(self, messages: int, told: list[BitMap]) -> BitMap:
        if len(told) < messages:
            return BitMap()
        # of each number of messages, who had at least as many so far
        counts = [BitMap() for _ in range(messages)]
        for some in told:
            for number in range(messages - 1, 0, -1):
                counts[number] |= counts[number - 1] & some
            counts[0] |= some
        return counts[-1]
