"""From problems to alarms that leave the machine: each is raised once, reminded of while it lasts, and cleared once.

A problem that comes and goes is one alarm: it is cleared only after it has been away for `CALM_S`. What was raised
stands in `status` as `alarm:<subject>`, so that a restart neither repeats nor forgets it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from schemas.status import Condition, StatusReport
from services.gateway.core.health import ALARM_SUBJECT, OWN_SUBJECT, Problem

CALM_S = 60.0
"""How long a problem must be away before its alarm is cleared."""
REMIND_S = 6 * 3600.0
"""How often an alarm that lasts is said again: once a watch."""
STANDING_MAX = 200
"""Alarms that stand at the same time; of more only the first are raised, which are the gateway's own and the feeds'."""


class Turn(StrEnum):
    """What became of an alarm."""

    RAISED = "raised"
    REMINDED = "reminded"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An alarm that was raised and not cleared. `seen_at`: when its problem was last there; `told_at`: when last told."""

    problem: Problem
    raised_at: datetime
    told_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What to tell the operator, and the report that remembers it."""

    turn: Turn
    problem: Problem
    raised_at: datetime
    at: datetime

    def report(self) -> StatusReport:
        """The alarm's record in `status`."""
        return StatusReport(
            subject=f"{ALARM_SUBJECT}{self.problem.subject}",
            condition=Condition.OK if self.turn is Turn.CLEARED else Condition.ALARM,
            since=self.at if self.turn is Turn.CLEARED else self.raised_at,
            reported_at=self.at,
            code=self.problem.code,
            message=self.problem.message,
            hint=self.problem.hint,
        )


@dataclass(frozen=True, slots=True)
class Alarms:
    """The alarms that stand, by subject."""

    standing: Mapping[str, Standing] = field(default_factory=lambda: MappingProxyType({}))


def remembered(reports: Iterable[StatusReport], now: datetime) -> Alarms:
    """The alarms as the last run left them."""
    return Alarms(
        MappingProxyType(
            {
                subject: Standing(
                    problem=Problem(
                        subject=subject, code=report.code, since=report.since, message=report.message, hint=report.hint
                    ),
                    raised_at=report.since,
                    told_at=report.reported_at,
                    seen_at=now,
                )
                for report in reports
                if report.subject.startswith(ALARM_SUBJECT) and report.condition is Condition.ALARM
                for subject in (report.subject.removeprefix(ALARM_SUBJECT),)
            }
        )
    )


def ours(problems: Iterable[Problem], *, on_duty: bool) -> list[Problem]:
    """What this gateway speaks of: its own troubles, and what every gateway sees where it is the one on duty."""
    return [problem for problem in problems if on_duty or _is_own(problem)]


def handed(before: Alarms, others: Alarms, *, on_duty: bool) -> Alarms:
    """The alarms of this gateway after the duty came or went. `others`: as they stand in `status`."""
    own = {subject: one for subject, one in before.standing.items() if _is_own(one.problem)}
    return Alarms(MappingProxyType({**others.standing, **own} if on_duty else own))


def _is_own(problem: Problem) -> bool:
    return problem.subject.startswith(OWN_SUBJECT)


def judge(before: Alarms, problems: Iterable[Problem], now: datetime) -> tuple[Alarms, list[Notice]]:
    """The alarms after looking at the problems of this moment, and what is to be told of the difference."""
    standing = dict(before.standing)
    notices: list[Notice] = []
    for problem in problems:
        known = standing.get(problem.subject)
        if known is None and len(standing) >= STANDING_MAX:
            continue
        one = Standing(problem=problem, raised_at=now, told_at=now, seen_at=now) if known is None else known
        turn = Turn.RAISED if known is None else _reminder(one, now)
        standing[problem.subject] = replace(one, problem=problem, seen_at=now, told_at=now if turn else one.told_at)
        if turn:
            notices.append(Notice(turn=turn, problem=problem, raised_at=one.raised_at, at=now))
    for one in list(_over(standing.values(), now)):
        del standing[one.problem.subject]
        notices.append(Notice(turn=Turn.CLEARED, problem=one.problem, raised_at=one.raised_at, at=now))
    return Alarms(MappingProxyType(standing)), notices


def _reminder(one: Standing, now: datetime) -> Turn | None:
    return Turn.REMINDED if now - one.told_at >= timedelta(seconds=REMIND_S) else None


def _over(standing: Iterable[Standing], now: datetime) -> Iterator[Standing]:
    return (one for one in standing if now - one.seen_at >= timedelta(seconds=CALM_S))
