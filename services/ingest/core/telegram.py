"""One JMA telegram → one alert, from its bytes, its name and nothing that changes between two copies of it.

Status is read first: only 通常 is real, and a word we do not know is refused rather than taken for real. InfoType 取消
withdraws a report issued by mistake and has no areas; 解除 is a report like any other, which says that it is over.
Control and Head are read for every type in the table, the Body by the type's own reader in `bodies/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from xml.etree.ElementTree import Element

from schemas.alert import Alert, Area, Drill, Info, InfoState, Status, Surface, Urgency
from schemas.area import AreaCode, AreaTable, Scheme, office_of
from schemas.level import triple_of
from services.ingest.core import types
from services.ingest.core.bodies import BodyReading, Entry, Kind, river_flood, text_only
from services.ingest.core.defect import Code, Defect
from services.ingest.core.identity import (
    EVENTS_MAX,
    SERIAL_MAX,
    Identity,
    InfoType,
    canary_identity,
    identity,
    key_part,
    msg_type,
    run_of,
)
from services.ingest.core.types import CANARY, StreamKey, TelegramType
from services.ingest.core.xml import named, read_xml, text, time_of, token

SENDER = "jma.go.jp"
"""CAP sender of everything that JMA says."""
FAMILY = "jma"
DRILLS = "drills"
NOT_READ = "type not read"
TEST = "test"
LEGACY = "legacy copy"
"""A newer type says the same: the copy has no effect."""
NO_AREA = "names no area"
INFORMATION = "information"
"""The item of a hazard that a telegram only informs of."""
TOO_LATE = "only by a pushed route"
"""緊急地震速報 by a feed that is minutes behind."""
HEADLINE_MAX = 2000
"""Characters of Head/Headline/Text; JMA's longest have a few hundred. The rest is cut, with a defect that says so."""
NAME_MAX = 200
"""Characters of a title or of the offices' names; cut with a defect, as above."""

STATUSES = MappingProxyType({"通常": Status.ACTUAL, "訓練": Status.EXERCISE, "試験": Status.TEST})
"""Control/Status. There is no other word, and what is no word of these is not real."""

_SUFFIX = re.compile(r"(?<![A-Za-z0-9])V[A-Z]{3}\d\d_(\d{6})(?![A-Za-z0-9])")
_AREA_SYSTEMS = (Scheme.CLASS20, Scheme.CLASS15, Scheme.CLASS10, Scheme.OFFICE)
_GOES_ON = ("継続", "解除")
_NONE_BEFORE = "00"
"""LastKind/Code where nothing was in force before (津波なし)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What became of a telegram.

    `type`: as printed, "" where not even that could be told. `alert` is None exactly when a defect left nothing to go
    by. `topic`: where the alert belongs, None for what goes no further; then `ignored` says why. `entries`: what the
    alert says, area by area in the telegram's order.
    """

    type: str
    alert: Alert | None = None
    topic: str | None = None
    ignored: str | None = None
    defects: tuple[Defect, ...] = ()
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Control and Head of a telegram. `events` are the ids in EventID; `notes` what was wrong and could be left out."""

    named: types.Named
    event: str
    status: Status
    info_type: InfoType
    reported_at: datetime
    sent_at: datetime
    serial: int | None
    events: tuple[str, ...]
    editor: str
    publisher: str
    headline: str
    valid_until: datetime | None
    notes: tuple[Defect, ...]

    @property
    def ends_at(self) -> datetime | None:
        """When it is over by the telegram's own word or by its type's; None where it holds until replaced."""
        if self.row.states_end and self.valid_until is not None:
            return self.valid_until
        return None if self.row.lasts is None else self.reported_at + self.row.lasts

    @property
    def row(self) -> TelegramType:
        """The row of its type."""
        return self.named.row


class _Refused(Exception):
    def __init__(self, code: Code, reason: str) -> None:
        self.defect = Defect(code=code, reason=reason)


def read_telegram(
    body: bytes, *, name: str, source: str, url: str, areas: AreaTable, surfaces: tuple[Surface, ...]
) -> Reading:
    """Read a telegram; never raises, whatever the bytes.

    `name`: the file's name, which tells type and office. `source`: id in the table of sources (`jma.extra`, `canary`).
    `url`: its address, which may name a drill's run. `surfaces`: where a drill from a feed may be shown.
    """
    written = types.by_name(name)
    report = read_xml(body, roots=("Report",))
    try:
        if isinstance(report, Defect):
            return _refused(written, report)
        head = _head(report, written)
        _check_canary(head, source)
        content = _content(report, head, areas)
        if isinstance(content, Defect):
            return _refused(head.named, content)
        names, notes = _identity(report, head, content, source=source, name=name, url=url, areas=areas)
    except _Refused as refused:
        return _refused(written, refused.defect)
    topic, ignored = _way(head, source)
    return Reading(
        type=head.named.written,
        alert=_alert(report, head, content, names, source=source, url=url, surfaces=surfaces),
        topic=topic,
        ignored=ignored,
        defects=(*head.notes, *notes, *content.defects),
        entries=content.entries,
    )


def _refused(written: types.Named | None, defect: Defect) -> Reading:
    return Reading(type=written.written if written else "", defects=(defect,))


def _way(head: Head, source: str) -> tuple[str | None, str | None]:
    """The topic of an alert or why it goes no further."""
    if source == CANARY:
        return types.EMERGENCY, None
    ignored = _ignored(head, source)
    if ignored:
        return None, ignored
    return (DRILLS if head.status is Status.EXERCISE else head.row.topic), None


def _ignored(head: Head, source: str) -> str | None:
    row = head.row
    because = (
        (row.body is None, NOT_READ),
        (head.status is Status.TEST, TEST),
        (row.copy_since is not None and head.reported_at >= row.copy_since, LEGACY),
        (row.body is text_only, NO_AREA),
        (row.pushed_only and source in types.PULLED, TOO_LATE),
    )
    return next((reason for holds, reason in because if holds), None)


def _check_canary(head: Head, source: str) -> None:
    if source == CANARY and head.status is not Status.TEST:
        raise _Refused(Code.CANARY_NOT_A_TEST, f"status {head.status} by the loopback feed")


# --- Control and Head ---


def _head(report: Element, written: types.Named | None) -> Head:
    status = token(report, "Control", "Status")
    if status not in STATUSES:
        raise _Refused(Code.UNKNOWN_STATUS, f"Control/Status {named(status)}")
    info_type = token(report, "Head", "InfoType")
    if info_type not in set(InfoType):
        raise _Refused(Code.UNKNOWN_INFO_TYPE, f"Head/InfoType {named(info_type)}")
    notes: list[Defect] = []
    return Head(
        named=_type(text(report, "Control", "Title"), written),
        event=_bounded(report, ("Control", "Title"), NAME_MAX, notes),
        status=STATUSES[status],
        info_type=InfoType(info_type),
        reported_at=_time(report, "Head", "ReportDateTime"),
        sent_at=_time(report, "Control", "DateTime"),
        serial=_serial(report, notes),
        events=_events(report),
        editor=text(report, "Control", "EditorialOffice"),
        publisher=_bounded(report, ("Control", "PublishingOffice"), NAME_MAX, notes),
        headline=_bounded(report, ("Head", "Headline", "Text"), HEADLINE_MAX, notes),
        valid_until=_valid_until(report, notes),
        notes=tuple(notes),
    )


def _type(title: str, written: types.Named | None) -> types.Named:
    """The type that the name tells, else the title. Should both tell one, and not the same, neither is believed."""
    told = types.by_title(title)
    if written is None and told is None:
        raise _Refused(Code.UNKNOWN_TYPE, f"Control/Title {named(title)}")
    if written and told and title not in written.row.titles and (written.row.body or told.row.body):
        raise _Refused(Code.TYPE_CONTRADICTED, f"the file says {written.written}, Control/Title {named(title)}")
    found = written or told
    assert found is not None
    return found


def _time(report: Element, *path: str) -> datetime:
    written = token(report, *path)
    at = time_of(written)
    if at is None:
        raise _Refused(Code.UNREADABLE_TIME, f"{'/'.join(path)} {named(written)}")
    return at


def _serial(report: Element, notes: list[Defect]) -> int | None:
    written = token(report, "Head", "Serial")
    if not written:
        return None
    if written.isascii() and written.isdigit() and len(written) <= len(str(SERIAL_MAX)):
        return int(written)
    notes.append(Defect(code=Code.UNREADABLE_SERIAL, reason=f"Head/Serial {named(written)}"))
    return None


def _valid_until(report: Element, notes: list[Defect]) -> datetime | None:
    written = token(report, "Head", "ValidDateTime")
    at = time_of(written)
    if written and at is None:
        notes.append(Defect(code=Code.UNREADABLE_TIME, reason=f"Head/ValidDateTime {named(written)}"))
    return at


def _events(report: Element) -> tuple[str, ...]:
    events = tuple(dict.fromkeys(key_part(event) for event in token(report, "Head", "EventID").split()))
    if len(events) > EVENTS_MAX:
        raise _Refused(Code.NO_STREAM, f"Head/EventID names {len(events)} events, more than {EVENTS_MAX}")
    return events


def _bounded(report: Element, path: tuple[str, ...], limit: int, notes: list[Defect]) -> str:
    whole = text(report, *path)
    if len(whole) <= limit:
        return whole
    notes.append(Defect(code=Code.TEXT_CUT, reason=f"{'/'.join(path)} has {len(whole)} characters, cut to {limit}"))
    return whole[:limit]


# --- which report it is ---


def _identity(
    report: Element, head: Head, content: BodyReading, *, source: str, name: str, url: str, areas: AreaTable
) -> tuple[Identity, tuple[Defect, ...]]:
    if source == CANARY:
        return canary_identity(reported_at=head.reported_at, sent_at=head.sent_at, serial=head.serial), ()
    keys, notes = _keys(report, head, content, name, areas)
    return identity(
        kind=head.row.code if head.row.numbers else head.named.written,
        keys=keys,
        run=run_of(url, head.reported_at) if head.status is Status.EXERCISE else None,
        reported_at=head.reported_at,
        sent_at=head.sent_at,
        serial=head.serial,
        info_type=head.info_type,
    ), notes


def _keys(
    report: Element, head: Head, content: BodyReading, name: str, areas: AreaTable
) -> tuple[tuple[str, ...], tuple[Defect, ...]]:
    if head.row.key is StreamKey.LATEST:
        return (StreamKey.LATEST,), ()
    if head.row.key is not StreamKey.OFFICE and head.events:
        return head.events, ()
    if head.row.key is StreamKey.RIVER:
        river = key_part(river_flood.river_of(report))
        if not river:
            raise _Refused(Code.NO_STREAM, "neither EventID nor a forecast area")
        return (river,), ()
    suffix = _SUFFIX.search(name)
    office = suffix[1] if suffix else _office(report, content, areas)
    if office:
        return (office,), ()
    observatory = key_part(head.editor or head.publisher)
    if not observatory:
        raise _Refused(Code.NO_STREAM, "neither EventID nor an office")
    note = Defect(code=Code.UNKNOWN_OFFICE, reason=f"the office of {named(head.editor or head.publisher)} is not known")
    return (observatory,), (note,) if head.row.body else ()


def _office(report: Element, content: BodyReading, areas: AreaTable) -> str | None:
    office = office_of(areas, content.listed or _placed(report, areas))
    return office.code if office else None


def _placed(report: Element, areas: AreaTable) -> Iterator[AreaCode]:
    """Every area that the telegram names in a system that knows offices."""
    for area in report.iter("Area"):
        code = token(area, "Code")
        yield from (placed for system in _AREA_SYSTEMS if (placed := AreaCode(system, code)) in areas.entries)


# --- what it says ---


def _content(report: Element, head: Head, areas: AreaTable) -> BodyReading | Defect:
    if head.row.body is None or head.info_type is InfoType.WITHDRAWN:
        return BodyReading(entries=())
    return head.row.body(report, areas, head.row.hazards)


def _alert(
    report: Element,
    head: Head,
    content: BodyReading,
    names: Identity,
    *,
    source: str,
    url: str,
    surfaces: tuple[Surface, ...],
) -> Alert:
    canary = source == CANARY
    drill = head.status is Status.EXERCISE
    return Alert(
        identifier=names.identifier,
        sender=CANARY if canary else SENDER,
        sender_name=head.publisher,
        sent=head.reported_at,
        status=head.status,
        msg_type=msg_type(head.info_type, first=_is_first(report, head, content)),
        source=CANARY if canary else FAMILY,
        streams=names.streams,
        revision=names.revision,
        report=names.report,
        lease="" if canary else head.row.feed,
        drill=Drill(run=run_of(url, head.reported_at), surfaces=surfaces) if drill else None,
        event=head.event,
        headline=head.headline,
        info=_infos(content.entries, head),
    )


def _is_first(report: Element, head: Head, content: BodyReading) -> bool:
    """Whether nothing went before: Serial 1 or, without Serial, no word anywhere of something that goes on or changes."""
    if head.serial is not None:
        return head.serial == 1
    if head.row.body not in {None, text_only} and not any(
        entry.kind.state is InfoState.ACTIVE for entry in content.entries
    ):
        return False
    before = any(token(last, "Code") not in {"", _NONE_BEFORE} for last in report.iter("LastKind"))
    states = (token(kind, "Status") for kind in report.iter("Kind"))
    return not before and not any(state in _GOES_ON or "から" in state for state in states)


def _infos(entries: tuple[Entry, ...], head: Head) -> tuple[Info, ...]:
    """One block for each kind, the loudest first; within a block and a rank the telegram's order."""
    blocks: dict[Kind, list[Area]] = {}
    for entry in entries:
        blocks.setdefault(entry.kind, []).append(Area(area_desc=entry.name, code=entry.area))
    loudest_first = sorted(blocks.items(), key=lambda block: (block[0].state, -(block[0].rank or 0)))
    return tuple(_info(kind, tuple(of_kind), head) for kind, of_kind in loudest_first)


def _info(kind: Kind, areas: tuple[Area, ...], head: Head) -> Info:
    """Of a type that only informs the hazard has an item of its own, as one river's flood has.

    Were it the hazard itself, a warning whose release leaves information standing would never be told to be over.
    """
    severity, urgency, certainty = triple_of(level=kind.level, rank=kind.rank)
    return Info(
        category=head.row.category,
        event=kind.event,
        hazard=f"{kind.hazard}:{INFORMATION}" if head.row.informs else kind.hazard,
        state=kind.state,
        level=kind.level,
        rank=kind.rank,
        urgency=Urgency.PAST if kind.state is InfoState.RELEASED else urgency,
        severity=severity,
        certainty=certainty,
        event_code=kind.code,
        expires=(kind.expires or head.ends_at) if kind.state is InfoState.ACTIVE else None,
        area=areas,
    )
