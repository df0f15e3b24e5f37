"""Every recorded telegram against the table of what its codes say (`expected.tsv`, one row a file)."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from services.ingest.inspect import main

Areas = list[tuple[str, str, str, int | None, int | None, str]]
"""(scheme, code, hazard, level, rank, state)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One row of the table."""

    file: str
    type: str
    status: str
    msg_type: str
    sent: str
    event: str
    streams: list[str]
    ignored: str | None
    expires: str | None
    areas: Areas


def _areas(written: str) -> Areas:
    """Read "hazard level 5 rank 5 active class20: 1820100 1820500 | …"."""
    found: Areas = []
    for part in [] if written == "-" else written.split(" | "):
        heading, _, codes = part.rpartition(": ")
        hazard, _, level, _, rank, state, scheme = heading.split()
        found += [
            (scheme, code, hazard, None if level == "-" else int(level), None if rank == "-" else int(rank), state)
            for code in codes.split()
        ]
    return found


def _rows() -> list[Expected]:
    lines = Path(__file__).with_name("expected.tsv").read_text("utf-8").splitlines()
    rows = csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t", quoting=csv.QUOTE_NONE)
    return [
        Expected(
            file=row["file"],
            type=row["type"],
            status=row["status"],
            msg_type=row["msg_type"],
            sent=row["sent"],
            event=row["event"],
            streams=row["streams"].split(),
            ignored=None if row["ignored"] == "-" else row["ignored"],
            expires=None if row["expires"] == "-" else row["expires"],
            areas=_areas(row["areas"]),
        )
        for row in rows
    ]


ROWS = _rows()


def _printed(*files: Path) -> tuple[int, list[dict[str, Any]]]:
    out = StringIO()
    code = main([str(file) for file in files], out)
    return code, [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.file.removesuffix(".xml"))
def test_a_recorded_telegram_says_what_its_codes_say(row: Expected, samples: Path) -> None:
    code, [line] = _printed(samples / "jma" / row.file)
    keys = ("scheme", "code", "hazard", "level", "rank", "state")
    areas = [tuple(area[key] for key in keys) for area in line["areas"]]
    assert code == 0
    assert (line["type"], line["status"], line["msg_type"]) == (row.type, row.status, row.msg_type)
    assert (line["sent"], line["event"], line["streams"]) == (row.sent, row.event, row.streams)
    assert (line["ignored"], line["source"], line["expires"]) == (row.ignored, "jma", row.expires)
    # sorted as text: a level may be None
    assert sorted(areas, key=str) == sorted(row.areas, key=str)


def test_the_table_has_a_row_for_every_telegram(samples: Path) -> None:
    assert sorted(row.file for row in ROWS) == sorted(path.name for path in (samples / "jma").glob("*.xml"))


def test_a_drill_is_an_exercise_a_trial_a_test_a_withdrawal_a_cancel(samples: Path) -> None:
    """Counted in the files' own words, not in the table."""
    words = {
        path.name: path.read_text("utf-8").partition("<Body")[0].replace(" ", "")
        for path in (samples / "jma").glob("*.xml")
    }
    by_name = {row.file: row for row in ROWS}
    for name, head in words.items():
        assert (by_name[name].status == "Exercise") == ("<Status>訓練</Status>" in head)
        assert (by_name[name].status == "Test") == ("<Status>試験</Status>" in head)
        assert (by_name[name].msg_type == "Cancel") == ("<InfoType>取消</InfoType>" in head)


def test_no_file_of_the_samples_is_an_error(samples: Path) -> None:
    telegrams = sorted((samples / "jma").glob("*.xml"))
    code, lines = _printed(*telegrams)
    assert (code, len(lines)) == (0, len(telegrams))
    assert not [line for line in lines if "error" in line]


def test_every_entry_of_a_recorded_feed_is_a_line_with_its_type(samples: Path) -> None:
    feeds = sorted((samples / "jma" / "feeds").glob("*.xml"))
    code, lines = _printed(*feeds)
    assert (code, len(lines)) == (0, sum(feed.read_text("utf-8").count("<entry>") for feed in feeds))
    assert {line["ignored"] for line in lines} == {"feed entry"}
    assert not [line["event"] for line in lines if line["type"] is None]


def test_files_of_other_systems_are_named_or_refused_but_never_break_the_command(samples: Path) -> None:
    files = sorted(path for path in (samples / "cap").iterdir() if path.is_file())
    _, lines = _printed(*files)
    assert {str(line["file"]) for line in lines} == {str(file) for file in files}
    assert {line.get("source", "error") for line in lines} == {"cap", "lalert", "error"}
