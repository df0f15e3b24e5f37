"""The office's part of the gateway, wired: its fold, its one issuer, its pages, and what the machine's owner asks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
from fastapi import APIRouter

from schemas.alert import Alert
from schemas.area import AreaCode, AreaTable, City
from schemas.notification import Reach
from schemas.text import Text
from services.eventlog.port import EventLog
from services.gateway.api.office import render, site
from services.gateway.api.office.desk import Desk, Map, nobody_counts, nothing_sent
from services.gateway.core.composing import Sender
from services.gateway.core.console import Sending
from services.gateway.core.health import Crowd, Problem
from services.gateway.core.message import names_of
from services.gateway.core.outline import outline
from services.gateway.core.view import View
from services.gateway.store.inbox import FOLDER, Inbox
from services.gateway.store.issuing import Issuing
from services.gateway.store.office import OfficeStore
from services.gateway.store.passwords import Passwords
from services.runtime import cities
from services.runtime.cities import CityUnusable
from services.runtime.clock import Clock

SWEEP_EVERY_S = 600.0
"""How often log-ins whose time is over are taken out of the log."""


@dataclass(slots=True, kw_only=True)
class OfficePart:
    """What runs for the office in one gateway."""

    store: OfficeStore
    issuing: Issuing
    inbox: Inbox
    desk: Desk
    router: APIRouter

    async def run(self) -> None:
        """Follow, issue and answer until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.store.follow_office())
            group.create_task(self.store.follow_registry())
            group.create_task(self.issuing.run())
            group.create_task(self.inbox.run())
            group.create_task(self._sweep())

    async def _sweep(self) -> None:
        while True:
            await self.desk.clock.sleep(SWEEP_EVERY_S)
            await self.store.sweep(self.desk.clock.now())


def build(
    log: EventLog,
    clock: Clock,
    city: City,
    neighbours: Sequence[City],
    areas: AreaTable,
    *,
    view: Callable[[], View],
    crowd: Callable[[], Crowd],
    problems: Callable[[View], list[Problem]],
    demo: bool,
    deploy: Path,
    data: Path,
    sendings: Callable[[], Sequence[Sending]] = nothing_sent,
    reach: Callable[[Alert], Awaitable[Reach | None]] = nobody_counts,
    passwords: Passwords | None = None,
    templates: Path = render.TEMPLATES,
) -> OfficePart:
    """Join the parts. `data` is the data directory, `sendings` how far notices have come, `reach` counts a draft's."""
    store = OfficeStore(log=log, clock=clock)
    sender = Sender(name=city.name, sender=f"jp.lg.{city.lgcode6}", areas=dict(_own(city, areas)))
    desk = Desk(
        store=store,
        passwords=passwords or Passwords(),
        clock=clock,
        view=view,
        problems=problems,
        crowd=crowd,
        city=city,
        sender=sender,
        names=_names(city, areas),
        maps=tuple(_maps((city, *neighbours), deploy)),
        demo=demo,
        sendings=sendings,
        reach=reach,
    )
    return OfficePart(
        store=store,
        issuing=Issuing(log=log, clock=clock, store=store, own=frozenset(sender.areas)),
        inbox=Inbox(folder=data / FOLDER, store=store, clock=clock),
        desk=desk,
        router=site.router(desk, templates),
    )


def _own(city: City, areas: AreaTable) -> Iterator[tuple[AreaCode, Text]]:
    """The areas the office may name: the city's own, each under its name in the national table."""
    for code in city.class20:
        entry = areas.entries.get(code)
        yield code, entry.name if entry else city.name


def _names(city: City, areas: AreaTable) -> Mapping[AreaCode, Text]:
    own = dict(_own(city, areas)) if len(city.class20) > 1 else dict.fromkeys(city.class20, city.name)
    return {**names_of(areas, city), **own}


def _maps(all_: Iterable[City], deploy: Path) -> Iterator[Map]:
    """The outlines there are; a city without one has no map, and everything else."""
    for one in all_:
        try:
            shape = orjson.loads(cities.load_boundary(deploy, one.id))
        except CityUnusable:
            continue
        yield Map(name=one.name.ja, outline=outline(shape), areas=one.class20)
