from __future__ import annotations

import pytest

from services.ingest.core.bodies.texts import read_hypocentre, read_nationwide, read_titled, read_typhoon
from services.ingest.core.defect import Code
from tests.unit.ingest.core.bodies.reading import reading, refused, said

COUNTRY = "region:japan"


def test_a_text_informs_the_whole_country_by_its_title() -> None:
    assert said(read_nationwide, "quake", head="地震の活動状況等に関する情報") == [f"{COUNTRY} quake - 1 active"]
    [entry] = reading(read_nationwide, "quake", head="", title="地震回数に関する情報").entries
    assert (entry.kind.event, entry.name) == ("地震回数に関する情報", "全国")


@pytest.mark.parametrize(
    ("body", "event"),
    [
        ("<TyphoonNamePart><Number>1718</Number></TyphoonNamePart>", "台風情報（台風第18号）"),
        ("<TyphoonNamePart><Number>2601</Number></TyphoonNamePart>", "台風情報（台風第1号）"),
        (
            "<TyphoonNamePart><Number/></TyphoonNamePart><TyphoonClass>熱帯低気圧(TD)</TyphoonClass>",
            "台風情報（熱帯低気圧）",
        ),
        ("", "台風情報"),
    ],
)
def test_a_typhoon_is_called_by_its_number_else_by_its_class(body: str, event: str) -> None:
    assert said(read_typhoon, "typhoon", body) == [f"{COUNTRY} typhoon - 1 active"]
    assert reading(read_typhoon, "typhoon", body).entries[0].kind.event == event


def test_a_hypocentre_is_a_place_of_a_system_of_its_own() -> None:
    area = '<Area><Name>熊本県熊本地方</Name><Code type="震央地名">741</Code></Area>'
    body = f"<Earthquake><Hypocenter>{area}</Hypocenter></Earthquake>"
    assert said(read_hypocentre, "quake", body, title="震源に関する情報") == ["epicenter:741 quake - 1 active"]
    assert refused(read_hypocentre, "quake") is Code.NOTHING_LISTED


@pytest.mark.parametrize(
    ("title", "said_of"),
    [
        (
            "大雨と雷に関する神奈川県気象情報",
            ["office:140000 heavy_rain - 1 active", "office:140000 thunder - 1 active"],
        ),
        ("大雪に関する関東甲信地方気象情報", ["center:010300 heavy_snow - 1 active"]),
        ("高波に関する全般気象情報", [f"{COUNTRY} wave - 1 active"]),
        ("記録に関する全般気象情報", []),
    ],
)
def test_an_older_information_says_in_its_title_what_and_where(title: str, said_of: list[str]) -> None:
    assert said(read_titled, "", head=title) == said_of
