"""`make fuzz-rivers`: wounded river documents through the readers that the poller calls, and their readings through the engine.

Looked for are exceptions (the readers promise none), readings that contradict themselves, and documents that take over a
second. At least half of the mutants are well-formed; how many gave readings is printed and must be two fifths.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from schemas.observation import UNITS, VALUELESS
from services.ingest.core.river import keeping
from services.ingest.core.river.formats import READERS, read
from services.ingest.core.river.found import Found
from services.ingest.core.thresholds import Gauge, step
from tests.contract.ingest.recorded import answers
from tests.factories import EVENING

ROOT = Path(__file__).parents[2]
MUTANTS, SEED = 20_000, 20_260_603
HANG_S = 1.0
WELL_FORMED_MIN, READ_MIN = 0.5, 0.4
SMALL_BYTES = 20_000
ODD: tuple[object, ...] = (
    *(None, True, "", " ", "x", "−9999.99", "-9999.99", -9999.99, 1e308, 10**30, -1, 0, [], {}, [[]], {"value": "1"}),
    *("2026-02-30T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026/13/01 25:61", "24:00"),
    *("NaN", "1e5", "&#0;", "\ud7ff", "１２３", "1_000", "+1", "0x10", "-0"),
)
"""What may stand where a number, text or time belongs."""


@dataclass(slots=True)
class Tally:
    """What became of the mutants."""

    mutants: int = 0
    well_formed: int = 0
    gave_readings: int = 0
    slowest_s: float = 0.0
    sources: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def holds(self) -> bool:
        """Whether nothing was found and enough was tried."""
        return (
            not self.failures
            and self.slowest_s < HANG_S
            and self.well_formed >= WELL_FORMED_MIN * self.mutants
            and self.gave_readings >= READ_MIN * self.mutants
        )


def documents() -> list[bytes]:
    """The recorded documents where they are at hand (their small ones: the large are like them), and our own."""
    folder = Path(os.environ.get("HANSHO_SAMPLES", ROOT.parent / "shared" / "samples")) / "river"
    recorded = [path.read_bytes() for path in sorted(folder.glob("*"))] if folder.is_dir() else []
    ours = [body for by_path in answers(EVENING).values() for body in by_path.values()]
    known = [body for body in recorded if len(body) < SMALL_BYTES and read(body, "").readings]
    return [*known, *(body for body in ours if read(body, "").readings)]


def mutant(body: bytes, others: Sequence[bytes], chance: random.Random) -> tuple[bytes, bool]:
    """A wounded copy, and whether its form is whole."""
    kind = chance.random()
    if kind < 0.2:
        return _bytes(body, chance), False
    try:
        tree = json.loads(body)
        other = json.loads(chance.choice(others))
    except ValueError:
        return _lines(body, chance), True
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        _wound(tree, other, chance)
    return json.dumps(tree, ensure_ascii=False).encode("utf-8", "surrogatepass"), True


def _bytes(body: bytes, chance: random.Random) -> bytes:
    """Cut, flipped, doubled or spliced."""
    at = chance.randrange(len(body))
    return chance.choice(
        (
            body[:at],
            body[:at] + bytes([chance.randrange(256)]) + body[at + 1 :],
            body[:at] + body[at : at + 50] * chance.choice((2, 200)) + body[at:],
            body[at:] + body[:at],
        )
    )


def _lines(body: bytes, chance: random.Random) -> bytes:
    """A table or page: lines dropped, doubled, moved; cells exchanged or odd."""
    lines = body.split(b"\n")
    at, to = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(4):
        case 0:
            del lines[at]
        case 1:
            lines.insert(to, lines[at])
        case 2:
            lines[at], lines[to] = lines[to], lines[at]
        case _:
            cells = lines[at].split(b",")
            odd = str(chance.choice(ODD)).encode("utf-8", "surrogatepass")
            cells[chance.randrange(len(cells))] = odd
            lines[at] = b",".join(cells)
    return b"\n".join(lines)


def _wound(tree: object, other: object, chance: random.Random) -> None:
    places = list(_places(tree))
    if not places:
        return
    holder, key = chance.choice(places)
    match chance.randrange(5):
        case 0:
            del holder[key]
        case 1 | 2:
            holder[key] = deepcopy(chance.choice(ODD))
        case 3:
            theirs = list(_places(other))
            holder[key] = deepcopy(chance.choice(theirs)[0]) if theirs else None
        case _:
            again = [one for one in places if isinstance(one[0], list)]
            if again:
                doubled = chance.choice(again)[0]
                doubled.extend(deepcopy(doubled[: chance.choice((1, 5))]))


def _places(tree: object) -> list[tuple[Any, Any]]:
    """Each place in a tree: what holds it, and its key there."""
    found: list[tuple[Any, Any]] = []
    waiting = [tree]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict | list) and len(found) < 5_000:
            items = list(one.items()) if isinstance(one, dict) else list(enumerate(one))
            found += [(one, key) for key, _ in items]
            waiting += [value for _, value in items]
    return found


def contradictions(found: Found) -> list[str]:
    """What must never be, whatever was read."""
    wrong = [f"{one}" for one in found.readings if (one.value is None) != (one.quality in VALUELESS)]
    wrong += [f"{one}" for one in found.readings if one.unit != UNITS.get(one.kind, one.unit)]
    wrong += [f"{one}" for one in found.readings if one.value is not None and not -9999 < one.value < 1e12]
    if not found.readings and not found.defects and not found.ignored:
        wrong.append("a document that says nothing")
    return wrong


def engine(found: Found) -> None:
    """Fold what was read, as the consumer would."""
    received = max((one.observed for one in found.readings), default=datetime.now(UTC)) + timedelta(minutes=2)
    gauges: dict[str, Gauge | None] = {}
    for seen in keeping.observations(found, {}, received):
        keeping.id_of(seen)
        gauges[seen.station] = step(gauges.get(seen.station), seen).gauge


def run(count: int, seed: int, say: Callable[[str], None] = print) -> Tally:
    """Wound and read so many."""
    chance = random.Random(seed)
    bodies = documents()
    tally = Tally()
    for number in range(count):
        body, whole = mutant(chance.choice(bodies), bodies, chance)
        began = time.perf_counter()
        try:
            found = read(body, "9999900400001.json")
            engine(found)
            tally.failures += [f"mutant {number}: {one}" for one in contradictions(found)]
        except Exception:  # noqa: BLE001 - whatever it is, it is what is looked for
            tally.failures.append(f"mutant {number}: {traceback.format_exc()}")
            continue
        finally:
            tally.slowest_s = max(tally.slowest_s, time.perf_counter() - began)
        tally.mutants += 1
        tally.well_formed += whole
        tally.gave_readings += bool(found.readings)
        tally.sources[found.source or "unknown"] += 1
        if number % 2_000 == 1_999:
            say(f"  {number + 1} mutants, {len(tally.failures)} failures")
    return tally


def main(argv: Sequence[str]) -> int:
    """0 when nothing was found and enough was tried."""
    count, seed = (int(argv[0]) if argv else MUTANTS), (int(argv[1]) if argv[1:] else SEED)
    tally = run(count, seed)
    print(
        f"fuzz-rivers: {tally.mutants} mutants, well-formed {tally.well_formed / tally.mutants:.0%}, "
        f"with readings {tally.gave_readings / tally.mutants:.0%}, slowest {tally.slowest_s * 1000:.0f} ms, "
        f"{len(tally.failures)} failures; by source {dict(tally.sources.most_common())}"
    )
    print("\n".join(tally.failures[:5]))
    assert set(READERS) >= set(tally.sources) - {"unknown"}
    return 0 if tally.holds() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
