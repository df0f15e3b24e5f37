"""Wake-up without polling: the heads of all partitions, and a bell that rings after every commit."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

from services.eventlog.port import BEFORE_FIRST, LogClosed
from services.eventlog.progress import Place

CLOSED = "The log was closed. What had been acknowledged is kept; open the log again to go on."


class News:
    """The highest offset ever given in each partition, and who waits for a higher one.

    The heads may be raised from a writer thread; everything else happens on the event loop.
    """

    def __init__(self, heads: Mapping[Place, int]) -> None:
        """Start from the heads as they stand in the storage."""
        self._heads = dict(heads)
        self._bells: dict[frozenset[str], asyncio.Event] = {}
        """By the topics that somebody waits for."""
        self._closed = False

    @property
    def heads(self) -> Mapping[Place, int]:
        """The heads of all partitions that ever had a record."""
        return self._heads

    def head(self, place: Place) -> int:
        """The highest offset ever given in this partition."""
        return self._heads.get(place, BEFORE_FIRST)

    def raise_heads(self, heads: Mapping[Place, int]) -> None:
        """Records up to these offsets are committed; `ring` follows on the event loop."""
        self._heads.update(heads)

    def ring(self, topics: Collection[str] | None = None) -> None:
        """Wake everyone who waits for one of these topics (None: for any), so that each looks for itself."""
        wanted = [those for those in self._bells if topics is None or not those.isdisjoint(topics)]
        for those in wanted:
            self._bells.pop(those).set()

    def close(self) -> None:
        """Wake everyone for the last time: they get `LogClosed`."""
        self._closed = True
        self.ring()

    def check_open(self) -> None:
        """Raise `LogClosed` after `close`."""
        if self._closed:
            raise LogClosed(CLOSED)

    def bell(self, topics: frozenset[str]) -> asyncio.Event:
        """The next ring for these topics. Take it before looking at what is there: then none falls between look and wait."""
        self.check_open()
        return self._bells.setdefault(topics, asyncio.Event())

    async def above(self, known: Mapping[Place, int]) -> None:
        """Return as soon as one of these partitions has a head above the offset given."""
        topics = frozenset(topic for topic, _ in known)
        while True:
            bell = self.bell(topics)
            if any(self.head(place) > offset for place, offset in known.items()):
                return
            await bell.wait()
