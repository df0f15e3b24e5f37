"""What every test may lean on: one event loop, fixed chance, our samples, the machine's Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from playwright.async_api import Browser, async_playwright

ROOT = Path(__file__).parents[1]

# Found again means fixed: a run that fails here fails everywhere, with the same example.
settings.register_profile(
    "house",
    derandomize=True,
    database=None,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")


def chromium() -> str | None:
    """The machine's Chromium (`HANSHO_CHROMIUM`, otherwise the usual names), None where there is none.

    First the one without a window system: the same engine, which opens a page at a tenth of the work.
    """
    usual = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
    names = (os.environ.get("HANSHO_CHROMIUM", ""), *usual)
    return next((found for name in names if name and (found := shutil.which(name))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests say why they were not run; they never quietly pass."""
    if chromium() is None:
        skip = pytest.mark.skip(
            reason="needs Chromium: install it (Debian: apt install chromium) or set HANSHO_CHROMIUM"
        )
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(skip)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Hanshō runs on asyncio and nothing else."""
    return "asyncio"


@pytest.fixture(scope="session")
def samples() -> Path:
    """The captured telegrams and pages, which are not ours to pass on and so lie outside the repository."""
    folder = Path(os.environ.get("HANSHO_SAMPLES", ROOT.parent / "shared" / "samples"))
    if not folder.is_dir():
        pytest.skip(f"needs the samples: {folder} is no folder (HANSHO_SAMPLES says where they are)")
    return folder


@asynccontextmanager
async def launched(*more: str) -> AsyncIterator[Browser]:
    """A headless Chromium. Playwright's blocking API keeps its own loop running and so breaks every async test after it."""
    async with async_playwright() as playwright:
        # Root has no sandbox in Chromium; tests open only pages of our own.
        arguments = [*(["--no-sandbox"] if os.geteuid() == 0 else []), *more]
        opened = await playwright.chromium.launch(executable_path=chromium(), args=arguments)
        yield opened
        await opened.close()


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """A browser for the tests of one module; each opens its own context in it.

    It fetches no typeface: a hundred slices a page are most of the work, and matter only where type is measured or kept.
    """
    async with launched("--disable-remote-fonts") as opened:
        yield opened


@pytest.fixture(scope="module")
async def typeset_browser() -> AsyncIterator[Browser]:
    """The same with the typeface."""
    async with launched() as opened:
        yield opened
