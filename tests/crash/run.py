"""`make crash-town`: kill -9 at every point of a warning for 200 devices, at twenty for 5,000 (ARGS="--devices 200 --seed 7").

`make crash-city`: the same of the dispatcher of a city of 200,000, at every kind of step and at thirty points.
`make crash` does both.

Two trials at a time, each with a stand-in for phones of its own. Shows progress; 0 when every trial held.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from tests.crash import city, lives, many
from tests.crash.counting import AFTER, BEFORE, Point
from tests.crash.trial import Phones, Trial, Undisturbed, crash, undisturbed
from tests.e2e.processes import hansho, started

WORKERS = 2
FEW, MANY, CROWD = 200, 5_000, 200_000
"""The whole way to phones at every point and at some; for a whole city the dispatcher alone (`many.py`)."""
SAMPLE, CROWD_SAMPLE = 20, 30
SEED = 20_260_901
UNREACHED_MAX = 0.1
"""How many trials may not get to their point."""
BY_TIME = ("receipts", "push.", "correct.")
"""What is appended and committed as often as time makes it: receipts, and who follows them. Of these half may be missed."""
BY_TIME_UNREACHED_MAX = 0.5

_open = ExitStack()
_phones: list[Phones] = []


def main(argv: Sequence[str] | None = None) -> int:
    """Run what is asked for."""
    options = _options(argv)
    began = time.monotonic()
    held = True
    for devices, sample in ((FEW, None), (MANY, SAMPLE)):
        if options.devices in {0, devices}:
            held = trials(devices, options.seed, sample) and held
    if options.devices == CROWD:
        held = crowd_trials(options.seed) and held
    print(f"crash: {'held' if held else 'DID NOT HOLD'}, {time.monotonic() - began:.0f} s", flush=True)
    return 0 if held else 1


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make crash")
    parser.add_argument("--devices", type=int, choices=(0, FEW, MANY, CROWD), default=0, help="0: the two smaller runs")
    parser.add_argument("--seed", type=int, default=SEED, help="which points of the larger runs")
    return parser.parse_args(argv)


def trials(devices: int, seed: int, sample: int | None) -> bool:
    """All trials with so many devices; whether all held."""
    with tempfile.TemporaryDirectory(prefix="hansho-crash-") as folder:
        settled = Path(folder) / "settled.db"
        with ProcessPoolExecutor(WORKERS, get_context("spawn"), initializer=_begin) as pool:
            calm = pool.submit(_calm, settled, devices).result()
            points = chosen(calm.points, seed, sample)
            print(f"crash: {devices} devices, {len(calm.points) // 2} points, {len(points)} of them tried", flush=True)
            running = [pool.submit(_try, settled, devices, point, calm) for point in points]
            results = [
                _shown(done.result(), number, len(points)) for number, done in enumerate(as_completed(running), 1)
            ]
    unreached = [one for one in results if not one.reached]
    faulty = [one for one in results if one.faults]
    worst = max(results, key=lambda one: one.repeats)
    print(
        f"crash: {devices} devices: {len(faulty)} of {len(results)} trials did not hold; "
        f"{len(unreached)} points were not reached; at most {worst.repeats} repeats ({worst.repeats_max} allowed there)",
        flush=True,
    )
    return not faulty and were_reached(results)


def crowd_trials(seed: int) -> bool:
    """The dispatcher alone, with a whole city; whether all trials held."""
    # a process that forks must have no threads, also none that wait for matrices
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory(prefix="hansho-crash-") as folder:
        settled = Path(folder) / "settled.db"
        with ProcessPoolExecutor(WORKERS, get_context("spawn"), initializer=_quiet) as pool:
            calm = pool.submit(_crowd_calm, settled).result()
            points = many.chosen(calm.points, seed, CROWD_SAMPLE)
            print(f"crash: {CROWD} devices, {len(calm.points) // 2} points, {len(points)} of them tried", flush=True)
            running = [pool.submit(_crowd_try, settled, point, calm) for point in points]
            results = [_shown(done.result(), n, len(points)) for n, done in enumerate(as_completed(running), 1)]
    faulty = [one for one in results if one.faults]
    unreached = [one for one in results if not one.reached]
    print(
        f"crash: {CROWD} devices: {len(faulty)} of {len(results)} trials did not hold; "
        f"{len(unreached)} points were not reached; {len(calm.told)} devices told",
        flush=True,
    )
    return not faulty and were_reached(results) and bool(calm.told)


def were_reached(results: Sequence[Trial]) -> bool:
    """Whether enough trials got to their points for the run to mean what it says."""
    for by_time, most in ((False, UNREACHED_MAX), (True, BY_TIME_UNREACHED_MAX)):
        those = [one for one in results if one.point.what.startswith(BY_TIME) is by_time]
        missed = Counter(one.point.what for one in those if not one.reached)
        if missed.total() > most * len(those):
            print(f"crash: of {len(those)} points not reached: {dict(missed)}", flush=True)
            return False
    return True


def chosen(points: Iterable[Point], seed: int, sample: int | None) -> list[Point]:
    """Every append and commit, each before or after in turn; or so many of them by chance."""
    counted = list(dict.fromkeys((point.what, point.nth) for point in points))
    turns = [Point(what, nth, (BEFORE, AFTER)[place % 2]) for place, (what, nth) in enumerate(counted)]
    return turns if sample is None else random.Random(seed).sample(turns, min(sample, len(turns)))


def _shown(trial: Trial, number: int, of: int) -> Trial:
    for fault in trial.faults:
        print(f"crash: {trial.point}: {fault}", flush=True)
    if number % 20 == 0 or number == of:
        print(f"crash: {number} of {of}", flush=True)
    return trial


# --- in the workers ---


def _begin() -> None:
    """Give the worker a stand-in for phones of its own."""
    logging.getLogger("hansho").addHandler(logging.NullHandler())  # what is made up after a crash is no news here
    program = _open.enter_context(started(*hansho("phones")))
    _phones.append(Phones(program.line_with(r"phones (http://\S+)")[1]))


def _quiet() -> None:
    logging.getLogger("hansho").addHandler(logging.NullHandler())


def _crowd_calm(settled: Path) -> many.Calm:
    who = many.crowd(CROWD)
    many.settle(settled, who)
    return many.calm(settled, who)


def _crowd_try(settled: Path, point: Point, calm: many.Calm) -> Trial:
    return many.crash(settled, many.crowd(CROWD), point, calm)


def _calm(settled: Path, devices: int) -> Undisturbed:
    who = city.people(devices)
    lives.on(settled, partial(city.settle, who=who))
    return undisturbed(settled, who, _phones[0])


def _try(settled: Path, devices: int, point: Point, calm: Undisturbed) -> Trial:
    return crash(settled, city.people(devices), _phones[0], point, calm)


if __name__ == "__main__":
    sys.exit(main())
