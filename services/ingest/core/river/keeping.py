"""From what an answer holds to the records of topic `observations`: each with an id made of its content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from schemas.observation import Kind, Native, Observation, Quality, Reading, Station, key
from services.ingest.core.river.found import Found


def observations(found: Found, stations: Mapping[str, Station], received: datetime) -> list[Observation]:
    """The readings of an answer, oldest first; one without a station's id has no place and is left out.

    `stations` are those that the city describes, by key: its thresholds count before the source's own.
    """
    return [
        Observation(
            source=one.source,
            station=one.station,
            name=one.name,
            kind=one.kind,
            value=one.value,
            unit=one.unit,
            datum=one.datum,
            quality=one.quality,
            observed=one.observed,
            native=one.native,
            received=received,
            about=stations.get(key(one.source, one.station)) or found.about.get(one.station),
        )
        for one in sorted(found.readings, key=_observed)
        if one.station is not None
    ]


def _observed(reading: Reading) -> datetime:
    return reading.observed


def absent(source: str, stations: Iterable[str], slot: datetime, received: datetime) -> list[Observation]:
    """That gauges were not in a good and fresh answer of a source that lists only those above a threshold."""
    return [
        Observation(
            source=source,
            station=station,
            name=None,
            kind=Kind.STAGE,
            value=None,
            unit="m",
            datum=None,
            quality=Quality.MISSING,
            observed=slot,
            native=Native(),
            received=received,
            listed=False,
        )
        for station in stations
    ]


def id_of(seen: Observation) -> str:
    """The id of its record: the same reading has the same one, whoever fetched it; a corrected value has another."""
    what = f"{seen.kind}:{seen.value if seen.value is not None else seen.quality}" if seen.listed else "absent"
    return f"observation:{key(seen.source, seen.station)}:{seen.observed.isoformat()}:{what}"


def newest(found: Found) -> datetime | None:
    """The newest instant that an answer speaks of, None for an empty one."""
    return max((one.observed for one in found.readings), default=None)
