"""Until when each source's word holds: the leases as this gateway counts them.

A lease stands in `status` only. After a start of the gateway nothing lapses before its source could be heard again: a
report from before the start counts at least until the start plus a grace. A source that is heard again revives what
had lapsed, at once and without telling anybody. An order of the office is its own source, heard when an officer says so:
there a start of the gateway changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from schemas.office import lease_source
from schemas.status import StatusReport, lease_subject, leased_source

GRACE_S_MAX = 180.0
"""After a start: three polls of a feed at one a minute. A shorter lease has its own length as the grace."""
SOON = 1 / 3
"""The part of a lease that is left when its end is announced: of three hours, one (a person has time to act)."""


def effective(reports: Mapping[str, StatusReport], started_at: datetime) -> dict[str, datetime]:
    """Until when the word of each source holds (source → aware UTC), from the reports by subject."""
    return {
        source: _until(report, report.until, started_at)
        for subject, report in reports.items()
        if (source := leased_source(subject)) is not None and report.until is not None
    }


def revived(before: Mapping[str, datetime], after: Mapping[str, datetime], now: datetime) -> bool:
    """Whether a source that had lapsed is heard again: its clients should know before the next heartbeat."""
    return any(until > now >= before[source] for source, until in after.items() if source in before)


def ends_soon(report: StatusReport, until: datetime, now: datetime, started_at: datetime) -> bool:
    """Whether a lease with this effective end will lapse soon or has lapsed.

    Of a report from before the start the grace is what counts: an hour is no time to wait for a poll that is due now.
    """
    span_s = length_s(report) if _counts_in_full(report, started_at) else _grace_s(report)
    return (until - now).total_seconds() < span_s * SOON


def length_s(report: StatusReport) -> float:
    """The length of the lease when it was renewed; 0 for a report that is none."""
    return 0.0 if report.until is None else max(0.0, (report.until - report.reported_at).total_seconds())


def _until(report: StatusReport, until: datetime, started_at: datetime) -> datetime:
    if _counts_in_full(report, started_at):
        return until
    return max(until, started_at + timedelta(seconds=_grace_s(report)))


def _counts_in_full(report: StatusReport, started_at: datetime) -> bool:
    """Whether the report says all: it is from this run, or no poll could renew it because only people do."""
    return report.reported_at >= started_at or is_by_hand(report.subject)


def is_by_hand(subject: str) -> bool:
    """Whether a lease is one of the office's, which officers renew and no feed."""
    return subject.startswith(lease_subject(lease_source("")))


def _grace_s(report: StatusReport) -> float:
    return min(GRACE_S_MAX, length_s(report))
