from __future__ import annotations

import json
from datetime import date

import pytest

from schemas.observation import Crossing, Station
from services.ingest.core.defect import Code, Defect
from services.ingest.core.river.city import parse_gauges
from services.ingest.core.river.masters import Taken, read_levels, take

SINCE = date(2026, 6, 1)
MASTER = {
    "obsFcd": "0999900400808",
    "obsNm": "見本橋",
    "rvrNm": "見本川",
    "twnCd": 1401206,
    "rsrvStg": 0.8,
    "warnStg": "1.15",
    "spclWarnStg": None,
    "dngStg": 1.65,
    "fldStg": "",
    "dsgnHighStg": 9.9,
}
FILE = """\
# written by hand
[poll]
kawabou = ["1401206"]
[[station]]
source = "kanagawa"
station = "9999_4_808"
name = "見本橋"
river = "見本川（下流）"
jis5 = ["14206", "14382"]
thresholds = []
[[station]]
source = "kawabou"
station = "1111100422222"
name = "別の橋"
jis5 = ["14206"]
"""


def levels(document: object) -> tuple[Station, ...]:
    found = read_levels(json.dumps(document).encode(), since=SINCE, source="管理者の表")
    assert isinstance(found, tuple), found
    return found


def taken(*masters: object, current: str = "", towns: str = "14206", named: str = "") -> Taken:
    return take(current, levels(list(masters)), towns=frozenset({towns}), named=frozenset(named.split()))


@pytest.mark.parametrize(
    "document",
    [
        {"obsInfo": MASTER},
        [3, {"obsInfo": MASTER}],
        {"obsList": {"obsStg": [MASTER], "obsRn": [{"obsFcd": "0999900100001", "obsNm": "雨"}]}},
        {"prefTwn": [{"stg": [MASTER, {"obsFcd": "12", "obsNm": "x"}, {"obsFcd": "0999900400809"}]}]},
    ],
    ids=["one gauge", "a list of them", "a town", "a prefecture"],
)
def test_a_master_tells_the_levels_of_its_gauges(document: object) -> None:
    [station] = levels(document)
    assert (station.source, station.station, station.name) == ("kawabou", "0999900400808", "見本橋")
    assert (station.river, station.jis5) == ("見本川", ("14206",))
    assert [(one.crossing, one.value, one.datum) for one in station.thresholds] == [
        (Crossing.STANDBY, 0.8, "gauge-zero"),
        (Crossing.CAUTION, 1.15, "gauge-zero"),
        (Crossing.DANGER, 1.65, "gauge-zero"),
    ], "what is empty is no level, and nobody acts on a design value"
    assert {(one.valid_from, one.source) for one in station.thresholds} == {(SINCE, "管理者の表")}


def test_a_list_of_k_river_tells_those_of_its_gauges_in_t_p() -> None:
    row = {
        "code": "1400000016",
        "name": "国府津",
        "obsTime": "2026-06-03T07:40:00+09:00",
        "level": 4.39,
        "townCode": "14206",
        "startLevel": 4.3,
        "warnLevel": None,
        "fladLevel": 6.93,
    }
    [station] = levels({"obss": [row]})
    assert [(one.crossing, one.value, one.datum) for one in station.thresholds] == [
        (Crossing.START, 4.3, "TP"),
        (Crossing.FLOOD, 6.93, "TP"),
    ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"<html>", Code.NOT_JSON),
        (b"{}", Code.UNKNOWN_FORMAT),
        (json.dumps({"obsInfo": {"obsFcd": "0999900400808", "obsNm": "x"}}).encode(), Code.UNKNOWN_FORMAT),
    ],
    ids=["no JSON", "another", "no levels"],
)
def test_a_file_without_levels_is_refused(body: bytes, code: Code) -> None:
    found = read_levels(body, since=SINCE, source="")
    assert isinstance(found, Defect)
    assert found.code is code


@pytest.mark.parametrize(("town", "jis5"), [(1401206, ("14206",)), (None, ()), ("14012", ()), ("140120x", ())])
def test_a_town_s_code_holds_that_of_its_municipality(town: object, jis5: tuple[str, ...]) -> None:
    assert levels({**MASTER, "twnCd": town})[0].jis5 == jis5


class TestTaking:
    def test_a_gauge_that_the_city_has_gets_its_levels_and_keeps_the_rest(self) -> None:
        made = taken(MASTER, current=FILE)
        gauges = parse_gauges(made.text)
        assert not isinstance(gauges, str)
        own = gauges.stations["kanagawa:9999_4_808"]
        assert (own.river, own.jis5) == ("見本川（下流）", ("14206", "14382"))
        assert [one.value for one in own.thresholds] == [0.8, 1.15, 1.65]
        assert own.thresholds[0].valid_from == SINCE
        assert made.text.startswith("# written by hand\n[poll]\n")
        assert gauges.stations["kawabou:1111100422222"].name == "別の橋"
        assert (made.changed, made.elsewhere) == ((own,), ())
        assert take(made.text, levels(MASTER), towns=frozenset(), named=frozenset()).text == made.text, "twice is once"

    def test_by_its_own_number_it_is_the_same_whatever_it_is_called(self) -> None:
        other = {**MASTER, "obsFcd": "1111100422222"}
        gauges = parse_gauges(taken(other, current=FILE).text)
        assert not isinstance(gauges, str)
        assert gauges.stations["kawabou:1111100422222"].name == "別の橋"
        assert len(gauges.stations["kawabou:1111100422222"].thresholds) == 3

    def test_by_another_source_s_number_only_where_it_is_called_the_same(self) -> None:
        made = taken({**MASTER, "obsNm": "他の橋"}, current=FILE)
        assert [one.source for one in made.changed] == ["kawabou"], "a gauge of its own, in the city's town"

    def test_of_other_towns_only_what_was_named(self) -> None:
        far = {**MASTER, "twnCd": 1401130}
        assert [one.station for one in taken(far).elsewhere] == ["0999900400808"]
        [named] = taken(far, named="0999900400808").changed
        assert named.jis5 == ("14206",)

    def test_of_dams_and_crisis_gauges_no_page_of_the_prefecture_is_meant(self) -> None:
        dam = {**MASTER, "obsFcd": "0999900700808"}
        assert [one.source for one in taken(dam, current=FILE).changed] == ["kawabou"]
