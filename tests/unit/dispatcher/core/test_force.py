"""What is in force for whom, when time changes it, and what a stream is told under."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import reduce

import pytest

from schemas.alert import Alert, Area, Drill, MsgType, Origin, Scope, Surface
from schemas.area import AreaCode
from schemas.level import Grade
from schemas.lifecycle import Stream, close, fold
from services.dispatcher.core.force import (
    REAL,
    Force,
    Moment,
    Pair,
    Waking,
    can_be_loud,
    in_force,
    is_loud,
    is_loud_item,
    is_mistake,
    is_order,
    named,
    notice_of,
    run_named,
    run_of,
    speaker,
    waking,
)
from services.dispatcher.core.shapes import Shape
from tests.factories import NAMES, ODAWARA, ZUSHI, an_alert, an_info, at
from tests.unit.dispatcher.core.telling import ITEM

COAST = AreaCode("tsunami", "330")
COVERS = {COAST: (ODAWARA, ZUSHI)}
HERE = Pair("landslide", ODAWARA)


def a_stream(*alerts: Alert, name: str = "s") -> Stream:
    folded = reduce(lambda before, alert: fold(before, name, alert), alerts, None)
    assert folded is not None
    return folded


def force_at(minute: float, *streams: Stream, leases: dict[str, datetime] | None = None) -> Force:
    return in_force(streams, Moment(now=at(minute), leases=leases or {}), COVERS)


def ranks(force: Force, run: str = REAL) -> dict[str, int]:
    return {f"{pair.hazard} {NAMES[pair.area]}": held.top.rank for pair, held in force.of(run).items()}


# --- runs ---


def test_real_and_drill_are_told_under_runs_of_their_own() -> None:
    assert run_of(a_stream(an_alert())) == run_named(None) == REAL
    assert run_of(a_stream(an_alert(run="2026-09-01"))) == run_named(Drill(run="2026-09-01")) == "drill-2026-09-01"


def test_tests_and_drills_without_pushes_are_told_to_nobody() -> None:
    silent = replace(an_alert(run="1"), drill=Drill(run="1", surfaces=(Surface.SIGN,)))
    assert [run_of(a_stream(alert)) for alert in (an_alert(test=True), silent)] == [None, None]
    assert force_at(1, a_stream(silent), a_stream(an_alert(test=True))) == Force(runs={}, until=None)


def test_real_and_drill_are_counted_apart() -> None:
    force = force_at(1, a_stream(an_alert()), a_stream(an_alert(0, an_info(level=5), run="1")))
    assert (ranks(force), ranks(force, "drill-1")) == ({"landslide 小田原市": 4}, {"landslide 小田原市": 5})
    assert force.of("drill-2") == {}


# --- what is in force ---


def test_the_loudest_of_all_streams_counts() -> None:
    weather = an_alert(0, an_info(level=3), an_info("wind", level=None, grade=Grade.WARNING))
    other = an_alert(5, an_info(level=4), stream="other")
    assert ranks(force_at(6, a_stream(weather), a_stream(other, name="t"))) == {
        "landslide 小田原市": 4,
        "wind 小田原市": 3,
    }


def test_of_two_as_loud_the_one_that_names_the_municipality_counts_then_the_newer() -> None:
    coast = an_alert(9, an_info("tsunami", level=4, areas=(COAST,)), stream="coast")
    town, newer = (an_alert(minute, an_info("tsunami", level=4, areas=(ODAWARA,)), stream="town") for minute in (0, 5))
    streams = [a_stream(coast, name="c"), a_stream(town, name="a"), a_stream(newer, name="b")]
    for order in (streams, streams[::-1]):
        force = force_at(9, *order)
        assert force.of(REAL)[Pair("tsunami", ODAWARA)].top.stream == "b"
        assert force.of(REAL)[Pair("tsunami", ZUSHI)].top.area.code == COAST


@pytest.mark.parametrize(
    "quiet",
    [
        an_alert(0, an_info(released=True)),
        an_alert(0, msg_type=MsgType.CANCEL),
        replace(an_alert(0), scope=Scope.PRIVATE),
        an_alert(0, an_info(expires=at(1))),
        an_alert(0, an_info(areas=(AreaCode("river", "1"),))),
        an_alert(0, replace(an_info(), area=(Area(area_desc="somewhere"),))),
    ],
    ids=["released", "cancelled", "private", "expired", "no municipality", "no code"],
)
def test_nothing_is_in_force_by(quiet: Alert) -> None:
    assert force_at(1, a_stream(quiet)).of(REAL) == {}


def test_a_block_without_a_rank_is_in_force_below_everything_that_can_be_followed() -> None:
    force = force_at(0, a_stream(an_alert(0, replace(an_info(), level=None, rank=None))))
    assert ranks(force) == {"landslide 小田原市": 1}


# --- what may be told ---


def telling(minute: float, alert: Alert, leases: dict[str, datetime] | None = None) -> bool:
    [held] = force_at(minute, a_stream(alert), leases=leases).of(REAL).values()
    return held.telling is not None


def test_what_lapsed_is_in_force_and_tells_nobody_anything_new() -> None:
    leases = {"jma.extra": at(20)}
    assert telling(19, an_alert(), leases)
    assert not telling(20, an_alert(), leases)
    assert telling(20, an_alert(12), leases), "its coming is a word of its source, whatever the last poll said"
    assert telling(99, an_alert(0, an_info(expires=at(100))), leases)


def test_an_old_quake_is_no_news() -> None:
    quake = an_alert(0, an_info("quake", level=None, grade=Grade.SHINDO_5_LOWER))
    assert (telling(9, quake), telling(10, quake)) == (True, False)


def test_what_is_less_loud_than_something_that_lapsed_is_not_told() -> None:
    lapsed, fresh = an_alert(0, an_info(level=4)), an_alert(60, an_info(level=3), lease="other", stream="t")
    [held] = force_at(60, a_stream(lapsed), a_stream(fresh, name="t"), leases={"jma.extra": at(20)}).of(REAL).values()
    assert (held.top.rank, held.telling) == (4, None)


@pytest.mark.parametrize(
    ("info", "leases", "until"),
    [
        (an_info(expires=at(30)), {}, at(10)),
        (an_info(expires=at(5)), {}, at(5)),
        (an_info(), {"jma.extra": at(7)}, at(7)),
        (an_info(), {"other": at(7)}, at(10)),
    ],
)
def test_the_next_moment_at_which_time_changes_something_is_known(
    info: object, leases: dict[str, datetime], until: datetime
) -> None:
    alert = an_alert(0, info)  # type: ignore[arg-type]  # a block
    assert force_at(1, a_stream(alert), leases=leases).until == until
    assert force_at(40, a_stream(alert), leases=leases).until is None


@pytest.mark.parametrize(
    ("hazard", "expires", "worth"),
    [
        ("landslide", None, None),
        ("landslide", at(30), at(30)),
        ("quake", None, at(10)),
        ("quake", at(5), at(5)),
        ("quake", at(30), at(10)),
    ],
)
def test_how_long_a_block_is_worth_telling(hazard: str, expires: datetime | None, worth: datetime | None) -> None:
    [held] = force_at(1, a_stream(an_alert(0, an_info(hazard, expires=expires)))).of(REAL).values()
    assert held.top.expires == worth
    assert held.top.lease == ("jma.extra" if expires is None else "")


# --- what a stream says, said, and takes back ---


def test_a_stream_names_every_pair_of_the_alerts_that_are_kept() -> None:
    rise, spread = an_alert(0), an_alert(5, an_info("tsunami", level=3, areas=(COAST,)), an_info(released=True))
    assert named(a_stream(rise, spread), COVERS) == {HERE, Pair("tsunami", ODAWARA), Pair("tsunami", ZUSHI)}


EARLIER = an_alert(0, an_info("wind", level=3))
MISTAKES = {
    "withdrawn, and nothing stands": (an_alert(5), an_alert(9, msg_type=MsgType.CANCEL)),
    "withdrawn, and what stood before stands again": (EARLIER, an_alert(5), an_alert(9, msg_type=MsgType.CANCEL)),
    "corrected away": (an_alert(5), an_alert(9, an_info("wind", level=3), corrects=at(5))),
}
ENDS = {
    "released": (an_alert(5), an_alert(9, an_info(released=True))),
    "left out of a later report": (an_alert(5), EARLIER, an_alert(9, an_info("wind", level=3))),
    "released by an office that numbers nothing": (
        replace(an_alert(5), report=""),
        replace(an_alert(9, an_info("wind", level=3)), report=""),
    ),
    "expired": (an_alert(5, an_info(expires=at(6))),),
    "withdrawn and issued anew since": (
        an_alert(5),
        an_alert(7, msg_type=MsgType.CANCEL),
        an_alert(9, an_info("wind")),
    ),
    "never said": (EARLIER,),
}


@pytest.mark.parametrize("alerts", MISTAKES.values(), ids=MISTAKES)
def test_it_was_a_mistake(alerts: tuple[Alert, ...]) -> None:
    assert is_mistake(a_stream(*alerts), HERE, COVERS)


@pytest.mark.parametrize("alerts", ENDS.values(), ids=ENDS)
def test_it_was_no_mistake(alerts: tuple[Alert, ...]) -> None:
    assert not is_mistake(a_stream(*alerts), HERE, COVERS)


def test_a_run_that_was_closed_is_no_mistake() -> None:
    assert not is_mistake(close(a_stream(an_alert(5, run="1"))), HERE, COVERS)


def test_the_stream_that_spoke_of_a_pair_last_is_its_speaker() -> None:
    first, second, drill = (
        a_stream(an_alert(0)),
        a_stream(an_alert(5), name="t"),
        a_stream(an_alert(9, run="1"), name="d"),
    )
    other = a_stream(EARLIER, name="u")
    assert speaker([first, second, drill, other], REAL, HERE, COVERS) == second
    assert speaker([first, second, drill], "drill-1", HERE, COVERS) == drill
    assert speaker([other], REAL, HERE, COVERS) is None


def test_a_notice_speaks_of_the_newest_alert() -> None:
    notice = notice_of(a_stream(an_alert(0), an_alert(5)))
    assert (notice.alert, notice.revision, notice.sent) == (an_alert(5).identifier, an_alert(5).revision, at(5))
    assert notice.items == ()


@pytest.mark.parametrize(
    ("hazard", "origin", "rank", "loud"),
    [
        ("landslide", Origin.OFFICIAL, 4, True),
        ("landslide", Origin.OFFICIAL, 3, False),
        ("quake", Origin.OFFICIAL, 2, True),
        ("tsunami", Origin.OFFICIAL, 3, True),
        ("evacuation:1", Origin.OFFICE, 3, True),
        ("notice:1", Origin.OFFICE, 2, False),
        ("gauge:1", Origin.GAUGE, 3, False),
    ],
)
def test_what_wakes_people(hazard: str, origin: Origin, rank: int, loud: bool) -> None:
    assert is_loud(hazard, origin, rank) is loud


def test_the_end_of_something_loud_is_loud_and_a_notice_is_no_order() -> None:
    assert is_loud_item(replace(ITEM, rank=4))
    assert not is_loud_item(ITEM)
    assert is_order("shelter:1", Origin.OFFICE)
    assert not is_order("evacuation:1", Origin.OFFICIAL)


# --- whom it wakes ---


@pytest.mark.parametrize(
    ("hazard", "origin", "rank", "whom"),
    [
        ("landslide", Origin.OFFICIAL, 4, Waking.EVERYBODY),
        ("landslide", Origin.OFFICIAL, 3, Waking.NOBODY),
        ("quake", Origin.OFFICIAL, 2, Waking.EVERYBODY),
        ("tsunami", Origin.OFFICIAL, 3, Waking.EVERYBODY),
        ("evacuation:1", Origin.OFFICE, 4, Waking.EVERYBODY),
        ("evacuation:1", Origin.OFFICE, 3, Waking.UNLESS_REFUSED),
        ("shelter:1", Origin.OFFICE, 2, Waking.NOBODY),
        ("notice:1", Origin.OFFICE, 3, Waking.NOBODY),
    ],
)
def test_what_wakes_whom(hazard: str, origin: Origin, rank: int, whom: Waking) -> None:
    assert waking(hazard, origin, rank) is whom


def test_a_stream_is_loud_as_long_as_anything_kept_of_it_is() -> None:
    quiet, loud = an_alert(0, an_info(level=3)), an_alert(1, an_info(level=4))
    over = an_alert(2, an_info(released=True))
    assert [can_be_loud(a_stream(*alerts)) for alerts in ([quiet], [quiet, loud, over], [quiet, over])] == [
        False,
        True,
        False,
    ]


# --- shapes ---

SQUARE = "35.2,139.1 35.2,139.2 35.3,139.2 35.3,139.1 35.2,139.1"
CIRCLE = "35.2,139.1 5"


def drawn(level: int, polygon: str = "", circle: str = "") -> Alert:
    info = an_info(level=level)
    area = replace(info.area[0], polygon=(polygon,) if polygon else (), circle=(circle,) if circle else ())
    return an_alert(0, replace(info, area=(area,)))


@pytest.mark.parametrize(
    ("alerts", "shape"),
    [
        ([drawn(4, SQUARE)], Shape((SQUARE,))),
        ([drawn(4, SQUARE), drawn(4, SQUARE, CIRCLE)], Shape((SQUARE,), (CIRCLE,))),
        ([drawn(4, SQUARE), drawn(4)], None),
        ([drawn(4, SQUARE), drawn(3, CIRCLE)], None),
        ([drawn(4, "nonsense")], None),
    ],
    ids=["one", "two together", "one of them everywhere", "one louder than the other", "one that cannot be read"],
)
def test_a_shape_narrows_a_pair_only_where_that_leaves_nobody_out(alerts: list[Alert], shape: Shape | None) -> None:
    streams = [a_stream(alert, name=f"s{number}") for number, alert in enumerate(alerts)]
    assert force_at(1, *streams).of(REAL)[HERE].shape == shape
