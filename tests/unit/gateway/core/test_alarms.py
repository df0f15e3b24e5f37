from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from schemas.status import Condition
from services.gateway.core.alarms import (
    CALM_S,
    REMIND_S,
    STANDING_MAX,
    Alarms,
    Notice,
    Turn,
    handed,
    judge,
    ours,
    remembered,
)
from services.gateway.core.health import Problem
from tests.factories import at

CALM = CALM_S / 60
REMIND = REMIND_S / 60


def a_problem(subject: str = "feed:jma.extra", message: str = "silent") -> Problem:
    return Problem(subject=subject, code="E5206", since=at(0), message=message, hint="look")


def told(*moments: tuple[float, Iterable[Problem]], before: Alarms | None = None) -> list[tuple[float, Turn]]:
    """What is told at which minute, when these problems are seen at these minutes."""
    state, heard = before or Alarms(), []
    for minute, found in moments:
        state, notices = judge(state, found, at(minute))
        heard += [(minute, notice.turn) for notice in notices]
    return heard


def test_a_problem_is_raised_once_however_often_it_is_seen() -> None:
    assert told((0, [a_problem()]), (1, [a_problem()]), (2, [a_problem(message="still silent")])) == [(0, Turn.RAISED)]


def test_a_problem_that_is_over_is_cleared_once() -> None:
    assert told((0, [a_problem()]), (CALM, []), (2 * CALM, [])) == [(0, Turn.RAISED), (CALM, Turn.CLEARED)]


def test_a_problem_that_comes_and_goes_is_one_alarm() -> None:
    flapping = [(n * CALM / 2, [a_problem()] if n % 2 == 0 else []) for n in range(20)]
    assert told(*flapping) == [(0, Turn.RAISED)]


def test_a_problem_that_comes_back_after_it_was_cleared_is_a_new_alarm() -> None:
    assert told((0, [a_problem()]), (CALM, []), (CALM + 1, [a_problem()])) == [
        (0, Turn.RAISED),
        (CALM, Turn.CLEARED),
        (CALM + 1, Turn.RAISED),
    ]


def test_an_alarm_that_lasts_is_said_again_once_a_watch() -> None:
    lasting = [(minute, [a_problem()]) for minute in (0, REMIND - 1, REMIND, REMIND + 1, 2 * REMIND)]
    assert told(*lasting) == [(0, Turn.RAISED), (REMIND, Turn.REMINDED), (2 * REMIND, Turn.REMINDED)]


def test_two_subjects_are_two_alarms() -> None:
    both = [a_problem("feed:jma.extra"), a_problem("feed:jma.eqvol")]
    assert told((0, both), (CALM, both[:1])) == [(0, Turn.RAISED), (0, Turn.RAISED), (CALM, Turn.CLEARED)]


def test_in_a_flood_of_problems_the_first_are_raised() -> None:
    flood = [a_problem(f"feed:{number}") for number in range(STANDING_MAX + 5)]
    state, notices = judge(Alarms(), flood, at(0))
    assert [notice.problem for notice in notices] == flood[:STANDING_MAX]
    assert len(state.standing) == STANDING_MAX


def notices_of(*moments: tuple[float, Iterable[Problem]]) -> tuple[Alarms, list[Notice]]:
    state, heard = Alarms(), []
    for minute, found in moments:
        state, notices = judge(state, found, at(minute))
        heard += notices
    return state, heard


def test_a_restart_neither_repeats_nor_forgets_an_alarm() -> None:
    state, (raised,) = notices_of((0, [a_problem()]))
    again = remembered([raised.report()], at(1))
    assert told((1, [a_problem()]), before=again) == []
    assert told((1 + CALM, []), before=again) == [(1 + CALM, Turn.CLEARED)]
    assert again.standing["feed:jma.extra"].raised_at == state.standing["feed:jma.extra"].raised_at


def test_after_a_restart_a_reminder_still_comes_when_it_is_due() -> None:
    _, (raised,) = notices_of((0, [a_problem()]))
    assert told((REMIND, [a_problem()]), before=remembered([raised.report()], at(1))) == [(REMIND, Turn.REMINDED)]


def test_an_alarm_that_was_cleared_is_not_remembered() -> None:
    _, (raised, cleared) = notices_of((0, [a_problem()]), (CALM, []))
    assert (raised.report().condition, cleared.report().condition) == (Condition.ALARM, Condition.OK)
    assert cleared.report().since == at(CALM)
    assert remembered([cleared.report()], at(2)) == Alarms()


def test_reports_that_are_no_alarms_of_ours_are_not_remembered() -> None:
    _, (raised,) = notices_of((0, [a_problem()]))
    feed = raised.report()
    assert remembered([replace(feed, subject="feed:jma.extra")], at(1)) == Alarms()


def test_the_report_of_an_alarm_says_what_to_do() -> None:
    _, (raised,) = notices_of((0, [a_problem()]))
    report = raised.report()
    assert (report.subject, report.code, report.message, report.hint, report.since) == (
        "alarm:feed:jma.extra",
        "E5206",
        "silent",
        "look",
        at(0),
    )


OWN = a_problem("gateway:append", "the log refuses")


def test_who_is_on_duty_speaks_for_all_and_the_others_of_their_own_troubles_alone() -> None:
    assert ours([a_problem(), OWN], on_duty=True) == [a_problem(), OWN]
    assert ours([a_problem(), OWN], on_duty=False) == [OWN]


def test_the_duty_is_handed_over_without_a_word() -> None:
    mine, _ = judge(Alarms(), [OWN], at(0))
    theirs, [raised] = judge(Alarms(), [a_problem()], at(0))
    standing = remembered([raised.report()], at(1))
    taken = handed(mine, standing, on_duty=True)
    assert told((1, [a_problem(), OWN]), before=taken) == []
    given = handed(taken, standing, on_duty=False)
    assert set(given.standing) == {"gateway:append"}
    assert told((1 + CALM, [OWN]), before=given) == []
    assert set(theirs.standing) == {"feed:jma.extra"}
