from __future__ import annotations

from datetime import timedelta
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.core.defect import Code, Defect
from services.ingest.core.xml import (
    DEPTH_MAX,
    NAMED_MAX,
    child,
    local,
    named,
    read_xml,
    span_of,
    text,
    time_of,
    token,
)


def _read(body: bytes | str) -> Element | Defect:
    return read_xml(body.encode() if isinstance(body, str) else body, roots=("a", "Report"))


def _code(body: bytes | str) -> Code | None:
    found = _read(body)
    return found.code if isinstance(found, Defect) else None


class TestReading:
    def test_names_lose_their_namespace(self) -> None:
        root = _read('<a xmlns="urn:x" xmlns:y="urn:y"><y:b kind="k">text</y:b></a>')
        assert isinstance(root, Element)
        assert (root.tag, root[0].tag, root[0].get("kind"), root[0].text) == ("a", "b", "k", "text")

    @pytest.mark.parametrize(
        "body",
        [
            "<a/>".encode("utf-8-sig"),
            "<?xml version='1.0' encoding='UTF-8'?><a>大雨</a>".encode(),
            "<?xml version='1.0' encoding='ISO-8859-1'?><a>caf\u00e9</a>".encode("latin-1"),
            "<?xml version='1.0' encoding='UTF-16'?><a>大雨</a>".encode("utf-16"),
        ],
        ids=["bom", "utf-8", "latin-1", "utf-16"],
    )
    def test_an_encoding_that_says_what_it_is_can_be_read(self, body: bytes) -> None:
        assert _code(body) is None

    def test_a_document_at_every_limit_is_read(self) -> None:
        assert _code("<a>" * DEPTH_MAX + "</a>" * DEPTH_MAX) is None
        assert isinstance(read_xml(b"<a><b/><b/></a>", roots=("a",), elements_max=3), Element)


class TestRefusing:
    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (b"", Code.NOT_WELL_FORMED),
            ("<a>", Code.NOT_WELL_FORMED),
            ("<a></b>", Code.NOT_WELL_FORMED),
            ("<a>&nowhere;</a>", Code.NOT_WELL_FORMED),
            ('{"not": "xml"}', Code.NOT_WELL_FORMED),
            ("<a>大".encode()[:-1], Code.NOT_WELL_FORMED),
            ("<html></html>", Code.UNKNOWN_ROOT),
            ("<a>大雨</a>".encode("shift_jis"), Code.WRONG_ENCODING),
            ("<?xml version='1.0' encoding='Shift_JIS'?><a>大雨</a>".encode("shift_jis"), Code.WRONG_ENCODING),
            ("<?xml version='1.0' encoding='no-such'?><a/>", Code.WRONG_ENCODING),
            ("<?xml version='1.0' encoding='UTF-8'?><a/>".encode("utf-16"), Code.WRONG_ENCODING),
            ("<!DOCTYPE a><a/>", Code.DTD_FORBIDDEN),
            ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', Code.DTD_FORBIDDEN),
            ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', Code.DTD_FORBIDDEN),
            ("<a>" * (DEPTH_MAX + 1) + "</a>" * (DEPTH_MAX + 1), Code.TOO_DEEP),
        ],
    )
    def test_what_is_no_telegram_is_refused_with_its_code(self, body: bytes | str, code: Code) -> None:
        assert _code(body) is code

    def test_more_bytes_than_allowed_are_refused_unread(self) -> None:
        found = read_xml(b"<a/>" * 2, roots=("a",), bytes_max=7)
        assert isinstance(found, Defect)
        assert (found.code, found.reason) == (Code.TOO_LARGE, "8 bytes, more than 7")

    def test_more_elements_than_allowed_are_refused(self) -> None:
        found = read_xml(b"<a><b/><b/></a>", roots=("a",), elements_max=2)
        assert isinstance(found, Defect)
        assert (found.code, found.reason) == (Code.TOO_DEEP, "more than 2 elements")

    def test_an_unknown_root_is_named_and_so_is_what_was_expected(self) -> None:
        found = _read("<html/>")
        assert isinstance(found, Defect)
        assert found.reason == "the root is 'html', not Report or a"

    @given(st.binary(max_size=300))
    def test_any_bytes_are_read_or_refused(self, body: bytes) -> None:
        assert isinstance(_read(body), Element | Defect)

    @given(st.integers(0, 80), st.binary(max_size=4))
    def test_a_telegram_with_any_wound_is_read_or_refused(self, at: int, wound: bytes) -> None:
        whole = '<?xml version="1.0" encoding="UTF-8"?><Report><Control>大雨</Control></Report>'.encode()
        assert isinstance(_read(whole[:at] + wound + whole[at + len(wound) :]), Element | Defect)


class TestLooking:
    ROOT = _read("<a><b><c> ３３ </c></b><d/></a>")

    def test_a_path_leads_to_its_end_or_to_nothing(self) -> None:
        assert isinstance(self.ROOT, Element)
        found = child(self.ROOT, "b", "c")
        assert found is not None
        assert found.tag == "c"
        assert child(self.ROOT, "x", "c") is None
        assert child(None) is None

    def test_text_comes_without_the_space_around_it(self) -> None:
        assert isinstance(self.ROOT, Element)
        assert (text(self.ROOT, "b", "c"), text(self.ROOT, "d"), text(self.ROOT, "x")) == ("３３", "", "")

    def test_full_width_digits_of_a_code_become_plain_ones(self) -> None:
        assert isinstance(self.ROOT, Element)
        assert token(self.ROOT, "b", "c") == "33"

    def test_a_name_loses_its_namespace(self) -> None:
        assert (local("{urn:x}b"), local("b")) == ("b", "b")

    def test_a_reason_repeats_a_long_text_only_in_part(self) -> None:
        assert (named("大雨"), named("あ" * (NAMED_MAX + 1))) == ("'大雨'", f"'{'あ' * NAMED_MAX}…'")


class TestTimes:
    @pytest.mark.parametrize("written", ["2026-09-01T20:30:00+09:00", "2026-09-01T11:30:00Z"])
    def test_a_time_with_its_offset_is_read_as_utc(self, written: str) -> None:
        at = time_of(written)
        assert at is not None
        assert at.isoformat() == "2026-09-01T11:30:00+00:00"

    @pytest.mark.parametrize(
        "written", ["", "soon", "2026-09-01T20:30:00", "0001-01-01T00:00:00+09:00", "9999-12-31T23:59:59+09:00"]
    )
    def test_a_time_that_does_not_say_where_or_cannot_be_is_none(self, written: str) -> None:
        assert time_of(written) is None


@pytest.mark.parametrize(
    ("written", "hours"),
    [("PT6H", 6), ("P1D", 24), ("P2DT18H", 66), ("PT90M", 1.5), ("", None), ("P", None), ("PT", None), ("6H", None)],
)
def test_a_duration_is_read_as_telegrams_write_it(written: str, hours: float | None) -> None:
    assert span_of(written) == (None if hours is None else timedelta(hours=hours))
