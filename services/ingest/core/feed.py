"""An Atom feed → its entries. JMA's feeds list telegrams, newest first; an entry's id and link are the telegram's address.

Sources: RFC 4287 §4.1 (feed, entry), §4.2 (id, link, updated, author, content); the project's notes on JMA §1.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from xml.etree.ElementTree import Element

from services.ingest.core.defect import Code, Defect
from services.ingest.core.xml import named, read_xml, text, time_of

FEED_BYTES_MAX = 20_000_000
"""A larger feed is refused. JMA's long feed of a stormy week has about 8,000 entries and 5 MB."""
FEED_ELEMENTS_MAX = 500_000
"""Elements of a feed; an entry of JMA's has eight."""
ENTRIES_MAX = 20_000
"""Entries read of one feed; of a longer one the rest (the oldest) is left, with a defect that says so."""
TEXT_MAX = 4_000
"""Characters kept of a title, author or content. They are for people; the telegram itself has the whole."""
ADDRESS_MAX = 1_000
"""Characters of an id or a link; an entry with a longer one is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry. `id` is the telegram's URL in JMA's feeds, `link` its href; each stands in for a missing other."""

    id: str
    link: str
    title: str
    updated_at: datetime
    author: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed as it was read. `updated_at` is the feed's own word on its age, whatever the HTTP headers say."""

    id: str
    title: str
    updated_at: datetime
    entries: tuple[Entry, ...]
    defects: tuple[Defect, ...] = ()


def read_feed(body: bytes) -> Feed | Defect:
    """Read a feed; never raises. Broken entries are left out and named in `defects`."""
    root = read_xml(body, roots=("feed",), bytes_max=FEED_BYTES_MAX, elements_max=FEED_ELEMENTS_MAX)
    if isinstance(root, Defect):
        return root
    updated_at = time_of(text(root, "updated"))
    if updated_at is None:
        return Defect(code=Code.NOT_A_FEED, reason=f"the feed's updated is {named(text(root, 'updated'))}")
    found = root.findall("entry")
    read = [_entry(element, updated_at) for element in found[:ENTRIES_MAX]]
    defects = [one for one in read if isinstance(one, Defect)]
    if len(found) > ENTRIES_MAX:
        reason = f"{len(found)} entries, more than {ENTRIES_MAX}"
        defects.append(Defect(code=Code.TOO_MANY_ENTRIES, reason=reason))
    return Feed(
        id=text(root, "id")[:ADDRESS_MAX],
        title=text(root, "title")[:TEXT_MAX],
        updated_at=updated_at,
        entries=tuple(one for one in read if isinstance(one, Entry)),
        defects=tuple(defects),
    )


def _entry(element: Element, feed_updated_at: datetime) -> Entry | Defect:
    name, link = text(element, "id"), _link(element)
    if not (name or link) or max(len(name), len(link)) > ADDRESS_MAX:
        return Defect(code=Code.BROKEN_ENTRY, reason=f"id {named(name)}, link {named(link)}")
    return Entry(
        id=name or link,
        link=link or name,
        title=text(element, "title")[:TEXT_MAX],
        # an entry is at most as new as its feed; it is fetched all the same
        updated_at=time_of(text(element, "updated")) or feed_updated_at,
        author=text(element, "author", "name")[:TEXT_MAX],
        content=text(element, "content")[:TEXT_MAX],
    )


def _link(element: Element) -> str:
    """The link to the telegram: the first that is no other relation (RFC 4287 §4.2.7.2: none means alternate)."""
    links = (link for link in element.findall("link") if link.get("rel", "alternate") == "alternate")
    return next((link.get("href", "").strip() for link in links), "")
