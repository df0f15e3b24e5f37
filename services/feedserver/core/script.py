"""Reading a storm's file: from the tables of `storm.toml` to a `Storm` that can be played, or a `StormError`.

The file is written by people. Every mistake is named with the step it stands in and what was expected.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from services.feedserver.core.floods import FLOOD_KINDS, RELEASED_CODE, FloodedArea, River
from services.feedserver.core.places import District, Place, Prefecture, Region
from services.feedserver.core.storm import (
    NOTICE,
    STEP_GAP_S_MIN,
    FloodStep,
    NoticeStep,
    Step,
    Storm,
    StormError,
    WarningStep,
)
from services.feedserver.core.warnings import FAMILIES, Family, InForce, Kind

Table = Mapping[str, Any]
T = TypeVar("T")


def read_storm(table: Table) -> Storm:
    """The storm of a parsed `storm.toml`. Raises `StormError` (E6102)."""
    head = _get(table, "storm", dict, "the file")
    prefecture = _prefecture(_get(table, "prefecture", dict, "the file"))
    rivers = {name: _river(name, river, prefecture) for name, river in _get(table, "river", dict, "the file").items()}
    rows = _get(table, "step", list, "the file")
    storm = Storm(
        title=_get(head, "title", str, "[storm]"),
        prefix=_get(head, "prefix", str, "[storm]"),
        disclaimer=_get(head, "disclaimer", str, "[storm]"),
        rest_s=_get(head, "rest_s", int, "[storm]"),
        prefecture=prefecture,
        steps=tuple(_step(f"step {number}", row, prefecture, rivers) for number, row in enumerate(rows, 1)),
    )
    _check(storm)
    return storm


def _get(table: Table, key: str, kind: type[T], where: str) -> T:
    value = table.get(key)
    if not isinstance(value, kind):
        msg = f"{where}: `{key}` must be {_WORDS[kind]}, it is {'missing' if value is None else repr(value)}"
        raise StormError(msg)
    return value


_WORDS: Mapping[type, str] = {
    dict: "a table",
    list: "a list",
    str: "a text",
    int: "a whole number",
    bool: "true or false",
}


def _place(table: Table, where: str) -> Place:
    return Place(code=_get(table, "code", str, where), name=_get(table, "name", str, where))


def _prefecture(table: Table) -> Prefecture:
    return Prefecture(
        place=_place(table, "[prefecture]"),
        observatory=_get(table, "observatory", str, "[prefecture]"),
        regions=tuple(_region(row) for row in _get(table, "region", list, "[prefecture]")),
    )


def _region(table: Table) -> Region:
    where = f"region {table.get('name')}"
    return Region(
        place=_place(table, where),
        districts=tuple(_district(row) for row in _get(table, "district", list, where)),
    )


def _district(table: Table) -> District:
    where = f"district {table.get('name')}"
    towns = _get(table, "towns", dict, where)
    return District(
        place=_place(table, where), towns=tuple(Place(code=code, name=name) for code, name in towns.items())
    )


def _river(name: str, table: Table, prefecture: Prefecture) -> River:
    where = f"[river.{name}]"
    flooded = _get(table, "flooded", dict, where)
    return River(
        section=Place(code=_get(table, "section_code", str, where), name=name),
        river=Place(code=_get(table, "river_code", str, where), name=name),
        station=Place(code=_get(table, "station_code", str, where), name=_get(table, "station", str, where)),
        station_town=_get(table, "station_town", str, where),
        type=_get(table, "type", str, where),
        suffix=_get(table, "suffix", str, where),
        office=_get(table, "office", str, where),
        prefecture_code=_get(table, "prefecture_code", str, where),
        flooded=tuple(
            FloodedArea(town=_town(town, prefecture, where), quarters=tuple(quarters))
            for town, quarters in flooded.items()
        ),
    )


def _town(name: str, prefecture: Prefecture, where: str) -> Place:
    found = next((town for town in prefecture.towns if town.name == name), None)
    if found is None:
        msg = f"{where}: there is no town {name!r} in {prefecture.place.name}; write it as in [[prefecture.region]]"
        raise StormError(msg)
    return found


def _step(where: str, row: Table, prefecture: Prefecture, rivers: Mapping[str, River]) -> Step:
    at_s = _get(row, "at_s", int, where)
    where = f"{where} (at {at_s} s)"
    stream = _get(row, "stream", str, where)
    headline = _get(row, "headline", str, where)
    if stream == NOTICE:
        return NoticeStep(at_s=at_s, stream=stream, headline=headline, text=_get(row, "text", str, where))
    if stream in rivers:
        return FloodStep(
            at_s=at_s,
            stream=stream,
            headline=headline,
            river=rivers[stream],
            kind=_one(FLOOD_KINDS, _get(row, "kind", str, where), where),
            text=_get(row, "text", str, where),
        )
    family = _one(FAMILIES, stream, where)
    return WarningStep(
        at_s=at_s,
        stream=stream,
        headline=headline,
        family=family,
        in_force=_in_force(_get(row, "in_force", dict, where), family, prefecture, where),
        corrects=_get(row, "corrects", bool, where) if "corrects" in row else False,
        comment=_get(row, "comment", str, where) if "comment" in row else None,
    )


def _one(table: Mapping[str, T], name: str, where: str) -> T:
    if name not in table:
        msg = f"{where}: {name!r} is not known; one of {', '.join(table)}"
        raise StormError(msg)
    return table[name]


def _in_force(table: Table, family: Family, prefecture: Prefecture, where: str) -> InForce:
    kinds = {kind.name: kind for kind in family.kinds}
    in_force: dict[str, Kind] = {}
    for name, towns in table.items():
        kind = _one(kinds, name, where)
        for town in towns:
            code = _town(town, prefecture, where).code
            if code in in_force:
                msg = f"{where}: {town} stands under {in_force[code].name} and under {name}; one hazard has one level"
                raise StormError(msg)
            in_force[code] = kind
    return in_force


def _check(storm: Storm) -> None:
    """The rules of a timeline: in order, streams apart, corrections with something to correct, all over at the end."""
    for before, step in zip(storm.steps, storm.steps[1:], strict=False):
        if step.at_s < before.at_s:
            msg = f"the step at {step.at_s} s stands behind the one at {before.at_s} s; put the steps in order of time"
            raise StormError(msg)
    streams: dict[str, Step] = {}
    for step in storm.steps:
        last = streams.get(step.stream)
        if last is None and isinstance(step, WarningStep) and step.corrects:
            msg = f"the step at {step.at_s} s corrects {step.stream}, of which nothing was published before"
            raise StormError(msg)
        if last is not None and step.at_s - last.at_s < STEP_GAP_S_MIN:
            msg = f"{step.stream} has two steps at {step.at_s} s; leave at least {STEP_GAP_S_MIN} s between them"
            raise StormError(msg)
        streams[step.stream] = step
    left = [stream for stream, step in streams.items() if not _over(step)]
    if left:
        msg = f"the storm ends with {', '.join(left)} in force; its last step must release everything"
        raise StormError(msg)


def _over(step: Step) -> bool:
    match step:
        case WarningStep():
            return not step.in_force
        case FloodStep():
            return step.kind.code == RELEASED_CODE
        case NoticeStep():
            return True
