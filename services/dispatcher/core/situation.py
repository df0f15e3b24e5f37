"""The situation of a city: the fold of every stream that ever concerned it, real and drill kept apart.

Pure: an alert comes in, the changed streams go out. What it gives depends on the *set* of alerts taken, never on their
order (invariant 3):

- Of each alert only the areas that the city watches are kept. A stream is published while one of its kept alerts names
  such an area; one that never did is folded all the same, for a later revision may, or an earlier one did.
- Drills from feeds come in runs (invariant 5). A new run of a series ends what the one before left; the run before is
  published as ended, older ones are forgotten.
- The canary is our own test: it has one stream, apart from everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from schemas.alert import Alert, Status, is_own
from schemas.area import AreaCode
from schemas.lifecycle import Stream, StreamState, close, fold, standing
from schemas.situation import CANARY_STREAM

FORGET_AFTER = timedelta(days=7)
"""How long an ended stream stays in `situation`: as long as JMA's long feed, so that no repeat revives it."""


class Taken(StrEnum):
    """What became of an alert; the label of a metric."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    """A repeat, or a revision below the ones that count."""
    ELSEWHERE = "elsewhere"
    """Its stream has never concerned this city."""
    OLD_RUN = "old-run"
    """Of a drill's run that is over."""
    TEST = "test"
    """A test that is not ours: counted, and goes no further."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All folds. `runs`: by series of drills, its newest run and the one before (None at first)."""

    streams: Mapping[str, Stream] = field(default_factory=dict)
    runs: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be published of a stream; None: it is gone."""

    stream: str
    value: Stream | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The situation after an alert, what is to be published, and what became of the alert."""

    situation: Situation
    changes: tuple[Change, ...]
    taken: Taken


def seed(published: Mapping[str, Stream]) -> Situation:
    """The situation as it was published: where a fold goes on after a restart."""
    runs: dict[str, tuple[str, str | None]] = {}
    for stream in published.values():
        if stream.drill is not None and (series := _series(stream.kept[-1])):
            runs[series] = _newest(runs.get(series), stream.drill.run)
    return Situation(streams=dict(published), runs=runs)


def take(before: Situation, stream: str, alert: Alert, watch: frozenset[AreaCode]) -> Step:
    """Fold one alert into one of its streams."""
    draft = Draft(before)
    changes, taken = draft.take(stream, alert, watch)
    return Step(situation=draft.done(), changes=changes, taken=taken)


class Draft:
    """A situation in the making: many alerts one after the other, everything copied once."""

    def __init__(self, before: Situation) -> None:
        """As it was."""
        self._before = before
        self._streams: dict[str, Stream] | None = None
        self._runs = before.runs

    def take(self, stream: str, alert: Alert, watch: frozenset[AreaCode]) -> tuple[tuple[Change, ...], Taken]:
        """Fold one alert into one of its streams: what is to be published, and what became of the alert."""
        if alert.status is Status.TEST:
            return self._test(stream, alert)
        changes = self._begin_run(alert)
        series = _series(alert)
        if series and alert.drill is not None and alert.drill.run not in self._runs[series]:
            return changes, Taken.OLD_RUN
        was = self._now.get(stream)
        now = fold(was, stream, concerning(alert, watch))
        if series and alert.drill is not None and alert.drill.run != self._runs[series][0]:
            now = close(now)
        if now == was:
            return changes, Taken.UNCHANGED
        self._put(stream, now)
        if concerns(now):
            return (*changes, Change(stream=stream, value=now)), Taken.CHANGED
        if was is not None and concerns(was):
            return (*changes, Change(stream=stream, value=None)), Taken.CHANGED
        return changes, Taken.ELSEWHERE

    def done(self) -> Situation:
        """The situation after all of them; the one before where nothing changed."""
        if self._streams is None and self._runs is self._before.runs:
            return self._before
        return replace(self._before, streams=self._now, runs=self._runs)

    @property
    def _now(self) -> Mapping[str, Stream]:
        return self._before.streams if self._streams is None else self._streams

    def _put(self, name: str, stream: Stream) -> None:
        if self._streams is None:
            self._streams = dict(self._before.streams)
        self._streams[name] = stream

    def _test(self, stream: str, alert: Alert) -> tuple[tuple[Change, ...], Taken]:
        if stream != CANARY_STREAM:
            return (), Taken.TEST
        was = self._now.get(stream)
        if was is not None and was.revision >= alert.revision:
            return (), Taken.UNCHANGED
        now = fold(None, stream, alert)
        self._put(stream, now)
        return (Change(stream=stream, value=now),), Taken.CHANGED

    def _begin_run(self, alert: Alert) -> tuple[Change, ...]:
        """Note the alert's run; where it is a new one, end the streams of the run before and drop those of older ones."""
        series = _series(alert)
        if not series or alert.drill is None:
            return ()
        runs = _newest(self._runs.get(series), alert.drill.run)
        if runs == self._runs.get(series):
            return ()
        streams: dict[str, Stream] = {}
        changes: list[Change] = []
        for name, stream in self._now.items():
            run = stream.drill.run if stream.drill is not None and _series(stream.kept[-1]) == series else runs[0]
            if run not in runs:
                changes += [Change(stream=name, value=None)] if concerns(stream) else []
                continue
            streams[name] = stream if run == runs[0] else close(stream)
            if streams[name] != stream and concerns(stream):
                changes.append(Change(stream=name, value=streams[name]))
        self._streams, self._runs = streams, {**self._runs, series: runs}
        return tuple(changes)


def forget(before: Situation, now: datetime) -> Step:
    """Let go of what has been over for `FORGET_AFTER`; changes are the tombstones."""
    over = [name for name, stream in before.streams.items() if _over_since(stream) + FORGET_AFTER <= now]
    changes = tuple(Change(stream=name, value=None) for name in over if concerns(before.streams[name]))
    kept = {name: stream for name, stream in before.streams.items() if name not in over}
    return Step(situation=replace(before, streams=kept), changes=changes, taken=Taken.CHANGED)


def concerning(alert: Alert, watch: frozenset[AreaCode]) -> Alert:
    """The alert with only the areas that the city watches; blocks left without an area go."""
    blocks = (replace(info, area=tuple(area for area in info.area if area.code in watch)) for info in alert.info)
    return replace(alert, info=tuple(info for info in blocks if info.area))


def concerns(stream: Stream) -> bool:
    """Whether any kept alert of the stream names an area of ours: only then is it published."""
    return stream.stream == CANARY_STREAM or any(alert.info for alert in stream.kept)


def _series(alert: Alert) -> str:
    """What runs follow one another in: a source's drills. The office's drills end by its own word."""
    return alert.source if alert.status is Status.EXERCISE and not is_own(alert) else ""


def _newest(known: tuple[str, str | None] | None, run: str) -> tuple[str, str | None]:
    runs = sorted({run, *(one for one in known or () if one is not None)}, reverse=True)
    return runs[0], (runs[1] if len(runs) > 1 else None)


def _over_since(stream: Stream) -> datetime:
    """When the stream was over by its source's words; for one that is active its stated ends, else never."""
    top = stream.kept[-1]
    if stream.state is not StreamState.ACTIVE or not concerns(stream):
        return top.sent
    alert = standing(stream) or top
    ends = [info.expires for info in alert.info]
    stated = [end for end in ends if end is not None]
    return max(stated) if len(stated) == len(ends) else datetime.max.replace(tzinfo=top.sent.tzinfo) - FORGET_AFTER
