"""What git tracks, for the tests of the house. Reads files, decides nothing."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ("schemas/", "services/")


@cache
def tracked(suffix: str = "", under: tuple[str, ...] = ("",)) -> tuple[str, ...]:
    """Paths of tracked files that exist, relative to the root, by how they end and where they lie."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    paths = (path for path in listed.split("\0") if path and path.endswith(suffix) and path.startswith(under))
    return tuple(path for path in paths if (ROOT / path).is_file())


def text(path: str) -> str:
    """The text of a tracked file; empty for one that is not text."""
    try:
        return (ROOT / path).read_text("utf-8")
    except UnicodeDecodeError:
        return ""
