"""What every push channel promises (services/gateway/channels/port.py). A further channel is one line in `CHANNELS`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from schemas.subscription import Channel
from services.gateway.channels import loopback
from services.gateway.channels.dry_run import DryRun
from services.gateway.channels.fcm import Fcm
from services.gateway.channels.port import PushChannel
from services.gateway.core.sending import Push, Sending, Verdict
from tests.contract.channels.standing import StandIn, stand_in

NOW = datetime.now(UTC)
PUSH = Push(
    title="警戒レベル４相当 土砂災害危険警報 小田原市",
    body="危険な場所にいる人は 市の指示を待たず 避難の判断を。",
    tag="hansho-1",
    ttl_s=3600,
    sent_at=NOW,
    expires_at=NOW + timedelta(hours=1),
    urgent=True,
    data={"alert": "a1", "revision": "r1"},
)


async def open_dry_run(_: StandIn) -> PushChannel:
    return DryRun()


async def open_fcm(beside: StandIn) -> PushChannel:
    return await Fcm(loopback.account(beside.url)).start()


CHANNELS: dict[str, Callable[[StandIn], Awaitable[PushChannel]]] = {"dry-run": open_dry_run, "fcm": open_fcm}


@pytest.fixture(scope="module", name="beside")
def _beside() -> Iterator[StandIn]:
    with stand_in() as process:
        yield process


@pytest.fixture(params=CHANNELS)
async def channel(request: pytest.FixtureRequest, beside: StandIn) -> AsyncIterator[PushChannel]:
    opened = await CHANNELS[request.param](beside)
    yield opened
    await opened.close()


def sendings(*addresses: str, push: Push = PUSH) -> list[Sending]:
    return [Sending(device=f"d-{address}", address=address, push=push) for address in addresses]


async def test_a_channel_says_what_it_is_and_how_much_it_carries(channel: PushChannel) -> None:
    assert channel.kind in set(Channel)
    assert channel.parallel >= 1


async def test_every_sending_is_answered_in_its_place(channel: PushChannel) -> None:
    attempts = await channel.send(sendings(*(f"phone-{number}" for number in range(25))))
    assert [attempt.verdict for attempt in attempts] == [Verdict.ACCEPTED] * 25


async def test_an_empty_batch_sends_nothing(channel: PushChannel) -> None:
    assert list(await channel.send([])) == []


async def test_batches_may_be_under_way_side_by_side(channel: PushChannel) -> None:
    batches = [sendings(*(f"side-{batch}-{number}" for number in range(5))) for batch in range(4)]
    answered = await asyncio.gather(*(channel.send(batch) for batch in batches))
    assert [[one.verdict for one in attempts] for attempts in answered] == [[Verdict.ACCEPTED] * 5] * 4


async def test_messages_of_several_orders_may_share_a_batch(channel: PushChannel) -> None:
    other = Push(title="解除", body="b", tag="hansho-2", ttl_s=0, sent_at=NOW, expires_at=NOW, silent=True)
    attempts = await channel.send([*sendings("mixed-1"), *sendings("mixed-2", push=other)])
    assert [attempt.verdict for attempt in attempts] == [Verdict.ACCEPTED] * 2


async def test_no_address_is_ever_logged(channel: PushChannel, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await channel.send(sendings("secret-address", "dead-secret-address", "malformed-secret-address"))
    assert "secret-address" not in caplog.text


async def test_whoever_stops_waiting_holds_up_nobody(channel: PushChannel) -> None:
    waiting = asyncio.ensure_future(channel.send(sendings("hang-1")))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert [one.verdict for one in await channel.send(sendings("after-1"))] == [Verdict.ACCEPTED]
