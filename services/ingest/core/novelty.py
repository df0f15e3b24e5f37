"""Which entries of a feed are new, worth fetching and safe to fetch, in which order, and how often one is tried.

Entries are judged before anything is fetched: JMA asks not to fetch a telegram twice and not to fetch what is not
needed (jma.md §1.1). What cannot be judged by its file name is fetched: reading too much loses nobody.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import SplitResult, urlsplit

from services.ingest.core.feed import Entry
from services.ingest.core.polling import Source
from services.ingest.core.types import EMERGENCY, by_name

TRIES_MAX = 10
"""Polls that try to fetch one telegram (ten minutes live); then it is given up with a defect and an alarm. A telegram
may be listed shortly before it can be fetched."""
DAMAGED_TRIES_MAX = 3
"""Polls that try to get a telegram whole which was cut on its way; then it is kept as it is and reading it says why."""
QUEUE_MAX = 5_000
"""Telegrams waiting to be fetched; a week of Kanagawa and of the country's rivers and earthquakes is a few hundred.
What has no place is not taken in now, and the long feed is read again once there is room."""
FOREIGN_MAX = 20
"""Entries of one feed that are refused by name for leading to another host; of more, only their number is told."""
SUFFIX = re.compile(r"_(\d{6})\.xml$", re.ASCII)
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A telegram to be fetched: the entry's id, its address on the source's own host, how often that was tried."""

    entry_id: str
    address: str
    name: str
    is_urgent: bool
    listed_at: datetime
    tries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sifted:
    """A feed's entries, sorted: what to fetch, what leads elsewhere, how many were known, unwanted, without room."""

    wanted: tuple[Wanted, ...]
    foreign: tuple[Entry, ...]
    known: int
    unwanted: int
    left_over: int


def address(base: str, link: str) -> str | None:
    """Where on `base` a link leads, None when it leads to another host or is no link of the web.

    Only the path is taken from the link, scheme, host and port always from `base`: a feed that was tampered with must
    not make us ask anybody else (SSRF).
    """
    try:
        own, parts = urlsplit(base), urlsplit(link.strip())
        is_own = parts.scheme in _PORTS and (parts.hostname, _port(parts)) == (own.hostname, _port(own))
    except ValueError:
        return None
    if not is_own or parts.username is not None or not parts.path:
        return None
    query = f"?{parts.query}" if parts.query else ""
    return f"{own.scheme}://{own.netloc}{parts.path}{query}"


def _port(parts: SplitResult) -> int | None:
    """The port, None for the scheme's usual one."""
    return parts.port if parts.port != _PORTS[parts.scheme] else None


def is_wanted(source: Source, offices: Container[str], name: str) -> bool:
    """Whether a telegram of this file name concerns us: its type is wanted of the source, its office is one of ours.

    A name of no known type is looked at where warnings come from: JMA has introduced one, or the name says nothing. Types
    that speak for an office carry it as suffix; the suffix of all others is the centre that sent them, and says nothing of where.
    """
    named = by_name(name)
    if named is None:
        return source.curious
    if named.row.code not in source.types:
        return False
    suffix = SUFFIX.search(name)
    return not named.row.names_office or suffix is None or suffix[1] in offices


def is_urgent(name: str) -> bool:
    """Whether a telegram of this file name goes the emergency's way; one whose name says nothing might be."""
    named = by_name(name)
    return named is None or named.row.topic == EMERGENCY


def sift(
    source: Source,
    offices: Container[str],
    entries: Iterable[Entry],
    known: Container[str],
    queue: Mapping[str, Wanted],
) -> Sifted:
    """Sort the entries of a feed. `known` and the keys of `queue` are entry ids; an entry listed twice counts once."""
    wanted: dict[str, Wanted] = {}
    foreign: dict[str, Entry] = {}
    counts = {"known": 0, "unwanted": 0, "left over": 0}
    for entry in entries:
        at = address(source.base, entry.link)
        name = at.partition("?")[0].rpartition("/")[2] if at else ""
        if entry.id in known or entry.id in queue or entry.id in wanted:
            counts["known"] += 1
        elif at is None:
            foreign[entry.id] = entry
        elif not is_wanted(source, offices, name):
            counts["unwanted"] += 1
        elif len(queue) + len(wanted) >= QUEUE_MAX:
            counts["left over"] += 1
        else:
            wanted[entry.id] = Wanted(
                entry_id=entry.id,
                address=at,
                name=name,
                is_urgent=is_urgent(name),
                listed_at=entry.updated_at,
            )
    return Sifted(
        wanted=tuple(wanted.values()),
        foreign=tuple(foreign.values()),
        known=counts["known"],
        unwanted=counts["unwanted"],
        left_over=counts["left over"],
    )


def in_order(queue: Iterable[Wanted]) -> list[Wanted]:
    """In which order to fetch: urgent types first, what failed before after what did not, and the newest first.

    The newest report of a stream is its state (each is a snapshot, the fold needs no order), so after an outage the
    present is known before the past.
    """
    return sorted(queue, key=lambda one: (not one.is_urgent, one.tries, -one.listed_at.timestamp()))


def tried(wanted: Wanted) -> Wanted | None:
    """The telegram after one more try that failed; None when it is to be given up."""
    again = replace(wanted, tries=wanted.tries + 1)
    return again if again.tries < TRIES_MAX else None
