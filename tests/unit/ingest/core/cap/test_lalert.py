from __future__ import annotations

import pytest

from schemas.alert import MsgType, Severity, Status, Urgency
from services.ingest.core.cap.lalert import SORTS, read_lalert
from services.ingest.core.cap.message import Message, Named
from services.ingest.core.defect import Code, Defect
from tests.unit.ingest.core.cap.messages import parsed

AREA = "<Area><Location><areaName>{}</areaName><jisX0402>142069</jisX0402>{}</Location></Area>"
BLOCK = "<ooAzaTyouTyouMokuCode>142060001001</ooAzaTyouTyouMokuCode><circle>35.25,139.15,0</circle><polygon/><circle/>"
HEAD = (
    "<Head><Title>例示市 避難情報</Title><Headline><Text>避難してください（架空）</Text><Areas><Area><areaName>例示市</areaName>"
    "<jisX0402>142069</jisX0402></Area><Area/></Areas></Headline>{}</Head>"
)
ENVELOPE = {
    "senderID": "city.example",
    "dateTimeSent": "2026-09-01T20:00:00+09:00",
    "distributionStatus": "Actual",
    "distributionType": "Report",
}
CONTENT = {"documentRevision": "1", "documentID": "doc-1", "category": "EvacuationOrder"}


def _detail(sort: str = "避難指示", word: str = "発令", areas: str = "") -> str:
    places = areas or AREA.format("一丁目", BLOCK)
    return f"<Detail><Sort>{sort}</Sort><IssueOrLift>{word}</IssueOrLift><Areas>{places}</Areas></Detail>"


def _document(body: str = "", head: str = "", **changes: str) -> bytes:
    envelope = "".join(
        f"<{name}>{value}</{name}>" for name, value in {**ENVELOPE, **changes}.items() if name in ENVELOPE and value
    )
    content = "".join(
        f"<{name}>{value}</{name}>" for name, value in {**CONTENT, **changes}.items() if name in CONTENT and value
    )
    more = "".join(
        f"<{name}>{value}</{name}>" for name, value in changes.items() if name not in {**ENVELOPE, **CONTENT}
    )
    report = f"<Report>{HEAD.format(head)}<EvacuationOrder>{body or _detail()}</EvacuationOrder></Report>"
    return (
        f"<e:EDXLDistribution xmlns:e='urn:oasis:names:tc:emergency:EDXL:DE:1.0'>{envelope}"
        f"<contentObject>{report}{content}{more}</contentObject></e:EDXLDistribution>"
    ).encode()


def _read(body: str = "", head: str = "", **changes: str) -> Message:
    found = read_lalert(parsed(_document(body, head, **changes)))
    assert isinstance(found, tuple)
    return found[0]


def _codes(found: Message) -> list[Code]:
    return [one.code for one in found.defects]


class TestAnOrder:
    def test_says_what_is_written_in_it(self) -> None:
        found = _read()
        assert found.defects == ()
        assert (found.type, found.identifier, found.sender) == ("EvacuationOrder", "doc-1.1", "city.example")
        assert (found.status, found.msg_type, found.references) == (Status.ACTUAL, MsgType.ALERT, ())
        assert (found.title, found.headline) == ("例示市 避難情報", "避難してください（架空）")
        [block] = found.blocks
        assert (block.event, block.severity, block.urgency) == ("避難指示", Severity.SEVERE, Urgency.IMMEDIATE)
        assert block.parameters == (Named("keikaiLevel", "4"),)
        [area] = block.areas
        assert (area.name, area.geocodes, len(area.circles)) == (
            "一丁目",
            (Named("ooAzaTyouTyouMokuCode", "142060001001"),),
            1,
        )
        assert [(one.name, one.geocodes) for one in found.areas] == [("例示市", (Named("jisX0402", "142069"),))]

    def test_a_lift_is_over_and_has_its_name(self) -> None:
        [block] = _read(_detail(word="解除")).blocks
        assert (block.event, block.responses, block.urgency) == ("避難指示解除", ("AllClear",), Urgency.PAST)

    @pytest.mark.parametrize(
        ("written", "level"),
        [
            ("緊急安全確保", "5"),
            ("高齢者等避難", "3"),
            ("【警戒レベル４】避難指示", "4"),
            ("避難勧告", None),
            ("避難準備", None),
        ],
    )
    def test_its_level_is_that_of_todays_law(self, written: str, level: str | None) -> None:
        [block] = _read(_detail(written)).blocks
        assert [one.value for one in block.parameters] == ([level] if level else [])

    def test_the_elderly_have_a_little_time(self) -> None:
        assert _read(_detail("高齢者等避難")).blocks[0].urgency is Urgency.EXPECTED

    def test_words_that_are_not_known_are_said_and_told(self) -> None:
        found = _read(_detail("立入禁止", "検討"))
        assert _codes(found) == [Code.UNKNOWN_SORT, Code.UNKNOWN_STATE]
        assert (found.blocks[0].event, found.blocks[0].responses) == ("立入禁止", ())
        assert _read(_detail("")).blocks[0].event == "避難情報"

    def test_an_area_may_name_itself(self) -> None:
        bare = "<Area><areaName>二丁目</areaName><jisX0402>142069</jisX0402></Area>"
        assert [one.name for one in _read(_detail(areas=bare)).blocks[0].areas] == ["二丁目"]

    def test_without_areas_it_means_those_of_the_headline(self) -> None:
        assert _read(_detail(areas="<x/>")).blocks[0].areas[0].name == "例示市"

    def test_that_says_nothing_is_said(self) -> None:
        found = _read("<x/>")
        assert (_codes(found), found.blocks) == ([Code.CAP_ELEMENT], ())

    def test_its_end(self) -> None:
        expires = _read(head="<ValidDateTime>2026-09-02T20:00:00+09:00</ValidDateTime>").blocks[0].expires
        assert expires is not None
        assert expires.day == 2
        found = _read(head="<ValidDateTime>later</ValidDateTime>")
        assert (_codes(found), found.blocks[0].expires) == ([Code.CAP_TIME], None)

    def test_every_sort_has_a_severity(self) -> None:
        assert Severity.UNKNOWN not in {severity for _, severity in SORTS.values()}


class TestShelters:
    BODY = "".join(
        f"<Information><Location><areaName>{name}</areaName><jisX0402>142069</jisX0402></Location><Sort>{sort}</Sort></Information>"
        for name, sort in (("第一小学校", "開設"), ("第二小学校", "閉鎖"), ("公民館", "開設"))
    )

    def test_that_are_open_and_that_are_not(self) -> None:
        found = _read(f"<Shelter>{self.BODY}</Shelter>", category="Shelter")
        assert [(one.event, one.responses, [area.name for area in one.areas]) for one in found.blocks] == [
            ("避難所開設", (), ["第一小学校", "公民館"]),
            ("避難所閉鎖", ("AllClear",), ["第二小学校"]),
        ]

    def test_one_without_a_name_or_code_is_none(self) -> None:
        found = _read("<Information><Location/><Sort>開設</Sort></Information>", category="Shelter")
        assert found.blocks == ()


class TestWhichItIs:
    def test_the_next_revision_takes_the_place_of_those_before(self) -> None:
        found = _read(documentRevision="3", distributionType="Update")
        assert (found.msg_type, [one.identifier for one in found.references]) == (
            MsgType.UPDATE,
            ["doc-1.1", "doc-1.2"],
        )
        assert _read(documentRevision="2").msg_type is MsgType.UPDATE
        assert len(_read(documentRevision="100").references) == 20

    @pytest.mark.parametrize(
        ("written", "kind"), [("Cancel", MsgType.CANCEL), ("Ack", MsgType.ACK), ("", MsgType.ALERT)]
    )
    def test_its_type(self, written: str, kind: MsgType) -> None:
        assert _read(distributionType=written).msg_type is kind

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"documentID": ""}, Code.LALERT_DOCUMENT),
            ({"documentID": "x" * 401}, Code.LALERT_DOCUMENT),
            ({"documentRevision": ""}, Code.LALERT_DOCUMENT),
            ({"documentRevision": "-1"}, Code.LALERT_DOCUMENT),
            ({"documentRevision": "9" * 30}, Code.LALERT_DOCUMENT),
            ({"dateTimeSent": "soon"}, Code.CAP_IDENTITY),
            ({"distributionStatus": "Real"}, Code.CAP_STATUS),
            ({"distributionType": "Whatever"}, Code.CAP_STATUS),
            ({"distributionType": ""}, Code.CAP_ELEMENT),
            ({"senderID": ""}, Code.CAP_ELEMENT),
        ],
    )
    def test_what_is_wrong_is_said(self, changes: dict[str, str], code: Code) -> None:
        found = _read(**changes)
        assert _codes(found) == [code]
        assert found.identifier == ("" if code is Code.LALERT_DOCUMENT else "doc-1.1")

    def test_two_words_for_its_status_are_none(self) -> None:
        inner = "<Control><distributionStatus>Test</distributionStatus></Control>"
        found = read_lalert(parsed(_document().replace(b"<Report>", f"<Report>{inner}".encode())))
        assert isinstance(found, tuple)
        assert (found[0].status, _codes(found[0])) == (None, [Code.CAP_STATUS])

    def test_its_sender_is_the_office_where_none_is_named(self) -> None:
        assert _read(senderID="", publishingOfficeID="142069").sender == "142069"

    @pytest.mark.parametrize("written", ["", "避難情報"])
    def test_its_category_is_that_of_its_body_where_the_word_is_another(self, written: str) -> None:
        found = _read(category=written)
        assert (found.type, found.is_unread, len(found.blocks)) == ("EvacuationOrder", False, 1)

    def test_other_categories_are_known_and_not_read(self) -> None:
        found = read_lalert(parsed(_document(category="Event").replace(b"EvacuationOrder>", b"Event>")))[0]  # type: ignore[index]
        assert (found.is_unread, found.blocks, len(found.areas)) == (True, (), 1)


def test_in_soap_it_is_the_same() -> None:
    soap = (
        b"<s:Envelope xmlns:s='urn:s'><s:Body><publish><message>"
        + _document()
        + b"</message></publish></s:Body></s:Envelope>"
    )
    assert read_lalert(parsed(soap)) == read_lalert(parsed(_document()))


def test_without_a_content_object_there_is_none() -> None:
    found = read_lalert(parsed(b"<Envelope/>"))
    assert isinstance(found, Defect)
    assert found.code is Code.NO_CAP
