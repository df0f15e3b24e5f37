"""When a source is asked, whether it was heard, and what we say of it: rules without a clock and without a network.

A source is *heard* when its feed answered (200 or 304), lists something and is within its age limit. Only that renews
its lease. An HTTP status alone proves nothing: a frozen feed answers 200 for weeks (invariant 10).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from schemas.status import Condition, StatusReport, lease_subject
from schemas.topics import TELEGRAM_BYTES_MAX
from services.ingest.core import trouble
from services.ingest.core.feed import FEED_BYTES_MAX
from services.ingest.core.trouble import Trouble, clock_time

MINUTE_S = 60.0
JITTER = 0.05
"""Of the interval, to both sides: 3 s of a minute. Of the scheduler's own jitter each next tick would be counted from,
so that the ticks would drift through the minute."""
GAP_S = 480.0
"""After so long without an answer the long feed is read: the short one promises only the last ten minutes."""
LONG_TRIES_MAX = 5
"""Polls in a row that try a long feed that fails; then it is left until the next gap, the short feed goes on."""
UNHEARD_INTERVALS = 3
UNHEARD_S_MIN = 10.0
"""Not heard for three intervals (but at least ten seconds: a busy machine is no outage) is an alarm."""
BACKOFF_DOUBLINGS_MAX = 3
"""Failures double the pause up to eight intervals: eight minutes of 3 h lease, and no hammering of a tired server."""
RETRY_AFTER_S_MAX = 3600.0
"""A longer Retry-After is cut to an hour: a source that asks for more would have us lapse without having looked."""
PAUSE_S_MAX = 2 * RETRY_AFTER_S_MAX
FUTURE_S_MAX = 3600.0
"""A feed's `updated` may be ahead of our clock by this much (ours may be slow); beyond it, it says nothing."""
CLOCK_OFF_S_MAX = 30.0
DAY_BYTES_MAX = 1_000_000_000
"""Our own budget; JMA has cut off who downloaded about ten times as much a day. We use about a twentieth."""
DEAD_ALARM_S = 3600.0
"""How long a dead letter keeps its alarm when no other follows."""
SAY_AGAIN_S = 5.0
"""Unchanged good news is repeated at most so often (and at least ten times a lease)."""


SUMMER_MONTHS = range(5, 11)
"""Of Japan's rain and storms, May to October; a day without any telegram is possible in the other half alone."""


@dataclass(frozen=True, slots=True)
class Seasons:
    """A limit that differs between summer and winter, in seconds."""

    summer_s: float
    winter_s: float

    def at(self, now: datetime) -> float:
        """The limit of the season in Japan."""
        return self.summer_s if now.astimezone(trouble.JST).month in SUMMER_MONTHS else self.winter_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One source: where its feeds lie and how it is watched. One row of services/ingest/sources/table.py.

    `base` is scheme, host and port without a slash at the end; only this host is ever asked. `types` are the codes
    of the telegram types wanted (rows of core/types.py).
    `lease_s` None: nothing holds by this source's being heard. `tells_time`: its Date header is not our own clock's.
    `quiet`: how old its newest entry may be before a feed that is rebuilt all the same is looked at (None: any age). `curious`: a
    telegram of a type that is not known is looked at.
    `may_be_empty`: a list without an entry is an answer like any other. `feed_bytes_max` and `bytes_max`: larger feeds and
    messages of it are refused.
    """

    id: str
    base: str
    feed: str
    long_feed: str | None
    interval_s: float
    age_limit_s: float
    lease_s: float | None
    types: frozenset[str] = frozenset()
    tells_time: bool = True
    quiet: Seasons | None = None
    curious: bool = True
    may_be_empty: bool = False
    feed_bytes_max: int = FEED_BYTES_MAX
    bytes_max: int = TELEGRAM_BYTES_MAX

    @property
    def time_limit_s(self) -> float:
        """How long one poll may take: less than the interval, so that polls never run into each other."""
        return 0.8 * self.interval_s

    @property
    def unheard_limit_s(self) -> float:
        """How long the source may go unheard before that is an alarm."""
        return max(UNHEARD_INTERVALS * self.interval_s, UNHEARD_S_MIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """The short feed answered 200. `oldest_at` and `newest_at` are of its entries, None where there are none."""

    updated_at: datetime
    oldest_at: datetime | None
    newest_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """The short feed answered 304: what we have is what there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The short feed gave nothing usable. `backs_off`: the server asks to be left alone, for `retry_after_s` if told."""

    trouble: Trouble
    backs_off: bool = False
    retry_after_s: float | None = None


Answer = Fresh | Unchanged | Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What is remembered of a source between polls.

    `answered_at`: the last usable answer; `heard_at`: the last one that counts as heard. `updated_at`, `newest_at` and
    `is_empty` are of the feed as last read (a 304 says that it is still so); `trouble`: why the last poll did not
    count, None when it did.
    """

    started_at: datetime
    answered_at: datetime | None = None
    heard_at: datetime | None = None
    updated_at: datetime | None = None
    newest_at: datetime | None = None
    is_empty: bool = False
    trouble: Trouble | None = None
    failures: int = 0
    resume_at: datetime | None = None
    long_due: bool = True
    long_tries: int = 0


# --- when ---


def is_due(watch: Watch, now: datetime) -> bool:
    """Whether the source may be asked at this tick, or asked to be left alone.

    A pause longer than we ever make means that our clock was set back: it must not silence us.
    """
    if watch.resume_at is None:
        return True
    return not 0 < (watch.resume_at - now).total_seconds() <= PAUSE_S_MAX


def first_tick(source: Source, now: datetime) -> datetime:
    """When the regular ticks begin. Feeds rebuilt every minute are read near second 20, when that is done (jma.md §1.1)."""
    if source.interval_s < MINUTE_S:
        return now + timedelta(seconds=source.interval_s)
    at = now.replace(second=20, microsecond=0) - timedelta(seconds=JITTER * source.interval_s)
    return at if at > now else at + timedelta(minutes=1)


def pause_s(source: Source, chance: float) -> float:
    """How long to wait after a tick, for a chance from 0 to 1: not everybody should ask JMA in the same second."""
    return 2 * JITTER * source.interval_s * chance


def backoff_s(source: Source, failures: int, retry_after_s: float | None) -> float:
    """How long to leave a source alone after so many refusals in a row (1 or more)."""
    doublings = min(max(failures, 1) - 1, BACKOFF_DOUBLINGS_MAX)
    doubled: float = source.interval_s * 2**doublings
    return max(doubled, min(retry_after_s or 0.0, RETRY_AFTER_S_MAX))


# --- what an answer changes ---


def after(source: Source, watch: Watch, answer: Answer, now: datetime) -> Watch:
    """The watch after an answer to a poll of the short feed that began at `now`."""
    if isinstance(answer, Failed):
        return _after_failure(source, watch, answer, now)
    if isinstance(answer, Unchanged):
        return _judged(source, replace(watch, answered_at=now), now)
    read = replace(
        watch,
        answered_at=now,
        updated_at=answer.updated_at,
        is_empty=answer.newest_at is None,
        newest_at=_newest(watch.newest_at, answer.newest_at),
        long_due=source.long_feed is not None and (watch.long_due or has_gap(watch, answer, now)),
    )
    return _judged(source, read, now)


def has_gap(watch: Watch, answer: Fresh, now: datetime) -> bool:
    """Whether entries may have come and gone since the last answer: too long ago, or the feed begins after it."""
    if watch.answered_at is not None and (now - watch.answered_at).total_seconds() > GAP_S:
        return True
    return watch.newest_at is not None and answer.oldest_at is not None and answer.oldest_at > watch.newest_at


def after_long(watch: Watch, *, is_settled: bool) -> Watch:
    """The watch after the long feed: settled (read whole, or there is none), or to be tried again at the next polls."""
    tries = watch.long_tries + 1
    if is_settled or tries >= LONG_TRIES_MAX:
        return replace(watch, long_due=False, long_tries=0)
    return replace(watch, long_tries=tries)


def _after_failure(source: Source, watch: Watch, failed: Failed, now: datetime) -> Watch:
    failures = watch.failures + 1
    pause = timedelta(seconds=backoff_s(source, failures, failed.retry_after_s))
    return replace(
        watch, trouble=failed.trouble, failures=failures, resume_at=now + pause if failed.backs_off else None
    )


def _newest(before: datetime | None, now: datetime | None) -> datetime | None:
    return max((at for at in (before, now) if at is not None), default=None)


def _judged(source: Source, watch: Watch, now: datetime) -> Watch:
    """The watch after an answer, heard or not."""
    is_bare = watch.is_empty and not source.may_be_empty
    found = trouble.empty(source.id) if is_bare else staleness(source, watch.updated_at, now)
    return replace(watch, trouble=found, failures=0, resume_at=None, heard_at=watch.heard_at if found else now)


# --- whether it was heard ---


def staleness(source: Source, updated_at: datetime | None, now: datetime) -> Trouble | None:
    """What is wrong with the age of a feed, None when it is within its limit."""
    if updated_at is None:
        return trouble.not_modified_since_never(source.id)
    age_s = (now - updated_at).total_seconds()
    if age_s > source.age_limit_s:
        return trouble.frozen(source.id, updated_at, age_s, source.age_limit_s)
    if age_s < -FUTURE_S_MAX:
        return trouble.from_the_future(source.id, updated_at)
    return None


def quietness(source: Source, newest_at: datetime | None, now: datetime) -> Trouble | None:
    """Whether a feed that is rebuilt has had nothing new for longer than the season explains."""
    if source.quiet is None or newest_at is None:
        return None
    age_s = (now - newest_at).total_seconds()
    limit_s = source.quiet.at(now)
    return trouble.quiet(source.id, newest_at, age_s, limit_s) if age_s > limit_s else None


def feed_age_s(watch: Watch, now: datetime) -> float:
    """How old the feed's newest word is, in seconds; counted from the start when there is none."""
    return (now - (watch.updated_at or watch.started_at)).total_seconds()


# --- what we say ---


def feed_report(source: Source, watch: Watch, now: datetime) -> StatusReport:
    """`feed:<id>`: ok, or an alarm when the source is frozen, or has gone unheard for too long for another reason."""
    unheard_s = (now - (watch.heard_at or watch.started_at)).total_seconds()
    is_unheard = unheard_s > source.unheard_limit_s
    found = watch.trouble or (trouble.not_heard(source.id) if is_unheard or watch.heard_at is None else None)
    found = found or quietness(source, watch.newest_at, now)
    if found is None:
        return _ok(
            f"feed:{source.id}", f"heard, updated {clock_time(watch.updated_at or now)}", now, _silence_s(source)
        )
    since = f"last heard {clock_time(watch.heard_at)}" if watch.heard_at else "not heard since the start"
    is_alarm = is_unheard or found.code in trouble.ALARMS_AT_ONCE
    return StatusReport(
        subject=f"feed:{source.id}",
        condition=Condition.ALARM if is_alarm else Condition.OK,
        since=now,
        reported_at=now,
        silence_s=_silence_s(source),
        code=found.code,
        message=f"{found.message}; {since}",
        hint=found.hint,
    )


def lease_report(source: Source, watch: Watch, now: datetime) -> StatusReport | None:
    """`lease:<id>`: until when warnings without a stated end hold; None where there is no lease or nothing was heard.

    An alarm once half of it is gone: whoever must act hears of it before anything lapses.
    """
    if source.lease_s is None or watch.heard_at is None:
        return None
    until = watch.heard_at + timedelta(seconds=source.lease_s)
    found = trouble.lapsing(source.id, until) if (until - now).total_seconds() < source.lease_s / 2 else None
    return StatusReport(
        subject=lease_subject(source.id),
        condition=Condition.ALARM if found else Condition.OK,
        since=now,
        reported_at=now,
        until=until,
        code=found.code if found else "",
        message=found.message if found else f"heard {clock_time(watch.heard_at)}",
        hint=found.hint if found else "",
    )


def clock_report(off_s: float, now: datetime) -> StatusReport:
    """`clock`: how far our clock is ahead (+) of a source's; validity is judged by ours, so it must be right."""
    if abs(off_s) <= CLOCK_OFF_S_MAX:
        return _ok("clock", "agrees with the source's", now)
    return alarm("clock", trouble.clock_off(off_s), now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Bytes received from the sources outside on one day (UTC)."""

    day: date | None = None
    received_bytes: int = 0

    def plus(self, received_bytes: int, now: datetime) -> Spent:
        """With what a poll received; a new day begins at nothing."""
        before = self.received_bytes if self.day == now.date() else 0
        return Spent(day=now.date(), received_bytes=before + received_bytes)

    def is_over(self, now: datetime) -> bool:
        """Whether the day's budget is spent: then only what may be urgent is fetched, for its cost is a lost address."""
        return self.day == now.date() and self.received_bytes >= DAY_BYTES_MAX


def bytes_report(spent: Spent, now: datetime) -> StatusReport:
    """`bytes`: an alarm from half the day's budget on. Polling goes on, of the telegrams only for the urgent ones."""
    if spent.received_bytes < DAY_BYTES_MAX / 2:
        return _ok("bytes", "within the day's budget", now)
    return alarm("bytes", trouble.over_budget(spent.received_bytes, DAY_BYTES_MAX), now)


def alarm(subject: str, found: Trouble, now: datetime) -> StatusReport:
    """A report that somebody must act on."""
    return StatusReport(
        subject=subject,
        condition=Condition.ALARM,
        since=now,
        reported_at=now,
        code=found.code,
        message=found.message,
        hint=found.hint,
    )


def notice(subject: str, message: str, now: datetime) -> StatusReport:
    """Something that is to be seen and needs no act."""
    return _ok(subject, message, now)


def dead_subject(source: str) -> str:
    """The subject under which a source's dead letters stand."""
    return f"dead:{source}"


def eased(before: StatusReport | None, now: datetime) -> StatusReport | None:
    """The end of an alarm about dead letters, once there was none for `DEAD_ALARM_S`; None while there is nothing to end."""
    if before is None or before.condition is not Condition.ALARM:
        return None
    if (now - before.reported_at).total_seconds() < DEAD_ALARM_S:
        return None
    return _ok(before.subject, f"no dead letter since {clock_time(before.reported_at)}; they stay in topic dead", now)


def is_worth_saying(before: StatusReport | None, report: StatusReport, again_s: float) -> bool:
    """Whether a report tells more than the last one of its subject: a change, or news that has grown old."""
    if before is None or (before.condition, before.code) != (report.condition, report.code):
        return True
    # A clock that was set back must not keep us from speaking until it has caught up.
    return abs((report.reported_at - before.reported_at).total_seconds()) >= again_s


def say_again_s(source: Source) -> float:
    """How often unchanged news of a source is repeated, in seconds."""
    return min(SAY_AGAIN_S, (source.lease_s or source.age_limit_s) / 10)


def _silence_s(source: Source) -> float:
    return source.unheard_limit_s + SAY_AGAIN_S


def _ok(subject: str, message: str, now: datetime, silence_s: float | None = None) -> StatusReport:
    return StatusReport(
        subject=subject,
        condition=Condition.OK,
        since=now,
        reported_at=now,
        silence_s=silence_s,
        message=message,
    )
