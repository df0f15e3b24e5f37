"""What JMA's website says of an office's warnings, against what we read from its telegrams.

The website's JSON (`bosai/warning/data/r8/<office>.json`) is a list of single issues, one a telegram, not a state: of each
hazard the newest counts. It is unofficial and may change any day, so it decides nothing: a disagreement that lasts is told
to the operator, and people are told by telegrams alone.

Sources: the project's notes on JMA §1.2 (shape, age), §3.2 (codes, the same as in telegrams).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from schemas.alert import Alert, active
from schemas.area import AreaCode, AreaTable, Scheme, UnknownArea, resolve
from schemas.level import rank_of
from services.ingest.core.bodies.weather_warning import KINDS, NOTHING, RELEASED
from services.ingest.core.defect import Code, Defect
from services.ingest.core.xml import named, time_of

ISSUES_MAX = 5_000
ITEMS_MAX = 50_000
SETTLED_AFTER = timedelta(minutes=10)
"""How long after an issue both ways must have brought it: JMA's feeds are up to five minutes behind."""

Held = Mapping[tuple[AreaCode, str], int]
"""(municipality, hazard) → rank, of what is in force."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One issue: what it says of which municipality, (hazard, rank or None when released); `silent` names no code at all."""

    reported_at: datetime
    said: tuple[tuple[AreaCode, str, int | None], ...]
    silent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """One municipality and hazard where the two differ; 0 is nothing in force."""

    area: AreaCode
    hazard: str
    ours: int
    theirs: int

    def __str__(self) -> str:
        """For the operator."""
        return f"{self.area} {self.hazard}: telegrams {self.ours or 'none'}, website {self.theirs or 'none'}"


def read(body: bytes, areas: AreaTable) -> tuple[Issue, ...] | Defect:
    """The issues of a document, the oldest first."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        return Defect(code=Code.NOT_WELL_FORMED, reason=f"no JSON: {error}"[:200])
    if not isinstance(document, list) or len(document) > ISSUES_MAX:
        return Defect(code=Code.UNKNOWN_ROOT, reason=f"not a list of at most {ISSUES_MAX} issues")
    try:
        issues = [_issue(item, areas) for item in document]
    # Whatever a document of another shape makes of these few lines: nothing else in them raises.
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return Defect(code=Code.UNKNOWN_ROOT, reason=f"misshapen: {type(error).__name__} {named(str(error))}")
    return tuple(sorted(issues, key=lambda issue: issue.reported_at))


def _issue(item: Any, areas: AreaTable) -> Issue:
    at = time_of(item["reportDatetime"])
    if at is None:
        raise ValueError(item["reportDatetime"])
    listed = item.get("warning", {}).get("class20Items", [])[:ITEMS_MAX]
    kinds = [(str(one["areaCode"]), kind) for one in listed for kind in one.get("kinds", ())]
    said = tuple(_said(kinds, areas))
    return Issue(reported_at=at, said=said, silent=not said)


def _said(kinds: Iterable[tuple[str, Any]], areas: AreaTable) -> Iterator[tuple[AreaCode, str, int | None]]:
    for code, kind in kinds:
        status, found = str(kind.get("status", "")), KINDS.get(str(kind.get("code", "")))
        current = resolve(areas, AreaCode(Scheme.CLASS20, code))
        if found is None or status == NOTHING or isinstance(current, UnknownArea):
            continue
        hazard, level, grade = found
        rank = None if status == RELEASED else rank_of(hazard, level=level, grade=grade)
        yield from ((area, hazard, rank) for area in current)


def theirs(issues: Iterable[Issue], now: datetime) -> tuple[dict[tuple[AreaCode, str], int], frozenset[str]]:
    """What the website has in force, and the hazards of which it can be told.

    An issue that names no code does not say which hazard it is silent about: whatever is older than one is not told, and
    nor is what is so new that our feed may be about to bring it.
    """
    newest: dict[str, Issue] = {}
    silent_at = datetime.min.replace(tzinfo=now.tzinfo)
    for issue in issues:
        silent_at = max(silent_at, issue.reported_at) if issue.silent else silent_at
        newest |= {hazard: issue for _, hazard, _ in issue.said}
    told = frozenset(hazard for hazard, issue in newest.items() if silent_at < issue.reported_at <= now - SETTLED_AFTER)
    held = {
        (area, hazard): rank
        for issue in newest.values()
        for area, hazard, rank in issue.said
        if rank is not None and hazard in told and newest[hazard] is issue
    }
    return held, told


def ours(alerts: Iterable[Alert], now: datetime) -> tuple[dict[tuple[AreaCode, str], int], frozenset[str]]:
    """What our alerts have in force for municipalities, and the hazards that are too new to compare."""
    held: dict[tuple[AreaCode, str], int] = {}
    fresh: set[str] = set()
    for alert in alerts:
        if alert.sent > now - SETTLED_AFTER:
            fresh |= {info.hazard for info in alert.info}
        for info in filter(active, alert.info):
            for area in info.area:
                if area.code is not None and area.code.scheme == Scheme.CLASS20:
                    key = area.code, info.hazard
                    held[key] = max(held.get(key, 0), info.rank or 0)
    return held, frozenset(fresh)


def compared(mine: Held, website: Held, hazards: Iterable[str]) -> tuple[Disagreement, ...]:
    """Where the two differ, of these hazards."""
    told = frozenset(hazards)
    keys = sorted({key for key in (*mine, *website) if key[1] in told})
    found = (
        Disagreement(area=area, hazard=hazard, ours=mine.get((area, hazard), 0), theirs=website.get((area, hazard), 0))
        for area, hazard in keys
    )
    return tuple(one for one in found if one.ours != one.theirs)
