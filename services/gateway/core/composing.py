"""From a draft to the exact bytes that would go out, and the check that bytes say what their draft says.

`compose` uses tables (levels, names of areas); `fault` does not: it judges bytes that stand in the log for ever against
the draft that stands there too, and must come to the same answer whatever the tables say by then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from schemas import codec
from schemas.alert import (
    OWN_SOURCE,
    Alert,
    Area,
    Category,
    Certainty,
    Info,
    InfoState,
    MsgType,
    Origin,
    Scope,
    Severity,
    Status,
    Urgency,
)
from schemas.area import AreaCode
from schemas.hazard import HAZARDS
from schemas.level import LEVELS, Grade, rank_of, triple_of
from schemas.office import Content, Matter, Purpose, lease_source, stream_of
from schemas.text import Text
from services.gateway.core.incident import Incident

DRILL_MARK = "【訓練】"
HAZARD_OF = {Matter.ORDER: "evacuation", Matter.SHELTER: "shelter", Matter.NOTICE: "notice"}
TOPIC_OF = {Matter.ORDER: "alerts.emergency", Matter.SHELTER: "alerts.emergency", Matter.NOTICE: "alerts.routine"}
"""The lane of a kind of stream: every office alert but notices is emergency. Drills have their own topic."""
WITHDRAWALS = {
    Matter.ORDER: "先ほどの避難情報は誤りでした。取り消します。",
    Matter.SHELTER: "先ほどの避難所のお知らせは誤りでした。取り消します。",
    Matter.NOTICE: "先ほどのお知らせは誤りでした。取り消します。",
}
"""The fixed words of a withdrawal: nobody has to find any in the minute in which they are needed."""
READ_MAX = 256
"""Alerts kept read: each is looked at again by every page and every check of its incident; the least used is forgotten."""
_ALERT = {"ce_type": f"jp.hansho.alert.v{codec.MAJOR}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """The city that speaks: its name, its CAP sender, and its own areas (class20) with their names."""

    name: Text
    sender: str
    areas: Mapping[AreaCode, Text]


# --- names ---


def event_of(matter: Matter, level: int | None) -> Text:
    """What it is called while it is in force: an order by its level's name."""
    row = LEVELS.get(level or 0)
    if matter is Matter.ORDER and row is not None and row.order is not None:
        return row.order
    if matter is Matter.SHELTER:
        return Text(ja="避難所開設", easy="ひなんじょが あきました", en="Shelter open")
    return HAZARDS[HAZARD_OF[matter]].name


def over_of(matter: Matter, level: int | None) -> str:
    """What its end is called, in Japanese."""
    if matter is Matter.SHELTER:
        return "避難所閉鎖"
    return f"{event_of(matter, level).ja} {'終了' if matter is Matter.NOTICE else '解除'}"


def cause_of(content: Content) -> str:
    """The danger behind it, in Japanese; "" where none is named."""
    known = HAZARDS.get(content.cause)
    return known.name.ja if known else ""


def headline_of(incident: Incident, purpose: Purpose, content: Content, sender: Sender) -> str:
    """One line: drill mark, city, event, cause, districts."""
    over = purpose is Purpose.END
    event = over_of(incident.matter, content.level) if over else event_of(incident.matter, content.level).ja
    cause = cause_of(content)
    named = f"{event}（{cause}）" if cause else event
    return f"{DRILL_MARK if incident.drill else ''}{sender.name.ja} {named} {content.districts}".rstrip()


# --- bytes ---


def revision_of(incident: Incident) -> str:
    """The revision of the next alert: its number in the incident, never our clock."""
    return f"{len(incident.issues) + 1:06}"


def compose(incident: Incident, purpose: Purpose, content: Content, *, at: datetime, sender: Sender) -> Alert:
    """The alert that a draft becomes when it is submitted at this time."""
    return _alert(
        incident,
        at=at,
        sender=sender,
        msg_type=MsgType.UPDATE if incident.issues else MsgType.ALERT,
        event=_event(incident.matter, purpose, content),
        headline=headline_of(incident, purpose, content, sender),
        lease="" if _states_an_end(purpose, content) else lease_source(incident.id),
        info=(_info(incident, purpose, content, at=at, sender=sender),),
    )


def compose_withdrawal(incident: Incident, *, at: datetime, sender: Sender) -> Alert:
    """The alert that takes everything of the incident back, with the fixed words."""
    return _alert(
        incident,
        at=at,
        sender=sender,
        msg_type=MsgType.CANCEL,
        event=f"{event_of(incident.matter, (incident.content() or _NOTHING).level).ja} 取り消し",
        headline=_withdrawal(incident),
        lease="",
        info=(),
    )


_NOTHING = Content(message=Text(ja="", easy="", en=""))


def _withdrawal(incident: Incident) -> str:
    return f"{DRILL_MARK if incident.drill else ''}{WITHDRAWALS[incident.matter]}"


def _alert(
    incident: Incident,
    *,
    at: datetime,
    sender: Sender,
    msg_type: MsgType,
    event: str,
    headline: str,
    lease: str,
    info: tuple[Info, ...],
) -> Alert:
    revision = revision_of(incident)
    return Alert(
        identifier=f"office:{incident.id}:{revision}",
        sender=sender.sender,
        sender_name=sender.name.ja,
        sent=second(at),
        status=Status.EXERCISE if incident.drill else Status.ACTUAL,
        msg_type=msg_type,
        source=OWN_SOURCE,
        origin=Origin.OFFICE,
        streams=(stream_of(incident.id, incident.drill),),
        revision=revision,
        report=revision,
        references=references(incident),
        lease=lease,
        drill=incident.drill,
        event=event,
        headline=headline,
        info=info,
    )


def _info(incident: Incident, purpose: Purpose, content: Content, *, at: datetime, sender: Sender) -> Info:
    active = purpose is not Purpose.END
    rank = rank_of(HAZARD_OF[incident.matter], level=content.level, grade=Grade.OFFICE) if active else None
    severity, urgency, certainty = (
        triple_of(level=content.level, rank=rank) if active else (Severity.MINOR, Urgency.PAST, Certainty.OBSERVED)
    )
    return Info(
        category=Category.SAFETY,
        event=_event(incident.matter, purpose, content),
        hazard=f"{HAZARD_OF[incident.matter]}:{incident.id}",
        state=InfoState.ACTIVE if active else InfoState.RELEASED,
        level=content.level if active else None,
        rank=rank,
        urgency=urgency,
        severity=severity,
        certainty=certainty,
        effective=second(at),
        expires=content.expires if active else None,
        headline=cause_of(content),
        instruction=content.message.ja,
        instruction_easy=content.message.easy,
        instruction_en=content.message.en,
        area=tuple(Area(area_desc=_area_desc(code, content, sender), code=code) for code in content.areas),
    )


def _event(matter: Matter, purpose: Purpose, content: Content) -> str:
    return over_of(matter, content.level) if purpose is Purpose.END else event_of(matter, content.level).ja


def _area_desc(code: AreaCode, content: Content, sender: Sender) -> str:
    name = sender.areas[code].ja if code in sender.areas else code.code
    return f"{name} {content.districts}".rstrip()


def _states_an_end(purpose: Purpose, content: Content) -> bool:
    return purpose is Purpose.END or content.expires is not None


def second(at: datetime) -> datetime:
    """A moment as it stands in an alert: UTC, whole seconds."""
    return at.astimezone(UTC).replace(microsecond=0)


def references(incident: Incident) -> tuple[str, ...]:
    """CAP triples "sender,identifier,sent" of everything that went out of the incident before."""
    told = (read(issue.alert) for issue in incident.issues)
    return tuple(f"{one.sender},{one.identifier},{one.sent.isoformat()}" for one in told if one is not None)


def text_of(alert: Alert) -> str:
    """The exact JSON text of an alert: what is shown, approved and appended."""
    return codec.encode(alert).decode()


@lru_cache(maxsize=READ_MAX)
def read(text: str) -> Alert | None:
    """The alert in a JSON text; None where there is none."""
    found = codec.decode(_ALERT, text.encode())
    return found if isinstance(found, Alert) else None


# --- the check ---


def fault(incident: Incident, purpose: Purpose, content: Content | None, text: str, at: datetime) -> str:
    """What is wrong with bytes that are to go out; "" when they say what their draft says, and nothing else.

    This is the last look before bytes can be approved: drill and real never change places, the area is what the draft
    names, and every reference is there.
    """
    alert = read(text)
    if alert is None:
        return "they are no alert"
    wrong = [*_frame_faults(incident, alert, at)]
    if purpose is Purpose.WITHDRAW or content is None:
        wrong += _withdrawal_faults(incident, alert)
    else:
        wrong += _content_faults(incident, purpose, content, alert)
    return "; ".join(wrong)


def _frame_faults(incident: Incident, alert: Alert, at: datetime) -> Iterator[str]:
    status = Status.EXERCISE if incident.drill else Status.ACTUAL
    revision = revision_of(incident)
    wanted = (
        ("status", alert.status, status),
        ("drill", alert.drill, incident.drill),
        ("streams", alert.streams, (stream_of(incident.id, incident.drill),)),
        ("origin", alert.origin, Origin.OFFICE),
        ("source", alert.source, OWN_SOURCE),
        ("scope", alert.scope, Scope.PUBLIC),
        ("revision", alert.revision, revision),
        ("identifier", alert.identifier, f"office:{incident.id}:{revision}"),
        ("references", alert.references, references(incident)),
        ("sent", alert.sent, second(at)),
        ("drill mark", alert.headline.startswith(DRILL_MARK), incident.drill is not None),
    )
    yield from _unlike(wanted)


def _withdrawal_faults(incident: Incident, alert: Alert) -> Iterator[str]:
    yield from _unlike(
        (
            ("msgType", alert.msg_type, MsgType.CANCEL),
            ("headline", alert.headline, _withdrawal(incident)),
            ("info", alert.info, ()),
            ("lease", alert.lease, ""),
        )
    )


def _content_faults(incident: Incident, purpose: Purpose, content: Content, alert: Alert) -> Iterator[str]:
    if len(alert.info) != 1:
        yield "info: it must be one block"
        return
    info = alert.info[0]
    active = purpose is not Purpose.END
    yield from _unlike(
        (
            ("msgType", alert.msg_type, MsgType.UPDATE if incident.issues else MsgType.ALERT),
            ("lease", alert.lease, "" if _states_an_end(purpose, content) else lease_source(incident.id)),
            ("hazard", info.hazard, f"{HAZARD_OF[incident.matter]}:{incident.id}"),
            ("state", info.state, InfoState.ACTIVE if active else InfoState.RELEASED),
            ("level", info.level, content.level if active else None),
            ("rank", info.rank is not None, active),
            ("rank", info.rank or 0, content.level if active and content.level else info.rank or 0),
            ("expires", info.expires, content.expires if active else None),
            ("instruction", info.instruction, content.message.ja),
            ("instructionEasy", info.instruction_easy, content.message.easy),
            ("instructionEn", info.instruction_en, content.message.en),
            ("areas", tuple(area.code for area in info.area), content.areas),
            ("areas", bool(content.areas) and bool(content.districts.strip()), True),
            ("areaDesc", all(area.area_desc.endswith(f" {content.districts}") for area in info.area), True),
            ("polygon", any(area.polygon or area.circle for area in info.area), False),
        )
    )


def _unlike(pairs: tuple[tuple[str, object, object], ...]) -> Iterator[str]:
    return (f"{name} is {found!r} and must be {wanted!r}" for name, found, wanted in pairs if found != wanted)
