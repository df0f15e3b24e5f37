"""`make fuzz`: wounded JMA telegrams through the reader that the parse consumer calls.

Looked for are exceptions (the reader promises none) and readings that take over a second. At least half of the mutants
are well-formed; how many reached the mapping (were read to an alert) is printed and must be two fifths.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from services.ingest.core.telegram import read_telegram
from services.runtime.cities import deploy_dir, load_table
from tests.fuzz import wounds

ROOT = Path(__file__).parents[2]
OURS = ROOT / "tests" / "fixtures" / "jma"
MUTANTS = 24_000
SEED = 20_260_901
HANG_S = 1.0
WELL_FORMED_MIN, MAPPED_MIN = 0.5, 0.4
SMALL_BYTES = 30_000
LARGE_SHARE = 0.03
"""Of the mutants; the large telegrams are like the small ones, and thirty times as slow."""
TREE_SHARE = 0.75


@dataclass(slots=True)
class Tally:
    """What became of the mutants."""

    mutants: int = 0
    well_formed: int = 0
    mapped: int = 0
    slowest_s: float = 0.0
    slowest: str = ""
    refusals: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def holds(self) -> bool:
        """Whether nothing was found and enough was tried."""
        return (
            not self.failures
            and self.slowest_s < HANG_S
            and self.well_formed >= WELL_FORMED_MIN * self.mutants
            and self.mapped >= MAPPED_MIN * self.mutants
        )


def samples() -> list[tuple[str, bytes]]:
    """The recorded telegrams where they are at hand, and our own."""
    recorded = Path(os.environ.get("HANSHO_SAMPLES", ROOT.parent / "shared" / "samples")) / "jma"
    return [(path.name, path.read_bytes()) for path in sorted((*recorded.glob("*.xml"), *OURS.glob("*.xml")))]


def fuzz(bodies: Sequence[tuple[str, bytes]], mutants: int, seed: int) -> Tally:
    """Wound and read so many."""
    chance, tally, areas = Random(seed), Tally(), load_table(deploy_dir())
    trees = {name: ET.fromstring(body) for name, body in bodies}
    small = [one for one in bodies if len(one[1]) <= SMALL_BYTES]
    others = [trees[name] for name, _ in small]
    for number in range(mutants):
        name, body = chance.choice(bodies if chance.random() < LARGE_SHARE else small)
        if chance.random() < TREE_SHARE:
            mutant = ET.tostring(wounds.of_tree(trees[name], others, chance), encoding="utf-8", xml_declaration=True)
        else:
            mutant = wounds.of_bytes(body, chance)
        called = name if chance.random() < 0.8 else ""
        began = time.process_time()
        try:
            reading = read_telegram(mutant, name=called, source="jma.extra", url="", areas=areas, surfaces=())
        except Exception:  # noqa: BLE001 - that there is none is what is tested
            tally.failures.append(f"mutant {number} of {name}: {traceback.format_exc(limit=-3)}")
            continue
        finally:
            took_s = time.process_time() - began
            if took_s > tally.slowest_s:
                tally.slowest_s, tally.slowest = took_s, f"mutant {number} of {name}"
            tally.mutants += 1
        tally.well_formed += _is_well_formed(mutant)
        tally.mapped += reading.alert is not None
        if reading.alert is None:
            tally.refusals[reading.defects[0].code] += 1
    return tally


def _is_well_formed(body: bytes) -> bool:
    try:
        ET.fromstring(body)
    except (ET.ParseError, ValueError, LookupError):
        return False
    return True


def main(argv: Sequence[str] | None = None) -> int:
    """MUTANTS SEED, both optional."""
    given = list(sys.argv[1:] if argv is None else argv)
    mutants, seed = int(given[0]) if given else MUTANTS, int(given[1]) if len(given) > 1 else SEED
    bodies = samples()
    print(f"fuzz: {mutants} mutants of {len(bodies)} telegrams, seed {seed} …", flush=True)
    tally = fuzz(bodies, mutants, seed)
    print(
        f"fuzz: {tally.mutants} read; {tally.well_formed / tally.mutants:.0%} well-formed, "
        f"{tally.mapped / tally.mutants:.0%} reached the mapping (at least {MAPPED_MIN:.0%}); "
        f"slowest {1000 * tally.slowest_s:.0f} ms ({tally.slowest})"
    )
    print("fuzz: refused:", ", ".join(f"{code} {count}" for code, count in tally.refusals.most_common()))
    for failure in tally.failures[:5]:
        print(f"fuzz: FAILED {failure}")
    print("fuzz: nothing found" if tally.holds() else f"fuzz: {len(tally.failures)} failures; MISSED")
    return 0 if tally.holds() else 1


if __name__ == "__main__":
    sys.exit(main())
