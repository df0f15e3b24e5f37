"""The sources, one row each: where they lie, how often they are read, how old they may be, what holds by them.

A new source of JMA's kind is one row here; one of another kind is one file beside this and a row here.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.ingest.core import canary
from services.ingest.core.bodies import text_only
from services.ingest.core.polling import Seasons, Source
from services.ingest.core.river.city import Gauges
from services.ingest.core.river.sources import SOURCES, RiverSource
from services.ingest.core.types import CANARY, CANARY_TYPE, EQVOL, EXTRA, REGULAR, TYPES
from services.runtime.settings import SettingInvalid, Settings

HOUR_S = 3600.0
FEED = "/developer/xml/feed/"
CANARY_POLLS = 4
"""Polls in one interval of the canary, so that its age is that of the chain and not of our waiting."""
CANARY_POLL_S_MAX = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bases:
    """Where the feeds are served: JMA's (or a server laid out like it) and our own canary's ("" for none)."""

    jma: str
    canary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A feed of JMA's layout. Age limits: of the real feed, which is rebuilt every minute, and of the demo storm's.

    `quiet`: for how long no telegram at all is nothing unusual in the whole country. `every`: polls of the others to one.
    """

    id: str
    feed: str
    age_limit_s: float
    demo_age_limit_s: float
    quiet: Seasons
    every: int = 1


JMA: tuple[_Row, ...] = (
    # The storm publishes every 7 s and rests 10 s.
    _Row(
        id=EXTRA, feed="extra", age_limit_s=6 * HOUR_S, demo_age_limit_s=30.0, quiet=Seasons(24 * HOUR_S, 72 * HOUR_S)
    ),
    # Of the demo this feed has one notice at the beginning of each run.
    _Row(
        id=EQVOL, feed="eqvol", age_limit_s=24 * HOUR_S, demo_age_limit_s=300.0, quiet=Seasons(24 * HOUR_S, 24 * HOUR_S)
    ),
)
SLOW = _Row(
    # 早期注意情報 comes three times a day.
    id=REGULAR,
    feed="regular",
    age_limit_s=6 * HOUR_S,
    demo_age_limit_s=HOUR_S,
    quiet=Seasons(6 * HOUR_S, 6 * HOUR_S),
    every=10,
)
"""The feed 定時, which only JMA serves: of level 1, and nothing holds by it."""


def sources(settings: Settings, bases: Bases) -> tuple[Source, ...]:
    """The sources of this run."""
    return (*_jma(settings, bases.jma), *((_canary(settings, bases.canary),) if bases.canary else ()))


def rivers(settings: Settings, gauges: Gauges) -> tuple[RiverSource, ...]:
    """The river sources of this run: the city's, or those that the setting names. Raises `SettingInvalid`."""
    if not settings.gauges:
        polled = () if settings.is_demo else gauges.polls
        return tuple(SOURCES[id_] for id_ in polled if not SOURCES[id_].asked)
    named = [word for word in settings.gauges.replace(",", " ").split() if word != "none"]
    for word in named:
        if word not in SOURCES or not gauges.polls.get(word):
            known = ", ".join(id_ for id_, items in gauges.polls.items() if items) or "none"
            raise SettingInvalid(f"gauges={settings.gauges!r}: the city's gauges.toml polls {known}, not {word!r}")
    return tuple(SOURCES[word] for word in named)


def _jma(settings: Settings, base: str) -> tuple[Source, ...]:
    rows = (*JMA, SLOW) if settings.is_live else JMA
    return tuple(
        Source(
            id=row.id,
            base=base,
            feed=f"{FEED}{row.feed}.xml",
            # polled more slowly than a gap is long, it would read its long feed, the largest of all, at every poll
            long_feed=None if row is SLOW else f"{FEED}{row.feed}_l.xml",
            interval_s=row.every * settings.poll_s,
            age_limit_s=settings.feed_age_limit_s or (row.demo_age_limit_s if settings.is_demo else row.age_limit_s),
            lease_s=None if row is SLOW else settings.jma_lease_s,
            types=_readable(row.id, is_live=settings.is_live),
            quiet=row.quiet if settings.is_live else None,
            curious=row is not SLOW,
        )
        for row in rows
    )


def _readable(source: str, *, is_live: bool) -> frozenset[str]:
    """The types of a source that can have an effect: the others would be fetched for nothing.

    JMA sends a copy of what is new in the older types; another server may replay a storm from before there were newer ones.
    """
    return frozenset(
        row.code
        for row in TYPES
        if row.feed == source and row.body not in {None, text_only} and not (is_live and row.copy_since)
    )


def _canary(settings: Settings, base: str) -> Source:
    every_s = settings.canary_s
    return Source(
        id=CANARY,
        base=base,
        feed=f"{FEED}canary.xml",
        long_feed=None,
        interval_s=min(every_s / CANARY_POLLS, CANARY_POLL_S_MAX),
        age_limit_s=canary.SILENT_INTERVALS * every_s,
        lease_s=None,
        types=frozenset({CANARY_TYPE}),
        tells_time=False,
    )
