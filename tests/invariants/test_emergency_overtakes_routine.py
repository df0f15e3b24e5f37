"""Invariant 11: an emergency that comes last is handed out first, on every engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

from schemas.topics import TOPICS, Topic
from services.eventlog.open import open_log
from services.eventlog.port import EventLog, Message
from tests.invariants import Twin, hold

Opened = Callable[[str], AbstractAsyncContextManager[EventLog]]

ROUTINE = 40


async def check_an_emergency_is_handed_out_first(opened: Opened, tmp_path: Path) -> None:
    for url in ("memory:", f"sqlite:{tmp_path / 'log.db'}"):
        await check_on(opened, url)


async def check_on(opened: Opened, url: str) -> None:
    async with opened(url) as log:
        await log.append("alerts.routine", [Message(key=f"k{n}", value=b"x", id=f"r{n}") for n in range(ROUTINE)])
        await log.append("alerts.emergency", [Message(key="e", value=b"x", id="e")])
        async with log.consume("reading", ["alerts.routine", "alerts.emergency"]) as consumer:
            (first,) = await consumer.fetch(1)
            hold(11, first.id == "e", "an emergency waited behind routine")
            await consumer.commit([first])
            rest = {record.id for record in await consumer.fetch(ROUTINE)}
            hold(11, rest == {f"r{n}" for n in range(ROUTINE)}, "what was overtaken was lost")


async def test_an_emergency_is_handed_out_first(tmp_path: Path) -> None:
    await check_an_emergency_is_handed_out_first(open_log, tmp_path)


def first_come_first_served(url: str) -> AbstractAsyncContextManager[EventLog]:
    equal: Mapping[str, Topic] = {name: replace(topic, urgent=False) for name, topic in TOPICS.items()}
    return open_log(url, equal)


TWINS = [Twin(11, check_an_emergency_is_handed_out_first, first_come_first_served)]
