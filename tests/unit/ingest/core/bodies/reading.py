"""What the tests of bodies share: a Body read by one reader, and its entries in one line each."""

from __future__ import annotations

from services.ingest.core.bodies import BodyParser, BodyReading
from services.ingest.core.defect import Code, Defect
from services.ingest.core.xml import read_xml
from tests.telegrams import table, telegram


def read(parser: BodyParser, hazard: str, body: str = "", **head: str) -> BodyReading | Defect:
    """A telegram read by this reader."""
    report = read_xml(telegram(body=body, **head), roots=("Report",))
    assert not isinstance(report, Defect)
    return parser(report, table(), tuple(hazard.split()))


def reading(parser: BodyParser, hazard: str, body: str = "", **head: str) -> BodyReading:
    """The same where it can be read."""
    found = read(parser, hazard, body, **head)
    assert isinstance(found, BodyReading), found
    return found


def said(parser: BodyParser, hazard: str, body: str = "", **head: str) -> list[str]:
    """Each entry as "area hazard level rank state"."""
    return [
        f"{one.area} {one.kind.hazard} {one.kind.level or '-'} {one.kind.rank or '-'} {one.kind.state}"
        for one in reading(parser, hazard, body, **head).entries
    ]


def codes(parser: BodyParser, hazard: str, body: str = "", **head: str) -> list[Code]:
    """The defects beside what could be read."""
    return [defect.code for defect in reading(parser, hazard, body, **head).defects]


def refused(parser: BodyParser, hazard: str, body: str = "", **head: str) -> Code:
    """Why it cannot be read."""
    found = read(parser, hazard, body, **head)
    assert isinstance(found, Defect), found
    return found.code
