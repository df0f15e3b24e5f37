"""How many a draft would reach: asked of a real dispatcher on the same log, shown to the officers and at the terminal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import httpx

from schemas import codec
from services.dispatcher import app as dispatcher
from services.runtime import records
from services.runtime.clock import SystemClock
from tests.contract.gateway.conftest import WAIT_S
from tests.contract.gateway.office.conftest import Bureau
from tests.factories import ODAWARA, ZUSHI, a_device


@asynccontextmanager
async def dispatching(bureau: Bureau) -> AsyncIterator[None]:
    """A dispatcher with three devices in Odawara and one elsewhere, heard of by the gateway."""
    people = [a_device("anna"), a_device("ben"), a_device("carl", min_rank=5), a_device("zoe", ZUSHI)]
    now = datetime.now(UTC)
    made = [records.message(one, key=one.device, id=one.device, source="test", at=now) for one in people]
    await bureau.log.append("subscriptions", made)
    app = dispatcher.build(bureau.log, SystemClock(), frozenset({ODAWARA, ZUSHI}))
    running = asyncio.ensure_future(app.run())
    async with asyncio.timeout(WAIT_S):
        while not app.shards or "service:dispatcher" not in bureau.door.app.projection.reports:
            await asyncio.sleep(0.02)
    yield
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_both_officers_see_how_many_it_would_reach(bureau: Bureau) -> None:
    async with dispatching(bureau):
        await bureau.drafted(bureau.a)
        assert "プッシュ通知が届く端末 2 台" in bureau.a.text
        await bureau.b.see(f"{bureau.root()}/approve")
        assert "プッシュ通知が届く端末 2 台" in bureau.b.text
        assert "地域 小田原市 2 台" in bureau.b.text
        submission = bureau.only.submission
        assert submission is not None
        url = f"http://127.0.0.1:{bureau.door.port}/v1/operator/preview"
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(url, content=submission.alert.encode())
            assert (answer.status_code, answer.json()["devices"]) == (200, 2)
            assert (await client.post(url, content=b"{}")).json()["code"] == "E5003"
            assert (await client.post(url, content=b" " * 300_000)).status_code == 413
        await bureau.approved(bureau.b)
        async with asyncio.timeout(WAIT_S):
            while len(orders := await _ordered(bureau)) < 2:  # their shards decide each for itself
                await asyncio.sleep(0.02)
        assert sorted(orders) == ["anna", "ben"]


async def _ordered(bureau: Bureau) -> list[str]:
    found = [record for number in range(8) for record in await bureau.log.read("deliveries.emergency", number)]
    decided = [value for record in found if (value := records.payload(record)) is not None]
    return [device for order in decided if not isinstance(order, codec.Undecodable) for device in order.devices]  # type: ignore[union-attr]  # orders


async def test_without_a_dispatcher_the_page_says_so_and_waits_for_nobody(bureau: Bureau) -> None:
    began = asyncio.get_running_loop().time()
    await bureau.a.see("/office/drafts/new?matter=order&level=4&cause=landslide")
    assert "いま数えられませんでした" in bureau.a.text
    assert asyncio.get_running_loop().time() - began < WAIT_S
