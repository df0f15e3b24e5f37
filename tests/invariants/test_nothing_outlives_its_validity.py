"""Invariant 6: a stated end is the end, a lease's end is a lapse and never an all-clear, and a source heard again revives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from schemas import lifecycle
from schemas.alert import Info
from schemas.lifecycle import Validity
from tests.factories import an_info, at
from tests.invariants import Twin, hold

Judge = Callable[[Info, str, datetime, Mapping[str, datetime]], Validity]
MINUTES = st.integers(0, 600)


def check_nothing_outlives_its_validity(validity: Judge) -> None:
    @given(MINUTES, MINUTES, st.booleans())
    def check(end: int, now: int, stated: bool) -> None:
        info = an_info(expires=at(end) if stated else None)
        leases = {} if stated else {"jma.extra": at(end)}
        found = validity(info, "jma.extra", at(now), leases)
        hold(6, (found is Validity.IN_FORCE) == (now < end), "something is shown past its validity, or gone before")

    check()


def check_silence_is_never_an_end(validity: Judge) -> None:
    @given(MINUTES, MINUTES)
    def check(end: int, later: int) -> None:
        found = validity(an_info(), "jma.extra", at(end + later), {"jma.extra": at(end)})
        hold(6, found is Validity.LAPSED, "a source that fell silent reads as the end that it never said")

    check()


def check_a_source_heard_again_revives(validity: Judge) -> None:
    info = an_info()
    lapsed = validity(info, "jma.extra", at(200), {"jma.extra": at(180)})
    heard = validity(info, "jma.extra", at(200), {"jma.extra": at(380)})
    hold(6, (lapsed, heard) == (Validity.LAPSED, Validity.IN_FORCE), "a renewed lease does not bring the warning back")


def test_nothing_outlives_its_validity() -> None:
    check_nothing_outlives_its_validity(lifecycle.validity)


def test_silence_is_never_an_end() -> None:
    check_silence_is_never_an_end(lifecycle.validity)


def test_a_source_heard_again_revives() -> None:
    check_a_source_heard_again_revives(lifecycle.validity)


def only_stated_ends_count(info: Info, _: str, now: datetime, __: Mapping[str, datetime]) -> Validity:
    return Validity.EXPIRED if info.expires and now >= info.expires else Validity.IN_FORCE


def a_lapse_is_an_end(info: Info, lease: str, now: datetime, leases: Mapping[str, datetime]) -> Validity:
    found = lifecycle.validity(info, lease, now, leases)
    return Validity.EXPIRED if found is Validity.LAPSED else found


TWINS = [
    Twin(6, check_nothing_outlives_its_validity, only_stated_ends_count),
    Twin(6, check_silence_is_never_an_end, a_lapse_is_an_end),
    Twin(6, check_a_source_heard_again_revives, only_stated_ends_count),
]
