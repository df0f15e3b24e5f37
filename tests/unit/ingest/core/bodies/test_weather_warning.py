from __future__ import annotations

import pytest

from schemas.alert import InfoState
from services.ingest.core.bodies import BodyReading
from services.ingest.core.bodies.weather_warning import IN_FORCE, KINDS, LEGACY_KINDS, read, read_announced, read_legacy
from services.ingest.core.defect import Code, Defect
from services.ingest.core.xml import read_xml
from tests.telegrams import NOTHING, Kind, table, telegram, warnings
from tests.unit.ingest.core.bodies.reading import codes, refused, said

ODAWARA = ("1420600", "小田原市")
HAKONE = ("1438200", "箱根町")
RAIN = ("heavy_rain",)


def _read(body: str, hazards: tuple[str, ...] = RAIN) -> BodyReading | Defect:
    report = read_xml(telegram(body=body), roots=("Report",))
    assert not isinstance(report, Defect)
    return read(report, table(), hazards)


def _reading(body: str, hazards: tuple[str, ...] = RAIN) -> BodyReading:
    reading = _read(body, hazards)
    assert isinstance(reading, BodyReading)
    return reading


def _said(*kinds: Kind) -> list[tuple[str, int | None, int | None, str]]:
    """(hazard, level, rank, state) of what these Kinds say of one town."""
    entries = _reading(warnings((*ODAWARA, kinds))).entries
    return [(entry.kind.hazard, entry.kind.level, entry.kind.rank, entry.kind.state) for entry in entries]


class TestKinds:
    """別表3, line by line."""

    @pytest.mark.parametrize(
        ("hazard", "codes"),
        [("heavy_rain", "10 03 43 33"), ("landslide", "29 09 49 39"), ("storm_surge", "19 08 48 38")],
    )
    def test_three_hazards_have_levels_and_these_are_their_ranks(self, hazard: str, codes: str) -> None:
        for level, code in enumerate(codes.split(), 2):
            assert _said((code, "名", "発表")) == [(hazard, level, level, "active")]

    @pytest.mark.parametrize(
        ("hazard", "codes"),
        [("wind", "15 05 35"), ("snowstorm", "13 02 32"), ("wave", "16 07 37"), ("heavy_snow", "12 06 36")],
    )
    def test_wind_snow_and_waves_have_no_level_and_rank_2_3_5(self, hazard: str, codes: str) -> None:
        for rank, code in zip((2, 3, 5), codes.split(), strict=True):
            assert _said((code, "名", "発表")) == [(hazard, None, rank, "active")]

    @pytest.mark.parametrize(
        ("code", "hazard"),
        [
            ("14", "thunder"),
            ("17", "snowmelt"),
            ("20", "fog"),
            ("21", "dry_air"),
            ("22", "avalanche"),
            ("23", "low_temperature"),
            ("24", "frost"),
            ("25", "icing"),
            ("26", "snow_accretion"),
        ],
    )
    def test_other_advisories_have_rank_2(self, code: str, hazard: str) -> None:
        assert _said((code, "名", "発表")) == [(hazard, None, 2, "active")]

    def test_there_are_no_other_codes(self) -> None:
        assert len(KINDS) == 3 * 4 + 4 * 3 + 9

    def test_a_code_in_full_width_digits_is_the_same_code(self) -> None:
        assert _said(("４３", "レベル４大雨危険警報", "発表")) == [("heavy_rain", 4, 4, "active")]


class TestStatusComesFirst:
    def test_a_released_warning_keeps_its_code_and_is_over_all_the_same(self) -> None:
        assert _said(("19", "レベル２高潮注意報", "解除")) == [("storm_surge", None, None, "released")]

    @pytest.mark.parametrize("status", sorted(IN_FORCE))
    def test_lowered_or_not_it_is_in_force_at_its_own_code(self, status: str) -> None:
        assert _said(("10", "レベル２大雨注意報", status)) == [("heavy_rain", 2, 2, "active")]

    def test_where_nothing_is_issued_nothing_is_listed_but_the_town_was_named(self) -> None:
        reading = _reading(warnings((*ODAWARA, [NOTHING]), (*HAKONE, [("10", "名", "発表")])))
        assert [entry.area.code for entry in reading.entries] == ["1438200"]
        assert [area.code for area in reading.listed] == ["1420600", "1438200"]

    def test_an_unknown_status_is_taken_to_be_in_force_and_it_is_said(self) -> None:
        reading = _reading(warnings((*ODAWARA, [("43", "レベル４大雨危険警報", "再開")])))
        assert [entry.kind.level for entry in reading.entries] == [4]
        assert [defect.code for defect in reading.defects] == [Code.UNKNOWN_STATE]


class TestOnlyTheListOfMunicipalitiesCounts:
    LOUD = (("33", "レベル５大雨特別警報", "発表"),)
    QUIET = (("10", "レベル２大雨注意報", "発表"),)

    def test_the_prefectures_maximum_is_not_the_towns(self) -> None:
        body = (
            warnings(("140000", "神奈川県", self.LOUD), layer="府県予報区等")
            + warnings(("140020", "西部", self.LOUD), layer="一次細分区域等")
            + warnings(("140024", "西湘", self.LOUD), layer="市町村等をまとめた地域等")
            + warnings((*ODAWARA, self.QUIET))
        )
        assert [(one.area.code, one.kind.level) for one in _reading(body).entries] == [("1420600", 2)]

    def test_coast_sections_are_another_system_of_areas(self) -> None:
        body = warnings((*ODAWARA, self.QUIET)) + warnings(("1420600", "湾", self.LOUD), layer="高潮予報区間")
        assert [one.kind.level for one in _reading(body).entries] == [2]

    @pytest.mark.parametrize(
        "body",
        ["", warnings(), warnings(("140000", "神奈川県", LOUD), layer="府県予報区等")],
        ids=["empty", "no item", "no towns"],
    )
    def test_a_telegram_without_towns_is_no_all_clear(self, body: str) -> None:
        refused = _read(body)
        assert isinstance(refused, Defect)
        assert refused.code is Code.NOTHING_LISTED

    def test_nor_is_one_without_a_body(self) -> None:
        report = read_xml(b"<Report/>", roots=("Report",))
        assert not isinstance(report, Defect)
        assert isinstance(read(report, table(), RAIN), Defect)


class TestSeveralKindsOfOneTown:
    def test_each_hazard_has_its_entry_in_the_order_of_the_telegram(self) -> None:
        kinds = [("14", "雷注意報", "発表"), ("20", "濃霧注意報", "継続"), ("21", "乾燥注意報", "解除")]
        assert _said(*kinds) == [
            ("thunder", None, 2, "active"),
            ("fog", None, 2, "active"),
            ("dry_air", None, None, "released"),
        ]

    def test_gale_and_storm_are_one_hazard(self) -> None:
        assert _said(("15", "強風注意報", "解除"), ("05", "暴風警報", "発表")) == [("wind", None, 3, "active")]


class TestAnUnknownCode:
    BODY = warnings((*ODAWARA, [("45", "レベル４何か危険警報", "発表")]), (*HAKONE, [("03", "名", "発表")]))

    def test_is_in_force_at_no_level_where_the_telegram_has_one_hazard(self) -> None:
        reading = _reading(self.BODY)
        unclear, clear = (entry.kind for entry in reading.entries)
        assert (unclear.hazard, unclear.level, unclear.rank, unclear.state) == (
            "heavy_rain",
            None,
            None,
            InfoState.ACTIVE,
        )
        assert (unclear.event, unclear.code, clear.level) == ("レベル４何か危険警報", "45", 3)
        assert [defect.code for defect in reading.defects] == [Code.UNKNOWN_KIND]

    def test_is_left_out_and_named_where_the_telegram_has_several_hazards(self) -> None:
        reading = _reading(self.BODY, ("wind", "snowstorm"))
        assert [entry.area.code for entry in reading.entries] == ["1438200"]
        assert [defect.code for defect in reading.defects] == [Code.UNKNOWN_KIND]

    def test_is_left_out_and_named_where_it_is_released(self) -> None:
        reading = _reading(warnings((*ODAWARA, [("45", "名", "解除")])))
        assert reading.entries == ()
        assert [defect.code for defect in reading.defects] == [Code.UNKNOWN_KIND]


class TestOlderTypes:
    ALL = tuple(sorted({hazard for hazard, _, _ in LEGACY_KINDS.values()}))

    def test_have_floods_of_municipalities_besides(self) -> None:
        body = warnings(
            (*ODAWARA, [("04", "洪水警報", "発表"), ("18", "洪水注意報", "解除"), ("03", "大雨警報", "発表")])
        )
        assert said(read_legacy, " ".join(self.ALL), body) == [
            "class20:1420600 flood 3 3 active",
            "class20:1420600 heavy_rain 3 3 active",
        ]

    def _headline(self, *codes: str, layer: str = "市町村等") -> str:
        kinds = "".join(f"<Kind><Name>特別警報</Name><Code>{code}</Code></Kind>" for code in codes)
        area = "<Areas><Area><Name>小田原市</Name><Code>1420600</Code></Area></Areas>"
        return f'<Information type="気象特別警報報知（{layer}）"><Item>{kinds}{area}</Item></Information>'

    def test_a_notice_of_special_warnings_names_them_in_its_headline(self) -> None:
        information = self._headline("35", layer="一次細分区域等") + self._headline("33", "38", "99")
        assert said(read_announced, " ".join(self.ALL), information=information) == [
            "class20:1420600 heavy_rain 5 5 active",
            "class20:1420600 storm_surge 5 5 active",
        ]
        assert codes(read_announced, " ".join(self.ALL), information=information) == [Code.UNKNOWN_KIND]

    def test_a_release_of_all_of_them_names_nobody(self) -> None:
        assert said(read_announced, " ".join(self.ALL), information=self._headline("00", layer="府県予報区等")) == []

    def test_one_that_names_nobody_is_refused(self) -> None:
        assert refused(read_announced, " ".join(self.ALL), information=self._headline("99")) is Code.NOTHING_LISTED
