"""The broker that `make test-kafka` started; without one these tests do not run, and `make test-kafka` fails."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kafka.brokers import Brokers, brokers

SERVERS = os.environ.get("HANSHO_TEST_KAFKA", "")
pytestmark = pytest.mark.timeout(180)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`make test` has no broker and says so; `make test-kafka` gives one."""
    here = str(Path(__file__).parent)
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.timeout(240))
            if not SERVERS:
                item.add_marker(pytest.mark.skip(reason="needs a real Kafka: `make test-kafka` starts one"))


@pytest.fixture
def log(request: pytest.FixtureRequest) -> str:
    """The address of a log of this test's own."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[:40]
    return f"kafka://{SERVERS}/{name}-{os.getpid()}"


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Brokers]:
    """A broker of this test's own, to be killed."""
    with brokers(tmp_path / "kafka") as made:
        yield made


@pytest.fixture
def three_brokers(tmp_path: Path) -> Iterator[Brokers]:
    """Three nodes of this test's own."""
    with brokers(tmp_path / "kafka", nodes=3) as made:
        yield made
