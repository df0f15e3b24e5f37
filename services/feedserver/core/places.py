"""The areas a warning telegram names, in JMA's four layers: prefecture, class10, class15, class20 (jma.md §6)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An area of one layer."""

    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class District:
    """市町村等をまとめた地域 (class15) and its towns (class20)."""

    place: Place
    towns: tuple[Place, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """一次細分区域 (class10)."""

    place: Place
    districts: tuple[District, ...]

    @property
    def towns(self) -> tuple[Place, ...]:
        """All towns of the region."""
        return tuple(town for district in self.districts for town in district.towns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefecture:
    """府県予報区 and the observatory that warns it."""

    place: Place
    observatory: str
    regions: tuple[Region, ...]

    @property
    def towns(self) -> tuple[Place, ...]:
        """All towns of the prefecture, by code, as telegrams list them."""
        return tuple(sorted((town for region in self.regions for town in region.towns), key=lambda town: town.code))


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One list of a warning telegram: its areas, each with the codes of the towns in it."""

    type: str
    code_type: str
    areas: tuple[tuple[Place, tuple[str, ...]], ...]
    of_towns: bool = False
    editing_mark: str = "0"
    """EditingMark as recorded telegrams of 2026 mostly have it."""


_WIDE = "気象情報／府県予報区・細分区域等"
_TOWN = "気象・地震・火山情報／市町村等"


def layers(prefecture: Prefecture) -> tuple[Layer, ...]:
    """The four lists of a warning telegram, widest first."""
    regions = prefecture.regions
    districts = [district for region in regions for district in region.districts]
    return (
        Layer(
            type="気象警報・注意報（府県予報区等）",
            code_type=_WIDE,
            areas=((prefecture.place, _codes(prefecture.towns)),),
        ),
        Layer(
            type="気象警報・注意報（一次細分区域等）",
            code_type=_WIDE,
            areas=tuple((region.place, _codes(region.towns)) for region in regions),
        ),
        Layer(
            type="気象警報・注意報（市町村等をまとめた地域等）",
            code_type=_WIDE,
            areas=tuple((district.place, _codes(district.towns)) for district in districts),
            editing_mark="1",
        ),
        Layer(
            type="気象警報・注意報（市町村等）",
            code_type=_TOWN,
            areas=tuple((town, (town.code,)) for town in prefecture.towns),
            of_towns=True,
        ),
    )


def _codes(towns: tuple[Place, ...]) -> tuple[str, ...]:
    return tuple(town.code for town in towns)
