"""One CAP or L-Alert message → one alert, from its bytes and nothing that changes between two copies of it.

What is refused is refused whole (invariant 8: no area, or an unknown one). What is not for people here (Test, System,
Draft, not public, acknowledgements) is counted and goes no further. Level is the message's own keikaiLevel or none;
how loudly it is told is its level, else its severity (`schemas/level.py`).

An alert made here speaks for its message alone; what a chain of messages says together is `chains.py`.

Sources: OASIS CAP-v1.2 §3.2; the project's notes on CAP §4.1, §4.4, on L-Alert §5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from schemas.alert import Alert, Area, Drill, Info, InfoState, MsgType, Scope, Severity, Status, Surface, Urgency
from schemas.hazard import HAZARDS
from schemas.level import rank_of_severity
from services.ingest.core.cap import hazards
from services.ingest.core.cap.message import Block, Family, Message, Named, NamedArea, Notes
from services.ingest.core.cap.places import Places, Precision, place
from services.ingest.core.cap.written import moment
from services.ingest.core.defect import Code, Defect
from services.ingest.core.identity import key_part, run_of
from services.ingest.core.telegram import DRILLS, NOT_READ, TEST
from services.ingest.core.types import EMERGENCY
from services.ingest.core.xml import named

REFUSED = "refused"
ALL_CLEAR = "AllClear"
LEVEL = re.compile(r"keikai_?level|警戒レベル", re.IGNORECASE)
"""Names of the parameter that carries the 警戒レベル."""
NAME_MAX = 60
"""Characters of a sender's or an identifier's name in a stream's."""
_NOT_REAL = {Status.TEST: TEST, Status.SYSTEM: "system", Status.DRAFT: "draft"}
_NOT_FOR_PEOPLE = {MsgType.ACK: "acknowledgement", MsgType.ERROR: "error notice"}
HEADS = {"EvacuationOrder": "evacuation", "Shelter": "shelter"}
"""Hazards of L-Alert's categories, where a message names areas and says nothing more of them."""
_ORDER = {MsgType.ALERT: 1, MsgType.UPDATE: 2, MsgType.CANCEL: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One matter of a message, in one or several languages; `main` is the block that is told."""

    blocks: tuple[Block, ...]
    main: Block
    hazard: str
    state: InfoState
    level: int | None
    rank: int | None
    urgency: Urgency
    """Past where it says itself that the danger is; a Cancel that does not takes back a mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An area as the message names it, and what is said of it: a line of `areas` that is printed."""

    scheme: str | None
    code: str | None
    name: str
    hazard: str
    level: int | None
    rank: int | None
    state: InfoState


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What became of a message.

    `topic` is None for what goes no further; then `ignored` says why: `refused`, and the defects say the rest, or what
    it is not for. Where there is a topic there is an `alert`. `rows` are all areas that it names. `event` and `headline`
    are of its loudest matter, `severity` is its highest; `expires` is the last end, None where one is not stated.
    """

    message: Message
    alert: Alert | None
    topic: str | None
    ignored: str | None
    stream: str | None
    revision: str | None
    event: str
    headline: str
    severity: Severity | None
    expires: datetime | None
    defects: tuple[Defect, ...]
    rows: tuple[Row, ...]


def read_message(message: Message, *, source: str, url: str, where: Places, surfaces: tuple[Surface, ...]) -> Reading:
    """Read a message. `source`: id in the table of sources, whose lease holds what states no end; `url`: its address."""
    notes = Notes()
    root = root_of(message)
    stories = tuple(_stories(message, root, notes))
    infos = _infos(message, stories, where, notes)
    ignored = _ignored(message) if _is_identified(message) else REFUSED
    alert = None
    if ignored is None and infos is None:
        ignored = REFUSED
    elif ignored != REFUSED and infos is not None:
        alert = _alert(message, infos, source=source, url=url, surfaces=surfaces)
    lead = _lead(stories)
    ends = [story.main.expires for story in stories if story.main.areas]
    stated = [end for end in ends if end is not None]
    return Reading(
        message=message,
        alert=alert,
        topic=None if ignored else DRILLS if message.status is Status.EXERCISE else EMERGENCY,
        ignored=ignored,
        stream=stream_of(message.family, root) if message.sender and message.identifier else None,
        revision=None if message.sent is None else revision_of(message),
        event=lead.main.event if lead else message.title,
        headline=message.headline or (lead.main.headline if lead else ""),
        severity=_severity(message),
        expires=max(stated) if stated and len(stated) == len(ends) else None,
        defects=(*message.defects, *notes.told()),
        rows=tuple(dict.fromkeys((*_head_rows(message, lead), *(row for story in stories for row in _rows(story))))),
    )


# --- names ---


def root_of(message: Message) -> tuple[str, str]:
    """Sender and identifier of the oldest message that this one names, itself included: where its chain begins.

    L-Alert's series has a name of its own.
    """
    if message.document:
        return message.sender, message.document
    own = (_instant(message.sent), message.sender, message.identifier)
    named_ones = ((_instant(moment(one.sent)), one.sender, one.identifier) for one in message.references)
    _, sender, identifier = min((own, *named_ones))
    return sender, identifier


def stream_of(family: Family, root: tuple[str, str]) -> str:
    """The stream of a chain that begins with this sender and identifier."""
    sender, identifier = root
    if family is Family.LALERT:
        return f"{family}:{name_part(identifier)}"
    return f"{family}:{name_part(sender)}:{name_part(identifier)}"


def name_part(name: str) -> str:
    """A name as a part of a stream's: what cannot stand there, or is too long, gives way to a part of its SHA-256."""
    part = key_part(name)
    if part == name and len(part) <= NAME_MAX:
        return part
    return f"{part[:NAME_MAX]}-{sha256(name.encode('utf-8', 'replace')).hexdigest()[:12]}"


def revision_of(message: Message) -> str:
    """Where a message stands among those of its chain: sorts as a string."""
    order = _ORDER.get(message.msg_type or MsgType.ALERT, 1)
    if message.family is Family.LALERT:
        return f"{message.number:06}.{order}"
    return f"{_instant(message.sent)}.{order}.{name_part(message.identifier)}"


def _instant(at: datetime | None) -> str:
    """ISO 8601 basic format in UTC, to the second; what is no time comes last."""
    return "~" if at is None else at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ").rjust(16, "0")


# --- whether it goes on ---


def _is_identified(message: Message) -> bool:
    is_numbered = message.family is Family.CAP or (bool(message.document) and message.number > 0)
    named_by = message.identifier and message.sender and message.sent is not None
    return bool(named_by) and is_numbered and message.status is not None and message.msg_type is not None


def _ignored(message: Message) -> str | None:
    """What it is not for, None for what goes on. The status comes first: nothing else of a test matters."""
    if message.status in _NOT_REAL:
        return _NOT_REAL[message.status]
    if message.scope is not Scope.PUBLIC:
        return "not public"
    if message.msg_type in _NOT_FOR_PEOPLE:
        return _NOT_FOR_PEOPLE[message.msg_type]
    if message.msg_type is MsgType.CANCEL and not message.references:
        return "names nothing to cancel"
    return NOT_READ if message.is_unread else None


# --- what it says ---


def _stories(message: Message, root: tuple[str, str], notes: Notes) -> Iterator[Story]:
    """The matters of a message: blocks that say the same of the same areas in different languages are one."""
    told: list[list[Block]] = []
    for block in message.blocks:
        same = (one for one in told if _subject(one[0]) == _subject(block))
        found = next((one for one in same if _language(block) not in map(_language, one)), None)
        if found is None:
            told.append([block])
        else:
            found.append(block)
    for blocks in told:
        yield _story(message, tuple(blocks), root, notes)


def _subject(block: Block) -> tuple[object, ...]:
    areas = tuple((area.geocodes, area.rings, area.circles) for area in block.areas)
    when = (block.onset, block.expires)
    return (block.category, block.responses, block.urgency, block.severity, block.certainty, when, areas)


def _language(block: Block) -> str:
    """The language without its country; English where none is stated (CAP 3.2.2 language)."""
    return re.split(r"[-_]", block.language.lower() or "en")[0]


def _story(message: Message, blocks: tuple[Block, ...], root: tuple[str, str], notes: Notes) -> Story:
    main = next((block for block in blocks if _language(block) == "ja"), blocks[0])
    hazard = hazards.hazard_of(blocks)
    item = f":{name_part(root[1])}" if HAZARDS[hazard].per and root[1] else ""
    # a first Alert of something past (quakes) is news; an Update of the same kind says that it is over
    is_past = message.msg_type is not MsgType.ALERT and any(block.urgency is Urgency.PAST for block in blocks)
    is_all_clear = any(ALL_CLEAR in block.responses for block in blocks)
    is_over = message.msg_type is MsgType.CANCEL or is_all_clear or is_past
    level = None if is_over else next((found for block in blocks if (found := _level(block, notes))), None)
    return Story(
        blocks=blocks,
        main=main,
        hazard=f"{hazard}{item}",
        state=InfoState.RELEASED if is_over else InfoState.ACTIVE,
        level=level,
        rank=None if is_over else level or rank_of_severity(main.severity),
        urgency=Urgency.PAST if is_all_clear or is_past else main.urgency,
    )


def _level(block: Block, notes: Notes) -> int | None:
    """The 警戒レベル that the message carries; 0 is none."""
    for parameter in block.parameters:
        if LEVEL.fullmatch(parameter.name):
            value = parameter.value
            if value in {"1", "2", "3", "4", "5"}:
                return int(value)
            if value != "0":
                notes.add(Code.CAP_ENUM, f"{parameter.name} is {named(value)}")
    return None


def _lead(stories: tuple[Story, ...]) -> Story | None:
    """The loudest matter in force, else the first."""
    return max(stories, key=lambda story: (story.state is InfoState.ACTIVE, story.rank or 0), default=None)


def _rows(story: Story) -> Iterator[Row]:
    for block in story.blocks:
        for area in block.areas:
            yield from _named_rows(area, story)


def _head_rows(message: Message, lead: Story | None) -> Iterator[Row]:
    """What L-Alert names outside of its body: at its loudest."""
    kind = HEADS.get(message.type)
    nothing = f"{kind}:{name_part(message.document)}" if kind else hazards.NOTICE
    for area in message.areas:
        yield from _named_rows(area, lead, nothing)


def _named_rows(area: NamedArea, story: Story | None, hazard: str = "") -> Iterator[Row]:
    for code in area.geocodes or (None,):
        yield Row(
            scheme=code.name if code else None,
            code=code.value if code else None,
            name=area.name,
            hazard=story.hazard if story else hazard,
            level=story.level if story else None,
            rank=story.rank if story else None,
            state=story.state if story else InfoState.ACTIVE,
        )


def _severity(message: Message) -> Severity | None:
    """The highest severity that the message writes."""
    order = (Severity.EXTREME, Severity.SEVERE, Severity.MODERATE, Severity.MINOR, Severity.UNKNOWN)
    written = {block.severity for block in message.blocks}
    return next((one for one in order if one in written), None)


def _infos(message: Message, stories: tuple[Story, ...], where: Places, notes: Notes) -> tuple[Info, ...] | None:
    """A block for each matter, its areas in codes that people follow; None for a message that must be refused."""
    is_end = message.msg_type is MsgType.CANCEL or (
        bool(stories) and all(story.state is InfoState.RELEASED for story in stories)
    )
    infos: list[Info] = []
    unknown: dict[str, None] = {}
    for story in stories:
        areas: list[Area] = []
        for area in story.main.areas:
            placed = place(where, area)
            if placed.precision is Precision.UNKNOWN:
                unknown[_called(area)] = None
            areas += [Area(area_desc=area.name, code=code) for code in placed.codes]
        if story.main.areas:
            infos.append(_info(story, tuple(dict.fromkeys(areas))))
    if unknown:
        notes.add(Code.CAP_UNKNOWN_AREA, f"{len(unknown)} areas that no table places: {', '.join(list(unknown)[:5])}")
    if not infos and not is_end and message.family is Family.CAP:
        notes.add(Code.CAP_NO_AREA, "it names no area at all")
    # an end must not be lost because one of its areas is: it ends what it names, wherever that was
    return tuple(infos) if is_end or (infos and not unknown) else None


def _called(area: NamedArea) -> str:
    codes = " ".join(f"{one.name}:{one.value}" for one in area.geocodes[:3])
    return f"{named(area.name)} {codes}".rstrip()


def _info(story: Story, areas: tuple[Area, ...]) -> Info:
    main = story.main
    english = next((block for block in story.blocks if _language(block) == "en"), None)
    return Info(
        category=main.category,
        event=main.event,
        hazard=story.hazard,
        state=story.state,
        level=story.level,
        rank=story.rank,
        urgency=story.urgency,
        severity=main.severity,
        certainty=main.certainty,
        event_code=_first(main.event_codes),
        language=_language(main),
        effective=_utc(main.effective),
        onset=_utc(main.onset),
        expires=_utc(main.expires),
        headline=main.headline,
        description=main.description,
        instruction=main.instruction,
        instruction_en=english.instruction if english else "",
        area=areas,
    )


def _first(codes: tuple[Named, ...]) -> str:
    return codes[0].value if codes else ""


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(UTC)


def _alert(message: Message, infos: tuple[Info, ...], *, source: str, url: str, surfaces: tuple[Surface, ...]) -> Alert:
    assert message.sent is not None
    assert message.status is not None
    assert message.msg_type is not None
    sent = message.sent.astimezone(UTC)
    is_drill = message.status is Status.EXERCISE
    run = run_of(url, sent)
    lead = max(infos, key=lambda info: (info.state is InfoState.ACTIVE, info.rank or 0), default=None)
    is_open = any(info.state is InfoState.ACTIVE and info.area and info.expires is None for info in infos)
    return Alert(
        identifier=message.identifier,
        sender=message.sender,
        sender_name=next((block.sender_name for block in message.blocks if block.sender_name), message.sender),
        sent=sent,
        status=message.status,
        msg_type=message.msg_type,
        scope=message.scope or Scope.PRIVATE,
        source=message.family,
        streams=(f"{stream_of(message.family, root_of(message))}{f'~{run}' if is_drill else ''}",),
        revision=revision_of(message),
        references=tuple(map(str, message.references)),
        lease=source if is_open else "",
        drill=Drill(run=run, surfaces=surfaces) if is_drill else None,
        event=lead.event if lead else message.title,
        headline=message.headline or (lead.headline if lead else ""),
        info=infos,
    )
