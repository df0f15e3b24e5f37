"""`make fuzz`: wounded JMA telegrams through the reader that the parse consumer calls.

Looked for are exceptions (the reader promises none) and readings that take over a second. At least half of the mutants
are well-formed; how many reached the mapping (were read to an alert) is printed and must be two fifths.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from functools import partial
from random import Random

from services.ingest.core.telegram import read_telegram
from services.runtime.cities import deploy_dir, load_table
from tests.fuzz import wounds
from tests.fuzz.tally import LARGE_SHARE, ROOT, TREE_SHARE, Tally, command, recorded

OURS = ROOT / "tests" / "fixtures" / "jma"
MUTANTS = 24_000
SMALL_BYTES = 30_000


def samples() -> list[tuple[str, bytes]]:
    """The recorded telegrams where they are at hand, and our own."""
    return [(path.name, path.read_bytes()) for path in sorted((*recorded("jma").glob("*.xml"), *OURS.glob("*.xml")))]


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
        read = partial(read_telegram, mutant, name=called, source="jma.extra", url="", areas=areas, surfaces=())
        reading = tally.tried(f"mutant {number} of {name}", read)
        if reading is None:
            continue
        tally.well_formed += _is_well_formed(mutant)
        tally.mapped += reading.alert is not None
        if reading.alert is None:
            tally.became[reading.defects[0].code] += 1
    return tally


def _is_well_formed(body: bytes) -> bool:
    try:
        ET.fromstring(body)
    except (ET.ParseError, ValueError, LookupError):
        return False
    return True


def main(argv: Sequence[str] | None = None) -> int:
    """MUTANTS SEED, both optional."""
    return command(argv, "telegrams", samples(), fuzz, MUTANTS)


if __name__ == "__main__":
    sys.exit(main())
