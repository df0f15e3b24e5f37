"""The sources, one row each: where they lie, how often they are read, how old they may be, what holds by them.

A new source of JMA's kind is one row here; one of another kind is one file beside this and a row here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit

from services.ingest.core import canary
from services.ingest.core.bodies import text_only
from services.ingest.core.polling import Seasons, Source
from services.ingest.core.river.city import Gauges
from services.ingest.core.river.sources import SOURCES, RiverSource
from services.ingest.core.types import CANARY, CANARY_TYPE, EQVOL, EXTRA, REGULAR, TYPES
from services.runtime.errors import HanshoError
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


JMA_TERMS = "出典：気象庁。同じ電文を繰り返し取得しないよう求められている。1日約10GB以上の取得は遮断される"
OWN_TERMS = "ours"


class CapAddressInvalid(HanshoError):
    """A source of the setting `cap` that cannot be polled as it is written."""

    code: ClassVar[str] = "E3216"


@dataclass(frozen=True, slots=True, kw_only=True)
class CapRow:
    """A source of CAP or L-Alert. Its address is the operator's to give: which country, state or sender is theirs.

    `age_limit_s`: of its list's own time. `lease_s`: how long an alert holds that states no end. `feed_bytes_max`,
    `bytes_max`: of its list and of one message.
    """

    id: str
    terms: str
    interval_s: float
    age_limit_s: float
    lease_s: float
    feed_bytes_max: int
    bytes_max: int


CAP = "cap."
"""How the ids of sources of CAP and L-Alert begin."""
NWS = CapRow(
    id="cap.nws",
    terms="US public domain; a User-Agent is asked for (ours is sent)",
    interval_s=60.0,
    age_limit_s=HOUR_S,
    lease_s=3 * HOUR_S,
    feed_bytes_max=20_000_000,
    bytes_max=1_000_000,
)
METEOALARM = CapRow(
    id="cap.meteoalarm",
    terms="MeteoAlarm's own terms (meteoalarm.org): read them before use; credit MeteoAlarm and the national service",
    interval_s=300.0,
    age_limit_s=HOUR_S,
    lease_s=3 * HOUR_S,
    # the feed of Switzerland has 9.4 MB, for it carries polygons
    feed_bytes_max=20_000_000,
    bytes_max=4_000_000,
)
LALERT = CapRow(
    id="cap.lalert",
    terms="Lアラートの利用規約（マルチメディア振興センター）：利用には申込みが要る。既定では使わない",
    interval_s=60.0,
    age_limit_s=30 * 24 * HOUR_S,
    lease_s=12 * HOUR_S,
    feed_bytes_max=4_000_000,
    bytes_max=2_000_000,
)
GENERIC = CapRow(
    id="cap.<name>",
    terms="not known to us: ask whoever publishes it before it is polled",
    interval_s=60.0,
    # a list that is rebuilt only when there is something new
    age_limit_s=7 * 24 * HOUR_S,
    lease_s=3 * HOUR_S,
    feed_bytes_max=10_000_000,
    bytes_max=2_000_000,
)
CAP_ROWS = {row.id: row for row in (NWS, METEOALARM, LALERT)}
"""The sources of CAP and L-Alert that have a row of their own; any other name has that of `GENERIC`."""


def cap_row(id_: str) -> CapRow:
    """The row of a source of CAP or L-Alert."""
    return CAP_ROWS.get(id_, GENERIC)


def cap_sources(settings: Settings) -> tuple[Source, ...]:
    """The sources of CAP and L-Alert of this run, in the setting's order; raises `CapAddressInvalid`."""
    named = [word.partition("=") for word in settings.cap.split()]
    found = tuple(_cap(settings, name, address) for name, _, address in named)
    if len({one.id for one in found}) < len(found):
        raise CapAddressInvalid(f"cap={settings.cap!r}: a name stands there twice; each source needs its own")
    return found


def _cap(settings: Settings, name: str, address: str) -> Source:
    try:
        parts = urlsplit(address)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None
        assert parts.port is None or parts.port > 0
    except (ValueError, AssertionError):
        is_usable = False
    if not is_usable or not name or not name.replace("-", "").replace("_", "").isalnum() or not name.isascii():
        raise CapAddressInvalid(
            f"cap: {name}={address}: expected NAME=http(s)://HOST/PATH, the name of letters and digits"
        )
    row = cap_row(f"{CAP}{name}")
    query = f"?{parts.query}" if parts.query else ""
    return Source(
        id=f"{CAP}{name}",
        base=f"{parts.scheme}://{parts.netloc}",
        feed=f"{parts.path or '/'}{query}",
        long_feed=None,
        interval_s=settings.poll_every_s or row.interval_s,
        age_limit_s=settings.feed_age_limit_s or row.age_limit_s,
        lease_s=settings.lease_s or row.lease_s,
        may_be_empty=True,
        feed_bytes_max=row.feed_bytes_max,
        bytes_max=row.bytes_max,
    )


def terms_of(id_: str) -> str:
    """On which terms a source is used."""
    if id_.startswith(CAP):
        return cap_row(id_).terms
    return OWN_TERMS if id_ == CANARY else JMA_TERMS


def sources(settings: Settings, bases: Bases) -> tuple[Source, ...]:
    """The sources of this run."""
    own = (_canary(settings, bases.canary),) if bases.canary else ()
    return (*_jma(settings, bases.jma), *own, *cap_sources(settings))


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
