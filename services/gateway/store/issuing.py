"""The one consumer of `office` that lets something go out: what the fold says is issued is appended, once.

Group `issue`, with its own commit: alerts, leases and alarms are appended in the commit that moves it past the command,
under ids made from content, and never again after it, so that an order of last year does not come back with a restart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schemas import codec
from schemas.area import AreaCode
from schemas.status import Condition, StatusReport
from services.eventlog.port import EventLog, GroupInUse, Message, Output, Record
from services.gateway.core.issuing import Effect, Gone, Send, released
from services.gateway.store.office import OfficeStore
from services.runtime import logs, records
from services.runtime.clock import Clock
from services.runtime.consuming import dead, run_group

GROUP = "issue"
SOURCE = "office"
TAKE_OVER_S = 5.0
"""How often a gateway looks whether the one that issues has gone, where the engine lets only one of a process in."""

_log = logs.get("gateway")


@dataclass(slots=True, kw_only=True)
class Issuing:
    """Follows `office` behind the fold. `own`: the areas that the office may name."""

    log: EventLog
    clock: Clock
    store: OfficeStore
    own: frozenset[AreaCode]

    async def run(self) -> None:
        """Issue until cancelled."""
        while True:
            try:
                await run_group(self.log, GROUP, ("office",), self.handle, clock=self.clock)
            except GroupInUse:
                await self.clock.sleep(TAKE_OVER_S)

    async def handle(self, record: Record) -> Sequence[Output]:
        """What follows outside the office from one of its records."""
        await self.store.passed(record.offset)
        if record.offset in self.store.unreadable:
            return self._unreadable(record)
        now = self.clock.now()
        following = [released(effect, now, self.own) for effect in self.store.effects(record.offset)]
        for effect in following:
            _say(effect)
        return [_output(effect, record) for effect in following]

    def _unreadable(self, record: Record) -> Sequence[Output]:
        """An incident of the office waits for a person: an alarm, and its bytes where they can be looked at."""
        fault = self.store.unreadable[record.offset]
        hint = "update this gateway, or mend the writer; look at the incident before anything else is issued for it"
        alarm = StatusReport(
            subject=f"office:unreadable:{record.offset}",
            condition=Condition.ALARM,
            since=record.appended_at,
            reported_at=record.appended_at,
            code="E5533",
            message=f"a command of the office about {record.key} cannot be read: {fault.reason}",
            hint=hint,
        )
        letter = dead(record, code=fault.code, reason=fault.reason, hint=hint, clock=self.clock)
        return [letter, _output(alarm, record)]


def _output(effect: Effect, record: Record) -> Output:
    if isinstance(effect, Send):
        head = codec.headers(effect.alert, id=effect.id, source=SOURCE, at=effect.issued_at, cause=record.id)
        message = Message(key=effect.alert.streams[0], value=effect.text.encode(), id=effect.id, headers=head)
        return Output(topic=effect.topic, message=message)
    if isinstance(effect, Gone):
        return Output(
            topic="status", message=records.tombstone(key=effect.subject, id=f"{effect.subject}:gone:{record.id}")
        )
    id_ = f"{effect.subject}:{effect.reported_at.isoformat()}"
    return Output(
        topic="status",
        message=records.message(
            effect, key=effect.subject, id=id_, source=SOURCE, at=effect.reported_at, cause=record.id
        ),
    )


def _say(effect: Effect) -> None:
    if isinstance(effect, Send):
        _log.event("office.issued", alert=effect.alert.identifier, topic=effect.topic, status=effect.alert.status)
    elif isinstance(effect, StatusReport) and effect.condition is Condition.ALARM:
        _log.error("office.alarm", code=effect.code, message=effect.message, hint=effect.hint)
