"""`make scenarios`: every night on the wall clock, against real processes, five hundred times as fast (ARGS="a_storm" for some).

Two nights at a time: a night mostly waits. 0 when everybody heard what they had to, and nothing else.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.scenario.timeline import load, nights
from tests.scenario.wall import on_the_wall

TOGETHER = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Play the nights that are named, or all."""
    named = list(sys.argv[1:] if argv is None else argv) or list(nights())
    unknown = [name for name in named if name not in nights()]
    if unknown:
        print(f"scenarios: there is no night {', '.join(unknown)}; there are {', '.join(nights())}")
        return 2
    return 0 if all(asyncio.run(_all(named))) else 1


async def _all(named: Sequence[str]) -> list[bool]:
    turns = asyncio.Semaphore(TOGETHER)
    return await asyncio.gather(*(_one(name, turns) for name in named))


async def _one(name: str, turns: asyncio.Semaphore) -> bool:
    night = load(nights()[name])
    async with turns:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="hansho-night-") as folder:
            wrong, left_over = await on_the_wall(night, Path(folder))
    took_s = time.monotonic() - began
    faults = [*wrong, *(f"left over: {one}" for one in left_over)]
    for fault in faults:
        print(f"scenarios: {name}: {fault}", flush=True)
    held = "as it should be" if not faults else f"{len(faults)} FAULTS"
    print(f"scenarios: {night.title}: {len(night.hears)} messages expected, {held} ({took_s:.0f} s)", flush=True)
    return not faults


if __name__ == "__main__":
    sys.exit(main())
