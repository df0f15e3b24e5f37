"""Notices for tests of wording and push: short to write, whole to read."""

from __future__ import annotations

from datetime import UTC, datetime

from schemas.alert import (
    Alert,
    Area,
    Category,
    Certainty,
    Drill,
    Info,
    InfoState,
    MsgType,
    Origin,
    Severity,
    Status,
    Surface,
    Urgency,
)
from schemas.area import AreaCode
from schemas.notification import Change, Item, Notice
from schemas.text import Text

AT = datetime(2026, 9, 1, 13, 40, tzinfo=UTC)
ODAWARA = AreaCode("class20", "1420600")
HIRATSUKA = AreaCode("class20", "1420300")
ZUSHI = AreaCode("class20", "1420800")
KAWASAKI = AreaCode("class20", "1413000")
SAGAMI_BAY = AreaCode("tsunami", "330")
NAMES = {
    ODAWARA: Text(ja="小田原市", easy="おだわらし", en="Odawara City"),
    HIRATSUKA: Text(ja="平塚市", easy="ひらつかし", en="Hiratsuka City"),
    ZUSHI: Text(ja="逗子市", easy="ずしし", en="Zushi City"),
    KAWASAKI: Text(ja="川崎市", easy="かわさきし", en="Kawasaki City"),
}
STREAM = "jma:VPWW56:140000"


def item(
    change: Change = Change.NEW,
    *,
    hazard: str = "landslide",
    event: str = "レベル４土砂災害危険警報",
    level: int | None = 4,
    rank: int = 4,
    origin: Origin = Origin.OFFICIAL,
    area: AreaCode = ODAWARA,
    instruction: tuple[str, str, str] = ("", "", ""),
) -> Item:
    """One thing told; by default a landslide warning of level 4 in Odawara."""
    return Item(
        change=change,
        hazard=hazard,
        area=area,
        area_desc=NAMES[area].ja if area in NAMES else "相模湾・三浦半島",
        event=event,
        level=level,
        rank=rank,
        origin=origin,
        instruction=instruction[0],
        instruction_easy=instruction[1],
        instruction_en=instruction[2],
    )


def order_item(change: Change = Change.NEW, level: int = 4, **more: object) -> Item:
    """The office's own order."""
    return item(
        change,
        hazard="evacuation:i1",
        event="",
        level=level,
        rank=level,
        origin=Origin.OFFICE,
        **more,  # type: ignore[arg-type]
    )


def notice(*items: Item, drill: bool = False, sender_name: str = "横浜地方気象台", stream: str = STREAM) -> Notice:
    """What a person is told at once."""
    return Notice(
        alert="VPWW56:140000:r2",
        stream=stream,
        revision="r2",
        status=Status.EXERCISE if drill else Status.ACTUAL,
        drill=Drill(run="run-1", surfaces=(Surface.PUSH,)) if drill else None,
        sent=AT,
        sender_name=sender_name,
        items=items,
    )


def alert_of(told: Notice) -> Alert:
    """The alert behind a notice: a block for all its items that differ in nothing but the area, those over left out."""
    blocks: dict[tuple[object, ...], list[Item]] = {}
    for one in told.items:
        if one.change in {Change.NEW, Change.RISE}:
            blocks.setdefault((one.hazard, one.event, one.level, one.rank, one.instruction), []).append(one)
    return Alert(
        identifier=told.alert,
        sender="sender",
        sender_name=told.sender_name,
        sent=told.sent,
        status=told.status,
        msg_type=MsgType.ALERT,
        source=told.stream.partition(":")[0],
        origin=told.items[0].origin if told.items else Origin.OFFICIAL,
        streams=(told.stream,),
        revision=told.revision,
        drill=told.drill and Drill(run=told.drill.run, surfaces=(Surface.SIGN,)),
        info=tuple(_block(items) for items in blocks.values()),
    )


def _block(items: list[Item]) -> Info:
    first = items[0]
    return Info(
        category=Category.MET,
        event=first.event,
        hazard=first.hazard,
        state=InfoState.ACTIVE,
        level=first.level,
        rank=first.rank,
        urgency=Urgency.UNKNOWN,
        severity=Severity.UNKNOWN,
        certainty=Certainty.UNKNOWN,
        instruction=first.instruction,
        instruction_easy=first.instruction_easy,
        instruction_en=first.instruction_en,
        area=tuple(Area(area_desc=one.area_desc, code=one.area) for one in items),
    )


def office_notice(*items: Item, drill: bool = False) -> Notice:
    """The same, from the city's office."""
    return notice(*items, drill=drill, sender_name="小田原市", stream="office:i1")
