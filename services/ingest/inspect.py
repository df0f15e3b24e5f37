"""`hansho telegram FILE…`: what files say, one JSON object a line for each alert, feed entry, or file without any.

The alerts are those that the parse consumer would append, read by the same code. A line has every key of `_line`, or is
an error line with only `file` and `error`; only error lines make the exit status 1.
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
from services.ingest.core.defect import Code, Defect
from services.ingest.core.feed import FEED_BYTES_MAX, FEED_ELEMENTS_MAX, Feed, read_feed
from services.ingest.core.feed import Entry as FeedEntry
from services.ingest.core.identity import JST
from services.ingest.core.telegram import FAMILY, NOT_READ, read_telegram
from services.ingest.core.xml import read_xml
from services.runtime.cities import deploy_dir, load_table

Line = dict[str, object]

FEED_ENTRY = "feed entry"
FILE = "file"
"""The source of a telegram that no feed and no socket brought."""
NO_ENTRIES = "feed without entries"
CAP = "cap"
LALERT = "lalert"

ROOTS = {
    "Report": FAMILY,
    "feed": FAMILY,
    "alert": CAP,
    "EDXLDistribution": LALERT,  # L-Alert's envelope, by itself
    "Envelope": LALERT,  # and in SOAP
}
"""What we know a file by: its root element → the family of its source."""


def main(argv: Sequence[str], out: TextIO) -> int:
    """Print what each file says; 1 when one of them could not be read, else 0."""
    areas = load_table(deploy_dir())
    # a terminal of another encoding gets JSON's own escapes, which mean the same
    plain = (out.encoding or "utf-8").lower() not in {"utf-8", "utf8"}
    code = 0
    for file in argv:
        for line in lines(file, areas):
            code = 1 if "error" in line else code
            print(json.dumps(line, ensure_ascii=plain), file=out)
    return code


def lines(file: str, areas: AreaTable) -> Iterator[Line]:
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
    root = read_xml(body, roots=ROOTS, bytes_max=FEED_BYTES_MAX, elements_max=FEED_ELEMENTS_MAX)
    if isinstance(root, Defect):
        yield _error(file, root)
    elif root.tag == "Report":
        yield _telegram(file, body, areas)
    elif root.tag == "feed":
        yield from _feed(file, body)
    else:
        source = ROOTS[root.tag]
        yield _line(file, source=source, type="CAP" if source == CAP else None, ignored=NOT_READ)


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


def _feed(file: str, body: bytes) -> Iterator[Line]:
    feed = read_feed(body)
    if isinstance(feed, Defect):
        yield _error(file, feed)
        return
    source = FAMILY if _is_jma(feed) else CAP
    if not feed.entries:
        yield _line(file, source=source, defects=_defects(feed.defects), ignored=NO_ENTRIES)
    for index, entry in enumerate(feed.entries):
        yield _line(
            file,
            index=index,
            source=source,
            type=_type(entry) if source == FAMILY else "CAP",
            event=entry.title,
            headline=entry.content,
            # what is wrong with the feed is said once
            defects=[] if index else _defects(feed.defects),
            ignored=FEED_ENTRY,
        )


def _is_jma(feed: Feed) -> bool:
    """Whether this is a feed of telegrams: other feeds list CAP messages."""
    return "/developer/xml/" in feed.id or any(_type(entry) for entry in feed.entries)


def _type(entry: FeedEntry) -> str | None:
    found = types.by_name(entry.link.rpartition("/")[2]) or types.by_title(entry.title)
    return found.written if found else None
