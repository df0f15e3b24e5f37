"""A dispatcher that stands still, is taken for dead and wakes up: it writes nothing more of what went to another."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from schemas.lifecycle import Stream
from services.eventlog.kafka.membership import SESSION_MS
from services.eventlog.open import apply_topics, open_log
from services.eventlog.owned import OwnersLog
from services.eventlog.port import EventLog, Message
from services.gateway.store.register import SHARDS
from services.runtime import records
from tests.factories import ODAWARA
from tests.kafka.city import City, an_alert, city, settle
from tests.kafka.test_two_of_each import one_in_each_shard, until_all
from tests.records import every_record

STREAMS = 4
REVISIONS = 30
STEP_S = 0.5
STILL_S = SESSION_MS / 1000 + 3


async def rising(log: str) -> None:
    """Revisions of some streams, one after the other, for half a minute; the last one ends them."""
    async with open_log(log, dev=True) as opened:
        for revision in range(1, REVISIONS + 1):
            is_last = revision == REVISIONS
            made = [an_alert(n, ODAWARA, revision=f"{revision:04}", active=not is_last) for n in range(STREAMS)]
            await opened.append("alerts.emergency", made)
            await asyncio.sleep(STEP_S)


def stand_still(running: City) -> None:
    """Stop the dispatcher that has shard 0 for longer than a dead one is waited for."""
    time.sleep(2)
    (name,) = [one for one in running.programs if one.startswith("dispatcher") and 0 in shards_of(running, one)]
    process = running.programs[name].process
    os.kill(process.pid, signal.SIGSTOP)
    time.sleep(STILL_S)
    os.kill(process.pid, signal.SIGCONT)


def shards_of(running: City, name: str) -> Sequence[int]:
    """The shards that a dispatcher loaded last."""
    text = (running.folder / f"{name}.log").read_text("utf-8")
    loaded = [line for line in map(json.loads, text.splitlines()) if line.get("event") == "shards.loaded"]
    return list(loaded[-1]["shards"]) if loaded else []


async def both(log: str, running: City) -> None:
    await asyncio.gather(rising(log), asyncio.to_thread(stand_still, running))


def backwards(written: Sequence[tuple[str, int]]) -> list[tuple[str, int, int]]:
    """Where a key's number falls: key, before, after."""
    newest: dict[str, int] = defaultdict(int)
    found = []
    for key, number in written:
        if number < newest[key]:
            found.append((key, newest[key], number))
        newest[key] = number
    return found


def test_backwards_sees_a_number_that_falls() -> None:
    assert backwards([("a", 1), ("b", 1), ("a", 3), ("a", 2), ("b", 2)]) == [("a", 3, 2)]


async def revisions(log: EventLog) -> list[tuple[str, int]]:
    """What `situation` says of each test stream, in the order in which it was written."""
    found = []
    for record in await every_record(log, "situation"):
        value = records.payload(record)
        if isinstance(value, Stream) and value.kept and record.key.startswith("test:"):
            found.append((record.key, int(value.kept[-1].revision)))
    return found


def test_what_wakes_up_after_another_took_over_writes_nothing(log: str, tmp_path: Path) -> None:
    people = one_in_each_shard()
    asyncio.run(settle(log, people))
    with city(log, tmp_path, each=2) as running:
        asyncio.run(both(log, running))
        until_all(running, f"test:{0:012}:{REVISIONS:04}", len(people), 60)
        time.sleep(2)
        running.collect()

        async def found() -> list[tuple[str, int]]:
            async with open_log(log, dev=True) as opened:
                return await revisions(opened)

        written = asyncio.run(found())
        # one batch may have been on its way to the broker when it was stopped
        assert len(backwards(written)) <= STREAMS
        newest = dict(written)
        assert newest == {f"test:river:{n:012}": REVISIONS for n in range(STREAMS)}
        heard = Counter((str(line["address"]), str(line["hazard"]), str(line["change"])) for line in running.received)
        rivers = [f"flood:{n:012}" for n in range(STREAMS)]
        assert heard == Counter((f"at-{d}", r, change) for d, _ in people for r in rivers for change in ("new", "end"))


class Standing(threading.Thread):
    """An owner of everything with a loop of its own, which stands still until another has taken over, and then writes."""

    def __init__(self, log: str) -> None:
        super().__init__(daemon=True)
        self.log = log
        self.owns, self.wakes = threading.Event(), threading.Event()
        self.faults: list[BaseException] = []

    def run(self) -> None:
        try:
            asyncio.run(self._life())
        except BaseException as error:  # noqa: BLE001 - told to the test, which runs on another thread
            self.faults.append(error)

    async def _life(self) -> None:
        let_go = asyncio.Event()

        async def release() -> None:
            let_go.set()

        async with open_log(self.log, dev=True) as opened:
            owned = OwnersLog(opened)
            async with opened.consume("shards", ["subscriptions"], release=release) as consumer:
                owned.membership = consumer
                await owned.append("situation", [a_message("first")])
                self.owns.set()
                assert self.wakes.wait(60)  # on purpose: the loop stands still, heartbeats and all
                writing = asyncio.ensure_future(owned.append("situation", [a_message("of a zombie")]))
                async with asyncio.timeout(30):
                    await let_go.wait()
                writing.cancel()
                await asyncio.gather(writing, return_exceptions=True)


def a_message(id_: str) -> Message:
    return Message(key="test", value=b"{}", id=id_)


def test_the_first_write_after_standing_still_is_not_made(log: str) -> None:
    asyncio.run(taken_over(log))


async def taken_over(log: str) -> None:
    await apply_topics(log, dev=True)
    standing = Standing(log)
    standing.start()
    assert await asyncio.to_thread(standing.owns.wait, 60)
    async with open_log(log, dev=True) as opened, opened.consume("shards", ["subscriptions"]) as consumer:
        async with asyncio.timeout(60):
            while len(consumer.places) < SHARDS:
                await consumer.changed(consumer.places)
        owned = OwnersLog(opened)
        owned.membership = consumer
        await owned.append("situation", [a_message("of the next owner")])
        standing.wakes.set()
        await asyncio.to_thread(standing.join, 60)
        assert standing.faults == []
        ids = [record.id for record in await every_record(opened, "situation")]
    assert ids == ["first", "of the next owner"]
