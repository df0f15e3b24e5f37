"""A line to the broker that a test can cut or turn into a black hole, while the test itself waits for processes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.e2e.proxy import Proxy


@dataclass(slots=True)
class Line:
    """The proxy, on a loop and thread of its own."""

    proxy: Proxy
    loop: asyncio.AbstractEventLoop

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def cut(self) -> None:
        """Reset every connection, take no new one."""
        self._do(self.proxy.cut())

    def reset(self) -> None:
        """Reset every connection once."""
        self._do(self.proxy.reset())

    def delay(self, late_s: float) -> None:
        """Have every piece under way for so long, each way."""
        self.proxy.late_s = late_s

    def black_hole(self) -> None:
        """Keep the connections, lose the bytes."""
        self.loop.call_soon_threadsafe(self.proxy.black_hole)

    def mend(self) -> None:
        """Forward again."""
        self._do(self.proxy.mend())

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.proxy.port


@contextmanager
def line(target: int) -> Iterator[Line]:
    """A line to a port of this machine."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    made = Line(Proxy(target), loop)
    made._do(made.proxy.open())
    try:
        yield made
    finally:
        made._do(made.proxy.close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
