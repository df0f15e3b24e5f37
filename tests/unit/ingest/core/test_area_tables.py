from __future__ import annotations

from typing import Any

import pytest

from schemas.area import AreaTable, TableDefect, parse_table
from services.ingest.core.area_tables import (
    Row,
    aliases_of,
    read_codes,
    read_json,
    renew,
    rows_of,
    written,
    written_aliases,
)

HEADER = "# version: old\n"
TABLE = f"""{HEADER}scheme,code,name,kana,english,parent,source
center,010300,関東甲信地方,,,,old
office,140000,神奈川県,,,010300,old
class10,140020,西部,,,140000,old
class15,140024,西湘,,,140020,old
class20,1410000,横浜市,よこはまし,Yokohama,140024,old
class20,1420600,小田原市,おだわらし,Odawara,140024,old
class20,1438200,箱根町,はこねまち,,140024,old
tsunami,330,相模湾・三浦半島,,,,old
"""
ALIASES = "# kept\nscheme,old,new,why\nclass20,1420699,1410000,joined\nclass20,1410011,1410000,never\n"


def town(code: str, name: str, **more: str) -> dict[str, Any]:
    return {"class20s": {code: {"name": name, "parent": "140024", **more}}}


def renewed(document: dict[str, Any]) -> Any:
    found = read_json(document, "new")
    assert not isinstance(found, TableDefect)
    return renew(rows_of(TABLE), aliases_of(ALIASES), found, "2026-09-01")


class TestAreaJson:
    def test_is_read_system_by_system(self) -> None:
        document = {
            "centers": {"010300": {"name": "関東甲信地方", "enName": "Kanto"}},
            "offices": {"140000": {"name": "神奈川県", "parent": "010300"}},
            **town("1420600", "小田原市", kana="おだわらし"),
        }
        assert read_json(document, "new") == (
            Row(scheme="center", code="010300", name="関東甲信地方", english="Kanto", source="new"),
            Row(scheme="office", code="140000", name="神奈川県", parent="010300", source="new"),
            Row(scheme="class20", code="1420600", name="小田原市", kana="おだわらし", parent="140024", source="new"),
        )

    @pytest.mark.parametrize(
        "document",
        [
            [],
            {},
            {"class20s": []},
            {"class20s": {"14206x0": {"name": "町"}}},
            {"class20s": {"1420600": {"name": ""}}},
            {"class20s": {"1420600": "町"}},
        ],
    )
    def test_of_another_shape_is_refused(self, document: object) -> None:
        assert isinstance(read_json(document, "new"), TableDefect)


class TestTheCodeTable:
    HEAD = "citycode,cityname,cityname_kn,matomeareacode,matomeareaname,firstareacode,firstareaname\n"

    def test_gives_each_area_above_once(self) -> None:
        text = (
            self.HEAD + "1420600,小田原市,おだわらし,140024,西湘,140020,西部\n1438200,箱根町,,140024,西湘,140020,西部\n"
        )
        found = read_codes(text, "new")
        assert not isinstance(found, TableDefect)
        assert [(row.scheme, row.code, row.parent) for row in found] == [
            ("class10", "140020", ""),
            ("class15", "140024", "140020"),
            ("class20", "1420600", "140024"),
            ("class20", "1438200", "140024"),
        ]

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "a,b\n1,2\n",
            HEAD,
            f"{HEAD}1420600,,,140024,西湘,140020,西部\n",
            f"{HEAD}x,町,,140024,西湘,140020,西部\n",
        ],
    )
    def test_of_another_shape_is_refused(self, text: str) -> None:
        assert isinstance(read_codes(text, "new"), TableDefect)


class TestARenewal:
    def test_takes_a_new_name_and_keeps_what_the_document_does_not_say(self) -> None:
        made = renewed(town("1420600", "新小田原市"))
        [(old, new)] = made.changed
        assert (old.name, new.name, new.kana, new.english, new.source) == (
            "小田原市",
            "新小田原市",
            "おだわらし",
            "Odawara",
            "new",
        )
        assert (made.added, made.replaced) == ((), ())

    def test_that_says_the_same_changes_nothing(self) -> None:
        made = renewed(town("1420600", "小田原市"))
        assert (made.changed, made.added, made.replaced) == ((), (), ())
        assert set(made.rows) == set(rows_of(TABLE))

    def test_adds_parts_and_leads_the_old_code_and_its_aliases_to_them(self) -> None:
        document = {
            "class20s": {
                "1410011": {"name": "横浜市北部", "parent": "140024"},
                "1410012": {"name": "横浜市南部", "parent": "140024"},
            }
        }
        made = renewed(document)
        assert [row.code for row in made.added] == ["1410011", "1410012"]
        assert made.replaced == (("1410000", ("1410011", "1410012")),)
        assert [alias[:3] for alias in made.aliases] == [
            ("class20", "1410000", "1410011"),
            ("class20", "1410000", "1410012"),
            ("class20", "1420699", "1410011"),
            ("class20", "1420699", "1410012"),
        ], "and the alias of a code that is current again is gone"

    def test_keeps_and_names_what_is_listed_no_more(self) -> None:
        made = renewed(town("1420600", "小田原市"))
        assert [row.code for row in made.unlisted] == ["1410000", "1438200"]
        assert {"1410000", "330"} <= {row.code for row in made.rows}

    def test_of_systems_above_replaces_no_municipality(self) -> None:
        made = renewed({"offices": {"140000": {"name": "神奈川県", "parent": "010300"}}})
        assert (made.replaced, made.added, made.unlisted) == ((), (), ())

    def test_an_alias_of_another_system_stays(self) -> None:
        found = read_json(town("1420600", "小田原市"), "new")
        assert not isinstance(found, TableDefect)
        made = renew(rows_of(TABLE), [("tsunami", "331", "330", "joined")], found, "x")
        assert made.aliases == (("tsunami", "331", "330", "joined"),)

    def test_written_it_is_a_sound_table_again(self) -> None:
        made = renewed(town("1410011", "横浜市北部"))
        areas, aliases = written(made.rows, HEADER), written_aliases(made.aliases, "# kept\n")
        table = parse_table(areas, aliases)
        assert isinstance(table, AreaTable)
        assert rows_of(areas) == tuple(sorted(made.rows, key=lambda row: areas.index(f"{row.scheme},{row.code},")))
        assert aliases.startswith("# kept\nscheme,old,new,why\n")
