"""A running city for browser tests: the real gateway, a line that can be cut, a browser window."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, BrowserContext

from schemas.area import AreaTable
from services.runtime import cities
from tests.e2e.gateway import Gateway
from tests.e2e.proxy import Proxy


@pytest.fixture(scope="session")
def areas() -> AreaTable:
    """The national table as it is delivered."""
    return cities.load_table(cities.deploy_dir())


@pytest.fixture
async def gateway(areas: AreaTable) -> AsyncIterator[Gateway]:
    """The city's gateway with an empty situation."""
    made = Gateway(areas)
    await made.start()
    await made.begin()
    yield made
    await made.stop()


@pytest.fixture
async def line(gateway: Gateway) -> AsyncIterator[Proxy]:
    """The line between sign and gateway."""
    made = Proxy(gateway.port)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def window(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser of its own storage, far from Japan."""
    async with opened(browser) as context:
        yield context


@pytest.fixture
async def typeset_window(typeset_browser: Browser) -> AsyncIterator[BrowserContext]:
    """The same with the typeface."""
    async with opened(typeset_browser) as context:
        yield context


@asynccontextmanager
async def opened(browser: Browser) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context(viewport={"width": 1920, "height": 1080}, timezone_id="America/New_York")
    yield context
    await context.close()
