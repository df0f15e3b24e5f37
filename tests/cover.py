"""`make cover`: each module of the contract and of every core is covered, all branches, by its own test file.

The rules that decide what people are told live in `schemas/` and in `services/*/core/`. A module there counts only
what the test file at the mirrored place runs (`services/ingest/core/telegram.py` and
`tests/unit/ingest/core/test_telegram.py`), so that its tests describe it whole and a change in a neighbour's tests
cannot uncover it. What importing the module runs counts for everybody.

    python -m tests.cover            the repository
    python tests/cover.py FOLDER     another one of the same layout (tests of this tool)
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from coverage import Coverage

IMPORT = "import"
# A tool that writes files, not a rule; `make lint` runs it.
NOT_MEASURED = frozenset({"schemas/generate.py"})


@dataclass(frozen=True, slots=True)
class Offender:
    """A module that is not covered by its own test file, and what is missing."""

    module: str
    missing: str


def measured(root: Path) -> list[Path]:
    """The modules of the contract and of every core, relative to the root."""
    found = [*root.glob("schemas/**/*.py"), *root.glob("services/*/core/**/*.py")]
    return sorted(path.relative_to(root) for path in found if path.relative_to(root).as_posix() not in NOT_MEASURED)


def own_test(module: Path) -> Path:
    """Where the test file of a module belongs."""
    parts = module.parts if module.parts[0] == "schemas" else module.parts[1:]
    return Path("tests", "unit", *parts[:-1], f"test_{module.name}")


def dotted(module: Path) -> str:
    """The import name of a module's path."""
    return ".".join(module.with_suffix("").parts).removesuffix(".__init__")


class Contexts:
    """A pytest plugin: whatever runs is put down to the test file on whose behalf it runs."""

    def __init__(self, coverage: Coverage, root: Path, modules: list[Path]) -> None:
        self._coverage = coverage
        self._root = root
        self._names = [dotted(module) for module in modules]
        self._path = Path()

    def _switch(self, path: Path) -> None:
        if path != self._path:
            self._path = path
            self._coverage.switch_context(path.relative_to(self._root).as_posix())
            self._forget_cached()

    def _forget_cached(self) -> None:
        """Each test file starts with empty `functools.cache`s, or the first one would take the lines from the rest."""
        for name in self._names:
            for value in vars(sys.modules[name]).values():
                if callable(clear := getattr(value, "cache_clear", None)):
                    clear()

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, object, object]:
        if isinstance(collector, pytest.Module):
            self._switch(collector.path)
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._switch(item.path)
        return (yield)


def run(root: Path, modules: list[Path]) -> tuple[Coverage, int]:
    """Import everything, then run the unit tests; returns what was seen and pytest's exit code."""
    coverage = Coverage(
        data_file=None,
        config_file=str(Path(__file__).parents[1] / "pyproject.toml"),
        include=[str(root / module) for module in modules],
    )
    coverage.start()
    coverage.switch_context(IMPORT)
    for module in modules:
        try:
            importlib.import_module(dotted(module))
        except ImportError as error:
            raise SystemExit(f"cover: {module.as_posix()} cannot be imported: {error}") from None
    contexts = Contexts(coverage, root, modules)
    code = pytest.main(["tests/unit", "-q", "--no-header", "-p", "no:cacheprovider"], plugins=[contexts])
    coverage.stop()
    return coverage, int(code)


def missing(coverage: Coverage, path: Path, contexts: list[str]) -> str:
    """Lines and branches of a module that none of the contexts ran, in words; empty when there are none."""
    coverage.get_data().set_query_contexts([f"^{re.escape(context)}$" for context in contexts])
    _, _, _, lines, formatted = coverage.analysis2(str(path))
    branches = [
        f"{taken} of {exits} ways out of line {line}"
        for line, (exits, taken) in sorted(coverage.branch_stats(str(path)).items())
        if taken < exits and line not in lines
    ]
    return "; ".join([f"lines {formatted}"] * bool(lines) + branches)


def offenders(coverage: Coverage, root: Path, modules: list[Path]) -> Iterator[Offender]:
    """Each module whose own test file leaves something out."""
    for module in modules:
        test = own_test(module)
        has_test = (root / test).is_file()
        left_out = missing(coverage, root / module, [IMPORT, test.as_posix()] if has_test else [IMPORT])
        if module.name == "__init__.py" and not left_out:
            continue
        if not has_test:
            yield Offender(module.as_posix(), f"has no test file {test.as_posix()}")
        elif left_out:
            yield Offender(module.as_posix(), left_out)


def main() -> int:
    """0 when every module is covered, 1 when one is not, pytest's code when a test failed."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1]).resolve()
    os.chdir(root)
    sys.path.insert(0, str(root))
    modules = measured(root)
    coverage, code = run(root, modules)
    if code:
        print("cover: not measured, because the unit tests did not pass")
        return code
    found = list(offenders(coverage, root, modules))
    for one in found:
        print(f"cover: {one.module}: {one.missing}")
    held = len(modules) - len(found)
    print(f"cover: {held} of {len(modules)} modules at 100 % of lines and branches by their own test file")
    return 1 if found or not modules else 0


if __name__ == "__main__":
    sys.exit(main())
