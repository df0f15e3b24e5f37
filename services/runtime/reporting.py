"""How a part of the system says how it is: reports on topic `status`, with `since` kept while nothing changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from schemas.status import Condition, StatusReport, next_report
from services.eventlog.port import Message, Output
from services.runtime import records
from services.runtime.clock import Clock

TOPIC = "status"


@dataclass(slots=True)
class Reporter:
    """Makes the reports of one writer (`source`: ingest, dispatcher, gateway, runtime)."""

    source: str
    clock: Clock
    last: dict[str, StatusReport] = field(default_factory=dict)

    def ok(
        self, subject: str, message: str, *, silence_s: float | None = None, until: datetime | None = None
    ) -> Output:
        """All is well with the subject."""
        now = self.clock.now()
        return self.output(
            StatusReport(
                subject=subject,
                condition=Condition.OK,
                since=now,
                reported_at=now,
                silence_s=silence_s,
                until=until,
                message=message,
            )
        )

    def alarm(self, subject: str, message: str, *, code: str, hint: str, silence_s: float | None = None) -> Output:
        """Somebody must do something: what, is the hint."""
        now = self.clock.now()
        return self.output(
            StatusReport(
                subject=subject,
                condition=Condition.ALARM,
                since=now,
                reported_at=now,
                silence_s=silence_s,
                code=code,
                message=message,
                hint=hint,
            )
        )

    def output(self, report: StatusReport) -> Output:
        """The report as an output of a consumer's work, or for `EventLog.append`."""
        kept = next_report(self.last.get(report.subject), report)
        self.last[report.subject] = kept
        return Output(topic=TOPIC, message=self._message(kept))

    def _message(self, report: StatusReport) -> Message:
        id_ = f"{report.subject}:{report.reported_at.isoformat()}"
        return records.message(report, key=report.subject, id=id_, source=self.source, at=report.reported_at)
