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

    def test_before_that_law_the_same_words_had_no_level_but_one_that_is_written_counts(self) -> None:
        def level(sort: str) -> list[str]:
            [block] = _read(_detail(sort), dateTimeSent="2021-05-19T23:59:59+09:00").blocks
            return [one.value for one in block.parameters]

        assert (level("避難指示"), level("【警戒レベル４】避難指示")) == ([], ["4"])

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

    def test_what_separates_the_parts_of_a_reference_is_taken_out_of_a_name(self) -> None:
        found = _read(documentID="a, b", senderID="x,y", documentRevision="2")
        assert (found.sender, found.identifier) == ("x_y", "a_b.2")
        assert [str(one) for one in found.references] == ["x_y,a_b.1,"]

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
        assert (found.is_unread, found.blocks) == (True, ())
        assert [one.name for one in found.areas] == ["例示市", "一丁目"], "every area that it names, the body's too"


class TestWhoseWordItIs:
    @staticmethod
    def by(control: str, **changes: str) -> str:
        document = _document(**changes).replace(b"<Report>", f"<Report><Control>{control}</Control>".encode())
        found = read_lalert(parsed(document))
        assert isinstance(found, tuple)
        return found[0].blocks[0].sender_name

    @staticmethod
    def office(code: str, name: str) -> str:
        return f"<OrganizationCode>{code}</OrganizationCode><OrganizationName>{name}</OrganizationName>"

    def test_is_the_municipality_s_although_a_prefecture_sends_it_on(self) -> None:
        editor = f"<EditorialOffice>{self.office('140007', '神奈川県')}</EditorialOffice>"
        info = f"<OfficeInfo>{self.office('142069', '小田原市')}</OfficeInfo>"
        both = f"{editor}<PublishingOffice>{info}</PublishingOffice>"
        assert self.by(both, publishingOfficeName="神奈川県") == "小田原市"
        assert self.by(f"<EditorialOffice>{self.office('142069', '小田原市')}</EditorialOffice>") == "小田原市"

    def test_its_code_is_that_of_the_municipality(self) -> None:
        offices = self.office("140007", "神奈川県"), self.office("142069", "小田原市")
        control = "".join(f"<Control><EditorialOffice>{one}</EditorialOffice></Control>" for one in offices)
        found = read_lalert(parsed(_document().replace(b"<Report>", f"<Report>{control}".encode())))
        assert isinstance(found, tuple)
        assert (found[0].issuer, _read().issuer) == ("142069", "")

    def test_else_who_is_named_else_the_area(self) -> None:
        prefecture = f"<EditorialOffice>{self.office('140007', '神奈川県')}</EditorialOffice>"
        assert (self.by(prefecture, publishingOfficeName="県庁"), self.by(prefecture)) == ("県庁", "神奈川県")
        assert self.by("") == "例示市"
        assert self.by(f"<EditorialOffice>{self.office('142069', '')}</EditorialOffice>") == "例示市"


class TestABareReport:
    REPORT = (
        "<Report xmlns='http://xml.publiccommons.ne.jp/pcxml1/4'><Control><Title>EvacuationOrder</Title>"
        "<distributionStatus>{}</distributionStatus><EditorialOffice><OrganizationCode>142069</OrganizationCode>"
        "<OrganizationName>例示市</OrganizationName></EditorialOffice></Control><Head><Title>例示市 避難情報</Title>"
        "<CreateDateTime>2026-09-01T20:00:00+09:00</CreateDateTime><documentID>doc-1</documentID>"
        "<documentRevision>2</documentRevision><Headline><Text>避難してください</Text></Headline></Head>{}</Report>"
    )

    def test_says_the_same_without_an_envelope(self) -> None:
        document = self.REPORT.format("Actual", f"<EvacuationOrder>{_detail()}</EvacuationOrder>").encode()
        found = read_lalert(parsed(document))
        assert isinstance(found, tuple)
        [message] = found
        assert message.defects == ()
        assert (message.identifier, message.sender, message.msg_type) == ("doc-1.2", "142069", MsgType.UPDATE)
        assert (message.status, message.blocks[0].event) == (Status.ACTUAL, "避難指示")

    def test_is_a_test_by_its_own_word(self) -> None:
        found = read_lalert(parsed(self.REPORT.format("Test", "").encode()))
        assert isinstance(found, tuple)
        assert found[0].status is Status.TEST


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
