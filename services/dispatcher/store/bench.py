"""One thread on which every shard of a process works: index and ledger are changed and read there and nowhere else.

Matching a city takes milliseconds and holds the interpreter; on the event loop it would make heartbeats late, and on
several threads shards would only take turns. One thread also is what keeps an upsert and a match apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Answer = TypeVar("_Answer")


class Bench:
    """The thread; close it at the end."""

    def __init__(self) -> None:
        """Start it with its first piece of work."""
        self._thread = ThreadPoolExecutor(1, "dispatcher-bench")

    async def run(self, work: Callable[[], _Answer]) -> _Answer:
        """Do a piece of work there. Cancelled, it may still be done: it must be one that can be done again."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        """Let what is under way end."""
        self._thread.shutdown(wait=False, cancel_futures=True)
