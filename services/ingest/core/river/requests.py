"""What is asked of a river source for the gauges a city watches: paths, and for two sources what to ask next.

Source: the sources' documentation, and public clients as collected in the project's notes on river feeds, §1, §3.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from services.ingest.core.river.found import from_json, member

KAWABOU = "/kawabou/file"
_CLOCK = re.compile(r"(\d{4})/(\d{2})/(\d{2}) (\d{2}):(\d{2})")
_TABLE = re.compile(rb"/dat/dload/download/[0-9A-Za-z_]{1,80}\.dat")

Next = Callable[[bytes], tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request. `following`: what its answer leads to, where the readings are only there."""

    path: str
    following: Next | None = None


def asks(source: str, items: tuple[str, ...]) -> tuple[Ask, ...]:
    """The requests of one poll; `items` are the source's prefectures, towns, pages or stations. Empty for none."""
    if not items:
        return ()
    if source in _EACH:
        return tuple(Ask(path=_EACH[source].format(item)) for item in items)
    if source in _TOGETHER:
        return (Ask(path=_TOGETHER[source].format(",".join(items))),)
    if source == "kawabou":
        return (Ask(path=f"{KAWABOU}/system/tmCrntTime.json", following=lambda body: _towns(body, items)),)
    return tuple(Ask(path=f"/cgi-bin/DspWaterData.exe?KIND=9&ID={item}", following=_table) for item in items)


_EACH = {
    "kriver": "/swin/files/area_info/current/{}.json",
    "kanagawa": "/sys/suibou/web_general/suibou_joho/html/{}.html",
    "ea": "/flood-monitoring/data/readings?latest&stationReference={}",
    "usgs-ogc": "/ogcapi/v0/collections/latest-continuous/items?f=json&monitoring_location_id={}",
}
_TOGETHER = {
    "usgs": "/nwis/iv/?format=json&siteStatus=all&parameterCd=00065,00060&sites={}",
    "pegelonline": "/webservices/rest-api/v2/stations.json?timeseries=W&includeTimeseries=true"
    "&includeCurrentMeasurement=true&ids={}",
    "hubeau": "/api/v2/hydrometrie/observations_tr?grandeur_hydro=H&sort=desc&size=200&code_entite={}",
}


def _towns(body: bytes, towns: tuple[str, ...]) -> tuple[str, ...]:
    """The source's clock names the newest files: a path made from our own clock may not exist yet."""
    at = _CLOCK.fullmatch(str(member(from_json(body), "crntObsTime")))
    if at is None:
        return ()
    year, month, day, hour, minute = at.groups()
    # values are of ten minutes although the clock moves by five
    slot = f"{year}{month}{day}/{hour}{int(minute) // 10}0"
    return tuple(f"{KAWABOU}/files/obslist/tm/twnlist/{slot}/{town}.json" for town in towns)


def _table(body: bytes) -> tuple[str, ...]:
    found = _TABLE.search(body)
    return (found[0].decode("ascii"),) if found else ()
