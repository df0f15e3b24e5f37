"""Two of each service on one log: nothing is said twice, a death is made up for, and either gateway will do."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from schemas.area import AreaCode
from schemas.office import Officer
from services.eventlog.open import open_log
from services.eventlog.port import EventLog
from services.gateway.store.office import OfficeStore
from services.gateway.store.passwords import Passwords
from services.gateway.store.register import SHARDS, shard_of
from services.runtime.clock import SystemClock
from services.runtime.reporting import Reporter
from tests.contract.gateway.test_trouble import Receiver, a_receiver
from tests.e2e.processes import the_situation
from tests.factories import ODAWARA
from tests.kafka.city import City, an_alert, city, settle
from tests.scenario.office import Desk
from tests.scenario.timeline import Approves, Drafts

TAKE_OVER_S = 15.0
PASSWORD = "for nobody but this test"


def one_in_each_shard() -> list[tuple[str, AreaCode]]:
    """A device in each shard, all of Odawara."""
    found: dict[int, str] = {}
    number = 0
    while len(found) < SHARDS:
        found.setdefault(shard_of(f"d{number}"), f"d{number}")
        number += 1
    return [(device, ODAWARA) for _, device in sorted(found.items())]


async def append(log: str, numbers: Sequence[int]) -> list[str]:
    """Append a warning each; their identifiers."""
    async with open_log(log, dev=True) as opened:
        await opened.append("alerts.emergency", [an_alert(number, ODAWARA) for number in numbers])
    return [f"test:{number:012}:1" for number in numbers]


def told(running: City, alert: str) -> Counter[str]:
    """How often each phone was told of an alert."""
    return Counter(str(line["address"]) for line in running.received if line["alert"] == alert)


def until_all(running: City, alert: str, count: int, limit_s: float) -> float:
    """Wait until so many phones were told; how long it took."""
    began = time.monotonic()
    while len(told(running, alert)) < count:
        assert time.monotonic() - began < limit_s, f"{len(told(running, alert))} of {count} told after {limit_s:g} s"
        running.collect()
        time.sleep(0.05)
    return time.monotonic() - began


@pytest.mark.measured
def test_either_gateway_serves_and_a_killed_dispatchers_and_gateways_work_is_taken_over(
    log: str, tmp_path: Path
) -> None:
    people = one_in_each_shard()
    asyncio.run(settle(log, people))
    asyncio.run(enrolled(log, ["Ishii", "Ueda"]))
    with city(log, tmp_path, each=2) as running:
        (first,) = asyncio.run(append(log, [1]))
        until_all(running, first, len(people), 60)
        incident = asyncio.run(an_order_by(running.bases["gateway-1"], running.bases["gateway-2"]))
        order = f"office:{incident}:000001"
        until_all(running, order, len(people), 30)
        time.sleep(1)
        seen = [asyncio.run(the_situation(base)) for name, base in running.bases.items() if name.startswith("gateway")]
        assert seen[0] == seen[1]
        assert f"office:{incident}" in seen[0]

        running.kill("dispatcher-1")
        (second,) = asyncio.run(append(log, [2]))
        took_s = until_all(running, second, len(people), TAKE_OVER_S)
        print(f"a killed dispatcher's shards told again after {took_s:.1f} s")

        running.kill("gateway-1")
        (third,) = asyncio.run(append(log, [3]))
        took_s = until_all(running, third, len(people), TAKE_OVER_S)
        print(f"a killed gateway's orders were taken up after {took_s:.1f} s")

        time.sleep(2)
        running.collect()
        once = Counter({f"at-{device}": 1 for device, _ in people})
        assert told(running, first) == told(running, order) == told(running, third) == once
        # the gateway was killed as soon as everybody had the second: what it had not written down yet is sent again, as
        # the same message, which replaces itself on the screen
        shown = {
            (line["address"], line["tag"], line["revision"]) for line in running.received if line["alert"] == second
        }
        assert len(shown) == len(people)
        assert max(told(running, second).values()) <= 2


def test_a_dispatcher_that_comes_shares_the_shards_and_one_that_leaves_gives_them_back(
    log: str, tmp_path: Path
) -> None:
    people = one_in_each_shard()
    asyncio.run(settle(log, people))
    with city(log, tmp_path, each=1) as running:
        alerts = asyncio.run(append(log, [1]))
        until_all(running, alerts[0], len(people), 60)
        running.start("dispatcher-2")
        alerts += asyncio.run(append(log, [2, 3]))
        for alert in alerts:
            until_all(running, alert, len(people), 30)
        running.programs["dispatcher-1"].stop()
        alerts += asyncio.run(append(log, [4]))
        until_all(running, alerts[-1], len(people), 30)
        for alert in alerts:
            assert told(running, alert) == Counter({f"at-{device}": 1 for device, _ in people})
        left = (running.folder / "dispatcher-2.log").read_text("utf-8")
        assert '"shards":[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]' in left.replace(" ", "")


async def test_of_two_gateways_one_raises_an_alarm_and_the_other_takes_over(log: str, tmp_path: Path) -> None:
    await settle(log, [])
    async with a_receiver(200) as receiver:
        running = city(log, tmp_path, each=2, more=("--alarm-webhook", receiver.url))
        made = await asyncio.to_thread(running.__enter__)
        try:
            async with open_log(log, dev=True) as opened:
                await broken(opened, "feed:first")
                await until_heard(receiver, "feed:first")
                shown = [await metrics_of(made.bases[f"{name}-1"]) for name in ("gateway", "dispatcher", "ingest")]
                assert all("hansho_group_lag_records{" in text for text in shown)
                # whichever has the duty, the second one to be killed had it, or has it now
                await asyncio.to_thread(made.kill, "gateway-1")
                await broken(opened, "feed:second")
                await until_heard(receiver, "feed:second")
            await asyncio.sleep(3)
        finally:
            await asyncio.to_thread(running.__exit__, None, None, None)
        raised = Counter(one["subject"] for one in receiver.heard if one["turn"] == "raised")
        assert (raised["feed:first"], raised["feed:second"]) == (1, 1)


async def broken(log: EventLog, subject: str) -> None:
    reporter = Reporter("test", SystemClock())
    await log.append("status", [reporter.alarm(subject, "frozen", code="E3204", hint="look").message])


async def until_heard(receiver: Receiver, subject: str) -> None:
    async with asyncio.timeout(30):
        while subject not in {one["subject"] for one in receiver.heard}:
            receiver.rings.clear()
            await receiver.rings.wait()


async def metrics_of(base: str) -> str:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(f"{base}/metrics")).text


async def enrolled(log: str, names: Sequence[str]) -> None:
    async with open_log(log, dev=True) as opened:
        store, passwords = OfficeStore(log=opened, clock=SystemClock()), Passwords()
        for name in names:
            encoded = await passwords.hash(PASSWORD)
            now = datetime.now(UTC)
            officer = Officer(officer=name.lower(), name=name, password=encoded, enabled=True, changed_at=now)
            await store.enrol(officer, uuid4().hex)


async def an_order_by(a: str, b: str) -> str:
    """A drafts at one gateway, B approves at the other; each sees at the other what was just done."""
    async with (
        httpx.AsyncClient(base_url=a, trust_env=False) as at_a,
        httpx.AsyncClient(base_url=b, trust_env=False) as at_b,
    ):
        incident = await Desk(at_a, "ishii", PASSWORD).does(Drafts(who="Ishii", level=4, towns=("小田原市",)), "")
        # a redirect may lead to either gateway, with the log-in and the offset of what was done
        at_b.cookies.update(at_a.cookies)
        page = await at_b.get(f"/office/incidents/{incident}", headers={"Host": b.removeprefix("http://")})
        assert page.status_code == 200
        assert "承認" in page.text
        at_b.cookies.clear()
        await Desk(at_b, "ueda", PASSWORD).does(Approves(who="Ueda"), incident)
    return incident
