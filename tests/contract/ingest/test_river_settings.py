"""Which river sources a run polls, by the city's file and the setting; and the whole of ingest with one of them."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from schemas.alert import Alert
from services.eventlog.memory import MemoryLog
from services.ingest import app
from services.ingest.core.river.city import Gauges, parse_gauges
from services.ingest.sources import table
from services.runtime import cities, settings
from services.runtime.clock import SystemClock
from services.runtime.settings import SettingInvalid
from tests.contract.ingest.peers import payloads
from tests.contract.ingest.recorded import RiverServer, kriver, kriver_row

DEPLOY = cities.deploy_dir()
GAUGES = Gauges(polls={"kriver": ("14000",), "kawabou": ("1401206",), "kanagawa": ("x",)})


def polled(**flags: str) -> list[str]:
    return [source.id for source in table.rivers(settings.read(flags, {}), GAUGES)]


def test_live_polls_what_the_city_names_but_not_who_asks_for_restraint() -> None:
    assert polled(feeds="live") == ["kriver", "kanagawa"]
    assert polled(feeds="demo") == []


def test_the_setting_names_others_or_none() -> None:
    assert polled(feeds="live", gauges="kriver,kawabou") == ["kriver", "kawabou"]
    assert polled(feeds="live", gauges="none") == []


@pytest.mark.parametrize("named", ["nile", "usgs"])
def test_a_source_that_the_city_does_not_poll_is_refused_by_name(named: str) -> None:
    with pytest.raises(SettingInvalid, match=named):
        polled(feeds="live", gauges=named)


@pytest.mark.parametrize("city", cities.city_ids(DEPLOY))
def test_every_citys_gauges_can_be_read(city: str) -> None:
    assert isinstance(parse_gauges(cities.load_gauges_text(DEPLOY, city)), Gauges)


async def test_ingest_polls_a_river_and_tells_of_its_gauge() -> None:
    log, clock = MemoryLog(), SystemClock()
    areas = cities.load_table(DEPLOY)
    city = cities.load_city(DEPLOY, "odawara", areas)
    with RiverServer() as server:
        now = clock.now()
        server.put({"/swin/files/area_info/current/14000.json": kriver(kriver_row(at=now))}, now)
        values = settings.read(
            {"feeds": server.base_url, "gauges": "kriver,kawabou", "river_base": server.base_url}, {}
        )
        made = app.build(values, log, clock, city, areas, feeds_base=server.base_url, gauges=GAUGES)
        assert [line.partition(":")[0] for line in app.terms(made)] == ["kawabou"]
        running = asyncio.create_task(made.run())
        async with asyncio.timeout(30):
            while not (found := await payloads(log, "alerts.routine")):
                await asyncio.sleep(0.02)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    [alert] = found
    assert isinstance(alert, Alert)
    assert alert.streams == ("gauge:kriver:9900000001",)
