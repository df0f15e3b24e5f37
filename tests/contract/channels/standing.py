"""The stand-in for FCM as the process it is, for tests of channels and workers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class StandIn:
    """Where it listens, and what it was given."""

    url: str
    process: subprocess.Popen[str]

    def received(self, after: int = 0) -> list[dict[str, Any]]:
        """What was accepted, oldest first."""
        with urlopen(f"{self.url}/v1/received?after={after}", timeout=5) as response:
            found: list[dict[str, Any]] = json.load(response)
            return found

    def addresses(self) -> list[str]:
        """Whom it accepted a message for, in order."""
        return [str(line["address"]) for line in self.received()]


@contextmanager
def stand_in(*arguments: str) -> Iterator[StandIn]:
    """A stand-in of our own."""
    command = (sys.executable, "-m", "services", "phones", *arguments)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            word, url = process.stdout.readline().split()
            assert word == "phones"
            yield StandIn(url, process)
        finally:
            process.kill()
