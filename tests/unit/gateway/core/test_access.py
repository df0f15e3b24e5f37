from __future__ import annotations

import pytest

from schemas.office import OfficeSession
from services.gateway.core import access
from services.gateway.core.access import Lockout, ends_at, form_token, is_alive, is_our_form, is_worth_noting, token_key
from tests.factories import at


def a_session(seen: float = 0) -> OfficeSession:
    return OfficeSession(officer="officer-a", began_at=at(0), seen_at=at(seen))


def test_a_log_in_ends_when_nobody_uses_it_and_after_a_watch_in_any_case() -> None:
    assert is_alive(a_session(), at(59))
    assert not is_alive(a_session(), at(60))
    assert is_alive(a_session(700), at(719))
    assert not is_alive(a_session(719), at(720))
    assert ends_at(a_session()) == at(720)


def test_that_it_is_used_is_noted_now_and_then() -> None:
    assert not is_worth_noting(a_session(10), at(14))
    assert is_worth_noting(a_session(10), at(15))


def test_what_is_kept_is_not_the_token_and_a_form_s_token_is_neither() -> None:
    assert len({token_key("secret"), form_token("secret"), "secret"}) == 3
    assert is_our_form("secret", form_token("secret"))
    assert not is_our_form("secret", form_token("another"))
    assert not is_our_form("secret", "")


def a_lockout() -> Lockout:
    return Lockout(failures_max=3, wait_max_s=60)


def failed(lockout: Lockout, times: int, key: str = "a", at_s: float = 0) -> Lockout:
    for _ in range(times):
        lockout.failed(key, at_s)
    return lockout


@pytest.mark.parametrize(("failures", "wait_s"), [(2, 0), (3, 15), (4, 30), (5, 60), (6, 60), (100, 60)])
def test_whoever_fails_waits_twice_as_long_each_time_up_to_a_limit(failures: int, wait_s: float) -> None:
    assert failed(a_lockout(), failures).wait_s("a", 0) == wait_s


def test_others_do_not_wait_and_the_wait_passes() -> None:
    lockout = failed(a_lockout(), 3)
    assert lockout.wait_s("b", 0) == 0
    assert lockout.wait_s("a", 14) == 1
    assert lockout.wait_s("a", 15) == 0


def test_whoever_comes_in_begins_anew() -> None:
    lockout = failed(a_lockout(), 5)
    lockout.succeeded("a")
    lockout.succeeded("b")
    assert (lockout.wait_s("a", 0), len(lockout)) == (0, 0)


def test_old_failures_are_forgotten() -> None:
    lockout = failed(a_lockout(), 5)
    lockout.failed("a", access.FORGET_S)
    assert lockout.wait_s("a", access.FORGET_S) == 0


def test_only_so_many_are_remembered() -> None:
    lockout = a_lockout()
    for number in range(access.REMEMBERED_MAX + 5):
        lockout.failed(str(number), 0)
    assert len(lockout) == access.REMEMBERED_MAX
    failed(lockout, 3, "0")
    assert lockout.wait_s("0", 0) == 15
