"""Invariant 7: 警戒レベル comes from the source's own codes, whatever its words say, and what has no level gets none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from schemas.alert import Alert, Info, InfoState
from services.ingest.core.telegram import read_telegram
from tests.invariants import Twin, hold
from tests.telegrams import flood, table, telegram, warnings

Read = Callable[[bytes], Alert | None]
"""The rule: a telegram's bytes → its alert."""

LOUD_WORDS = "レベル５大雨特別警報"
LOUD_HEADLINE = "【警戒レベル５相当】直ちに安全を確保してください。"
SIGNIFICANCY = "<Property><SignificancyPart><Significancy><Code>51</Code></Significancy></SignificancyPart></Property>"


def read(body: bytes) -> Alert | None:
    return read_telegram(body, name="", source="jma.extra", url="", areas=table(), surfaces=()).alert


def _levels(alert: Alert | None) -> list[tuple[int | None, int | None]]:
    return [(info.level, info.rank) for info in (alert.info if alert else ())]


def _warning(code: str, status: str = "発表", name: str = LOUD_WORDS) -> bytes:
    listed = warnings(("1420600", "小田原市", [(code, name, status)]))
    loud = listed.replace("</Status>", f"</Status>{SIGNIFICANCY}") + listed.replace("市町村等", "府県予報区等")
    return telegram(body=loud, headline=LOUD_HEADLINE)


def check_the_level_is_the_codes(read: Read) -> None:
    for code, level in (("10", 2), ("03", 3), ("43", 4), ("33", 5), ("29", 2), ("09", 3), ("19", 2), ("08", 3)):
        hold(
            7,
            _levels(read(_warning(code))) == [(level, level)],
            f"Kind {code} is level {level}, whatever the words say",
        )
    for code, level in (("20", 2), ("22", 2), ("31", 3), ("40", 4), ("53", 5)):
        body = flood(code, headline=LOUD_HEADLINE)
        hold(7, _levels(read(body)) == [(level, level)], f"flood {code} is level {level}, whatever the words say")


def check_what_has_no_level_gets_none(read: Read) -> None:
    for code, rank in (("15", 2), ("05", 3), ("35", 5), ("16", 2), ("37", 5), ("12", 2), ("14", 2)):
        hold(7, _levels(read(_warning(code))) == [(None, rank)], f"Kind {code} has rank {rank} and no level")
    hold(7, _levels(read(_warning("45"))) == [(None, None)], "a code we do not know has no level and no rank")
    for body in (_warning("33", "解除"), flood("10")):
        hold(7, _levels(read(body)) == [(None, None)], "what is over has neither")


def test_the_level_is_the_codes() -> None:
    check_the_level_is_the_codes(read)


def test_what_has_no_level_gets_none() -> None:
    check_what_has_no_level_gets_none(read)


# --- wrong rules ---


def _each(body: bytes, change: Callable[[Info], Info]) -> Alert | None:
    alert = read(body)
    return replace(alert, info=tuple(map(change, alert.info))) if alert else None


def the_level_is_in_the_words(body: bytes) -> Alert | None:
    return _each(body, lambda info: replace(info, level=5, rank=5) if "レベル５" in info.event else info)


def the_level_is_the_headlines(body: bytes) -> Alert | None:
    return _each(body, lambda info: replace(info, level=5, rank=5) if "レベル５".encode() in body else info)


def a_rank_is_a_level(body: bytes) -> Alert | None:
    return _each(body, lambda info: replace(info, level=info.rank))


def a_code_alone_is_in_force(body: bytes) -> Alert | None:
    return read(body.replace("<Status>解除</Status>".encode(), "<Status>継続</Status>".encode()))


def unknown_is_an_advisory(body: bytes) -> Alert | None:
    def guess(info: Info) -> Info:
        unknown = info.rank is None and info.state is InfoState.ACTIVE
        return replace(info, level=2, rank=2) if unknown else info

    return _each(body, guess)


TWINS = [
    Twin(7, check_the_level_is_the_codes, the_level_is_in_the_words),
    Twin(7, check_the_level_is_the_codes, the_level_is_the_headlines),
    Twin(7, check_what_has_no_level_gets_none, a_rank_is_a_level),
    Twin(7, check_what_has_no_level_gets_none, a_code_alone_is_in_force),
    Twin(7, check_what_has_no_level_gets_none, unknown_is_an_advisory),
]
