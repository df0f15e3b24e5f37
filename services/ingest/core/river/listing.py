"""Which gauges have left a list that names only those above a threshold: what an answer does not say, said.

A gauge that was listed and is not in a good and fresh answer is said to be absent, once a slot (an interval of the
source), until it has been said as often as the engine needs; then the gauge is forgotten. A failed or old answer says
nothing. Slots, not polls: two ingests that ask in turns say the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from services.ingest.core.thresholds import RULES

Listed = Mapping[str, int]
"""Gauges that were listed → how often they were said to be absent since."""


def heard(listed: Listed, station: str, *, is_listed: bool) -> dict[str, int]:
    """After a record of the log: a reading, or an absence that was said."""
    if is_listed:
        return {**listed, station: 0}
    said = listed.get(station, 0) + 1
    rest = {one: count for one, count in listed.items() if one != station}
    return rest if said >= RULES.absences else {**rest, station: said}


def gone(listed: Listed, named: Collection[str]) -> tuple[str, ...]:
    """The gauges to be said absent, by an answer that names these."""
    return tuple(sorted(station for station in listed if station not in named))


def slot(now: datetime, interval_s: float) -> datetime:
    """The beginning of the interval that a moment lies in."""
    return datetime.fromtimestamp(now.timestamp() // interval_s * interval_s, UTC)
