"""k.river.go.jp 危機管理型水位計: the list of gauges above their observation start, of one prefecture or of the country.

Only gauges above `startLevel` are listed: one that is missing has fallen below it, where the list is good and fresh.
Levels are elevations (T.P.). The "current" file also holds dead sensors with years-old times. `qt` 1 marks many a false
jump: the value is suspect.

Source: public clients of `swin/files/area_info/current/{prefecture}.json` and their recorded answers. The shapes of a
crawl (`items`, and JSON lines) are read too, for replays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from schemas.observation import Crossing, Kind, Native, Quality, Station, Threshold
from services.ingest.core.defect import Defect
from services.ingest.core.river.found import (
    Found,
    Gathering,
    from_json,
    ignored,
    in_unit,
    instant,
    member,
    number,
    objects,
    rows,
    text,
)

SOURCE = "kriver"
DATUM = "TP"
_LEVELS = (("startLevel", Crossing.START), ("warnLevel", Crossing.DANGER), ("fladLevel", Crossing.FLOOD))
"""`fladLevel` is the source's own spelling."""


def read(body: bytes, name: str) -> Found | None:
    """A list (`obss`), a crawl's snapshot (`items`) or series (a JSON line a gauge), a master."""
    del name
    document = from_json(body)
    if isinstance(document, Defect):
        return _series(body)
    if isinstance(member(document, "obss"), list):
        return _gauges(objects(member(document, "obss")))
    if isinstance(member(document, "items"), list) and "k.river.go.jp" in str(member(document, "source")):
        return _gauges(objects(member(document, "items")))
    if _is_gauge(document):
        return _gauges(objects(document))
    return _master(document)


def _master(document: object) -> Found | None:
    for listed, mark, what in (("prefs", "code", "prefectures"), ("towns", "mlitCode", "towns")):
        found = list(objects(member(document, listed) or []))
        if found and mark in found[0]:
            return ignored(SOURCE, f"list of {what}, no readings")
    return None


def _is_gauge(row: object) -> bool:
    return isinstance(row, dict) and {"code", "obsTime", "level", "startLevel"} <= row.keys()


def _series(body: bytes) -> Found | None:
    lines = list(rows(body))
    return _gauges(lines) if any(map(_is_gauge, lines[:1])) else None


def _gauges(listed: Iterable[Mapping[str, object] | Defect]) -> Found:
    gathering = Gathering(SOURCE)
    for row in listed:
        if isinstance(row, Defect):
            gathering.note(row.code, row.reason)
            continue
        station, name = text(row.get("code")), text(row.get("name"))
        flag = text(row.get("qt"))
        gathering.add(
            Kind.STAGE,
            station=station,
            name=name,
            observed=instant(row.get("obsTime")),
            native=Native(value=text(row.get("level")), time=text(row.get("obsTime")), quality=flag),
            unit="m",
            quality=Quality.SUSPECT if flag == "1" else Quality.GOOD,
            datum=DATUM,
        )
        if station:
            gathering.about[station] = _about(station, name or station, row)
    return gathering.found("no gauge is above its observation start")


def _about(station: str, name: str, row: Mapping[str, object]) -> Station:
    levels = [(crossing, number(row.get(field))) for field, crossing in _LEVELS]
    town = text(row.get("townCode"))
    return Station(
        source=SOURCE,
        station=station,
        name=name,
        jis5=(town,) if town else (),
        thresholds=tuple(
            Threshold(crossing=crossing, value=float(in_unit(Kind.STAGE, value, "m") or 0), datum=DATUM, source=SOURCE)
            for crossing, value in levels
            if value is not None
        ),
    )
