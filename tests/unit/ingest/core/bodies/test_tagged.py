from __future__ import annotations

import pytest

from services.ingest.core.bodies.tagged import NEWS, SUBJECTS, read_news, read_outlook
from services.ingest.core.defect import Code
from tests.unit.ingest.core.bodies.reading import codes, refused, said

HAZARDS = "rainband record_rain heavy_snow tornado"
WEST = ("140020", "西部", "気象情報／府県予報区・細分区域等")


def tag(word: str, *areas: tuple[str, str, str], kind: str = "情報タグ") -> str:
    made = "".join(
        f'<Areas codeType="{system}"><Area><Name>{name}</Name><Code>{code}</Code></Area></Areas>'
        for code, name, system in areas or (WEST,)
    )
    item = f"<Item><Kind><Name>情報タグ</Name><Condition>{word}</Condition></Kind>{made}</Item>"
    return f'<Information type="{kind}">{item}</Information>'


class TestNews:
    @pytest.mark.parametrize(
        ("word", "hazard"),
        [
            ("線状降水帯発生", "rainband"),
            ("線状降水帯直前", "rainband"),
            ("記録雨", "record_rain"),
            ("短時間大雪", "heavy_snow"),
            ("竜巻目撃", "tornado"),
        ],
    )
    def test_is_told_by_its_tag_in_its_areas(self, word: str, hazard: str) -> None:
        assert said(read_news, HAZARDS, information=tag(word)) == [f"class10:140020 {hazard} - 3 active"]

    def test_a_town_in_the_body_is_named_too(self) -> None:
        town = '<Area codeType="気象・地震・火山情報／市町村等"><Name>小田原</Name><Code>1420600</Code></Area>'
        body = f'<MeteorologicalInfos><Item>{town}<Area codeType="他"><Code>140020</Code></Area></Item></MeteorologicalInfos>'
        assert said(read_news, HAZARDS, body, information=tag("記録雨")) == [
            "class10:140020 record_rain - 3 active",
            "class20:1420600 record_rain - 3 active",
        ]

    @pytest.mark.parametrize("hazards", [HAZARDS, "record_rain"])
    def test_a_tag_that_we_do_not_know_is_said(self, hazards: str) -> None:
        information = tag("記録雨") + tag("線状降水帯" if hazards != HAZARDS else "新しいこと")
        assert said(read_news, hazards, information=information) == ["class10:140020 record_rain - 3 active"]
        assert codes(read_news, hazards, information=information) == [Code.UNKNOWN_KIND]

    @pytest.mark.parametrize("information", ["", tag("新しいこと"), tag("記録雨", kind="他の一覧")])
    def test_without_one_that_we_know_it_is_refused(self, information: str) -> None:
        assert refused(read_news, HAZARDS, information=information) is Code.NOTHING_LISTED

    def test_every_word_leads_to_a_rank(self) -> None:
        for word, (hazard, _) in NEWS.items():
            assert said(read_news, HAZARDS, information=tag(word)) == [f"class10:140020 {hazard} - 3 active"]


class TestOutlooks:
    def test_inform_of_what_they_speak_of_in_the_regions_of_the_country(self) -> None:
        information = tag("強い冬型 大雪 暴風雪", ("010300", "関東甲信地方", "全国・地方予報区等"))
        assert said(read_outlook, "", information=information) == [
            "center:010300 heavy_snow - 1 active",
            "center:010300 snowstorm - 1 active",
            "center:010300 wind - 1 active",
        ]

    @pytest.mark.parametrize("information", ["", tag("新しいこと")])
    def test_without_a_subject_they_speak_of_no_area(self, information: str) -> None:
        assert said(read_outlook, "", information=information) == []

    def test_every_subject_has_a_hazard(self) -> None:
        for word, hazard in SUBJECTS:
            assert f"class10:140020 {hazard} - 1 active" in said(read_outlook, "", information=tag(word))
