"""The full comparison, for `make crash-city`, a smaller one for `make crash`: 0 when both told everybody the same."""

from __future__ import annotations

import sys
import time

from tests.oracle.play import play

SHOWN_MAX = 10


def main() -> int:
    """Play and say what was compared."""
    bulletins, devices, seed = (*map(int, sys.argv[1:]), *(1_000, 50_000, 7)[len(sys.argv) - 1 :])
    began = time.monotonic()

    def say(number: int) -> None:
        if number % 50 == 0:
            print(f"oracle: {number} of {bulletins} bulletins, {time.monotonic() - began:.0f} s", flush=True)

    result = play(bulletins, devices, seed, say)
    told = ", ".join(f"{number} {change}" for change, number in sorted(result.changes.items()))
    print(f"oracle: {result.bulletins} bulletins, {devices} devices, {result.messages} messages ({told})")
    print(f"oracle: {len(result.mismatches)} mismatches in {time.monotonic() - began:.0f} s")
    print("\n".join(result.mismatches[:SHOWN_MAX]))
    return 1 if result.mismatches or not result.messages else 0


if __name__ == "__main__":
    sys.exit(main())
