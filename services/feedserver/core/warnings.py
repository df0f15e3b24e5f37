"""Warning telegrams of the 2026 reform (VPWW55, 56, 58): a snapshot of one hazard over one prefecture.

Sources: jma.md §3.2 (Kind codes, Status, Significancy) and recorded telegrams for the order of the elements.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET  # noqa: S405 - writes only, parses nothing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.feedserver.core.places import Layer, Place, Prefecture, layers
from services.feedserver.core.telegrams import WEATHER_NS, Heading, body, child, report

_NONE_IN_FORCE = "発表警報・注意報はなし"
_RELEASED = "解除"
_CHANGED = "警報・注意報種別に変化有"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A warning by its name. `grade` orders kinds of a family: 5 特別警報, 4 危険警報, 3 警報, 2 注意報."""

    name: str
    code: str
    grade: int
    significancy: tuple[str, str]
    """Name and code of the danger it stands for (別表5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A telegram type and the kinds of its hazard."""

    type: str
    control_title: str
    head_title: str
    danger: str
    kinds: tuple[Kind, ...]

    def kind(self, name: str) -> Kind | None:
        """The kind of this name, None when the family has none."""
        return next((kind for kind in self.kinds if kind.name == name), None)


InForce = Mapping[str, Kind]
"""What is in force: class20 code → kind; a town not named has none."""

_GRADES = {5: "特別警報", 4: "危険警報", 3: "警報", 2: "注意報"}
_LEVELS = {
    5: ("警戒レベル５相当", "51"),
    4: ("警戒レベル４相当", "41"),
    3: ("警戒レベル３相当", "31"),
    2: ("警戒レベル２", "21"),
}
_CLASSES = {5: ("特別警報級", "50"), 3: ("警報級", "30"), 2: ("注意報級", "20")}


def _levelled(hazard: str, codes: Mapping[int, str]) -> tuple[Kind, ...]:
    digits = {5: "５", 4: "４", 3: "３", 2: "２"}
    return tuple(
        Kind(name=f"レベル{digits[grade]}{hazard}{_GRADES[grade]}", code=code, grade=grade, significancy=_LEVELS[grade])
        for grade, code in codes.items()
    )


FAMILIES: Mapping[str, Family] = {
    "大雨": Family(
        type="VPWW55",
        control_title="気象警報・注意報（Ｒ０６）（大雨）",
        head_title="大雨警報・注意報",
        danger="大雨浸水危険度",
        kinds=_levelled("大雨", {5: "33", 4: "43", 3: "03", 2: "10"}),
    ),
    "土砂災害": Family(
        type="VPWW56",
        control_title="気象警報・注意報（Ｒ０６）（土砂）",
        head_title="土砂災害警報・注意報",
        danger="土砂災害危険度",
        kinds=_levelled("土砂災害", {5: "39", 4: "49", 3: "09", 2: "29"}),
    ),
    "暴風": Family(
        type="VPWW58",
        control_title="気象警報・注意報（Ｒ０６）（暴風）",
        head_title="暴風警報・注意報",
        danger="風危険度",
        kinds=(
            Kind(name="暴風特別警報", code="35", grade=5, significancy=_CLASSES[5]),
            Kind(name="暴風警報", code="05", grade=3, significancy=_CLASSES[3]),
            Kind(name="強風注意報", code="15", grade=2, significancy=_CLASSES[2]),
        ),
    ),
}
"""The streams of warnings a storm can have, by the name its file uses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """An area before and after: the highest kind of its towns."""

    before: Kind | None
    now: Kind | None

    @property
    def status(self) -> str:
        """Kind/Status (別表3): upgrades are 発表 again, downgrades name both."""
        match self.before, self.now:
            case None, None:
                return _NONE_IN_FORCE
            case _, None:
                return _RELEASED
            case None, _:
                return "発表"
            case Kind(grade=before), Kind(grade=now) if now == before:
                return "継続"
            case Kind(grade=before), Kind(grade=now) if now < before:
                return f"{_GRADES[before]}から{_GRADES[now]}"
            case _:
                return "発表"

    @property
    def named(self) -> Kind | None:
        """The kind the Body names: a released one keeps its name and code (jma.md §0 no. 2)."""
        return self.now or self.before


def warning_telegram(
    heading: Heading,
    family: Family,
    prefecture: Prefecture,
    *,
    before: InForce,
    now: InForce,
    comment: str | None = None,
) -> bytes:
    """A warning telegram: all areas of the prefecture in four layers, with what was in force before and what is now."""
    changes = [(layer, _changes(layer, before, now)) for layer in layers(prefecture)]
    content = body(WEATHER_NS)
    for layer, of_layer in changes:
        warning = child(content, "Warning", type=layer.type)
        for (place, towns), change in zip(layer.areas, of_layer, strict=True):
            _item(warning, family, layer, place, change, whole=all(code in now or code in before for code in towns))
    if comment is not None:
        child(child(content, "Comment"), "Text", comment, type="補足情報")
    return report(heading, content, [_information(layer, of_layer) for layer, of_layer in changes])


def _changes(layer: Layer, before: InForce, now: InForce) -> list[_Change]:
    return [_Change(before=_highest(before, towns), now=_highest(now, towns)) for _, towns in layer.areas]


def _highest(in_force: InForce, towns: Iterable[str]) -> Kind | None:
    return max((in_force[code] for code in towns if code in in_force), key=lambda kind: kind.grade, default=None)


def _information(layer: Layer, changes: Sequence[_Change]) -> ET.Element:
    """A headline list: areas with a warning, and areas released just now as 解除 with code 00."""
    information = ET.Element("Information", {"type": layer.type})
    for (place, _), change in zip(layer.areas, changes, strict=True):
        if change.named is None:
            continue
        item = child(information, "Item")
        kind = child(item, "Kind")
        child(kind, "Name", change.now.name if change.now else _RELEASED)
        child(kind, "Code", change.now.code if change.now else "00")
        _area(child(item, "Areas", codeType=layer.code_type), place)
    return information


def _item(warning: ET.Element, family: Family, layer: Layer, place: Place, change: _Change, *, whole: bool) -> None:
    item = child(warning, "Item")
    kind = child(item, "Kind")
    if change.named is None:
        child(kind, "Status", change.status)
        _area(item, place)
        return
    child(kind, "Name", change.named.name)
    child(kind, "Code", change.named.code)
    child(kind, "Status", change.status)
    if change.before is not None:
        last = child(kind, "LastKind")
        child(last, "Name", change.before.name)
        child(last, "Code", change.before.code)
    if layer.of_towns and change.now is not None:
        _danger(kind, family.danger, change.now)
    _area(item, place)
    child(item, "ChangeStatus", "変化無" if change.before == change.now else _CHANGED)
    if not layer.of_towns:
        child(item, "FullStatus", "全域" if whole else "一部")
        child(item, "EditingMark", layer.editing_mark)


def _danger(kind: ET.Element, danger: str, now: Kind) -> None:
    part = child(kind, "Property")
    child(part, "Type", danger)
    significancy = child(child(child(part, "SignificancyPart"), "Base"), "Significancy", type=danger)
    name, code = now.significancy
    child(significancy, "Name", name)
    child(significancy, "Code", code)


def _area(parent: ET.Element, place: Place) -> None:
    area = child(parent, "Area")
    child(area, "Name", place.name)
    child(area, "Code", place.code)
