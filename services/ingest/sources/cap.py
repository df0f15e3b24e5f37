"""A source of CAP or L-Alert, polled: its list read, what is new in it fetched once and put into `telegrams` as it came.

It is polled as JMA's feeds are (`jma.py`): conditional, bounded, with back-off, one host. Its list may be Atom, RSS, JSON or
the one message that there is; messages that are in the list are taken from there.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http import HTTPStatus

from services.ingest.core import trouble
from services.ingest.core.cap.feeds import Listed, read_listing
from services.ingest.core.defect import Defect
from services.ingest.core.feed import Entry, Feed
from services.ingest.core.novelty import Wanted
from services.ingest.core.polling import Answer, Failed, Fresh
from services.ingest.sources.http import Got, Result, TooLarge, served_at
from services.ingest.sources.jma import Poller, Underway

NAME_MAX = 80
"""Characters of a title that a message is called by in notices."""


@dataclass(slots=True, kw_only=True)
class CapPoller(Poller):
    """Polls sources of CAP and L-Alert."""

    async def _understood(self, poll: Underway, result: Result) -> Answer:
        source = poll.desk.source
        if isinstance(result, TooLarge):
            return Failed(trouble=trouble.no_answer(source.id, f"more than {result.limit_bytes} bytes"))
        if not isinstance(result, Got) or result.status != HTTPStatus.OK:
            return self._not_ok(poll, result)
        listing = await asyncio.to_thread(read_listing, result.body, bytes_max=source.feed_bytes_max)
        if isinstance(listing, Defect):
            return Failed(trouble=trouble.no_feed(source.id, listing))
        # A list that does not say how old it is, is as old as its answer: then only silence is noticed.
        at = listing.updated_at or served_at(result.headers) or poll.now
        linked = [one for one in listing.entries if one.embedded is None]
        entries = tuple(
            Entry(id=one.id, link=one.link, title=one.title, updated_at=one.updated_at or at, author="", content="")
            for one in linked
        )
        feed = Feed(id=source.id, title="", updated_at=at, entries=entries, defects=listing.defects)
        await self._sift(poll, feed)
        for one in listing.entries:
            if one.embedded is not None:
                await self._take(poll, one, one.embedded)
        # Only now: should the log refuse anything, the next poll must see this list again.
        poll.desk.etag, poll.desk.modified = result.headers.get("etag", ""), result.headers.get("last-modified", "")
        dates = [one.updated_at or at for one in listing.entries]
        return Fresh(updated_at=at, oldest_at=min(dates, default=None), newest_at=max(dates, default=None))

    async def _take(self, poll: Underway, one: Listed, body: bytes) -> None:
        """Put a message that the list itself holds into the log, once."""
        source = poll.desk.source
        if one.id in self.known.of(source.id):
            return
        if len(body) > source.bytes_max:
            await self._give_up(poll, one.id, trouble.too_large(source.id, one.id, source.bytes_max))
            return
        wanted = Wanted(
            entry_id=one.id, address="", name=one.title[:NAME_MAX], is_urgent=True, listed_at=one.updated_at or poll.now
        )
        await self._keep(poll, wanted, body)
