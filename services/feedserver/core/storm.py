"""A storm as data: a timeline of telegrams over a prefecture, and the telegrams made of it. Nothing here is real.

`read_storm` checks a city's `storm.toml`; `telegram` makes the bytes of one step, given when the steps were published.
The same storm serves the demo in real time and scenario tests on a clock of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from services.feedserver.core.floods import FORM as FLOOD
from services.feedserver.core.floods import FloodKind, River, flood_telegram
from services.feedserver.core.notices import NOTICE, NOTICE_SUFFIX, NOTICE_TYPE, notice_telegram
from services.feedserver.core.places import Prefecture
from services.feedserver.core.published import Published, published
from services.feedserver.core.telegrams import CORRECTED, DRILL, ISSUED, JST, Form, Heading
from services.feedserver.core.weather import Change, Family, InForce, warning_telegram
from services.runtime.errors import HanshoError


class StormError(HanshoError):
    """A storm's file cannot be played; the text names the step and what to write instead."""

    code: ClassVar[str] = "E6102"


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningStep:
    """A warning telegram: what is in force from then on over the whole prefecture, nothing else."""

    at_s: int
    stream: str
    headline: str
    family: Family
    in_force: InForce
    corrects: bool = False
    """訂正 of the same stream's report before: that one was a mistake."""
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FloodStep:
    """A flood forecast of a river."""

    at_s: int
    stream: str
    headline: str
    river: River
    kind: FloodKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeStep:
    """A notice on the earthquake feed."""

    at_s: int
    stream: str
    headline: str
    text: str


Step = WarningStep | FloodStep | NoticeStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """A storm: `steps` in the order of their `at_s` (seconds after the run's start), `rest_s` before the next run."""

    title: str
    prefix: str
    """Stands before every headline and text: marks the drill first thing."""
    disclaimer: str
    """Stands behind every headline: says that the content is invented."""
    rest_s: int
    prefecture: Prefecture
    steps: tuple[Step, ...]


def telegrams(storm: Storm, run_id: str, started_at: datetime) -> tuple[Published, ...]:
    """All telegrams of a run that keeps exactly to its timeline."""
    published_at = [started_at + timedelta(seconds=step.at_s) for step in storm.steps]
    return tuple(telegram(storm, run_id, published_at[: index + 1]) for index in range(len(published_at)))


def telegram(storm: Storm, run_id: str, published_at: Sequence[datetime]) -> Published:
    """The newest telegram of a run: `published_at` holds the times of all steps so far, this one's last (aware)."""
    index = len(published_at) - 1
    step = storm.steps[index]
    if isinstance(step, WarningStep):
        return _warning(storm, run_id, step, published_at)
    if isinstance(step, FloodStep):
        return _flood(storm, run_id, step, published_at)
    return _notice(storm, run_id, step, published_at[index])


def moments(storm: Storm) -> tuple[tuple[int, int], ...]:
    """The storm's moments in order: seconds after the start, and how many telegrams are published then."""
    times = [step.at_s for step in storm.steps]
    return tuple((at_s, times.count(at_s)) for at_s in sorted(set(times)))


def _warning(storm: Storm, run_id: str, step: WarningStep, published_at: Sequence[datetime]) -> Published:
    # A correction repeats the time of the report it replaces: EventID and Serial are empty, so that is how they find each
    # other. Its changes count from the report before that one.
    report = _report_of(storm, step.stream, len(published_at) - 1)
    heading = _heading(
        storm,
        step,
        form=step.family.form,
        title=f"{storm.prefecture.place.name}{step.family.head_title}",
        sent_at=published_at[-1],
        reported_at=published_at[report],
        info_type=CORRECTED if step.corrects else ISSUED,
    )
    change = Change(family=step.family, before=_in_force_before(storm, step.stream, report), now=step.in_force)
    body = warning_telegram(heading, change, storm.prefecture, comment=step.comment)
    return published(
        heading, body, topic="extra", kind=step.family.type, suffix=storm.prefecture.place.code, run_id=run_id
    )


def _report_of(storm: Storm, stream: str, index: int) -> int:
    """Index of the report that the stream's step at `index` makes: its own, or the one it corrects."""
    reports = [
        at
        for at, step in enumerate(storm.steps[: index + 1])
        if isinstance(step, WarningStep) and step.stream == stream and not step.corrects
    ]
    return reports[-1]


def _in_force_before(storm: Storm, stream: str, index: int) -> InForce:
    earlier = [step for step in storm.steps[:index] if isinstance(step, WarningStep) and step.stream == stream]
    return earlier[-1].in_force if earlier else {}


def _flood(storm: Storm, run_id: str, step: FloodStep, published_at: Sequence[datetime]) -> Published:
    river = step.river
    so_far = storm.steps[: len(published_at)]
    heading = _heading(
        storm,
        step,
        form=FLOOD,
        title=f"{river.section.name}{step.kind.name}",
        sent_at=published_at[-1],
        office=f"{river.office} {storm.prefecture.observatory}",
        event_id=river.section.code,
        serial=str(sum(earlier.stream == step.stream for earlier in so_far)),
    )
    body = flood_telegram(heading, river, step.kind, text=storm.prefix + step.text, prefecture=storm.prefecture.place)
    return published(heading, body, topic="extra", kind=river.type, suffix=river.suffix, run_id=run_id)


def _notice(storm: Storm, run_id: str, step: NoticeStep, at: datetime) -> Published:
    heading = _heading(
        storm, step, form=NOTICE, title=NOTICE.control_title, sent_at=at, event_id=f"{at.astimezone(JST):%Y%m%d%H%M%S}"
    )
    body = notice_telegram(heading, storm.prefix + step.text)
    return published(heading, body, topic="eqvol", kind=NOTICE_TYPE, suffix=NOTICE_SUFFIX, run_id=run_id)


def _heading(
    storm: Storm,
    step: Step,
    *,
    form: Form,
    title: str,
    sent_at: datetime,
    reported_at: datetime | None = None,
    office: str | None = None,
    info_type: str = ISSUED,
    event_id: str = "",
    serial: str = "",
) -> Heading:
    return Heading(
        form=form,
        title=title,
        status=DRILL,
        editorial_office=storm.prefecture.observatory,
        publishing_office=office or storm.prefecture.observatory,
        sent_at=sent_at,
        reported_at=reported_at or sent_at,
        headline=f"{storm.prefix}{step.headline}{storm.disclaimer}",
        info_type=info_type,
        event_id=event_id,
        serial=serial,
    )
