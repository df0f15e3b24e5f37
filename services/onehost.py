"""`hansho run`: all three services in one process, on one SQLite file unless told otherwise, and the feed server beside them.

Wiring only. The parts meet in the log and nowhere else, exactly as they do as processes of their own (apart.py).
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from schemas.area import City
from services.eventlog.port import EventLog
from services.gateway import officers
from services.ingest import app as ingest
from services.phones.app import load_book
from services.phones.core.book import subscriptions
from services.runtime import cities, deployment, logs, records, supervise
from services.runtime.child import OwnProcess
from services.runtime.clock import Clock
from services.runtime.settings import Settings
from services.wiring import Wiring, canary_arguments, clock_of, opened

SWITCH_S = 0.001
"""How long a thread may keep the interpreter while others wait: parsing must not hold up the log's commits (the default of
5 ms makes an append next to a busy thread several times as slow)."""

Say = Callable[[str], None]


async def run(settings: Settings, say: Say, stop: asyncio.Event | None = None) -> None:
    """Run until stopped. `say` shows a line to the person at the terminal."""
    began = time.monotonic()
    sys.setswitchinterval(SWITCH_S)
    clock = clock_of(settings)
    directory = deployment.data_dir(settings)
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    logs.configure(level=settings.log_level, path=_log_path(settings, directory))
    say(f"半鐘 Hanshō starts ({settings.mode}, {settings.city}, data in {directory}) …")
    child = OwnProcess("feedserver", _feedserver_arguments(settings, directory, clock), clock)
    starts_phones = settings.is_demo and not settings.phones
    phones = OwnProcess("phones", _phones_arguments(settings, directory, clock), clock) if starts_phones else None
    async with opened(settings, clock) as log:
        try:
            await child.start()
            if phones is not None:
                await phones.start()
            host = OneHost(settings=settings, log=log, clock=clock, child=child, phones=phones, say=say, began=began)
            await host.prepare()
            await supervise.run(host.parts(), stop=stop)
        finally:
            await child.stop()
            if phones is not None:
                await phones.stop()
    say("半鐘 Hanshō stopped; what was accepted is in the log.")


@dataclass(slots=True, kw_only=True)
class OneHost:
    """The parts of one host, joined."""

    settings: Settings
    log: EventLog
    clock: Clock
    child: OwnProcess
    phones: OwnProcess | None
    say: Say
    began: float
    officers: tuple[officers.LogIn, ...] = ()

    async def prepare(self) -> None:
        """Enrol the demo's officers and register its phones, as people would have done. Live has none of either."""
        if self.settings.is_demo:
            self.officers = await officers.demo(self.log, self.clock)
        if self.phones is None:
            return
        deploy = cities.deploy_dir(self.settings.deploy_dir)
        book = load_book(self.settings.city, deploy, cities.load_table(deploy))
        now = self.clock.now()
        registered = [
            records.message(one, key=one.device, id=f"demo:{one.device}:{now.isoformat()}", source="demo", at=now)
            for one in subscriptions(book, now)
        ]
        if registered:
            await self.log.append("subscriptions", registered)

    def parts(self) -> supervise.Parts:
        """What runs, in the order in which it stops."""
        joined = Wiring(settings=self.settings, log=self.log, clock=self.clock)
        feeds = joined.ingest(storm_base=self.child.base_url, canary_base=self.child.base_url)
        self._say_terms(feeds)
        door = joined.gateway(phones="" if self.phones is None else self.phones.base_url)
        fold, upkeep = joined.dispatcher(), joined.upkeep()

        async def announce() -> None:
            await self._announce(joined.city, await door.ready())

        return {
            "announce": announce,
            "ingest": feeds.run,
            "gateway": door.run,
            "dispatcher": fold.run,
            "upkeep": upkeep.run,
            "feedserver": self.child.run,
            **({} if self.phones is None else {"phones": self.phones.run}),
        }

    def _say_terms(self, feeds: ingest.App) -> None:
        """What sources ask of those who use them is said before they are asked anything."""
        for line in ingest.terms(feeds):
            self.say(f"  {line}")

    async def _announce(self, city: City, port: int) -> None:
        inbox = "" if self.phones is None else self.phones.base_url
        for line in _welcome(self.settings, city, f"http://{self.settings.host}:{port}", inbox):
            self.say(line)
        for one in self.officers:
            self.say(f"  log in at the office as {one.officer} with {one.password}  ({one.name}; demo only)")
        self.say(f"ready after {time.monotonic() - self.began:.1f} s; Ctrl-C stops")
        await asyncio.Event().wait()


def _welcome(settings: Settings, city: City, base: str, inbox: str = "") -> Iterator[str]:
    yield f"  sign       {base}/sign"
    yield f"  resident   {base}/"
    yield f"  office     {base}/office"
    yield f"  health     {base}/health"
    if inbox:
        yield f"  phones     {inbox}/"
    if settings.is_demo:
        yield f"  A storm over {city.name.en} is replayed as a DRILL 訓練, about 90 s a run: watch the sign."
    if not settings.is_demo and not settings.fcm_credentials:
        yield "  NO PUSHES: nobody's phone is told anything until fcm_credentials names FCM's service account."
    if not settings.is_demo and settings.fcm_credentials:
        yield "  Google says that FCM is not designed for emergency alerts: it is one way among several, never the only one."
    if settings.is_live:
        yield "  JMA's public feeds are 1-5 minutes behind and carry no earthquake early warning."
        yield "  This adds to 緊急速報メール and 防災無線; it does not replace them."


def _feedserver_arguments(settings: Settings, directory: Path, clock: Clock) -> tuple[str, ...]:
    canary = canary_arguments(settings, clock)
    if not settings.is_demo:
        return canary
    access_log = str(directory / "feedserver.access.log")
    return (*canary, "--storm", settings.city, "--wait", "--access-log", access_log)


def _phones_arguments(settings: Settings, directory: Path, clock: Clock) -> tuple[str, ...]:
    same_time = ("--clock", str(clock)) if settings.clock else ()
    access_log = str(directory / "phones.access.log")
    return ("--city", settings.city, "--deploy-dir", settings.deploy_dir, "--access-log", access_log, *same_time)


def _log_path(settings: Settings, directory: Path) -> str:
    return "" if settings.log_file == "-" else settings.log_file or str(directory / "hansho.log")
