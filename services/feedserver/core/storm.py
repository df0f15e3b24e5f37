"""A storm as data: a timeline of telegrams over a prefecture, and the telegrams made of it. Nothing here is real.

`read_storm` checks a city's `storm.toml`; `telegram` makes the bytes of one step, given when the steps were published.
The same storm serves the demo in real time and scenario tests on a clock of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.feedserver.core.floods import CONTROL_TITLE, FloodKind, River, flood_telegram
from services.feedserver.core.notices import NOTICE_TITLE, notice_telegram
from services.feedserver.core.places import Prefecture
from services.feedserver.core.published import Published, telegram_path
from services.feedserver.core.telegrams import CORRECTED, DRILL, ISSUED, Heading
from services.feedserver.core.warnings import Family, InForce, warning_telegram

STEP_GAP_S_MIN = 1
"""Two telegrams of one stream are at least this far apart: file names and report times count whole seconds."""
NOTICE = "お知らせ"


class StormError(Exception):
    """A storm's file cannot be played; the text names the step and what to write instead."""

    code = "E6102"


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
    match step:
        case WarningStep():
            return _warning(storm, run_id, step, index, published_at)
        case FloodStep():
            return _flood(storm, run_id, step, index, published_at[index])
        case NoticeStep():
            return _notice(storm, run_id, step, published_at[index])


def moments(storm: Storm) -> tuple[tuple[int, int], ...]:
    """The storm's moments: (seconds after the start, telegrams published then), in order."""
    times = [step.at_s for step in storm.steps]
    return tuple((at_s, times.count(at_s)) for at_s in sorted(set(times)))


def _earlier(storm: Storm, index: int) -> list[int]:
    """Indices of the stream's steps before this one."""
    return [earlier for earlier in range(index) if storm.steps[earlier].stream == storm.steps[index].stream]


def _warning(storm: Storm, run_id: str, step: WarningStep, index: int, published_at: Sequence[datetime]) -> Published:
    earlier = _earlier(storm, index)
    # A correction replaces the report before it: it repeats that one's time, and its changes count from the one before.
    reported_at = published_at[earlier[-1]] if step.corrects else published_at[index]
    base = earlier[:-1] if step.corrects else earlier
    before = [storm.steps[at] for at in base]
    in_force = before[-1].in_force if before and isinstance(before[-1], WarningStep) else {}
    heading = _heading(
        storm,
        step,
        control_title=step.family.control_title,
        title=f"{storm.prefecture.place.name}{step.family.head_title}",
        sent_at=published_at[index],
        reported_at=reported_at,
        info_kind="気象警報・注意報",
        info_kind_version="1.5_0",
        info_type=CORRECTED if step.corrects else ISSUED,
    )
    body = warning_telegram(
        heading, step.family, storm.prefecture, before=in_force, now=step.in_force, comment=step.comment
    )
    return _published(heading, body, run_id, "extra", step.family.type, storm.prefecture.place.code)


def _flood(storm: Storm, run_id: str, step: FloodStep, index: int, at: datetime) -> Published:
    river = step.river
    heading = _heading(
        storm,
        step,
        control_title=CONTROL_TITLE,
        title=f"{river.section.name}{step.kind.name}",
        sent_at=at,
        reported_at=at,
        info_kind=CONTROL_TITLE,
        info_kind_version="1.1_1",
        publishing_office=f"{river.office} {storm.prefecture.observatory}",
        event_id=river.section.code,
        serial=str(len(_earlier(storm, index)) + 1),
    )
    body = flood_telegram(heading, river, step.kind, text=storm.prefix + step.text, prefecture=storm.prefecture.place)
    return _published(heading, body, run_id, "extra", river.type, river.suffix)


def _notice(storm: Storm, run_id: str, step: NoticeStep, at: datetime) -> Published:
    heading = _heading(
        storm,
        step,
        control_title=NOTICE_TITLE,
        title=NOTICE_TITLE,
        sent_at=at,
        reported_at=at,
        info_kind=NOTICE_TITLE,
        info_kind_version="1.0_0",
        event_id=f"{at:%Y%m%d%H%M%S}",
    )
    return _published(heading, notice_telegram(heading, storm.prefix + step.text), run_id, "eqvol", "VZSE40", "010000")


def _heading(storm: Storm, step: Step, *, publishing_office: str | None = None, **fields: Any) -> Heading:
    return Heading(
        status=DRILL,
        editorial_office=storm.prefecture.observatory,
        publishing_office=publishing_office or storm.prefecture.observatory,
        headline=f"{storm.prefix}{step.headline}{storm.disclaimer}",
        **fields,
    )


def _published(heading: Heading, body: bytes, run_id: str, topic: str, kind: str, suffix: str) -> Published:
    return Published(
        at=heading.sent_at,
        topic=topic,
        path=telegram_path(at=heading.sent_at, kind=kind, suffix=suffix, run_id=run_id),
        body=body,
        title=heading.control_title,
        author=heading.publishing_office,
        content=f"【{heading.title}】{heading.headline}",
    )
