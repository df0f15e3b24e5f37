from __future__ import annotations

from zlib import crc32

from schemas.lifecycle import fold
from schemas.situation import CANARY_STREAM, digest
from tests.factories import an_alert, an_info


def test_the_digest_is_the_sum_of_sorted_lines() -> None:
    two = fold(None, "b", an_alert(0))
    one = fold(None, "a", an_alert(1, an_info(released=True)))
    lines = f"a {one.revision} ended\nb {two.revision} active\n"
    assert digest([two, one]) == f"{crc32(lines.encode()):08x}"


def test_nothing_in_force_has_the_digest_of_nothing() -> None:
    assert digest([]) == "00000000"


def test_our_own_test_is_not_in_the_digest() -> None:
    canary = fold(None, CANARY_STREAM, an_alert(0, test=True))
    assert digest([canary]) == digest([])
