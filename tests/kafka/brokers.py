"""Apache Kafka for tests: deploy/kafka-local/kafka.py as a process of its own, told by a line when to kill which node."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
STOP_S = 30.0


@dataclass(slots=True)
class Brokers:
    """The nodes of one cluster, 1 to n, and where clients begin."""

    process: subprocess.Popen[str]
    servers: str = ""

    def url(self, prefix: str) -> str:
        """The address of a log there."""
        return f"kafka://{self.servers}/{prefix}"

    def address(self, node: int) -> str:
        """HOST:PORT of one node."""
        return self.servers.split(",")[node - 1]

    def tell(self, order: str) -> None:
        """`kill N`, `stop N` or `start N`; returns when it is done."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{order}\n")
        self.process.stdin.flush()
        done = {"kill": "killed", "stop": "stopped", "start": "ready"}[order.split(maxsplit=1)[0]]
        self._line(done)

    def _line(self, word: str) -> str:
        assert self.process.stdout is not None
        said: list[str] = []
        for line in self.process.stdout:
            if line.startswith(f"{word} "):
                return line.strip()
            said.append(line)
        raise AssertionError(f"Kafka ended with {self.process.wait()} and said:\n" + "".join(said))


@contextmanager
def brokers(data: Path, *, nodes: int = 1, port: int = 0, advertised: int = 0) -> Iterator[Brokers]:
    """A running cluster; everything of it is gone at the end. `advertised`: the port of a proxy before its one node."""
    script = str(ROOT / "deploy" / "kafka-local" / "kafka.py")
    command = [sys.executable, script, "--nodes", str(nodes), "--data", str(data), "--control"]
    command += ["--port", str(port), "--advertised", str(advertised)]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    made = Brokers(process)
    try:
        made.servers = made._line("kafka").removeprefix("kafka ")
        yield made
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.terminate()
            process.wait(STOP_S)
        assert process.stdout is not None
        process.stdout.close()
