"""The areas a warning telegram names: four lists, from the prefecture down to its towns, out of the national table."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.area import AreaCode, AreaTable, Scheme


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An area as telegrams name it."""

    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One list of a warning telegram: its areas, each with the codes of the towns in it."""

    type: str
    code_type: str
    areas: tuple[tuple[Place, tuple[str, ...]], ...]
    of_towns: bool
    editing_mark: str
    """EditingMark as recorded telegrams of 2026 mostly have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefecture:
    """A 府県予報区, the observatory that warns it, and its lists, the widest first and its towns last."""

    place: Place
    observatory: str
    layers: tuple[Layer, ...]

    @property
    def towns(self) -> tuple[Place, ...]:
        """All towns (class20), by code."""
        return tuple(place for place, _ in self.layers[-1].areas)


_LISTS = {
    Scheme.OFFICE: "府県予報区等",
    Scheme.CLASS10: "一次細分区域等",
    Scheme.CLASS15: "市町村等をまとめた地域等",
    Scheme.CLASS20: "市町村等",
}


def prefecture(table: AreaTable, office: str, observatory: str) -> Prefecture | None:
    """The prefecture of this office code with all that lies in it; None when the table has no such office."""
    root = AreaCode(Scheme.OFFICE, office)
    if root not in table.entries:
        return None
    layers: list[Layer] = []
    areas: tuple[AreaCode, ...] = (root,)
    for scheme, name in _LISTS.items():
        of_towns = scheme is Scheme.CLASS20
        layers.append(
            Layer(
                type=f"気象警報・注意報（{name}）",
                code_type="気象・地震・火山情報／市町村等" if of_towns else "気象情報／府県予報区・細分区域等",
                areas=tuple((_place(table, area), _towns(table, area)) for area in areas),
                of_towns=of_towns,
                editing_mark="1" if scheme is Scheme.CLASS15 else "0",
            )
        )
        areas = tuple(sorted(child for area in areas for child in _children(table, area)))
    return Prefecture(place=_place(table, root), observatory=observatory, layers=tuple(layers))


def _place(table: AreaTable, area: AreaCode) -> Place:
    return Place(code=area.code, name=table.entries[area].name.ja)


def _children(table: AreaTable, area: AreaCode) -> tuple[AreaCode, ...]:
    return tuple(code for code, entry in table.entries.items() if entry.parent == area)


def _towns(table: AreaTable, area: AreaCode) -> tuple[str, ...]:
    if area.scheme == Scheme.CLASS20:
        return (area.code,)
    return tuple(sorted(town for child in _children(table, area) for town in _towns(table, child)))
