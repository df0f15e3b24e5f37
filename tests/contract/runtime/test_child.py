from __future__ import annotations

import asyncio
import contextlib

import httpx
import pytest

from services.runtime.child import ChildFailed, OwnProcess
from services.runtime.clock import SystemClock

CANARY = ("--canary", "--every", "60")


async def fetched(url: str) -> int:
    """The status of the canary's feed, asked until the server answers at all."""
    async with asyncio.timeout(20), httpx.AsyncClient(trust_env=False) as client:
        while True:
            try:
                return (await client.get(f"{url}/developer/xml/feed/canary.xml")).status_code
            except httpx.TransportError:
                await asyncio.sleep(0.05)


async def test_it_is_there_when_it_says_where_and_gone_when_we_stop() -> None:
    child = OwnProcess("feedserver", CANARY, SystemClock())
    url = await child.start()
    try:
        assert await fetched(url) == 200
    finally:
        await child.stop()
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.TransportError):
            await client.get(url)


async def test_it_comes_back_at_its_address_when_it_dies() -> None:
    child = OwnProcess("feedserver", CANARY, SystemClock())
    url = await child.start()
    assert child.process is not None
    first = child.process.pid
    watching = asyncio.create_task(child.run())
    try:
        child.process.kill()
        await child.process.wait()
        assert await fetched(url) == 200
        assert child.process.pid != first
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


async def test_one_that_does_not_start_is_an_error_with_what_to_do() -> None:
    child = OwnProcess("feedserver", ("--storm", "nowhere"), SystemClock())
    with pytest.raises(ChildFailed, match="hansho feedserver"):
        await child.start()
