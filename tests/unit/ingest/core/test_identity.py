from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.alert import MsgType
from services.ingest.core.identity import (
    KEY_MAX,
    SERIAL_MAX,
    Identity,
    InfoType,
    canary_identity,
    identity,
    key_part,
    msg_type,
    run_of,
)

REPORTED = datetime(2026, 9, 1, 11, 30, tzinfo=UTC)
SENT = datetime(2026, 9, 1, 11, 30, 5, tzinfo=UTC)


def _identity(
    *,
    keys: tuple[str, ...] = ("140000",),
    run: str | None = None,
    reported_at: datetime = REPORTED,
    sent_at: datetime = SENT,
    serial: int | None = None,
    info_type: InfoType = InfoType.ISSUED,
) -> Identity:
    return identity(
        kind="VPWW55",
        keys=keys,
        run=run,
        reported_at=reported_at,
        sent_at=sent_at,
        serial=serial,
        info_type=info_type,
    )


class TestNames:
    def test_a_report_is_named_by_type_stream_and_revision(self) -> None:
        assert _identity() == Identity(
            streams=("jma:VPWW55:140000",),
            revision="20260901T113000Z.000000.1.20260901T113005Z",
            report="time:20260901T113000Z",
            identifier="jma:VPWW55:140000:20260901T113000Z.000000.1.20260901T113005Z",
        )

    def test_a_report_about_two_events_is_one_report_in_two_streams(self) -> None:
        named = _identity(keys=("1", "2"))
        assert named.streams == ("jma:VPWW55:1", "jma:VPWW55:2")
        assert named.identifier.startswith("jma:VPWW55:1+2:")

    def test_each_run_of_a_drill_has_its_own_streams(self) -> None:
        named = _identity(run="run-2")
        assert named.streams == ("jma:VPWW55:140000~run-2",)
        assert named.identifier.startswith("jma:VPWW55:140000~run-2:")

    def test_the_canary_has_one_stream_for_ever(self) -> None:
        named = canary_identity(reported_at=REPORTED, sent_at=SENT, serial=7)
        assert named.streams == ("canary",)
        assert named.identifier == f"canary:{named.revision}"
        assert named.report == "serial:7"


class TestRevisions:
    def test_time_of_the_report_then_serial_then_kind_then_time_of_sending(self) -> None:
        later = REPORTED + timedelta(minutes=1)
        rising = [
            _identity(),
            _identity(sent_at=SENT + timedelta(seconds=1)),
            _identity(info_type=InfoType.CORRECTED),
            _identity(info_type=InfoType.WITHDRAWN),
            _identity(serial=2),
            _identity(serial=2, info_type=InfoType.CORRECTED),
            _identity(serial=10),
            _identity(reported_at=later),
        ]
        revisions = [named.revision for named in rising]
        assert revisions == sorted(set(revisions))

    def test_a_delayed_report_ranks_as_an_ordinary_one(self) -> None:
        assert _identity(info_type=InfoType.DELAYED) == _identity()

    @given(st.lists(st.datetimes(timezones=st.just(UTC)), min_size=2, max_size=2), st.integers(0, SERIAL_MAX))
    def test_as_text_they_sort_like_the_times_whatever_the_year(self, times: list[datetime], serial: int) -> None:
        first, second = (time.replace(microsecond=0) for time in times)
        one = _identity(reported_at=first, serial=serial).revision
        other = _identity(reported_at=second, serial=serial).revision
        assert (one < other) == (first < second)


class TestReports:
    def test_a_correction_shares_the_report_it_corrects_and_a_withdrawal_names_it(self) -> None:
        assert {_identity(serial=3, info_type=info_type).report for info_type in InfoType} == {"serial:3"}

    def test_without_a_serial_the_time_names_a_report_and_a_withdrawal_names_none(self) -> None:
        assert _identity(info_type=InfoType.CORRECTED).report == _identity().report
        assert _identity(info_type=InfoType.WITHDRAWN).report == ""


class TestParts:
    @pytest.mark.parametrize(
        ("written", "part"),
        [
            ("20151114055157_306", "20151114055157_306"),
            (" TC2615 ", "TC2615"),
            ("神奈川県土砂災害警戒情報", "神奈川県土砂災害警戒情報"),
            ("a,b<c&d e:f~g@h/i+j", "a_b_c_d_e_f_g_h_i_j"),
            ("", ""),
        ],
    )
    def test_a_part_of_a_stream_holds_no_separator(self, written: str, part: str) -> None:
        assert key_part(written) == part

    def test_a_part_is_bounded(self) -> None:
        assert len(key_part("1" * (KEY_MAX + 1))) == KEY_MAX

    @pytest.mark.parametrize(
        ("url", "run"),
        [
            ("http://x.invalid/developer/xml/data/run-20260901-a/2026_0_VPWW55_140000.xml", "run-20260901-a"),
            ("http://x.invalid/developer/xml/data/2026_0_VPWW55_140000.xml", "2026-09-01"),
            ("http://x.invalid/run-", "2026-09-01"),
            (f"http://x.invalid/run-{'a' * 65}/2026.xml", "2026-09-01"),
            ("", "2026-09-01"),
        ],
    )
    def test_a_drills_run_is_in_its_address_else_it_is_the_day_in_japan(self, url: str, run: str) -> None:
        assert run_of(url, datetime(2026, 8, 31, 15, 0, tzinfo=UTC)) == run


@pytest.mark.parametrize(
    ("info_type", "first", "word"),
    [
        (InfoType.ISSUED, True, MsgType.ALERT),
        (InfoType.ISSUED, False, MsgType.UPDATE),
        (InfoType.DELAYED, True, MsgType.ALERT),
        (InfoType.DELAYED, False, MsgType.UPDATE),
        (InfoType.CORRECTED, True, MsgType.UPDATE),
        (InfoType.CORRECTED, False, MsgType.UPDATE),
        (InfoType.WITHDRAWN, True, MsgType.CANCEL),
        (InfoType.WITHDRAWN, False, MsgType.CANCEL),
    ],
)
def test_caps_word_for_a_report(info_type: InfoType, *, first: bool, word: MsgType) -> None:
    assert msg_type(info_type, first=first) is word
