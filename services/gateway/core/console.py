"""What an officer sees of the city and of the machine: rows of the situation page, made from one moment's view.

Nothing here decides anything. Ages are words for people; what fails says so before it is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from schemas.alert import Origin, Status, is_own
from schemas.area import AreaCode
from schemas.hazard import HAZARDS, base
from schemas.lifecycle import Validity
from schemas.office import Matter
from schemas.status import Condition
from services.gateway.core import leases
from services.gateway.core.composing import event_of
from services.gateway.core.health import Problem, canary_ages_s, silent_for_s
from services.gateway.core.incident import Incident, Office, Standing
from services.gateway.core.situation_view import Held
from services.gateway.core.view import View


class State(StrEnum):
    """How a row stands: a colour, and always a word beside it."""

    GOOD = "good"
    WAITING = "waiting"
    BAD = "bad"


# --- words ---


def span(seconds: float) -> str:
    """A span in words, rounded down: 「38 秒」「3 分」「2 時間」「4 日」."""
    for size, unit in ((86_400, "日"), (3_600, "時間"), (60, "分")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} 秒"


_NAMES = MappingProxyType(
    {
        "feed:jma.extra": "気象庁 随時",
        "feed:jma.eqvol": "気象庁 地震火山",
        "feed:jma.regular": "気象庁 定時",
        "feed:canary": "自己試験の電文",
        "service:ingest": "受信",
        "service:dispatcher": "配信の判断",
        "service:gateway": "この画面の送り出し",
        "service:runtime": "本体",
        "push:emergency": "プッシュ通知（緊急）",
        "push:routine": "プッシュ通知（通常）",
        "lease:jma.extra": "気象庁 随時の有効期限",
        "lease:jma.eqvol": "気象庁 地震火山の有効期限",
        "gateway:append": "記録装置への書き込み",
        "gateway:read": "記録装置の読み出し",
        "gateway:projection": "状況の読み込み",
    }
)
_KINDS = MappingProxyType(
    {
        "feed": "受信",
        "service": "部品",
        "lease": "有効期限",
        "canary": "自己試験",
        "gateway": "送り出し",
        "office": "発令",
        "push": "プッシュ",
    }
)


_PREFIXES = (
    ("office:cosign:", "発令の事後確認"),
    ("office:unsent:", "発令の送り出し"),
    ("office:unreadable:", "発令の記録"),
    ("lease:office:", "発令の有効期限"),
    ("lapse:", "有効期限切れ"),
    ("gateway:record:", "状況の記録"),
)


def called(subject: str) -> str:
    """What a subject of `status` is called on the page."""
    known = _NAMES.get(subject) or next((name for prefix, name in _PREFIXES if subject.startswith(prefix)), None)
    kind, _, name = subject.partition(":")
    return known or f"{_KINDS.get(kind, kind)} {name}".strip()


_ALARMS = MappingProxyType(
    {
        "E3201": "応答がありません",
        "E3202": "受信元がエラーを返しています",
        "E3203": "受信した内容を読めません",
        "E3204": "更新が止まっています",
        "E3205": "中身が空です",
        "E3206": "時計が受信元と合いません",
        "E3207": "まだ受信していません",
        "E3208": "この機械の時計が受信元とずれています",
        "E3214": "まもなく警報の有効期限が切れます",
        "E5201": "状況をまだ読み込んでいません",
        "E5202": "書き込めません。発令を受け付けられません",
        "E5203": "読み出せません。表示が古くなっています",
        "E5204": "読めない記録があります",
        "E5205": "異常を知らせています",
        "E5206": "応答がなくなりました",
        "E5207": "有効期限が近いか、切れています（解除ではありません）",
        "E5208": "自己試験が通りません。本物の警報も止まるおそれがあります",
        "E5209": "有効期限が切れ、「未確認」と表示しています（解除ではありません）",
        "E5401": "プッシュ通知の送り先が設定されていません",
        "E5402": "プッシュ通知の内容が FCM に断られています",
        "E5403": "プッシュ通知の認証が通りません",
        "E5404": "プッシュ通知の送り先が応答しません",
        "E5407": "読めない配信の指示があります",
        "E5530": "一人で出したものが、まだ確認されていません",
        "E5531": "承認されたのに送られていません（区域が違います）",
        "E5532": "承認されたのに送られていません（時間が経ちすぎました）",
        "E5533": "読めない操作の記録があります",
    }
)


# --- what is in force ---


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """One thing in force. `level` None where there is none: then `mark` names its kind. `incident`: the office's own."""

    level: int | None
    mark: str
    event: str
    places: str
    who: str
    at: datetime
    cause: str
    drill: bool
    lapsed: bool
    incident: str
    official: bool
    hazard: str
    areas: frozenset[AreaCode]


def in_force(found: Iterable[Held]) -> list[InForce]:
    """Rows of what is in force or lapsed: real before drill, loudest first, the city's own word before others'."""
    rows = [_row(one) for one in sorted(found, key=lambda one: -(one.info.rank or 0))]
    return sorted(rows, key=lambda row: (row.drill, -(row.level or 0), row.official))


def _row(one: Held) -> InForce:
    hazard = HAZARDS.get(base(one.info.hazard), HAZARDS["notice"])
    office = is_own(one.alert)
    level = None if one.alert.origin is Origin.GAUGE else one.info.level
    return InForce(
        level=level,
        mark=hazard.name.ja[:1] if level is None else str(level),
        event=one.info.event,
        places="、".join(dict.fromkeys(_place(area.area_desc, own=office) for area in one.areas)),
        who=one.alert.sender_name,
        at=one.alert.sent,
        cause=one.info.headline if office else "",
        drill=one.alert.status is Status.EXERCISE,
        lapsed=one.validity is Validity.LAPSED,
        incident=one.info.hazard.partition(":")[2] if office else "",
        official=one.alert.origin is Origin.OFFICIAL,
        hazard=base(one.info.hazard),
        areas=frozenset(area.code for area in one.areas if area.code is not None),
    )


def _place(area_desc: str, *, own: bool) -> str:
    """The area's name; of the city's own word only the districts, for the city goes without saying."""
    return area_desc.partition(" ")[2] or area_desc if own else area_desc


def level_of(rows: Iterable[InForce], areas: Iterable[AreaCode]) -> int:
    """The highest real 警戒レベル in force in these areas, 0 for none: a colour of the map."""
    wanted = frozenset(areas)
    levels = (row.level or 0 for row in rows if not row.drill and not wanted.isdisjoint(row.areas))
    return max(levels, default=0)


# --- the machine ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A name, a state and its word."""

    name: str
    state: State
    words: str
    note: str = ""


def feeds(view: View) -> list[Row]:
    """Each feed with its age in words, and our own test."""
    rows = [_feed(subject, view) for subject in sorted(view.reports) if _is_feed(subject)]
    return [*rows, _own_test(view)]


def _is_feed(subject: str) -> bool:
    return subject.startswith("feed:") and subject != "feed:canary"


def _feed(subject: str, view: View) -> Row:
    report = view.reports[subject]
    age = span((view.now - report.reported_at).total_seconds())
    if silent_for_s(report, view) > 0:
        return Row(name=called(subject), state=State.BAD, words=f"{age} 応答なし")
    if report.condition is Condition.ALARM:
        return Row(name=called(subject), state=State.BAD, words=_ALARMS.get(report.code, "異常"), note=report.message)
    return Row(name=called(subject), state=State.GOOD, words=f"{age}前")


def _own_test(view: View) -> Row:
    ages = canary_ages_s(view)
    missing = [stage for stage, age_s in ages.items() if age_s is None]
    oldest_s = max((age_s for age_s in ages.values() if age_s is not None), default=0.0)
    if missing:
        return Row(name="自己試験", state=State.WAITING, words="確認中")
    return Row(name="自己試験", state=State.GOOD, words=f"{span(oldest_s)}前 正常")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRow:
    """Something a person must do something about. `message` and `hint` are the machine's own words."""

    code: str
    name: str
    said: str
    since: datetime
    message: str
    hint: str
    link: str = ""


def alarm_rows(problems: Sequence[Problem]) -> list[AlarmRow]:
    """The problems in words, with where to go."""
    return [
        AlarmRow(
            code=problem.code,
            name=called(problem.subject),
            said=_ALARMS.get(problem.code, ""),
            since=problem.since,
            message=problem.message,
            hint=problem.hint,
            link=_link(problem),
        )
        for problem in problems
    ]


def _link(problem: Problem) -> str:
    for prefix in ("lease:office:", "lapse:office:", "office:cosign:"):
        if problem.subject.startswith(prefix):
            return f"/office/incidents/{problem.subject.removeprefix(prefix).partition(':')[0]}"
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """How far one notice has come: devices accepted, left out (superseded, dead address …) and in all."""

    alert: str
    title: str
    at: datetime
    drill: bool
    accepted: int
    left_out: int
    total: int
    final: bool
    latency_ms_max: int

    @property
    def percent(self) -> int:
        """How much of it is done, 0–100; all of it is 100 and nothing else."""
        return 100 if self.final or not self.total else min(99, (self.accepted + self.left_out) * 100 // self.total)


# --- the office's own ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A draft offered for an official warning; nothing happens unless an officer opens and submits it."""

    level: int
    order: str
    cause: str
    cause_name: str
    event: str
    who: str
    at: datetime
    drill: bool

    @property
    def link(self) -> str:
        """Where the form stands with these words in it."""
        page = "drills" if self.drill else "drafts"
        return f"/office/{page}/new?matter=order&level={self.level}&cause={self.cause}"


def suggestions(rows: Sequence[InForce], office: Office, areas: Iterable[AreaCode], now: datetime) -> list[Suggestion]:
    """For each danger with an official warning of level 3 or above in the city, the order that would answer it.

    Not where the office has such an order in force or in hand. A drill's warning suggests a drill, never anything real.
    """
    own = frozenset(areas)
    worst: dict[tuple[bool, str], InForce] = {}
    for row in rows:
        key = (row.drill, row.hazard)
        if row.official and (row.level or 0) >= _ORDERED_FROM and not row.lapsed and not own.isdisjoint(row.areas):
            worst[key] = max(worst.get(key, row), row, key=lambda one: one.level or 0)
    answered = list(_answered(office, now))
    found = [_suggestion(row) for key, row in worst.items() if not _has_answer(row, answered)]
    return sorted(found, key=lambda one: (one.drill, -one.level))


_ORDERED_FROM = 3


def _suggestion(row: InForce) -> Suggestion:
    level = row.level or _ORDERED_FROM
    return Suggestion(
        level=level,
        order=event_of(Matter.ORDER, level).ja,
        cause=row.hazard,
        cause_name=HAZARDS[row.hazard].name.ja if row.hazard in HAZARDS else "",
        event=row.event,
        who=row.who,
        at=row.at,
        drill=row.drill,
    )


def _answered(office: Office, now: datetime) -> Iterator[tuple[bool, str, int]]:
    """(drill, cause, level) of what the office has in force, or is writing."""
    for incident in office.incidents.values():
        said = incident.content() if incident.holds(now) else None
        for content in (said, incident.draft.content if incident.draft else None):
            if content is not None and content.level is not None:
                yield incident.drill is not None, content.cause, content.level


def _has_answer(row: InForce, answered: Sequence[tuple[bool, str, int]]) -> bool:
    return any(
        drill == row.drill and cause in {row.hazard, ""} and level >= (row.level or 0)
        for drill, cause, level in answered
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRow:
    """An order in force that lapses unless renewed or ended."""

    incident: Incident
    title: str
    until: datetime
    soon: bool


def lease_rows(office: Office, now: datetime) -> list[LeaseRow]:
    """The office's own leases, the one that ends first first."""
    rows = [
        LeaseRow(incident=one, title=title_of(one), until=until, soon=_ends_soon(one, until, now))
        for one in office.incidents.values()
        if (until := one.lapses_at()) is not None
    ]
    return sorted(rows, key=lambda row: row.until)


def _ends_soon(incident: Incident, until: datetime, now: datetime) -> bool:
    assert incident.said_at is not None, "what has a lease was said to hold"
    length_s = (until - incident.said_at).total_seconds()
    return (until - now).total_seconds() < length_s * leases.SOON


def title_of(incident: Incident) -> str:
    """What an incident is called in lists: of what is in force, else of its draft."""
    content = (incident.draft.content if incident.draft else None) or incident.content()
    level = content.level if content else None
    name = event_of(incident.matter, level).ja if content else MATTERS[incident.matter]
    cause = HAZARDS[content.cause].name.ja if content and content.cause in HAZARDS else ""
    return f"{name} {cause}".strip()


MATTERS: Mapping[Matter, str] = MappingProxyType(
    {Matter.ORDER: "避難情報", Matter.SHELTER: "避難所", Matter.NOTICE: "お知らせ"}
)


def unsigned(office: Office) -> list[Incident]:
    """Incidents with something that one officer did alone and no second has signed."""
    return [one for one in office.incidents.values() if any(issue.needs_cosigning() for issue in one.issues)]


def waiting(office: Office, now: datetime) -> list[Incident]:
    """Incidents with a submission that a second officer may approve now, the oldest first."""
    found = [one for one in office.incidents.values() if one.submission is not None and now < one.submission.void_at()]
    return sorted(found, key=lambda one: one.submission.at if one.submission else now)


_STANDINGS: Mapping[Standing, str] = MappingProxyType(
    {
        Standing.NOTHING: "まだ出していません",
        Standing.ENDED: "終わりました",
        Standing.WITHDRAWN: "誤りとして取り消しました",
        Standing.DISCARDED: "送らずに破棄しました",
    }
)


def standing_of(incident: Incident, now: datetime) -> str:
    """How an incident stands, in words."""
    if incident.standing is not Standing.IN_FORCE:
        return _STANDINGS[incident.standing]
    if not incident.holds(now):
        return "終わりの時刻が来て終わりました"
    return "実施中" if incident.drill is not None else "発令中"
