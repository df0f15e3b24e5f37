"""`make fuzz`: wounded CAP and L-Alert messages through the readers that the parse consumer calls.

Looked for are exceptions (the readers promise none) and readings that take over a second. At least half of the mutants are
well-formed; how many reached the mapping (were made an alert of) is printed and must be two fifths.
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
import traceback
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from schemas.codec import encode
from services.ingest.core.cap.chains import Chains, snapshots
from services.ingest.core.cap.documents import read_document
from services.ingest.core.cap.feeds import read_listing
from services.ingest.core.cap.places import Places, places
from services.ingest.core.cap.printed import CapFiles
from services.ingest.core.cap.reading import read_message
from services.ingest.core.defect import Defect
from services.runtime.cities import deploy_dir, load_table
from tests.fuzz import wounds

ROOT = Path(__file__).parents[2]
OURS = ROOT / "tests" / "fixtures" / "cap"
MUTANTS = 20_000
SEED = 20_260_901
HANG_S = 1.0
WELL_FORMED_MIN, MAPPED_MIN = 0.5, 0.4
SMALL_BYTES = 12_000
LARGE_SHARE = 0.03
"""Of the mutants; the large messages are like the small ones, and ten times as slow."""
TREE_SHARE = 0.75
NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


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
    """The recorded messages where they are at hand, and our own."""
    recorded = Path(os.environ.get("HANSHO_SAMPLES", ROOT.parent / "shared" / "samples")) / "cap"
    files = sorted(path for path in (*recorded.glob("*.*"), *OURS.iterdir()) if path.suffix not in {".md", ".rss"})
    return [(path.name, body) for path in files if is_whole(body := path.read_bytes())]


def is_whole(body: bytes) -> bool:
    """Whether it is well-formed XML, as a tree can be made of, or JSON."""
    try:
        if body.lstrip()[:1] in {b"{", b"["}:
            json.loads(body)
        elif b"<!DOCTYPE" in body:
            return False
        else:
            ET.parse(io.BytesIO(body))
    except (ET.ParseError, ValueError, LookupError, RecursionError):
        return False
    return True


def fuzz(bodies: Sequence[tuple[str, bytes]], mutants: int, seed: int) -> Tally:
    """Wound and read so many."""
    chance, tally, where = Random(seed), Tally(), places(load_table(deploy_dir()))
    trees = {name: ET.fromstring(body) for name, body in bodies if body.lstrip()[:1] == b"<"}
    small = [one for one in bodies if len(one[1]) <= SMALL_BYTES] or list(bodies)
    others = list(trees.values())
    for number in range(mutants):
        name, body = chance.choice(bodies if chance.random() < LARGE_SHARE else small)
        mutant = wounded(name, body, trees, others, chance)
        began = time.process_time()
        try:
            mapped, refusal = read(mutant, where)
        except Exception:  # noqa: BLE001 - that there is none is what is tested
            tally.failures.append(f"mutant {number} of {name}: {traceback.format_exc(limit=-3)}")
            continue
        finally:
            took_s = time.process_time() - began
            if took_s > tally.slowest_s:
                tally.slowest_s, tally.slowest = took_s, f"mutant {number} of {name}"
            tally.mutants += 1
        tally.well_formed += is_whole(mutant)
        tally.mapped += mapped
        tally.refusals[refusal] += 1
    return tally


def wounded(name: str, body: bytes, trees: dict[str, ET.Element], others: list[ET.Element], chance: Random) -> bytes:
    """A mutant of a message."""
    if chance.random() >= TREE_SHARE:
        return wounds.of_bytes(body, chance)
    if name not in trees:
        return json.dumps(of_json(json.loads(body), chance), ensure_ascii=False).encode("utf-8", "replace")
    mutant: bytes = ET.tostring(wounds.of_tree(trees[name], others, chance), encoding="utf-8", xml_declaration=True)
    return mutant


def of_json(value: Any, chance: Random) -> Any:
    """The value with one of its parts gone, doubled or another."""
    if isinstance(value, dict) and value:
        key = chance.choice(sorted(value))
        if chance.random() < 0.15:
            return {name: part for name, part in value.items() if name != key}
        return {**value, key: of_json(value[key], chance)}
    if isinstance(value, list) and value:
        at = chance.randrange(len(value))
        if chance.random() < 0.2:
            return [*value[:at], *value[at + 1 :], *value[:at]]
        return [*value[:at], of_json(value[at], chance), *value[at + 1 :]]
    return chance.choice((*wounds.WORDS, None, 7, -1e308, [], {}, True, ["x"]))


def read(mutant: bytes, where: Places) -> tuple[bool, str]:
    """Read a mutant by every way there is to read one; whether an alert was made of it, and what it was refused for."""
    listing = read_listing(mutant)
    if not isinstance(listing, Defect):
        list(CapFiles(where).listed(listing))
    found = read_document(mutant)
    if isinstance(found, Defect):
        return False, str(found.code)
    chains, mapped, why = Chains(), False, "no message"
    for message in found:
        reading = read_message(message, source="cap.fuzz", url="", where=where, surfaces=())
        why = reading.ignored or "used"
        if reading.alert is not None:
            mapped = True
            encode(reading.alert)
            for whole in snapshots(chains.add(reading.alert, NOW)):
                encode(whole)
    return mapped, why


def main(argv: Sequence[str] | None = None) -> int:
    """MUTANTS SEED, both optional."""
    given = list(sys.argv[1:] if argv is None else argv)
    mutants, seed = int(given[0]) if given else MUTANTS, int(given[1]) if len(given) > 1 else SEED
    bodies = samples()
    print(f"fuzz: {mutants} mutants of {len(bodies)} CAP and L-Alert files, seed {seed} …", flush=True)
    tally = fuzz(bodies, mutants, seed)
    print(
        f"fuzz: {tally.mutants} read; {tally.well_formed / tally.mutants:.0%} well-formed, "
        f"{tally.mapped / tally.mutants:.0%} reached the mapping (at least {MAPPED_MIN:.0%}); "
        f"slowest {1000 * tally.slowest_s:.0f} ms ({tally.slowest})"
    )
    print("fuzz: became:", ", ".join(f"{why} {count}" for why, count in tally.refusals.most_common()))
    for failure in tally.failures[:5]:
        print(f"fuzz: FAILED {failure}")
    print("fuzz: nothing found" if tally.holds() else f"fuzz: {len(tally.failures)} failures; MISSED")
    return 0 if tally.holds() else 1


if __name__ == "__main__":
    sys.exit(main())
