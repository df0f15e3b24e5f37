from __future__ import annotations

from datetime import date

import pytest

from schemas.observation import Crossing
from services.ingest.core.river.city import Gauges, parse_gauges

GOOD = """
[poll]
kriver = ["14000"]
kanagawa = ["stage/10/p10202_18_3585_4_808"]
[[station]]
source = "kanagawa"
station = "3585_4_808"
name = "新崎橋"
river = "新崎川"
jis5 = ["14384"]
thresholds = [
  { crossing = "danger", value = 1.65, datum = "gauge-zero", valid_from = 2026-01-01, source = "県" },
  { crossing = "caution", value = 1, datum = "gauge-zero" },
]
[[station]]
source = "drop"
station = "A1"
name = "見本橋"
jis5 = ["14206"]
"""


def test_a_city_says_what_it_polls_and_what_its_gauges_levels_are() -> None:
    made = parse_gauges(GOOD)
    assert isinstance(made, Gauges)
    assert made.polls == {"kriver": ("14000",), "kanagawa": ("stage/10/p10202_18_3585_4_808",)}
    station = made.stations["kanagawa:3585_4_808"]
    assert (station.name, station.river, station.jis5) == ("新崎橋", "新崎川", ("14384",))
    assert [(one.crossing, one.value, one.valid_from, one.source) for one in station.thresholds] == [
        (Crossing.DANGER, 1.65, date(2026, 1, 1), "県"),
        (Crossing.CAUTION, 1.0, None, ""),
    ]
    assert made.stations["drop:A1"].thresholds == ()


def test_a_city_may_watch_nothing() -> None:
    assert parse_gauges("") == Gauges()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[poll", "TOMLDecodeError"),
        ('[poll]\nnile = ["1"]', "nile"),
        ('[poll]\nkriver = ["../x"]', "../x"),
        ('[poll]\nkriver = ["a b"]', "a b"),
        ("[poll]\nkriver = [" + '"1",' * 201 + "]", "201"),
        ("[poll]\nkriver = [1]", "TypeError"),
        ("poll = 1", "AttributeError"),
        ('[[station]]\nsource = "drop"', "KeyError"),
        ('[[station]]\nsource = "drop"\nstation = "1"\nname = "x"\njis5 = []', "jis5"),
        ('[[station]]\nsource = "drop"\nstation = "1"\nname = "x"\njis5 = ["1"]\nthresholds = 3', "lists"),
        *(
            (
                f'[[station]]\nsource = "drop"\nstation = "1"\nname = "x"\njis5 = ["1"]\nthresholds = [{{ {one} }}]',
                named,
            )
            for one, named in (
                ('crossing = "high", value = 1, datum = "TP"', "high"),
                ('crossing = "danger", value = "1", datum = "TP"', "number"),
                ('crossing = "danger", value = 1, datum = "TP", valid_from = "soon"', "date"),
                ('crossing = "danger", value = 1', "datum"),
            )
        ),
    ],
)
def test_a_damaged_file_says_what_is_wrong(text: str, named: str) -> None:
    made = parse_gauges(text)
    assert isinstance(made, str)
    assert named in made
