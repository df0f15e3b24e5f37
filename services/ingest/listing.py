"""`hansho sources`: every source with what it is used on, how it is watched, and when it was last heard.

What was heard stands in topic `status` of this run's log; it is read beside the running services.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from schemas.status import StatusReport, lease_subject
from services.eventlog.newest import newest
from services.ingest.core.polling import Source
from services.ingest.core.river.city import parse_gauges
from services.ingest.core.river.sources import SOURCES
from services.ingest.core.trouble import span
from services.ingest.sources import table
from services.ingest.sources.rivers import plan_of
from services.runtime import cities, deployment, records
from services.runtime.settings import LIVE_BASE, Settings

NEVER = "never"
DOES_NOT_SAY = "http://localhost"
"""Where the demo's and the canary's server would be: its port is known only while it runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One source as it is listed. Times in seconds, sizes in bytes; `lease_s` None: nothing holds by it."""

    id: str
    on: bool
    address: str
    interval_s: float
    age_limit_s: float
    lease_s: float | None
    bytes_max: int
    last_success: str
    now: str
    terms: str


def main(settings: Settings, out: TextIO, *, as_json: bool) -> int:
    """Print the sources of a run with these settings."""
    said = said_in(Path(deployment.data_dir(settings)) / "hansho.db")
    found = list(lines(settings, said))
    for line in found:
        if as_json:
            print(json.dumps({name: getattr(line, name) for name in line.__slots__}, ensure_ascii=False), file=out)
        else:
            print("\n".join(_written(line)), file=out)
    return 0


def said_in(path: Path) -> dict[str, StatusReport]:
    """The last report on each subject in the log at `path`; none where there is no log."""
    payloads = (records.payload(record) for record in newest(path, "status"))
    return {report.subject: report for report in payloads if isinstance(report, StatusReport)}


def lines(settings: Settings, said: Mapping[str, StatusReport]) -> Iterator[Line]:
    """The sources that this run polls, then those that it could."""
    base = LIVE_BASE if settings.is_live else DOES_NOT_SAY if settings.is_demo else settings.feeds
    polled = table.sources(settings, table.Bases(jma=base, canary=DOES_NOT_SAY))
    yield from (_polled(source, said) for source in polled)
    yield from (_off(row) for row in _others(polled))
    yield from _rivers(settings, said)


def _rivers(settings: Settings, said: Mapping[str, StatusReport]) -> Iterator[Line]:
    """Every river source; on are those that the city's gauges or the setting name."""
    text = cities.load_gauges_text(cities.deploy_dir(settings.deploy_dir), settings.city)
    gauges = parse_gauges(text)
    if isinstance(gauges, str):
        raise cities.CityUnusable(f"the gauges of {settings.city}: {gauges}")
    on = {source.id for source in table.rivers(settings, gauges)} | ({"drop"} if settings.drop_dir else set())
    for source in SOURCES.values():
        base = settings.drop_dir if source.id == "drop" else settings.river_base or source.base
        line = replace(_polled(plan_of(source, base), said), terms=source.terms, bytes_max=source.bytes_max)
        yield line if source.id in on else replace(line, on=False, now="off")


def _others(polled: Iterable[Source]) -> Iterator[table.CapRow]:
    ids = {source.id for source in polled}
    yield from (row for row in (*table.CAP_ROWS.values(), table.GENERIC) if row.id not in ids)


def _polled(source: Source, said: Mapping[str, StatusReport]) -> Line:
    report = said.get(f"feed:{source.id}")
    return Line(
        id=source.id,
        on=True,
        address=f"{source.base}{source.feed}",
        interval_s=source.interval_s,
        age_limit_s=source.age_limit_s,
        lease_s=source.lease_s,
        bytes_max=source.feed_bytes_max,
        last_success=_last_success(source, report, said.get(lease_subject(source.id))),
        now="not asked yet"
        if report is None
        else f"{report.condition}: {report.code} {report.message}".replace(":  ", ": "),
        terms=table.terms_of(source.id),
    )


def _last_success(source: Source, report: StatusReport | None, lease: StatusReport | None) -> str:
    """When it was last heard: by its lease, which is counted from there, else by a report without a complaint."""
    if lease is not None and lease.until is not None and source.lease_s is not None:
        heard_at = lease.until.timestamp() - source.lease_s
        return lease.until.fromtimestamp(heard_at, lease.until.tzinfo).isoformat(timespec="seconds")
    if report is not None and not report.code:
        return report.reported_at.isoformat(timespec="seconds")
    return NEVER


def _off(row: table.CapRow) -> Line:
    return Line(
        id=row.id,
        on=False,
        address=f"set cap {row.id.removeprefix(table.CAP)}=ADDRESS to poll it",
        interval_s=row.interval_s,
        age_limit_s=row.age_limit_s,
        lease_s=row.lease_s,
        bytes_max=row.feed_bytes_max,
        last_success=NEVER,
        now="off",
        terms=row.terms,
    )


def _written(line: Line) -> Iterator[str]:
    lease = "none" if line.lease_s is None else span(line.lease_s)
    yield f"{line.id}  {'on' if line.on else 'off'}  {line.address}"
    yield (
        f"  every {span(line.interval_s)} · age limit {span(line.age_limit_s)} · lease {lease} · "
        f"at most {line.bytes_max / 1e6:g} MB · last success {line.last_success}"
    )
    yield f"  now: {line.now}"
    yield f"  terms: {line.terms}"
