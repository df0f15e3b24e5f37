from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemas import codec
from schemas.examples import EXAMPLES
from tests.factories import EVENING

GOLDEN = Path(__file__).parents[3] / "schemas" / "json" / "examples"


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_golden_file_reads_back_as_its_example(name: str) -> None:
    example = EXAMPLES[name]
    head = codec.headers(example, id=name, source="test", at=EVENING)
    assert codec.decode(head, (GOLDEN / f"{name}.json").read_bytes()) == example


def test_every_kind_has_an_example() -> None:
    assert {name.partition("-")[0] for name in EXAMPLES} == set(codec.KINDS)


def test_examples_are_written_as_they_are_sent() -> None:
    for name, example in EXAMPLES.items():
        assert json.loads(codec.encode(example)) == json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))
