"""The river sources, polled: what a gauge read is put into topic `observations`, each reading once.

`poll_once` is a plain coroutine, as for the feeds of JMA's layout. Whatever a server does, it answers what was found; only
a log that refuses raises. A gauge that left a list is said to be absent only by an answer that is whole, good and fresh:
every list of the poll answered 200 or 304 with a content within the source's age limit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus

from schemas.observation import Observation
from schemas.status import StatusReport
from services.eventlog.port import EventLog
from services.ingest.core import letters, polling, trouble
from services.ingest.core.defect import Defect
from services.ingest.core.letters import NOWHERE, Origin
from services.ingest.core.polling import Answer, Failed, Fresh, Source, Unchanged, Watch
from services.ingest.core.river import keeping, listing
from services.ingest.core.river.city import Gauges
from services.ingest.core.river.formats import read_as
from services.ingest.core.river.found import Found
from services.ingest.core.river.requests import Ask, asks
from services.ingest.core.river.sources import RiverSource, reader_of
from services.ingest.core.trouble import Trouble
from services.ingest.sources.http import Got, Http, Result, TooLarge, http_date
from services.ingest.sources.jma import Outcome, Polled, refused
from services.ingest.sources.observed import Observed
from services.runtime import logs, metrics, records
from services.runtime.clock import Clock

GOOD = frozenset({HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT})

_log = logs.get("ingest")


@dataclass(slots=True, kw_only=True)
class _Page:
    """One address as it was last read: validators for the next GET, what it held."""

    etag: str = ""
    modified: str = ""
    found: Found | None = None
    updated_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class _Desk:
    """What one source has on its desk between polls."""

    source: RiverSource
    plan: Source
    http: Http
    watch: Watch
    pages: dict[str, _Page] = field(default_factory=dict)
    noted: set[str] = field(default_factory=set)


@dataclass(slots=True, kw_only=True)
class _Poll:
    """One poll under way."""

    desk: _Desk
    now: datetime
    deadline: float
    received_bytes: int = 0
    appended: list[str] = field(default_factory=list)
    given_up: list[Trouble] = field(default_factory=list)
    pages: list[_Page] = field(default_factory=list)
    failures: list[Failed] = field(default_factory=list)
    unchanged: int = 0


@dataclass(slots=True, kw_only=True)
class RiverPoller:
    """Polls river sources for the gauges a city watches. `base`: one server instead of the sources' own, "" for those."""

    log: EventLog
    clock: Clock
    gauges: Gauges
    observed: Observed
    base: str = ""
    connect: Callable[[str], Http] = Http
    desks: dict[str, _Desk] = field(default_factory=dict)

    async def close(self) -> None:
        """Let go of all connections."""
        for desk in self.desks.values():
            await desk.http.close()

    async def poll_once(self, source: RiverSource, now: datetime) -> Polled:
        """Ask a source once for all that the city watches of it, within its time limit."""
        desk = self._desk(source, now)
        poll = _Poll(desk=desk, now=now, deadline=self.clock.monotonic() + desk.plan.time_limit_s)
        if not polling.is_due(desk.watch, now):
            return self._polled(poll, Outcome.WAITING)
        await self.observed.refresh()
        for ask in asks(source.id, self.gauges.polls.get(source.id, ())):
            await self._ask(poll, ask)
        await self._keep(poll)
        answer = _answer(poll)
        desk.watch = polling.after(desk.plan, desk.watch, answer, now)
        outcome = {Fresh: Outcome.FRESH, Unchanged: Outcome.UNCHANGED, Failed: Outcome.FAILED}[type(answer)]
        return self._polled(poll, outcome)

    def _desk(self, source: RiverSource, now: datetime) -> _Desk:
        desk = self.desks.get(source.id)
        if desk is None:
            base = self.base or source.base
            desk = self.desks[source.id] = _Desk(
                source=source,
                plan=plan_of(source, base),
                http=self.connect(base),
                watch=Watch(started_at=now, long_due=False),
            )
        return desk

    # --- asking ---

    async def _ask(self, poll: _Poll, ask: Ask) -> None:
        if ask.following is None:
            await self._get(poll, ask.path)
            return
        result = await self._fetch(poll, ask.path, {})
        if not isinstance(result, Got) or result.status not in GOOD:
            poll.failures.append(_failed(poll, result))
            return
        paths = ask.following(result.body)
        if not paths:
            poll.failures.append(Failed(trouble=trouble.no_next(poll.desk.source.id, ask.path)))
        for path in paths:
            await self._get(poll, path)

    async def _get(self, poll: _Poll, path: str) -> None:
        page = poll.desk.pages.get(path, _Page())
        validators = {"If-None-Match": page.etag, "If-Modified-Since": page.modified}
        result = await self._fetch(poll, path, {name: value for name, value in validators.items() if value})
        if isinstance(result, Got) and result.status == HTTPStatus.NOT_MODIFIED and page.found is not None:
            poll.unchanged += 1
            poll.pages.append(page)
        elif isinstance(result, Got) and result.status in GOOD:
            await self._read(poll, path, result)
        else:
            poll.failures.append(_failed(poll, result))

    async def _fetch(self, poll: _Poll, path: str, headers: dict[str, str]) -> Result:
        source, plan = poll.desk.source, poll.desk.plan
        left_s = max(poll.deadline - self.clock.monotonic(), 0.001)
        result = await poll.desk.http.get(
            f"{plan.base}{path}", limit_bytes=source.bytes_max, limit_s=left_s, headers=headers
        )
        poll.received_bytes += result.received_bytes
        return result

    async def _read(self, poll: _Poll, path: str, got: Got) -> None:
        desk = poll.desk
        found = await asyncio.to_thread(read_as, reader_of(desk.source.id), got.body, path.rpartition("/")[2])
        for defect in found.defects:
            await self._note(poll, path, defect, got.body)
        if found.defects and not found.readings:
            poll.failures.append(Failed(trouble=trouble.no_feed(desk.source.id, found.defects[0])))
            return
        modified = http_date(got.headers.get("last-modified", ""))
        newest = keeping.newest(found)
        page = _Page(
            etag=got.headers.get("etag", ""),
            modified=got.headers.get("last-modified", ""),
            found=found,
            # a list is as old as its file; a gauge's page as the gauge, whatever the server says of the file
            updated_at=(modified or newest) if desk.source.lists_only else (newest or modified),
        )
        # only what comes again: kawabou's and 水文水質's addresses are of one moment
        others = [(at, other) for at, other in desk.pages.items() if at != path]
        desk.pages = {path: page, **dict(others[:PAGES_MAX])}
        poll.pages.append(page)

    # --- keeping ---

    async def _keep(self, poll: _Poll) -> None:
        """Put new readings into the log, and that gauges are gone where that is sure."""
        said = [
            one
            for page in poll.pages
            if page.found is not None
            for one in keeping.observations(page.found, self.gauges.stations, poll.now)
        ]
        said += self._gone(poll, {one.station for one in said})
        new = await self.observed.append(said, poll.now)
        poll.appended += new
        if new:
            _log.event("observations.appended", source=poll.desk.source.id, count=len(new))

    def _gone(self, poll: _Poll, named: set[str]) -> list[Observation]:
        source = poll.desk.source
        if not source.lists_only or poll.failures or not poll.pages:
            return []
        if any(polling.staleness(poll.desk.plan, page.updated_at, poll.now) for page in poll.pages):
            return []
        stations = listing.gone(self.observed.listed.get(source.id, {}), named)
        return keeping.absent(source.id, stations, listing.slot(poll.now, source.interval_s), poll.now)

    async def _note(self, poll: _Poll, path: str, defect: Defect, body: bytes) -> None:
        """Put a document of which something could not be used into `dead`, once."""
        source = poll.desk.source.id
        id_ = f"{source}:{path}#{sha256(body).hexdigest()[:16]}"
        if id_ in poll.desk.noted or len(poll.desk.noted) >= NOTED_MAX:
            return
        poll.desk.noted.add(id_)
        found = letters.fatal(f"an answer of {source}", defect)
        origin = Origin(id=id_, key=id_, partition=NOWHERE, offset=NOWHERE, at=poll.now, value=body)
        letter = letters.dead_record(origin, found)
        message = records.message(letter.payload, key=letter.key, id=letter.id, source="ingest", at=poll.now)
        await self.log.append(letter.topic, [message])
        metrics.DEAD.labels(code=found.code).inc()
        poll.given_up.append(found)
        _log.error("readings.dead", source=source, code=found.code, reason=found.message, hint=found.hint)

    # --- the end of a poll ---

    def _polled(self, poll: _Poll, outcome: Outcome) -> Polled:
        desk = poll.desk
        # alerts name whoever's readings they are made of: a successor keeps its predecessor's lease
        lease = polling.lease_report(replace(desk.plan, id=reader_of(desk.source.id)), desk.watch, poll.now)
        reports = [polling.feed_report(desk.plan, desk.watch, poll.now), *([lease] if lease else [])]
        reports += [polling.alarm(polling.dead_subject(desk.source.id), one, poll.now) for one in poll.given_up[:1]]
        reports += [terms_report(desk.source, poll.now)] if desk.source.asked else []
        metrics.POLLS.labels(source=desk.source.id, outcome=outcome).inc()
        metrics.FETCHED_BYTES.labels(source=desk.source.id).inc(poll.received_bytes)
        metrics.FEED_AGE_S.labels(source=desk.source.id).set(polling.feed_age_s(desk.watch, poll.now))
        return Polled(
            source=desk.source.id,
            outcome=outcome,
            appended=tuple(poll.appended),
            given_up=tuple(poll.given_up),
            received_bytes=poll.received_bytes,
            reports=tuple(reports),
        )


PAGES_MAX = 400
"""Addresses of a source remembered with their validators."""
NOTED_MAX = 1_000
"""Dead letters of one source and run; a source that breaks every answer is an alarm, not a library."""


def plan_of(source: RiverSource, base: str) -> Source:
    """The source as the rules of polling see it."""
    return Source(
        id=source.id,
        base=base,
        feed="",
        long_feed=None,
        interval_s=source.interval_s,
        age_limit_s=source.age_limit_s,
        lease_s=source.lease_s,
    )


def terms_report(source: RiverSource, now: datetime) -> StatusReport:
    """What a source asks of those who use it, where everybody who runs this can see it."""
    return polling.notice(f"terms:{source.id}", f"{source.name}: {source.terms}", now)


def _answer(poll: _Poll) -> Answer:
    if poll.failures:
        return max(poll.failures, key=lambda one: one.backs_off)
    if poll.pages and poll.unchanged == len(poll.pages):
        return Unchanged()
    newest = max((page.updated_at for page in poll.pages if page.updated_at), default=None)
    if newest is None:
        # an empty list that does not say how old it is: it answers, and proves nothing
        return Fresh(updated_at=poll.now, oldest_at=poll.now, newest_at=poll.now)
    return Fresh(updated_at=newest, oldest_at=newest, newest_at=newest)


def _failed(poll: _Poll, result: Result) -> Failed:
    source = poll.desk.source.id
    match result:
        case Got(status=HTTPStatus.NOT_MODIFIED):
            return Failed(trouble=trouble.not_modified_since_never(source))
        case Got():
            return refused(source, result, poll.now)
        case TooLarge(limit_bytes=limit_bytes):
            return Failed(trouble=trouble.no_answer(source, f"more than {limit_bytes} bytes"))
        case _:
            return Failed(trouble=trouble.no_answer(source, result.reason))
