from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench import run
from tests.bench.result import Result, keep, percentile, table

ONE = Result(name="chain.one", work="one phone", value=70, unit="ms", peer=10, ratio=7, goal="≤ 100 ms", holds=True)


@pytest.mark.parametrize(("share", "value"), [(0.5, 2), (0.99, 4), (0.25, 1), (0, 1)])
def test_a_percentile_is_a_value_that_was_measured(share: float, value: float) -> None:
    assert percentile([3, 1, 4, 2], share) == value


def test_a_missed_goal_is_seen_in_the_table() -> None:
    missed = Result(name="chain.last", work="the last", value=9, unit="s", goal="≤ 5 s", holds=False)
    assert "≤ 100 ms (holds)" in table([ONE, missed])
    assert "≤ 5 s (MISSED)" in table([ONE, missed])


def test_results_of_other_benches_stay_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "var" / "bench.json"
    other = Result(name="log.append", work="append", value=1, unit="ms")
    keep([ONE, other], path)
    keep([Result(name="chain.one", work="one phone", value=80, unit="ms")], path)
    kept = {one["name"]: one for one in json.loads(path.read_text("utf-8"))}
    assert (kept["chain.one"]["value"], kept["log.append"]["value"]) == (80, 1)
    assert set(kept["log.append"]) == {"name", "value", "unit", "peer", "ratio", "spread", "goal", "holds"}


def test_a_bench_that_is_none_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["speed"]) == 2
    assert f"there is no speed; there are {', '.join(run.BENCHES)}" in capsys.readouterr().out
