"""What `hansho telegram` prints of CAP and L-Alert: a line's values from a reading, and the streams of several files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from schemas.alert import Status
from services.ingest.core.cap.chains import Chains
from services.ingest.core.cap.documents import read_document
from services.ingest.core.cap.feeds import Listed, Listing
from services.ingest.core.cap.message import Family, Message
from services.ingest.core.cap.places import Places
from services.ingest.core.cap.reading import Reading, name_part, read_message, stream_of
from services.ingest.core.cap.written import moment, read_alert
from services.ingest.core.defect import Defect

Values = dict[str, Any]

FEED_ENTRY = "feed entry"
NO_ALERT = "no alert in it"
_NODE = "node"
"""Under this a line keeps what its chain is found by, until all files are read."""
_ENTRY: Values = {"source": Family.CAP, "type": "CAP", "ignored": FEED_ENTRY}
_SAID = ("areas", "event", "severity", "headline", "expires", "identifier", "status", "msg_type", "sent")


@dataclass(slots=True)
class CapFiles:
    """The CAP messages of several files: they are read alone, their streams known once all are there."""

    where: Places
    _chains: Chains = field(default_factory=Chains)

    def of(self, body: bytes) -> Iterator[Values] | Defect:
        """The values of each message in a document; none for a list of none."""
        found = read_document(body)
        if isinstance(found, Defect):
            return found
        return (self._values(message) for message in found)

    def listed(self, listing: Listing) -> Iterator[Values]:
        """The values of each entry of a feed: of its message where that is in it, else what the feed says of it."""
        for entry in listing.entries:
            yield from self._entry(entry)

    def joined(self, line: Values) -> Values:
        """The line with the stream of its chain, by all files; what it was found by is taken out of it."""
        node = line.pop(_NODE, None)
        chain = self._chains.chain_of(*node) if node else None
        if chain is not None:
            _, sender, identifier = chain.root
            _, tilde, run = line["streams"][0].partition("~")
            line["streams"] = [f"{stream_of(Family.CAP, (sender, identifier))}{tilde}{run}"]
            for area in line["areas"]:
                kind, colon, _ = area["hazard"].partition(":")
                area["hazard"] = f"{kind}{colon}{name_part(identifier) if colon else ''}"
        return line

    def _entry(self, entry: Listed) -> Iterator[Values]:
        found = self.of(entry.embedded) if entry.embedded is not None else ()
        if isinstance(found, Defect):
            yield {**_ENTRY, "event": entry.title, "defects": _defects((found,))}
            return
        yield from found
        if entry.embedded is None:
            known = self._values(read_alert(entry.summary)) if entry.summary is not None else {}
            said = {key: known[key] for key in _SAID if known.get(key)}
            yield {**_ENTRY, "event": entry.title, "headline": entry.title, **said}

    def _values(self, message: Message) -> Values:
        reading = read_message(message, source=message.family, url="", where=self.where, surfaces=())
        line = values(reading)
        if message.family is Family.CAP and reading.stream is not None:
            others = ((one.sender, one.identifier, moment(one.sent)) for one in message.references)
            lane = "drill" if message.status is Status.EXERCISE else ""
            self._chains.link(lane, ((message.sender, message.identifier, message.sent), *others))
            line[_NODE] = (lane, message.sender, message.identifier)
        return line


def values(reading: Reading) -> Values:
    """What is printed of one message."""
    message, alert = reading.message, reading.alert
    streams = list(alert.streams) if alert else [reading.stream] if reading.stream else []
    return {
        "source": message.family,
        "type": message.type,
        "identifier": message.identifier or None,
        "status": message.status,
        "msg_type": message.msg_type,
        "streams": streams,
        "revision": reading.revision,
        "references": [str(one) for one in message.references],
        "sent": message.sent.isoformat() if message.sent else None,
        "event": reading.event or None,
        "severity": reading.severity,
        "areas": [
            {
                "scheme": row.scheme,
                "code": row.code,
                "name": row.name or None,
                "hazard": row.hazard,
                "level": row.level,
                "rank": row.rank,
                "state": row.state,
            }
            for row in reading.rows
        ],
        "expires": reading.expires.isoformat() if reading.expires else None,
        "headline": reading.headline or None,
        "defects": _defects(reading.defects),
        "ignored": reading.ignored,
        **({"signature": message.signature} if message.signature else {}),
    }


def none_in_it(defects: tuple[Defect, ...] = ()) -> Values:
    """What is printed of a document that lists no message."""
    return {"source": Family.CAP, "type": "CAP", "defects": _defects(defects), "ignored": NO_ALERT}


def _defects(defects: tuple[Defect, ...]) -> list[Values]:
    return [{"code": str(one.code), "reason": one.reason, "hint": one.hint} for one in defects]
