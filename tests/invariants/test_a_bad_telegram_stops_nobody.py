"""Invariant 9: malformed input → typed defect, next telegram. Nothing that comes from outside raises."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.ingest.core.telegram import Reading, read_telegram
from services.ingest.core.xml import DEPTH_MAX
from tests.invariants import Twin, hold
from tests.telegrams import flood, heavy_rain, table, telegram

Read = Callable[[bytes], Reading]
"""The rule: bytes → what was read."""

GOOD = [
    heavy_rain(("1420600", "43", "発表")),
    flood("30", "1420600", serial="2"),
    heavy_rain(("1420600", "43", "解除")),
]
DTD = b'<!DOCTYPE Report [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
BAD = {
    "nothing": b"",
    "no xml": b"\x00\xff\xfe",
    "an error page": b"<html><body>503</body></html>",
    "cut": GOOD[0][:-20],
    "in another encoding": GOOD[0].decode().encode("shift_jis"),
    "with a DTD": GOOD[0].replace(b"<Report ", DTD + b"<Report ", 1),
    "too deep": b"<Report>" + b"<a>" * DEPTH_MAX + b"</a>" * DEPTH_MAX + b"</Report>",
    "too large": b"<Report>" + b" " * 8_000_000 + b"</Report>",
    "of no type": telegram(title="新しい情報"),
    "of no status": heavy_rain(("1420600", "43", "発表"), status="？"),
    "of no time": heavy_rain(("1420600", "43", "発表"), reported="？"),
    "of no area": telegram(body=""),
    "empty": b"<Report/>",
}


def read(body: bytes) -> Reading:
    return read_telegram(body, name="", source="jma.extra", url="", areas=table(), surfaces=())


def _tried(read: Read, body: bytes, what: str) -> Reading:
    try:
        return read(body)
    except Exception as error:
        hold(9, condition=False, message=f"a telegram {what} raised {error!r}")
        raise


def check_each_good_one_is_read_among_any_bad_ones(read: Read) -> None:
    alone = [_tried(read, body, "that is good") for body in GOOD]
    for what, bad in BAD.items():
        refused = _tried(read, bad, what)
        hold(9, refused.alert is None and refused.defects, f"a telegram {what} is refused with a defect")
        hold(
            9, all(one.code and one.reason and one.hint for one in refused.defects), "a defect says what and what to do"
        )
        hold(9, [read(body) for body in GOOD] == alone, f"after a telegram {what} the others are read as before")


def check_no_wound_raises(read: Read) -> None:
    @given(st.integers(0, 1500), st.integers(0, 40), st.binary(max_size=40))
    def check(at: int, gap: int, wound: bytes) -> None:
        whole = GOOD[1]
        reading = _tried(read, whole[:at] + wound + whole[at + gap :], "with a wound")
        hold(9, reading.alert or reading.defects, "what cannot be read is a defect, never nothing")

    check()


def test_each_good_one_is_read_among_any_bad_ones() -> None:
    check_each_good_one_is_read_among_any_bad_ones(read)


def test_no_wound_raises() -> None:
    check_no_wound_raises(read)


# --- wrong rules ---


def the_parsers_error_comes_through(body: bytes) -> Reading:
    ET.fromstring(body)
    return read(body)


def what_is_bad_is_passed_over_in_silence(body: bytes) -> Reading:
    reading = read(body)
    return reading if reading.alert else replace(reading, defects=())


def a_dtd_is_as_good_as_none(body: bytes) -> Reading:
    return read(body.replace(DTD, b""))


class TheFirstBadOneIsTheLast:
    def __init__(self) -> None:
        self._bad: Reading | None = None

    def __call__(self, body: bytes) -> Reading:
        reading = self._bad or read(body)
        self._bad = None if reading.alert else reading
        return reading


TWINS = [
    Twin(9, check_each_good_one_is_read_among_any_bad_ones, the_parsers_error_comes_through),
    Twin(9, check_each_good_one_is_read_among_any_bad_ones, what_is_bad_is_passed_over_in_silence),
    Twin(9, check_each_good_one_is_read_among_any_bad_ones, a_dtd_is_as_good_as_none),
    Twin(9, check_each_good_one_is_read_among_any_bad_ones, TheFirstBadOneIsTheLast(), "the first bad one is the last"),
    Twin(9, check_no_wound_raises, the_parsers_error_comes_through),
    Twin(9, check_no_wound_raises, what_is_bad_is_passed_over_in_silence),
]
