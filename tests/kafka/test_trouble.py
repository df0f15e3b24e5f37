"""Broker trouble: nothing acknowledged is lost, what is refused never comes true, and everything goes on by itself."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import httpx
import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from services.eventlog.kafka.groups import office
from services.eventlog.kafka.wire import parse
from services.eventlog.open import apply_topics, check_topics, open_log
from services.eventlog.port import EventLog, LogMismatch, Message, MessageTooLarge
from tests.e2e.processes import the_situation
from tests.factories import ODAWARA
from tests.kafka.brokers import Brokers
from tests.kafka.city import city, settle
from tests.kafka.test_two_of_each import PASSWORD, an_order_by, append, enrolled, one_in_each_shard, until_all
from tests.records import every_record
from tests.scenario.office import Desk, _multi

WRITERS = 10
REFUSED_S = 3.0
"""Within this an officer must know that an alert was not accepted."""
LEADER_S = 5.0
"""No emergency append may wait longer when a leader dies."""


def a_message(id_: str, size: int = 20) -> Message:
    return Message(key=id_.partition(".")[0], value=b"x" * size, id=id_)


async def write(log: EventLog, name: str, kept: list[str], waits_s: list[float], ended: asyncio.Event) -> None:
    """Append one after the other; what was acknowledged, and how long each took."""
    number = 0
    while not ended.is_set():
        began, id_ = time.monotonic(), f"{name}.{number}"
        await log.append("alerts.emergency", [a_message(id_)])
        kept.append(id_)
        waits_s.append(time.monotonic() - began)
        number += 1
        await asyncio.sleep(0.01)


async def under_load(
    url: str, trouble: list[tuple[float, str]], cluster: Brokers, *, dev: bool
) -> tuple[list[str], list[str], float]:
    """Appends by ten writers while things happen to the broker: acknowledged, what stands, the longest wait in seconds."""
    await apply_topics(url, dev=dev)
    kept: list[str] = []
    waits_s: list[float] = []
    ended = asyncio.Event()
    async with open_log(url, dev=dev) as log:
        writers = [asyncio.create_task(write(log, f"w{n}", kept, waits_s, ended)) for n in range(WRITERS)]
        for wait_s, order in trouble:
            await asyncio.sleep(wait_s)
            await asyncio.to_thread(cluster.tell, order)
        await asyncio.sleep(2)
        ended.set()
        await asyncio.gather(*writers)
        return kept, [record.id for record in await every_record(log, "alerts.emergency")], max(waits_s)


async def test_a_broker_killed_and_restarted_under_appends_loses_nothing(own_broker: Brokers) -> None:
    trouble = [(2.0, "kill 1"), (1.0, "start 1"), (2.0, "kill 1"), (0.1, "start 1")]
    kept, stands, longest_s = await under_load(own_broker.url("k"), trouble, own_broker, dev=True)
    print(f"{len(kept)} acknowledged over two kills, {len(stands) - len(set(stands))} twice, longest {longest_s:.1f} s")
    assert set(kept) <= set(stands)
    for name in (f"w{n}" for n in range(WRITERS)):
        mine = list(dict.fromkeys(id_ for id_ in stands if id_.startswith(f"{name}.")))
        assert mine == [f"{name}.{n}" for n in range(len(mine))]


@pytest.mark.measured
async def test_a_leader_killed_on_three_nodes_holds_no_emergency_up(three_brokers: Brokers) -> None:
    kept, stands, longest_s = await under_load(
        three_brokers.url("k"), [(2.0, "kill 1"), (3.0, "start 1")], three_brokers, dev=False
    )
    print(f"{len(kept)} acknowledged, longest wait {longest_s:.2f} s")
    assert set(kept) <= set(stands)
    assert longest_s <= LEADER_S


async def test_a_size_that_a_broker_refuses_costs_the_next_messages_nothing(own_broker: Brokers) -> None:
    url = own_broker.url("k")
    await apply_topics(url, dev=True)
    address = parse(url)
    assert address is not None
    async with open_log(url, dev=True) as log:
        async with office(address) as asked:
            small = {"max.message.bytes": "2000"}
            await asked.admin.alter_configs(
                [ConfigResource(ConfigResourceType.TOPIC, address.topic("alerts.emergency"), small)]
            )
            async with asyncio.timeout(30):  # a broker takes a moment to go by it
                while not await drifted(url):
                    await asyncio.sleep(0.1)
        good = asyncio.gather(*(log.append("alerts.emergency", [a_message(f"a.{n}")]) for n in range(20)))
        with pytest.raises(MessageTooLarge, match="topics check"):
            await log.append("alerts.emergency", [a_message("a.big", 500_000)])
        await good
        await asyncio.gather(*(log.append("alerts.emergency", [a_message(f"a.{n}")]) for n in range(20, 40)))
        assert {record.id for record in await every_record(log, "alerts.emergency")} == {f"a.{n}" for n in range(40)}
        assert log.counts()["producer_rebuilds"] >= 1
    with pytest.raises(LogMismatch, match=r"max\.message\.bytes is 2000"):
        async with open_log(url, dev=True):
            pass


async def drifted(url: str) -> list[str]:
    return await check_topics(url, dev=True)


async def draft_while_away(
    base: str, cookies: httpx.Cookies, form: str, fields: list[tuple[str, str]]
) -> tuple[int, str, float]:
    async with httpx.AsyncClient(base_url=base, cookies=cookies, trust_env=False, timeout=20) as client:
        began = time.monotonic()
        answer = await client.post(form, data=_multi(fields))
        return answer.status_code, answer.text, time.monotonic() - began


async def a_form(base: str) -> tuple[httpx.Cookies, str, list[tuple[str, str]]]:
    async with httpx.AsyncClient(base_url=base, trust_env=False) as client:
        desk = Desk(client, "ishii", PASSWORD)
        await desk.log_in()
        form = await desk._form("/office/drafts/new?matter=order&level=4&cause=landslide", "/new")
        fields = form.filled(level="4", areas=[str(ODAWARA)], districts="全域", do="submit")
        return client.cookies, form.action, fields


@pytest.mark.measured
def test_while_kafka_is_away_the_office_is_told_within_three_seconds_and_nothing_comes_true_later(
    own_broker: Brokers, tmp_path: Path
) -> None:
    log, people = own_broker.url("city"), one_in_each_shard()[:2]
    asyncio.run(settle(log, people))
    asyncio.run(enrolled(log, ["Ishii", "Ueda"]))
    with city(log, tmp_path) as running:
        base = running.bases["gateway-1"]
        (first,) = asyncio.run(append(log, [1]))
        until_all(running, first, len(people), 60)
        cookies, form, fields = asyncio.run(a_form(base))

        own_broker.tell("kill 1")
        status, page, took_s = asyncio.run(draft_while_away(base, cookies, form, fields))
        print(f"the office was told after {took_s:.2f} s")
        assert status == 503
        assert "E5505" in page
        assert took_s < REFUSED_S
        # the last situation stays, for whoever asks and whoever connects
        assert set(asyncio.run(the_situation(base))) >= {"test:river:000000000001"}
        time.sleep(5)

        own_broker.tell("start 1")
        (second,) = asyncio.run(append(log, [2]))
        until_all(running, second, len(people), 60)
        assert asyncio.run(drafts(log)) == 0
        incident = asyncio.run(an_order_by(base, base))
        until_all(running, f"office:{incident}:000001", len(people), 30)
        assert all(program.process.poll() is None for program in running.programs.values())


async def drafts(log: str) -> int:
    """How many incidents were opened."""
    async with open_log(log, dev=True) as opened:
        return sum(b'"do":"open"' in (record.value or b"") for record in await every_record(opened, "office"))
