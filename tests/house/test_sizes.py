"""Small enough to read: modules, functions, pages' modules; and tests that use values, not mocks."""

from __future__ import annotations

import ast
import re

import pytest

from tests.house.tree import SOURCE, text, tracked

MODULE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60
JS_MODULE_LINES_MAX = 300
MOCK_LINES_PER_TEST_MAX = 0.1

MOCK = re.compile(r"\b(?:mock|Mock|MagicMock|AsyncMock|patch|monkeypatch|mocker)\b")
CASE = re.compile(r"^\s*(?:async )?def test_", re.MULTILINE)
# Words that say "later" or "trust me"; put together here so that this file is not its own find.
LEFT_OVER = re.compile(r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "pragma: no " + "cover")) + r")\b")


def function_lines(source: str) -> dict[str, int]:
    """Length of each function's body without its docstring, by name."""
    functions = [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    bodies = {one: one.body[1:] if ast.get_docstring(one) is not None else one.body for one in functions}
    return {one.name: (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0 for one, body in bodies.items()}


def too_long(paths: tuple[str, ...], lines_max: int) -> list[str]:
    lengths = {path: len(text(path).splitlines()) for path in paths}
    return [f"{path} has {length} lines" for path, length in lengths.items() if length > lines_max]


def test_the_ruler_measures_bodies_without_docstrings() -> None:
    source = 'class A:\n    async def a(self):\n        """Says.\n\n        More.\n        """\n        x = 1\n        return x\n'
    assert function_lines(source) == {"a": 2}


def test_nobody_waits_in_the_way_that_swallows_a_cancellation() -> None:
    # Python 3.11's `asyncio.wait_for` answers where it is cancelled in the turn its future is done; `asyncio.timeout` does not
    swallows = re.compile(r"\basyncio\.wait" + r"_for\(")
    assert [path for path in tracked(".py", ("services/", "tests/")) if swallows.search(text(path))] == []


def test_no_module_is_longer_than_500_lines() -> None:
    assert too_long(tracked(".py", (*SOURCE, "tests/")), MODULE_LINES_MAX) == []


def test_no_module_of_the_pages_is_longer_than_300_lines() -> None:
    own = tuple(
        path
        for path in tracked(".js", SOURCE)
        if "/vendor/" not in path and not text(path).startswith("// Generated from")
    )
    assert too_long(own, JS_MODULE_LINES_MAX) == []


def test_no_function_is_longer_than_60_lines() -> None:
    lengths = {
        f"{path}: {name}": n for path in tracked(".py", SOURCE) for name, n in function_lines(text(path)).items()
    }
    assert {name: n for name, n in lengths.items() if n > FUNCTION_LINES_MAX} == {}


def test_tests_use_values_and_small_fakes_instead_of_mocks() -> None:
    tests = [text(path) for path in tracked(".py", ("tests/",)) if path != "tests/house/test_sizes.py"]
    mocks = sum(len(MOCK.findall(line)) > 0 for test in tests for line in test.splitlines())
    cases = sum(len(CASE.findall(test)) for test in tests)
    assert mocks <= MOCK_LINES_PER_TEST_MAX * cases


@pytest.mark.parametrize("suffix", [".py", ".js", ".css", ".html", ".sh"])
def test_nothing_is_put_off_or_taken_out_of_measure(suffix: str) -> None:
    paths = (path for path in tracked(suffix) if "/vendor/" not in path)
    assert [path for path in paths if LEFT_OVER.search(text(path))] == []
