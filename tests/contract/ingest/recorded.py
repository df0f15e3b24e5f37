"""A real server that answers as each river source does, and misbehaves when it is told to. All values are invented.

The answers have the shapes of recorded ones; the recorded ones themselves are served too, where the samples are
(test_rivers.py).
"""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from schemas.observation import Observation
from services.eventlog.memory import MemoryLog
from services.eventlog.port import EventLog
from services.feedserver.api.server import FeedServer
from services.feedserver.core.answer import Request, Response, document
from services.ingest.core.river.city import Gauges
from services.ingest.core.river.found import JST
from services.ingest.core.river.sources import SOURCES, RiverSource
from services.ingest.sources.jma import Polled
from services.ingest.sources.observed import Observed
from services.ingest.sources.rivers import RiverPoller
from services.runtime.clock import SystemClock
from tests.contract.ingest.peers import Mood, payloads
from tests.factories import EVENING

UUID = "00000000-aaaa-bbbb-cccc-000000000001"
ITEMS: Mapping[str, tuple[str, ...]] = {
    "kriver": ("99000",),
    "kawabou": ("9901206",),
    "suimon": ("999999999999990",),
    "kanagawa": ("stage/10/p10202_18_9999_4_1",),
    "ea": ("9999TH",),
    "usgs": ("99999999",),
    "usgs-ogc": ("USGS-99999999",),
    "pegelonline": (UUID,),
    "hubeau": ("Z999999999",),
}
"""Invented prefectures, towns, pages and stations."""


def kriver_row(station: str = "9900000001", level: float = 4.52, *, at: datetime = EVENING, **changes: object) -> dict:  # type: ignore[type-arg]
    """A gauge as k.river lists it."""
    row = {
        "code": station,
        "name": f"見本橋{station[-1]}",
        "obsTime": at.astimezone(JST).isoformat(),
        "level": level,
        "townCode": "14206",
        "over": 1,
        "startLevel": 4.3,
        "warnLevel": 5.5,
        "fladLevel": 6.93,
        "qt": None,
    }
    return row | changes


def kriver(*rows: Mapping[str, object]) -> bytes:
    """A prefecture's list."""
    return json.dumps({"obss": list(rows)}).encode()


def answers(at: datetime) -> dict[str, dict[str, bytes]]:
    """By source: path → body, of a reading at `at` (on a ten-minute mark)."""
    local = at.astimezone(JST)
    clock, zulu = f"{local:%Y/%m/%d %H:%M}", f"{at:%Y-%m-%dT%H:%M:%S}Z"
    town = {"tmList": {"tmStg": [{"obsFcd": "9999900400001", "obsTime": clock, "stg": 1.23, "stgCcd": 0}]}}
    table = (
        "リアルタイム10分水位一覧表\r\n観測所名,見本橋\r\n観測所記号,999999999999990\r\n#\r\n"
        f"{local:%Y/%m/%d},{local:%H:%M},1.23,*\r\n"
    )
    page = (
        f"<html><p>観測時刻 {clock}</p><table><tr><th>観測所名</th><td>見本橋</td></tr></table><table>"
        f"<tr><th>観測時刻</th><th>水位(m)</th></tr><tr><td>{local:%m/%d %H:%M}</td><td>1.23↑</td></tr></table></html>"
    )
    readings = {
        "meta": {"publisher": "Environment Agency"},
        "items": [{"dateTime": zulu, "measure": "http://x.invalid/9999TH-level-stage-i-15_min-mASD", "value": 1.23}],
    }
    value = {"value": "4.04", "dateTime": zulu, "qualifiers": ["P"]}
    series = {
        "sourceInfo": {"siteName": "SAMPLE CREEK", "siteCode": [{"value": "99999999"}]},
        "variable": {"variableCode": [{"value": "00065"}], "unit": {"unitCode": "ft"}, "noDataValue": -999999.0},
        "values": [{"value": [value]}],
    }
    feature = {
        "monitoring_location_id": "USGS-99999999",
        "parameter_code": "00065",
        "value": "4.04",
        "time": zulu,
        "unit_of_measure": "ft",
        "approval_status": "Provisional",
        "qualifier": None,
    }
    measurement = {"timestamp": at.isoformat(), "value": 123}
    station = {
        "uuid": UUID,
        "shortname": "SAMPLE",
        "longname": "SAMPLE",
        "timeseries": [{"shortname": "W", "unit": "cm", "currentMeasurement": measurement}],
    }
    observation = {"code_station": "Z999999999", "grandeur_hydro": "H", "date_obs": zulu, "resultat_obs": 1230.0}
    hubeau = {"count": 1, "api_version": "2.0.1", "next": None, "data": [observation]}
    slot = f"{local:%Y%m%d}/{local:%H}{local.minute // 10}0"
    return {
        "kriver": {"/swin/files/area_info/current/99000.json": kriver(kriver_row(at=at))},
        "kawabou": {
            "/kawabou/file/system/tmCrntTime.json": json.dumps({"crntObsTime": clock}).encode(),
            f"/kawabou/file/files/obslist/tm/twnlist/{slot}/9901206.json": json.dumps(town).encode(),
        },
        "suimon": {
            "/cgi-bin/DspWaterData.exe": '<a href="/dat/dload/download/29_1.dat">ダウンロード</a>'.encode("euc_jp"),
            "/dat/dload/download/29_1.dat": table.encode("cp932"),
        },
        "kanagawa": {
            "/sys/suibou/web_general/suibou_joho/html/stage/10/p10202_18_9999_4_1.html": page.encode(),
        },
        "ea": {"/flood-monitoring/data/readings": json.dumps(readings).encode()},
        "usgs": {"/nwis/iv/": json.dumps({"value": {"timeSeries": [series]}}).encode()},
        "usgs-ogc": {
            "/ogcapi/v0/collections/latest-continuous/items": json.dumps(
                {"features": [{"properties": feature}]}
            ).encode()
        },
        "pegelonline": {"/webservices/rest-api/v2/stations.json": json.dumps([station]).encode()},
        "hubeau": {"/api/v2/hydrometrie/observations_tr": json.dumps(hubeau).encode()},
    }


class RiverServer(FeedServer):
    """Answers by path, conditionally; a mood answers everything but the first step of two-step sources."""

    def __init__(self) -> None:
        super().__init__(clock=lambda: EVENING)
        self.documents: dict[str, tuple[bytes, datetime]] = {}
        self.mood: Mood | None = None
        self.requests: list[Request] = []

    def put(self, documents: Mapping[str, bytes], modified: datetime) -> None:
        """What it has now."""
        self.documents |= {path: (body, modified) for path, body in documents.items()}

    def respond(self, request: Request) -> Response:
        self.requests.append(request)
        path = request.path.partition("?")[0]
        if path not in self.documents:
            return Response(status=404, headers={}, body=b"")
        body, modified = self.documents[path]
        is_step = path.startswith("/cgi-bin") or path.endswith("tmCrntTime.json")
        if self.mood is not None and not is_step:
            return self.mood(replace(request, headers={**request.headers, "x-body": body.decode("latin-1")}))
        answer = document(request, body, modified)
        is_page = path.startswith("/api/v2/hydrometrie") and answer.status == 200
        return replace(answer, status=206) if is_page else answer  # a page of a longer list


def cut(request: Request) -> Response:
    """A body that ends in the middle, with nothing in its head to show it."""
    body = request.headers["x-body"].encode("latin-1")
    return Response(status=200, headers={}, body=body[: len(body) // 2])


def cut_gzip(request: Request) -> Response:
    """A compressed body that ends in the middle."""
    packed = gzip.compress(request.headers["x-body"].encode("latin-1"))
    return Response(status=200, headers={"Content-Encoding": "gzip"}, body=packed[: len(packed) // 2])


def slow(request: Request) -> Response:
    """An answer that takes longer than a poll may."""
    time.sleep(0.5)
    return Response(status=200, headers={}, body=request.headers["x-body"].encode("latin-1"))


def other(_: Request) -> Response:
    """200, and an error page."""
    return Response(status=200, headers={}, body="<html>ただいま混み合っています</html>".encode())


@dataclass(slots=True)
class Bank:
    """A poller with a log of its own at one server; time passes as the test says."""

    server: RiverServer
    source: RiverSource
    log: EventLog
    poller: RiverPoller
    now: datetime = field(default=EVENING + timedelta(minutes=3))

    async def poll(self, *, minutes: float = 10) -> Polled:
        """Poll once, and let time pass."""
        polled = await self.poller.poll_once(self.source, self.now)
        self.now += timedelta(minutes=minutes)
        return polled

    async def seen(self) -> list[Observation]:
        """The observations in the log."""
        return [one for one in await payloads(self.log, "observations") if isinstance(one, Observation)]


def a_poller(server: RiverServer, log: EventLog, gauges: Gauges | None = None) -> RiverPoller:
    """A poller of every source at one server."""
    return RiverPoller(
        log=log,
        clock=SystemClock(),
        gauges=gauges or Gauges(polls=ITEMS),
        observed=Observed(log),
        base=server.base_url,
    )


@asynccontextmanager
async def bank(source: str, **changes: object) -> AsyncIterator[Bank]:
    """A poller and its server, closed at the end."""
    with RiverServer() as server:
        server.put(answers(EVENING)[source], EVENING)
        log = MemoryLog()
        made = Bank(server, replace(SOURCES[source], **changes), log, a_poller(server, log))  # type: ignore[arg-type]
        try:
            yield made
        finally:
            await made.poller.close()
