"""A city on Kafka: as many processes of each service as a test wants, a feed nobody publishes on, and the phones' stand-in."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from schemas.alert import Alert, Area, Category, Certainty, Info, InfoState, MsgType, Severity, Status, Urgency
from schemas.area import AreaCode
from services.eventlog.open import apply_topics, open_log
from services.eventlog.port import Message
from services.feedserver.api.server import FeedServer
from services.runtime import records
from services.runtime.clock import SystemClock
from tests.crash.city import Person
from tests.e2e.processes import Program, hansho, started
from tests.factories import ODAWARA, ZUSHI
from tests.scenario.feeds import a_notice
from tests.scenario.people import town

AREAS = (ODAWARA, ZUSHI, town("平塚市"))
WAIT_S = 60.0
LOOK_EVERY_S = 0.05


@dataclass(slots=True)
class City:
    """The processes, by name: gateway-1, gateway-2 and so on."""

    log: str
    folder: Path
    phones: str = ""
    programs: dict[str, Program] = field(default_factory=dict)
    bases: dict[str, str] = field(default_factory=dict)
    received: list[dict[str, Any]] = field(default_factory=list)
    """What the phones' stand-in took, raw: repeats too."""
    _options: Sequence[str] = ()
    _stack: ExitStack = field(default_factory=ExitStack)

    def start(self, name: str) -> None:
        """Start a process; returns when it says that it is ready."""
        program = self.begin(name)
        self.wait_for(name, program)

    def begin(self, name: str) -> Program:
        """Start a process without waiting for it."""
        # into a file: nobody reads the pipe of a program that has said it is ready
        more = ("--log-file", str(self.folder / f"{name}.log"), "--data-dir", str(self.folder / name))
        program = self._stack.enter_context(started(*hansho(name.partition("-")[0], *self._options, *more)))
        self.programs[name] = program
        return program

    def wait_for(self, name: str, program: Program) -> None:
        """Until it is ready."""
        told = r"sign +(http://\S+)/sign" if name.startswith("gateway") else r"metrics +(http://\S+)/metrics"
        self.bases[name] = program.line_with(told)[1]
        program.line_with("ready")

    def kill(self, name: str) -> None:
        """kill -9."""
        self.programs[name].kill()

    def collect(self) -> list[dict[str, Any]]:
        """What the phones have taken since the last time, and keep it."""
        after = max((int(line["number"]) for line in self.received), default=0)
        answer = httpx.get(f"{self.phones}/v1/received", params={"after": after}, trust_env=False, timeout=20)
        fresh: list[dict[str, Any]] = answer.json()
        self.received += fresh
        return fresh

    def until_told(self, alerts: Sequence[str], limit_s: float = WAIT_S) -> None:
        """Wait until somebody was told of each of these alerts."""
        until = time.monotonic() + limit_s
        while missing := set(alerts) - {str(line["alert"]) for line in self.received}:
            assert time.monotonic() < until, f"{len(missing)} of {len(alerts)} were not told, {sorted(missing)[:5]}"
            if not self.collect():
                time.sleep(LOOK_EVERY_S)


@contextmanager
def city(
    log: str, folder: Path, *, each: int = 1, ready: bool = True, deploy: Path | None = None, more: Sequence[str] = ()
) -> Iterator[City]:
    """A running city with so many of each service. `deploy`: its files, where they are not the project's; `more`: settings."""
    made = City(log=log, folder=folder)
    with made._stack as stack:
        feeds = stack.enter_context(FeedServer())
        feeds.publish(a_notice(datetime.now(UTC)))
        phones = stack.enter_context(started(*hansho("phones", "--access-log", str(folder / "phones.access.log"))))
        made.phones = phones.line_with(r"phones (http://\S+)")[1]
        made._options = (
            *("--log", log, "--dev", "1", "--feeds", feeds.base_url, "--phones", made.phones),
            *("--poll-every", "5", "--canary-every", "60", "--port", "0", "--metrics-port", "0"),
            *more,
            *(() if deploy is None else ("--deploy-dir", str(deploy))),
        )
        names = [
            f"{service}-{number}" for service in ("dispatcher", "gateway", "ingest") for number in range(1, each + 1)
        ]
        begun = {name: made.begin(name) for name in names}
        if ready:
            for name, program in begun.items():
                made.wait_for(name, program)
        yield made


async def settle(log: str, people: Sequence[tuple[str, AreaCode]]) -> None:
    """Make the topics and register devices."""
    await apply_topics(log, dev=True)
    now = datetime.now(UTC)
    wishes = [Person(device=d, number=0, before=area, after=area).wish(area, now) for d, area in people]
    async with open_log(log, dev=True) as opened:
        made = [records.message(one, key=one.device, id=f"{one.device}:0", source="test", at=now) for one in wishes]
        await opened.append("subscriptions", made)


def an_alert(number: int, area: AreaCode, *, level: int = 4, revision: str = "1", active: bool = True) -> Message:
    """A flood warning of a river of its own in one municipality: its own stream, its own hazard."""
    river = f"{number:012}"
    now = SystemClock().now()
    block = Info(
        category=Category.MET,
        event="氾濫危険警報",
        hazard=f"flood:{river}",
        state=InfoState.ACTIVE if active else InfoState.RELEASED,
        level=level,
        rank=level,
        urgency=Urgency.UNKNOWN,
        severity=Severity.UNKNOWN,
        certainty=Certainty.UNKNOWN,
        area=(Area(area_desc="市", code=area),),
    )
    stream = f"test:river:{river}"
    alert = Alert(
        identifier=f"test:{river}:{revision}",
        sender="jma",
        sender_name="気象庁",
        sent=now,
        status=Status.ACTUAL,
        msg_type=MsgType.UPDATE,
        source="jma",
        streams=(stream,),
        revision=revision,
        info=(block,),
    )
    return records.message(alert, key=stream, id=f"alert:{alert.identifier}@{stream}", source="test", at=now)
