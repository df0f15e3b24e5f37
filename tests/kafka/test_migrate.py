"""A city that outgrows its one host: its log is moved to Kafka, and nobody notices but the operator."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from schemas.situation import EPOCH_KEY
from schemas.topics import TOPICS, Policy
from services.eventlog.open import apply_topics, open_log
from services.eventlog.port import BEFORE_FIRST, EventLog, Record
from services.feedserver.api.server import FeedServer
from services.runtime import records
from tests.crash.city import Person
from tests.e2e.processes import hansho, started
from tests.factories import ODAWARA
from tests.kafka.city import an_alert, city
from tests.kafka.test_two_of_each import an_order_by, enrolled, one_in_each_shard, told, until_all
from tests.records import every_record
from tests.scenario.feeds import a_notice

SAME = (
    "situation",
    "subscriptions",
    "numbers",
    "office",
    "registry",
    "decisions",
    "ledger",
    "receipts",
    "deliveries.emergency",
)


async def standing(log: EventLog) -> Mapping[str, Mapping[object, tuple[object, ...]]]:
    """What stands in the topics that must be equal before and after: by key the newest, or everything in its order."""
    found: dict[str, dict[object, tuple[object, ...]]] = {}
    for topic in SAME:
        rows: dict[object, tuple[object, ...]] = {}
        for at, record in enumerate(await every_record(log, topic)):
            if record.key != EPOCH_KEY:
                name = record.key if TOPICS[topic].policy is Policy.COMPACT else at
                rows[name] = (
                    record.key,
                    record.value,
                    record.id,
                    dict(record.headers),
                    record.partition,
                    record.appended_at,
                )
        found[topic] = rows
    return found


async def behind(log: EventLog) -> dict[tuple[str, str, int], int]:
    return {(lag.group, lag.topic, lag.partition): lag.lag_records for lag in await log.groups()}


async def epoch(log: EventLog) -> Record:
    [found] = [record for record in await log.read("situation", 0, after=BEFORE_FIRST) if record.key == EPOCH_KEY]
    return found


def test_nothing_is_lost_or_repeated_by_a_move_and_what_was_told_is_ended_there(log: str, tmp_path: Path) -> None:
    people = one_in_each_shard()
    url = f"sqlite:{tmp_path / 'host' / 'hansho.db'}"
    asyncio.run(begin(url, people))
    alert = "test:000000000001:1"
    with FeedServer() as feeds, started(*hansho("phones")) as phones:
        feeds.publish(a_notice(datetime.now(UTC)))
        where = phones.line_with(r"phones (http://\S+)")[1]
        options = ("--feeds", feeds.base_url, "--phones", where, "--port", "0", "--data-dir", str(tmp_path / "host"))
        with started(*hansho("run", *options)) as program:
            base = program.line_with(r"sign +(http://\S+)/sign")[1]
            incident = asyncio.run(an_order_by(base, base))
            time.sleep(4)
            program.stop()
    asyncio.run(apply_topics(log, dev=True))
    command = hansho("migrate", "--data-dir", str(tmp_path / "host"), "--to", log, "--dev")
    first = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "moved" in first
    before, after = asyncio.run(compared(url, log))
    for topic in SAME:
        assert before[topic] == after[topic], topic
        assert before[topic], f"{topic} is empty: this shows nothing"
    again = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "nothing was done" in again

    with city(log, tmp_path) as running:
        time.sleep(3)
        running.collect()
        assert running.received == []  # no order, and so no receipt, of what is older than the move
        asyncio.run(ended(log))
        until_all(running, "test:000000000001:2", len(people), 30)
        assert {line["change"] for line in running.received} == {"end"}
        fresh = asyncio.run(an_order_by(running.bases["gateway-1"], running.bases["gateway-1"]))
        until_all(running, f"office:{fresh}:000001", len(people), 30)
        assert told(running, f"office:{incident}:000001") == {}
        assert told(running, alert) == {}


async def begin(url: str, people: Sequence[tuple[str, object]]) -> None:
    now = datetime.now(UTC)
    async with open_log(url) as opened:
        wishes = [Person(device=d, number=0, before=ODAWARA, after=ODAWARA).wish(ODAWARA, now) for d, _ in people]
        made = [records.message(one, key=one.device, id=f"{one.device}:0", source="test", at=now) for one in wishes]
        await opened.append("subscriptions", made)
        await opened.append("alerts.emergency", [an_alert(1, ODAWARA)])
    await enrolled(url, ["Ishii", "Ueda"])


async def compared(url: str, log: str) -> tuple[Mapping[str, object], Mapping[str, object]]:
    async with open_log(url) as old, open_log(log, dev=True) as new:
        assert await behind(old) == await behind(new)
        assert (await epoch(old)).value != (await epoch(new)).value
        return await standing(old), await standing(new)


async def ended(log: str) -> None:
    async with open_log(log, dev=True) as opened:
        await opened.append("alerts.emergency", [an_alert(1, ODAWARA, revision="2", active=False)])
