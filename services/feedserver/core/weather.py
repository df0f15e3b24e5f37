"""Warning telegrams of the 2026 reform (VPWW55, 56, 58): a snapshot of one hazard over one prefecture.

Sources: JMA's technical note 634 (配信資料に関する技術情報, 2024–2026), tables 3 and 5 (Kind codes, Status, Significancy);
the order of the elements is that of telegrams recorded in 2026.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.feedserver.core.places import Layer, Place, Prefecture
from services.feedserver.core.telegrams import ISSUED, WEATHER_NS, Form, Heading, body, child, report

_NONE_IN_FORCE = "発表警報・注意報はなし"
_RELEASED = "解除"
_GRADES = {5: "特別警報", 4: "危険警報", 3: "警報", 2: "注意報"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A warning by its name. `grade` orders the kinds of a family: 5 特別警報, 4 危険警報, 3 警報, 2 注意報."""

    name: str
    code: str
    grade: int
    danger_name: str
    """The danger it stands for (Significancy, 別表5)."""
    danger_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A telegram type and the kinds of its hazard."""

    type: str
    form: Form
    head_title: str
    danger: str
    kinds: tuple[Kind, ...]


InForce = Mapping[str, Kind]
"""What is in force: class20 code → kind; a town not named has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What was in force by the report before, and what is by this one."""

    family: Family
    before: InForce
    now: InForce


def _form(hazard: str) -> Form:
    return Form(
        control_title=f"気象警報・注意報（Ｒ０６）（{hazard}）", info_kind="気象警報・注意報", info_kind_version="1.5_0"
    )


def _levelled(hazard: str, codes: Sequence[str]) -> tuple[Kind, ...]:
    """The kinds of a hazard with warning levels; `codes` for levels 2 to 5."""
    return tuple(
        Kind(
            name=f"レベル{digit}{hazard}{_GRADES[level]}",
            code=code,
            grade=level,
            danger_name=f"警戒レベル{digit}" if level == 2 else f"警戒レベル{digit}相当",
            danger_code=danger_code,
        )
        for level, digit, danger_code, code in zip(
            (2, 3, 4, 5), "２３４５", ("21", "31", "41", "51"), codes, strict=True
        )
    )


FAMILIES: Mapping[str, Family] = {
    "大雨": Family(
        type="VPWW55",
        form=_form("大雨"),
        head_title="大雨警報・注意報",
        danger="大雨浸水危険度",
        kinds=_levelled("大雨", ("10", "03", "43", "33")),
    ),
    "土砂災害": Family(
        type="VPWW56",
        form=_form("土砂"),
        head_title="土砂災害警報・注意報",
        danger="土砂災害危険度",
        kinds=_levelled("土砂災害", ("29", "09", "49", "39")),
    ),
    "暴風": Family(
        type="VPWW58",
        form=_form("暴風"),
        head_title="暴風警報・注意報",
        danger="風危険度",
        kinds=(
            Kind(name="強風注意報", code="15", grade=2, danger_name="注意報級", danger_code="20"),
            Kind(name="暴風警報", code="05", grade=3, danger_name="警報級", danger_code="30"),
            Kind(name="暴風特別警報", code="35", grade=5, danger_name="特別警報級", danger_code="50"),
        ),
    ),
}
"""The streams of warnings a storm can have, by the name its file uses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One area of one layer before and after: the highest kind of its towns."""

    layer: Layer
    place: Place
    before: Kind | None
    now: Kind | None
    whole: bool
    """Whether each of its towns has or had a warning (FullStatus)."""

    @property
    def status(self) -> str:
        """Kind/Status (別表3): a higher kind is 発表 again, a lower one names both."""
        if self.now is None:
            return _RELEASED if self.before else _NONE_IN_FORCE
        if self.before is None or self.before.grade < self.now.grade:
            return ISSUED
        if self.before == self.now:
            return "継続"
        return f"{_GRADES[self.before.grade]}から{_GRADES[self.now.grade]}"

    @property
    def named(self) -> Kind | None:
        """The kind the Body names: a released one keeps its name and code, only Status says that it is over."""
        return self.now or self.before


def warning_telegram(heading: Heading, change: Change, prefecture: Prefecture, *, comment: str | None = None) -> bytes:
    """A warning telegram: all areas of the prefecture in four layers, with what was in force before and what is now."""
    rows = [_rows(layer, change) for layer in prefecture.layers]
    content = body(WEATHER_NS)
    for of_layer in rows:
        _warning(content, of_layer, change.family)
    if comment is not None:
        child(child(content, "Comment"), "Text", comment, type="補足情報")
    return report(heading, content, [_information(of_layer) for of_layer in rows])


def _rows(layer: Layer, change: Change) -> list[_Row]:
    return [
        _Row(
            layer=layer,
            place=place,
            before=_highest(change.before, towns),
            now=_highest(change.now, towns),
            whole=all(code in change.now or code in change.before for code in towns),
        )
        for place, towns in layer.areas
    ]


def _highest(in_force: InForce, towns: Iterable[str]) -> Kind | None:
    return max((in_force[code] for code in towns if code in in_force), key=lambda kind: kind.grade, default=None)


def _information(rows: Sequence[_Row]) -> ET.Element:
    """A headline list: areas with a warning, and areas released just now as 解除 with code 00."""
    information = ET.Element("Information", {"type": rows[0].layer.type})
    for row in rows:
        if row.named is None:
            continue
        item = child(information, "Item")
        kind = child(item, "Kind")
        child(kind, "Name", row.now.name if row.now else _RELEASED)
        child(kind, "Code", row.now.code if row.now else "00")
        _area(child(item, "Areas", codeType=row.layer.code_type), row.place)
    return information


def _warning(content: ET.Element, rows: Sequence[_Row], family: Family) -> None:
    warning = child(content, "Warning", type=rows[0].layer.type)
    for row in rows:
        item = child(warning, "Item")
        kind = child(item, "Kind")
        if row.named is None:
            child(kind, "Status", row.status)
            _area(item, row.place)
        else:
            _kind(kind, row, row.named, family)
            _area(item, row.place)
            _marks(item, row)


def _kind(kind: ET.Element, row: _Row, named: Kind, family: Family) -> None:
    child(kind, "Name", named.name)
    child(kind, "Code", named.code)
    child(kind, "Status", row.status)
    if row.before is not None:
        last = child(kind, "LastKind")
        child(last, "Name", row.before.name)
        child(last, "Code", row.before.code)
    if row.layer.of_towns and row.now is not None:
        part = child(kind, "Property")
        child(part, "Type", family.danger)
        significancy = child(child(child(part, "SignificancyPart"), "Base"), "Significancy", type=family.danger)
        child(significancy, "Name", row.now.danger_name)
        child(significancy, "Code", row.now.danger_code)


def _marks(item: ET.Element, row: _Row) -> None:
    child(item, "ChangeStatus", "変化無" if row.before == row.now else "警報・注意報種別に変化有")
    if not row.layer.of_towns:
        child(item, "FullStatus", "全域" if row.whole else "一部")
        child(item, "EditingMark", row.layer.editing_mark)


def _area(parent: ET.Element, place: Place) -> None:
    area = child(parent, "Area")
    child(area, "Name", place.name)
    child(area, "Code", place.code)
