"""Bytes → element tree, or the defect that refuses them. Everything from outside comes through here.

Refused are: more than the caller allows (`TELEGRAM_BYTES_MAX`), a DTD or entities, an encoding that is not what it says,
anything not well-formed, more than `DEPTH_MAX` levels, too many elements (`ELEMENTS_MAX`), an unknown root.

Names lose their namespace: JMA's names do not collide, and its namespaces differ between kinds of Body.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import XMLParser

from schemas.topics import TELEGRAM_BYTES_MAX
from services.ingest.core.defect import Code, Defect

DEPTH_MAX = 40
"""Levels of elements; JMA's deepest telegram has about 15. Deeper is refused."""
ELEMENTS_MAX = 200_000
"""Elements; the largest telegram recorded has about 12,000. More is refused before it fills the memory."""
YEAR_MAX = 9000
"""A time so far ahead is none: what is reckoned from it would have no date."""
NAMED_MAX = 80
"""Characters of the source's text that a reason repeats; the rest is in the telegram itself."""
_SPAN = re.compile(r"P(?:(\d{1,3})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?)?", re.ASCII)
_PLAIN = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}


class _TooDeep(Exception):
    pass


class _Tree(TreeBuilder):
    """Builds elements by local name and stops at the limits."""

    def __init__(self, elements_max: int) -> None:
        super().__init__()
        self._depth = 0
        self._elements = 0
        self._elements_max = elements_max

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        self._elements += 1
        if self._depth > DEPTH_MAX:
            raise _TooDeep(f"more than {DEPTH_MAX} levels of elements")
        if self._elements > self._elements_max:
            raise _TooDeep(f"more than {self._elements_max} elements")
        return super().start(local(tag), attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(local(tag))


def local(tag: str) -> str:
    """A name without its namespace."""
    return tag.rpartition("}")[2]


def read_xml(
    body: bytes,
    *,
    roots: Collection[str],
    bytes_max: int = TELEGRAM_BYTES_MAX,
    elements_max: int = ELEMENTS_MAX,
) -> Element | Defect:
    """The root element of a document, its name one of `roots`; else why it is refused."""
    if len(body) > bytes_max:
        return Defect(code=Code.TOO_LARGE, reason=f"{len(body)} bytes, more than {bytes_max}")
    root = _parsed(body, elements_max)
    if isinstance(root, Element) and root.tag not in roots:
        return Defect(code=Code.UNKNOWN_ROOT, reason=f"the root is {named(root.tag)}, not {' or '.join(sorted(roots))}")
    return root


def _parsed(body: bytes, elements_max: int) -> Element | Defect:
    parser = XMLParser(target=_Tree(elements_max), forbid_dtd=True)
    try:
        parser.feed(body)
        root: Element = parser.close()
    except _TooDeep as error:
        return Defect(code=Code.TOO_DEEP, reason=str(error))
    except DefusedXmlException as error:
        return Defect(code=Code.DTD_FORBIDDEN, reason=f"a DTD or an entity ({type(error).__name__})")
    except ParseError as error:
        wrong = _wrong_encoding(body, error)
        return Defect(code=Code.WRONG_ENCODING if wrong else Code.NOT_WELL_FORMED, reason=str(error))
    except (LookupError, ValueError) as error:
        # what the parser says of an encoding that it cannot read: Shift_JIS, EUC-JP, or none of this world
        return Defect(code=Code.WRONG_ENCODING, reason=str(error)[:NAMED_MAX])
    return root


def _wrong_encoding(body: bytes, error: ParseError) -> bool:
    """Whether bytes that are no XML are no UTF-8 either, or name an encoding that the parser refuses."""
    if "encoding" in str(error):
        return True
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as cut:
        return cut.reason != "unexpected end of data"  # cut inside a character: cut, not foreign
    return False


def named(text: str) -> str:
    """The source's own text in a reason: quoted, and no longer than `NAMED_MAX`."""
    return repr(text if len(text) <= NAMED_MAX else f"{text[:NAMED_MAX]}…")


def time_of(written: str) -> datetime | None:
    """A time with its offset as UTC; None for anything else, also for a time that does not say where."""
    try:
        at = datetime.fromisoformat(written)
        return at.astimezone(UTC) if at.tzinfo is not None and at.year < YEAR_MAX else None
    except (ValueError, OverflowError):
        return None


def span_of(written: str) -> timedelta | None:
    """A duration as telegrams write it (P2DT18H, PT6H, P1D); None for anything else."""
    found = _SPAN.fullmatch(written)
    if found is None or not any(found.groups()):
        return None
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)


def child(element: Element | None, *path: str) -> Element | None:
    """The first element along a path of names, None where it ends early."""
    for name in path:
        if element is None:
            return None
        element = element.find(name)
    return element


def text(element: Element | None, *path: str) -> str:
    """The text at the end of a path, without the white space around it; "" where there is none."""
    found = child(element, *path)
    return (found.text or "").strip() if found is not None else ""


def token(element: Element | None, *path: str) -> str:
    """A code or a fixed word: full-width digits and letters become plain ones."""
    return text(element, *path).translate(_PLAIN)
