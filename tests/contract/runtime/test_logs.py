from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from services.runtime import logs


@pytest.fixture(autouse=True)
def _loggers_as_they_were() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("hansho")
    handlers, levels = root.handlers[:], (root.level, ours.level)
    yield
    for handler in root.handlers[:]:
        if handler not in handlers:
            root.removeHandler(handler)
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


def test_an_event_is_one_json_line_with_its_fields(tmp_path: Path) -> None:
    logs.configure(path=str(tmp_path / "log"))
    logs.get("ingest").event("telegram.read", stream="s", name="n")
    logs.get("ingest").error("feed.stale", code="E3201", hint="look")
    first, second = (orjson.loads(line) for line in (tmp_path / "log").read_bytes().splitlines())
    assert (first["part"], first["event"], first["stream"], first["name"]) == ("ingest", "telegram.read", "s", "n")
    assert (second["severity"], second["hint"]) == ("error", "look")


def test_a_long_value_is_cut(tmp_path: Path) -> None:
    logs.configure(path=str(tmp_path / "log"))
    logs.get("ingest").warning("telegram.odd", body="x" * 100_000)
    assert len((tmp_path / "log").read_bytes()) < logs.TEXT_MAX + 500


def test_a_library_speaks_only_when_something_is_wrong(tmp_path: Path) -> None:
    logs.configure(path=str(tmp_path / "log"))
    logging.getLogger("httpx").info("GET …")
    assert (tmp_path / "log").read_bytes() == b""
