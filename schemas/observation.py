"""What a gauge read, and what its levels mean: one reading model and one station model for every source.

A *reading* is a value at an instant in a unit fixed by its kind, with what the source itself wrote beside it
(`native`). Missing is a quality, never a number. A *threshold* is compared only with readings of the same datum.
An observation is the reading as it came in: the payload of topic `observations`, key `source:station`.

Source: the project's printed format of `hansho readings`; ladder of river levels in 水防法 and 気象庁 river information.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from schemas.alert import WIRE


class Kind(StrEnum):
    """What is measured. Its unit is fixed (`UNITS`), but for `OTHER`, which keeps the source's own."""

    STAGE = "stage"
    """水位, from `Reading.datum`; negative values are normal."""
    DISCHARGE = "discharge"
    RAIN = "rain"
    DAM_LEVEL = "dam_level"
    DAM_INFLOW = "dam_inflow"
    DAM_OUTFLOW = "dam_outflow"
    CLEARANCE = "clearance"
    """The height left under a bridge: it falls when the river rises, and is never a stage."""
    OTHER = "other"


UNITS: dict[Kind, str] = {
    Kind.STAGE: "m",
    Kind.DISCHARGE: "m3/s",
    Kind.RAIN: "mm",
    Kind.DAM_LEVEL: "m",
    Kind.DAM_INFLOW: "m3/s",
    Kind.DAM_OUTFLOW: "m3/s",
    Kind.CLEARANCE: "m",
}
"""Unit of each kind; sources are converted at the edge."""


class Quality(StrEnum):
    """What the source's own code says of a value."""

    GOOD = "good"
    PROVISIONAL = "provisional"
    ESTIMATED = "estimated"
    MISSING = "missing"
    """欠測: there is no value."""
    CLOSED = "closed"
    """閉局: the gauge is out of service; there is no value."""
    SUSPECT = "suspect"
    """The source itself doubts it; the value is kept."""


VALUELESS = frozenset({Quality.MISSING, Quality.CLOSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Native:
    """As the source wrote it, None where it wrote nothing; `quality` is its code."""

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    value: str | None = None
    unit: str | None = None
    time: str | None = None
    quality: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One value of one gauge.

    `station` is the source's own id as written, None where neither file nor file name carries one. `value` is in
    `unit`; None exactly when `quality` is missing or closed. `datum` is what a level counts from (`gauge-zero`, `TP`,
    `AOD` …), None where the source does not say. `observed` is the source's time, aware; of a daily value the start of
    its day where the station stands.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    source: str
    station: str | None
    name: str | None
    kind: Kind
    value: float | None
    unit: str
    datum: str | None
    quality: Quality
    observed: datetime
    native: Native

    def __post_init__(self) -> None:
        """A value without a value, or a gap with one, could be taken for a falling river."""
        if (self.value is None) != (self.quality in VALUELESS):
            msg = f"{self.source}:{self.station} {self.observed}: value {self.value} and quality {self.quality} contradict"
            raise ValueError(msg)


class Crossing(StrEnum):
    """The levels of a gauge, as the field names them."""

    START = "start"
    """観測開始水位: from here a crisis gauge reports every few minutes."""
    STANDBY = "standby"
    """水防団待機水位"""
    CAUTION = "caution"
    """氾濫注意水位"""
    JUDGE = "judge"
    """避難判断水位"""
    DANGER = "danger"
    """氾濫危険水位"""
    FLOOD = "flood"
    """氾濫開始水位, 氾濫発生水位: the water leaves its bed here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """One level of a gauge: `value` in metres from `datum`; `valid_from` and `source` because levels are revised."""

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    crossing: Crossing
    value: float
    datum: str | None = None
    valid_from: date | None = None
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A gauge: `jis5` are the municipalities whose people it concerns (JIS X 0402), `river` "" where not known.

    `period_s`: how often it is expected to report, None where that depends on the weather.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    source: str
    station: str
    name: str
    river: str = ""
    latitude: float | None = None
    longitude: float | None = None
    jis5: tuple[str, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    period_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Payload of topic `observations`: a reading as it came in, and what the same answer says of its station.

    `received` is when we had it. `about` is the station as the answer itself or the city's own table describes it, None
    where neither does. `listed` False: no reading, but a good and fresh answer of a source that lists only gauges above
    a threshold, and this one was not among them; `observed` is then the time of the answer and `value` None.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    source: str
    station: str
    name: str | None = None
    kind: Kind
    value: float | None = None
    unit: str
    datum: str | None = None
    quality: Quality
    observed: datetime
    native: Native
    received: datetime
    listed: bool = True
    about: Station | None = None


def key(source: str, station: str) -> str:
    """The key of a gauge's records: all of one gauge are in one partition, in order."""
    return f"{source}:{station}"
