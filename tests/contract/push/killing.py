"""A push worker as a process of its own, to be killed: the real SDK, the real stand-in, the SQLite log.

python -m tests.contract.push.killing FILE URL    work until every order is final, say "done" and end
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from schemas.notification import Receipt
from services.eventlog.sqlite import SqliteLog
from services.gateway.channels import loopback
from services.gateway.channels.fcm import Fcm
from services.runtime import records
from services.runtime.clock import SystemClock
from tests.contract.push.bench import Bench


async def work(path: Path, url: str, orders: int) -> None:
    """Work until so many orders are final."""
    log = await SqliteLog.open(path)
    channel = await Fcm(loopback.account(url)).start()
    bench = Bench(log=log, clock=SystemClock(), channels={channel.kind: channel})
    await bench.follow()
    bench.start()
    while len(await final(bench)) < orders:
        await asyncio.sleep(0.02)
    await bench.stop()
    await channel.close()
    await log.close()
    print("done", flush=True)  # noqa: T201 - what the test waits for


async def final(bench: Bench) -> set[str]:
    """Orders whose last receipt stands in the log."""
    said = [records.payload(record) for record in await bench.all_of("receipts", 4)]
    return {one.order for one in said if isinstance(one, Receipt) and one.final}


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
