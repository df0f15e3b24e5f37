"""The process's one task group: everything that runs, runs under it; when one part fails or a signal comes, all stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Mapping

from services.runtime import logs

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
STOP_LIMIT_S = 4.0
"""How long parts may take to stop; then the process ends all the same, what was accepted is in the log."""

Parts = Mapping[str, Callable[[], Coroutine[None, None, None]]]
"""What runs, by name, in the order in which it stops."""

_log = logs.get("runtime")


async def run(parts: Parts, *, stop: asyncio.Event | None = None) -> None:
    """Run the parts together until SIGINT, SIGTERM, `stop` or the end of one of them; then stop the others.

    Parts stop in the order given, each before the next: name readers and doors first, what they stand on last. An
    exception of a part is raised after the others have stopped.
    """
    ended = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in STOP_SIGNALS:
        loop.add_signal_handler(one, ended.set)
    tasks = {name: asyncio.ensure_future(part()) for name, part in parts.items()}
    waiting = asyncio.ensure_future(ended.wait())
    try:
        await asyncio.wait([*tasks.values(), waiting], return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        await _stop(tasks)
        for one in STOP_SIGNALS:
            loop.remove_signal_handler(one)
    for name, task in tasks.items():
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("part.failed", name=name, error=repr(error))
            raise error


async def _stop(tasks: Mapping[str, asyncio.Future[None]]) -> None:
    for name, task in tasks.items():
        task.cancel()
        _, pending = await asyncio.wait([task], timeout=STOP_LIMIT_S)
        if pending:
            _log.error("part.stuck", name=name, hint=f"it did not stop within {STOP_LIMIT_S:g} s and was left behind")
