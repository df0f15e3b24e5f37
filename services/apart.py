"""`hansho ingest`, `dispatcher`, `gateway`: each service as a process of its own, as many of each as wanted, on one Kafka.

Wiring only. Where two of a kind run, the log shares the work out between them; nothing here knows how many there are.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager

from services.ingest import app as ingest
from services.runtime import deployment, logs, metrics, supervise
from services.runtime.child import OwnProcess
from services.runtime.settings import SettingInvalid, Settings
from services.wiring import Wiring, canary_arguments, clock_of, opened

SWITCH_S = 0.001
"""As in onehost.py."""
SERVICES = ("ingest", "dispatcher", "gateway")

Say = Callable[[str], None]
Part = Callable[[], Coroutine[None, None, None]]


async def run(service: str, settings: Settings, say: Say, stop: asyncio.Event | None = None) -> None:
    """Run one service until stopped. `say` shows a line to the person at the terminal.

    Raises `SettingInvalid` without a log that several processes can share, and for the demo, which is one process.
    """
    if not settings.log.startswith("kafka:"):
        msg = f"log={settings.log!r}: services apart meet on Kafka (kafka://HOST:PORT/PREFIX); on one host use `hansho run`"
        raise SettingInvalid(msg)
    if settings.is_demo:
        msg = "feeds='demo': the demo is one process (`hansho run`); say --feeds live, or the address of a server"
        raise SettingInvalid(msg)
    sys.setswitchinterval(SWITCH_S)
    clock = clock_of(settings)
    deployment.data_dir(settings).mkdir(parents=True, exist_ok=True, mode=0o700)
    logs.configure(level=settings.log_level, path="" if settings.log_file == "-" else settings.log_file)
    async with opened(settings, clock) as log:
        joined = Wiring(settings=settings, log=log, clock=clock)
        parts = {"ingest": _ingest, "dispatcher": _dispatcher, "gateway": _gateway}[service]
        child = OwnProcess("feedserver", canary_arguments(settings, clock), clock)
        try:
            if service == "ingest":
                await child.start()
            with _metrics(service, settings, say):
                await supervise.run({**parts(joined, child, say), "upkeep": joined.upkeep().run}, stop=stop)
        finally:
            await child.stop()
    say(f"{service} stopped; what was accepted is in the log.")


@contextmanager
def _metrics(service: str, settings: Settings, say: Say) -> Iterator[None]:
    """The gateway has a door of its own for them."""
    port = int(settings.metrics_port)
    with ExitStack() as stack:
        if service != "gateway" and port >= 0:
            try:
                taken = stack.enter_context(metrics.served(settings.host, port))
            except OSError as error:
                msg = f"metrics_port={port}: cannot listen on {settings.host}: {error}; name another, or -1 for none"
                raise SettingInvalid(msg) from error
            say(f"  metrics    http://{settings.host}:{taken}/metrics")
        yield


def _ingest(joined: Wiring, child: OwnProcess, say: Say) -> dict[str, Part]:
    feeds = joined.ingest(storm_base="", canary_base=child.base_url)
    for line in ingest.terms(feeds):
        say(f"  {line}")
    say("ingest ready")
    return {"ingest": feeds.run, "feedserver": child.run}


def _dispatcher(joined: Wiring, child: OwnProcess, say: Say) -> dict[str, Part]:
    del child
    say("dispatcher ready")
    return {"dispatcher": joined.dispatcher().run}


def _gateway(joined: Wiring, child: OwnProcess, say: Say) -> dict[str, Part]:
    del child
    door = joined.gateway()

    async def announce() -> None:
        port = await door.ready()
        base = f"http://{joined.settings.host}:{port}"
        for name, path in (("sign", "/sign"), ("resident", "/"), ("office", "/office"), ("health", "/health")):
            say(f"  {name:<10} {base}{path}")
        say("gateway ready")
        await asyncio.Event().wait()

    return {"announce": announce, "gateway": door.run}
