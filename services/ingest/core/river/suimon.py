"""水文水質データベース (www1.river.go.jp): `.dat` tables, hourly by month, daily by year, or one value a line.

The title line says whether they hold stage (水位), discharge (流量) or rain (雨量). Hour 24 is 00:00 of the next day. Flags:
`*` provisional, `$` missing, `#` closed, `-` not registered; a value that is missing is −9999.99. Encodings differ between
copies (EUC-JP, Shift_JIS, UTF-8): each is tried strictly, and only one that gives the known words is believed.

Source: the header lines of the tables themselves; recorded files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from schemas.observation import UNITS, Kind, Native, Quality
from services.ingest.core.defect import Code
from services.ingest.core.river.found import JST, Found, Gathering, day_start, ignored, in_japan, text

SOURCE = "suimon"
DATUM = "gauge-zero"
ENCODINGS = ("utf-8-sig", "euc_jp", "cp932")
STATION, NAME = "観測所記号", "観測所名"
HOURS = 24
DAYS = 31
_KINDS = {"水位": Kind.STAGE, "流量": Kind.DISCHARGE, "雨量": Kind.RAIN}
_FLAGS = {"*": Quality.PROVISIONAL, "$": Quality.MISSING, "#": Quality.CLOSED, "-": Quality.MISSING}
_DAY = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})")
_CLOCK = re.compile(r"\d{1,2}:\d{2}")
_YEAR = re.compile(r"(\d{4})年")
_MONTH = re.compile(r"(\d{1,2})月")


def read(body: bytes, name: str) -> Found | None:
    """A table, known by its line 観測所記号."""
    del name
    lines = _lines(body)
    if lines is None:
        return None
    title = lines[0].strip()
    kinds = [kind for word, kind in _KINDS.items() if word in title]
    if len(kinds) != 1:
        return ignored(SOURCE, f"no table of stage, discharge or rain alone: {title[:40]}")
    gathering = Gathering(SOURCE)
    table = _Table(gathering, kinds[0], station=_header(lines, STATION), name=_header(lines, NAME))
    for line in lines[1:]:
        table.take(line)
    return gathering.found("a table without values")


def _lines(body: bytes) -> list[str] | None:
    for encoding in ENCODINGS:
        try:
            decoded = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        if STATION in decoded:
            return decoded.replace("\r\n", "\n").split("\n")
    return None


def _header(lines: list[str], name: str) -> str | None:
    found = (line.partition(",")[2] for line in lines if line.startswith(f"{name},"))
    return text(next(found, ""))


class _Table:
    """A table under way; a daily one remembers the year it is in."""

    def __init__(self, gathering: Gathering, kind: Kind, *, station: str | None, name: str | None) -> None:
        self._gathering = gathering
        self._kind = kind
        self._station = station
        self._name = name
        self._year = ""

    def take(self, line: str) -> None:
        """A line: a day of hours, a month of days, a value with its time, a year; anything else is a heading."""
        if line.startswith("#"):
            return
        first, *cells = (cell.strip() for cell in line.split(","))
        year = _YEAR.fullmatch(first)
        month = _MONTH.fullmatch(first)
        if year:
            self._year = year[1]
        elif month:
            self._month(month[1], cells)
        elif _DAY.fullmatch(first):
            if cells and _CLOCK.fullmatch(cells[0]):
                self._one(first, cells)
            else:
                self._day(first, cells)

    def _one(self, day: str, cells: list[str]) -> None:
        clock, value, flag = cells[0], *[*cells[1:3], "", ""][:2]
        self._add(in_japan(day, clock), f"{day} {clock}", value, flag)

    def _day(self, day: str, cells: list[str]) -> None:
        if len(cells) < 2 * HOURS - 1:
            self._gathering.note(Code.CUT_SHORT, f"{day} has {len(cells) // 2} of {HOURS} hours")
        for hour, (value, flag) in enumerate(_pairs(cells, HOURS), start=1):
            self._add(in_japan(day, f"{hour}:00"), f"{day} {hour}時", value, flag)

    def _month(self, month: str, cells: list[str]) -> None:
        if not self._year:
            self._gathering.note(Code.UNREADABLE_OBSERVED, f"{month}月 stands before any year")
            return
        for day, (value, flag) in enumerate(_pairs(cells, DAYS), start=1):
            at = day_start(f"{self._year}-{month:>02}-{day:02}", JST)
            if at is not None:  # some months have no day 31
                self._add(at, f"{self._year}年{month}月{day}日", value, flag)

    def _add(self, at: datetime | None, written: str, value: str, flag: str) -> None:
        if not value and not flag:
            return  # nothing is held of this hour
        if value in _FLAGS and not flag:
            flag = value  # the ten-minute table writes the sign alone
        self._gathering.add(
            self._kind,
            station=self._station,
            name=self._name,
            observed=at,
            native=Native(value=value or None, time=written, quality=flag or None),
            unit=UNITS[self._kind],
            quality=_FLAGS.get(flag, Quality.GOOD if not flag else Quality.SUSPECT),
            datum=DATUM,
        )


def _pairs(cells: list[str], count: int) -> Iterator[tuple[str, str]]:
    """Value and flag of each column; a missing last flag is none. What follows (a mean) is left out."""
    padded = [*cells, ""] if len(cells) % 2 else cells
    return zip(padded[0 : 2 * count : 2], padded[1 : 2 * count : 2], strict=True)
