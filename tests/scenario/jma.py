"""JMA as a timeline needs it: telegrams of a prefecture, each following from the ones before. All invented.

They are built as the feed server's storm builds its own, but for Status 通常, which exists in tests only.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from services.feedserver.app import load_storm
from services.feedserver.core.floods import FLOOD_KINDS, flood_telegram
from services.feedserver.core.floods import FORM as FLOOD
from services.feedserver.core.published import Published, published
from services.feedserver.core.storm import FloodStep, Storm
from services.feedserver.core.telegrams import CORRECTED, DRILL, ISSUED, WEATHER_NS, Form, Heading, body, report
from services.feedserver.core.weather import FAMILIES, Change, InForce, warning_telegram
from services.runtime import cities
from tests.scenario.timeline import Floods, Publishes

REAL = "通常"
WITHDRAWN = "取消"


def the_storm() -> Storm:
    """The demo's storm: its prefecture and its river are used here."""
    return load_storm("odawara", cities.deploy_dir())


@dataclass(slots=True)
class _Stream:
    """What JMA said of a hazard so far: what is in force by each report, the newest last."""

    in_force: list[InForce] = field(default_factory=lambda: [{}])
    reported_at: list[datetime] = field(default_factory=list)


class Jma:
    """Writes telegrams."""

    def __init__(self) -> None:
        """Nothing is in force."""
        self._storm = the_storm()
        self._prefecture = self._storm.prefecture
        self._river = next(step.river for step in self._storm.steps if isinstance(step, FloodStep))
        self._codes = {town.name: town.code for town in self._prefecture.towns}
        self._streams: dict[tuple[str, str], _Stream] = defaultdict(_Stream)
        self._serial = 0

    @property
    def flood(self) -> str:
        """The hazard that the river's floods are."""
        return f"flood:{self._river.section.code}"

    def writes(self, act: Publishes | Floods, now: datetime) -> Published:
        """The telegram of an act, sent now (aware)."""
        return self._flood(act, now) if isinstance(act, Floods) else self._warning(act, now)

    def _warning(self, act: Publishes, now: datetime) -> Published:
        family = FAMILIES[act.family]
        stream = self._streams[act.family, act.drill]
        if act.withdraws:
            # a 取消 of such a telegram names no report: it takes back the highest that stands
            stream.in_force.pop()
            heading = self._heading(family.form, f"{act.family}の取消", act, now, info_type=WITHDRAWN)
            made = report(heading, body(WEATHER_NS))
        else:
            if act.corrects:
                stream.in_force.pop()
            kinds = {kind.name: kind for kind in family.kinds}
            says = {self._codes[town]: kinds[name] for name, towns in act.in_force for town in towns}
            reported_at = stream.reported_at[-1] if act.corrects else now
            info_type = CORRECTED if act.corrects else ISSUED
            heading = self._heading(family.form, family.head_title, act, now, reported_at, info_type)
            change = Change(family=family, before=stream.in_force[-1], now=says)
            made = warning_telegram(heading, change, self._prefecture)
            stream.in_force.append(says)
            stream.reported_at.append(reported_at)
        run = f"run-{act.drill}" if act.drill else None
        return published(heading, made, topic="extra", kind=family.type, suffix=self._prefecture.place.code, run_id=run)

    def _heading(
        self,
        form: Form,
        title: str,
        act: Publishes,
        now: datetime,
        reported_at: datetime | None = None,
        info_type: str = ISSUED,
    ) -> Heading:
        office = self._prefecture.observatory
        return Heading(
            form=form,
            title=title,
            status=DRILL if act.drill else REAL,
            editorial_office=office,
            publishing_office=office,
            sent_at=now,
            reported_at=reported_at or now,
            headline=f"{act.family}についてお知らせします。",
            info_type=info_type,
        )

    def _flood(self, act: Floods, now: datetime) -> Published:
        self._serial += 1
        river = self._river
        heading = Heading(
            form=FLOOD,
            title=f"{river.section.name}{FLOOD_KINDS[act.kind].name}",
            status=REAL,
            editorial_office=self._prefecture.observatory,
            publishing_office=river.office,
            sent_at=now,
            reported_at=now,
            headline=act.kind,
            event_id=river.section.code,
            serial=str(self._serial),
        )
        made = flood_telegram(heading, river, FLOOD_KINDS[act.kind], text=act.kind, prefecture=self._prefecture.place)
        return published(heading, made, topic="extra", kind=river.type, suffix=river.suffix)
