"""The residents' part of the gateway, wired: the register of devices, the places they can follow, and their door."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson
from fastapi import APIRouter

from schemas.area import AreaTable, City
from services.eventlog.port import EventLog
from services.gateway.api import devices
from services.gateway.core.devices import Where
from services.gateway.core.ground import Ground, ground, locator
from services.gateway.core.placenames import municipalities
from services.gateway.store.addresses import Addresses
from services.gateway.store.asking import Asking
from services.gateway.store.register import Register, shard_of
from services.runtime import cities
from services.runtime.cities import CityUnusable
from services.runtime.clock import Clock


def build(
    log: EventLog,
    clock: Clock,
    city: City,
    neighbours: Sequence[City],
    areas: AreaTable,
    *,
    addresses: Addresses,
    deploy: Path,
    paces: devices.Paces | None = None,
) -> APIRouter:
    """Join the parts. `addresses`: the gateway's one projection of `subscriptions`, which somebody else runs."""
    desk = devices.Desk(
        register=Register(log=log, clock=clock, addresses=addresses),
        asking=Asking(log=log, clock=clock),
        where=Where(city=city, areas=areas, locate=locator(list(_grounds((city, *neighbours), deploy)))),
        known=municipalities(city, neighbours),
        clock=clock,
        paces=paces or devices.Paces(),
    )
    return devices.router(desk, shard_of)


def _grounds(all_: Sequence[City], deploy: Path) -> Iterator[Ground]:
    """The outlines there are; in a city without one nobody can be placed by coordinates, only by name."""
    for one in all_:
        try:
            yield ground(one.jis5, orjson.loads(cities.load_boundary(deploy, one.id)))
        except CityUnusable:
            continue
