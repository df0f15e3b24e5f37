"""kill -9 under appends: a program that appends and tells what was acknowledged, and what kills it and looks.

The program (`python -m tests.contract.eventlog.killing FILE ENGINE ROUND`) has 50 tasks that append one record after
the other; each writes to standard output that it begins, and the acknowledgement before its own next append. Beside
them a consumer copies each record into another topic, outputs and position in one commit. Whoever started it reads
the pipe, so what was acknowledged is known when the program is dead.
"""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from services.eventlog.port import EventLog, Message, Output
from services.eventlog.sqlite import SqliteLog
from tests.contract.eventlog.engines import TOPICS, everything

ROOT = Path(__file__).parents[3]
TASKS = 50
GROUP = "copies"


@dataclass(slots=True)
class Told:
    """What the program told before it was killed, over all its lives."""

    acknowledged: dict[str, tuple[int, int]] = field(default_factory=dict)
    """id → (partition, offset)."""
    under_way: list[int] = field(default_factory=list)
    """How many appends had begun and were not acknowledged, at each kill."""


def kills(folder: Path, engine: str, acknowledgements: Iterator[int]) -> Iterator[Told]:
    """Start the program on a log in `folder`, kill it after so many acknowledgements, again and again.

    `engine` is module:class of an engine. What is yielded after each kill is one object that grows.
    """
    told = Told()
    for life, count in enumerate(acknowledgements):
        _live_and_die(folder, engine, life, count, told)
        yield told


def _live_and_die(folder: Path, engine: str, life: int, count: int, told: Told) -> None:
    command = [sys.executable, "-m", __name__, str(folder / "log.sqlite"), engine, str(life)]
    begun: set[str] = set()
    acknowledged = 0
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as program:
        assert program.stdout
        for line in program.stdout:
            word, id_, *place = line.decode().split()
            if word == "begin":
                begun.add(id_)
                continue
            begun.discard(id_)
            told.acknowledged[id_] = (int(place[0]), int(place[1]))
            acknowledged += 1
            if acknowledged == count:
                program.kill()  # what is in the pipe was acknowledged while it lived: the loop reads it to its end
    assert program.returncode == -9, f"the program ended by itself with {program.returncode}"
    told.under_way.append(len(begun))


async def missing(folder: Path, told: Told) -> list[str]:
    """What was acknowledged and is not in the log as it was acknowledged, and commits that were kept by half."""
    log = await SqliteLog.open(folder / "log.sqlite", TOPICS)
    try:
        letters = await everything(log, "letters")
        copies = {record.id for record in await everything(log, "annals")}
        committed = {lag.partition: lag.committed for lag in await log.groups() if lag.group == GROUP}
    finally:
        await log.close()
    found = {record.id: (record.partition, record.offset) for record in letters}
    finished = {f"copy of {r.id}" for r in letters if r.offset <= committed.get(r.partition, -1)}
    return [
        *(id_ for id_, place in told.acknowledged.items() if found.get(id_) != place),
        *(f"position without output: {id_}" for id_ in finished - copies),
        *(f"output without position: {id_}" for id_ in copies - finished),
    ]


def chances(seed: int, kills_count: int, least: int, most: int) -> Iterator[int]:
    """After how many acknowledgements each kill comes."""
    chance = random.Random(seed)
    return (chance.randint(least, most) for _ in range(kills_count))


async def _append_for_ever(log: EventLog, task: str) -> None:
    number = 0
    while True:
        id_ = f"{task}.{number}"
        number += 1
        os.write(1, f"begin {id_}\n".encode())
        [position] = await log.append("letters", [Message(key=task, value=b"x" * 300, id=id_)])
        os.write(1, f"kept {id_} {position.partition} {position.offset}\n".encode())


async def _copy_for_ever(log: EventLog) -> None:
    async with log.consume(GROUP, ["letters"]) as consumer:
        while True:
            records = await consumer.fetch(100)
            copies = [Message(key=record.key, value=record.value, id=f"copy of {record.id}") for record in records]
            await consumer.commit(records, [Output(topic="annals", message=copy) for copy in copies])


async def _program(path: Path, engine: str, life: str) -> None:
    module, _, name = engine.partition(":")
    log: EventLog = await getattr(import_module(module), name).open(path, TOPICS)
    async with asyncio.TaskGroup() as group:
        group.create_task(_copy_for_ever(log))
        for task in range(TASKS):
            group.create_task(_append_for_ever(log, f"{life}.{task}"))


if __name__ == "__main__":
    asyncio.run(_program(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
