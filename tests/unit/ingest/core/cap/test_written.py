from __future__ import annotations

from datetime import timedelta
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.alert import Category, MsgType, Scope, Severity, Status
from services.ingest.core.cap import written
from services.ingest.core.cap.message import Message, Named
from services.ingest.core.cap.written import moment, read_alert
from services.ingest.core.defect import Code
from tests.unit.ingest.core.cap.messages import alert, area, info, message, parsed


def _codes(found: Message) -> set[Code]:
    return {one.code for one in found.defects}


class TestAWholeMessage:
    def test_says_what_is_written_in_it(self) -> None:
        found = message(info())
        assert found.defects == ()
        assert (found.identifier, found.sender, found.status) == ("a1", "city.example", Status.ACTUAL)
        assert (found.msg_type, found.scope) == (MsgType.ALERT, Scope.PUBLIC)
        [block] = found.blocks
        assert (block.category, block.severity, block.event) == (Category.MET, Severity.SEVERE, "避難指示")
        assert block.areas[0].geocodes == (Named("JISX0402", "142069"),)

    def test_its_time_keeps_its_offset(self) -> None:
        sent = message(info()).sent
        assert sent is not None
        assert sent.utcoffset() == timedelta(hours=9)


class TestIdentity:
    @pytest.mark.parametrize("tag", ["identifier", "sender"])
    def test_none_or_one_that_is_too_long_is_said(self, tag: str) -> None:
        assert Code.CAP_IDENTITY in _codes(message(info(), **{tag: ""}))
        found = message(info(), **{tag: "x" * 401})
        assert Code.CAP_IDENTITY in _codes(found)
        assert getattr(found, tag) == ""

    def test_what_no_reference_can_name_is_said_and_kept(self) -> None:
        found = message(info(), identifier="a, b")
        assert (_codes(found), found.identifier) == ({Code.CAP_REFERENCES}, "a, b")

    def test_a_time_that_is_none(self) -> None:
        found = message(info(), sent="soon")
        assert (_codes(found), found.sent) == ({Code.CAP_IDENTITY}, None)


class TestWords:
    def test_any_case_will_do(self) -> None:
        assert message(info(), status="ACTUAL").status is Status.ACTUAL

    @pytest.mark.parametrize("tag", ["status", "msgType", "scope"])
    def test_an_unknown_word_of_the_message_is_none(self, tag: str) -> None:
        for word in ("", "Whatever"):
            found = message(info(), **{tag: word})
            assert Code.CAP_STATUS in _codes(found)
            assert None in {found.status, found.msg_type, found.scope}

    @pytest.mark.parametrize("tag", ["category", "urgency", "severity", "certainty"])
    def test_an_unknown_word_of_an_info_is_unknown(self, tag: str) -> None:
        found = message(info(**{tag: "Dreadful"}))
        assert _codes(found) == {Code.CAP_ENUM}
        assert getattr(found.blocks[0], tag) in {Category.OTHER, "Unknown"}


class TestOrder:
    def test_another_order_is_said(self) -> None:
        assert _codes(_turned()) == {Code.CAP_ORDER}

    def test_json_has_none(self) -> None:
        root = _root_turned()
        assert Code.CAP_ORDER not in _codes(read_alert(root, is_ordered=False))


def _root_turned() -> Element:
    root = parsed(alert(info()))
    first = root[0]
    root.remove(first)
    root.append(first)
    return root


def _turned() -> Message:
    return read_alert(_root_turned())


class TestReferences:
    def _of(self, references: str, msg_type: str = "Update") -> tuple[list[str], int]:
        found = message(info(), msgType=msg_type, tail=f"<references>{references}</references>")
        return [str(one) for one in found.references], len(
            [one for one in found.defects if one.code is Code.CAP_REFERENCES]
        )

    def test_each_once(self) -> None:
        assert self._of("s,a,2026 s,b,2026\n s,a,2026") == (["s,a,2026", "s,b,2026"], 0)

    def test_joined_by_commas(self) -> None:
        assert self._of("s,a,2026,s,b,2026") == (["s,a,2026", "s,b,2026"], 1)

    def test_several_identifiers_in_one(self) -> None:
        assert self._of("s,a b,2026") == (["s,a,2026", "s,b,2026"], 1)

    @pytest.mark.parametrize("references", ["a", "a,b", "a,b,c,d", ",,", "s,a,2026 b"])
    def test_what_is_none_is_said(self, references: str) -> None:
        found, defects = self._of(references)
        assert found in ([], ["s,a,2026"])
        assert defects >= 1

    @pytest.mark.parametrize(("msg_type", "defects"), [("Update", 1), ("Cancel", 1), ("Alert", 0)])
    def test_none_where_there_should_be_some(self, msg_type: str, defects: int) -> None:
        assert self._of("", msg_type) == ([], defects)

    def test_an_alert_that_names_others_is_said(self) -> None:
        assert self._of("s,a,2026", "Alert") == (["s,a,2026"], 1)

    def test_itself(self) -> None:
        assert self._of("city.example,a1,2026") == (["city.example,a1,2026"], 1)

    def test_too_many(self) -> None:
        found, defects = self._of(" ".join(f"s,{number},2026" for number in range(201)))
        assert (len(found), defects) == (200, 1)


class TestInfos:
    def test_what_it_lacks_is_said(self) -> None:
        assert _codes(message(info(event=""))) == {Code.CAP_ELEMENT}
        assert _codes(message(info(areas=""))) == {Code.CAP_NO_AREA}
        assert _codes(message(info(areas=area("")))) == {Code.CAP_ELEMENT}

    def test_a_time_that_is_none_counts_as_not_stated(self) -> None:
        found = message(info(tail="<expires>later</expires>"))
        assert (_codes(found), found.blocks[0].expires) == ({Code.CAP_TIME}, None)

    @pytest.mark.parametrize(
        ("tail", "day"),
        [
            ("<expires>2026-09-02T03:00:00+09:00</expires>", 2),
            ("<expires>2026-09-02T03:00:00+09:00</expires><ends>2026-09-03T03:00:00+09:00</ends>", 3),
            (
                (
                    "<expires>2026-09-02T03:00:00+09:00</expires><parameter><valueName>eventEndingTime</valueName>"
                    "<value>2026-09-04T03:00:00+09:00</value></parameter>"
                ),
                4,
            ),
            (
                (
                    "<expires>2026-09-02T03:00:00+09:00</expires><parameter><valueName>eventEndingTime</valueName>"
                    "<value>?</value></parameter>"
                ),
                2,
            ),
        ],
    )
    def test_it_ends_when_the_hazard_does(self, tail: str, day: int) -> None:
        expires = message(info(tail=tail)).blocks[0].expires
        assert expires is not None
        assert expires.day == day

    def test_long_texts_are_cut(self) -> None:
        found = message(info(tail=f"<headline>{'x' * 2001}</headline>"))
        assert (_codes(found), len(found.blocks[0].headline)) == ({Code.TEXT_CUT}, 2000)

    def test_cap_1_0_writes_names_and_values_as_one(self) -> None:
        found = message(info(areas=area(inside="<geocode>FIPS = 06 </geocode><geocode>x</geocode><geocode/>")))
        assert found.blocks[0].areas[0].geocodes == (Named("FIPS", "06"),)

    def test_of_too_many_areas_the_rest_is_left_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(written, "AREAS_MAX", 3)
        found = message(info(areas=area() * 2), info(areas=area() * 2))
        assert _codes(found) == {Code.TOO_MANY_AREAS}
        assert [len(block.areas) for block in found.blocks] == [2, 1]

    def test_geometry_is_read_and_what_is_wrong_with_it_said(self) -> None:
        shapes = "<polygon>35,139 36,139 36,140</polygon><polygon>x</polygon><circle>35,139 1</circle><circle/><circle>x</circle>"
        found = message(info(areas=area(inside=shapes)))
        [one] = found.blocks[0].areas
        assert (len(one.rings), len(one.circles)) == (1, 1)
        assert _codes(found) == {Code.CAP_GEOMETRY}


class TestMoment:
    @pytest.mark.parametrize(
        "text",
        [
            "2026-09-01T11:00:00Z",
            "2026-09-01T11:00:00-00:00",
            "2026-09-01T20:00:00+09:00",
            "Tue, 01 Sep 2026 11:00:00 GMT",
        ],
    )
    def test_as_it_may_be_written(self, text: str) -> None:
        at = moment(text)
        assert at is not None
        assert at.timestamp() == 1_788_260_400

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "soon",
            "2026-09-01T11:00:00",
            "date:now -1 hour",
            "0001-01-01T00:00:00+09:00",
            "上午 10:00",
            "Tue, 01 Sep 2026 11:00:00",
        ],
    )
    def test_none_that_does_not_say_when_and_where(self, text: str) -> None:
        assert moment(text) is None

    @given(st.text(max_size=40))
    def test_nothing_is_raised(self, text: str) -> None:
        assert moment(text) is None or moment(text) is not None
