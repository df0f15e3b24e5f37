"""`hansho telegram`: what it prints of our own telegrams, and of files that are none."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from services.ingest.inspect import main

FIXTURES = Path(__file__).parents[2] / "fixtures" / "jma"
KEYS = [
    "file",
    "index",
    "source",
    "type",
    "identifier",
    "status",
    "msg_type",
    "streams",
    "revision",
    "references",
    "sent",
    "event",
    "severity",
    "areas",
    "expires",
    "headline",
    "defects",
    "ignored",
]
AREA_KEYS = ["scheme", "code", "name", "hazard", "level", "rank", "state"]

RIVER = "flood:999999000900"
LANDSLIDES = [
    "class20:1410011 landslide 2 2 active",
    "class20:1410012 landslide 3 3 active",
    "class20:1420300 landslide 4 4 active",
    "class20:1420600 landslide 5 5 active",
    "class20:1420800 landslide - - released",
    "class20:1438200 landslide 4 4 active",
]
NOTICES = [
    "class20:1420600 thunder - 2 active",
    "class20:1420600 fog - 2 active",
    "class20:1438200 fog - 2 active",
]
EXPECTED: dict[str, tuple[str, str, str, str | None, str | None, list[str]]] = {
    # file: type, status, msg_type, severity, ignored, areas in the file's order
    "20260901_jma_landslide-four-levels": ("VPWW56", "Actual", "Update", "Extreme", None, LANDSLIDES),
    "20260901_jma_drill": ("VPWW56", "Exercise", "Update", "Extreme", None, LANDSLIDES),
    "20260903_jma_thunder-and-fog": ("VPWW61", "Actual", "Alert", "Minor", None, NOTICES),
    "20260901_jma_trial": ("VPWW61", "Test", "Alert", "Minor", "test", NOTICES),
    "20260902_jma_wind-and-snow": (
        "VPWW58",
        "Actual",
        "Update",
        "Moderate",
        None,
        [
            "class20:1420600 wind - 3 active",
            "class20:1438200 wind - - released",
            "class20:1438200 snowstorm - 2 active",
            "class20:1410011 wind - 2 active",
            "class20:1410012 wind - 2 active",
        ],
    ),
    "20260901_jma_flood-level3": (
        "VXKO",
        "Actual",
        "Update",
        "Severe",
        None,
        [
            f"flood_area:999999000900 {RIVER} 3 3 active",
            f"class20:1420600 {RIVER} 3 3 active",
            f"class20:1438200 {RIVER} 3 3 active",
        ],
    ),
    "20260901_jma_flood-short-form": (
        "VXKO",
        "Actual",
        "Update",
        "Severe",
        None,
        [f"flood_area:999999000900 {RIVER} 4 4 active"],
    ),
    "20260901_jma_flood-withdrawn": ("VXKO", "Actual", "Cancel", None, None, []),
    "20260902_jma_flood-over": (
        "VXKO",
        "Actual",
        "Update",
        None,
        None,
        [
            f"flood_area:999999000900 {RIVER} - - released",
            f"class20:1420600 {RIVER} - - released",
            f"class20:1438200 {RIVER} - - released",
        ],
    ),
    "20260904_jma_tsunami-two-events": (
        "VTSE41",
        "Actual",
        "Update",
        "Moderate",
        None,
        ["tsunami:330 tsunami - - released", "tsunami:312 tsunami - 3 active"],
    ),
}


def _print(*files: str | Path) -> tuple[int, list[dict[str, Any]]]:
    out = io.StringIO()
    code = main([str(file) for file in files], out)
    return code, [json.loads(line) for line in out.getvalue().splitlines()]


def _line(file: str | Path) -> dict[str, Any]:
    code, [line] = _print(file)
    assert code == 0
    assert list(line) == KEYS
    return line


def _error(file: str | Path) -> str:
    code, [line] = _print(file)
    assert code == 1
    assert list(line) == ["file", "error"]
    assert line["file"] == str(file)
    return str(line["error"])


class TestOurOwnTelegrams:
    @pytest.mark.parametrize("name", EXPECTED)
    def test_say_what_was_written_into_them(self, name: str) -> None:
        line = _line(FIXTURES / f"{name}.xml")
        *head, areas = EXPECTED[name]
        assert [line[key] for key in ("type", "status", "msg_type", "severity", "ignored")] == head
        assert [
            f"{area['scheme']}:{area['code']} {area['hazard']} {area['level'] or '-'} {area['rank'] or '-'} {area['state']}"
            for area in line["areas"]
        ] == areas
        assert all(list(area) == AREA_KEYS for area in line["areas"])

    def test_each_has_its_line_here_and_says_that_it_is_invented(self) -> None:
        files = {path.stem for path in FIXTURES.glob("*.xml")}
        assert files == {*EXPECTED, "20260901_jma_feed"}
        assert all("Invented for tests" in path.read_text("utf-8") for path in FIXTURES.glob("*.xml"))

    def test_a_line_names_the_report_and_its_stream(self) -> None:
        line = _line(FIXTURES / "20260901_jma_landslide-four-levels.xml")
        assert line["streams"] == ["jma:VPWW56:140000"]
        assert line["revision"] == "20260901T113000Z.000000.1.20260901T113005Z"
        assert line["identifier"] == f"jma:VPWW56:140000:{line['revision']}"
        assert (line["sent"], line["expires"]) == ("2026-09-01T20:30:00+09:00", None)
        assert (line["index"], line["source"], line["references"]) == (0, "jma", [])

    def test_a_withdrawal_ranks_above_the_report_it_withdraws(self) -> None:
        _, lines = _print(FIXTURES / "20260901_jma_flood-short-form.xml", FIXTURES / "20260901_jma_flood-withdrawn.xml")
        assert lines[0]["revision"] < lines[1]["revision"]
        assert lines[0]["streams"] == lines[1]["streams"]

    def test_an_area_left_out_is_told_with_what_to_do(self) -> None:
        [defect] = _line(FIXTURES / "20260901_jma_flood-level3.xml")["defects"]
        assert defect["code"] == "E3123"
        assert "class20:0000000" in defect["reason"]
        assert defect["hint"]

    def test_a_parts_name_is_its_own(self) -> None:
        names = [area["name"] for area in _line(FIXTURES / "20260902_jma_wind-and-snow.xml")["areas"]]
        assert names == ["小田原市", "箱根町", "箱根町", "横浜市北部", "横浜市南部"]

    def test_the_type_in_the_files_name_comes_first(self, tmp_path: Path) -> None:
        file = tmp_path / "20260901120004_0_VXKO57_030000.xml"
        file.write_bytes((FIXTURES / "20260901_jma_flood-level3.xml").read_bytes())
        assert _line(file)["type"] == "VXKO57"
        assert _line(file)["identifier"] == _line(FIXTURES / "20260901_jma_flood-level3.xml")["identifier"]


class TestFeeds:
    def test_of_a_feed_each_entry_is_a_line(self) -> None:
        code, lines = _print(FIXTURES / "20260901_jma_feed.xml")
        assert code == 0
        assert [(line["index"], line["type"], line["ignored"]) for line in lines] == [
            (0, "VXKO57", "feed entry"),
            (1, "VPWW56", "feed entry"),
        ]
        assert {line["source"] for line in lines} == {"jma"}
        assert lines[0]["event"] == "指定河川洪水予報"
        assert lines[0]["headline"].startswith("【試験川レベル３氾濫警報】")
        assert all(
            line[key] is None for line in lines for key in ("status", "msg_type", "sent", "revision", "identifier")
        )
        assert all(line[key] == [] for line in lines for key in ("streams", "areas", "references", "defects"))
        assert all(list(line) == KEYS for line in lines)

    def test_a_feed_of_another_kind_lists_cap(self, tmp_path: Path) -> None:
        file = tmp_path / "other.xml"
        file.write_text(
            "<feed><updated>2026-09-01T12:00:00Z</updated><entry><id>urn:1</id><title>Flood</title></entry><entry/></feed>"
        )
        line = _line(file)
        assert (line["source"], line["type"], line["ignored"]) == ("cap", "CAP", "feed entry")
        assert [defect["code"] for defect in line["defects"]] == ["E3131", "E3131"]  # one without a link, one empty

    def test_an_empty_feed_is_one_line_that_says_so(self, tmp_path: Path) -> None:
        file = tmp_path / "empty.xml"
        file.write_text(
            "<feed><id>http://x.invalid/developer/xml/feed/extra.xml</id><updated>2026-09-01T12:00:00Z</updated></feed>"
        )
        line = _line(file)
        assert (line["source"], line["type"], line["ignored"]) == ("jma", None, "feed without entries")

    def test_a_feed_without_anything_lists_nothing(self, tmp_path: Path) -> None:
        file = tmp_path / "feed.xml"
        file.write_text("<feed/>")
        assert _line(file)["ignored"] == "feed without entries"


class TestOtherFiles:
    @pytest.mark.parametrize(
        ("root", "source", "kind", "ignored"),
        [
            ("<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'/>", "cap", "CAP", "refused"),
            (
                "<e:EDXLDistribution xmlns:e='urn:oasis:names:tc:emergency:EDXL:DE:1.0'/>",
                "cap",
                "CAP",
                "no alert in it",
            ),
            ("<s:Envelope xmlns:s='urn:s'/>", "cap", "CAP", "no alert in it"),
            ("{}", "cap", "CAP", "no alert in it"),
            ('{"features": []}', "cap", "CAP", "feed without entries"),
        ],
    )
    def test_a_file_without_an_alert_is_a_line_that_says_so(
        self, root: str, source: str, kind: str | None, ignored: str, tmp_path: Path
    ) -> None:
        file = tmp_path / "other.xml"
        file.write_text(root)
        line = _line(file)
        assert (line["source"], line["type"], line["ignored"]) == (source, kind, ignored)

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "E3103"),
            (b"{", "E3103"),
            (b"[" * 100_000, "E3105"),
            (b"<alert>" + b" " * 8_000_001 + b"</alert>", "E3101"),
            (b"<html/>", "E3106"),
            (b"<!DOCTYPE Report><Report/>", "E3104"),
            (b"<Report/>", "E3112"),
            ("<Report>大雨</Report>".encode("euc-jp"), "E3102"),
            (b"<Report>" + b" " * 8_000_001 + b"</Report>", "E3101"),
        ],
        ids=["empty", "cut json", "deep json", "large CAP", "html", "dtd", "bare", "encoding", "large"],
    )
    def test_what_is_no_telegram_is_an_error_line(self, content: bytes, code: str, tmp_path: Path) -> None:
        file = tmp_path / "bad.xml"
        file.write_bytes(content)
        assert _error(file).startswith(code)

    @pytest.mark.parametrize("name", ["missing.xml", ".", "a\0b"])
    def test_what_cannot_be_opened_is_an_error_line(self, name: str, tmp_path: Path) -> None:
        assert _error(f"{tmp_path}/{name}").startswith("E3100 cannot be opened")

    def test_an_error_does_not_keep_the_other_files_from_being_read(self) -> None:
        code, lines = _print("missing.xml", FIXTURES / "20260901_jma_drill.xml")
        assert (code, [("error" in line) for line in lines]) == (1, [True, False])

    def test_a_name_that_is_no_text_can_be_printed(self) -> None:
        _, [line] = _print(b"missing-\xff.xml".decode("utf-8", "surrogateescape"))
        assert line["file"] == "missing-\ufffd.xml"

    def test_a_terminal_of_another_encoding_gets_escapes(self) -> None:
        raw = io.BytesIO()
        out = io.TextIOWrapper(raw, encoding="ascii")
        assert main([str(FIXTURES / "20260901_jma_drill.xml")], out) == 0
        out.flush()
        assert json.loads(raw.getvalue())["event"] == "気象警報・注意報（Ｒ０６）（土砂）"
