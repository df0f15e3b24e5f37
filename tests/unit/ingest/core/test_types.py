from __future__ import annotations

import pytest

from schemas.hazard import HAZARDS
from schemas.level import RANKS
from schemas.topics import TOPICS
from services.ingest.core import types
from services.ingest.core.bodies import text_only
from services.ingest.core.types import EMERGENCY, ROUTINE, TYPES, TelegramType, by_name, by_title

LEVELLED = {"heavy_rain", "landslide", "storm_surge", "flood"}
"""Hazards with 警戒レベル: these can reach rank 5."""
READ = [row for row in TYPES if row.body not in {None, text_only}]


def _can_reach_rank_4(row: TelegramType) -> bool:
    return not row.informs and any(
        one in LEVELLED or max(RANKS.get(one, {None: 0}).values()) >= 4 for one in row.hazards
    )


class TestTheTable:
    @pytest.mark.parametrize("row", READ, ids=lambda row: row.code)
    def test_whatever_can_reach_rank_4_goes_the_emergencys_way(self, row: TelegramType) -> None:
        assert row.topic == (EMERGENCY if _can_reach_rank_4(row) else ROUTINE)

    @pytest.mark.parametrize("row", TYPES, ids=lambda row: row.code)
    def test_a_row_names_a_topic_a_feed_a_title_and_hazards_there_are(self, row: TelegramType) -> None:
        assert row.topic in TOPICS
        assert row.feed in {types.EXTRA, types.EQVOL, types.REGULAR, types.PUSHED}
        assert row.titles
        assert set(row.hazards) <= set(HAZARDS)

    def test_no_type_has_two_rows(self) -> None:
        assert len({row.code for row in TYPES}) == len(TYPES)

    def test_what_is_not_read_is_no_warning(self) -> None:
        unread = [row for row in TYPES if row.body is None]
        named_so = ["警報", "特別", "土砂", "噴火", "地震", "津波", "洪水", "竜巻"]
        titles = [title for row in unread for title in row.titles if any(word in title for word in named_so)]
        assert titles == [
            "気象警報・注意報時系列情報（Ｒ０６）",
            "気象警報・注意報集約通報",
            "火山現象に関する海上警報・海上予報",
            *(
                "全般海上警報（定時）",
                "全般海上警報（臨時）",
                "全般海上警報（定時）（Ｈ２９）",
                "全般海上警報（臨時）（Ｈ２９）",
            ),
            *("地方海上警報", "地方海上警報（Ｈ２８）"),
        ], "what is issued by the hour, for ships, or for the whole country at once"

    def test_what_is_a_copy_since_the_reform(self) -> None:
        copies = "VPWW50 VPWW53 VPWW54 VPNO50 VXWW50 VPOA50 VPZJ50 VPCJ50 VPFJ50 VPFD60"
        assert [row.code for row in TYPES if row.copy_since] == copies.split()

    def test_whose_file_names_end_with_their_office(self) -> None:
        rows = {row.code: row.names_office for row in TYPES}
        assert [rows[code] for code in ("VPWW55", "VPHW50", "VPFT50", "VPBS50", "VPFJ51")] == [True] * 5
        assert [rows[code] for code in ("VXKO", "VXSE53", "VPCJ51", "VPBS51", "VPTA")] == [False] * 5

    def test_only_early_warnings_of_quakes_need_a_pushed_route(self) -> None:
        assert [row.code for row in TYPES if row.pushed_only] == ["VXSE43", "VXSE44", "VXSE45"]
        assert {row.feed for row in TYPES if row.pushed_only} == {types.PUSHED}

    @pytest.mark.parametrize("row", [row for row in TYPES if row.informs], ids=lambda row: row.code)
    def test_what_only_informs_is_over_by_itself(self, row: TelegramType) -> None:
        assert row.lasts


class TestByName:
    @pytest.mark.parametrize(
        ("name", "written", "code"),
        [
            ("20260901113005_0_VPWW55_140000.xml", "VPWW55", "VPWW55"),
            ("VPWW61__somebodys-copy.xml", "VPWW61", "VPWW61"),
            ("20260901113005_0_VXKO50_030000.xml", "VXKO50", "VXKO"),
            ("20260901113005_0_VXKO89_030000.xml", "VXKO89", "VXKO"),
            ("VXKOii__a-copy.xml", "VXKO", "VXKO"),
            ("20260901113005_0_VTSE41_010000.xml", "VTSE41", "VTSE41"),
            ("20260901113005_0_HANSHO_canary.xml", "HANSHO", "HANSHO"),
        ],
    )
    def test_the_name_of_a_file_tells_its_type(self, name: str, written: str, code: str) -> None:
        found = by_name(name)
        assert found is not None
        assert (found.written, found.row.code) == (written, code)

    @pytest.mark.parametrize(
        "name",
        [
            "",
            "storm.xml",
            "VPWW99_140000.xml",
            "VXKO49_030000.xml",
            "VXKO90_030000.xml",
            "VPWWii.xml",
            "XVPWW55.xml",
            "VXKOHO",
        ],
    )
    def test_a_name_without_a_type_we_know_tells_nothing(self, name: str) -> None:
        assert by_name(name) is None


class TestByTitle:
    @pytest.mark.parametrize(
        ("title", "written"),
        [
            ("気象警報・注意報（Ｒ０６）（大雨）", "VPWW55"),
            ("気象警報・注意報（Ｒ０６）（その他注意報）", "VPWW61"),
            ("指定河川洪水予報", "VXKO"),
            ("震度速報", "VXSE51"),
        ],
    )
    def test_the_title_tells_the_type_of_a_family_its_four_letters(self, title: str, written: str) -> None:
        found = by_title(title)
        assert found is not None
        assert found.written == written

    def test_an_unknown_title_tells_nothing(self) -> None:
        assert by_title("気象警報・注意報（Ｒ９９）") is None
