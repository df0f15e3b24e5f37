"""Areas: codes in several systems, a small country of our own (invented, but for the check digits), and its cities."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.alert import Surface
from schemas.area import (
    SURFACES,
    AreaCode,
    AreaTable,
    City,
    CityDefect,
    Language,
    Scheme,
    TableDefect,
    UnknownArea,
    ancestors,
    area_code,
    class20_of,
    concerns,
    contains,
    jis5_of,
    lgcode6,
    name,
    office_of,
    parse_city,
    parse_table,
    resolve,
)

AREAS = """\
# version: 2026-11-01
# A country of our own: invented.
scheme,code,name,kana,english,parent,source
office,900000,鐘県,かねけん,Kane,,ours
office,910000,鈴県,すずけん,Suzu,,ours
class10,900010,東部,とうぶ,Eastern Region,900000,ours
class10,910010,全域,ぜんいき,,910000,ours
class15,900011,東沿岸,ひがしえんがん,,900010,ours
class15,910011,鈴,すず,,910010,ours
class20,9010011,大鐘市北部,,,900011,ours
class20,9010012,大鐘市南部,,,900011,ours
class20,9013000,小鐘市,こがねし,Kogane City,900011,ours
class20,9014100,組鐘市東区,,,900011,ours
class20,9014200,組鐘市西区,,,900011,ours
class20,9120100,鈴市,すずし,Suzu City,910011,ours
tsunami,330,鐘湾,かねわん,Kane Bay,,ours
"""
ALIASES = """\
# invented
scheme,old,new,why
class20,9010000,9010011,split
class20,9010000,9010012,split
class20,9014000,9014100,by ward
class20,9014000,9014200,by ward
"""
WARDS = """\
jis5,name,first,last
90100,大鐘市,90101,90129
90130,小鐘市,90131,90139
90140,組鐘市,90141,90199
"""
CITY = """\
id = "kogane"
jis5 = "90130"
neighbours = ["suzu"]
drills_from_feeds = ["sign"]
name = { ja = "小鐘市", easy = "こがねし", en = "Kogane City" }
prefecture = { ja = "鐘県", easy = "かねけん", en = "Kane Prefecture" }
[watch]
quake_city = ["9013100"]
tsunami = ["330"]
[demo]
areas = [{ scheme = "river", code = "9999990001", name = { ja = "鐘川", easy = "かねがわ", en = "Kane River" } }]
"""
SUZU = """\
id = "suzu"
jis5 = "91201"
neighbours = []
drills_from_feeds = []
name = { ja = "鈴市", easy = "すずし", en = "Suzu City" }
prefecture = { ja = "鈴県", easy = "すずけん", en = "Suzu Prefecture" }
[watch]
"""


def the_table() -> AreaTable:
    table = parse_table(AREAS, ALIASES, WARDS)
    assert isinstance(table, AreaTable), table
    return table


def the_city(text: str = CITY) -> City:
    city = parse_city(text, TABLE)
    assert isinstance(city, City), city
    return city


TABLE = the_table()


def area(text: str) -> AreaCode:
    read = area_code(text)
    assert isinstance(read, AreaCode)
    return read


def areas(text: str) -> tuple[AreaCode, ...]:
    return tuple(map(area, text.split()))


current_areas = st.sampled_from(sorted(TABLE.entries))
current_class20 = st.sampled_from([code for codes in TABLE.parts.values() for code in codes])
old_codes = st.sampled_from(sorted(TABLE.aliases))


class TestAnArea:
    def test_is_its_system_and_its_code_because_numbers_are_reused(self) -> None:
        assert AreaCode(Scheme.TSUNAMI, "330") != AreaCode(Scheme.QUAKE_AREA, "330")
        assert AreaCode(Scheme.TSUNAMI, "330") == AreaCode("tsunami", "330")

    @given(current_areas)
    def test_is_read_back_from_what_it_is_written_as(self, code: AreaCode) -> None:
        assert area_code(str(code)) == code

    def test_of_a_cap_source_may_have_colons_in_its_system(self) -> None:
        assert area_code("http://example.org/zones:7") == AreaCode("http://example.org/zones", "7")

    @pytest.mark.parametrize("text", ["1420600", "class20:", ":1420600", ""])
    def test_without_system_or_code_is_none(self, text: str) -> None:
        assert isinstance(area_code(text), UnknownArea)

    def test_system_names_are_those_of_the_contract(self) -> None:
        assert " ".join(Scheme) == (
            "class20 class15 class10 office center quake_area quake_city tsunami flood_area river surge volcano region"
        )


class TestResolving:
    @pytest.mark.parametrize(
        ("code", "now"),
        [
            pytest.param("class20:9013000", "class20:9013000", id="a current code is itself"),
            pytest.param("class20:9010000", "class20:9010011 class20:9010012", id="a split city is all its parts"),
            pytest.param("class20:9014000", "class20:9014100 class20:9014200", id="a city warned by ward is its wards"),
            pytest.param("quake_city:9013000", "class20:9013000", id="a quake city is the municipality"),
            pytest.param("quake_city:9013100", "class20:9013000", id="a ward is its city"),
            pytest.param(
                "quake_city:9010500", "class20:9010011 class20:9010012", id="a ward of a split city: all parts"
            ),
            pytest.param("quake_city:9010000", "class20:9010011 class20:9010012", id="the earthquake knows no parts"),
            pytest.param("quake_city:9010011", "class20:9010011", id="but for some"),
            pytest.param("quake_city:9014200", "class20:9014200", id="a ward that is warned by itself is itself"),
            pytest.param("class10:900010", "class10:900010", id="upper systems"),
            pytest.param("tsunami:330", "tsunami:330", id="a tsunami area of the table"),
            pytest.param("tsunami:331", "tsunami:331", id="a list we do not hold in full: its form is enough"),
            pytest.param("quake_area:361", "quake_area:361", id="a quake area"),
            pytest.param("flood_area:820209000400", "flood_area:820209000400", id="a flood forecast area"),
            pytest.param("river:8202090004", "river:8202090004", id="a river"),
            pytest.param("river:82018131", "river:82018131", id="a river of eight digits"),
            pytest.param("surge:2635999", "surge:2635999", id="a stretch of coast"),
            pytest.param("volcano:315", "volcano:315", id="a volcano"),
        ],
    )
    def test_gives_current_codes(self, code: str, now: str) -> None:
        assert resolve(TABLE, area(code)) == areas(now)

    @pytest.mark.parametrize(
        ("code", "within"),
        [
            pytest.param("class20:9999900", "", id="no such municipality"),
            pytest.param("class20:9013011", "class20:9013000", id="a part nobody told us of"),
            pytest.param("class20:9010099", "class20:9010011 class20:9010012", id="one more part of a split city"),
            pytest.param("class20:９０１３０００", "", id="digits of full width"),
            pytest.param("class10:999999", "", id="no such region"),
            pytest.param("quake_city:9999900", "", id="no such quake city"),
            pytest.param("quake_city:9013001", "class20:9013000", id="a seismometer, not a city"),
            pytest.param("surge:26xxxx", "", id="not a number"),
            pytest.param("volcano:3150", "", id="too long"),
            pytest.param("Bezirk:7", "", id="a system of somebody else"),
        ],
    )
    def test_says_what_is_unknown_and_where_it_would_belong(self, code: str, within: str) -> None:
        assert resolve(TABLE, area(code)) == UnknownArea(area=area(code), within=areas(within))

    @given(old_codes)
    def test_leads_from_every_old_code_to_current_ones(self, old: AreaCode) -> None:
        now = resolve(TABLE, old)
        assert isinstance(now, tuple)
        assert len(now) > 1
        assert all(resolve(TABLE, code) == (code,) for code in now)

    @given(st.builds(AreaCode, st.sampled_from([*Scheme, "zone"]), st.text(alphabet="0139", max_size=12)))
    def test_answers_whatever_it_is_asked(self, code: AreaCode) -> None:
        now = resolve(TABLE, code)
        assert isinstance(now, UnknownArea) or all(resolve(TABLE, part) == (part,) for part in now)


class TestAnUnknownArea:
    def test_names_its_code_the_area_and_what_to_do(self) -> None:
        assert str(resolve(TABLE, area("class10:999999"))) == (
            "E1301 unknown area class10:999999: renew deploy/areas if it is real"
        )

    def test_names_the_municipality_it_may_be_a_new_part_of(self) -> None:
        assert "(a new part of class20:9013000?)" in str(resolve(TABLE, area("class20:9013011")))


class TestNames:
    @pytest.mark.parametrize(
        ("code", "language", "expected"),
        [
            ("class20:9013000", "ja", "小鐘市"),
            ("class20:9013000", "easy", "こがねし"),
            ("class20:9013000", "en", "Kogane City"),
            ("class20:9010011", "easy", "大鐘市北部"),
            ("class20:9010011", "en", "大鐘市北部"),
            ("tsunami:330", "en", "Kane Bay"),
        ],
    )
    def test_are_in_the_language_asked_for_or_in_japanese(self, code: str, language: Language, expected: str) -> None:
        assert name(TABLE, area(code), language) == expected

    def test_are_not_made_up(self) -> None:
        assert name(TABLE, area("volcano:315")) == UnknownArea(area=area("volcano:315"))

    @given(current_areas, st.sampled_from(get_args(Language)))
    def test_are_never_empty(self, code: AreaCode, language: Language) -> None:
        assert name(TABLE, code, language)


class TestWhatLiesInWhat:
    @given(current_class20)
    def test_each_municipality_lies_in_one_area_of_each_upper_system(self, code: AreaCode) -> None:
        upper = ancestors(TABLE, code)
        assert isinstance(upper, tuple)
        assert [one.scheme for one in upper] == ["class15", "class10", "office"]
        assert all(contains(TABLE, one, code) for one in upper)
        assert not any(contains(TABLE, code, one) for one in upper)
        assert office_of(TABLE, [code]) == upper[2]

    @pytest.mark.parametrize("code", ["class20:9010000", "class20:9999900", "class10:900010"])
    def test_only_a_current_municipality_has_ancestors(self, code: str) -> None:
        assert isinstance(ancestors(TABLE, area(code)), UnknownArea)

    def test_an_old_code_has_no_ancestors_but_its_parts_are_named(self) -> None:
        assert ancestors(TABLE, area("class20:9010000")) == UnknownArea(
            area=area("class20:9010000"), within=areas("class20:9010011 class20:9010012")
        )

    @pytest.mark.parametrize(
        ("outer", "inner", "inside"),
        [
            ("office:900000", "quake_city:9013100", True),
            ("class20:9010000", "class20:9010011", True),
            ("class20:9010011", "class20:9010000", False),
            ("class10:900010", "class20:9120100", False),
            ("class10:900010", "class20:9999900", False),
            ("class10:999999", "class20:9013000", False),
            ("tsunami:330", "tsunami:330", True),
            ("tsunami:331", "tsunami:331", True),
        ],
    )
    def test_an_area_contains_what_lies_in_it_whole(self, outer: str, inner: str, inside: bool) -> None:
        assert contains(TABLE, area(outer), area(inner)) is inside

    @pytest.mark.parametrize(
        ("codes", "office"),
        [
            ("class20:9013000 class20:9010000 class10:900010 quake_city:9013100", "office:900000"),
            ("class20:9013000 class20:9999900", "office:900000"),
            ("class20:9120100 tsunami:330", "office:910000"),
            ("class20:9013000 class20:9120100", None),
            ("tsunami:330", None),
            ("", None),
        ],
    )
    def test_areas_have_an_office_where_it_is_one(self, codes: str, office: str | None) -> None:
        assert office_of(TABLE, areas(codes)) == (area(office) if office else None)


class TestMunicipalities:
    @given(current_class20)
    def test_are_found_by_the_number_in_their_codes(self, code: AreaCode) -> None:
        jis5 = jis5_of(code)
        assert isinstance(jis5, str)
        found = class20_of(TABLE, jis5)
        assert isinstance(found, tuple)
        assert code in found

    @pytest.mark.parametrize("jis5", ["90999", "9013", "", "９０１３０", "90131x"])
    def test_are_not_guessed(self, jis5: str) -> None:
        assert class20_of(TABLE, jis5) == UnknownArea(area=AreaCode("jis5", jis5))

    @pytest.mark.parametrize("code", ["class10:900010", "class20:90130", "tsunami:9013000"])
    def test_have_no_number_in_other_codes(self, code: str) -> None:
        assert jis5_of(area(code)) == UnknownArea(area=area(code))

    @pytest.mark.parametrize(
        ("jis5", "expected"),
        [
            ("14206", "142069"),  # 小田原市
            ("14208", "142085"),  # 逗子市
            ("14203", "142034"),  # 平塚市
            ("14130", "141305"),  # 川崎市
            ("01100", "011002"),  # 札幌市
            ("13101", "131016"),  # 千代田区
            ("14150", "141500"),  # 相模原市: 11 − 1 = 10, last digit 0
        ],
    )
    def test_have_a_check_digit(self, jis5: str, expected: str) -> None:
        assert lgcode6(jis5) == expected

    @given(st.from_regex(r"[0-9]{5}", fullmatch=True))
    def test_the_check_digit_follows_the_published_rule(self, jis5: str) -> None:
        number = lgcode6(jis5)
        assert isinstance(number, str)
        weighted = sum(int(digit) * weight for digit, weight in zip(number, (6, 5, 4, 3, 2, 1), strict=True))
        assert weighted % 11 in {0, 1}  # 1 where 11 or 10 was cut to its last digit

    def test_no_check_digit_is_made_up(self) -> None:
        assert lgcode6("1420") == UnknownArea(area=AreaCode("jis5", "1420"))


def parse(areas_csv: str, aliases: str = "", wards: str = "") -> AreaTable:
    table = parse_table(areas_csv, aliases, wards)
    assert isinstance(table, AreaTable), table
    return table


class TestTheTablesFiles:
    def test_carry_their_version(self) -> None:
        assert TABLE.version == "2026-11-01"

    def test_may_be_the_areas_alone(self) -> None:
        assert parse(AREAS).aliases == {}

    def test_a_table_without_rows_is_empty(self) -> None:
        assert parse("# version: 1\n").entries == {}

    @pytest.mark.parametrize(
        ("tables", "line", "reason"),
        [
            ((AREAS.replace("# version", "# ver"), "", ""), 0, "version"),
            ((AREAS.replace("scheme,code,name", "scheme,name"), "", ""), 3, "lacks one of"),
            ((AREAS.replace(",Kane,,ours", ",Kane,"), "", ""), 4, "6 columns instead of 7"),
            ((AREAS.replace("tsunami,330", "wave,330"), "", ""), 16, "no such scheme or no name: wave:330"),
            ((AREAS.replace("鐘湾", ""), "", ""), 16, "no such scheme or no name: tsunami:330"),
            ((AREAS + "class10,900010,東部,,,900000,ours\n", "", ""), 17, "class10:900010 stands twice"),
            ((AREAS.replace("900011,ours", "900019,ours", 1), "", ""), 0, "class15:900019, which is not in the table"),
            ((AREAS, ALIASES + "class20,9013000,9010011,?\n", ""), 7, "the old code must not be in the table"),
            ((AREAS, ALIASES + "class20,9999900,9999911,?\n", ""), 7, "the new one must"),
            ((AREAS, ALIASES, WARDS + "90100,大鐘市,90100,90129\n"), 5, "90100, 90100, 90129"),
            ((AREAS, ALIASES, WARDS + "90100,大鐘市,90129,90101\n"), 5, "rising"),
            ((AREAS, ALIASES, WARDS + "9010,大鐘市,90101,90129\n"), 5, "five digits"),
        ],
    )
    def test_are_refused_whole_with_the_line(self, tables: tuple[str, str, str], line: int, reason: str) -> None:
        defect = parse_table(*tables)
        assert isinstance(defect, TableDefect)
        assert defect.code == "E1302"
        assert defect.line == line
        assert reason in defect.reason


class TestACity:
    def test_has_its_names_and_numbers(self) -> None:
        city = the_city()
        assert (city.id, city.name.easy, city.prefecture.en) == ("kogane", "こがねし", "Kane Prefecture")
        assert (city.jis5, city.lgcode6) == ("90130", "901300")
        assert (city.class20, city.offices) == (areas("class20:9013000"), areas("office:900000"))
        assert (city.neighbours, city.drills_from_feeds) == (("suzu",), ("sign",))

    def test_watches_its_codes_in_every_system(self) -> None:
        assert the_city().watch == set(
            areas(
                "class20:9013000 class15:900011 class10:900010 office:900000 quake_city:9013100 tsunami:330",
            )
        )

    def test_watches_what_its_codes_were_before_a_split(self) -> None:
        split = the_city(CITY.replace('jis5 = "90130"', 'jis5 = "90100"'))
        assert split.class20 == areas("class20:9010011 class20:9010012")
        assert area("class20:9010000") in split.watch

    def test_watches_its_neighbours_without_owning_them(self) -> None:
        city = the_city().with_neighbours([the_city(SUZU)])
        assert area("class20:9120100") in city.watch
        assert area("office:910000") in city.watch
        assert city.own == the_city().own

    def test_knows_invented_areas_only_in_the_demo(self) -> None:
        river = area("river:9999990001")
        assert not concerns(the_city(), TABLE, river)
        demo = the_city().with_demo()
        assert concerns(demo, TABLE, river)
        assert river in demo.own

    def test_has_something_to_show_on_an_ordinary_day(self) -> None:
        item = '[[idle]]\ntitle = { ja = "水", easy = "みず", en = "Water" }\ntext = { ja = "備え", easy = "b", en = "c" }\n'
        (shown,) = the_city(CITY + item).idle
        assert (shown.title.en, shown.text.ja) == ("Water", "備え")
        assert the_city().idle == ()

    def test_lets_drills_of_the_demo_reach_every_surface(self) -> None:
        assert the_city().with_demo().drills_from_feeds == SURFACES == tuple(Surface)

    @pytest.mark.parametrize(
        ("code", "ours"),
        [
            ("class20:9013000", True),
            ("quake_city:9013100", True),
            ("quake_city:9013200", True),
            ("class20:9013011", True),
            ("tsunami:330", True),
            ("quake_area:330", False),
            ("class20:9120100", False),
            ("class20:9999900", False),
        ],
    )
    def test_is_concerned_by_its_own_areas_and_by_unheard_of_parts_of_them(self, code: str, ours: bool) -> None:
        assert concerns(the_city(), TABLE, area(code)) is ours

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("id = ", "TOMLDecodeError"),
            ("", "KeyError"),
            (CITY.replace('"90130"', "90130"), "TypeError"),
            (CITY.replace('"90130"', '"90199x"'), "unknown area jis5:90199x"),
            (CITY.replace('tsunami = ["330"]', 'tsunami = ["33"]'), "unknown area tsunami:33:"),
            (CITY.replace("tsunami = [", "wave = ["), "KeyError 'wave'"),
            (CITY.replace("[watch]", "watch = []\n[x]"), "AttributeError"),
            (CITY.replace('["sign"]', '["sky"]'), "no such surface: sky"),
            (CITY.replace('easy = "こがねし"', 'kana = "こがねし"'), "TypeError"),
        ],
    )
    def test_with_a_damaged_file_is_refused_with_the_reason(self, text: str, reason: str) -> None:
        defect = parse_city(text, TABLE)
        assert isinstance(defect, CityDefect)
        assert defect.code == "E1303"
        assert reason in defect.reason
