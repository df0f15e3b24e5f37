from __future__ import annotations

import json

import pytest

from services.ingest.core.river.requests import asks
from services.ingest.core.river.sources import SOURCES


@pytest.mark.parametrize(
    ("source", "items", "paths"),
    [
        (
            "kriver",
            ("14000", "13000"),
            ["/swin/files/area_info/current/14000.json", "/swin/files/area_info/current/13000.json"],
        ),
        (
            "kanagawa",
            ("stage/10/p10202_18_3585_4_808",),
            ["/sys/suibou/web_general/suibou_joho/html/stage/10/p10202_18_3585_4_808.html"],
        ),
        ("usgs", ("1", "2"), ["/nwis/iv/?format=json&siteStatus=all&parameterCd=00065,00060&sites=1,2"]),
    ],
)
def test_what_is_asked(source: str, items: tuple[str, ...], paths: list[str]) -> None:
    assert [ask.path for ask in asks(source, items)] == paths


@pytest.mark.parametrize("source", sorted(set(SOURCES) - {"drop"}))
def test_every_source_is_asked_for_its_items_and_for_nothing_else(source: str) -> None:
    assert asks(source, ())[:1] == ()
    made = asks(source, ("item1",))
    assert len(made) == 1
    assert made[0].path.startswith("/")
    assert ("item1" in made[0].path) == (source != "kawabou")


@pytest.mark.parametrize(
    ("clock", "paths"),
    [
        ("2026/09/01 20:15", ["/kawabou/file/files/obslist/tm/twnlist/20260901/2010/1401206.json"]),
        ("2026/09/01 20:10", ["/kawabou/file/files/obslist/tm/twnlist/20260901/2010/1401206.json"]),
        ("soon", []),
    ],
)
def test_kawabous_own_clock_names_the_newest_file(clock: str, paths: list[str]) -> None:
    [ask] = asks("kawabou", ("1401206",))
    assert ask.following is not None
    assert list(ask.following(json.dumps({"crntObsTime": clock}).encode())) == paths
    assert ask.following(b"<html>") == ()


def test_suimons_page_leads_to_its_table_and_to_no_other_place() -> None:
    [ask] = asks("suimon", ("303061283310060",))
    assert ask.following is not None
    assert ask.following(b'<a href="/dat/dload/download/29_1.dat">') == ("/dat/dload/download/29_1.dat",)
    assert ask.following(b'<a href="http://x/dat/../secret.dat">') == ()
