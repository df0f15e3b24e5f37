"""Invariant 8: an area is (scheme, code); an unknown one is left out with a word, the known ones go on, never everywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from schemas.alert import Alert
from schemas.area import AreaCode
from services.ingest.core.telegram import Reading, read_telegram
from tests.invariants import Twin, hold
from tests.telegrams import RIVER, flood, heavy_rain, table, telegram, warnings

Read = Callable[[bytes], Reading]
"""The rule: a telegram's bytes → what was read."""


def read(body: bytes) -> Reading:
    return read_telegram(body, name="", source="jma.extra", url="", areas=table(), surfaces=())


def _areas(reading: Reading) -> list[str]:
    blocks = reading.alert.info if reading.alert else ()
    return [str(area.code) for info in blocks for area in info.area]


def check_the_known_go_on_and_the_unknown_is_told(read: Read) -> None:
    reading = read(heavy_rain(("9999900", "33", "発表"), ("1420600", "33", "発表"), ("1420601", "33", "発表")))
    hold(8, _areas(reading) == ["class20:1420600"], "the known area stays, the unknown ones are left out")
    told = [defect.reason for defect in reading.defects]
    hold(8, len(told) == 2 and "9999900" in told[0] and "1420601" in told[1], "each area left out is named")


def check_an_old_code_is_all_its_parts(read: Read) -> None:
    reading = read(heavy_rain(("1410000", "43", "発表")))
    hold(8, _areas(reading) == ["class20:1410011", "class20:1410012"], "a split city is all its parts")


def check_systems_are_not_mixed(read: Read) -> None:
    body = telegram(
        body=warnings(("1420600", "町", [("10", "名", "発表")]))
        + warnings(("1438200", "湾", [("38", "名", "発表")]), layer="高潮予報区間")
        + warnings(("1413000", "県", [("33", "名", "発表")]), layer="府県予報区等")
    )
    hold(8, _areas(read(body)) == ["class20:1420600"], "only the list of municipalities names municipalities")
    hold(8, _areas(read(flood("30"))) == [f"flood_area:{RIVER}"], "a river's section is no municipality")


def check_no_area_is_not_everywhere_and_no_all_clear(read: Read) -> None:
    for body in (telegram(body=""), telegram(body=warnings()), flood("30", layer="河川")):
        reading = read(body)
        hold(8, reading.alert is None and reading.defects, "a telegram without areas is refused whole")


def test_the_known_go_on_and_the_unknown_is_told() -> None:
    check_the_known_go_on_and_the_unknown_is_told(read)


def test_an_old_code_is_all_its_parts() -> None:
    check_an_old_code_is_all_its_parts(read)


def test_systems_are_not_mixed() -> None:
    check_systems_are_not_mixed(read)


def test_no_area_is_not_everywhere_and_no_all_clear() -> None:
    check_no_area_is_not_everywhere_and_no_all_clear(read)


# --- wrong rules ---


def one_unknown_area_refuses_all(body: bytes) -> Reading:
    reading = read(body)
    return replace(reading, alert=None) if reading.defects else reading


def an_unknown_area_is_left_out_without_a_word(body: bytes) -> Reading:
    return replace(read(body), defects=())


def an_old_code_is_unknown(body: bytes) -> Reading:
    areas = replace(table(), aliases={})
    return read_telegram(body, name="", source="jma.extra", url="", areas=areas, surfaces=())


def every_list_counts(body: bytes) -> Reading:
    for layer in ("府県予報区等", "高潮予報区間"):
        body = body.replace(f"（{layer}）".encode(), "（市町村等）".encode())
    return read(body)


def no_area_is_everywhere(body: bytes) -> Reading:
    reading = read(body)
    if reading.alert is not None:
        return reading
    everywhere = read(heavy_rain(*((area.code, "43", "発表") for area in _known())))
    return replace(everywhere, defects=reading.defects)


def _known() -> list[AreaCode]:
    return [area for area in table().entries if area.scheme == "class20"]


def an_empty_list_ends_everything(body: bytes) -> Reading:
    reading = read(body)
    nothing = read(heavy_rain(("1420600", "", ""))).alert
    assert isinstance(nothing, Alert)
    return reading if reading.alert else replace(reading, alert=nothing)


TWINS = [
    Twin(8, check_the_known_go_on_and_the_unknown_is_told, one_unknown_area_refuses_all),
    Twin(8, check_the_known_go_on_and_the_unknown_is_told, an_unknown_area_is_left_out_without_a_word),
    Twin(8, check_an_old_code_is_all_its_parts, an_old_code_is_unknown),
    Twin(8, check_systems_are_not_mixed, every_list_counts),
    Twin(8, check_no_area_is_not_everywhere_and_no_all_clear, no_area_is_everywhere),
    Twin(8, check_no_area_is_not_everywhere_and_no_all_clear, an_empty_list_ends_everything),
]
