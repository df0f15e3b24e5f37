"""The consumer of the embedded engines: what it fetches and when, over a `Source` that reads and keeps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from services.eventlog.admission import checked_limit
from services.eventlog.news import News
from services.eventlog.port import FETCH_BYTES_MAX, FETCH_MAX, LogClosed, Output, Position, Record
from services.eventlog.progress import Place, Progress, Wanted, share

Read = Callable[[Place, int, int, int], list[Record]]
"""Records of a place above an offset, oldest first: at most so many, and at most so many bytes but never none."""


class Source(Protocol):
    """What an engine does for its consumers."""

    @property
    def news(self) -> News:
        """Heads and bell."""
        ...

    async def pull(self, lanes: Sequence[Sequence[Wanted]], limit: int) -> list[Record]:
        """Read by `gather`, wherever the engine reads."""
        ...

    async def keep(self, progress: Progress, finished: Sequence[Record], outputs: Sequence[Output]) -> list[Position]:
        """Append outputs and move positions in one transaction, staging and settling `progress` in it."""
        ...


class GroupConsumer:
    """One member of a group; see `services.eventlog.port.Consumer`."""

    def __init__(self, group: str, source: Source, progress: Progress) -> None:
        """Continue from what `progress` has as committed."""
        self._group = group
        self._source = source
        self._progress = progress
        self._turn = asyncio.Lock()
        self._left = False
        self._topics = frozenset(topic for topic, _ in progress.committed)

    async def fetch(self, limit: int = FETCH_MAX) -> list[Record]:
        """Wait for records and hand them out; see the port."""
        limit = checked_limit(limit)
        news = self._source.news
        looked: dict[Place, int] = {}
        async with self._turn:
            while True:
                bell = self._bell()
                heads = dict(news.heads)
                progress = self._progress
                lanes = progress.wanted(heads, looked)
                if not any(lanes):
                    await bell.wait()
                    continue
                # Nothing is awaited between here and the return: a cancelled fetch has not handed anything out.
                records = await self._source.pull(lanes, limit)
                if progress is not self._progress:  # the partitions changed hands meanwhile
                    looked.clear()
                    continue
                if records:
                    progress.hand_out(records)
                    return records
                looked.update({wanted.place: heads[wanted.place] for lane in lanes for wanted in lane})

    async def commit(self, finished: Sequence[Record], outputs: Sequence[Output] = ()) -> list[Position]:
        """Keep outputs and progress in one transaction; see the port."""
        self._bell()
        self._progress.check(finished)
        was_full = self._progress.is_full
        positions = await self._source.keep(self._progress, finished, outputs)
        if was_full:  # a partition that was not fetched any further may be now
            self._source.news.ring(self._topics)
        return positions

    @property
    def places(self) -> frozenset[Place]:
        """Its partitions."""
        return frozenset(self._progress.committed)

    async def changed(self, known: frozenset[Place]) -> frozenset[Place]:
        """Wait until its partitions are others; see the port."""
        while True:
            bell = self._bell()
            if (places := self.places) != known:
                return places
            await bell.wait()

    async def assured(self) -> None:
        """At once: on one host nobody else can have them."""

    def leave(self) -> None:
        """The consumer was closed: whoever still fetches gets `LogClosed`."""
        self._left = True
        self._source.news.ring(self._topics)

    def _bell(self) -> asyncio.Event:
        if self._left:
            raise LogClosed(f"The consumer of group {self._group} was closed; what it committed is kept.")
        return self._source.news.bell(self._topics)


def gather(lanes: Sequence[Sequence[Wanted]], limit: int, read: Read) -> list[Record]:
    """Read from several partitions in one go: urgent lane first, each partition its share of what is still to be had."""
    records: list[Record] = []
    bytes_left = FETCH_BYTES_MAX
    for lane in lanes:
        for index, (place, after, room) in enumerate(lane):
            limit_left = limit - len(records)
            if limit_left == 0 or (records and bytes_left <= 0):
                return records
            most = min(room, share(limit_left, len(lane) - index))
            got = read(place, after, most, bytes_left)
            bytes_left -= sum(len(record.value or b"") for record in got)
            records += got
    return records


def cut(records: list[Record], bytes_max: int) -> list[Record]:
    """The first records whose values fit into `bytes_max`, but the first one whatever its size."""
    total = 0
    for index, record in enumerate(records):
        total += len(record.value or b"")
        if index and total > bytes_max:
            return records[:index]
    return records


def member_text(group: str) -> str:
    """What `GroupInUse` says."""
    return f"Group {group} has a member in this process already: close that consumer first."
