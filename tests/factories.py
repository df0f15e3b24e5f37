"""Values for tests: every field has a default, so a test names only what matters to it. All invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from schemas.alert import (
    OWN_SOURCE,
    Alert,
    Area,
    Category,
    Drill,
    Info,
    InfoState,
    MsgType,
    Origin,
    Status,
    Surface,
)
from schemas.area import AreaCode
from schemas.level import Grade, rank_of, triple_of
from schemas.subscription import Permission, Place, Subscription

EVENING = datetime(2026, 9, 1, 11, 0, tzinfo=UTC)
ODAWARA = AreaCode("class20", "1420600")
ZUSHI = AreaCode("class20", "1420800")
HACHIOJI = AreaCode("class20", "1320100")
NAMES = {ODAWARA: "小田原市", ZUSHI: "逗子市", HACHIOJI: "八王子市"}
EVERY_SURFACE = tuple(Surface)


def at(minutes: float) -> datetime:
    """Minutes after the evening began."""
    return EVENING + timedelta(minutes=minutes)


def an_info(
    hazard: str = "landslide",
    *,
    level: int | None = 4,
    grade: Grade | None = None,
    areas: tuple[AreaCode, ...] = (ODAWARA,),
    released: bool = False,
    expires: datetime | None = None,
) -> Info:
    """A block: in force at the level (or the rank of the grade) in the areas, or released there."""
    rank = None if released else rank_of(hazard, level=level, grade=grade)
    severity, urgency, certainty = triple_of(level=None if released else level, rank=rank)
    return Info(
        category=Category.MET,
        event=f"{hazard} {'released' if released else level or grade}",
        hazard=hazard,
        state=InfoState.RELEASED if released else InfoState.ACTIVE,
        level=None if released else level,
        rank=rank,
        severity=severity,
        urgency=urgency,
        certainty=certainty,
        expires=expires,
        area=tuple(Area(area_desc=NAMES.get(area, area.code), code=area) for area in areas),
    )


def an_alert(
    minute: float = 0,
    *infos: Info,
    stream: str = "jma:VPWW56:140000",
    serial: int | None = None,
    msg_type: MsgType = MsgType.UPDATE,
    corrects: datetime | None = None,
    report: str | None = None,
    run: str | None = None,
    test: bool = False,
    lease: str = "jma.extra",
    origin: Origin = Origin.OFFICIAL,
    references: tuple[str, ...] = (),
    **changes: object,
) -> Alert:
    """An alert sent `minute` minutes into the evening; its revision and report are made as ingest makes them."""
    sent = corrects or at(minute)
    kind = 3 if msg_type is MsgType.CANCEL else 2 if corrects else 1
    revision = f"{sent:%Y%m%dT%H%M%SZ}.{serial or 0:06}.{kind}.{at(minute):%Y%m%dT%H%M%SZ}"
    named = f"serial:{serial}" if serial else "" if msg_type is MsgType.CANCEL else f"time:{sent:%Y%m%dT%H%M%SZ}"
    status = Status.TEST if test else Status.EXERCISE if run else Status.ACTUAL
    made = Alert(
        identifier=f"{stream}:{revision}",
        sender="jma",
        sender_name="横浜地方気象台",
        sent=sent,
        status=status,
        msg_type=msg_type,
        source=OWN_SOURCE if origin is Origin.OFFICE else "jma",
        origin=origin,
        streams=(f"{stream}~{run}" if run else stream,),
        revision=revision,
        report=named if report is None else report,
        references=references,
        lease=lease,
        drill=Drill(run=run, surfaces=EVERY_SURFACE) if run else None,
        event="気象警報・注意報",
        headline="土砂災害に警戒してください。",
        info=infos if infos or msg_type is MsgType.CANCEL else (an_info(),),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # names are the test's own


def a_device(
    device: str = "device-1",
    place: AreaCode = ODAWARA,
    min_rank: int = 3,
    *,
    more: tuple[tuple[AreaCode, int], ...] = (),
    address: str | None = "address-1",
    permission: Permission = Permission.GRANTED,
    **changes: object,
) -> Subscription:
    """A device that follows a place at a rank and above (and `more` of such) and can be reached."""
    made = Subscription(
        device=device,
        credential_sha256="0" * 64,
        places=tuple(Place(area=area, min_rank=rank) for area, rank in ((place, min_rank), *more)),
        address=address,
        address_at=EVENING,
        permission=permission,
        updated_at=EVENING,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # names are the test's own
