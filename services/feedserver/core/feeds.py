"""The shelf of published telegrams, and the Atom feeds over it, written as JMA writes them."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.feedserver.core.published import Published
from services.feedserver.core.telegrams import JST, child, written

ATOM_NS = "http://www.w3.org/2005/Atom"
FEED_PATH = "/developer/xml/feed/"
TELEGRAMS_MAX = 1_000
"""Telegrams kept of each topic; the oldest goes (its address answers 404), about 20 MB for warnings of a prefecture."""
SHORT_AGE = timedelta(minutes=10)
"""A high-frequency feed holds the last ten minutes, counted back from its newest entry, as JMA promises."""
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One feed of the shelf: the high-frequency one of a topic, or the long one."""

    topic: str
    title: str
    long: bool = False

    @property
    def path(self) -> str:
        """Where the feed lies."""
        return f"{FEED_PATH}{self.topic}{'_l' if self.long else ''}.xml"


FEEDS: Mapping[str, Feed] = {
    feed.path: feed
    for feed in (
        Feed(topic="extra", title="高頻度（随時）"),
        Feed(topic="extra", title="長期（随時）", long=True),
        Feed(topic="eqvol", title="高頻度（地震火山）"),
        Feed(topic="eqvol", title="長期（地震火山）", long=True),
        Feed(topic="canary", title="高頻度（動作確認）"),
    )
}
"""All feeds by path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """All that is published, oldest first in each topic. Publishing gives a new shelf; `opened_at` is aware."""

    opened_at: datetime
    topics: Mapping[str, tuple[Published, ...]]
    changed_at: Mapping[str, datetime]
    """When a topic last changed, in whole seconds, later for each change: it serves as Last-Modified."""

    def entries(self, feed: Feed) -> tuple[Published, ...]:
        """What the feed lists, newest first."""
        kept = self.topics.get(feed.topic, ())[::-1]
        if feed.long or not kept:
            return kept
        return tuple(published for published in kept if kept[0].at - published.at <= SHORT_AGE)

    def modified_at(self, feed: Feed) -> datetime:
        """When the feed last changed, in whole seconds."""
        return self.changed_at.get(feed.topic, self.opened_at)

    def telegram(self, path: str) -> Published | None:
        """The telegram at this address, None when there is none, or none any more."""
        return next((item for kept in self.topics.values() for item in kept if item.path == path), None)

    def with_published(self, items: Sequence[Published]) -> Shelf:
        """The shelf with these telegrams put on it together: a reader sees all of them or none."""
        topics = dict(self.topics)
        changed_at = dict(self.changed_at)
        for topic in sorted({item.topic for item in items}):
            added = tuple(item for item in items if item.topic == topic)
            topics[topic] = (topics.get(topic, ()) + added)[-TELEGRAMS_MAX:]
            at = added[-1].at.replace(microsecond=0)
            changed_at[topic] = max(at, changed_at.get(topic, self.opened_at) + SECOND)
        return Shelf(opened_at=self.opened_at, topics=topics, changed_at=changed_at)


def empty_shelf(opened_at: datetime) -> Shelf:
    """A shelf with nothing on it."""
    return Shelf(opened_at=opened_at.replace(microsecond=0), topics={}, changed_at={})


def feed_document(shelf: Shelf, feed: Feed, base_url: str) -> bytes:
    """The feed as Atom, UTF-8; `base_url` makes its links absolute."""
    entries = shelf.entries(feed)
    updated_at = entries[0].at if entries else shelf.opened_at
    own = f"{base_url}{FEED_PATH}{feed.topic}.xml"
    root = ET.Element("feed", {"xmlns": ATOM_NS, "lang": "ja"})
    child(root, "title", feed.title)
    child(root, "subtitle", "Hansho feed server: drills and canary, nothing real")
    child(root, "updated", f"{updated_at.astimezone(JST):%Y-%m-%dT%H:%M:%S}+09:00")
    child(root, "id", f"{own}#{'long' if feed.long else 'short'}_{int(updated_at.timestamp())}")
    child(root, "link", rel="self", href=own)
    child(root, "rights", "訓練または動作確認のための架空の電文です。気象庁の発表ではありません。", type="html")
    for published in entries:
        _entry(root, published, base_url)
    ET.indent(root, space="  ")
    return written(root)


def _entry(root: ET.Element, published: Published, base_url: str) -> None:
    address = f"{base_url}{published.path}"
    entry = child(root, "entry")
    child(entry, "title", published.title)
    child(entry, "id", address)
    child(entry, "updated", f"{published.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    child(child(entry, "author"), "name", published.author)
    child(entry, "link", type="application/xml", href=address)
    child(entry, "content", published.content, type="text")
