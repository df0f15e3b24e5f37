"""川の防災情報 (www.river.go.jp/kawabou): JSON of stations, towns, prefectures, and of all stations over a threshold.

A missing value is published as 0 with a quality code; the site's own rule is: valid when value and code are there and
the code is below 128. Times are Japan's without saying so. Crisis gauges (`swstgOvlvl`) have no code and do not say what
their level counts from. Keys are camelCase in `file/files`, snake_case in `file/gjson`.

Source: the site's published bundle and recorded answers, as collected in the project's notes on river feeds, §1.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from schemas.observation import UNITS, Kind, Native, Quality
from services.ingest.core.defect import Defect
from services.ingest.core.river.found import Found, Gathering, from_json, in_japan, member, text

SOURCE = "kawabou"
DATUM = "gauge-zero"
INVALID_FROM = 128
CLOSED = 140
STATION = re.compile(r"(?<!\d)\d{5}(?:001|004|007|300)\d{5}(?!\d)")
"""A station's id in a file name: office (5), what it measures (001 rain, 004 stage, 007 dam, 300 crisis gauge), number (5)."""

_VALUES: tuple[tuple[str, Kind, str | None], ...] = (
    ("stg", Kind.STAGE, DATUM),
    ("stgOvdeg", Kind.STAGE, DATUM),
    ("storLvl", Kind.DAM_LEVEL, None),
    ("allSink", Kind.DAM_INFLOW, None),
    ("allDisch", Kind.DAM_OUTFLOW, None),
    ("rn10m", Kind.RAIN, None),
    ("rnHr", Kind.RAIN, None),
)
"""Field, what it measures and from where. A dam's level is an elevation whose datum is not stated. Rain is that of ten
minutes where a record has it, else of the hour; the sum since it began (rnInc) is no reading."""
_CODES = {"stgOvdeg": "stgCcd"}
_MARKS = frozenset(
    {
        *("obsValue", "min10Values", "hrValues", "pastValues", "tmList", "obsInfo", "obsList", "prefTwn", "twnInfo"),
        *("crntObsTime", "crntRwTime", "prefCd", "twnCd", "obsFcd", "fldfr", "fldctl"),
    }
)
"""Names by which a document of this source is known."""


def read(body: bytes, name: str) -> Found | None:
    """Any of its documents: every object with an observation time and a value field is a reading of its station."""
    document = from_json(body)
    if isinstance(document, Defect) or not _is_ours(document):
        return None
    in_name = STATION.search(name)
    gathering = Gathering(SOURCE)
    for row, station, called in _records(document, in_name[0] if in_name else None):
        _add(gathering, row, station, called)
    return gathering.found("master, list, clock or empty answer: no readings")


def _is_ours(document: object) -> bool:
    if not isinstance(document, dict):
        return False
    rows = document.get("features") or document.get("prefs") or document.get("towns") or document.get("twns")
    first = rows[0] if isinstance(rows, list) and rows else None
    inner = member(first, "properties") or first
    known = _MARKS & {_camel(key) for key in (inner if isinstance(inner, dict) else ())}
    return bool(_MARKS & document.keys() or known)


def _camel(key: str) -> str:
    first, *rest = key.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _records(document: object, station: str | None) -> Iterator[tuple[Mapping[str, object], str | None, str | None]]:
    """Each record with its station's id and name, its own or those of what it lies in, in the document's order."""
    waiting: list[tuple[object, str | None, str | None]] = [(document, station, None)]
    while waiting:
        value, station, called = waiting.pop()
        if isinstance(value, list):
            waiting += [(one, station, called) for one in reversed(value)]
        elif isinstance(value, dict):
            row = {_camel(key): inner for key, inner in value.items()}
            station, called = text(row.get("obsFcd")) or station, text(row.get("obsNm")) or called
            if "obsTime" in row or {"date", "time"} <= row.keys():
                yield row, station, called
            waiting += [(inner, station, called) for inner in reversed(row.values()) if isinstance(inner, dict | list)]


def _add(gathering: Gathering, row: Mapping[str, object], station: str | None, called: str | None) -> None:
    written = text(row.get("obsTime")) or " ".join(filter(None, (text(row.get("date")), text(row.get("time")))))
    for field, kind, datum in _VALUES:
        if field not in row or (field == "rnHr" and "rn10m" in row):
            continue
        value = text(row[field])
        if not written and value is None:
            continue  # a station that holds nothing, not even a time
        ccd = _CODES.get(field, f"{field}Ccd")
        code = text(row.get(ccd))
        gathering.add(
            kind,
            station=station,
            name=called,
            observed=_when(written),
            native=Native(value=value, time=written or None, quality=code),
            unit=UNITS[kind],
            quality=_quality(value, code, has_code=ccd in row),
            datum=None if "swstgOvlvl" in row else datum,
        )


def _when(written: str) -> datetime | None:
    day, _, clock = written.partition(" ")
    return in_japan(day.replace("-", "/"), clock)


def _quality(value: str | None, code: str | None, *, has_code: bool) -> Quality:
    if not has_code:
        return Quality.GOOD if value is not None else Quality.MISSING
    number = int(code) if code is not None and code.isascii() and code.isdigit() else None
    if number == CLOSED:
        return Quality.CLOSED
    is_valid = number is not None and number < INVALID_FROM and value is not None
    return Quality.GOOD if is_valid else Quality.MISSING
