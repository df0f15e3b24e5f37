"""Lives of the program: each in a process of its own that was forked, so that it costs no start, and can be killed.

Whoever forks must have no thread: use it from a process that does nothing else.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Any

from schemas.telegram import RawTelegram
from services.eventlog.sqlite import SqliteLog
from tests.crash.city import live
from tests.crash.counting import CountingLog, Point, die


@dataclass(frozen=True, slots=True)
class Killed:
    """A life ended at its point, at this time (seconds since 1970)."""

    at_s: float


class Failed(Exception):
    """A life ended by itself, without having done everything."""


def in_child(work: Callable[[int], Awaitable[object]]) -> Any:
    """Do a piece of work in a forked process and answer what it gave, or `Killed`. `work` is given where to write to."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        asyncio.run(_told(work, writing))
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    _, ended = os.waitpid(pid, 0)
    if os.WIFSIGNALED(ended) and os.WTERMSIG(ended) == signal.SIGKILL:
        return Killed(float(said))
    if ended != 0:
        msg = f"a life ended by itself with {ended}"
        raise Failed(msg)
    return pickle.loads(said)


async def _told(work: Callable[[int], Awaitable[object]], writing: int) -> None:
    """Do it, say what it gave and end the process: the loop's own end would wait for a task that does not."""
    status = 1
    try:
        os.write(writing, pickle.dumps(await work(writing)))
        status = 0
    except BaseException:  # noqa: BLE001 - it is shown, and the parent sees the status
        traceback.print_exc()
    finally:
        os._exit(status)


def lived(path: Path, phones: str, telegram: RawTelegram, kill_at: Point | None = None) -> list[Point] | Killed:
    """One life on the log at `path`: the points that it passed, or that it was killed."""

    async def work(writing: int) -> list[Point]:
        def kill() -> None:
            os.write(writing, f"{time():.6f}".encode())
            die()

        inner = await SqliteLog.open(path)
        log = CountingLog(inner, kill_at=kill_at, kill=kill)
        await live(log, phones, telegram)
        await log.close()
        return log.seen

    found: list[Point] | Killed = in_child(work)
    return found


def on(path: Path, ask: Callable[[SqliteLog], Awaitable[object]]) -> Any:
    """Do something with the log at `path`, in a process of its own."""

    async def work(_: int) -> object:
        log = await SqliteLog.open(path)
        try:
            return await ask(log)
        finally:
            await log.close()

    return in_child(work)
