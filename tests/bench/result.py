"""What a measurement says, how it is printed, and how it is kept in `var/bench.json`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from statistics import median

FILE = Path("var/bench.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One figure. `peer`: the same work as others do it, in the same unit; `spread`: lowest to highest of all runs."""

    name: str
    work: str
    value: float
    unit: str
    peer: float | None = None
    ratio: float | None = None
    spread: str = ""
    goal: str = ""
    holds: bool | None = None


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of all is not above (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def spread(values: Sequence[float]) -> str:
    """From the lowest to the highest, and how many."""
    return f"{min(values):.0f}-{max(values):.0f} of {len(values)}"


def middle(values: Sequence[float]) -> float:
    """The median."""
    return float(median(values))


def table(results: Iterable[Result]) -> str:
    """A line each: work, ours, peer, ratio, spread, goal."""
    rows = [("work", "ours", "peer", "ratio", "spread", "goal")]
    rows += [
        (
            f"{one.name}: {one.work}",
            f"{_figure(one.value)} {one.unit}",
            "" if one.peer is None else f"{_figure(one.peer)} {one.unit}",
            "" if one.ratio is None else _figure(one.ratio),
            one.spread,
            one.goal + ("" if one.holds is None else " (holds)" if one.holds else " (MISSED)"),
        )
        for one in results
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def _figure(value: float) -> str:
    """Three digits at the least; no more than a thousandth."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def keep(results: Iterable[Result], path: Path = FILE) -> None:
    """Put the results into the file; those of other benches stay."""
    kept = {one["name"]: one for one in json.loads(path.read_text("utf-8"))} if path.exists() else {}
    kept |= {one.name: {name: value for name, value in asdict(one).items() if name != "work"} for one in results}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(list(kept.values()), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
