"""Reading telegrams: how many a second on one core, how long one city's warning takes, how much memory the large ones need.

The mix is that of the recorded samples where they are at hand, else of our own telegrams. Peer: the standard library's
parser alone on the same bytes, which reads no meaning and refuses nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import tracemalloc
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Sequence

from schemas.area import AreaTable
from schemas.topics import TELEGRAM_BYTES_MAX
from services.ingest.core.telegram import read_telegram
from services.runtime.cities import deploy_dir, load_table
from tests.bench.result import Result, middle, spread
from tests.fuzz.jma import samples
from tests.telegrams import telegram, warnings

ROUNDS = 5
ONE_ROUNDS = 60
ONE_MS_MAX = 5
ITEMS_OF_8_MB = 24_000
"""Of one list: nearly as many elements as are accepted."""


def measured() -> Iterator[Result]:
    """The figures."""
    areas = load_table(deploy_dir())
    bodies = [one for one in samples() if "feed" not in one[0]]
    yield _mix(bodies, areas)
    yield _one_city(bodies, areas)
    for label, size in (("266 KB", 266_000), ("8 MB", TELEGRAM_BYTES_MAX)):
        yield _memory(label, size)


def _mix(bodies: Sequence[tuple[str, bytes]], areas: AreaTable) -> Result:
    def ours() -> None:
        for name, body in bodies:
            read_telegram(body, name=name, source="jma.extra", url="", areas=areas, surfaces=())

    def peers() -> None:
        for _, body in bodies:
            ET.fromstring(body)

    read, parsed = _rates(ours, len(bodies)), _rates(peers, len(bodies))
    size = sum(len(body) for _, body in bodies) / len(bodies)
    return Result(
        name="ingest.read",
        work=f"{len(bodies)} telegrams of {size / 1000:.0f} KB on average, one core",
        value=middle(read),
        unit="/s",
        peer=middle(parsed),
        ratio=middle(read) / middle(parsed),
        spread=spread(read),
    )


def _rates(work: Callable[[], None], count: int) -> list[float]:
    rates = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        rates.append(count / (time.process_time() - began))
    return rates


def _one_city(bodies: Sequence[tuple[str, bytes]], areas: AreaTable) -> Result:
    """A warning telegram of one office of the reform's types, of middling size."""
    warned = sorted((one for one in bodies if one[0].startswith(("VPWW55", "VPWW56"))), key=lambda one: len(one[1]))
    name, body = warned[len(warned) // 2] if warned else bodies[0]
    times_ms = []
    for _ in range(ONE_ROUNDS):
        began = time.process_time()
        read_telegram(body, name=name, source="jma.extra", url="", areas=areas, surfaces=())
        times_ms.append(1000 * (time.process_time() - began))
    return Result(
        name="ingest.one",
        work=f"one office's warning of {len(body) / 1000:.0f} KB, median",
        value=middle(times_ms),
        unit="ms",
        spread=f"{min(times_ms):.1f}-{max(times_ms):.1f} of {ONE_ROUNDS}",
        goal=f"<= {ONE_MS_MAX} ms",
        holds=middle(times_ms) <= ONE_MS_MAX,
    )


def _memory(label: str, size: int) -> Result:
    """Peak memory of reading, in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.ingest", str(size)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return Result(
        name=f"ingest.memory.{label.replace(' ', '').lower()}",
        work=f"memory allocated at the most while {found['bytes'] / 1e6:.1f} MB are read (tracemalloc)",
        value=found["peak"] / 1e6,
        unit="MB",
        goal="read, not refused",
        holds=bool(found["read"]),
    )


def large(size: int) -> bytes:
    """A telegram of at most so many bytes, of as many elements as such a size would have, and then of words."""
    count = min(ITEMS_OF_8_MB, size // 220)
    towns = (("1420600", "小田原市"), ("1438200", "箱根町"))
    items = [(*towns[number % 2], [("03", "レベル３大雨警報", "発表")]) for number in range(count)]
    body = telegram(body=warnings(*items), headline="警戒")
    return body.replace("警戒</Text>".encode(), b"x" * max(0, size - len(body) - 10) + b"</Text>")


def _child(size: int) -> None:
    areas = load_table(deploy_dir())
    body = large(size)
    tracemalloc.start()
    reading = read_telegram(body, name="", source="jma.extra", url="", areas=areas, surfaces=())
    peak = tracemalloc.get_traced_memory()[1]
    print(json.dumps({"bytes": len(body), "peak": peak, "read": reading.alert is not None}))


if __name__ == "__main__":
    _child(int(sys.argv[1]))
