from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from schemas.telegram import DeadLetter
from schemas.topics import MESSAGE_BYTES_MAX
from services.eventlog.open import open_log
from services.eventlog.port import EventLog, Message, Output, Record
from services.runtime import records
from services.runtime.clock import SystemClock
from services.runtime.consuming import VALUE_BYTES_MAX, dead, run_group


async def grow(record: Record) -> Sequence[Output]:
    """A copy of the record; one named "big" grows beyond what its topic takes, one named "lost" loses its id."""
    value = b"x" * (MESSAGE_BYTES_MAX + 1) if record.key == "big" else record.value
    id_ = "" if record.key == "lost" else f"copy:{record.id}"
    return [Output(topic="drills", message=Message(key=record.key, value=value, id=id_))]


async def drained(log: EventLog) -> None:
    running = asyncio.create_task(run_group(log, "growing", ["alerts.routine"], grow, clock=SystemClock()))
    async with asyncio.timeout(10):
        while not (lags := await log.groups()) or any(lag.lag_records for lag in lags):
            await asyncio.sleep(0.01)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def everything(log: EventLog, topic: str) -> list[Record]:
    return [record for partition in range(4) for record in await log.read(topic, partition)]


async def test_an_output_that_the_log_refuses_takes_only_its_own_record_aside() -> None:
    async with open_log("memory:") as log:
        keys = ["a", "big", "lost", "b"]
        await log.append("alerts.routine", [Message(key=key, value=b"x", id=key) for key in keys])
        await drained(log)
        assert {record.key for record in await everything(log, "drills")} == {"a", "b"}
        letters = [records.payload(record) for record in await everything(log, "dead")]
        found = {letter.key: letter.code for letter in letters if isinstance(letter, DeadLetter)}
        assert found == {"big": "E2004", "lost": "E6012"}


async def test_of_a_value_too_large_for_a_dead_letter_its_sum_is_kept() -> None:
    async with open_log("memory:") as log:
        await log.append("telegrams", [Message(key="k", value=b"x" * (VALUE_BYTES_MAX + 1), id="1")])
        (record,) = await everything(log, "telegrams")
        output = dead(record, code="E1003", reason="r", hint="h", clock=SystemClock())
        await log.append(output.topic, [output.message])
        letter = records.payload((await everything(log, "dead"))[0])
        assert isinstance(letter, DeadLetter)
        assert letter.value.startswith("sha256:")
