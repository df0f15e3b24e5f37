"""The fold of a stream: what the alerts of one stream, in whatever order and number they came, say now.

Pure and total, and the same for any order of arrival: the fold keeps the eight alerts with the highest revisions (a
rule that itself does not depend on order) and *derives* everything else from that set.

- The state is the highest revision that is not withdrawn (invariant 3).
- A JMA 取消 withdraws a report: the one it names, or, where it names none or none that is kept, the highest standing
  one below it. The report before it stands again.
- A CAP Cancel ends all it names and what those superseded; nothing stands again.
- No clock here: `expires` and leases are judged by whoever looks, with `validity`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from schemas.alert import WIRE, Alert, Drill, Info, MsgType, active

KEPT_MAX = 8
"""Alerts kept of a stream: deep enough for a withdrawn report to give way to the one before, small enough for the log."""


class StreamState(StrEnum):
    """What the source's words make of a stream; running out is not among them, it needs a clock."""

    ACTIVE = "active"
    ENDED = "ended"
    """The source said that it is over."""
    CANCELLED = "cancelled"
    """It was issued by mistake."""


class Validity(StrEnum):
    """What time makes of an info block that is in force by its source's words."""

    IN_FORCE = "in-force"
    EXPIRED = "expired"
    """The end that the source stated has come."""
    LAPSED = "lapsed"
    """No word from the source: this is not an all-clear."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The fold of one stream, and the value of its record in `situation`.

    `kept`: up to `KEPT_MAX` alerts, ascending by revision. `revision`: the highest of them (it only rises, also when a
    withdrawal brings an earlier alert back). `standing`: the revision of the alert that counts, None when none does.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = WIRE

    stream: str
    revision: str
    state: StreamState
    standing: str | None = None
    drill: Drill | None = None
    kept: tuple[Alert, ...]


def fold(before: Stream | None, stream: str, alert: Alert) -> Stream:
    """The stream after one more of its alerts; equal to `before` when the alert brings nothing new."""
    kept = {kept.revision: kept for kept in (before.kept if before else ())}
    twin = kept.get(alert.revision)
    # the same revision by two routes has the same bytes; should it not, the choice must not depend on who came first
    kept[alert.revision] = alert if twin is None else max(twin, alert, key=repr)
    return _derived(stream, tuple(kept[revision] for revision in sorted(kept)[-KEPT_MAX:]))


def close(stream: Stream) -> Stream:
    """The stream as ended although its source did not say so: a drill whose series has begun a new run."""
    return replace(stream, state=StreamState.ENDED, standing=None)


def standing(stream: Stream) -> Alert | None:
    """The alert that counts, None when all are withdrawn or cancelled."""
    return next((alert for alert in stream.kept if alert.revision == stream.standing), None)


def validity(info: Info, lease: str, now: datetime, leases: Mapping[str, datetime]) -> Validity:
    """What time makes of an active block: a stated end counts alone, else the lease of its source (until when).

    A source that never had a lease (none in `leases`) does not lapse: that a source fell silent is for its age alarm.
    """
    if info.expires is not None:
        return Validity.EXPIRED if now >= info.expires else Validity.IN_FORCE
    until = leases.get(lease)
    return Validity.LAPSED if until is not None and now >= until else Validity.IN_FORCE


def _derived(stream: str, kept: tuple[Alert, ...]) -> Stream:
    top = _standing(kept)
    if top is None:
        state = StreamState.CANCELLED
    elif any(active(info) for info in top.info):
        state = StreamState.ACTIVE
    else:
        state = StreamState.ENDED
    return Stream(
        stream=stream,
        revision=kept[-1].revision,
        state=state,
        standing=top.revision if top else None,
        drill=kept[-1].drill,
        kept=kept,
    )


def _standing(kept: tuple[Alert, ...]) -> Alert | None:
    withdrawn: set[str] = set()
    for index, alert in enumerate(kept):
        if alert.msg_type is MsgType.CANCEL:
            below = [
                one for one in kept[:index] if one.msg_type is not MsgType.CANCEL and one.revision not in withdrawn
            ]
            withdrawn |= _named(alert, kept) if alert.references else _withdrawn(alert, below)
    return next(
        (alert for alert in reversed(kept) if alert.msg_type is not MsgType.CANCEL and alert.revision not in withdrawn),
        None,
    )


def _withdrawn(cancel: Alert, below: list[Alert]) -> set[str]:
    """JMA: every version of the report that the 取消 names, else of the highest standing report below it."""
    if not below:
        return set()
    named = {alert.revision for alert in below if cancel.report and alert.report == cancel.report}
    if named:
        return named
    top = below[-1]
    return {alert.revision for alert in below if alert.report == top.report and top.report} | {top.revision}


def _named(cancel: Alert, kept: tuple[Alert, ...]) -> set[str]:
    """CAP: all that the Cancel names and everything those superseded, which is every lower revision of the chain."""
    names = {reference.split(",")[1] for reference in cancel.references if reference.count(",") == 2}
    highest = max((alert.revision for alert in kept if alert.identifier in names), default="")
    return {alert.revision for alert in kept if alert.revision <= highest}
