"""`make bench` (ONLY=chain): measure, print a line a figure, keep them in var/bench.json. 1 when a goal was missed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence

from tests.bench import chain, city, ingest, lanes, matching, rate
from tests.bench.result import Result, keep, table

BENCHES: dict[str, Callable[[], Iterable[Result]]] = {
    "chain": chain.measured,
    "city": city.measured,
    "ingest": ingest.measured,
    "lanes": lanes.measured,
    "matching": matching.measured,
    "rate": rate.measured,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what is named, or everything."""
    named = list(sys.argv[1:] if argv is None else argv) or list(BENCHES)
    unknown = [name for name in named if name not in BENCHES]
    if unknown:
        print(f"bench: there is no {', '.join(unknown)}; there are {', '.join(BENCHES)}")
        return 2
    results: list[Result] = []
    for name in named:
        print(f"bench: {name} …", flush=True)
        results += BENCHES[name]()
    keep(results)
    print(table(results))
    return 1 if any(one.holds is False for one in results) else 0


if __name__ == "__main__":
    sys.exit(main())
