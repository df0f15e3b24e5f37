"""`make fuzz`: wounded CAP and L-Alert messages through the readers that the parse consumer calls.

Looked for are exceptions (the readers promise none) and readings that take over a second. At least half of the mutants are
well-formed; how many reached the mapping (were made an alert of) is printed and must be two fifths.
"""

from __future__ import annotations

import io
import json
import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
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
from tests.fuzz.tally import LARGE_SHARE, ROOT, TREE_SHARE, Tally, command, recorded

OURS = ROOT / "tests" / "fixtures" / "cap"
MUTANTS = 20_000
SMALL_BYTES = 12_000
NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


def samples() -> list[tuple[str, bytes]]:
    """The recorded messages where they are at hand, and our own."""
    files = sorted(
        path for path in (*recorded("cap").glob("*.*"), *OURS.iterdir()) if path.suffix not in {".md", ".rss"}
    )
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
        result = tally.tried(f"mutant {number} of {name}", partial(read, mutant, where))
        if result is None:
            continue
        mapped, refusal = result
        tally.well_formed += is_whole(mutant)
        tally.mapped += mapped
        tally.became[refusal] += 1
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
    return command(argv, "CAP and L-Alert files", samples(), fuzz, MUTANTS)


if __name__ == "__main__":
    sys.exit(main())
