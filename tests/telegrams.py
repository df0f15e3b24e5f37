"""Telegrams in JMA's form for tests, from a few words. All invented: no such report was ever issued."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from schemas.area import AreaTable, TableDefect, parse_table

Kind = tuple[str, str, str]
"""Code, Name, Status; LastKind repeats code and name where the Status is not 発表."""

_AREAS = """\
# version: tests
scheme,code,name,kana,english,parent
office,140000,神奈川県,,,
class10,140010,東部,,,140000
class10,140020,西部,,,140000
class15,140011,横浜・川崎,,,140010
class15,140024,西湘,,,140020
class20,1410011,横浜市北部,,,140011
class20,1410012,横浜市南部,,,140011
class20,1413000,川崎市,,,140011
class20,1420600,小田原市,,,140024
class20,1438200,箱根町,,,140024
office,130000,東京都,,,
class10,130010,東京地方,,,130000
class15,130013,多摩南部,,,130010
class20,1320100,八王子市,,,130013
center,010300,関東甲信地方,,,
region,nankai,南海トラフ地震防災対策推進地域,,,
region,hokkaido_sanriku,北海道・三陸沖後発地震の対象地域,,,
"""
_WARDS = "jis5,first,last\n14130,14131,14149\n"
_ALIASES = """\
scheme,old,new
class20,1410000,1410011
class20,1410000,1410012
"""


@cache
def table() -> AreaTable:
    """A few areas of two prefectures, and one city that was split."""
    made = parse_table(_AREAS, _ALIASES, _WARDS)
    assert not isinstance(made, TableDefect), made
    return made


def telegram(
    *,
    title: str = "気象警報・注意報（Ｒ０６）（大雨）",
    status: str = "通常",
    info_type: str = "発表",
    event_id: str = "",
    serial: str = "",
    head: str = "試験用",
    valid: str = "",
    reported: str = "2026-09-01T20:30:00+09:00",
    sent: str = "2026-09-01T11:30:05Z",
    office: str = "横浜地方気象台",
    headline: str = "低い土地の浸水に警戒してください。",
    information: str = "",
    body: str = "",
) -> bytes:
    """A whole telegram; `information` goes into the headline, `body` into the Body, both as XML."""
    until = f"<ValidDateTime>{valid}</ValidDateTime>" if valid else ""
    return f"""\
<?xml version="1.0" encoding="UTF-8"?>
<Report xmlns="http://xml.kishou.go.jp/jmaxml1/" xmlns:jmx="http://xml.kishou.go.jp/jmaxml1/">
<Control><Title>{title}</Title><DateTime>{sent}</DateTime><Status>{status}</Status>
<EditorialOffice>{office}</EditorialOffice><PublishingOffice>{office}</PublishingOffice></Control>
<Head xmlns="http://xml.kishou.go.jp/jmaxml1/informationBasis1/"><Title>{head}</Title>
<ReportDateTime>{reported}</ReportDateTime>{until}<EventID>{event_id}</EventID><InfoType>{info_type}</InfoType>
<Serial>{serial}</Serial><Headline><Text>{headline}</Text>{information}</Headline></Head>
<Body xmlns="http://xml.kishou.go.jp/jmaxml1/body/meteorology1/">{body}</Body>
</Report>""".encode()


def warnings(*items: tuple[str, str, Iterable[Kind]], layer: str = "市町村等") -> str:
    """A list of a warning's Body: (area code, area name, kinds) for each Item."""
    made = "".join(
        f"<Item>{''.join(map(_kind, kinds))}<Area><Name>{name}</Name><Code>{code}</Code></Area></Item>"
        for code, name, kinds in items
    )
    return f'<Warning type="気象警報・注意報（{layer}）">{made}</Warning>'


def _kind(kind: Kind) -> str:
    code, name, status = kind
    named = f"<Name>{name}</Name><Code>{code}</Code>" if code else ""
    last = "" if status.startswith("発表") else f"<LastKind><Name>{name}</Name><Code>{code}</Code></LastKind>"
    return f"<Kind>{named}<Status>{status}</Status>{last}</Kind>"


NOTHING: Kind = ("", "", "発表警報・注意報はなし")


def heavy_rain(*items: tuple[str, str, str], **head: str) -> bytes:
    """A 大雨 telegram: (area code, Kind code, Status) for each municipality; code "" for none in force."""
    listed = (
        (area, f"{area}のまち", [(code, f"大雨{code}", status) if code else NOTHING]) for area, code, status in items
    )
    return telegram(body=warnings(*listed), **head)


RIVER = "999999000100"


def flood(
    code: str,
    *towns: str,
    river: str = RIVER,
    layer: str = "予報区域",
    **head: str,
) -> bytes:
    """A flood forecast of one river: the Kind code of the river and the CityCodes that may be flooded."""
    information = f"""<Information type="指定河川洪水予報（{layer}）"><Item>
<Kind><Name>氾濫{code}</Name><Code>{code}</Code></Kind>
<Areas><Area><Name>試験川</Name><Code>{river}</Code></Area></Areas></Item></Information>"""
    areas = "".join(f"<Area><City>{town}のまち</City><CityCode>{town}</CityCode></Area>" for town in towns)
    body = f"""<Warning type="指定河川洪水予報"><Item><Kind><Property><Type>主文</Type></Property></Kind></Item>
<Item><Kind><Name>浸水想定地区</Name></Kind><Areas>{areas}</Areas></Item></Warning>"""
    rest = {"title": "指定河川洪水予報", "event_id": river, "serial": "1", **head}
    return telegram(information=information, body=body if towns else "", **rest)


def coast(*items: tuple[str, str, str], last: str = "00") -> str:
    """A tsunami telegram's Body: (coast, Kind code, Kind name) each, before which stood `last`."""
    made = "".join(
        f"<Item><Area><Name>{area}の海岸</Name><Code>{area}</Code></Area><Category><Kind><Name>{name}</Name>"
        f"<Code>{code}</Code></Kind><LastKind><Code>{last}</Code></LastKind></Category>"
        "<MaxHeight><TsunamiHeight>NaN</TsunamiHeight></MaxHeight></Item>"
        for area, code, name in items
    )
    return f"<Tsunami><Forecast>{made}</Forecast></Tsunami>"


def nankai(code: str, name: str = "調査中") -> str:
    """The Body of information on the Nankai Trough."""
    return f"<EarthquakeInfo><InfoSerial><Name>{name}</Name><Code>{code}</Code></InfoSerial></EarthquakeInfo>"
