"""Unit tests reach nothing: a test of `schemas/` or a `core/` that opens a connection has left its place."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

_FORBIDDEN = ("socket.connect", "socket.getaddrinfo", "socket.bind", "subprocess.Popen", "os.system")
_watched: list[str] = []


def _refuse(event: str, _: tuple[object, ...]) -> None:
    if _watched and event in _FORBIDDEN:
        raise AssertionError(f"{_watched[-1]} is a unit test and tried {event}")


# An audit hook cannot be taken back, so it looks whether a unit test is under way.
sys.addaudithook(_refuse)


@pytest.fixture(autouse=True)
def _alone(request: pytest.FixtureRequest) -> Iterator[None]:
    _watched.append(request.node.nodeid)
    yield
    _watched.pop()
