from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.alert import Alert, MsgType
from schemas.lifecycle import KEPT_MAX, Stream, StreamState, Validity, close, fold, standing, validity
from tests.factories import ODAWARA, ZUSHI, an_alert, an_info, at

STREAM = "jma:VPWW56:140000"


def folded(alerts: Iterable[Alert]) -> Stream:
    stream: Stream | None = None
    for alert in alerts:
        stream = fold(stream, STREAM, alert)
    assert stream is not None
    return stream


def cancel(minute: float, **changes: object) -> Alert:
    return an_alert(minute, msg_type=MsgType.CANCEL, **changes)  # type: ignore[arg-type]


RISE = an_alert(0, an_info(level=3))
HIGHER = an_alert(10, an_info(level=4))
RELEASE = an_alert(20, an_info(released=True))


def test_the_highest_revision_counts() -> None:
    assert standing(folded([RISE, HIGHER])) == HIGHER
    assert standing(folded([HIGHER, RISE])) == HIGHER


def test_a_release_ends_the_stream() -> None:
    assert folded([RISE, RELEASE]).state is StreamState.ENDED
    assert folded([RELEASE, RISE]).state is StreamState.ENDED


def test_a_repeat_changes_nothing() -> None:
    once = folded([RISE, HIGHER])
    assert fold(once, STREAM, RISE) == once
    assert fold(once, STREAM, HIGHER) == once


def test_two_versions_of_one_revision_are_settled_by_content_not_by_arrival() -> None:
    other = an_alert(0, an_info(level=3, areas=(ODAWARA, ZUSHI)))
    assert folded([RISE, other]) == folded([other, RISE])


def test_a_withdrawal_without_a_serial_brings_the_report_before_back() -> None:
    stream = folded([RISE, HIGHER, cancel(15)])
    assert standing(stream) == RISE
    assert stream.state is StreamState.ACTIVE
    assert stream.revision == cancel(15).revision


def test_a_withdrawal_takes_every_version_of_the_report_it_names() -> None:
    first = an_alert(0, an_info(level=3), serial=1)
    second = an_alert(10, an_info(level=4), serial=2)
    corrected = an_alert(12, an_info(level=5), serial=2)
    assert standing(folded([first, second, corrected, cancel(15, serial=2)])) == first
    assert standing(folded([first, second, corrected, cancel(15, serial=1)])) == corrected


def test_a_withdrawal_that_names_no_kept_report_takes_the_highest_below() -> None:
    assert standing(folded([RISE, HIGHER, cancel(15, serial=7)])) == RISE


def test_a_withdrawn_correction_does_not_leave_what_it_corrected() -> None:
    wrong = an_alert(10, an_info(level=5))
    right = an_alert(11, an_info(level=4), corrects=at(10))
    assert standing(folded([RISE, wrong, right, cancel(15)])) == RISE


def test_a_correction_replaces_the_report_it_repeats() -> None:
    right = an_alert(11, an_info(level=2), corrects=at(10))
    assert standing(folded([an_alert(10, an_info(level=5)), right])) == right


def test_a_stream_of_which_everything_is_withdrawn_was_a_mistake() -> None:
    stream = folded([RISE, cancel(5)])
    assert stream.state is StreamState.CANCELLED
    assert standing(stream) is None


def test_a_withdrawal_may_arrive_first() -> None:
    alone = folded([cancel(5)])
    assert alone.state is StreamState.CANCELLED
    assert folded([cancel(5), RISE]) == folded([RISE, cancel(5)])


def test_a_report_after_a_withdrawal_stands() -> None:
    assert standing(folded([RISE, cancel(5), HIGHER])) == HIGHER


def test_two_withdrawals_take_two_reports() -> None:
    again = an_alert(12, an_info(level=5))
    assert standing(folded([RISE, HIGHER, again, cancel(15), cancel(16)])) == RISE


def test_a_report_without_a_key_of_its_own_is_withdrawn_alone() -> None:
    nameless = an_alert(10, an_info(level=5), report="")
    older = an_alert(5, an_info(level=2), report="")
    assert standing(folded([older, nameless, cancel(15)])) == older


def triple(alert: Alert) -> str:
    return f"{alert.sender},{alert.identifier},{alert.sent.isoformat()}"


def test_a_cap_cancel_ends_what_it_names_and_what_that_superseded() -> None:
    stream = folded([RISE, HIGHER, cancel(15, references=(triple(HIGHER),))])
    assert stream.state is StreamState.CANCELLED


def test_a_cap_cancel_of_an_earlier_message_leaves_the_later_one() -> None:
    assert standing(folded([RISE, HIGHER, cancel(15, references=(triple(RISE),))])) == HIGHER


@pytest.mark.parametrize("reference", ["nobody,knows,2026-09-01T00:00:00+09:00", "not a triple"])
def test_a_cap_cancel_of_something_unknown_ends_nothing(reference: str) -> None:
    assert standing(folded([RISE, cancel(15, references=(reference,))])) == RISE


def test_eight_alerts_are_kept_and_the_lowest_goes() -> None:
    alerts = [an_alert(minute) for minute in range(KEPT_MAX + 3)]
    assert folded(alerts).kept == tuple(alerts[-KEPT_MAX:])
    assert folded(reversed(alerts)) == folded(alerts)


def test_a_closed_stream_is_ended_and_nothing_stands() -> None:
    closed = close(folded([RISE]))
    assert closed.state is StreamState.ENDED
    assert standing(closed) is None


NIGHT = (RISE, HIGHER, an_alert(12, an_info(level=4, areas=(ZUSHI,)), corrects=at(10)), cancel(13), RELEASE)


def test_every_order_of_a_short_night_gives_the_same_stream() -> None:
    assert len({repr(folded(order)) for order in permutations(NIGHT)}) == 1


ALERTS = st.lists(
    st.one_of(
        st.builds(lambda minute, level: an_alert(minute, an_info(level=level)), st.integers(0, 30), st.integers(2, 5)),
        st.builds(lambda minute, serial: an_alert(minute, serial=serial), st.integers(0, 30), st.integers(1, 9)),
        st.builds(lambda minute: an_alert(minute, an_info(released=True)), st.integers(0, 30)),
        st.builds(lambda minute, serial: cancel(minute, serial=serial), st.integers(0, 40), st.integers(0, 9)),
    ),
    min_size=1,
    max_size=14,
)


@given(ALERTS, st.randoms(use_true_random=False))
def test_any_shuffle_with_repeats_folds_to_the_same_stream(alerts: list[Alert], chance: object) -> None:
    shuffled = [*alerts, *alerts]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert folded(shuffled) == folded(alerts)


@given(ALERTS)
def test_the_revision_of_a_stream_never_falls(alerts: list[Alert]) -> None:
    stream: Stream | None = None
    for alert in alerts:
        after = fold(stream, STREAM, alert)
        assert stream is None or after.revision >= stream.revision
        stream = after


@pytest.mark.parametrize(
    ("expires", "lease_ends", "seen_at", "expected"),
    [
        (None, None, 999, Validity.IN_FORCE),
        (None, 60, 59, Validity.IN_FORCE),
        (None, 60, 60, Validity.LAPSED),
        (30, 10, 29, Validity.IN_FORCE),
        (30, 90, 30, Validity.EXPIRED),
    ],
)
def test_a_stated_end_counts_alone_and_a_lease_only_without_one(
    expires: float | None, lease_ends: float | None, seen_at: float, expected: Validity
) -> None:
    info = an_info(expires=None if expires is None else at(expires))
    leases = {} if lease_ends is None else {"jma.extra": at(lease_ends)}
    assert validity(info, "jma.extra", at(seen_at), leases) is expected
