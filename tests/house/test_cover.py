"""The tool behind `make cover` can fail: tried on small projects laid out like ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[1] / "cover.py"

BELL = """
from functools import cache

@cache
def strokes(rank: int) -> int:
    if rank > 4:
        rank = 4
    return rank
"""
TOWER = """
from schemas.bell import strokes

def ring(rank: int) -> str:
    return "x" * strokes(rank)
"""
WHOLE_BELL_TEST = """
from schemas.bell import strokes

def test_a_rank_rings_as_often_as_it_is_high():
    assert [strokes(3), strokes(5)] == [3, 4]
"""
HALF_BELL_TEST = WHOLE_BELL_TEST.replace("[strokes(3), strokes(5)] == [3, 4]", "strokes(3) == 3")
FAILING_BELL_TEST = WHOLE_BELL_TEST.replace("[3, 4]", "[3, 5]")
TOWER_TEST = """
from services.ingest.core.tower import ring

def test_the_tower_rings():
    assert [ring(2), ring(3), ring(5)] == ["xx", "xxx", "xxxx"]
"""


def a_project(root: Path, bell_test: str | None) -> Path:
    files = {
        "schemas/__init__.py": "",
        "services/__init__.py": "",
        "services/ingest/__init__.py": "",
        "services/ingest/core/__init__.py": "",
        "schemas/bell.py": BELL,
        "schemas/generate.py": "def never_run(): ...\nif __name__ == '__main__':\n    never_run()\n",
        "services/ingest/core/tower.py": TOWER,
        "services/ingest/app.py": "raise SystemExit('no core: not measured, not imported')\n",
        "tests/unit/ingest/core/test_tower.py": TOWER_TEST,
        "tests/unit/schemas/test_bell.py": bell_test,
    }
    for name, text in files.items():
        if text is not None:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
    return root


@pytest.mark.parametrize(
    ("bell_test", "code", "said"),
    [
        pytest.param(WHOLE_BELL_TEST, 0, "4 of 4 modules at 100 %", id="covered by its own test, cached or not"),
        pytest.param(
            HALF_BELL_TEST, 1, "schemas/bell.py: lines 7", id="a neighbour's test runs the line, its own does not"
        ),
        pytest.param(None, 1, "schemas/bell.py: has no test file tests/unit/schemas/test_bell.py", id="no test file"),
        pytest.param(FAILING_BELL_TEST, 1, "the unit tests did not pass", id="a failing test"),
    ],
)
def test_a_module_counts_what_its_own_test_file_runs(
    tmp_path: Path, bell_test: str | None, code: int, said: str
) -> None:
    command = [sys.executable, str(TOOL), str(a_project(tmp_path, bell_test))]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (answer.returncode, said in answer.stdout) == (code, True), answer.stdout + answer.stderr
