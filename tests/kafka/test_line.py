"""Trouble on the line to the broker: cut, swallowed, reset, late. It is said, nothing acknowledged is lost, and all goes on."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator

import pytest

from services.eventlog.open import apply_topics, open_log
from services.eventlog.port import EventLog, LogUnavailable, Record
from tests.kafka.brokers import Brokers, brokers
from tests.kafka.line import Line, line
from tests.kafka.test_trouble import REFUSED_S, a_message, write
from tests.records import every_record

RESETS = 10
RESET_EVERY_S = 0.4
WRITERS = 5
LATE_S = 0.2
TOO_LATE_S = 1.5
"""Each way: a question to the broker is answered after twice that, which is longer than anybody waits for it."""


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Brokers, Line]]:
    """A broker behind a line, for every test here."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    folder = tmp_path_factory.mktemp("line")
    with line(port) as made, brokers(folder / "kafka", port=port, advertised=made.port) as cluster:
        yield cluster, made


async def everything(log: EventLog) -> list[Record]:
    """What stands in the emergency topic, as soon as the log can be read."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await every_record(log, "alerts.emergency")
            except LogUnavailable:
                await asyncio.sleep(0.5)


@pytest.mark.parametrize("how", ["cut", "black_hole"])
async def test_a_cut_line_is_said_and_appends_go_on_when_it_is_mended(behind: tuple[Brokers, Line], how: str) -> None:
    cluster, made = behind
    url = cluster.url(how.replace("_", "-"))
    await apply_topics(url, dev=True)
    async with open_log(url, dev=True) as log:
        await log.append("office", [a_message("a.1")])
        await asyncio.to_thread(getattr(made, how))
        began = time.monotonic()
        with pytest.raises(LogUnavailable):
            await log.head("office", 0)
        assert time.monotonic() - began < REFUSED_S
        appending = asyncio.create_task(log.append("alerts.emergency", [a_message("a.2")]))
        await asyncio.sleep(2)
        assert not appending.done()
        await asyncio.to_thread(made.mend)
        async with asyncio.timeout(30):
            await appending
        assert {record.id for record in await everything(log)} == {"a.2"}


async def test_connections_that_are_reset_lose_nothing(behind: tuple[Brokers, Line]) -> None:
    cluster, made = behind
    url = cluster.url("reset")
    await apply_topics(url, dev=True)
    kept: list[str] = []
    waits_s: list[float] = []
    ended = asyncio.Event()
    async with open_log(url, dev=True) as log:
        writers = [asyncio.create_task(write(log, f"w{n}", kept, waits_s, ended)) for n in range(WRITERS)]
        for _ in range(RESETS):
            await asyncio.sleep(RESET_EVERY_S)
            await asyncio.to_thread(made.reset)
        ended.set()
        async with asyncio.timeout(60):
            await asyncio.gather(*writers)
        stands = [record.id for record in await everything(log)]
    twice = len(stands) - len(set(stands))
    print(f"{len(kept)} acknowledged over {RESETS} resets, {twice} twice, longest wait {max(waits_s):.2f} s")
    assert set(kept) == set(stands)
    for name in (f"w{n}" for n in range(WRITERS)):
        mine = list(dict.fromkeys(id_ for id_ in stands if id_.startswith(f"{name}.")))
        assert mine == [f"{name}.{n}" for n in range(len(mine))]


async def test_a_late_line_is_used_and_one_that_is_too_late_is_said(behind: tuple[Brokers, Line]) -> None:
    cluster, made = behind
    url = cluster.url("late")
    await apply_topics(url, dev=True)
    async with open_log(url, dev=True) as log:
        await log.append("alerts.emergency", [a_message("a.1")])
        try:
            await asyncio.to_thread(made.delay, LATE_S)
            began = time.monotonic()
            await log.append("alerts.emergency", [a_message("a.2")])
            assert time.monotonic() - began >= 2 * LATE_S, "the line was not late: this shows nothing"
            assert [record.id for record in await everything(log)] == ["a.1", "a.2"]
            await asyncio.to_thread(made.delay, TOO_LATE_S)
            with pytest.raises(LogUnavailable):
                await log.head("office", 0)
            appending = asyncio.create_task(log.append("alerts.emergency", [a_message("a.3")]))
            async with asyncio.timeout(60):
                await appending
        finally:
            await asyncio.to_thread(made.delay, 0.0)
        assert list(dict.fromkeys(record.id for record in await everything(log))) == ["a.1", "a.2", "a.3"]
