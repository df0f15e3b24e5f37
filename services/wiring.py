"""What every way of running joins: settings, log and clock to the services, the same whether they share a process or not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from schemas.alert import Surface
from schemas.area import AreaTable, City
from services.dispatcher import app as dispatcher
from services.dispatcher.core.places import covers
from services.dispatcher.store import rulefile
from services.eventlog.open import open_log
from services.eventlog.port import EventLog
from services.gateway import app as gateway
from services.ingest import app as ingest
from services.ingest.core.river.city import Gauges, parse_gauges
from services.runtime import cities, deployment
from services.runtime import clock as clocks
from services.runtime.clock import Clock, ClockInvalid
from services.runtime.reporting import Reporter
from services.runtime.settings import LIVE_BASE, SettingInvalid, Settings
from services.runtime.upkeep import Upkeep


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """One deployment's parts, made on demand."""

    settings: Settings
    log: EventLog
    clock: Clock

    @cached_property
    def deploy(self) -> Path:
        """The folder of cities and area tables."""
        return cities.deploy_dir(self.settings.deploy_dir)

    @cached_property
    def areas(self) -> AreaTable:
        """The national table."""
        return cities.load_table(self.deploy)

    @cached_property
    def city(self) -> City:
        """The city, with the demo's places in a demo, and the surfaces on which drills from feeds may be shown."""
        city = cities.load_city(self.deploy, self.settings.city, self.areas)
        return _with_drills(city.with_demo() if self.settings.is_demo else city, self.settings.drills)

    def ingest(self, *, storm_base: str, canary_base: str) -> ingest.App:
        """`storm_base`: where the demo's feed server is; `canary_base`: our own feed."""
        base = storm_base if self.settings.is_demo else _feeds_base(self.settings)
        return ingest.build(
            self.settings,
            self.log,
            self.clock,
            self.city,
            self.areas,
            feeds_base=base,
            canary_base=canary_base,
            gauges=self._gauges(),
        )

    def dispatcher(self) -> dispatcher.App:
        """The fold and the shards."""
        neighbours = [cities.load_city(self.deploy, neighbour, self.areas) for neighbour in self.city.neighbours]
        names = {code: entry.name for code, entry in self.areas.entries.items()}
        return dispatcher.build(
            self.log,
            self.clock,
            self.city.watch,
            covers(self.city, neighbours, self.areas),
            names,
            rules=rulefile.load(self.deploy, self.city),
            snapshots=deployment.data_dir(self.settings) / "snapshots",
        )

    def gateway(self, *, phones: str = "") -> gateway.App:
        """`phones`: where the demo's stand-in for FCM listens."""
        return gateway.build(self.settings, self.log, self.clock, self.city, self.areas, phones=phones)

    def _gauges(self) -> Gauges:
        gauges = parse_gauges(cities.load_gauges_text(self.deploy, self.settings.city))
        if isinstance(gauges, str):
            raise cities.CityUnusable(f"{self.deploy / 'cities' / self.settings.city / 'gauges.toml'}: {gauges}")
        return gauges

    def upkeep(self) -> Upkeep:
        """The log's housekeeping."""
        return Upkeep(log=self.log, clock=self.clock, reporter=Reporter("runtime", self.clock))


@asynccontextmanager
async def opened(settings: Settings, clock: Clock) -> AsyncIterator[EventLog]:
    """The log of this deployment, marked as of this kind of run."""
    async with open_log(settings.log_url, now=clock.now, stamped=clock.at, dev=bool(settings.dev)) as log:
        await deployment.claim(log, settings, clock)
        yield log


def clock_of(settings: Settings) -> Clock:
    """The clock that the settings name; live has the machine's."""
    if settings.clock and settings.is_live:
        msg = f"clock={settings.clock!r}: real warnings are judged by the machine's own time; leave it out"
        raise ClockInvalid(msg)
    return clocks.read(settings.clock)


def canary_arguments(settings: Settings, clock: Clock) -> tuple[str, ...]:
    """How the feed server is told to publish our own test telegrams."""
    same_time = ("--clock", str(clock)) if settings.clock else ()
    return ("--canary", "--every", f"{settings.canary_s:g}", "--deploy-dir", settings.deploy_dir, *same_time)


def _with_drills(city: City, drills: str) -> City:
    if not drills:
        return city
    named = tuple(word for word in drills.replace(",", " ").split() if word != "none")
    unknown = sorted(set(named) - set(Surface))
    if unknown:
        msg = f"drills={drills!r}: {unknown[0]!r} is no surface; use sign, page, public, push or none"
        raise SettingInvalid(msg)
    return replace(city, drills_from_feeds=named)


def _feeds_base(settings: Settings) -> str:
    return LIVE_BASE if settings.is_live else settings.feeds.rstrip("/")
