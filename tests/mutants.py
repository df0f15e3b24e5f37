"""`make mutants`: every invariant's check fails when its rule is swapped for a wrong one (see tests/invariants)."""

from __future__ import annotations

import ast
import inspect
import sys
from collections import Counter
from collections.abc import Iterable, Iterator

import pytest

from tests.invariants import INVARIANTS, Invariant, Twin


class Seen:
    """A pytest plugin: counts, for each invariant, the wrong rules that were seen."""

    def __init__(self) -> None:
        self.by_invariant: Counter[int] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            self.by_invariant.update(int(str(number)) for name, number in report.user_properties if name == "invariant")


def names_in_tests(source: str) -> set[str]:
    """The names that the bodies of a module's test functions mention."""
    functions = (
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    tests = (function for function in functions if function.name.startswith("test_"))
    lines = (line for test in tests for line in test.body)
    return {node.id for line in lines for node in ast.walk(line) if isinstance(node, ast.Name)}


def gaps(invariants: Iterable[Invariant], found: Iterable[Twin]) -> Iterator[str]:
    """What is missing: a twin, a test that runs the check on the real rule, or a line in the list."""
    found = list(found)
    known = {one.number for one in invariants}
    covered = {twin.number for twin in found}
    for one in invariants:
        if one.since is not None and one.number not in covered:
            yield f"invariant {one.number} ({one.name}) holds since issue {one.since} but has no twin"
    for twin in found:
        if twin.number not in known:
            yield f"{twin}: there is no invariant {twin.number}"
        module = inspect.getmodule(twin.check)
        if module is None or twin.check.__name__ not in names_in_tests(inspect.getsource(module)):
            yield f"{twin}: no test runs {twin.check.__name__} on the real rule"


def rows(invariants: Iterable[Invariant], found: list[Twin], seen: Counter[int]) -> Iterator[str]:
    """One line an invariant: how many wrong rules there are, how many were seen."""
    total = Counter(twin.number for twin in found)
    for one in invariants:
        state = "later" if one.since is None else f"{seen[one.number]} of {total[one.number]} wrong rules seen"
        yield f"{one.number:3} {one.name:<64} {state}"


def main() -> int:
    """0 when every wrong rule was seen and no invariant lacks its twin."""
    seen = Seen()
    code = int(pytest.main(["tests/invariants/mutants.py", "-q", "-p", "no:cacheprovider"], plugins=[seen]))
    # Not at the top: it imports all tests of invariants, and pytest wants to be first.
    from tests.invariants.mutants import twins

    found = twins()
    missing = list(gaps(INVARIANTS, found))
    print("\n".join([*rows(INVARIANTS, found, seen.by_invariant), *(f"mutants: {gap}" for gap in missing)]))
    return code or bool(missing)


if __name__ == "__main__":
    sys.exit(main())
