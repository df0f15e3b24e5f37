"""From a change of a gauge to its alert, and to what the staff are told.

A gauge's alert says what was measured and nothing more: no 警戒レベル, no order, no forecast, and never that the weather
service said it (`Origin.GAUGE`). Its stream is the gauge; its revision is the instant of the reading that changed it.
A gauge whose municipality is not known alerts nobody and is told to the staff: an area is never guessed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType

from schemas.alert import Alert, Area, Category, Certainty, Info, InfoState, MsgType, Origin, Status
from schemas.area import AreaCode, AreaTable, UnknownArea, class20_of
from schemas.level import Grade, rank_of, triple_of
from schemas.observation import Crossing, Station
from schemas.status import Condition, StatusReport
from services.ingest.core import trouble
from services.ingest.core.river.sources import SOURCES
from services.ingest.core.thresholds import Change, Turn
from services.ingest.core.trouble import JST, Trouble

TOPIC = "alerts.routine"
"""A gauge never reaches rank 4."""
HAZARD = "gauge"
WORDS = MappingProxyType(
    {
        Crossing.START: "観測開始水位",
        Crossing.STANDBY: "水防団待機水位",
        Crossing.CAUTION: "氾濫注意水位",
        Crossing.JUDGE: "避難判断水位",
        Crossing.DANGER: "氾濫危険水位",
        Crossing.FLOOD: "氾濫開始水位",
    }
)
_GRADES = MappingProxyType(
    {
        Crossing.START: Grade.GAUGE_START,
        Crossing.STANDBY: Grade.GAUGE_STANDBY,
        Crossing.CAUTION: Grade.GAUGE_CAUTION,
        Crossing.JUDGE: Grade.GAUGE_JUDGE,
        Crossing.DANGER: Grade.DANGER,
        Crossing.FLOOD: Grade.GAUGE_FLOOD,
    }
)
TOLD = frozenset({Turn.RAISED, Turn.LOWERED, Turn.CLEARED})
"""The turns that make an alert; the others are for staff."""
INSTRUCTION = "川の観測値です。市の避難情報ではありません。川に近づかないでください"


def stream_of(about: Station) -> str:
    """The stream of a gauge."""
    return f"gauge:{about.source}:{about.station}"


def alert_of(about: Station, change: Change, areas: AreaTable) -> Alert | UnknownArea:
    """The gauge as it is after a change that is told: a full snapshot of its stream."""
    places = _places(about, areas)
    if isinstance(places, UnknownArea):
        return places
    stream, said = stream_of(about), _said(change)
    revision = f"{change.at.astimezone(UTC):%Y%m%dT%H%M%SZ}.{change.order:03}"
    return Alert(
        identifier=f"{stream}:{revision}",
        sender=about.source,
        sender_name=SOURCES[about.source].name,
        sent=change.at,
        status=Status.ACTUAL,
        msg_type=MsgType.UPDATE if change.before else MsgType.ALERT,
        source=about.source,
        origin=Origin.GAUGE,
        streams=(stream,),
        revision=revision,
        lease=about.source,
        event=f"河川水位（{about.river}{about.name}）",
        headline=f"{about.river}{about.name}: {said}",
        info=(_info(about, change, places, said),),
    )


def _info(about: Station, change: Change, places: tuple[Area, ...], said: str) -> Info:
    crossing = change.crossing or change.before
    assert crossing is not None  # what is told is a level that was reached or left
    rank = rank_of(HAZARD, grade=_GRADES[crossing]) if change.crossing else None
    severity, urgency, _ = triple_of(level=None, rank=rank)
    return Info(
        category=Category.MET,
        event=f"{about.river}{about.name} {WORDS[crossing]}",
        event_code=str(crossing),
        hazard=f"{HAZARD}:{about.source}-{about.station}",
        state=InfoState.ACTIVE if change.crossing else InfoState.RELEASED,
        rank=rank,
        severity=severity,
        urgency=urgency,
        certainty=Certainty.OBSERVED,
        description=said,
        instruction=INSTRUCTION if change.crossing else "",
        area=places,
    )


def _places(about: Station, areas: AreaTable) -> tuple[Area, ...] | UnknownArea:
    """The municipalities whose people the gauge concerns; one that is not known leaves the others."""
    known: dict[AreaCode, None] = {}
    unknown = UnknownArea(area=AreaCode("jis5", ""))
    for town in about.jis5:
        found = class20_of(areas, town)
        if isinstance(found, UnknownArea):
            unknown = found
        else:
            known |= dict.fromkeys(found)
    named = tuple(Area(area_desc=areas.entries[code].name.ja, code=code) for code in known)
    return named or unknown


def _said(change: Change) -> str:
    """What was measured, with its instant in Japan: a number says more than a name."""
    local = (change.sample.observed if change.sample else change.at).astimezone(JST)
    when = f"{local.month}月{local.day}日{local.hour}:{local.minute:02}"
    measured = f"{when} {change.sample.value:.2f} m" if change.sample else f"{when}の観測一覧に載っていません"
    left = f"{WORDS[change.before]}を下回り" if change.before else ""
    match change.turn, change.crossing:
        case Turn.LOWERED, Crossing() as level:
            return f"水位が{left}、{WORDS[level]}以上です（{measured}）"
        case _, Crossing() as level:
            return f"水位が{WORDS[level]}以上になりました（{measured}）"
        case _:
            return f"水位が{left}ました（{measured}）"


# --- for staff ---


def report_of(about: Station, change: Change, now: datetime) -> StatusReport | None:
    """What the staff are told of a change, None where people are told it and that is enough."""
    subject = stream_of(about)
    match change.turn:
        case Turn.HELD:
            return _alarm(f"{subject}:doubt", trouble.doubted(_called(about), _value(change), str(change.doubt)), now)
        case Turn.DISMISSED:
            return _fine(f"{subject}:doubt", "what was doubted has gone, or was confirmed by a second reading", now)
        case Turn.RISING:
            found = trouble.rising(_called(about), _value(change), change.rise_m, change.next_s)
            return _alarm(f"{subject}:rise", found, now)
        case Turn.STEADY:
            return _fine(f"{subject}:rise", "it no longer rises fast", now)
        case _:
            return None


def lost_report(about: Station, last: datetime, now: datetime) -> StatusReport:
    """A gauge above a threshold that has fallen silent: its level stays, nobody knows how high the river is."""
    return _alarm(f"{stream_of(about)}:lost", trouble.gauge_lost(_called(about), last), now)


def heard_report(about: Station, now: datetime) -> StatusReport:
    """It is heard again, or is below its thresholds."""
    return _fine(f"{stream_of(about)}:lost", "heard, or below its thresholds", now)


def placeless_report(about: Station, unknown: UnknownArea, now: datetime) -> StatusReport:
    """A gauge whose municipality no table knows."""
    return _alarm(f"{stream_of(about)}:place", trouble.gauge_placeless(_called(about), str(unknown.area)), now)


def _called(about: Station) -> str:
    return f"{about.river}{about.name} ({about.source}:{about.station})"


def _value(change: Change) -> str:
    return f"{change.sample.value:.2f} m" if change.sample else "no value"


def _alarm(subject: str, found: Trouble, now: datetime) -> StatusReport:
    return StatusReport(
        subject=subject,
        condition=Condition.ALARM,
        since=now,
        reported_at=now,
        code=found.code,
        message=found.message,
        hint=found.hint,
    )


def _fine(subject: str, message: str, now: datetime) -> StatusReport:
    return StatusReport(subject=subject, condition=Condition.OK, since=now, reported_at=now, message=message)
