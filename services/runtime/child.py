"""A child process of ours: started, heard until it says where it listens, watched, ended with us."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from services.runtime import logs
from services.runtime.clock import Clock
from services.runtime.errors import HanshoError

START_LIMIT_S = 20.0
STOP_LIMIT_S = 2.0
RESTART_AFTER_S = 1.0

_log = logs.get("runtime")


class ChildFailed(HanshoError):
    """A process of ours did not come up."""

    code: ClassVar[str] = "E6004"


@dataclass(slots=True)
class OwnProcess:
    """A program of ours beside the services (`hansho COMMAND`), restarted on its port when it dies.

    The feed server: the storm of the demo and the canary. The stand-in for phones: what the demo's pushes reach.
    """

    command: str
    arguments: Sequence[str]
    clock: Clock
    base_url: str = ""
    process: asyncio.subprocess.Process | None = None

    async def start(self, port: int = 0) -> str:
        """Start it and answer its base URL; raises `ChildFailed` when it does not say one in time."""
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "services", self.command, "--port", str(port), "--parent", str(os.getpid()), *self.arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            # Ctrl-C is for us: we end it, last, so that nothing here takes its end for a fault
            start_new_session=True,
        )
        assert self.process.stdout is not None
        try:
            async with asyncio.timeout(START_LIMIT_S):
                line = await self.process.stdout.readline()
        except TimeoutError:
            line = b""
        word, _, url = line.decode("utf-8", "replace").strip().partition(" ")
        if word != self.command or not url.startswith("http://"):
            await self.stop()
            msg = f"{self.command} did not start (it said {line!r}): run `hansho {self.command}` by itself to see why"
            raise ChildFailed(msg)
        self.base_url = url
        return url

    async def run(self) -> None:
        """Watch it until cancelled; when it dies, start it again on its port so that its address stays true."""
        try:
            while True:
                assert self.process is not None
                status = await self.process.wait()
                _log.error(f"{self.command}.died", status=status, hint="it is started again")
                await self.clock.sleep(RESTART_AFTER_S)
                try:
                    await self.start(int(self.base_url.rpartition(":")[2]))
                except ChildFailed as error:
                    _log.error(f"{self.command}.failed", code=error.code, hint=str(error))
        finally:
            await self.stop()

    async def stop(self) -> None:
        """End it, gently first."""
        process = self.process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(STOP_LIMIT_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
