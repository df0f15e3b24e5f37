"""How the whole path is: what the parts say of themselves, what they have stopped saying, and what to do about it.

Silence is noticed: a part that has not reported for longer than it said it would be silent is as bad as one that
reports an alarm. The gateway answers 503 only for what makes its own answers wrong or lost: the log refuses appends, or
the situation was never loaded. Everything else is `degraded`: old news is better than none.

    E5201  the situation is not loaded       E5205  a part reports an alarm
    E5202  the log refuses appends           E5206  a part has fallen silent
    E5203  the log cannot be read            E5207  a lease ends soon, or has ended
    E5204  a record cannot be read           E5208  the canary has not come through a stage
                                             E5209  what stood by a source's word alone has lapsed
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from schemas.status import Condition, StatusReport, lease_subject, leased_source
from services.gateway.core import leases
from services.gateway.core.fanout import Signs
from services.gateway.core.frames import instant
from services.gateway.core.session import Kind
from services.gateway.core.view import View

ALARM_SUBJECT = "alarm:"
"""Alarms that the gateway itself has raised are no news about a part."""
OWN_SUBJECT = "gateway:"
"""Begins the subject of a trouble that only the gateway itself has."""
CANARY_SUBJECT = "canary:"
CANARY_STAGES = ("poll", "log", "parse", "fold", "stream", "order", "push")
"""What our own test goes through, every time, on the way that a warning goes."""


class Overall(StrEnum):
    """The gateway in one word."""

    OK = "ok"
    DEGRADED = "degraded"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that a person must do something about."""

    subject: str
    code: str
    since: datetime
    message: str
    hint: str
    fatal: bool = False
    """Whether it makes the gateway's own answers wrong or lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Who is on the stream."""

    connections: Mapping[Kind, int]
    signs: Signs


def problems(view: View, *, canary_limit_s: float) -> list[Problem]:
    """Everything that is wrong now, the gateway's own troubles first."""
    return [*_own(view), *_reported(view), *_leases(view), *_canary(view, canary_limit_s)]


def overall(found: list[Problem]) -> Overall:
    """The gateway in one word."""
    if any(problem.fatal for problem in found):
        return Overall.UNAVAILABLE
    return Overall.DEGRADED if found else Overall.OK


def _own(view: View) -> Iterator[Problem]:
    if not view.loaded:
        hint = "wait; should it stay so, look whether the dispatcher runs: it makes the log's epoch"
        yield _problem(
            "gateway:projection", "E5201", view.started_at, "the situation is not loaded yet", hint, fatal=True
        )
    if view.appending is not None:
        yield _problem(
            "gateway:append", "E5202", view.appending.since, view.appending.message, view.appending.hint, fatal=True
        )
    if view.reading is not None:
        yield _problem("gateway:read", "E5203", view.reading.since, view.reading.message, view.reading.hint)
    for key, trouble in view.unreadable.items():
        yield _problem(f"gateway:record:{key}", "E5204", trouble.since, trouble.message, trouble.hint)


def _problem(subject: str, code: str, since: datetime, message: str, hint: str, *, fatal: bool = False) -> Problem:
    return Problem(subject=subject, code=code, since=since, message=message, hint=hint, fatal=fatal)


def _reported(view: View) -> Iterator[Problem]:
    for subject, report in sorted(view.reports.items()):
        if subject.startswith(ALARM_SUBJECT) or leased_source(subject) is not None:
            continue
        if report.condition is Condition.ALARM:
            yield _alarm(report)
        elif silent_for_s(report, view) > 0 and not subject.startswith(CANARY_SUBJECT):
            said_at = report.reported_at.isoformat(timespec="seconds")
            message = f"{subject} has said nothing since {said_at}, more than {report.silence_s:g} s"
            yield _problem(subject, "E5206", report.reported_at, message, _look(subject))


def silent_for_s(report: StatusReport, view: View) -> float:
    """For how long a part has been silent beyond what it said; counted from our start where it reported before that.

    While the log cannot be read nothing is heard: then the silence is ours, and counts up to when we last heard.
    """
    if report.silence_s is None:
        return 0.0
    heard_until = view.now if view.reading is None else min(view.now, view.reading.since)
    spoke_at = max(report.reported_at, view.started_at)
    return max(0.0, (heard_until - spoke_at).total_seconds() - report.silence_s)


def _look(subject: str) -> str:
    kind, _, name = subject.partition(":")
    if kind == "feed":
        return f"look whether {name} can be reached and whether ingest runs; use other sources until then"
    return f"look whether {name or subject} runs, and at its log"


def _leases(view: View) -> Iterator[Problem]:
    for source, until in view.leases().items():
        report = view.reports[lease_subject(source)]
        if view.now >= until or leases.ends_soon(report, until, view.now, view.started_at):
            verb = "ended" if view.now >= until else "ends"
            heard = f"{source} last said something at {instant(report.reported_at)}"
            message = f"{heard}; what stands by its word alone {verb} at {instant(until)}"
            hint = f"{_renew(report.subject)}; signs and pages show 未確認 (not confirmed), no all-clear"
            yield _problem(report.subject, "E5207", report.since, message, hint)
            if view.now >= until:
                # A subject of its own: whoever was told that the lease ends soon is told when it has ended.
                lapsed = f"what stood by the word of {source} alone is shown as 未確認 since {instant(until)}"
                yield _problem(f"lapse:{source}", "E5209", until, lapsed, hint)
        elif report.condition is Condition.ALARM and report.reported_at >= view.started_at:
            yield _alarm(report)


def _renew(subject: str) -> str:
    """What to do about a lease that runs out: a feed's is looked after, an officer renews the office's own."""
    source = leased_source(subject) or subject
    if leases.is_by_hand(subject):
        return f"renew or end the order: /office/incidents/{source.partition(':')[2]}"
    return f"look whether {source} can be reached"


def _alarm(report: StatusReport) -> Problem:
    message = report.message or f"{report.subject} reports an alarm"
    hint = report.hint or _look(report.subject)
    return _problem(report.subject, report.code or "E5205", report.since, message, hint)


def canary_ages_s(view: View) -> dict[str, float | None]:
    """How long ago our own test came through each stage; None where it never did."""
    reports = {stage: view.reports.get(f"{CANARY_SUBJECT}{stage}") for stage in CANARY_STAGES}
    return {
        stage: None if report is None else (view.now - report.reported_at).total_seconds()
        for stage, report in reports.items()
    }


def _canary(view: View, limit_s: float) -> Iterator[Problem]:
    """The first stage it has not come through: the stages after it are silent for the same reason."""
    running_s = (view.now - view.started_at).total_seconds()
    for stage, age_s in canary_ages_s(view).items():
        waited_s = running_s if age_s is None else min(age_s, running_s)
        if waited_s > limit_s:
            report = view.reports.get(f"{CANARY_SUBJECT}{stage}")
            since = view.started_at if report is None else report.reported_at
            message = f"our own test has not come through stage {stage} for {waited_s:.0f} s (limit {limit_s:g} s)"
            hint = f"a real warning may stop there too: look at the part that does {stage}"
            yield _problem(f"{CANARY_SUBJECT}{stage}", "E5208", since, message, hint)
            return


# --- the answer ---


def answer(view: View, found: list[Problem], crowd: Crowd) -> dict[str, Any]:
    """The body of `GET /health`: the word, the reasons with what to do, and everything it was judged from."""
    return {
        "status": overall(found),
        "now": instant(view.now),
        "started_at": instant(view.started_at),
        "reasons": [_reason(problem) for problem in found],
        "feeds": _of_kind(view, "feed"),
        "leases": {source: instant(until) for source, until in sorted(view.leases().items())},
        "canary": {stage: {"age_s": age_s} for stage, age_s in canary_ages_s(view).items()},
        "services": _of_kind(view, "service"),
        "log": {"appendable": view.appending is None, "readable": view.reading is None},
        "projection": {
            "loaded": view.loaded,
            "as_of": instant(view.as_of) if view.as_of else None,
            "epoch": view.mirror.epoch,
            "offset": view.mirror.offset,
            "digest": view.mirror.digest,
            "streams": len(view.mirror.streams),
        },
        "connections": {kind.value: count for kind, count in crowd.connections.items()},
        "signs": {"connected": crowd.signs.connected, "confirmed": crowd.signs.confirmed},
    }


def _reason(problem: Problem) -> dict[str, str]:
    return {
        "subject": problem.subject,
        "code": problem.code,
        "since": instant(problem.since),
        "message": problem.message,
        "hint": problem.hint,
    }


def _of_kind(view: View, kind: str) -> dict[str, dict[str, Any]]:
    prefix = f"{kind}:"
    return {
        subject.removeprefix(prefix): _part(report, view)
        for subject, report in sorted(view.reports.items())
        if subject.startswith(prefix)
    }


def _part(report: StatusReport, view: View) -> dict[str, Any]:
    return {
        "condition": report.condition,
        "age_s": (view.now - report.reported_at).total_seconds(),
        "since": instant(report.since),
        "silent": silent_for_s(report, view) > 0,
        "message": report.message,
        "hint": report.hint,
    }
