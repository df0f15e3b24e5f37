from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest

from schemas.alert import Alert, Origin
from schemas.level import Grade
from schemas.lifecycle import Stream, fold
from schemas.office import Matter, Purpose
from schemas.status import Condition, StatusReport
from services.gateway.core import console, situation_view
from services.gateway.core.console import InForce, Sending, State
from services.gateway.core.health import CANARY_STAGES, Problem
from services.gateway.core.incident import Incident, Office
from services.gateway.core.mirror import Mirror
from services.gateway.core.situation_view import Place
from services.gateway.core.view import View
from tests.factories import NAMES, ODAWARA, ZUSHI, an_alert, an_info, at
from tests.office import DRILL, REAL, A, Play, a_content, a_drill, a_drill_order, a_real_order

EVERYWHERE = Place(asked="14206", codes=frozenset(NAMES), everywhere=True)


def a_view(alerts: Iterable[Alert] = (), reports: Iterable[StatusReport] = ()) -> View:
    streams = {name: fold(None, name, alert) for alert in alerts for name in alert.streams}
    return View(
        now=at(10),
        started_at=at(0),
        mirror=Mirror(streams=MappingProxyType[str, Stream](streams)),
        reports={report.subject: report for report in reports},
        loaded=True,
    )


def rows(*alerts: Alert, reports: Iterable[StatusReport] = ()) -> list[InForce]:
    return console.in_force(situation_view.held(a_view(alerts, reports), EVERYWHERE))


def a_report(
    subject: str, *, minute: float = 9, alarm: str = "", silence_s: float | None = 180, until: float | None = None
) -> StatusReport:
    return StatusReport(
        subject=subject,
        condition=Condition.ALARM if alarm else Condition.OK,
        since=at(minute),
        reported_at=at(minute),
        silence_s=silence_s,
        until=None if until is None else at(until),
        code=alarm,
        message="it says why",
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-3, "0 秒"), (38.9, "38 秒"), (60, "1 分"), (3599, "59 分"), (7200, "2 時間"), (200_000, "2 日")],
)
def test_a_span_is_one_number_with_its_unit(seconds: float, words: str) -> None:
    assert console.span(seconds) == words


# --- what is in force ---


def an_order(level: int = 4, *, run: str | None = None) -> Alert:
    info = replace(an_info("x", level=level), hazard=f"evacuation:{REAL}", event="避難指示", headline="土砂災害")
    area = replace(info.area[0], area_desc="小田原市 早川・風祭")
    made = an_alert(5, replace(info, area=(area,)), stream=f"office:{REAL}", origin=Origin.OFFICE, run=run)
    return replace(made, sender_name="小田原市", lease=f"office:{REAL}")


def test_the_loudest_comes_first_the_city_s_own_word_before_others_and_drills_last() -> None:
    found = rows(
        an_alert(0, an_info("wind", level=None, grade=Grade.SPECIAL), stream="jma:a"),
        an_alert(1, an_info(level=5), stream="jma:b", run="r1"),
        an_alert(2, an_info(level=4), stream="jma:c"),
        an_order(),
    )
    assert [(row.level, row.incident, row.drill) for row in found] == [
        (4, REAL, False),
        (4, "", False),
        (None, "", False),
        (5, "", True),
    ]


def test_an_order_names_its_districts_cause_and_incident() -> None:
    (row,) = rows(an_order())
    assert (row.event, row.cause, row.places, row.who, row.official) == (
        "避難指示",
        "土砂災害",
        "早川・風祭",
        "小田原市",
        False,
    )


def test_what_has_no_level_is_marked_by_its_kind_and_never_by_its_rank() -> None:
    (row,) = rows(an_alert(0, an_info("wind", level=None, grade=Grade.WARNING)))
    assert (row.level, row.mark) == (None, "暴")


def test_a_gauge_has_no_level_and_a_strange_hazard_no_name_of_its_own() -> None:
    (gauge,) = rows(an_alert(0, an_info("gauge:1", level=3), origin=Origin.GAUGE))
    assert gauge.level is None
    (strange,) = rows(an_alert(0, an_info("meteor", level=None, grade=None)))
    assert strange.mark == "お"


def test_what_lapsed_is_still_there_and_says_so() -> None:
    (row,) = rows(an_alert(), reports=[a_report("lease:jma.extra", minute=1, until=9)])
    assert row.lapsed


def test_areas_of_one_name_are_named_once_and_an_order_without_districts_by_its_area() -> None:
    order = an_order()
    info = replace(order.info[0], area=(replace(order.info[0].area[0], area_desc="小田原市"),) * 2)
    (row,) = rows(replace(order, info=(info,)))
    assert row.places == "小田原市"


def test_the_map_has_the_colour_of_the_highest_real_level() -> None:
    found = rows(
        an_alert(0, an_info(level=3), stream="jma:a"),
        an_alert(1, an_info(level=5), stream="jma:b", run="r1"),
        an_alert(2, an_info("wind", level=None, grade=Grade.SPECIAL), stream="jma:c"),
    )
    assert console.level_of(found, [ODAWARA]) == 3
    assert console.level_of(found, [ZUSHI]) == 0


def test_an_area_without_a_code_colours_nothing() -> None:
    bare = replace(an_info(level=5), area=(replace(an_info().area[0], code=None),))
    (row,) = rows(an_alert(0, bare))
    assert row.areas == frozenset()


# --- the machine ---


def a_canary(minute: float = 9.5) -> list[StatusReport]:
    return [a_report(f"canary:{stage}", minute=minute) for stage in CANARY_STAGES]


def test_feeds_have_their_age_in_words_and_our_own_test_comes_last() -> None:
    reports = [a_report("feed:jma.extra"), a_report("feed:canary"), a_report("service:ingest"), *a_canary()]
    found = console.feeds(a_view(reports=reports))
    assert [(row.name, row.state, row.words) for row in found] == [
        ("気象庁 随時", State.GOOD, "1 分前"),
        ("自己試験", State.GOOD, "30 秒前 正常"),
    ]


def test_a_feed_that_fails_says_how_and_one_that_is_silent_since_when() -> None:
    reports = [a_report("feed:river", alarm="E3204"), a_report("feed:x", alarm="E3999"), a_report("feed:y", minute=2)]
    found = console.feeds(a_view(reports=reports))
    assert [(row.name, row.state, row.words) for row in found[:-1]] == [
        ("受信 river", State.BAD, "更新が止まっています"),
        ("受信 x", State.BAD, "異常"),
        ("受信 y", State.BAD, "8 分 応答なし"),
    ]


def test_our_own_test_waits_until_it_came_through_everything() -> None:
    (row,) = console.feeds(a_view(reports=a_canary()[:-1]))
    assert (row.state, row.words) == (State.WAITING, "確認中")
    (first,) = console.feeds(a_view())
    assert first.state is State.WAITING


def a_problem(subject: str, code: str = "E5207") -> Problem:
    return Problem(subject=subject, code=code, since=at(0), message="m", hint="h")


@pytest.mark.parametrize(
    ("subject", "name", "link"),
    [
        ("feed:jma.extra", "気象庁 随時", ""),
        (f"lease:office:{REAL}", "発令の有効期限", f"/office/incidents/{REAL}"),
        (f"lapse:office:{REAL}", "有効期限切れ", f"/office/incidents/{REAL}"),
        (f"office:cosign:{REAL}:4f2a91c3", "発令の事後確認", f"/office/incidents/{REAL}"),
        ("gateway:record:jma:x", "状況の記録", ""),
        ("canary:fold", "自己試験 fold", ""),
        ("strange", "strange", ""),
    ],
)
def test_an_alarm_is_named_and_leads_to_where_something_can_be_done(subject: str, name: str, link: str) -> None:
    (row,) = console.alarm_rows([a_problem(subject)])
    assert (row.name, row.link, row.code) == (name, link, "E5207")
    assert "有効期限" in row.said


def test_an_alarm_without_words_of_ours_keeps_the_machine_s() -> None:
    (row,) = console.alarm_rows([a_problem("x", "E9999")])
    assert (row.said, row.message) == ("", "m")


@pytest.mark.parametrize(
    ("accepted", "left_out", "total", "final", "percent"),
    [(0, 0, 10, False, 0), (5, 1, 10, False, 60), (10, 0, 10, False, 99), (9, 1, 10, True, 100), (0, 0, 0, False, 100)],
)
def test_a_sending_is_done_when_it_is_done(accepted: int, left_out: int, total: int, final: bool, percent: int) -> None:
    sending = Sending(
        alert="a",
        title="避難指示",
        at=at(0),
        drill=False,
        accepted=accepted,
        left_out=left_out,
        total=total,
        final=final,
        latency_ms_max=0,
    )
    assert sending.percent == percent


# --- the office's own ---


def suggested(*alerts: Alert, office: Office | None = None) -> list[tuple[int, str, bool]]:
    found = console.suggestions(rows(*alerts), office or Office(), [ODAWARA], at(10))
    return [(one.level, one.cause, one.drill) for one in found]


def test_a_warning_of_level_three_suggests_the_order_that_answers_it() -> None:
    found = console.suggestions(rows(an_alert(0, an_info(level=4))), Office(), [ODAWARA], at(10))
    assert [(one.order, one.cause_name, one.link) for one in found] == [
        ("避難指示", "土砂災害", "/office/drafts/new?matter=order&level=4&cause=landslide")
    ]


def test_one_suggestion_a_danger_the_worst_first() -> None:
    assert suggested(
        an_alert(0, an_info("flood:1", level=3), an_info("flood:2", level=4), stream="jma:a"),
        an_alert(0, an_info(level=5), stream="jma:b"),
    ) == [(5, "landslide", False), (4, "flood", False)]


def test_a_drill_suggests_a_drill() -> None:
    (one,) = console.suggestions(rows(an_alert(0, an_info(level=4), run="r1")), Office(), [ODAWARA], at(10))
    assert one.link.startswith("/office/drills/new?")


@pytest.mark.parametrize(
    "alert",
    [
        an_alert(0, an_info(level=2)),
        an_alert(0, an_info("wind", level=None, grade=Grade.SPECIAL)),
        an_alert(0, an_info(level=5, areas=(ZUSHI,))),
        an_order(),
    ],
    ids=["level 2", "no level", "a neighbour", "our own word"],
)
def test_nothing_else_suggests_anything(alert: Alert) -> None:
    assert suggested(alert) == []


def test_what_lapsed_suggests_nothing() -> None:
    lapsed = rows(an_alert(), reports=[a_report("lease:jma.extra", minute=1, until=9)])
    assert console.suggestions(lapsed, Office(), [ODAWARA], at(10)) == []


def test_a_hazard_that_we_have_no_name_for_is_suggested_without_one() -> None:
    (one,) = console.suggestions(rows(an_alert(0, an_info("meteor", level=4))), Office(), [ODAWARA], at(10))
    assert one.cause_name == ""


def opened(play: Play, level: int = 4, cause: str = "landslide") -> Office:
    play.open(content=a_content(level, cause=cause, expires=at(90) if play.drill else None))
    return play.office


@pytest.mark.parametrize(
    ("office", "left"),
    [
        (lambda: opened(a_real_order()), 0),
        (lambda: opened(a_real_order(), cause=""), 0),
        (lambda: a_real_order().issued().office, 0),
        (lambda: opened(a_real_order(), 3), 1),
        (lambda: opened(a_real_order(), cause="flood"), 1),
        (lambda: opened(a_drill_order()), 1),
        (lambda: a_real_order().issued().changed(Purpose.END).office, 1),
    ],
    ids=["drafted", "drafted for any cause", "in force", "a lower one", "another danger", "a drill", "ended"],
)
def test_what_is_answered_is_not_suggested_again(office: object, left: int) -> None:
    assert callable(office)
    assert len(suggested(an_alert(0, an_info(level=4)), office=office())) == left


def test_an_office_that_speaks_of_shelters_only_answers_no_warning() -> None:
    play = Play(matter=Matter.SHELTER)
    play.open(content=a_content(None))
    assert len(suggested(an_alert(0, an_info(level=4)), office=play.office)) == 1


def test_leases_are_listed_with_the_first_to_end_first_and_soon_is_said() -> None:
    play = a_real_order().issued()
    play.incident, play.minute = "20260901-bbbbbb", -60
    play.issued()
    found = console.lease_rows(play.office, at(0) + timedelta(hours=8))
    assert [(row.incident.id, row.soon) for row in found] == [("20260901-bbbbbb", True), (REAL, False)]
    assert found[0].title == "避難指示 土砂災害"


def test_titles_say_what_is_drafted_or_what_was_said() -> None:
    assert console.title_of(Incident(id=REAL, matter=Matter.SHELTER)) == "避難所"
    play = a_real_order()
    play.open(content=a_content(3, cause=""))
    assert console.title_of(play.now) == "高齢者等避難"
    assert console.title_of(a_real_order().issued().now) == "避難指示 土砂災害"


def test_what_waits_and_what_is_not_signed_is_found() -> None:
    play = a_real_order()
    play.open()
    assert console.waiting(play.office, at(0)) == []
    play.submit()
    assert [one.id for one in console.waiting(play.office, at(29))] == [REAL]
    assert console.waiting(play.office, at(30)) == []
    assert console.unsigned(play.office) == []
    play.alone(A)
    assert [one.id for one in console.unsigned(play.office)] == [REAL]


def test_the_oldest_submission_comes_first() -> None:
    play = a_real_order()
    play.minute = 5
    play.open()
    play.submit()
    play.incident, play.drill, play.minute = DRILL, a_drill(), 1
    play.open(content=a_content(expires=at(90)))
    play.submit()
    assert [one.id for one in console.waiting(play.office, at(6))] == [DRILL, REAL]


def test_how_an_incident_stands_is_said_in_words() -> None:
    play = a_real_order()
    play.open()
    words = [console.standing_of(play.now, at(0))]
    play.submit()
    play.approve()
    words.append(console.standing_of(play.now, at(0)))
    drill = a_drill_order().issued(a_content(expires=at(90))).now
    words += [console.standing_of(drill, at(89)), console.standing_of(drill, at(90))]
    assert words == ["まだ出していません", "発令中", "実施中", "終わりの時刻が来て終わりました"]


def test_a_drill_that_is_over_by_itself_answers_no_warning() -> None:
    office = a_drill_order().issued(a_content(expires=at(9))).office
    warned = rows(an_alert(0, an_info(level=4), run="r1"))
    assert console.suggestions(warned, office, [ODAWARA], at(8)) == []
    assert len(console.suggestions(warned, office, [ODAWARA], at(9))) == 1
