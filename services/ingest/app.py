"""Ingest, wired: feeds → `telegrams` → alerts. The scheduler ticks the polls and does nothing else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import random

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from schemas.alert import Surface
from schemas.area import AreaCode, AreaTable, City
from schemas.status import StatusReport
from services.eventlog.port import BEFORE_FIRST, EventLog
from services.ingest.core import polling
from services.ingest.core.cap.geometry import Outline, outline
from services.ingest.core.polling import Source
from services.ingest.core.river.city import Gauges
from services.ingest.core.river.sources import SOURCES
from services.ingest.sources import bosai, dmdata, table
from services.ingest.sources.bosai import CrossCheck
from services.ingest.sources.cap import CapPoller
from services.ingest.sources.dmdata import Sockets
from services.ingest.sources.drop import DropPoller
from services.ingest.sources.gauges import GaugeFold
from services.ingest.sources.http import Http
from services.ingest.sources.jma import Polled, Poller
from services.ingest.sources.known import Known
from services.ingest.sources.observed import Observed
from services.ingest.sources.parsing import Parser
from services.ingest.sources.rivers import RiverPoller, plan_of
from services.runtime import cities, logs, records
from services.runtime.clock import Clock, machine_s
from services.runtime.reporting import TOPIC, Reporter
from services.runtime.settings import Settings

TICKS_MISSED = 2
"""Without a tick for two intervals a source is polled all the same."""

PollOnce = Callable[[datetime], Awaitable[Polled]]

_log = logs.get("ingest")


@dataclass(slots=True, kw_only=True)
class App:
    """One ingest: polls its sources and reads what they sent until cancelled.

    `others` polls the sources that have not the layout of JMA's feeds, by id.
    """

    log: EventLog
    clock: Clock
    reporter: Reporter
    sources: tuple[Source, ...]
    poller: Poller
    cap_poller: CapPoller
    parser: Parser
    rivers: RiverPoller
    fold: GaugeFold
    others: Mapping[str, PollOnce] = field(default_factory=dict)
    crosscheck: CrossCheck | None = None
    sockets: Sockets | None = None

    async def run(self) -> None:
        """Poll and parse."""
        await self._recall()
        await self.poller.known.refresh()
        scheduler = AsyncIOScheduler(
            timezone="UTC",
            # A stall of the loop must not drop a tick; several late ones are one.
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.parser.run())
                group.create_task(self.fold.run())
                if self.sockets is not None:
                    group.create_task(self.sockets.run())
                if self.crosscheck is not None:
                    group.create_task(self._compare(self.crosscheck))
                for source in self.sources:
                    group.create_task(self._follow(source, self._ticks(scheduler, source)))
                scheduler.start()
        finally:
            if scheduler.running:
                scheduler.shutdown(wait=False)
            await self.poller.close()
            await self.cap_poller.close()
            await self.rivers.close()
            if self.crosscheck is not None:
                await self.crosscheck.http.close()

    async def _compare(self, crosscheck: CrossCheck) -> None:
        """Compare with JMA's website now and then; whatever it does, the polls go on."""
        while True:
            await self.clock.sleep(bosai.INTERVAL_S)
            try:
                report = await crosscheck.check_once(self.clock.now())
                await self._tell([report], bosai.INTERVAL_S)
            except Exception as error:  # noqa: BLE001 - a check must not end what it checks
                _log.error("crosscheck.failed", error=repr(error))

    async def _recall(self) -> None:
        """Take up what was last said, so that an alarm keeps its beginning over a restart."""
        after = BEFORE_FIRST
        while batch := await self.log.read(TOPIC, 0, after=after):
            after = batch[-1].offset
            said = [records.payload(record) for record in batch]
            self.reporter.last |= {report.subject: report for report in said if isinstance(report, StatusReport)}

    def _ticks(self, scheduler: AsyncIOScheduler, source: Source) -> asyncio.Event:
        """An event that is set at each tick of a source. Polling is not the scheduler's: polls never overlap, and end with us."""
        tick = asyncio.Event()

        async def strike() -> None:
            tick.set()

        # The scheduler goes by the machine's time of day, which in a rehearsal is not ours.
        now = self.clock.now()
        wait_s = machine_s(self.clock, (polling.first_tick(source, now) - now).total_seconds())
        start = datetime.now(UTC) + timedelta(seconds=wait_s)
        every_s = machine_s(self.clock, source.interval_s)
        scheduler.add_job(strike, IntervalTrigger(seconds=every_s, start_date=start, timezone="UTC"), id=source.id)
        return tick

    async def _follow(self, source: Source, tick: asyncio.Event) -> None:
        """Poll now, and then a moment of chance after each tick."""
        while True:
            await self.poll(source)
            with suppress(TimeoutError):
                # The scheduler goes by the time of day. Where that is set back, polling must not wait until it is caught up.
                async with asyncio.timeout(TICKS_MISSED * machine_s(self.clock, source.interval_s)):
                    await tick.wait()
            tick.clear()
            await self.clock.sleep(polling.pause_s(source, random()))  # noqa: S311 - manners, no secret

    async def poll(self, source: Source) -> None:
        """One poll of one source, and what is to be said of it."""
        try:
            other = self.others.get(source.id)
            now = self.clock.now()
            polled = await (other(now) if other is not None else self.poller.poll_once(source, now))
            await self._say(source, polled.reports)
        except* Exception as errors:  # noqa: BLE001 - one source must not end the others; its silence is the alarm
            failed = [f"{getattr(error, 'code', '')} {error!r}" for error in errors.exceptions]
            _log.error("poll.refused", source=source.id, error=failed, hint="polled again at the next tick")

    async def _say(self, source: Source, reports: Iterable[StatusReport]) -> None:
        eased = polling.eased(self.reporter.last.get(polling.dead_subject(source.id)), self.clock.now())
        await self._tell((*([eased] if eased else []), *reports), polling.say_again_s(source))

    async def _tell(self, reports: Iterable[StatusReport], again_s: float) -> None:
        said = [
            self.reporter.output(report).message
            for report in reports
            if polling.is_worth_saying(self.reporter.last.get(report.subject), report, again_s)
        ]
        if said:
            await self.log.append(TOPIC, said)


def build(
    settings: Settings,
    log: EventLog,
    clock: Clock,
    city: City,
    areas: AreaTable,
    *,
    feeds_base: str,
    canary_base: str = "",
    gauges: Gauges | None = None,
) -> App:
    """An ingest for a city. `feeds_base`: where JMA's feeds are served; `canary_base`: our own feed, "" for none.

    `gauges`: the river gauges that the city watches.
    """
    reporter = Reporter("ingest", clock)
    sources = table.sources(settings, table.Bases(jma=feeds_base, canary=canary_base))
    known = Known(log)
    offices = frozenset(office.code for office in city.offices)
    surfaces = tuple(Surface(surface) for surface in city.drills_from_feeds)
    # Outlines are read only where something may be set against them.
    outlines = _outlines(settings, city, areas) if table.cap_sources(settings) else {}
    rivers = RiverPoller(
        log=log, clock=clock, gauges=gauges or Gauges(), observed=Observed(log), base=settings.river_base.rstrip("/")
    )
    cap_poller = CapPoller(log=log, clock=clock, known=known, offices=offices, canary_s=settings.canary_s)
    plans, others = _other_sources(settings, rivers)
    others |= {one.id: partial(cap_poller.poll_once, one) for one in sources if one.id.startswith(table.CAP)}
    return App(
        log=log,
        clock=clock,
        reporter=reporter,
        sources=(*sources, *plans),
        poller=Poller(log=log, clock=clock, known=known, offices=offices, canary_s=settings.canary_s),
        cap_poller=cap_poller,
        parser=Parser(
            log=log,
            clock=clock,
            reporter=reporter,
            areas=areas,
            surfaces=surfaces,
            canary_s=settings.canary_s,
            outlines=outlines,
        ),
        rivers=rivers,
        fold=GaugeFold(log=log, clock=clock, reporter=reporter, areas=areas),
        others=others,
        sockets=dmdata.sockets(log, clock, known, reporter, "" if settings.is_demo else settings.dmdata_key),
        crosscheck=_crosscheck(log, city, areas) if settings.is_live else None,
    )


def terms(app: App) -> list[str]:
    """A line for each source of this run whose terms ask for restraint, to be shown to whoever runs it."""
    return [f"{row.id}: {row.terms}" for row in SOURCES.values() if row.asked and row.id in app.others]


def _other_sources(settings: Settings, rivers: RiverPoller) -> tuple[list[Source], dict[str, PollOnce]]:
    """The sources of another layout than JMA's: how they are watched, and how they are polled."""
    plans: list[Source] = []
    others: dict[str, PollOnce] = {}
    for source in table.rivers(settings, rivers.gauges):
        plans.append(plan_of(source, rivers.base or source.base))
        others[source.id] = partial(rivers.poll_once, source)
    if settings.drop_dir:
        drop = DropPoller(
            log=rivers.log,
            clock=rivers.clock,
            gauges=rivers.gauges,
            observed=rivers.observed,
            folder=Path(settings.drop_dir),
        )
        plans.append(plan_of(SOURCES["drop"], ""))
        others["drop"] = drop.poll_once
    return plans, others


def _crosscheck(log: EventLog, city: City, areas: AreaTable) -> CrossCheck:
    offices = tuple(office.code for office in city.offices)
    return CrossCheck(log=log, http=Http(bosai.BASE), areas=areas, offices=offices)


def _outlines(settings: Settings, city: City, areas: AreaTable) -> dict[AreaCode, Outline]:
    """The outline of the city and of each neighbour, under every code that it has."""
    deploy = cities.deploy_dir(settings.deploy_dir)
    around = (city, *(cities.load_city(deploy, id_, areas) for id_ in city.neighbours))
    drawn = {one.id: outline(json.loads(cities.load_boundary(deploy, one.id))) for one in around}
    return {code: drawn[one.id] for one in around for code in one.class20}
