"""The machinery behind `make mutants` can fail: tried on a rule of its own, addition that must not mind the order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.invariants import Invariant, Twin, hold
from tests.invariants.mutants import see_it_fail
from tests.mutants import gaps, names_in_tests

type_of_rule = Callable[[int, int], int]
ORDER = Invariant(3, "order does not matter", 3)


def check_order_does_not_matter(rule: type_of_rule) -> None:
    @given(st.integers(), st.integers())
    def check(a: int, b: int) -> None:
        hold(3, rule(a, b) == rule(b, a), f"{a}, {b}")

    check()


async def check_in_tasks(rule: type_of_rule) -> None:
    async def check(a: int, b: int) -> None:
        hold(3, rule(a, b) == rule(b, a), f"{a}, {b}")

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(check(1, 2))
        tasks.create_task(check(2, 1))


def check_in_a_folder(rule: type_of_rule, tmp_path: Path) -> None:
    (tmp_path / "sum").write_text(str(rule(2, 1)))
    hold(3, int((tmp_path / "sum").read_text()) == rule(1, 2), "through a file")


def check_nobody_calls(rule: type_of_rule) -> None:
    hold(3, rule(2, 1) == rule(1, 2), "never")


def addition(a: int, b: int) -> int:
    return a + b


def takes_away(a: int, b: int) -> int:
    return a - b


def divides_by_nothing(a: int, b: int) -> int:
    return (a + b) // 0


def test_the_real_rule_holds() -> None:
    check_order_does_not_matter(addition)
    asyncio.run(check_in_tasks(addition))


@pytest.mark.parametrize("check", [check_order_does_not_matter, check_in_tasks, check_in_a_folder])
def test_a_wrong_rule_is_seen_by_every_kind_of_check(
    check: Callable[..., object], request: pytest.FixtureRequest
) -> None:
    see_it_fail(Twin(3, check, takes_away), request.getfixturevalue)


@pytest.mark.parametrize(
    ("twin", "complaint"),
    [
        (Twin(3, check_order_does_not_matter, addition), "addition: the check of invariant 3 passes on a wrong rule"),
        (Twin(3, check_order_does_not_matter, divides_by_nothing), "divides by nothing: it failed, but not by"),
        (Twin(4, check_in_tasks, takes_away, "minus"), "minus: it failed, but not by the assertion of invariant 4"),
    ],
)
def test_a_twin_that_shows_nothing_is_refused(twin: Twin, complaint: str, request: pytest.FixtureRequest) -> None:
    with pytest.raises(AssertionError, match=complaint):
        see_it_fail(twin, request.getfixturevalue)


@pytest.mark.parametrize(
    ("invariants", "twins", "complaints"),
    [
        ([ORDER], [Twin(3, check_in_tasks, takes_away)], []),
        ([ORDER], [], ["invariant 3 (order does not matter) holds since issue 3 but has no twin"]),
        ([Invariant(3, "later", None)], [], []),
        (
            [ORDER],
            [Twin(3, check_nobody_calls, takes_away)],
            ["takes away: no test runs check_nobody_calls on the real rule"],
        ),
        ([], [Twin(3, check_in_tasks, takes_away)], ["takes away: there is no invariant 3"]),
    ],
)
def test_an_invariant_that_holds_has_a_twin_and_a_test(
    invariants: list[Invariant], twins: list[Twin], complaints: list[str]
) -> None:
    assert list(gaps(invariants, twins)) == complaints


def test_only_test_functions_count_as_callers() -> None:
    source = "def test_it():\n    check_one(fold)\n\nasync def test_that():\n    await check_two(fold)\n\ncheck_three(fold)\n"
    assert {"check_one", "check_two", "check_three"} & names_in_tests(source) == {"check_one", "check_two"}
