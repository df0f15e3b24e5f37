"""Every recorded river document against the table of what it holds (`readings.tsv`, one row a file)."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from schemas.observation import UNITS, VALUELESS, Kind
from services.ingest.readings import main

KEYS = ["file", "source", "station", "name", "kind", "value", "unit", "datum", "quality", "observed", "native"]
NATIVE = ["value", "unit", "time", "quality"]


def _rows() -> list[dict[str, str]]:
    lines = Path(__file__).with_name("readings.tsv").read_text("utf-8").splitlines()
    return list(csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t"))


ROWS = _rows()


def printed(*files: Path) -> tuple[int, list[dict[str, Any]]]:
    """The exit status and the lines."""
    out = StringIO()
    code = main([str(file) for file in files], out)
    return code, [json.loads(line) for line in out.getvalue().splitlines()]


def told(line: dict[str, Any]) -> str:
    """A reading as the table writes it."""
    native = line["native"]
    words = [line["station"], line["kind"], line["value"], line["unit"], line["datum"], line["quality"]]
    words += [line["observed"], native["value"], native["unit"], native["quality"]]
    return " ".join("-" if word is None else f"{word:g}" if isinstance(word, float) else str(word) for word in words)


def normal(written: str) -> str:
    """The table's line with its value as a number is printed."""
    words = written.split(" ")
    words[2] = words[2] if words[2] == "-" else f"{float(words[2]):g}"
    return " ".join(words)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_a_recorded_document_holds_what_the_table_says(row: dict[str, str], samples: Path) -> None:
    code, lines = printed(samples / "river" / row["file"])
    readings = [line for line in lines if "value" in line]
    assert len(readings) == int(row["count"])
    assert sum(line["value"] is None for line in readings) == int(row["missing"])
    assert {line["source"] for line in lines} == {None if row["source"] == "-" else row["source"]}
    assert code == (1 if row["else"] == "error" else 0)
    assert [key for line in lines for key in ("ignored", "error") if key in line] == [
        word for word in [row["else"]] if word != "-"
    ]
    if row["some"] != "-":
        assert {normal(one) for one in row["some"].split(" | ")} <= {told(line) for line in readings}


def test_the_table_has_a_row_for_every_document(samples: Path) -> None:
    files = {path.name for path in (samples / "river").iterdir() if path.suffix != ".md"}
    assert sorted(row["file"] for row in ROWS) == sorted(files)


def test_every_reading_has_every_key_its_kinds_unit_and_no_sign_for_a_gap(samples: Path) -> None:
    _, lines = printed(*sorted((samples / "river").iterdir()))
    readings = [line for line in lines if "value" in line]
    assert {(tuple(line), tuple(line["native"])) for line in readings} == {(tuple(KEYS), tuple(NATIVE))}
    assert [line for line in readings if line["unit"] != UNITS.get(Kind(line["kind"]), line["unit"])] == []
    assert [line for line in readings if (line["value"] is None) != (line["quality"] in VALUELESS)] == []
    assert min(line["value"] for line in readings if line["value"] is not None) > -100


def test_both_encodings_of_one_table_say_the_same(samples: Path) -> None:
    names = ("rivretrieve-japan_301011281104010_kind6_200401.dat", "suimon-kind6-200401.shift_jis.dat")
    (_, utf8), (_, sjis) = (printed(samples / "river" / name) for name in names)
    assert [line | {"file": ""} for line in utf8] == [line | {"file": ""} for line in sjis]


def test_a_broken_or_missing_file_is_an_error_line_and_stops_nobody(tmp_path: Path) -> None:
    broken, good, empty = (tmp_path / name for name in ("broken.json", "good.json", "empty.json"))
    broken.write_bytes(b'{"obss": [{"code"')
    good.write_bytes(b'{"obss": []}')
    empty.write_bytes(b"")
    code, lines = printed(broken, tmp_path / "none.json", empty, good)
    assert code == 1
    assert ["error" in line for line in lines] == [True, True, True, False]
    assert lines[-1] == {"file": str(good), "source": "kriver", "ignored": "no gauge is above its observation start"}
