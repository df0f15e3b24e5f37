"""A feed of JMA's layout, polled: what is new in it is fetched once and put into topic `telegrams` as it came.

`poll_once` is a plain coroutine: the scheduler ticks it, tests call it. Whatever a server does, it answers what was
found; what was learned stays in the source's `Desk`. Only a log that refuses raises: then nothing counts as known.
"""

from __future__ import annotations

import asyncio
import gzip
import re
from base64 import b64encode
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from http import HTTPStatus

from schemas.status import StatusReport
from schemas.telegram import RawTelegram
from services.eventlog.port import EventLog
from services.ingest.core import canary, letters, novelty, polling, trouble
from services.ingest.core.defect import Defect
from services.ingest.core.feed import FEED_BYTES_MAX, Feed, read_feed
from services.ingest.core.novelty import Wanted
from services.ingest.core.polling import Answer, Failed, Fresh, Source, Unchanged, Watch
from services.ingest.core.trouble import Trouble
from services.ingest.core.types import CANARY, by_name
from services.ingest.sources.http import Got, Http, Result, TooLarge, retry_after_s, served_at
from services.ingest.sources.known import Known
from services.runtime import logs, metrics, records
from services.runtime.clock import Clock

FETCHES_MAX = 4
"""Telegrams fetched at the same time from one server, by all its feeds together (jma.md §1.1: four or five at most)."""
FETCH_LIMIT_S = 10.0
"""How long one telegram may take; it is tried again at the next polls."""
BACKS_OFF = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})
"""Answers by which a server asks to be left alone, besides 5xx."""
WHOLE = re.compile(rb"(?:</(?:[\w.-]+:)?(?:Report|alert|EDXLDistribution|Envelope)\s*>|[}\]])\s*\Z")
"""How a telegram or another message ends that was not cut on its way."""

_log = logs.get("ingest")


class Outcome(StrEnum):
    """What came of a poll."""

    FRESH = "fresh"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    WAITING = "waiting"
    """The server asked to be left alone for a while; it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """A poll: what came of it, the ids of telegrams that are in the log now, what was given up, what is to be said."""

    source: str
    outcome: Outcome
    appended: tuple[str, ...] = ()
    given_up: tuple[Trouble, ...] = ()
    waiting: int = 0
    received_bytes: int = 0
    reports: tuple[StatusReport, ...] = ()


@dataclass(slots=True, kw_only=True)
class Desk:
    """What one source has on its desk between polls: validators for the next GET, telegrams to be fetched."""

    source: Source
    http: Http
    watch: Watch
    etag: str = ""
    modified: str = ""
    queue: dict[str, Wanted] = field(default_factory=dict)
    noted: set[str] = field(default_factory=set)
    """Ids of dead letters written for the feed itself, so that each poll does not write them again."""


@dataclass(slots=True, kw_only=True)
class Underway:
    """One poll under way."""

    desk: Desk
    now: datetime
    deadline: float
    appended: list[str] = field(default_factory=list)
    given_up: list[Trouble] = field(default_factory=list)
    reports: list[StatusReport] = field(default_factory=list)
    tried: set[str] = field(default_factory=set)
    received_bytes: int = 0


@dataclass(slots=True, kw_only=True)
class Poller:
    """Polls sources of JMA's layout. `offices`: codes whose telegrams concern the city; `canary_s`: its interval."""

    log: EventLog
    clock: Clock
    known: Known
    offices: Container[str]
    canary_s: float
    connect: Callable[[str], Http] = Http
    """Makes the client of a server, by its base URL."""
    desks: dict[str, Desk] = field(default_factory=dict)
    spent: polling.Spent = field(default_factory=polling.Spent)
    slots: dict[str, asyncio.Semaphore] = field(default_factory=dict)

    async def close(self) -> None:
        """Let go of all connections."""
        for desk in self.desks.values():
            await desk.http.close()

    async def poll_once(self, source: Source, now: datetime) -> Polled:
        """Poll a source once, within its time limit; `now` is when the poll begins."""
        desk = self._desk(source, now)
        poll = Underway(desk=desk, now=now, deadline=self.clock.monotonic() + source.time_limit_s)
        await self.known.refresh()
        outcome = await self._short(poll) if polling.is_due(desk.watch, now) else Outcome.WAITING
        if outcome is not Outcome.WAITING:
            await self._fetch_all(poll)
        if desk.watch.long_due and outcome in {Outcome.FRESH, Outcome.UNCHANGED}:
            await self._long(poll)
            await self._fetch_all(poll)
        return self._polled(poll, outcome)

    def _desk(self, source: Source, now: datetime) -> Desk:
        desk = self.desks.get(source.id)
        if desk is None:
            watch = Watch(started_at=now, long_due=source.long_feed is not None)
            desk = self.desks[source.id] = Desk(source=source, http=self.connect(source.base), watch=watch)
        return desk

    # --- the feeds ---

    async def _short(self, poll: Underway) -> Outcome:
        desk = poll.desk
        validators = {"If-None-Match": desk.etag, "If-Modified-Since": desk.modified}
        result = await desk.http.get(
            f"{desk.source.base}{desk.source.feed}",
            limit_bytes=desk.source.feed_bytes_max,
            limit_s=self._left_s(poll),
            headers={name: value for name, value in validators.items() if value},
        )
        poll.received_bytes += result.received_bytes
        answer = await self._understood(poll, result)
        desk.watch = polling.after(desk.source, desk.watch, answer, poll.now)
        if isinstance(result, Got):
            self._check_clock(poll, result)
        match answer:
            case Fresh():
                return Outcome.FRESH
            case Unchanged():
                return Outcome.UNCHANGED
            case Failed():
                _log.warning(
                    "poll.failed", source=desk.source.id, code=answer.trouble.code, reason=answer.trouble.message
                )
                return Outcome.FAILED

    async def _understood(self, poll: Underway, result: Result) -> Answer:
        if not isinstance(result, Got) or result.status != HTTPStatus.OK:
            return self._not_ok(poll, result)
        feed = await asyncio.to_thread(read_feed, result.body)
        if isinstance(feed, Defect):
            return Failed(trouble=trouble.no_feed(poll.desk.source.id, feed))
        await self._sift(poll, feed)
        # Only now: should the log refuse a dead letter, the next poll must see this feed again.
        poll.desk.etag, poll.desk.modified = result.headers.get("etag", ""), result.headers.get("last-modified", "")
        dates = [entry.updated_at for entry in feed.entries]
        return Fresh(updated_at=feed.updated_at, oldest_at=min(dates, default=None), newest_at=max(dates, default=None))

    def _not_ok(self, poll: Underway, result: Result) -> Answer:
        source = poll.desk.source
        if not isinstance(result, Got):
            return Failed(trouble=trouble.no_answer(source.id, _reason(result)))
        if result.status == HTTPStatus.NOT_MODIFIED:
            return Unchanged()
        return refused(source.id, result, poll.now)

    async def _long(self, poll: Underway) -> None:
        """Read the long feed for what the short one may not list any more; that it is missing is not fatal."""
        desk = poll.desk
        if self._left_s(poll) < desk.source.time_limit_s / 4 or not polling.is_due(desk.watch, poll.now):
            return  # the next poll has more time for it
        if self.spent.is_over(poll.now):
            return  # the next day has more bytes for it
        result = await desk.http.get(
            f"{desk.source.base}{desk.source.long_feed}", limit_bytes=FEED_BYTES_MAX, limit_s=self._left_s(poll)
        )
        poll.received_bytes += result.received_bytes
        feed: Feed | Defect | None = None
        left_over = 0
        if isinstance(result, Got) and result.status == HTTPStatus.OK:
            feed = await asyncio.to_thread(read_feed, result.body)
            left_over = await self._sift(poll, feed) if isinstance(feed, Feed) else 0
        is_missing = isinstance(result, Got) and result.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
        is_read = isinstance(feed, Feed) and left_over == 0
        desk.watch = polling.after_long(desk.watch, is_settled=is_missing or is_read)
        if is_missing or is_read:
            _log.event("long_feed.settled", source=desk.source.id, missing=is_missing, waiting=len(desk.queue))
            return
        reason = str(feed) if isinstance(feed, Defect) else _reason(result)
        hint = "telegrams of a gap may be missing; each brings its whole state again" if not desk.watch.long_due else ""
        _log.warning("long_feed.unread", source=desk.source.id, reason=reason, left_over=left_over, hint=hint)

    async def _sift(self, poll: Underway, feed: Feed) -> int:
        """Take the new entries of a feed onto the desk; answers for how many there was no room."""
        desk, source = poll.desk, poll.desk.source
        sifted = novelty.sift(source, self.offices, feed.entries, self.known.of(source.id), desk.queue)
        desk.queue |= {wanted.entry_id: wanted for wanted in sifted.wanted}
        for entry in sifted.foreign[: novelty.FOREIGN_MAX]:
            await self._give_up(poll, entry.id, trouble.leads_elsewhere(source.id, entry.link))
        if len(sifted.foreign) > novelty.FOREIGN_MAX:
            _log.error("entries.foreign", source=source.id, count=len(sifted.foreign))
        for defect in feed.defects[: letters.DEFECTS_NAMED_MAX]:
            await self._note(poll, defect)
        return sifted.left_over

    def _check_clock(self, poll: Underway, got: Got) -> None:
        at = served_at(got.headers)
        if at is not None and poll.desk.source.tells_time:
            took_s = poll.desk.source.time_limit_s - self._left_s(poll)
            now = poll.now + timedelta(seconds=took_s)
            poll.reports.append(polling.clock_report((now - at).total_seconds(), now))

    # --- the telegrams ---

    async def _fetch_all(self, poll: Underway) -> None:
        """Fetch what is on the desk, urgent first, at most `FETCHES_MAX` at once, until it is done or time is up."""
        over = self.spent.is_over(poll.now) and poll.desk.source.tells_time
        untried = [
            wanted
            for wanted in poll.desk.queue.values()
            if wanted.entry_id not in poll.tried and (wanted.is_urgent or not over)
        ]
        waiting = iter(novelty.in_order(untried))
        async with asyncio.TaskGroup() as group:
            for _ in range(min(FETCHES_MAX, len(untried))):
                group.create_task(self._fetch_some(poll, waiting))

    async def _fetch_some(self, poll: Underway, waiting: Iterator[Wanted]) -> None:
        slot = self.slots.setdefault(poll.desk.source.base, asyncio.Semaphore(FETCHES_MAX))
        for wanted in waiting:
            async with slot:
                if self._left_s(poll) <= 0 or not polling.is_due(poll.desk.watch, poll.now):
                    return
                await self._fetch(poll, wanted)

    async def _fetch(self, poll: Underway, wanted: Wanted) -> None:
        desk = poll.desk
        poll.tried.add(wanted.entry_id)
        result = await desk.http.get(
            wanted.address, limit_bytes=desk.source.bytes_max, limit_s=min(self._left_s(poll), FETCH_LIMIT_S)
        )
        poll.received_bytes += result.received_bytes
        if isinstance(result, TooLarge):
            await self._give_up(
                poll, wanted.entry_id, trouble.too_large(desk.source.id, wanted.address, result.limit_bytes)
            )
        elif not isinstance(result, Got) or result.status != HTTPStatus.OK:
            if isinstance(result, Got) and result.status == HTTPStatus.TOO_MANY_REQUESTS:
                self._wait(poll, result)
            await self._try_again(poll, wanted, _reason(result))
        elif WHOLE.search(result.body[-200:]) or wanted.tries >= novelty.DAMAGED_TRIES_MAX - 1:
            await self._keep(poll, wanted, result.body)
        else:
            # It may be whole the next time. If not, it is kept as it is, and reading it says what is wrong with it.
            await self._try_again(poll, wanted, "it was cut on its way")

    def _wait(self, poll: Underway, result: Got) -> None:
        """Leave the server alone for a while; answers to what was asked together count as one."""
        source, watch = poll.desk.source, poll.desk.watch
        if polling.is_due(watch, poll.now):
            poll.desk.watch = polling.after(source, watch, refused(source.id, result, poll.now), poll.now)

    async def _keep(self, poll: Underway, wanted: Wanted, body: bytes) -> None:
        source = poll.desk.source
        if source.id == CANARY:
            poll.reports.append(canary.passed("poll", self.clock.now(), self.canary_s))
        packed = await asyncio.to_thread(gzip.compress, body, 6, mtime=0)
        raw = RawTelegram(
            source=source.id,
            entry_id=wanted.entry_id,
            name=wanted.name,
            fetched_at=poll.now,
            sha256=sha256(body).hexdigest(),
            body=b64encode(packed).decode(),
        )
        id_ = f"{source.id}:{wanted.entry_id}"
        await self.log.append("telegrams", [records.message(raw, key=id_, id=id_, source="ingest", at=poll.now)])
        self._settle(poll, wanted.entry_id)
        poll.appended.append(id_)
        if source.id == CANARY:
            poll.reports.append(canary.passed("log", self.clock.now(), self.canary_s))
        named = by_name(wanted.name)
        metrics.TELEGRAMS.labels(type=named.written if named else "", outcome="fetched").inc()
        _log.event("telegram.appended", id=id_, bytes=len(body))

    async def _try_again(self, poll: Underway, wanted: Wanted, reason: str) -> None:
        again = novelty.tried(wanted)
        if again is None:
            await self._give_up(
                poll, wanted.entry_id, trouble.unfetched(poll.desk.source.id, wanted.address, wanted.tries + 1, reason)
            )
        else:
            poll.desk.queue[wanted.entry_id] = again
            _log.warning(
                "telegram.unfetched", id=f"{poll.desk.source.id}:{wanted.entry_id}", reason=reason, tries=again.tries
            )

    async def _give_up(self, poll: Underway, entry_id: str, found: Trouble) -> None:
        await self._bury(f"{poll.desk.source.id}:{entry_id}", found, poll.now)
        self._settle(poll, entry_id)
        poll.given_up.append(found)
        poll.reports.append(polling.alarm(polling.dead_subject(poll.desk.source.id), found, poll.now))

    async def _note(self, poll: Underway, defect: Defect) -> None:
        """Put a broken entry of the feed into `dead`, once."""
        source = poll.desk.source
        key = f"{source.id}:{source.base}{source.feed}#{sha256(defect.reason.encode()).hexdigest()[:16]}"
        if key not in poll.desk.noted and len(poll.desk.noted) < novelty.QUEUE_MAX:
            poll.desk.noted.add(key)
            await self._bury(key, letters.fatal(f"an entry of {source.id}", defect), poll.now)

    async def _bury(self, key: str, found: Trouble, now: datetime) -> None:
        letter = letters.never_fetched(key, found, now)
        message = records.message(letter.payload, key=letter.key, id=letter.id, source="ingest", at=now)
        await self.log.append(letter.topic, [message])
        metrics.DEAD.labels(code=found.code).inc()
        _log.error("telegram.dead", key=key, code=found.code, reason=found.message, hint=found.hint)

    def _settle(self, poll: Underway, entry_id: str) -> None:
        self.known.add(poll.desk.source.id, entry_id)
        poll.desk.queue.pop(entry_id, None)

    # --- the end of a poll ---

    def _left_s(self, poll: Underway) -> float:
        return poll.deadline - self.clock.monotonic()

    def _polled(self, poll: Underway, outcome: Outcome) -> Polled:
        source, watch = poll.desk.source, poll.desk.watch
        lease = polling.lease_report(source, watch, poll.now)
        reports = [polling.feed_report(source, watch, poll.now), *([lease] if lease else []), *poll.reports]
        if source.tells_time:
            self.spent = self.spent.plus(poll.received_bytes, poll.now)
            reports.append(polling.bytes_report(self.spent, poll.now))
        metrics.POLLS.labels(source=source.id, outcome=outcome).inc()
        metrics.FETCHED_BYTES.labels(source=source.id).inc(poll.received_bytes)
        metrics.FEED_AGE_S.labels(source=source.id).set(polling.feed_age_s(watch, poll.now))
        return Polled(
            source=source.id,
            outcome=outcome,
            appended=tuple(poll.appended),
            given_up=tuple(poll.given_up),
            waiting=len(poll.desk.queue),
            received_bytes=poll.received_bytes,
            reports=tuple(reports),
        )


def refused(source: str, got: Got, now: datetime) -> Failed:
    """What an answer with a status that is no content means, and whether it asks to be left alone."""
    return Failed(
        trouble=trouble.bad_status(source, got.status),
        backs_off=got.status in BACKS_OFF or got.status >= HTTPStatus.INTERNAL_SERVER_ERROR,
        retry_after_s=retry_after_s(got.headers, now),
    )


def _reason(result: Result) -> str:
    match result:
        case Got():
            return f"HTTP {result.status}"
        case TooLarge():
            return f"more than {result.limit_bytes} bytes"
        case _:
            return result.reason
