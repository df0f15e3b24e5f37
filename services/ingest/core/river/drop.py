"""Directory drop: readings of a contract feed, decoded by a program of the contract's own and left as JSON lines.

A line is a reading as `hansho readings` prints it: `station`, `kind`, `value`, `unit`, `observed` must be there; `name`,
`datum`, `quality`, `native` may be. Units other than the kind's own are converted; a value that is not there has `value`
null. The layout of the paid distribution (FRICS) is not published: its decoder writes this.
"""

from __future__ import annotations

from collections.abc import Mapping

from schemas.observation import Kind, Native, Quality
from services.ingest.core.defect import Code, Defect
from services.ingest.core.river.found import Found, Gathering, instant, member, rows, text

SOURCE = "drop"
_KINDS = {str(kind): kind for kind in Kind}
_QUALITIES = {str(quality): quality for quality in Quality}


def read(body: bytes, name: str) -> Found | None:
    """Lines of which the first that can be read has a station, a kind and an instant."""
    del name
    lines = list(rows(body))
    first = next((line for line in lines if not isinstance(line, Defect)), {})
    if not {"station", "kind", "value", "unit", "observed"} <= first.keys():
        return None
    gathering = Gathering(SOURCE)
    for line in lines:
        if isinstance(line, Defect):
            gathering.note(line.code, line.reason)
        else:
            _add(gathering, line)
    return gathering.found("no lines")


def _add(gathering: Gathering, line: Mapping[str, object]) -> None:
    kind = _KINDS.get(text(line.get("kind")) or "")
    quality = _QUALITIES.get(text(line.get("quality")) or "good", Quality.SUSPECT)
    value, unit, station = text(line.get("value")), text(line.get("unit")), text(line.get("station"))
    if kind is None or unit is None or station is None:
        gathering.note(
            Code.UNREADABLE_VALUE, f"a line without a station, a known kind or a unit: {station} {line.get('kind')}"
        )
        return
    native = Native(
        value=text(member(line, "native", "value")) or value,
        unit=text(member(line, "native", "unit")),
        time=text(member(line, "native", "time")) or text(line.get("observed")),
        quality=text(member(line, "native", "quality")),
    )
    gathering.add(
        kind,
        station=station,
        name=text(line.get("name")),
        observed=instant(line.get("observed")),
        native=native,
        unit=unit,
        quality=quality,
        datum=text(line.get("datum")),
        figure=value,
    )
