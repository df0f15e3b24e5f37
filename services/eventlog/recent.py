"""The newest records of each partition, kept in memory as they were committed: whoever follows the log reads no file.

Sixteen shards and a gateway follow the same topics; each would read, and make anew, what was written a moment ago. A
partition's records stand here without a hole from `since` on, so that an answer is what the file would give. Topics that
keep only the newest record of a key are not here: there a record may be gone a moment later, with what it said of a person.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from itertools import islice
from threading import Lock

from services.eventlog.consumer import cut
from services.eventlog.port import Record
from services.eventlog.progress import Place

RECORDS_MAX = 1_000
BYTES_MAX = 1_000_000
"""Of one partition: enough for whoever follows, little enough for a small host."""


class Recent:
    """Written by the thread that commits, read on any."""

    def __init__(self, heads: Mapping[Place, int]) -> None:
        """`heads`: of the partitions that are kept here; behind them everything is."""
        self._since = dict(heads)
        self._records: dict[Place, list[Record]] = {place: [] for place in heads}
        self._bytes = dict.fromkeys(heads, 0)
        self._lock = Lock()

    def add(self, records: Iterable[Record]) -> None:
        """Records that were just committed, in their order."""
        with self._lock:
            for record in records:
                place = (record.topic, record.partition)
                if place in self._records:
                    self._records[place].append(record)
                    self._bytes[place] += len(record.value or b"")
                    self._shorten(place)

    def read(self, place: Place, after: int, limit: int, bytes_max: int) -> list[Record] | None:
        """As the file would answer, as far as it is known here; None where it is not."""
        with self._lock:
            since = self._since.get(place)
            if since is None or after < since:
                return None
            records = self._records[place]
            first = bisect_right(records, after, key=lambda record: record.offset)
            found = list(islice(records, first, first + limit))
        return cut(found, bytes_max)

    def clear(self) -> None:
        """Records are about to be removed from the file: nothing of them stays here."""
        with self._lock:
            for place, records in self._records.items():
                if records:
                    self._since[place] = records[-1].offset
                    self._bytes[place] = 0
                    records.clear()

    def _shorten(self, place: Place) -> None:
        records = self._records[place]
        if len(records) > RECORDS_MAX or self._bytes[place] > BYTES_MAX:
            # half of them at once: to take the first out of a list costs as much as to take many
            gone = records[: len(records) // 2 + 1]
            del records[: len(gone)]
            self._bytes[place] -= sum(len(record.value or b"") for record in gone)
            self._since[place] = gone[-1].offset
