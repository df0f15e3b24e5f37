"""`hansho telegram FILE…`: what files say, one JSON object a line for each alert, feed entry, or file without any.

JMA's telegrams, CAP (one message or a list of them, XML or JSON) and L-Alert.

The alerts are those that the parse consumer would append, read by the same code. A line has every key of `_line` (of a
signed CAP message `signature` too), or is an error line with only `file` and `error`; only error lines make the exit
status 1.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from schemas.alert import Alert, Info, active
from schemas.area import AreaTable
from services.ingest.core import types
from services.ingest.core.bodies import Entry
from services.ingest.core.cap import documents, printed
from services.ingest.core.cap.feeds import LISTS, read_listing
from services.ingest.core.cap.places import places
from services.ingest.core.cap.printed import FEED_ENTRY, CapFiles
from services.ingest.core.defect import Code, Defect
from services.ingest.core.feed import FEED_BYTES_MAX, FEED_ELEMENTS_MAX, Feed, read_feed
from services.ingest.core.feed import Entry as FeedEntry
from services.ingest.core.identity import JST
from services.ingest.core.telegram import FAMILY, read_telegram
from services.ingest.core.xml import read_xml
from services.runtime.cities import deploy_dir, load_table

Line = dict[str, object]

FILE = "file"
"""The source of a telegram that no feed and no socket brought."""
NO_ENTRIES = "feed without entries"

ROOTS = ("Report", *LISTS, *documents.ROOTS)
"""What we know a file by: its root element."""


def main(argv: Sequence[str], out: TextIO) -> int:
    """Print what each file says; 1 when one of them could not be read, else 0."""
    areas = load_table(deploy_dir())
    # a terminal of another encoding gets JSON's own escapes, which mean the same
    plain = (out.encoding or "utf-8").lower() not in {"utf-8", "utf8"}
    code = 0
    cap_files = CapFiles(places(areas))
    # A CAP chain is known by its oldest message, which may stand in a later file: everything is read before it is said.
    for line in [line for file in argv for line in lines(file, areas, cap_files)]:
        code = 1 if "error" in line else code
        print(json.dumps(cap_files.joined(line), ensure_ascii=plain), file=out)
    return code


def lines(file: str, areas: AreaTable, cap_files: CapFiles) -> Iterator[Line]:
    """The lines of one file."""
    path = Path(file)
    file = file.encode("utf-8", "surrogateescape").decode("utf-8", "replace")  # a name that is no text, as text
    try:
        with path.open("rb") as opened:
            body = opened.read(FEED_BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        yield _error(file, Defect(code=Code.UNREADABLE_FILE, reason=f"cannot be opened ({reason})"))
        return
    if documents.is_json(body):
        yield from _listing(file, body, cap_files)
        return
    root = read_xml(body, roots=ROOTS, bytes_max=FEED_BYTES_MAX, elements_max=FEED_ELEMENTS_MAX)
    if isinstance(root, Defect):
        yield _error(file, root)
    elif root.tag == "Report":
        yield _telegram(file, body, areas)
    elif root.tag in documents.ROOTS:
        yield from _numbered(file, cap_files.of(body))
    elif root.tag == "feed" and _is_jma(feed := read_feed(body)):
        yield from _feed(file, feed)
    else:
        yield from _listing(file, body, cap_files)


def _error(file: str, defect: Defect) -> Line:
    return {"file": file, "error": str(defect)}


def _line(file: str, **known: object) -> Line:
    """A line with every key; what is not known is null, or [] where there could be several."""
    return {
        "file": file,
        "index": 0,
        "source": None,
        "type": None,
        "identifier": None,
        "status": None,
        "msg_type": None,
        "streams": [],
        "revision": None,
        "references": [],
        "sent": None,
        "event": None,
        "severity": None,
        "areas": [],
        "expires": None,
        "headline": None,
        "defects": [],
        "ignored": None,
        **known,
    }


def _telegram(file: str, body: bytes, areas: AreaTable) -> Line:
    reading = read_telegram(body, name=Path(file).name, source=FILE, url="", areas=areas, surfaces=())
    alert = reading.alert
    if alert is None:
        return _error(file, reading.defects[0])
    return _line(
        file,
        source=alert.source,
        type=reading.type,
        identifier=alert.identifier,
        status=alert.status,
        msg_type=alert.msg_type,
        streams=list(alert.streams),
        revision=alert.revision,
        references=list(alert.references),
        sent=alert.sent.astimezone(JST).isoformat(),
        event=alert.event,
        severity=_severity(alert),
        areas=[_area(entry) for entry in reading.entries],
        expires=_expires(alert),
        headline=alert.headline,
        defects=_defects(reading.defects),
        ignored=reading.ignored,
    )


def _severity(alert: Alert) -> str | None:
    """CAP's severity of the highest rank in force."""
    loudest: Info | None = max(filter(active, alert.info), key=lambda info: info.rank or 0, default=None)
    return loudest.severity if loudest else None


def _expires(alert: Alert) -> str | None:
    """When the last of what is in force ends by a stated end."""
    last = max((info.expires for info in alert.info if active(info) and info.expires), default=None)
    return last.astimezone(JST).isoformat() if last else None


def _area(entry: Entry) -> Line:
    """One area; its hazard is the source's, without the item that keeps information apart in the alert."""
    return {
        "scheme": str(entry.area.scheme),
        "code": entry.area.code,
        "name": entry.name,
        "hazard": entry.kind.hazard,
        "level": entry.kind.level,
        "rank": entry.kind.rank,
        "state": entry.kind.state,
    }


def _defects(defects: Sequence[Defect]) -> list[Line]:
    return [{"code": str(one.code), "reason": one.reason, "hint": one.hint} for one in defects]


def _listing(file: str, body: bytes, cap_files: CapFiles) -> Iterator[Line]:
    """A list of CAP messages; what is wrong with the list is said once, on its first line."""
    listing = read_listing(body)
    if isinstance(listing, Defect):
        yield from _numbered(file, listing)
        return
    told = printed.none_in_it(listing.defects)
    found = list(cap_files.listed(listing)) or [{**told, "ignored": NO_ENTRIES}]
    found[0] = (
        {**found[0], "defects": [*told["defects"], *found[0].get("defects", ())]} if listing.entries else found[0]
    )
    yield from _numbered(file, iter(found))


def _numbered(file: str, found: Iterator[printed.Values] | Defect) -> Iterator[Line]:
    if isinstance(found, Defect):
        # a file of another kind that is whole is no error: it has no alert, and says so
        known = _line(file, **printed.none_in_it((found,)))
        yield known if found.code is Code.NO_CAP else _error(file, found)
        return
    several = [_line(file, **{**values, "index": index}) for index, values in enumerate(found)]
    yield from several or [_line(file, **printed.none_in_it())]


def _feed(file: str, feed: Feed | Defect) -> Iterator[Line]:
    if isinstance(feed, Defect):
        yield _error(file, feed)
        return
    if not feed.entries:
        yield _line(file, source=FAMILY, defects=_defects(feed.defects), ignored=NO_ENTRIES)
    for index, entry in enumerate(feed.entries):
        yield _line(
            file,
            index=index,
            source=FAMILY,
            type=_type(entry),
            event=entry.title,
            headline=entry.content,
            # what is wrong with the feed is said once
            defects=[] if index else _defects(feed.defects),
            ignored=FEED_ENTRY,
        )


def _is_jma(feed: Feed | Defect) -> bool:
    """Whether this is a feed of telegrams: other feeds list CAP messages."""
    if isinstance(feed, Defect):
        return False
    return "/developer/xml/" in feed.id or any(_type(entry) for entry in feed.entries)


def _type(entry: FeedEntry) -> str | None:
    found = types.by_name(entry.link.rpartition("/")[2]) or types.by_title(entry.title)
    return found.written if found else None
