"""神奈川県雨量水位情報: a page of one gauge's last hours, HTML.

The year stands only in the heading; a row has the date only where a day begins, else the time alone. Values have their
trend glued on (1.40→). `**` is missing, `--` not collected. Rows run from old to new; each is placed by walking back from
the heading's time.

Source: three public scrapers of 2026 as collected in the project's notes on river feeds, §1.5; a page of rain was not seen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html.parser import HTMLParser

from schemas.observation import UNITS, Kind, Native, Quality
from services.ingest.core.defect import Code, Defect
from services.ingest.core.river.found import Found, Gathering, in_japan, refused, text

SOURCE = "kanagawa"
DATUM = "gauge-zero"
HEADING = re.compile(r"観測時刻\s*(\d{4}/\d{1,2}/\d{1,2})\s+(\d{1,2}:\d{2})")
STATION = re.compile(r"p\d{5}_\d+_(\d+_\d+_\d+)")
"""A station's id in a page's name: p10202_18_3585_4_808.html is 3585_4_808."""
ROWS_MAX = 5_000
_NAMES = frozenset({"観測所名", "観測局名"})
_TIME = re.compile(r"(?:(\d{1,2})/(\d{1,2})\s+)?(\d{1,2}:\d{2})")
_VALUE = re.compile(r"([-－]?\d+(?:\.\d+)?)\s*[^\d\s.]?")
_MISSING = frozenset({"**", "--", "欠測", "未収集"})
_CLOSED = frozenset({"閉局", "休止", "停止"})


@dataclass(slots=True)
class _Page(HTMLParser):
    """The rows of all tables, and the running text."""

    rows: list[list[str]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    _in_cell: bool = False

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - HTMLParser's
        if tag == "tr":
            self.rows.append([])
            self._in_cell = False
        elif tag in {"td", "th"}:
            if not self.rows:
                self.rows.append([])
            self.rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th", "tr", "table"}:
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._in_cell:
            self.rows[-1][-1] += data


def read(body: bytes, name: str) -> Found | None:
    """A page, known by its heading 観測時刻 with a date."""
    try:
        written = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if "観測時刻" not in written or "<" not in written:
        return None
    page = _Page()
    page.feed(written)
    heading = HEADING.search(" ".join("".join(page.words).split()))
    until = in_japan(heading[1], heading[2]) if heading else None
    if until is None:
        reason = "no heading 観測時刻 with a date: the rows have no year"
        return refused(SOURCE, Defect(code=Code.UNREADABLE_OBSERVED, reason=reason))
    in_name = STATION.search(name)
    gathering = Gathering(SOURCE)
    kind = Kind.RAIN if any("雨量" in cell for row in page.rows for cell in row) else Kind.STAGE
    rows = [row for row in page.rows[:ROWS_MAX] if len(row) > 1 and _TIME.fullmatch(row[0].strip())]
    for row, observed in zip(rows, _placed([row[0] for row in rows], until), strict=True):
        _add(gathering, kind, in_name[1] if in_name else None, _called(page.rows), row, observed)
    return gathering.found("a page without rows")


def _called(rows: list[list[str]]) -> str | None:
    return next((text(row[1]) for row in rows if len(row) > 1 and row[0].strip() in _NAMES), None)


def _placed(times: list[str], until: datetime) -> list[datetime | None]:
    """The instants of rows that run from old to new and end at or before `until`."""
    placed: list[datetime | None] = []
    later = until
    for written in reversed(times):
        at = _before(written.strip(), later)
        placed.append(at)
        later = at or later
    return placed[::-1]


def _before(written: str, later: datetime) -> datetime | None:
    """The last instant not after `later` that the row can mean."""
    month, day, clock = _TIME.fullmatch(written).groups()  # type: ignore[union-attr]  # rows are chosen by it
    if month is None:
        at = in_japan(f"{later:%Y/%m/%d}", clock)
        return at - timedelta(days=1) if at is not None and at > later else at
    tries = (in_japan(f"{year}/{month}/{day}", clock) for year in (later.year, later.year - 1))
    return next((at for at in tries if at is not None and at <= later), None)


def _add(  # noqa: PLR0917 - a row of the page, taken apart
    gathering: Gathering, kind: Kind, station: str | None, called: str | None, row: list[str], observed: datetime | None
) -> None:
    cell = text(row[1])
    if cell is None:
        return  # nothing is held of this time
    found = _VALUE.fullmatch(cell)
    quality = Quality.GOOD
    if cell in _MISSING:
        quality = Quality.MISSING
    elif cell in _CLOSED:
        quality = Quality.CLOSED
    gathering.add(
        kind,
        station=station,
        name=called,
        observed=observed,
        native=Native(value=cell, time=text(row[0])),
        unit=UNITS[kind],
        quality=quality,
        datum=DATUM,
        figure=found[1].replace("－", "-") if found else None,
    )
