"""JMA's website asked every few minutes whether it says what our telegrams say: an operator's check, nothing more.

A disagreement must be found twice in a row before it is an alarm (`crosscheck:jma`, E3222); a website that cannot be read,
or that is frozen, is said too (E3223) and changes nothing: people are told by telegrams alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from schemas.alert import Alert
from schemas.area import AreaTable
from schemas.lifecycle import Stream, fold, standing
from schemas.status import Condition, StatusReport
from schemas.topics import TOPICS
from services.eventlog.port import BEFORE_FIRST, EventLog
from services.ingest.core import crosscheck, polling, trouble
from services.ingest.core.crosscheck import Disagreement, Issue
from services.ingest.core.defect import Defect
from services.ingest.core.polling import Seasons
from services.ingest.core.trouble import Trouble
from services.ingest.core.types import EMERGENCY, ROUTINE
from services.ingest.sources.http import Got, Http
from services.runtime import logs, records

BASE = "https://www.jma.go.jp"
PATH = "/bosai/warning/data/r8/{office}.json"
SUBJECT = "crosscheck:jma"
INTERVAL_S = 300.0
LIMIT_S = 20.0
LIMIT_BYTES = 5_000_000
AGE = Seasons(24 * 3600.0, 72 * 3600.0)
"""How old the newest issue may be: a frozen copy of this JSON has answered 200 for months (jma.md §0)."""
PREFIX = "jma:VPWW"
READ_MAX = 200

_log = logs.get("ingest")


@dataclass(slots=True, kw_only=True)
class CrossCheck:
    """Compares for these offices. `streams` are those of the reform's warnings, folded as the log has them."""

    log: EventLog
    http: Http
    areas: AreaTable
    offices: tuple[str, ...]
    streams: dict[str, Stream] = field(default_factory=dict)
    suspected: frozenset[Disagreement] = frozenset()
    _seen: dict[tuple[str, int], int] = field(default_factory=dict)

    async def check_once(self, now: datetime) -> StatusReport:
        """Ask the website about each office, and say how it compares."""
        await self._catch_up()
        found: list[Disagreement] = []
        for office in self.offices:
            issues = await self._issues(office)
            if isinstance(issues, Trouble):
                return polling.alarm(SUBJECT, issues, now)
            newest = max((issue.reported_at for issue in issues), default=None)
            if newest is not None and (now - newest).total_seconds() > AGE.at(now):
                return polling.alarm(SUBJECT, trouble.unreadable_check(office, f"its newest issue is of {newest}"), now)
            found += self._compared(office, issues, now)
        lasting, self.suspected = self.suspected & frozenset(found), frozenset(found)
        if lasting:
            told = sorted(str(one) for one in lasting)
            _log.warning("crosscheck.disagrees", count=len(told), first=told[0])
            return polling.alarm(SUBJECT, trouble.disagreement(told), now)
        return StatusReport(
            subject=SUBJECT,
            condition=Condition.OK,
            since=now,
            reported_at=now,
            message="the website says what the telegrams say",
        )

    def _compared(self, office: str, issues: tuple[Issue, ...], now: datetime) -> tuple[Disagreement, ...]:
        website, told = crosscheck.theirs(issues, now)
        mine, fresh = crosscheck.ours(self._standing(office), now)
        return crosscheck.compared(mine, website, told - fresh)

    def _standing(self, office: str) -> Iterator[Alert]:
        for name, stream in self.streams.items():
            alert = standing(stream) if name.endswith(f":{office}") else None
            if alert is not None:
                yield alert

    async def _issues(self, office: str) -> tuple[Issue, ...] | Trouble:
        got = await self.http.get(
            f"{self.http.base}{PATH.format(office=office)}", limit_bytes=LIMIT_BYTES, limit_s=LIMIT_S
        )
        if not isinstance(got, Got) or got.status != HTTPStatus.OK:
            reason = f"HTTP {got.status}" if isinstance(got, Got) else "no usable answer"
            return trouble.unreadable_check(office, reason)
        issues = await asyncio.to_thread(crosscheck.read, got.body, self.areas)
        return trouble.unreadable_check(office, issues.reason) if isinstance(issues, Defect) else issues

    async def _catch_up(self) -> None:
        """Fold the warnings of the reform's types that came since the last check."""
        for topic in (EMERGENCY, ROUTINE):
            for partition in range(TOPICS[topic].partitions):
                seen = self._seen.get((topic, partition), BEFORE_FIRST)
                while batch := await self.log.read(topic, partition, after=seen, limit=READ_MAX):
                    seen = batch[-1].offset
                    for record in batch:
                        alert = records.payload(record) if record.key.startswith(PREFIX) else None
                        if isinstance(alert, Alert):
                            self.streams[record.key] = fold(self.streams.get(record.key), record.key, alert)
                self._seen[topic, partition] = seen
