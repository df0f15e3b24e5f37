"""One example of each payload, small and whole: what `make schemas` writes beside the JSON Schema.

Invented: a warning for Odawara that never was. The files are golden: readers in other languages test against them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from schemas.alert import (
    Alert,
    Area,
    Category,
    Drill,
    Info,
    InfoState,
    MsgType,
    Status,
    Surface,
)
from schemas.area import AreaCode
from schemas.codec import Payload
from schemas.level import LEVELS, Grade, rank_of, triple_of
from schemas.lifecycle import fold
from schemas.notification import (
    Answer,
    Change,
    Decision,
    DeviceNumber,
    DeviceOutcome,
    Item,
    LedgerEntry,
    Notice,
    Order,
    Outcome,
    Question,
    Receipt,
    Told,
)
from schemas.observation import Crossing, Kind, Native, Observation, Quality, Station, Threshold
from schemas.office import COMMAND_S, Content, Matter, OfficeCommand, Officer, OfficeSession, Open
from schemas.status import Condition, StatusReport
from schemas.subscription import Channel, Language, Permission, Place, QuietHours, Subscription
from schemas.telegram import DeadLetter, Epoch, RawTelegram
from schemas.text import Text

AT = datetime(2026, 9, 1, 13, 40, tzinfo=UTC)
ODAWARA = Area(area_desc="小田原市", code=AreaCode(scheme="class20", code="1420600"))
STREAM = "jma:VPWW56:140000"


def _landslide(level: int) -> Info:
    severity, urgency, certainty = triple_of(level=level, rank=level)
    names = {3: "レベル３土砂災害警報", 4: "レベル４土砂災害危険警報"}
    return Info(
        category=Category.MET,
        event=names[level],
        event_code={3: "09", 4: "49"}[level],
        hazard="landslide",
        state=InfoState.ACTIVE,
        level=level,
        rank=rank_of("landslide", level=level),
        severity=severity,
        urgency=urgency,
        certainty=certainty,
        instruction=LEVELS[level].equivalent_action.ja,
        area=(ODAWARA,),
    )


def _alert(level: int, sent: datetime, msg_type: MsgType) -> Alert:
    revision = f"{sent:%Y%m%dT%H%M%SZ}.000000.1.{sent:%Y%m%dT%H%M%SZ}"
    return Alert(
        identifier=f"VPWW56:140000:{revision}",
        sender="jma",
        sender_name="横浜地方気象台",
        sent=sent,
        status=Status.ACTUAL,
        msg_type=msg_type,
        source="jma",
        streams=(STREAM,),
        revision=revision,
        report=f"time:{sent:%Y%m%dT%H%M%SZ}",
        lease="jma.extra",
        event="気象警報・注意報（Ｒ０６）（土砂災害）",
        headline="神奈川県では、土砂災害に厳重に警戒してください。",
        info=(_landslide(level),),
    )


def _gale_drill() -> Alert:
    rank = rank_of("wind", grade=Grade.WARNING)
    severity, urgency, certainty = triple_of(level=None, rank=rank)
    return Alert(
        identifier="VPWW58:140000:20260901T014000Z.000000.1.20260901T014000Z",
        sender="jma",
        sender_name="横浜地方気象台",
        sent=AT - timedelta(hours=12),
        status=Status.EXERCISE,
        msg_type=MsgType.ALERT,
        source="jma",
        streams=("jma:VPWW58:140000~2026-09-01",),
        revision="20260901T014000Z.000000.1.20260901T014000Z",
        report="time:20260901T014000Z",
        lease="jma.extra",
        drill=Drill(run="2026-09-01", surfaces=(Surface.SIGN, Surface.PAGE)),
        event="気象警報・注意報（Ｒ０６）（暴風・暴風雪）",
        headline="【訓練】暴風に警戒してください。",
        info=(
            Info(
                category=Category.MET,
                event="暴風警報",
                event_code="05",
                hazard="wind",
                state=InfoState.ACTIVE,
                rank=rank,
                severity=severity,
                urgency=urgency,
                certainty=certainty,
                area=(ODAWARA,),
            ),
        ),
    )


def _observation() -> Observation:
    observed = AT - timedelta(minutes=6)
    return Observation(
        source="kriver",
        station="9900000001",
        name="見本橋",
        kind=Kind.STAGE,
        value=4.52,
        unit="m",
        datum="TP",
        quality=Quality.GOOD,
        observed=observed,
        native=Native(value="4.52", time="2026-09-01T22:34:00+09:00"),
        received=AT,
        about=Station(
            source="kriver",
            station="9900000001",
            name="見本橋",
            jis5=("14206",),
            thresholds=(
                Threshold(crossing=Crossing.START, value=4.3, datum="TP", source="kriver"),
                Threshold(crossing=Crossing.FLOOD, value=6.93, datum="TP", source="kriver"),
            ),
        ),
    )


_FIRST = _alert(3, AT - timedelta(minutes=40), MsgType.ALERT)
_SECOND = _alert(4, AT, MsgType.UPDATE)

_DEVICE = "d2f1c0b9a8f7e6d5c4b3a29180f7e6d5"
_CAUSE = f"alert:{_SECOND.identifier}@{STREAM}"
_ITEM = Item(
    change=Change.RISE,
    hazard="landslide",
    area=AreaCode("class20", "1420600"),
    area_desc="小田原市",
    event="レベル４土砂災害危険警報",
    level=4,
    rank=4,
)
_NOTICE = Notice(
    alert=_SECOND.identifier,
    stream=STREAM,
    revision=_SECOND.revision,
    status=Status.ACTUAL,
    sent=AT,
    sender_name="横浜地方気象台",
    items=(_ITEM,),
)
_BITMAP = "OjAAAAEAAAAAAAAAEAAAAAEA"
"""Roaring bitmap of the one number 1."""
_LEDGER = LedgerEntry(
    run="real",
    shard=3,
    hazard="landslide",
    area=AreaCode("class20", "1420600"),
    rank=4,
    level=4,
    event="レベル４土砂災害危険警報",
    area_desc="小田原市",
    devices=_BITMAP,
)

EXAMPLES: dict[str, Payload] = {
    "alert": _SECOND,
    "alert-drill": _gale_drill(),
    "situation": fold(fold(None, STREAM, _FIRST), STREAM, _SECOND),
    "status": StatusReport(
        subject="lease:jma.extra",
        condition=Condition.OK,
        since=AT - timedelta(hours=9),
        reported_at=AT,
        silence_s=180.0,
        until=AT + timedelta(hours=3),
        message="the feed was heard",
    ),
    "telegram": RawTelegram(
        source="jma.extra",
        entry_id="https://example.jp/developer/xml/data/20260901134000_0_VPWW56_140000.xml",
        name="20260901134000_0_VPWW56_140000.xml",
        fetched_at=AT,
        sha256="0" * 64,
        body="H4sIAAAAAAAAAwMAAAAAAAAAAAA=",
    ),
    "observation": _observation(),
    "observation-not-listed": replace(
        _observation(), value=None, quality=Quality.MISSING, observed=AT, native=Native(), received=AT, listed=False
    ),
    "dead": DeadLetter(
        topic="telegrams",
        partition=2,
        offset=41,
        key="jma.extra:https://example.jp/developer/xml/data/20260901134000_0_VPWW56_140000.xml",
        code="E3101",
        reason="not well-formed XML",
        hint="look at the bytes kept here; the next revision of the stream is taken as usual",
        died_at=AT,
        value="PHhtbD4=",
    ),
    "epoch": Epoch(epoch="7d4f0c0a5a0b4f5e9d0c3a1b2c3d4e5f"),
    "subscription": Subscription(
        device=_DEVICE,
        credential_sha256="0" * 64,
        places=(Place(area=AreaCode("class20", "1420600"), min_rank=3, latitude=35.26, longitude=139.15),),
        hazard_min_ranks=(("thunder", 3),),
        language=Language.JA,
        quiet=QuietHours(start=time(22, 0), end=time(6, 0)),
        channel=Channel.FCM,
        address="example-token",
        address_at=AT,
        permission=Permission.GRANTED,
        updated_at=AT,
    ),
    "number": DeviceNumber(number=1),
    "decision": Decision(
        cause=_CAUSE,
        shard=3,
        decided_at=AT,
        notice=_NOTICE,
        groups=(Told(items=(_ITEM,), devices=_BITMAP),),
        ledger=(_LEDGER,),
    ),
    "ledger": _LEDGER,
    "order": Order(
        id=f"{_CAUSE}:3:0",
        shard=3,
        language=Language.JA,
        channel=Channel.FCM,
        devices=(_DEVICE,),
        notice=_NOTICE,
        decided_at=AT,
        lease="jma.extra",
    ),
    "receipt": Receipt(
        order=f"{_CAUSE}:3:0",
        alert=_SECOND.identifier,
        stream=STREAM,
        revision=_SECOND.revision,
        channel=Channel.FCM,
        progress=1,
        total=1,
        final=True,
        others=(DeviceOutcome(device=_DEVICE, outcome=Outcome.DEAD, address_sha256="0" * 64),),
        latency_ms_max=120,
        reported_at=AT,
    ),
    "question": Question(id="q1", device=_DEVICE, alert=_SECOND.identifier, asked_at=AT),
    "answer": Answer(question="q1", shard=3, lines=("小田原市を警戒レベル3以上で登録しています。",)),
    "office": OfficeCommand(
        id="0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        incident="20260901-7f3a91",
        actor="officer-a",
        at=AT,
        deadline=AT + timedelta(seconds=COMMAND_S),
        body=Open(
            matter=Matter.ORDER,
            content=Content(
                level=4,
                cause="landslide",
                areas=(AreaCode("class20", "1420600"),),
                districts="早川・風祭・入生田",
                message=Text(
                    ja="土砂災害の危険が高まっています。危険な場所にいる方は、全員避難してください。",
                    easy="がけくずれの きけんが あります。あぶない ばしょに いる ひとは みんな にげて ください。",
                    en="High risk of landslide. Everyone in dangerous places must evacuate now.",
                ),
            ),
        ),
    ),
    "officer": Officer(
        officer="officer-a",
        name="防災課 A",
        password="$argon2id$v=19$m=65536,t=3,p=4$ZXhhbXBsZQ$ZXhhbXBsZQ",  # noqa: S106 - no password has this hash
        enabled=True,
        changed_at=AT,
    ),
    "session": OfficeSession(officer="officer-a", began_at=AT - timedelta(hours=1), seen_at=AT),
}
"""Example name → payload; the name begins with its kind."""
