"""Real processes for end-to-end tests: started as a person starts them, ended by pid, never left behind."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import websockets

ROOT = Path(__file__).parents[2]
READY_S = 60.0
STOP_S = 10.0


@dataclass
class Program:
    """A program whose lines are read as they come."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def line_with(self, pattern: str) -> re.Match[str]:
        """Read on until a line matches; fails with everything the program said when it ends first."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if found := re.search(pattern, line):
                return found
        raise AssertionError(f"it ended with {self.process.wait()} and said:\n" + "".join(self.lines))

    def kill(self) -> None:
        """kill -9: nobody gets to tidy up."""
        self.process.kill()
        self.process.wait(STOP_S)

    def stop(self, number: int = signal.SIGINT) -> int:
        """Ask it to stop as Ctrl-C does, and answer its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(STOP_S)


@contextmanager
def started(*command: str, environment: Mapping[str, str] | None = None) -> Iterator[Program]:
    """Run a command for the length of a test."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("HANSHO_")}
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**variables, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    program = Program(process)
    try:
        yield program
    finally:
        # the whole group: `make` has children of its own
        for number in (signal.SIGINT, signal.SIGKILL):
            if process.poll() is None:
                os.killpg(process.pid, number)
                try:
                    process.wait(STOP_S)
                except subprocess.TimeoutExpired:
                    continue
        if process.stdout is not None:
            process.stdout.close()


def hansho(*arguments: str) -> tuple[str, ...]:
    """The command line of `hansho` in this environment."""
    return (sys.executable, "-m", "services", *arguments)


@contextmanager
def running(*arguments: str) -> Iterator[tuple[Program, str]]:
    """`hansho run` on a free port, and its base URL once it is ready."""
    with started(*hansho("run", "--port", "0", *arguments)) as program:
        base = program.line_with(r"sign +(http://\S+)/sign")[1]
        yield program, base


Frame = dict[str, Any]


@asynccontextmanager
async def the_stream(base: str, *, kind: str = "sign") -> AsyncIterator[AsyncIterator[Frame]]:
    """The frames that a sign gets."""
    async with websockets.connect(base.replace("http", "ws", 1) + "/v1/stream", max_size=None) as socket:
        await socket.send(json.dumps({"type": "hello", "v": 1, "client": "test", "kind": kind, "resume": None}))

        async def frames() -> AsyncIterator[Frame]:
            async for message in socket:
                yield json.loads(message)

        yield frames()


async def the_situation(base: str) -> dict[str, Frame]:
    """A fresh snapshot: stream id → its state."""
    async with asyncio.timeout(20), the_stream(base) as frames:
        async for frame in frames:
            if frame["type"] == "snapshot":
                return {stream["stream"]: stream for stream in frame["streams"]}
    raise AssertionError("the stream ended before its snapshot")
