"""A log that waits: what is asked while its servers are silent is answered when they speak."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from services.eventlog import patient
from services.eventlog.memory import MemoryLog
from services.eventlog.patient import PatientLog
from services.eventlog.port import BEFORE_FIRST, LogUnavailable, Record
from tests.contract.eventlog.engines import TOPICS, a_message, values


class Silent(MemoryLog):
    """A log whose servers do not answer for a while."""

    away = 2

    def _ask(self) -> None:
        if self.away:
            self.away -= 1
            raise LogUnavailable("nobody answers")

    async def read(self, topic: str, partition: int, *, after: int = BEFORE_FIRST, limit: int = 500) -> list[Record]:
        self._ask()
        return await super().read(topic, partition, after=after, limit=limit)

    async def wait(self, seen: Mapping[tuple[str, int], int]) -> None:
        self._ask()
        await super().wait(seen)


async def test_reading_and_waiting_go_on_by_themselves() -> None:
    inner = Silent(TOPICS)
    log = PatientLog(inner)
    await log.append("annals", [a_message(value=b"1")])
    with pytest.raises(LogUnavailable):
        await inner.read("annals", 0)
    async with asyncio.timeout(10 * patient.RETRY_S):
        assert values(await log.read("annals", 0)) == [b"1"]
        inner.away = 1
        await log.wait({("annals", 0): BEFORE_FIRST})
