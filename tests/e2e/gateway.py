"""The real gateway over a log in memory, told what to show as the dispatcher tells it; it can be stopped and started."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from schemas.alert import Alert, Area, Drill, Info, Origin, Surface
from schemas.area import AreaCode, AreaTable
from schemas.lifecycle import Stream, close, fold
from schemas.status import Condition, StatusReport, lease_subject
from schemas.telegram import Epoch
from services.eventlog.memory import MemoryLog
from services.gateway import app
from services.runtime import cities, records, settings
from services.runtime.clock import SystemClock
from tests.factories import ODAWARA, an_alert, an_info

HEARTBEAT_S = 0.5
DEAD_S = 2.0
WAIT_S = 10.0
ALL_DAY = timedelta(hours=12)
TSUNAMI_BAY = AreaCode("tsunami", "330")


def now() -> datetime:
    """The time, as signs of this gateway are told it."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Gateway:
    """One city's gateway on a port of its own. `demo`: as a demo run shows it; `phones`: where its phones are."""

    areas: AreaTable
    demo: bool = False
    phones: str = ""
    log: MemoryLog = field(default_factory=MemoryLog)
    port: int = 0
    folds: dict[str, Stream] = field(default_factory=dict)
    _app: app.App | None = None
    _running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Run it, on the same port as before."""
        values = settings.read(
            {"port": str(self.port), "heartbeat_s": str(HEARTBEAT_S), "dead_s": str(DEAD_S), "log_level": "ERROR"}, {}
        )
        city = cities.load_city(cities.deploy_dir(), "odawara", self.areas)
        city = city.with_demo() if self.demo else city
        self._app = app.build(values, self.log, SystemClock(), city, self.areas, phones=self.phones)
        self._running = asyncio.create_task(self._app.run())
        self.port = await self._app.listening()

    async def stop(self) -> None:
        """End it, as a signal to its process does."""
        assert self._running is not None
        self._running.cancel()
        with suppress(asyncio.CancelledError):
            await self._running

    async def begin(self, epoch: str = "first") -> None:
        """What the others do first: the log's epoch, and that the feeds were heard."""
        made = records.message(Epoch(epoch=epoch), key="epoch", id=f"epoch:{epoch}", source="dispatcher", at=now())
        await self.log.append("situation", [made])
        for source in ("jma.extra", "jma.eqvol"):
            await self.lease(source, now() + ALL_DAY)
        assert self._app is not None
        async with asyncio.timeout(WAIT_S):
            await self._app.ready()

    async def begin_anew(self, epoch: str) -> None:
        """Another log under the same address: restored from nothing."""
        await self.stop()
        self.log, self.folds = MemoryLog(), {}
        await self.start()
        await self.begin(epoch)

    async def publish(self, *alerts: Alert) -> None:
        """Fold alerts and publish their streams, as the dispatcher does."""
        for alert in alerts:
            for name in alert.streams:
                await self._append(fold(self.folds.get(name), name, alert), alert)

    async def close_drill(self, name: str) -> None:
        """End a drill's stream, as its next run does."""
        await self._append(close(self.folds[name]), None)

    async def _append(self, stream: Stream, alert: Alert | None) -> None:
        self.folds[stream.stream] = stream
        cause = "" if alert is None else f"alert:{alert.identifier}"
        made = records.message(
            stream,
            key=stream.stream,
            id=f"situation:{stream.stream}:{now()}",
            source="dispatcher",
            at=now(),
            cause=cause,
        )
        await self.log.append("situation", [made])

    async def lease(self, source: str, until: datetime) -> None:
        """Until when a source's word holds."""
        subject = lease_subject(source)
        report = StatusReport(subject=subject, condition=Condition.OK, since=now(), reported_at=now(), until=until)
        await self.log.append(
            "status", [records.message(report, key=subject, id=f"{subject}:{now()}", source="i", at=now())]
        )


# --- what is published: invented, in the words of the services ---


def warning(
    event: str,
    hazard: str,
    *,
    level: int | None = None,
    rank: int | None = None,
    areas: tuple[tuple[AreaCode, str], ...] = ((ODAWARA, "小田原市"),),
    expires: datetime | None = None,
    released: bool = False,
) -> Info:
    """A block under its source's own name."""
    made = an_info(hazard, level=level, expires=expires, released=released)
    placed = tuple(Area(area_desc=name, code=code) for code, name in areas)
    return replace(made, event=event, rank=None if released else level or rank, area=placed)


def report(stream: str, *infos: Info, after_s: float = 0, lease: str = "jma.extra", drill: str = "") -> Alert:
    """What the weather service says of a stream, sent now (or `after_s` later, to be the newer one)."""
    sent = now() + timedelta(seconds=after_s)
    revision = f"{sent:%Y%m%dT%H%M%S.%fZ}"
    made = an_alert(0, *infos, stream=stream, run=drill or None, lease=lease)
    made = replace(made, sent=sent, revision=revision, identifier=f"{stream}:{revision}", report=f"time:{revision}")
    return replace(made, drill=Drill(run=drill, surfaces=tuple(Surface))) if drill else made


def order(level: int, name: str, place: str, *, why: str = "土砂災害") -> Alert:
    """What the city's office issues; its type comes with the office, its look is already here."""
    info = replace(warning(name, "evacuation:1", level=level, areas=((ODAWARA, place),)), headline=why)
    made = report("office:1", info, lease="office")
    return replace(made, sender="odawara", sender_name="小田原市", source="office", origin=Origin.OFFICE)
