"""The shelf and its feeds: newest first, short and long, limits, times that tell one change from the next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedserver.core.feeds import ATOM_NS, FEEDS, TELEGRAMS_MAX, Feed, Shelf, empty_shelf, feed_document
from services.feedserver.core.published import Published
from tests.unit.feedserver.core.little_storm import document

OPENED_AT = datetime(2026, 11, 24, 21, 0, 0, 250_000, tzinfo=UTC)
BASE = "http://127.0.0.1:8000"
EXTRA = FEEDS["/developer/xml/feed/extra.xml"]
EXTRA_L = FEEDS["/developer/xml/feed/extra_l.xml"]
EQVOL = FEEDS["/developer/xml/feed/eqvol.xml"]
NS = {"a": ATOM_NS}


def telegram(number: int, at_s: float, topic: str = "extra") -> Published:
    return Published(
        at=OPENED_AT + timedelta(seconds=at_s),
        topic=topic,
        path=f"/developer/xml/data/{number}.xml",
        body=b"<x/>",
        title=f"title {number}",
        author="office",
        content="a < b & c",
    )


def listed(shelf: Shelf, feed: Feed) -> list[str]:
    return [published.title for published in shelf.entries(feed)]


def test_there_are_jmas_feeds_and_the_canarys() -> None:
    names = [path.removeprefix("/developer/xml/feed/") for path in FEEDS]
    assert names == ["extra.xml", "extra_l.xml", "eqvol.xml", "eqvol_l.xml", "canary.xml"]


def test_a_feed_lists_its_topic_newest_first() -> None:
    shelf = empty_shelf(OPENED_AT).with_published([telegram(1, 0), telegram(2, 1), telegram(3, 1, "eqvol")])
    assert listed(shelf, EXTRA) == ["title 2", "title 1"]
    assert listed(shelf, EQVOL) == ["title 3"]


def test_a_short_feed_holds_the_ten_minutes_before_its_newest_entry_and_the_long_one_all() -> None:
    shelf = empty_shelf(OPENED_AT).with_published([telegram(1, 0), telegram(2, 1), telegram(3, 601)])
    assert listed(shelf, EXTRA) == ["title 3", "title 2"]
    assert listed(shelf, EXTRA_L) == ["title 3", "title 2", "title 1"]


def test_the_oldest_telegram_goes_when_the_shelf_is_full() -> None:
    shelf = empty_shelf(OPENED_AT).with_published([telegram(n, n) for n in range(TELEGRAMS_MAX + 1)])
    assert len(listed(shelf, EXTRA_L)) == TELEGRAMS_MAX
    assert shelf.telegram("/developer/xml/data/0.xml") is None
    assert shelf.telegram("/developer/xml/data/1.xml") == telegram(1, 1)


def test_publishing_leaves_the_shelf_before_as_it_was() -> None:
    before = empty_shelf(OPENED_AT)
    before.with_published([telegram(1, 0)])
    assert listed(before, EXTRA) == []


def test_a_topic_changes_alone() -> None:
    shelf = empty_shelf(OPENED_AT).with_published([telegram(1, 30)])
    assert shelf.modified_at(EXTRA) == OPENED_AT.replace(microsecond=0) + timedelta(seconds=30)
    assert shelf.modified_at(EQVOL) == OPENED_AT.replace(microsecond=0)


@given(st.lists(st.floats(min_value=-2, max_value=2), min_size=1, max_size=12))
def test_every_change_has_a_later_whole_second_even_when_the_clock_goes_back(gaps_s: list[float]) -> None:
    shelf = empty_shelf(OPENED_AT)
    seen = [shelf.modified_at(EXTRA)]
    at_s = 0.0
    for number, gap_s in enumerate(gaps_s):
        at_s += gap_s
        shelf = shelf.with_published([telegram(number, at_s)])
        seen.append(shelf.modified_at(EXTRA))
    assert sorted(set(seen)) == seen
    assert all(at.microsecond == 0 for at in seen)


def test_an_entry_is_written_as_jma_writes_it() -> None:
    root = document(feed_document(empty_shelf(OPENED_AT).with_published([telegram(1, 5)]), EXTRA, BASE))
    entry = root.find("a:entry", NS)
    link = root.find("a:entry/a:link", NS)
    assert entry is not None
    assert link is not None
    assert entry.findtext("a:title", None, NS) == "title 1"
    assert entry.findtext("a:id", None, NS) == link.attrib["href"] == f"{BASE}/developer/xml/data/1.xml"
    assert entry.findtext("a:updated", None, NS) == "2026-11-24T21:00:05Z"
    assert entry.findtext("a:author/a:name", None, NS) == "office"
    assert entry.findtext("a:content", None, NS) == "a < b & c"


@pytest.mark.parametrize(("feed", "mark"), [(EXTRA, "short"), (EXTRA_L, "long")])
def test_a_feed_says_when_it_changed_in_japanese_time(feed: Feed, mark: str) -> None:
    root = document(feed_document(empty_shelf(OPENED_AT).with_published([telegram(1, 5)]), feed, BASE))
    assert root.findtext("a:updated", None, NS) == "2026-11-25T06:00:05+09:00"
    assert root.findtext("a:id", None, NS) == f"{BASE}/developer/xml/feed/extra.xml#{mark}_1795554005"
    assert root.findtext("a:title", None, NS) == feed.title


def test_an_empty_feed_says_since_when_it_is_there() -> None:
    root = document(feed_document(empty_shelf(OPENED_AT), EXTRA, BASE))
    assert root.findtext("a:updated", None, NS) == "2026-11-25T06:00:00+09:00"
    assert root.findall("a:entry", NS) == []
