"""What every fuzz run counts, and the command around it."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).parents[2]
SEED = 20_260_901
HANG_S = 1.0
WELL_FORMED_MIN, MAPPED_MIN = 0.5, 0.4
LARGE_SHARE = 0.03
"""Of the mutants; large messages are like the small ones, and ten to thirty times as slow."""
TREE_SHARE = 0.75

_Read = TypeVar("_Read")
Named = Sequence[tuple[str, bytes]]


@dataclass(slots=True)
class Tally:
    """What became of the mutants."""

    mutants: int = 0
    well_formed: int = 0
    mapped: int = 0
    slowest_s: float = 0.0
    slowest: str = ""
    became: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def tried(self, name: str, read: Callable[[], _Read]) -> _Read | None:
        """Read one mutant, timed; None where that raised, which is a failure."""
        began = time.process_time()
        try:
            return read()
        except Exception:  # noqa: BLE001 - that there is none is what is tested
            self.failures.append(f"{name}: {traceback.format_exc(limit=-3)}")
            return None
        finally:
            took_s = time.process_time() - began
            if took_s > self.slowest_s:
                self.slowest_s, self.slowest = took_s, name
            self.mutants += 1

    def holds(self) -> bool:
        """Whether nothing was found and enough was tried."""
        return (
            not self.failures
            and self.slowest_s < HANG_S
            and self.well_formed >= WELL_FORMED_MIN * self.mutants
            and self.mapped >= MAPPED_MIN * self.mutants
        )


def recorded(kind: str) -> Path:
    """The folder of recorded samples of a kind, which may not be at hand."""
    return Path(os.environ.get("HANSHO_SAMPLES", ROOT.parent / "shared" / "samples")) / kind


def command(
    argv: Sequence[str] | None, what: str, bodies: Named, fuzz: Callable[[Named, int, int], Tally], mutants: int
) -> int:
    """Run with `MUTANTS SEED`, both optional, and print what came of it; 0 when nothing was found."""
    given = list(sys.argv[1:] if argv is None else argv)
    count, seed = int(given[0]) if given else mutants, int(given[1]) if len(given) > 1 else SEED
    print(f"fuzz: {count} mutants of {len(bodies)} {what}, seed {seed} …", flush=True)
    tally = fuzz(bodies, count, seed)
    print(
        f"fuzz: {tally.mutants} read; {tally.well_formed / tally.mutants:.0%} well-formed, "
        f"{tally.mapped / tally.mutants:.0%} reached the mapping (at least {MAPPED_MIN:.0%}); "
        f"slowest {1000 * tally.slowest_s:.0f} ms ({tally.slowest})"
    )
    print("fuzz: became:", ", ".join(f"{why} {number}" for why, number in tally.became.most_common()))
    for failure in tally.failures[:5]:
        print(f"fuzz: FAILED {failure}")
    print("fuzz: nothing found" if tally.holds() else f"fuzz: {len(tally.failures)} failures; MISSED")
    return 0 if tally.holds() else 1
