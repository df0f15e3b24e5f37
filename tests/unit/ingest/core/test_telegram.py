from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.alert import Alert, Category, Drill, InfoState, MsgType, Severity, Status, Surface, Urgency
from services.ingest.core.defect import Code
from services.ingest.core.identity import EVENTS_MAX
from services.ingest.core.telegram import (
    HEADLINE_MAX,
    LEGACY,
    NAME_MAX,
    NO_AREA,
    NOT_READ,
    TEST,
    TOO_LATE,
    Reading,
    read_telegram,
)
from tests.telegrams import RIVER, coast, flood, heavy_rain, nankai, table, telegram, warnings

NAME = "20260901113005_0_VPWW55_140000.xml"
URL = f"http://feed.invalid/developer/xml/data/{NAME}"
DRILL_URL = f"http://feed.invalid/developer/xml/data/run-20260901-a/{NAME}"
ODAWARA = ("1420600", "43", "発表")
QUAKE_TITLE = "震度速報"


def _read(
    body: bytes,
    *,
    name: str = NAME,
    source: str = "jma.extra",
    url: str = URL,
    surfaces: tuple[Surface, ...] = (Surface.SIGN,),
) -> Reading:
    return read_telegram(body, name=name, source=source, url=url, areas=table(), surfaces=surfaces)


def _alert(body: bytes, *, name: str = NAME, source: str = "jma.extra", url: str = URL) -> Alert:
    reading = _read(body, name=name, source=source, url=url)
    assert reading.alert is not None, reading.defects
    return reading.alert


def _refused(body: bytes, *, name: str = NAME, source: str = "jma.extra") -> Code:
    reading = _read(body, name=name, source=source)
    assert (reading.alert, reading.topic, reading.ignored, reading.entries) == (None, None, None, ())
    [defect] = reading.defects
    return defect.code


def _codes(reading: Reading) -> list[Code]:
    assert reading.alert is not None
    return [defect.code for defect in reading.defects]


class TestAnAlert:
    def test_says_who_when_and_what(self) -> None:
        alert = _alert(heavy_rain(ODAWARA))
        assert (alert.sender, alert.sender_name, alert.source) == ("jma.go.jp", "横浜地方気象台", "jma")
        assert alert.sent == datetime(2026, 9, 1, 11, 30, tzinfo=UTC)
        assert (alert.event, alert.headline) == (
            "気象警報・注意報（Ｒ０６）（大雨）",
            "低い土地の浸水に警戒してください。",
        )
        assert (alert.status, alert.msg_type, alert.references, alert.drill) == (Status.ACTUAL, MsgType.ALERT, (), None)

    def test_is_named_by_its_office_and_holds_while_its_feed_is_heard(self) -> None:
        alert = _alert(heavy_rain(ODAWARA))
        assert alert.streams == ("jma:VPWW55:140000",)
        assert alert.revision == "20260901T113000Z.000000.1.20260901T113005Z"
        assert alert.identifier == f"jma:VPWW55:140000:{alert.revision}"
        assert (alert.report, alert.lease) == ("time:20260901T113000Z", "jma.extra")
        assert [info.expires for info in alert.info] == [None]

    def test_has_a_block_for_each_kind_in_force_ones_first_and_the_loudest_of_them(self) -> None:
        reading = _read(
            heavy_rain(
                ("1413000", "10", "解除"),
                ("1420600", "03", "継続"),
                ("1438200", "33", "発表"),
                ("1410011", "03", "発表"),
            )
        )
        assert reading.alert is not None
        blocks = [(info.state, info.level, [area.area_desc for area in info.area]) for info in reading.alert.info]
        assert blocks == [
            (InfoState.ACTIVE, 5, ["1438200のまち"]),
            (InfoState.ACTIVE, 3, ["1420600のまち", "1410011のまち"]),
            (InfoState.RELEASED, None, ["1413000のまち"]),
        ]
        # and area by area in the telegram's own order
        assert [entry.area.code for entry in reading.entries] == ["1413000", "1420600", "1438200", "1410011"]

    def test_speaks_caps_words_by_level_or_rank(self) -> None:
        [info] = _alert(heavy_rain(ODAWARA)).info
        assert (info.category, info.severity, info.urgency) == (Category.MET, Severity.SEVERE, Urgency.IMMEDIATE)
        assert (info.event, info.event_code, info.hazard, info.level, info.rank) == ("大雨43", "43", "heavy_rain", 4, 4)

    def test_that_something_is_over_is_past(self) -> None:
        [info] = _alert(heavy_rain(("1420600", "43", "解除"))).info
        assert (info.state, info.urgency, info.level, info.rank) == (InfoState.RELEASED, Urgency.PAST, None, None)


class TestStatus:
    @pytest.mark.parametrize(
        ("status", "cap", "topic", "ignored"),
        [
            ("通常", Status.ACTUAL, "alerts.emergency", None),
            ("訓練", Status.EXERCISE, "drills", None),
            ("試験", Status.TEST, None, TEST),
        ],
    )
    def test_tells_the_real_from_the_drill_and_the_trial(
        self, status: str, cap: Status, topic: str | None, ignored: str | None
    ) -> None:
        reading = _read(heavy_rain(ODAWARA, status=status))
        assert reading.alert is not None
        assert (reading.alert.status, reading.topic, reading.ignored) == (cap, topic, ignored)

    @pytest.mark.parametrize("status", ["", "通常？", "Actual", "訓練中"])
    def test_of_another_word_is_refused_not_taken_for_real(self, status: str) -> None:
        assert _refused(heavy_rain(ODAWARA, status=status)) is Code.UNKNOWN_STATUS

    @given(st.text(alphabet=st.characters(blacklist_categories=["C"], blacklist_characters="<&"), max_size=8))
    def test_of_any_other_word_never_gives_a_real_alert(self, status: str) -> None:
        if status.strip() == "通常":
            return
        alert = _read(heavy_rain(ODAWARA, status=status)).alert
        assert alert is None or alert.status is not Status.ACTUAL

    def test_a_drill_names_its_run_and_the_surfaces_it_may_reach(self) -> None:
        alert = _alert(heavy_rain(ODAWARA, status="訓練"), url=DRILL_URL)
        assert alert.drill == Drill(run="run-20260901-a", surfaces=(Surface.SIGN,))
        assert alert.streams == ("jma:VPWW55:140000~run-20260901-a",)

    def test_a_drill_from_elsewhere_is_the_run_of_its_day(self) -> None:
        assert _alert(heavy_rain(ODAWARA, status="訓練")).streams == ("jma:VPWW55:140000~2026-09-01",)

    def test_a_routine_type_goes_the_routine_way(self) -> None:
        body = telegram(
            title="気象警報・注意報（Ｒ０６）（その他注意報）",
            body=warnings(("1420600", "町", [("14", "雷注意報", "発表")])),
        )
        assert _read(body, name="").topic == "alerts.routine"


class TestInfoType:
    @pytest.mark.parametrize(
        ("info_type", "word", "report"),
        [
            ("発表", MsgType.UPDATE, "serial:3"),
            ("遅延", MsgType.UPDATE, "serial:3"),
            ("訂正", MsgType.UPDATE, "serial:3"),
            ("取消", MsgType.CANCEL, "serial:3"),
        ],
    )
    def test_is_caps_message_type_and_names_the_same_report(self, info_type: str, word: MsgType, report: str) -> None:
        alert = _alert(flood("30", "1420600", serial="3", info_type=info_type), name="")
        assert (alert.msg_type, alert.report) == (word, report)

    def test_a_withdrawal_has_no_areas_whatever_stands_in_its_body(self) -> None:
        reading = _read(flood("30", "1420600", info_type="取消"), name="")
        assert reading.alert is not None
        assert (reading.entries, reading.alert.info, reading.topic) == ((), (), "alerts.emergency")

    def test_of_another_word_is_refused(self) -> None:
        assert _refused(heavy_rain(ODAWARA, info_type="削除")) is Code.UNKNOWN_INFO_TYPE


class TestFirstReport:
    def test_with_a_serial_it_is_number_one(self) -> None:
        assert _alert(flood("30", serial="1"), name="").msg_type is MsgType.ALERT
        assert _alert(flood("30", serial="001"), name="").msg_type is MsgType.ALERT
        assert _alert(flood("30", serial="2"), name="").msg_type is MsgType.UPDATE

    @pytest.mark.parametrize(
        ("items", "word"),
        [
            ([ODAWARA], MsgType.ALERT),
            ([ODAWARA, ("1438200", "", "")], MsgType.ALERT),
            ([ODAWARA, ("1438200", "10", "継続")], MsgType.UPDATE),
            ([ODAWARA, ("1438200", "10", "解除")], MsgType.UPDATE),
            ([("1420600", "10", "警報から注意報")], MsgType.UPDATE),
            ([("1420600", "", "")], MsgType.UPDATE),
        ],
    )
    def test_without_one_it_is_the_report_in_which_nothing_goes_on(
        self, items: list[tuple[str, str, str]], word: MsgType
    ) -> None:
        assert _alert(heavy_rain(*items)).msg_type is word

    def test_a_rise_goes_on_from_what_stood_before(self) -> None:
        body = heavy_rain(ODAWARA).replace(
            "<Status>発表</Status>".encode(), "<Status>発表</Status><LastKind><Code>03</Code></LastKind>".encode()
        )
        assert _alert(body).msg_type is MsgType.UPDATE

    def test_nothing_before_is_nothing_before(self) -> None:
        body = telegram(title="津波警報・注意報・予報a", event_id="1", body=coast(("330", "62", "津波注意報")))
        assert _alert(body, name="").msg_type is MsgType.ALERT
        assert _alert(body.replace(b">00<", b">51<"), name="").msg_type is MsgType.UPDATE


class TestType:
    def test_the_name_tells_it_else_the_title(self) -> None:
        assert _read(heavy_rain(ODAWARA), name="VPWW55__copy.xml").type == "VPWW55"
        assert _read(heavy_rain(ODAWARA), name="copy.xml").type == "VPWW55"
        assert _read(flood("30"), name="VXKO57_030000.xml").type == "VXKO57"
        assert _read(flood("30"), name="VXKOii.xml").type == "VXKO"
        assert _read(flood("30"), name="").type == "VXKO"

    def test_a_name_and_a_title_that_contradict_each_other_are_not_believed(self) -> None:
        assert _refused(heavy_rain(ODAWARA), name="20260901113005_0_VPWW56_140000.xml") is Code.TYPE_CONTRADICTED
        assert _refused(telegram(title=QUAKE_TITLE)) is Code.TYPE_CONTRADICTED

    def test_a_title_we_do_not_know_leaves_it_to_the_name(self) -> None:
        body = telegram(
            title="気象警報・注意報（Ｒ９９）（大雨）", body=warnings(("1420600", "町", [("43", "名", "発表")]))
        )
        assert _read(body).topic == "alerts.emergency"

    def test_two_types_that_are_not_read_need_not_agree(self) -> None:
        assert _read(telegram(title=QUAKE_TITLE, event_id="1"), name="VXSE52_010000.xml").type == "VXSE52"

    def test_without_either_it_is_unknown_and_refused(self) -> None:
        assert _refused(telegram(title="新しい情報"), name="VPXX99_140000.xml") is Code.UNKNOWN_TYPE

    def test_of_a_refused_telegram_the_name_still_tells_it(self) -> None:
        assert [_read(b"", name=name).type for name in (NAME, "")] == ["VPWW55", ""]

    @pytest.mark.parametrize("status", ["通常", "訓練", "試験"])
    def test_one_whose_body_is_not_read_is_still_known_and_goes_no_further(self, status: str) -> None:
        body = telegram(title="推定噴煙流向報", status=status, event_id="20260901202800", body="<VolcanoInfo/>")
        reading = _read(body, name="20260901113005_0_VFVO60_010000.xml")
        assert reading.alert is not None
        assert (reading.type, reading.topic, reading.ignored) == ("VFVO60", None, NOT_READ)
        assert (reading.alert.msg_type, reading.alert.lease, reading.alert.info) == (MsgType.ALERT, "jma.eqvol", ())


class TestStreams:
    def test_a_warnings_stream_is_its_office_by_name_or_by_its_areas(self) -> None:
        body = heavy_rain(ODAWARA, ("1413000", "", ""))
        by_name, by_areas = _alert(body), _alert(body, name="copy.xml")
        assert by_name == by_areas
        assert by_name.streams == ("jma:VPWW55:140000",)

    def test_else_its_observatory_and_it_is_said(self) -> None:
        reading = _read(heavy_rain(ODAWARA, ("1320100", "10", "発表"), office="ある 気象台"), name="")
        assert _codes(reading) == [Code.UNKNOWN_OFFICE]
        assert reading.alert is not None
        assert reading.alert.streams == ("jma:VPWW55:ある_気象台",)

    def test_else_there_is_none_and_it_is_refused(self) -> None:
        assert _refused(heavy_rain(ODAWARA, ("1320100", "10", "発表"), office=""), name="") is Code.NO_STREAM

    def test_a_withdrawn_warnings_office_is_in_the_name(self) -> None:
        assert _alert(telegram(info_type="取消")).streams == ("jma:VPWW55:140000",)

    def test_a_rivers_stream_is_its_event_whatever_the_number_of_its_type(self) -> None:
        alerts = [_alert(flood("30"), name=name) for name in ("VXKO50_030000.xml", "VXKO51_030000.xml", "")]
        assert [alert.streams for alert in alerts] == [(f"jma:VXKO:{RIVER}",)] * 3
        assert len({alert.identifier for alert in alerts}) == 1

    def test_else_the_forecast_area_else_there_is_none(self) -> None:
        assert _alert(flood("30", event_id=""), name="").streams == (f"jma:VXKO:{RIVER}",)
        assert _refused(flood("", event_id="", info_type="取消", layer="河川"), name="") is Code.NO_STREAM

    def test_two_events_are_two_streams_of_one_alert(self) -> None:
        body = coast(("330", "60", "津波注意報解除"))
        title = "津波警報・注意報・予報a"
        alert = _alert(telegram(title=title, event_id="20151114055157 20151114061750", body=body), name="")
        assert alert.streams == ("jma:VTSE41:20151114055157", "jma:VTSE41:20151114061750")

    def test_an_event_named_twice_is_one(self) -> None:
        assert len(_alert(telegram(title=QUAKE_TITLE, event_id="1 1"), name="").streams) == 1

    def test_very_many_events_are_none(self) -> None:
        body = telegram(title=QUAKE_TITLE, event_id=" ".join(map(str, range(EVENTS_MAX + 1))))
        assert _refused(body, name="") is Code.NO_STREAM

    def test_without_an_event_it_is_the_office(self) -> None:
        body = telegram(title="府県天気予報", body="<Area><Name>西部</Name><Code>140020</Code></Area>")
        assert _alert(body, name="").streams == ("jma:VPFD50:140000",)

    def test_a_type_not_read_says_nothing_of_an_office_it_does_not_need(self) -> None:
        reading = _read(telegram(title="推定噴煙流向報"), name="")
        assert _codes(reading) == []
        assert reading.alert is not None
        assert reading.alert.streams == ("jma:VFVO60:横浜地方気象台",)

    def test_where_the_events_change_and_the_matter_does_not_it_is_the_type(self) -> None:
        study, end = (
            _alert(telegram(title="南海トラフ地震臨時情報", event_id=event, body=nankai(code)), name="")
            for event, code in (("20260901202800", "111"), ("20260901222800", "190"))
        )
        assert study.streams == end.streams == ("jma:VYSE50:latest",)


class TestItsEnd:
    TORNADO = warnings(("1420600", "小田原市", [("1", "竜巻注意情報", "発表")]))

    def _expires(self, **head: str) -> datetime | None:
        reading = _read(telegram(title="竜巻注意情報", body=self.TORNADO, **head), name="")
        assert reading.alert is not None
        [info] = reading.alert.info
        return info.expires

    def test_is_what_it_states(self) -> None:
        assert self._expires(valid="2026-09-01T21:40:00+09:00") == datetime(2026, 9, 1, 12, 40, tzinfo=UTC)

    def test_else_the_report_and_the_time_that_its_type_lasts(self) -> None:
        assert self._expires() == datetime(2026, 9, 1, 12, 45, tzinfo=UTC)

    def test_one_that_cannot_be_read_is_none_and_it_is_said(self) -> None:
        reading = _read(telegram(title="竜巻注意情報", body=self.TORNADO, valid="soon"), name="")
        assert _codes(reading) == [Code.UNREADABLE_TIME]
        assert self._expires(valid="soon") == datetime(2026, 9, 1, 12, 45, tzinfo=UTC)

    def test_of_a_warning_is_never_its_valid_time(self) -> None:
        tsunami = telegram(
            title="津波警報・注意報・予報a",
            event_id="1",
            body=coast(("330", "51", "津波警報")),
            valid="2026-09-01T21:00:00+09:00",
        )
        assert [info.expires for info in _alert(tsunami, name="").info] == [None]

    def test_of_the_body_comes_before_that_of_the_type(self) -> None:
        heat = telegram(title="熱中症警戒アラート", event_id="1", serial="1", head="神奈川県熱中症警戒アラート")
        assert [info.expires for info in _alert(heat, name="").info] == [datetime(2026, 9, 2, 15, 0, tzinfo=UTC)]

    def test_what_is_over_needs_none(self) -> None:
        body = warnings(("1420600", "小田原市", [("1", "竜巻注意情報", "解除")]))
        assert [info.expires for info in _alert(telegram(title="竜巻注意情報", body=body), name="").info] == [None]


class TestInformation:
    def test_is_an_item_of_its_hazard_so_that_a_warning_beside_it_can_end(self) -> None:
        body = coast(("330", "51", "津波警報"), ("312", "71", "津波予報"))
        reading = _read(telegram(title="津波情報a", event_id="1", serial="1", body=body), name="")
        assert reading.alert is not None
        assert {(info.hazard, info.state) for info in reading.alert.info} == {
            ("tsunami:information", InfoState.ACTIVE),
            ("tsunami:information", InfoState.RELEASED),
        }
        assert {entry.kind.hazard for entry in reading.entries} == {"tsunami"}


class TestWhatGoesNoFurther:
    LEGACY_TITLE = "気象特別警報・警報・注意報"

    def test_is_a_copy_in_an_older_type_since_the_reform(self) -> None:
        body = warnings(("1420600", "小田原市", [("03", "大雨警報", "発表")]))
        after = _read(telegram(title=self.LEGACY_TITLE, body=body, reported="2026-05-28T13:00:00+09:00"), name="")
        assert (after.topic, after.ignored) == (None, LEGACY)
        assert [entry.area.code for entry in after.entries] == ["1420600"]

    def test_is_not_a_storm_of_before(self) -> None:
        body = warnings(("1420600", "小田原市", [("03", "大雨警報", "発表")]))
        before = _read(telegram(title=self.LEGACY_TITLE, body=body, reported="2026-05-28T12:59:59+09:00"), name="")
        assert (before.topic, before.ignored) == ("alerts.emergency", None)

    def test_is_a_text_without_areas(self) -> None:
        reading = _read(telegram(title="震源に関する情報", event_id="1"), name="")
        assert (reading.topic, reading.ignored) == (None, NO_AREA)
        assert reading.alert is not None
        assert reading.alert.msg_type is MsgType.ALERT

    @pytest.mark.parametrize(
        ("source", "topic", "ignored"),
        [("jma.extra", None, TOO_LATE), ("jma.eqvol", None, TOO_LATE), ("jma.pushed", "alerts.emergency", None)],
    )
    def test_is_an_early_warning_by_a_feed_that_is_minutes_behind(
        self, source: str, topic: str | None, ignored: str | None
    ) -> None:
        reading = _read(telegram(title="緊急地震速報（警報）", event_id="1", serial="1"), name="", source=source)
        assert (reading.topic, reading.ignored) == (topic, ignored)


class TestWhatIsWrong:
    @pytest.mark.parametrize(
        "head",
        [{"reported": ""}, {"reported": "2026-09-01T20:30:00"}, {"sent": "just now"}, {"sent": ""}],
        ids=["no report time", "no offset", "no time", "no sending time"],
    )
    def test_without_its_times_it_is_refused(self, head: dict[str, str]) -> None:
        assert _refused(heavy_rain(ODAWARA, **head)) is Code.UNREADABLE_TIME

    @pytest.mark.parametrize("serial", ["two", "1234567", "-1", "²"])
    def test_a_serial_that_is_no_number_counts_as_none_and_it_is_said(self, serial: str) -> None:
        reading = _read(flood("30", serial=serial), name="")
        assert _codes(reading) == [Code.UNREADABLE_SERIAL]
        assert reading.alert is not None
        assert reading.alert.report == "time:20260901T113000Z"

    def test_long_texts_are_cut_and_it_is_said(self) -> None:
        reading = _read(heavy_rain(ODAWARA, headline="雨" * (HEADLINE_MAX + 1), office="台" * (NAME_MAX + 1)))
        assert _codes(reading) == [Code.TEXT_CUT, Code.TEXT_CUT]
        assert reading.alert is not None
        assert (len(reading.alert.headline), len(reading.alert.sender_name)) == (HEADLINE_MAX, NAME_MAX)

    def test_what_the_body_leaves_out_stands_beside_the_rest(self) -> None:
        assert _codes(_read(heavy_rain(ODAWARA, ("9999900", "03", "発表")))) == [Code.UNKNOWN_AREA]

    def test_a_body_that_cannot_be_read_is_refused(self) -> None:
        assert _refused(telegram(body="")) is Code.NOTHING_LISTED

    @pytest.mark.parametrize(
        ("body", "code"),
        [(b"", Code.NOT_WELL_FORMED), (b"<html/>", Code.UNKNOWN_ROOT), (b"<Report/>", Code.UNKNOWN_STATUS)],
    )
    def test_what_is_no_telegram_is_refused(self, body: bytes, code: Code) -> None:
        assert _refused(body) is code

    @given(st.binary(max_size=200))
    def test_no_bytes_break_it(self, body: bytes) -> None:
        assert _read(body).alert is None

    @given(st.integers(0, 1400), st.binary(max_size=12), st.integers(0, 12))
    def test_no_wound_of_a_telegram_breaks_it(self, at: int, wound: bytes, gap: int) -> None:
        whole = flood("30", "1420600")
        reading = _read(whole[:at] + wound + whole[at + gap :], name="")
        assert reading.alert is not None or reading.defects


class TestCopies:
    @given(
        code=st.sampled_from(["10", "03", "43", "33"]),
        status=st.sampled_from(["発表", "継続", "解除"]),
        control=st.sampled_from(["通常", "訓練", "試験"]),
        info_type=st.sampled_from(["発表", "訂正", "遅延", "取消"]),
    )
    def test_read_twice_and_by_two_routes_it_is_the_same(
        self, code: str, status: str, control: str, info_type: str
    ) -> None:
        body = heavy_rain(("1420600", code, status), status=control, info_type=info_type)
        by_feed = _read(body)
        assert by_feed == _read(body)
        assert by_feed == _read(body, source="jma.eqvol", url=f"file:///somewhere/{NAME}")


class TestTheCanary:
    def _canary(self, status: str = "試験") -> bytes:
        return telegram(title="半鐘動作確認", status=status, event_id="canary", serial="7", office="半鐘")

    def test_goes_the_emergencys_way_in_its_own_stream(self) -> None:
        reading = _read(self._canary(), name="20260901113005_0_HANSHO_canary.xml", source="canary")
        assert (reading.topic, reading.ignored) == ("alerts.emergency", None)
        assert reading.alert is not None
        assert (reading.alert.streams, reading.alert.status) == (("canary",), Status.TEST)
        assert (reading.alert.source, reading.alert.sender, reading.alert.lease) == ("canary", "canary", "")

    def test_is_only_a_test_by_its_own_feed(self) -> None:
        reading = _read(self._canary(), name="")
        assert (reading.topic, reading.ignored) == (None, NOT_READ)

    @pytest.mark.parametrize("status", ["通常", "訓練"])
    def test_nothing_but_a_test_may_come_by_its_feed(self, status: str) -> None:
        assert _refused(self._canary(status), name="", source="canary") is Code.CANARY_NOT_A_TEST
