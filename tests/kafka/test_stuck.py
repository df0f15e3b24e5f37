"""Who dies in the middle of a batch is made up for; a client that stands still while brokers answer is made anew."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections import Counter

from services.eventlog.kafka.log import KafkaLog
from services.eventlog.open import apply_topics, open_log
from services.eventlog.port import BEFORE_FIRST, EventLog, Message, Output
from tests.kafka.brokers import ROOT
from tests.records import every_record

TOPIC, GIVES = "alerts.emergency", "alerts.routine"
COUNT, FINISHED, APPENDED = 20, 8, 5


def a_message(id_: str) -> Message:
    return Message(key="one", value=b"x", id=id_)


def given(id_: str) -> Output:
    """What a record gives rise to."""
    return Output(topic=GIVES, message=a_message(f"of {id_}"))


async def die(url: str) -> None:
    """Finish some of a batch; of the next some outputs are in the log, and the commit does not come."""
    async with open_log(url, dev=True) as log, log.consume("death", [TOPIC]) as consumer:
        batch = await consumer.fetch(COUNT)
        assert len(batch) == COUNT
        first, rest = batch[:FINISHED], batch[FINISHED:]
        await consumer.commit(first, [given(record.id) for record in first])
        await log.append(GIVES, [given(record.id).message for record in rest[:APPENDED]])
        os._exit(9)


async def test_what_a_consumer_had_not_finished_when_it_died_is_done_by_the_next(log: str) -> None:
    await apply_topics(log, dev=True)
    ids = [f"a.{n:02}" for n in range(COUNT)]
    async with open_log(log, dev=True) as opened:
        await opened.append(TOPIC, [a_message(id_) for id_ in ids])
        words = "import asyncio, sys; from tests.kafka.test_stuck import die; asyncio.run(die(sys.argv[1]))"
        died = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", words, log], cwd=ROOT, check=False)
        assert died.returncode == 9
        async with opened.consume("death", [TOPIC]) as consumer:
            left = ids[FINISHED:]
            async with asyncio.timeout(30):  # until the dead member is missed
                while left:
                    batch = await consumer.fetch()
                    await consumer.commit(batch, [given(record.id) for record in batch])
                    left = [id_ for id_ in left if id_ not in {record.id for record in batch}]
        found = Counter(record.id for record in await every_record(opened, GIVES))
    twice = {f"of {id_}" for id_ in ids[FINISHED : FINISHED + APPENDED]}
    assert found == {f"of {id_}": 2 if f"of {id_}" in twice else 1 for id_ in ids}


async def test_a_reader_and_a_producer_that_stand_still_are_made_anew(log: str) -> None:
    await apply_topics(log, dev=True)
    async with open_log(log, dev=True) as opened:
        assert isinstance(opened, KafkaLog)
        await opened.append(TOPIC, [a_message("a.1")])
        await hears(opened, {"a.1"})
        await opened.follow([(TOPIC, partition) for partition in range(4)])
        tail, producing = opened._tails[True], opened._producers[False]
        assert tail._consumer is not None
        tail._consumer.pause(*tail._all)  # as if its fetches were answered no more
        assert producing._producer is not None
        producing._producer._sender._sender_task.cancel()  # as an exception in it would end it
        async with asyncio.timeout(60):
            await asyncio.gather(
                opened.append(TOPIC, [a_message("a.2")]),
                opened.append(GIVES, [a_message("b.1")]),
                hears(opened, {"a.2"}),
            )
            while opened.counts()["reader_rebuilds"] < 1 or opened.counts()["producer_rebuilds"] < 1:
                await opened.append(TOPIC, [a_message("more")])
                await asyncio.sleep(1)
        assert {record.id for record in await every_record(opened, GIVES)} == {"b.1"}
        await opened.append(TOPIC, [a_message("a.3")])
        await hears(opened, {"a.3"})


async def hears(log: EventLog, ids: set[str]) -> None:
    """Follow until these have come."""
    partitions = range(4)
    after = dict.fromkeys(partitions, BEFORE_FIRST)
    while ids:
        for partition in partitions:
            for record in await log.read(TOPIC, partition, after=after[partition]):
                after[partition] = record.offset
                ids = ids - {record.id}
        if ids:
            await log.wait({(TOPIC, partition): offset for partition, offset in after.items()})
