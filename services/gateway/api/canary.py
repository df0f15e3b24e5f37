"""Our own listener: it hears the canary over the stream, as a sign hears a warning, and reports that it came through."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime

import orjson
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from services.runtime import logs
from services.runtime.clock import Clock

RETRY_S = 1.0
FRAME_BYTES_MAX = 64_000_000
"""The largest frame it takes: a snapshot of everything."""

_log = logs.get("gateway")


async def listen(url: str, client: str, clock: Clock, heard: Callable[[float], Awaitable[None]]) -> None:
    """Stay connected until cancelled. `heard` is told, for each canary, how many seconds ago its feed sent it."""
    hello = orjson.dumps({"type": "hello", "v": 1, "client": client, "kind": "canary", "resume": None}).decode()
    while True:
        with suppress(OSError, WebSocketException):
            async with connect(url, proxy=None, compression=None, max_size=FRAME_BYTES_MAX) as line:
                await line.send(hello)
                _log.event("canary.listens", url=url)
                async for text in line:
                    sent = canary_sent(text)
                    if sent is not None:
                        await heard(max(0.0, (clock.now() - sent).total_seconds()))
        await asyncio.sleep(RETRY_S)


def canary_sent(text: str | bytes) -> datetime | None:
    """When the canary of this frame was sent by its feed; None when the frame is about something else."""
    frame = orjson.loads(text)
    stream = frame.get("stream") if frame.get("type") == "alert" else None
    if not stream or stream["stream"] != "canary" or not stream["kept"]:
        return None
    return datetime.fromisoformat(stream["kept"][-1]["sent"])
