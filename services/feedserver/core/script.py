"""Reading a storm's file: from the tables of `storm.toml` to a `Storm` that can be played, or a `StormError`.

The file is written by people. Every mistake is named with the place it stands in and what was expected there; a key
that nobody reads is a mistake too, for it may be a misspelled one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from schemas.area import AreaTable
from services.feedserver.core.floods import FLOOD_KINDS, RELEASED_CODE, FloodedArea, River
from services.feedserver.core.notices import NOTICE_TYPE
from services.feedserver.core.places import Place, Prefecture, prefecture
from services.feedserver.core.storm import FloodStep, NoticeStep, Step, Storm, StormError, WarningStep
from services.feedserver.core.weather import FAMILIES, Family, InForce, Kind

NOTICE_STREAM = "お知らせ"
T = TypeVar("T")


def read_storm(values: Mapping[str, object], table: AreaTable) -> Storm:
    """The storm of a parsed `storm.toml`, over a prefecture of the national table. Raises `StormError` (E6102)."""
    file = _Table(where="the file", values=values).only("storm", "step", "river", "prefecture")
    head = file.table("storm").only("title", "prefix", "disclaimer", "rest_s")
    over = _prefecture(file.table("prefecture"), table)
    rivers = {name: _river(name, river, over) for name, river in file.table("river").named_tables()}
    storm = Storm(
        title=head.text("title"),
        prefix=head.text("prefix"),
        disclaimer=head.text("disclaimer"),
        rest_s=head.number("rest_s"),
        prefecture=over,
        steps=tuple(_step(row, over, rivers) for row in file.tables("step")),
    )
    _check(storm)
    return storm


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """A table of the file and where it stands."""

    where: str
    values: Mapping[str, object]

    def only(self, *keys: str) -> _Table:
        """This table, which has no other keys than these."""
        for key in self.values:
            if key not in keys:
                msg = f"{self.where}: `{key}` means nothing here; known are {', '.join(keys)}"
                raise StormError(msg)
        return self

    def text(self, key: str) -> str:
        return self._get(key, str, "a text")

    def number(self, key: str) -> int:
        number = self._get(key, int, "a whole number")
        if number < 0 or isinstance(number, bool):
            msg = f"{self.where}: `{key}` must be a number of seconds, not {number!r}"
            raise StormError(msg)
        return number

    def optional_text(self, key: str) -> str | None:
        return self.text(key) if key in self.values else None

    def flag(self, key: str) -> bool:
        """True or false; false when it is not there."""
        return key in self.values and self._get(key, bool, "true or false")

    def texts(self, key: str) -> tuple[str, ...]:
        texts = self._get(key, list, "a list of texts")
        if not all(isinstance(text, str) for text in texts):
            msg = f"{self.where}: `{key}` must be a list of texts, it holds {texts!r}"
            raise StormError(msg)
        return tuple(texts)

    def table(self, key: str) -> _Table:
        return _Table(where=f"{self.where}, [{key}]", values=self._get(key, dict, "a table"))

    def tables(self, key: str) -> tuple[_Table, ...]:
        """The tables of a list of tables."""
        rows = {f"{number}": row for number, row in enumerate(self._get(key, list, "a list of tables"), 1)}
        numbered = _Table(where=f"{self.where}, [[{key}]] no.", values=rows)
        return tuple(table for _, table in numbered.named_tables())

    def named_tables(self) -> tuple[tuple[str, _Table], ...]:
        """The tables in this one, by name."""
        return tuple(
            (name, _Table(where=f"{self.where} {name}", values=self._get(name, dict, "a table")))
            for name in self.values
        )

    def _get(self, key: str, kind: type[T], expected: str) -> T:
        value = self.values.get(key)
        if not isinstance(value, kind):
            msg = f"{self.where}: `{key}` must be {expected}, it is {'missing' if value is None else repr(value)}"
            raise StormError(msg)
        return value


def _prefecture(table: _Table, areas: AreaTable) -> Prefecture:
    table = table.only("office", "observatory")
    found = prefecture(areas, table.text("office"), table.text("observatory"))
    if found is None:
        msg = f"{table.where}: there is no office {table.text('office')!r}; write a code of deploy/areas, like 140000"
        raise StormError(msg)
    return found


def _river(name: str, table: _Table, over: Prefecture) -> River:
    flooded = table.table("flooded")
    return River(
        section=Place(code=table.text("section_code"), name=name),
        river=Place(code=table.text("river_code"), name=name),
        station=Place(code=table.text("station_code"), name=table.text("station")),
        station_town=table.text("station_town"),
        type=table.text("type"),
        suffix=table.text("suffix"),
        office=table.text("office"),
        prefecture_code=table.text("prefecture_code"),
        flooded=tuple(
            FloodedArea(town=_town(town, over, flooded), quarters=flooded.texts(town)) for town in flooded.values
        ),
    )


def _town(name: str, over: Prefecture, table: _Table) -> Place:
    found = next((town for town in over.towns if town.name == name), None)
    if found is None:
        msg = f"{table.where}: there is no town {name!r} in {over.place.name}; write it as in deploy/areas"
        raise StormError(msg)
    return found


def _step(row: _Table, over: Prefecture, rivers: Mapping[str, River]) -> Step:
    stream = row.text("stream")
    if stream == NOTICE_STREAM:
        row = row.only("at_s", "stream", "headline", "text")
        return NoticeStep(at_s=row.number("at_s"), stream=stream, headline=row.text("headline"), text=row.text("text"))
    if stream in rivers:
        row = row.only("at_s", "stream", "headline", "text", "kind")
        return FloodStep(
            at_s=row.number("at_s"),
            stream=stream,
            headline=row.text("headline"),
            river=rivers[stream],
            kind=_one(FLOOD_KINDS, row.text("kind"), row),
            text=row.text("text"),
        )
    row = row.only("at_s", "stream", "headline", "in_force", "corrects", "comment")
    family = _one(FAMILIES, stream, row)
    return WarningStep(
        at_s=row.number("at_s"),
        stream=stream,
        headline=row.text("headline"),
        family=family,
        in_force=_in_force(row.table("in_force"), family, over),
        corrects=row.flag("corrects"),
        comment=row.optional_text("comment"),
    )


def _one(known: Mapping[str, T], name: str, table: _Table) -> T:
    if name not in known:
        msg = f"{table.where}: {name!r} is not known; one of {', '.join(known)}"
        raise StormError(msg)
    return known[name]


def _in_force(table: _Table, family: Family, over: Prefecture) -> InForce:
    kinds = {kind.name: kind for kind in family.kinds}
    in_force: dict[str, Kind] = {}
    for name in table.values:
        kind = _one(kinds, name, table)
        for town in table.texts(name):
            code = _town(town, over, table).code
            if code in in_force:
                msg = f"{table.where}: {town} stands under {in_force[code].name} and {name}; one hazard has one level"
                raise StormError(msg)
            in_force[code] = kind
    return in_force


def _check(storm: Storm) -> None:
    """The rules of a timeline: in order, names apart, corrections with something to correct, all over at the end."""
    newest: dict[str, Step] = {}
    names: set[tuple[int, str]] = set()
    at_s = 0
    for step in storm.steps:
        if step.at_s < at_s:
            msg = f"the step at {step.at_s} s stands behind the one at {at_s} s; put the steps in order of time"
            raise StormError(msg)
        at_s = step.at_s
        if isinstance(step, WarningStep) and step.corrects and step.stream not in newest:
            msg = f"the step at {at_s} s corrects {step.stream}, of which nothing was published before"
            raise StormError(msg)
        if (at_s, _type(step)) in names:
            msg = f"two telegrams {_type(step)} at {at_s} s would have one name; leave a second between them"
            raise StormError(msg)
        names.add((at_s, _type(step)))
        newest[step.stream] = step
    left = [stream for stream, step in newest.items() if not _over(step)]
    if left:
        msg = f"the storm ends with {', '.join(left)} in force; the last step of each must release everything"
        raise StormError(msg)


def _type(step: Step) -> str:
    """What tells the file names of one second apart."""
    if isinstance(step, WarningStep):
        return step.family.type
    return step.river.type if isinstance(step, FloodStep) else NOTICE_TYPE


def _over(step: Step) -> bool:
    if isinstance(step, WarningStep):
        return not step.in_force
    return isinstance(step, NoticeStep) or step.kind.code == RELEASED_CODE
