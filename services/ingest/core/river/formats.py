"""Which river source a document is of: each reader knows its own, the first that does has it."""

from __future__ import annotations

from services.ingest.core.defect import Code, Defect
from services.ingest.core.river import drop, ea, hubeau, kanagawa, kawabou, kriver, pegelonline, suimon, usgs
from services.ingest.core.river.found import DOCUMENT_BYTES_MAX, Found, Reader, refused

READERS: dict[str, Reader] = {
    kriver.SOURCE: kriver.read,
    kawabou.SOURCE: kawabou.read,
    suimon.SOURCE: suimon.read,
    kanagawa.SOURCE: kanagawa.read,
    ea.SOURCE: ea.read,
    usgs.SOURCE: usgs.read,
    hubeau.SOURCE: hubeau.read,
    drop.SOURCE: drop.read,
    pegelonline.SOURCE: pegelonline.read,
}
"""By source, those with the most telling marks first."""


def read(body: bytes, name: str) -> Found:
    """What a document yields, whatever it is; `name` is its file name, which may carry the station's id."""
    if len(body) > DOCUMENT_BYTES_MAX:
        return refused(None, Defect(code=Code.TOO_LARGE, reason=f"more than {DOCUMENT_BYTES_MAX} bytes"))
    found = (reader(body, name) for reader in READERS.values())
    return next((one for one in found if one is not None), _unknown())


def read_as(source: str, body: bytes, name: str) -> Found:
    """What a document that a source served yields; another source's document is refused."""
    if len(body) > DOCUMENT_BYTES_MAX:
        return refused(source, Defect(code=Code.TOO_LARGE, reason=f"more than {DOCUMENT_BYTES_MAX} bytes"))
    found = READERS[source](body, name)
    return refused(source, _unknown().defects[0]) if found is None else found


def _unknown() -> Found:
    return refused(None, Defect(code=Code.UNKNOWN_FORMAT, reason="unknown format"))
