from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.core.defect import Code, Defect
from services.ingest.core.feed import ADDRESS_MAX, ENTRIES_MAX, FEED_BYTES_MAX, TEXT_MAX, Feed, read_feed

URL = "http://feed.invalid/developer/xml/data/20260901113005_0_VPWW55_140000.xml"
ENTRY = f"""<entry><title>気象警報・注意報（Ｒ０６）（大雨）</title><id>{URL}</id><updated>2026-09-01T11:30:05Z</updated>
<author><name>横浜地方気象台</name></author><link type="application/xml" href="{URL}"/>
<content type="text">【神奈川県大雨警報】警戒してください。</content></entry>"""


def _feed(*entries: str, updated: str = "2026-09-01T20:31:00+09:00") -> bytes:
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><title>高頻度（随時）</title><updated>{updated}</updated>'
        f"<id>http://feed.invalid/extra.xml#short_1</id>{''.join(entries)}</feed>"
    ).encode()


def _read(*entries: str) -> Feed:
    feed = read_feed(_feed(*entries))
    assert isinstance(feed, Feed)
    return feed


def test_an_entry_is_its_address_title_time_office_and_headline() -> None:
    feed = _read(ENTRY)
    [entry] = feed.entries
    assert (feed.id, feed.title, feed.defects) == ("http://feed.invalid/extra.xml#short_1", "高頻度（随時）", ())
    assert (entry.id, entry.link, entry.title) == (URL, URL, "気象警報・注意報（Ｒ０６）（大雨）")
    assert (entry.author, entry.content) == ("横浜地方気象台", "【神奈川県大雨警報】警戒してください。")
    assert entry.updated_at == datetime(2026, 9, 1, 11, 30, 5, tzinfo=UTC)


def test_a_feed_says_itself_how_old_it_is() -> None:
    assert _read().updated_at == datetime(2026, 9, 1, 11, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("entry", "name", "link"),
    [
        (f"<entry><id>{URL}</id></entry>", URL, URL),
        (f'<entry><link href="{URL}"/></entry>', URL, URL),
        (f'<entry><id>urn:1</id><link rel="self" href="urn:2"/><link href="{URL}"/></entry>', "urn:1", URL),
        (f"<entry><id>{URL}</id><link/></entry>", URL, URL),
    ],
)
def test_id_and_link_stand_in_for_one_another(entry: str, name: str, link: str) -> None:
    [found] = _read(entry).entries
    assert (found.id, found.link) == (name, link)


def test_an_entry_without_its_time_is_as_new_as_its_feed_and_not_lost() -> None:
    feed = _read(f"<entry><id>{URL}</id><updated>lately</updated></entry>")
    assert [entry.updated_at for entry in feed.entries] == [feed.updated_at]


@pytest.mark.parametrize(
    "entry",
    ["<entry/>", f"<entry><id>{'x' * (ADDRESS_MAX + 1)}</id></entry>", "<entry><title>leads nowhere</title></entry>"],
)
def test_an_entry_that_leads_nowhere_is_left_out_and_named_the_others_stay(entry: str) -> None:
    feed = _read(entry, ENTRY)
    assert [defect.code for defect in feed.defects] == [Code.BROKEN_ENTRY]
    assert [found.id for found in feed.entries] == [URL]


def test_texts_are_bounded() -> None:
    [entry] = _read(f"<entry><id>{URL}</id><title>{'あ' * (TEXT_MAX + 1)}</title></entry>").entries
    assert len(entry.title) == TEXT_MAX


def test_of_too_many_entries_the_first_are_read_and_it_is_said() -> None:
    feed = _read(*["<entry><id>u</id></entry>"] * (ENTRIES_MAX + 1))
    assert len(feed.entries) == ENTRIES_MAX
    assert [defect.code for defect in feed.defects] == [Code.TOO_MANY_ENTRIES]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", Code.NOT_WELL_FORMED),
        (b"<rss/>", Code.UNKNOWN_ROOT),
        (_feed(updated=""), Code.NOT_A_FEED),
        (_feed(updated="2026-09-01T20:31:00"), Code.NOT_A_FEED),
        (b" " * (FEED_BYTES_MAX + 1), Code.TOO_LARGE),
    ],
    ids=["empty", "rss", "no time", "no offset", "huge"],
)
def test_what_is_no_feed_is_refused_with_its_code(body: bytes, code: Code) -> None:
    found = read_feed(body)
    assert isinstance(found, Defect)
    assert found.code is code


@given(st.binary(max_size=200), st.integers(0, 400))
def test_any_wound_of_a_feed_is_read_or_refused(wound: bytes, at: int) -> None:
    whole = _feed(ENTRY)
    assert isinstance(read_feed(whole[:at] + wound + whole[at + len(wound) :]), Feed | Defect)
