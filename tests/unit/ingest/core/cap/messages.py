"""Messages for tests, element by element. All invented."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from services.ingest.core.cap.message import Message
from services.ingest.core.cap.written import read_alert
from services.ingest.core.xml import read_xml

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
GEOCODE = "<geocode><valueName>JISX0402</valueName><value>142069</value></geocode>"
HEAD = {
    "identifier": "a1",
    "sender": "city.example",
    "sent": "2026-09-01T20:00:00+09:00",
    "status": "Actual",
    "msgType": "Alert",
    "scope": "Public",
}
INFO = {
    "language": "ja-JP",
    "category": "Met",
    "event": "避難指示",
    "urgency": "Immediate",
    "severity": "Severe",
    "certainty": "Likely",
}


def area(name: str = "例示地区", inside: str = GEOCODE) -> str:
    """An area element."""
    return f"<area><areaDesc>{name}</areaDesc>{inside}</area>"


def info(*, tail: str = "", areas: str | None = None, **changes: str) -> str:
    """An info element; a change to "" leaves an element out."""
    words = {**INFO, **changes}
    elements = "".join(f"<{name}>{value}</{name}>" for name, value in words.items() if value)
    return f"<info>{elements}{tail}{area() if areas is None else areas}</info>"


def alert(*infos: str, tail: str = "", **changes: str) -> bytes:
    """An alert document."""
    words = {**HEAD, **changes}
    elements = "".join(f"<{name}>{value}</{name}>" for name, value in words.items() if value)
    return f'<alert xmlns="{NAMESPACE}">{elements}{tail}{"".join(infos)}</alert>'.encode()


def parsed(document: bytes) -> Element:
    """The root element, its names without namespace."""
    root = read_xml(document, roots=("alert", "EDXLDistribution", "Envelope", "feed", "rss", "RDF"))
    assert isinstance(root, Element)
    return root


def message(*infos: str, tail: str = "", **changes: str) -> Message:
    """A message that was read."""
    return read_alert(parsed(alert(*infos, tail=tail, **changes)))
