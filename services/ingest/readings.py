"""`hansho readings FILE…`: what the river readers find in files, one JSON object a line. No network, no state, no clock.

The readings are those that the poller would put into topic `observations`, read by the same code.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from schemas.observation import Reading
from services.ingest.core.defect import Code, Defect
from services.ingest.core.river.formats import read
from services.ingest.core.river.found import DOCUMENT_BYTES_MAX

Line = dict[str, object]


def main(argv: Sequence[str], out: TextIO) -> int:
    """Print what each file holds; 1 when one of them, or a part of one, could not be read, else 0."""
    plain = (out.encoding or "utf-8").lower() not in {"utf-8", "utf8"}
    code = 0
    for file in argv:
        for line in lines(file):
            code = 1 if "error" in line else code
            print(json.dumps(line, ensure_ascii=plain), file=out)
    return code


def lines(file: str) -> Iterator[Line]:
    """The lines of one file: its readings, then what could not be used; at least one."""
    path = Path(file)
    file = file.encode("utf-8", "surrogateescape").decode("utf-8", "replace")  # a name that is no text, as text
    try:
        with path.open("rb") as opened:
            body = opened.read(DOCUMENT_BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        reason = f"cannot be opened ({getattr(error, 'strerror', None) or error})"
        yield _error(file, None, Defect(code=Code.UNREADABLE_FILE, reason=reason))
        return
    found = read(body, path.name)
    for reading in found.readings:
        yield {"file": file, **_reading(reading)}
    for defect in found.defects:
        yield _error(file, found.source, defect)
    if not found.readings and not found.defects:
        yield {"file": file, "source": found.source, "ignored": found.ignored}


def _reading(reading: Reading) -> Line:
    return {**asdict(reading), "observed": reading.observed.isoformat()}


def _error(file: str, source: str | None, defect: Defect) -> Line:
    return {"file": file, "source": source, "error": str(defect)}
