"""Bytes → the messages in them: one CAP message as XML or JSON, NWS's list, or what L-Alert sends. Nothing is fetched."""

from __future__ import annotations

from dataclasses import replace
from xml.etree.ElementTree import Element

from schemas.topics import TELEGRAM_BYTES_MAX
from services.ingest.core.cap.lalert import read_lalert
from services.ingest.core.cap.listed import read_json
from services.ingest.core.cap.message import Message, Signature
from services.ingest.core.cap.written import NAMESPACE, read_alert
from services.ingest.core.defect import Code, Defect
from services.ingest.core.xml import read_xml

ALERT = "alert"
EDXL = "EDXLDistribution"
SOAP = "Envelope"
ROOTS = (ALERT, EDXL, SOAP)
_BOM = b"\xef\xbb\xbf"


def read_document(body: bytes, *, bytes_max: int = TELEGRAM_BYTES_MAX) -> tuple[Message, ...] | Defect:
    """The messages of a document, none where it is a list without any; why it is refused as a whole."""
    if is_json(body):
        listed = read_json(body, bytes_max=bytes_max)
        return listed if isinstance(listed, Defect) else tuple(read_alert(one, is_ordered=False) for one in listed)
    root = read_xml(body, roots=ROOTS, bytes_max=bytes_max)
    return root if isinstance(root, Defect) else read_root(root, body)


def read_root(root: Element, body: bytes) -> tuple[Message, ...] | Defect:
    """The messages of a parsed document; its bytes say which namespace it names."""
    if root.tag != ALERT:
        # EDXL-DE and SOAP carry anything: what is CAP in them is read as CAP
        inside = tuple(read_alert(one) for one in root.iter(ALERT))
        return inside or read_lalert(root)
    message = read_alert(root)
    if NAMESPACE.search(body.replace(b"\0", b"")) is None:
        foreign = Defect(code=Code.CAP_NAMESPACE, reason="it is not in a namespace of CAP 1.0 to 1.2")
        message = replace(message, defects=(foreign, *message.defects))
    return (_checked(message, body) if message.is_signed else message,)


def _checked(message: Message, body: bytes) -> Message:
    from services.ingest.core.cap import signature  # few messages are signed, and what checks them starts slowly

    found = signature.check(body, message.sent)
    if found is not Signature.WRONG:
        return replace(message, signature=found)
    wrong = Defect(code=Code.SIGNATURE_WRONG, reason="its signature does not fit what it says")
    return replace(message, signature=found, defects=(wrong, *message.defects))


def is_json(body: bytes) -> bool:
    """Whether a document can only be JSON."""
    return body[:64].removeprefix(_BOM).lstrip()[:1] in {b"{", b"["}
