from __future__ import annotations

import asyncio
import os
import signal

import pytest

from services.runtime import supervise


async def for_ever() -> None:
    await asyncio.Event().wait()


async def test_parts_stop_one_after_the_other_in_the_order_given() -> None:
    stopped: list[str] = []
    stop = asyncio.Event()

    def part(name: str) -> supervise.Parts:
        async def run() -> None:
            try:
                await for_ever()
            finally:
                stopped.append(name)

        return {name: run}

    async def ask() -> None:
        stop.set()
        await for_ever()

    await supervise.run({**part("door"), **part("fold"), "ask": ask, **part("log")}, stop=stop)
    assert stopped == ["door", "fold", "log"]


async def test_when_a_part_fails_the_others_stop_and_the_failure_is_told() -> None:
    stopped = asyncio.Event()

    async def other() -> None:
        try:
            await for_ever()
        finally:
            stopped.set()

    async def failing() -> None:
        raise LookupError("no such street")

    with pytest.raises(LookupError, match="no such street"):
        await supervise.run({"other": other, "failing": failing})
    assert stopped.is_set()


@pytest.mark.parametrize("number", supervise.STOP_SIGNALS)
async def test_a_signal_stops_everything_and_is_no_error(number: signal.Signals) -> None:
    async def ask() -> None:
        os.kill(os.getpid(), number)
        await for_ever()

    async with asyncio.timeout(10):
        await supervise.run({"ask": ask, "other": for_ever})


async def test_the_end_of_one_part_ends_the_process() -> None:
    async def done() -> None:
        return

    async with asyncio.timeout(10):
        await supervise.run({"other": for_ever, "done": done})
