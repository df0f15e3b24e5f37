"""A storm of two hours' reading in twenty lines, over a prefecture of our own. Everything here is invented."""

from __future__ import annotations

import tomllib
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from typing import Any

from schemas.area import AreaTable, parse_table
from services.feedserver.core.places import Prefecture, prefecture
from services.feedserver.core.script import read_storm
from services.feedserver.core.storm import Storm

AREAS = """\
# version: 2026-11-01
scheme,code,name,kana,english,parent
office,900000,鐘県,,,
class10,900010,東部,,,900000
class10,900020,西部,,,900000
class15,900011,東沿岸,,,900010
class15,900021,西山,,,900020
class20,9010200,大鐘市,,,900011
class20,9010100,小鐘市,,,900011
class20,9020100,山鐘町,,,900021
"""

FILE = """\
[storm]
title = "鐘県の雨"
prefix = "【訓練】"
disclaimer = "（架空）"
rest_s = 5

[[step]]
at_s = 0
stream = "お知らせ"
headline = "始めます"
text = "訓練です。"

[[step]]
at_s = 2
stream = "大雨"
headline = "注意してください。"
[step.in_force]
"レベル２大雨注意報" = ["大鐘市"]

[[step]]
at_s = 4
stream = "大雨"
headline = "警戒してください。"
[step.in_force]
"レベル３大雨警報" = ["大鐘市", "山鐘町"]

[[step]]
at_s = 6
stream = "大雨"
corrects = true
headline = "訂正します。"
comment = "山鐘町は誤りでした。"
[step.in_force]
"レベル３大雨警報" = ["大鐘市"]

[[step]]
at_s = 6
stream = "鐘川"
kind = "レベル３氾濫警報（発表）"
headline = "水位が上がっています。"
text = "避難の準備をしてください。"

[[step]]
at_s = 8
stream = "大雨"
headline = "解除します。"
in_force = {}

[[step]]
at_s = 8
stream = "鐘川"
kind = "レベル２氾濫注意報解除"
headline = "解除します。"
text = "水位が下がりました。"

[river."鐘川"]
section_code = "999999000200"
river_code = "9999990002"
station_code = "99999900020000001"
station = "鐘橋"
station_town = "大鐘市"
type = "VXKO51"
suffix = "030000"
office = "鐘川事務所"
prefecture_code = "90000"
[river."鐘川".flooded]
"大鐘市" = ["一丁目", "二丁目"]

[prefecture]
office = "900000"
observatory = "鐘気象台"
"""

STARTED_AT = datetime(2026, 11, 24, 20, 59, 50, tzinfo=UTC)


def table() -> AreaTable:
    parsed = parse_table(AREAS)
    assert isinstance(parsed, AreaTable)
    return parsed


def kane() -> Prefecture:
    found = prefecture(table(), "900000", "鐘気象台")
    assert found is not None
    return found


def values() -> dict[str, Any]:
    """The file as a table that a test may spoil."""
    return tomllib.loads(FILE)


def little_storm() -> Storm:
    return read_storm(values(), table())


def document(body: bytes) -> ET.Element:
    """A telegram or feed, read strictly; our own bytes."""
    return ET.fromstring(body)


def texts(root: ET.Element, name: str) -> list[str]:
    """The texts of all elements of this local name, in order."""
    return [element.text or "" for element in root.iter() if element.tag.rpartition("}")[2] == name]


def lists(root: ET.Element, name: str) -> dict[str, list[ET.Element]]:
    """The Items of each `Warning` or `Information` list by the list's type."""
    return {
        element.attrib["type"]: [item for item in element if item.tag.rpartition("}")[2] == "Item"]
        for element in root.iter()
        if element.tag.rpartition("}")[2] == name
    }
