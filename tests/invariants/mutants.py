"""Runs every twin; collected by `make mutants` only, because its name does not begin with `test_`."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from tests.invariants import InvariantBroken, Twin


def twins() -> list[Twin]:
    """The `TWINS` of every test module of this folder."""
    modules = (
        import_module(f"tests.invariants.{path.stem}") for path in sorted(Path(__file__).parent.glob("test_*.py"))
    )
    return [twin for module in modules for twin in getattr(module, "TWINS", ())]


def broken_by(error: BaseException) -> set[int | None]:
    """The numbers of the invariants an error reports; None stands for any other failure."""
    if isinstance(error, BaseExceptionGroup):
        return {number for one in error.exceptions for number in broken_by(one)}
    return {error.number if isinstance(error, InvariantBroken) else None}


def see_it_fail(twin: Twin, fixture: Callable[[str], object]) -> None:
    """Run the check on the wrong rule; raises unless the invariant's own assertion is what stops it."""
    wanted = list(inspect.signature(twin.check).parameters)[1:]
    try:
        result = twin.check(twin.rule, **{name: fixture(name) for name in wanted})
        if inspect.iscoroutine(result):
            asyncio.run(result)
    except Exception as error:
        if broken_by(error) == {twin.number}:
            return
        raise AssertionError(f"{twin}: it failed, but not by the assertion of invariant {twin.number}") from error
    raise AssertionError(f"{twin}: the check of invariant {twin.number} passes on a wrong rule, so it can see nothing")


@pytest.mark.parametrize("twin", twins(), ids=lambda twin: f"{twin}: {twin.check.__name__}")
def test_a_wrong_rule_is_seen(
    twin: Twin, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> None:
    record_property("invariant", twin.number)
    see_it_fail(twin, request.getfixturevalue)
