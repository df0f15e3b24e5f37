from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.alert import Alert, Area, Drill, Scope, Status, Surface
from schemas.area import AreaCode, AreaEntry, AreaTable, City, UnknownArea, parse_city, parse_table
from schemas.level import LEVELS, Grade
from schemas.lifecycle import Stream
from schemas.lifecycle import fold as take
from schemas.status import Condition, StatusReport
from schemas.telegram import Epoch
from schemas.text import Text
from services.gateway.core.message import wire_of
from services.gateway.core.mirror import Change, Mirror, fold
from services.gateway.core.situation_view import (
    STALE_S,
    Held,
    Malformed,
    NotWatched,
    Place,
    answer,
    etag,
    held,
    is_public,
    kept,
    place,
    standing_now,
)
from services.gateway.core.view import View
from tests.factories import ZUSHI, an_alert, an_info, at

TABLE = """# version: invented
scheme,code,name,kana,english,parent
office,140000,神奈川県,かながわけん,Kanagawa,
class10,140010,東部,とうぶ,East,140000
class10,140020,西部,せいぶ,West,140000
class15,140013,三浦半島,みうらはんとう,Miura,140010
class15,140024,西湘,せいしょう,Seisho,140020
class20,1420600,小田原市,おだわらし,Odawara,140024
class20,1420800,逗子市,ずしし,Zushi,140013
class20,1438200,箱根町,はこねまち,Hakone,140024
"""
CITY = """
id = "{id}"
jis5 = "{jis5}"
class20 = ["{jis5}00"]
neighbours = []
drills_from_feeds = []
name = {{ ja = "市", easy = "し", en = "City" }}
prefecture = {{ ja = "県", easy = "けん", en = "Prefecture" }}
watch = {{ tsunami = ["{tsunami}"], quake_city = ["{jis5}00"] }}
"""
RIVER = AreaCode("river", "9999990001")
SEA = AreaCode("tsunami", "330")


def the_table() -> AreaTable:
    table = parse_table(TABLE)
    assert isinstance(table, AreaTable)
    return table


AREAS = the_table()


def a_city(**fields: str) -> City:
    city = parse_city(CITY.format_map(fields), AREAS)
    assert isinstance(city, City)
    return city


NEIGHBOUR = a_city(id="zushi", jis5="14208", tsunami="312")
HERE = replace(
    a_city(id="odawara", jis5="14206", tsunami="330").with_neighbours([NEIGHBOUR]),
    demo=(AreaEntry(area=RIVER, name=Text(ja="川", easy="かわ", en="River")),),
).with_demo()
WHOLE = Place(asked="jis5:14206", codes=HERE.own, everywhere=True)


def asked(area: str | None) -> Place | Malformed | NotWatched | UnknownArea:
    return place(area, HERE, [NEIGHBOUR], AREAS)


def codes(area: str) -> set[str]:
    found = asked(area)
    assert isinstance(found, Place)
    return set(map(str, found.codes))


# --- which areas are meant ---


def test_who_asks_for_nothing_means_the_city_with_all_it_listens_to() -> None:
    assert asked(None) == WHOLE


@pytest.mark.parametrize("area", ["1420600", "14206", "class20:1420600"])
def test_the_city_is_known_by_each_of_its_codes(area: str) -> None:
    assert codes(area) >= {
        "class20:1420600",
        "class15:140024",
        "class10:140020",
        "office:140000",
        "tsunami:330",
        "river:9999990001",
    }
    assert "class20:1420800" not in codes(area)


def test_a_neighbour_has_its_own_sea() -> None:
    assert "tsunami:312" in codes("14208")
    assert "tsunami:330" not in codes("14208")


def test_a_larger_area_has_what_lies_in_it() -> None:
    assert codes("office:140000") >= {"office:140000", "class20:1420600", "class20:1420800"}


def test_one_system_s_code_means_just_that() -> None:
    assert codes("tsunami:330") == {"tsunami:330"}
    assert codes("river:9999990001") == {"river:9999990001"}


@pytest.mark.parametrize("area", ["", "x", "142060", "小田原", "１４２０６", ":", "class20:", ":1420600", "14206000"])
def test_what_names_no_area_is_malformed(area: str) -> None:
    assert asked(area) == Malformed(asked=area)


@given(st.text() | st.from_regex(r"[0-9]{3,8}") | st.from_regex(r"(class20|tsunami|office):[0-9]{0,8}"))
def test_whatever_is_asked_has_an_answer(area: str) -> None:
    assert isinstance(asked(area), Place | Malformed | NotWatched | UnknownArea)


@pytest.mark.parametrize("area", ["9999999", "99999", "class20:9999999", "toaster:1"])
def test_an_area_that_is_not_there_is_unknown(area: str) -> None:
    assert isinstance(asked(area), UnknownArea)


@pytest.mark.parametrize("area", ["1438200", "14382", "tsunami:999"])
def test_where_we_would_not_know_of_a_danger_nothing_is_claimed(area: str) -> None:
    assert asked(area) == NotWatched(asked=area)


# --- what is in force there ---

NOW = at(30)
UNTIL = at(180)


def a_view(*alerts: Alert, now: datetime = NOW, until: datetime = UNTIL) -> View:
    streams: dict[str, Stream] = {}
    for alert in alerts:
        for stream in alert.streams:
            streams[stream] = take(streams.get(stream), stream, alert)
    changes = [
        Change(offset=number, key=name, id=f"s:{number}", value=stream)
        for number, (name, stream) in enumerate(streams.items(), 1)
    ]
    mirror = fold(Mirror(), [Change(offset=0, key="epoch", id="", value=Epoch(epoch="e")), *changes], live=False)
    lease = StatusReport(subject="lease:jma.extra", condition=Condition.OK, since=at(0), reported_at=at(0), until=until)
    return View(now=now, started_at=at(-60), mirror=mirror, reports={lease.subject: lease}, loaded=True, as_of=now)


def words(found: list[Held]) -> list[tuple[str, str]]:
    return [(one.info.event, one.validity.value) for one in found]


def test_what_is_in_force_here_is_held_loudest_first() -> None:
    view = a_view(
        an_alert(0, an_info("wind", level=None, grade=Grade.ADVISORY), stream="wind"),
        an_alert(0, an_info(level=4), an_info("heavy_rain", level=5), stream="rain"),
    )
    assert words(held(view, WHOLE)) == [
        ("heavy_rain 5", "in-force"),
        ("landslide 4", "in-force"),
        ("wind advisory", "in-force"),
    ]


def test_a_block_without_a_rank_comes_last_but_comes() -> None:
    silent = replace(an_info("notice", level=None), rank=None)
    assert words(held(a_view(an_alert(0, silent, an_info(level=2))), WHOLE))[-1] == ("notice None", "in-force")


@pytest.mark.parametrize(
    "alerts",
    [
        (an_alert(0, an_info(areas=(ZUSHI,))),),
        (an_alert(0, an_info(released=True)),),
        (an_alert(0), an_alert(9, an_info(released=True))),
        (an_alert(0, an_info(expires=at(30))),),
        (an_alert(0, scope=Scope.PRIVATE),),
        (an_alert(0, status=Status.SYSTEM),),
    ],
    ids=["elsewhere", "released", "ended", "expired", "private", "not for people"],
)
def test_what_does_not_concern_people_here_now_is_not_held(alerts: tuple[Alert, ...]) -> None:
    assert held(a_view(*alerts), WHOLE) == []


def test_a_released_block_beside_one_in_force_is_not_held() -> None:
    view = a_view(an_alert(0, an_info("landslide", released=True), an_info("heavy_rain", level=3)))
    assert words(held(view, WHOLE)) == [("heavy_rain 3", "in-force")]


def test_what_a_source_placed_without_a_code_counts_for_the_whole_city_only() -> None:
    drawn = replace(an_info(), area=(Area(area_desc="海岸", polygon=("35,139 35,140 36,139 35,139",)),))
    view = a_view(an_alert(0, drawn))
    assert words(held(view, WHOLE)) == [("landslide 4", "in-force")]
    assert held(view, Place(asked="tsunami:330", codes=frozenset({SEA}))) == []
    assert answer(view, WHOLE, held(view, WHOLE))["alerts"][0]["areas"] == [
        {"scheme": None, "code": None, "name": "海岸"}
    ]


def test_running_out_of_the_lease_is_a_lapse_and_no_end() -> None:
    view = a_view(an_alert(0), now=at(181))
    body = answer(view, WHOLE, held(view, WHOLE))
    assert body["alerts"] == []
    assert [(one["event"], one["since"]) for one in body["lapsed"]] == [("landslide 4", "2026-09-01T14:00:00.000Z")]


def test_a_stated_end_does_not_lapse_with_the_lease() -> None:
    view = a_view(an_alert(0, an_info(expires=at(300))), now=at(181))
    item = answer(view, WHOLE, held(view, WHOLE))["alerts"][0]
    assert item["expires"] == "2026-09-01T16:00:00.000Z"


# --- the answer ---


def test_an_alert_is_told_with_everything_a_person_needs() -> None:
    view = a_view(an_alert(0))
    body = answer(view, WHOLE, held(view, WHOLE))
    assert body["alerts"] == [
        {
            "stream": "jma:VPWW56:140000",
            "revision": an_alert(0).revision,
            "identifier": an_alert(0).identifier,
            "status": "Actual",
            "origin": "official",
            "event": "landslide 4",
            "hazard": "landslide",
            "level": 4,
            "rank": 4,
            "severity": "Severe",
            "areas": [{"scheme": "class20", "code": "1420600", "name": "小田原市"}],
            "sender_name": "横浜地方気象台",
            "sent": "2026-09-01T11:00:00.000Z",
            "expires": None,
            "lease": "jma.extra",
            "headline": "土砂災害に警戒してください。",
            "action": {
                "ja": LEVELS[4].equivalent_action.ja,
                "easy": LEVELS[4].equivalent_action.easy,
                "en": LEVELS[4].equivalent_action.en,
            },
            "message": wire_of(an_alert(0), {})[0],
        }
    ]
    assert {key: body[key] for key in ("as_of", "epoch", "offset", "digest", "area", "lapsed", "drills", "leases")} == {
        "as_of": "2026-09-01T11:30:00.000Z",
        "epoch": "e",
        "offset": 1,
        "digest": view.mirror.digest,
        "area": "jis5:14206",
        "lapsed": [],
        "drills": [],
        "leases": {"jma.extra": "2026-09-01T14:00:00.000Z"},
    }


def test_a_block_s_own_headline_goes_before_the_alert_s() -> None:
    view = a_view(an_alert(0, replace(an_info(), headline="崖から離れて"), lease=""))
    item = answer(view, WHOLE, held(view, WHOLE))["alerts"][0]
    assert (item["headline"], item["lease"]) == ("崖から離れて", None)


def test_before_the_situation_was_confirmed_once_the_answer_is_of_now() -> None:
    view = replace(a_view(), as_of=None)
    assert answer(view, WHOLE, [])["as_of"] == "2026-09-01T11:30:00.000Z"


def a_drill(*surfaces: Surface) -> Alert:
    drill = an_alert(0, run="run-1")
    return replace(drill, drill=Drill(run="run-1", surfaces=surfaces))


def test_a_drill_stands_under_drills_and_nowhere_else() -> None:
    view = a_view(a_drill(Surface.PUBLIC), an_alert(0, an_info(level=3), stream="rain"))
    body = answer(view, WHOLE, held(view, WHOLE))
    assert [one["status"] for one in body["drills"]] == ["Exercise"]
    assert [one["status"] for one in body["alerts"]] == ["Actual"]


def test_a_drill_that_does_not_name_the_public_is_not_told_to_it() -> None:
    assert held(a_view(a_drill(Surface.SIGN, Surface.PAGE, Surface.PUSH)), WHOLE) == []
    assert not is_public(a_drill(Surface.SIGN))


def test_a_drill_that_lapsed_is_just_over() -> None:
    view = a_view(a_drill(Surface.PUBLIC), now=at(181))
    body = answer(view, WHOLE, held(view, WHOLE))
    assert (body["drills"], body["lapsed"]) == ([], [])


# --- whether an answer is still the same ---


def tag(view: View, where: Place = WHOLE) -> str:
    return etag(view, where, held(view, where))


def test_an_answer_is_the_same_while_nothing_in_it_changes() -> None:
    assert tag(a_view(an_alert(0))) == tag(a_view(an_alert(0), now=at(31), until=at(400)))


def test_an_answer_changes_with_what_is_said_with_what_lapses_and_with_the_place() -> None:
    tags = [
        tag(a_view(an_alert(0))),
        tag(a_view(an_alert(0), an_alert(9, an_info(level=5)))),
        tag(a_view(an_alert(0), now=at(181))),
        tag(a_view(an_alert(0)), Place(asked="tsunami:330", codes=frozenset({SEA}))),
    ]
    assert len(set(tags)) == len(tags)


def test_an_answer_changes_with_expiry() -> None:
    expiring = an_alert(0, an_info(expires=at(60)))
    assert tag(a_view(expiring)) != tag(a_view(expiring, now=at(60)))


def test_an_answer_that_grows_old_is_given_anew_so_that_its_age_is_seen() -> None:
    view = a_view(an_alert(0))
    old = replace(view, now=view.now + timedelta(seconds=STALE_S))
    assert tag(replace(view, now=view.now + timedelta(seconds=STALE_S - 1))) == tag(view)
    assert tag(old) != tag(view)
    assert tag(replace(view, as_of=None)) == tag(view)


# --- one alert ---


def test_an_alert_is_found_by_its_identifier_with_what_became_of_it() -> None:
    first, second = an_alert(0, an_info(level=3)), an_alert(9)
    streams = list(a_view(first, second).mirror.streams.values())
    found = kept(streams, first.identifier)
    assert found is not None
    assert found.alert == first
    assert standing_now(found) == [
        {"stream": first.streams[0], "state": "active", "revision": second.revision, "standing": False}
    ]


def test_an_alert_of_two_streams_is_one_alert() -> None:
    both = replace(an_alert(0), streams=("quake-1", "quake-2"))
    found = kept(a_view(both).mirror.streams.values(), both.identifier)
    assert found is not None
    assert [now["standing"] for now in standing_now(found)] == [True, True]


@pytest.mark.parametrize("alert", [a_drill(Surface.SIGN), an_alert(0, scope=Scope.RESTRICTED)])
def test_what_the_public_may_not_have_is_not_found(alert: Alert) -> None:
    assert kept([take(None, alert.streams[0], alert)], alert.identifier) is None


def test_an_alert_nobody_keeps_is_not_found() -> None:
    assert kept([], "nothing") is None
