"""What every river reader shares: a document's yield, JSON that keeps numbers as written, units, instants, names.

A reader is a function of a document and its file name. What it cannot use of a document it names as a defect beside
the readings; it never raises for what a source sent.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone, tzinfo
from decimal import Decimal, InvalidOperation

from schemas.observation import UNITS, VALUELESS, Kind, Native, Quality, Reading, Station
from services.ingest.core.defect import Code, Defect

JST = timezone(timedelta(hours=9), "JST")
DOCUMENT_BYTES_MAX = 16_000_000
"""The largest document read; the largest known (a national list at the height of a storm) has half a megabyte."""
READINGS_MAX = 200_000
"""Readings of one document; a year of ten-minute values has 53,000."""
DEFECTS_MAX = 20
"""Defects told of one document; of the others only their number."""
TEXT_MAX = 200
"""Characters of a station's id or name, and of a native value."""
GAP_FROM = Decimal(-9999)
"""At or below this a number is a sign for "no value" (−9999, −9999.99, −999999): no gauge reads it."""
VALUE_MAX = Decimal(10_000_000)
DECIMALS = Decimal("0.001")

Document = Mapping[str, object] | list[object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a document yields: readings, or `ignored`, why there are none. `about`: stations it describes, by id."""

    source: str | None
    readings: tuple[Reading, ...] = ()
    about: Mapping[str, Station] = field(default_factory=dict)
    ignored: str = ""
    defects: tuple[Defect, ...] = ()


Reader = Callable[[bytes, str], Found | None]
"""(document, file name) → what it yields, None when it is not of this source."""

# --- the document ---


def from_json(body: bytes) -> Document | Defect:
    """The object or list of a JSON document, its fractions as `Decimal` so that they stay as written."""
    try:
        text = body.decode("utf-8-sig")
        made = json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        return Defect(code=Code.WRONG_ENCODING, reason=f"not UTF-8 at byte {error.start}")
    except (ValueError, InvalidOperation, RecursionError) as error:
        return Defect(code=Code.NOT_JSON, reason=f"{type(error).__name__}: {str(error)[:TEXT_MAX]}")
    if isinstance(made, dict | list):
        return made
    return Defect(code=Code.NOT_JSON, reason=f"a lone {type(made).__name__}, neither object nor list")


def _no_number(word: str) -> object:
    raise ValueError(f"{word} is no JSON")


def objects(value: object) -> Iterator[Mapping[str, object]]:
    """The objects in a list (or a single one), whatever else stands there left out."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            yield one


def member(value: object, *names: str) -> object:
    """What lies under these names, one inside the other; None where something is missing or no object."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def text(value: object) -> str | None:
    """A text or number as its source wrote it, entities decoded, trimmed and cut; None for none."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    return html.unescape(str(value))[:TEXT_MAX].strip() or None


def number(value: object) -> Decimal | None:
    """A number, also one written as text; None for what is none, is not finite or too large for any gauge."""
    written = text(value)
    if written is None:
        return None
    try:
        made = Decimal(written)
    except InvalidOperation:
        return None
    return made if made.is_finite() and abs(made) <= VALUE_MAX else None


# --- units ---

_LENGTH = {"m": Decimal(1), "cm": Decimal("0.01"), "mm": Decimal("0.001"), "ft": Decimal("0.3048")}
_FLOW = {
    "m3/s": Decimal(1),
    "l/s": Decimal("0.001"),
    "ft3/s": Decimal("0.028316846592"),
    "Ml/d": Decimal(1000) / Decimal(86_400),
}
_RAIN = {"mm": Decimal(1), "cm": Decimal(10), "in": Decimal("25.4")}
_FACTORS: dict[Kind, dict[str, Decimal]] = {
    Kind.STAGE: _LENGTH,
    Kind.DISCHARGE: _FLOW,
    Kind.RAIN: _RAIN,
    Kind.DAM_LEVEL: _LENGTH,
    Kind.DAM_INFLOW: _FLOW,
    Kind.DAM_OUTFLOW: _FLOW,
    Kind.CLEARANCE: _LENGTH,
}
_SPELLINGS = str.maketrans({"³": "3", "^": None, "_": "/", " ": None})


def in_unit(kind: Kind, value: Decimal, unit: str) -> Decimal | None:
    """The value in the kind's own unit, None where the source's unit does not measure such a thing."""
    if kind is Kind.OTHER:
        return value
    spelled = unit.translate(_SPELLINGS)
    factor = _FACTORS[kind].get({"cfs": "ft3/s", "m3s": "m3/s"}.get(spelled, spelled))
    if factor is None:
        return None
    exact = value * factor
    return exact if factor == factor.quantize(DECIMALS) else _rounded(exact)


def _rounded(value: Decimal) -> Decimal:
    """To a millimetre (or litre a second); of less than a tenth four figures, so that a trickle does not become none."""
    if value and abs(value) < Decimal("0.1"):
        return value.quantize(Decimal(1).scaleb(value.adjusted() - 3))
    return value.quantize(DECIMALS)


# --- instants ---


def instant(written: object, zone: tzinfo | None = None) -> datetime | None:
    """An ISO 8601 instant; one without offset is of `zone`, and none at all where that is None."""
    if not isinstance(written, str) or len(written) < len("2026-01-01T00") or len(written) > TEXT_MAX:
        return None
    try:
        at = datetime.fromisoformat(written.strip())
    except ValueError:
        return None
    return _sane(at if at.tzinfo is not None else at.replace(tzinfo=zone))


def day_start(written: object, zone: tzinfo) -> datetime | None:
    """The start of a day "2026-01-31" where the station stands."""
    if not isinstance(written, str) or len(written) != len("2026-01-31"):
        return None
    return instant(f"{written}T00:00:00", zone)


def in_japan(day: str, clock: str) -> datetime | None:
    """A day like 2026/01/31 and a time like 23:50 or 24:00 in Japan; 24:00 is 00:00 of the next day."""
    parts = [*day.split("/"), *clock.split(":")[:2]]
    if len(parts) != 5 or not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
        return None
    year, month, date, hour, minute = map(int, parts)
    try:
        at = datetime(year, month, date, hour % 24 if hour == 24 and minute == 0 else hour, minute, tzinfo=JST)
    except ValueError:
        return None
    return _sane(at + timedelta(days=1) if hour == 24 else at)


def _sane(at: datetime) -> datetime | None:
    """Only years in which gauges were read: others would not survive being moved to another zone."""
    return at if at.tzinfo is not None and 1700 <= at.year <= 2200 else None


# --- gathering ---


@dataclass(slots=True)
class Gathering:
    """Gathers the readings of a document: each once, and what could not be used."""

    source: str
    _readings: dict[tuple[str | None, Kind, datetime, float | None], Reading] = field(default_factory=dict)
    _defects: list[Defect] = field(default_factory=list)
    _untold: int = 0
    about: dict[str, Station] = field(default_factory=dict)

    def note(self, code: Code, reason: str) -> None:
        """Say what could not be used."""
        defect = Defect(code=code, reason=reason)
        if len(self._defects) < DEFECTS_MAX:
            self._defects.append(defect)
        else:
            self._untold += 1

    def add(
        self,
        kind: Kind,
        *,
        station: str | None,
        name: str | None,
        observed: datetime | None,
        native: Native,
        unit: str,
        quality: Quality = Quality.GOOD,
        datum: str | None = None,
        figure: str | None = None,
    ) -> None:
        """Take a value in: `figure`, or `native.value` where that is a bare number, in `unit`.

        A sign for "no value" makes it missing whatever its code says.
        """
        if observed is None:
            self.note(Code.UNREADABLE_OBSERVED, f"{station or '(no id)'}: no instant in {native.time!r}")
            return
        if len(self._readings) >= READINGS_MAX:
            self.note(Code.TOO_MANY_READINGS, f"more than {READINGS_MAX} readings")
            return
        value = number(native.value if figure is None else figure)
        if native.value is not None and value is None and quality not in VALUELESS:
            self.note(Code.UNREADABLE_VALUE, f"{station or '(no id)'} {native.time}: {native.value!r} is no number")
            return
        if quality not in VALUELESS and (value is None or value <= GAP_FROM):
            quality = Quality.MISSING
        made = None if value is None or quality in VALUELESS else in_unit(kind, value, unit)
        if made is None and quality not in VALUELESS:
            self.note(Code.UNKNOWN_UNIT, f"{station or '(no id)'}: {kind} in {unit!r}")
            return
        self._keep(
            Reading(
                source=self.source,
                station=station,
                name=name,
                kind=kind,
                value=None if made is None else float(made),
                unit=UNITS.get(kind, unit),
                datum=datum if kind in {Kind.STAGE, Kind.DAM_LEVEL} else None,
                quality=quality,
                observed=observed,
                native=native,
            )
        )

    def _keep(self, reading: Reading) -> None:
        self._readings.setdefault((reading.station, reading.kind, reading.observed, reading.value), reading)

    def found(self, nothing: str) -> Found:
        """What was gathered; `nothing` says why there may be no readings."""
        more = [Defect(code=Code.MORE_DEFECTS, reason=f"{self._untold} more defects")] if self._untold else []
        return Found(
            source=self.source,
            readings=tuple(self._readings.values()),
            about=self.about,
            ignored="" if self._readings or self._defects else nothing,
            defects=(*self._defects, *more),
        )


def ignored(source: str, why: str) -> Found:
    """A document that is understood and holds no readings."""
    return Found(source=source, ignored=why)


def refused(source: str | None, defect: Defect) -> Found:
    """A document of which nothing can be used."""
    return Found(source=source, defects=(defect,))


def rows(body: bytes) -> Iterator[Mapping[str, object] | Defect]:
    """The objects of JSON lines, in order; a line that is none comes as its defect."""
    for line, written in enumerate(body.splitlines(), start=1):
        if not written.strip():
            continue
        made = from_json(written)
        if isinstance(made, list):
            made = Defect(code=Code.NOT_JSON, reason="a list where an object belongs")
        yield Defect(code=made.code, reason=f"line {line}: {made.reason}") if isinstance(made, Defect) else made
