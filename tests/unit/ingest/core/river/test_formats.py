from __future__ import annotations

import pytest

from services.ingest.core.defect import Code
from services.ingest.core.river import formats
from services.ingest.core.river.formats import READERS, read, read_as
from services.ingest.core.river.sources import SOURCES, reader_of

EXAMPLES = {
    "kriver": b'{"obss": []}',
    "kawabou": b'{"crntObsTime": "2026/09/01 20:00"}',
    "suimon": "日流量年表\n観測所記号,1\n".encode("euc_jp"),
    "kanagawa": "<p>観測時刻 2026/09/01 20:00</p>".encode(),
    "ea": b'{"meta": {"publisher": "Environment Agency"}, "items": []}',
    "usgs": b'{"value": {"timeSeries": []}}',
    "hubeau": b'{"count": 0, "api_version": "2", "data": []}',
    "drop": b'{"station": "1", "kind": "stage", "value": 1, "unit": "m", "observed": "2026-09-01T11:00:00Z"}',
    "pegelonline": b'[{"uuid": "x", "shortname": "A"}]',
}


@pytest.mark.parametrize("source", sorted(READERS))
def test_each_document_is_known_by_its_own_reader_and_by_no_other(source: str) -> None:
    assert read(EXAMPLES[source], "").source == source
    assert [name for name, reader in READERS.items() if reader(EXAMPLES[source], "") is not None] == [source]


def test_every_source_has_a_reader() -> None:
    assert {reader_of(source) for source in SOURCES} == set(READERS)


def test_a_document_of_nobody_is_an_error_of_nobody() -> None:
    made = read(b"%PDF", "")
    assert (made.source, [one.code for one in made.defects]) == (None, [Code.UNKNOWN_FORMAT])


def test_another_sources_document_is_refused_where_one_was_asked() -> None:
    made = read_as("ea", EXAMPLES["usgs"], "")
    assert (made.source, [one.code for one in made.defects]) == ("ea", [Code.UNKNOWN_FORMAT])
    assert read_as("usgs", EXAMPLES["usgs"], "").ignored


def test_a_document_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "DOCUMENT_BYTES_MAX", 10)
    assert [read(b" " * 11, "").defects[0].code, read_as("ea", b" " * 11, "").defects[0].code] == [Code.TOO_LARGE] * 2
