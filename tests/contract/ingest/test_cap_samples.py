"""Every recorded CAP and L-Alert file against the table of what it says (`expected_cap.tsv`, one row a file)."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from io import StringIO
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from services.ingest.inspect import main


def _rows() -> list[dict[str, str]]:
    lines = Path(__file__).with_name("expected_cap.tsv").read_text("utf-8").splitlines()
    return list(
        csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t", quoting=csv.QUOTE_NONE)
    )


ROWS = _rows()
CHAIN = ("1-alert", "2-update", "3-update-extends", "4-cancel")


def _printed(*files: Path) -> tuple[int, list[dict[str, Any]]]:
    out = StringIO()
    code = main([str(file) for file in files], out)
    return code, [json.loads(line) for line in out.getvalue().splitlines()]


def _instant(written: str | None) -> datetime | None:
    return None if written in {None, "-"} else datetime.fromisoformat(str(written))


def _one(values: set[Any]) -> Any:
    """The one value there is, None where there is none."""
    return values.pop() if values else None


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_a_recorded_file_says_what_is_written_in_it(row: dict[str, str], samples: Path) -> None:
    code, lines = _printed(samples / "cap" / row["file"])
    assert len(lines) == int(row["lines"])
    if row["ignored"].startswith("error "):
        assert code == 1
        assert list(lines[0]) == ["file", "error"]
        assert lines[0]["error"].startswith(row["ignored"].removeprefix("error "))
        return
    line, areas = lines[0], lines[0]["areas"]
    assert code == 0
    assert [
        line.get(key) or "-"
        for key in ("ignored", "signature", "identifier", "status", "msg_type", "event", "severity")
    ] == [row[key] for key in ("ignored", "signature", "identifier", "status", "msg_type", "event", "severity")]
    assert _instant(line["sent"]) == _instant(row["sent"])
    geocodes = {f"{area['scheme']}={area['code']}" for area in areas if area["code"] is not None}
    assert sorted(geocodes) == ([] if row["geocodes"] == "-" else row["geocodes"].split(" | "))
    assert _one({area["state"] for area in areas}) == (None if row["state"] == "-" else row["state"])
    assert _one({area["level"] for area in areas}) == (None if row["level"] == "-" else int(row["level"]))
    assert (_one({area["hazard"].partition(":")[0] for area in areas}) or "-") == row["hazard"]
    assert sorted({defect["code"] for defect in line["defects"]}) == (
        [] if row["defects"] == "-" else row["defects"].split()
    )


def test_the_table_has_a_row_for_every_file(samples: Path) -> None:
    files = {path.name for path in (samples / "cap").iterdir()} - {"INDEX.md"}
    assert sorted(row["file"] for row in ROWS) == sorted(files)


def test_every_area_that_a_file_names_is_printed(samples: Path) -> None:
    """Counted in the files' own words: each areaDesc stands in a line, whatever became of the alert."""
    for file in sorted((samples / "cap").glob("*.cap")):
        text = file.read_text("latin-1")
        _, [line] = _printed(file)
        assert len({area["name"] for area in line["areas"]}) <= text.count("areaDesc>") / 2
        assert bool(line["areas"]) == ("areaDesc>" in text)


def test_the_town_blocks_of_an_order_are_each_a_line(samples: Path) -> None:
    _, [line] = _printed(samples / "cap" / "lalert-soap1.xml")
    blocks = [area for area in line["areas"] if area["scheme"] == "ooAzaTyouTyouMokuCode"]
    assert len(blocks) == 12
    assert blocks[0]["name"] == "一ツ橋一丁目"
    assert [area["code"] for area in line["areas"] if area["scheme"] == "jisX0402"] == ["131016"]


@pytest.mark.parametrize("order", list(permutations(range(4)))[::5])
def test_a_chain_is_one_stream_in_whatever_order_its_files_come(order: tuple[int, ...], samples: Path) -> None:
    _, lines = _printed(*(samples / "cap" / f"synthetic-jp-{CHAIN[at]}.xml" for at in order))
    assert {stream for line in lines for stream in line["streams"]} == {
        "cap:bosai_city.example.lg.jp-b02d445c7a02:jp-ex-20260901-0001"
    }
    by_file = {line["file"][-20:]: line["revision"] for line in lines}
    assert sorted(by_file.values()) == [line["revision"] for line in sorted(lines, key=lambda line: line["sent"])]


def test_a_hazard_ends_when_it_ends_and_not_when_its_text_is_to_be_renewed(samples: Path) -> None:
    _, lines = _printed(samples / "cap" / "nws-active-a.json")
    assert lines[0]["expires"] == "2026-01-09T09:24:36+00:00"  # its `ends`; `expires` is 21 hours earlier
