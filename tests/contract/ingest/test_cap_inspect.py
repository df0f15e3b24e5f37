"""`hansho telegram` over our own CAP and L-Alert files, and `hansho sources` over a log of ours."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.status import Condition, StatusReport
from services.__main__ import main as hansho
from services.eventlog.open import open_log
from services.ingest import inspect, listing
from services.runtime import settings
from services.runtime.clock import SystemClock
from services.runtime.reporting import Reporter

FIXTURES = Path(__file__).parents[2] / "fixtures" / "cap"
CITY = "cap:bosai_city.example-526caddeebcf:city-1"
ORDER = "evacuation:city-1"
EXPECTED: dict[str, tuple[str, str | None, str | None, list[str], str | None, list[str]]] = {
    # file: type, status, msg_type, streams, ignored, areas in the file's order
    "20260901_cap_order.xml": ("CAP", "Actual", "Alert", [CITY], None, [f"JISX0402:142069 {ORDER} 3 3 active"] * 2),
    "20260901_cap_order-raised.xml": (
        "CAP",
        "Actual",
        "Update",
        [CITY],
        None,
        [f"JISX0402:142069 {ORDER} 4 4 active"] * 2,
    ),
    "20260901_cap_order-over.xml": (
        "CAP",
        "Actual",
        "Cancel",
        [CITY],
        None,
        [f"JISX0402:142069 {ORDER} - - released"] * 2,
    ),
    "20260901_cap_codes-only.xml": (
        "CAP",
        "Actual",
        "Alert",
        ["cap:met_xx.example-783032670704:xx-7"],
        None,
        ["EMMA_ID:XX001 wind - 3 active", "EMMA_ID:XX002 wind - 3 active"],
    ),
    "20260901_cap_list.json": (
        "CAP",
        "Actual",
        "Update",
        ["cap:nws_xx.example-c687a25268ad:urn_0-d4aa65b5c1be"],
        None,
        [f"{code} flood:urn_0-d4aa65b5c1be - 4 active" for code in ("SAME:000001", "UGC:XXZ001", "UGC:XXZ002")],
    ),
    "20260901_cap_feed.atom": (
        "CAP",
        None,
        None,
        [],
        "feed entry",
        ["EMMA_ID:XX001 wind - 3 active", "EMMA_ID:XX002 wind - 3 active"],
    ),
    "20260901_lalert_order.xml": (
        "EvacuationOrder",
        "Actual",
        "Update",
        ["lalert:doc-1"],
        None,
        [
            "jisX0402:142069 evacuation:doc-1 4 4 active",
            "ooAzaTyouTyouMokuCode:142060001001 evacuation:doc-1 4 4 active",
            "jisX0402:142069 evacuation:doc-1 - - released",
        ],
    ),
}


def _printed(*files: Path) -> tuple[int, list[dict[str, Any]]]:
    out = io.StringIO()
    code = inspect.main([str(file) for file in files], out)
    return code, [json.loads(line) for line in out.getvalue().splitlines()]


def test_all_files_of_ours_say_what_was_written_into_them() -> None:
    code, lines = _printed(*(FIXTURES / name for name in EXPECTED))
    assert code == 0
    assert len(lines) == len(EXPECTED)
    for line, (name, (*head, areas)) in zip(lines, EXPECTED.items(), strict=True):
        kind, status, msg_type, streams, ignored = head
        assert line["file"].endswith(name)
        assert (line["type"], line["status"], line["msg_type"], line["ignored"]) == (kind, status, msg_type, ignored)
        assert line["streams"] == streams
        assert [
            f"{area['scheme']}:{area['code']} {area['hazard']} {area['level'] or '-'} {area['rank'] or '-'} {area['state']}"
            for area in line["areas"]
        ] == areas


def test_each_is_invented_and_has_its_line_here() -> None:
    assert {path.name for path in FIXTURES.iterdir()} == set(EXPECTED)
    assert all("Invented for tests" in path.read_text("utf-8") for path in FIXTURES.iterdir())


@pytest.mark.parametrize("name", [name for name in EXPECTED if name.endswith("xml")])
def test_a_file_that_was_cut_is_an_error_and_no_more(name: str, tmp_path: Path) -> None:
    body = (FIXTURES / name).read_bytes()
    file = tmp_path / name
    for share in (3, 2, 1.1):
        file.write_bytes(body[: int(len(body) / share)])
        code, [line] = _printed(file)
        assert (code, list(line)) == (1, ["file", "error"])


class TestSources:
    def _listed(self, *flags: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
        assert hansho(["sources", "--json", *flags]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    def test_every_source_is_listed_with_what_it_is_used_on(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        where = ("--data-dir", str(tmp_path), "--feeds", "live", "--cap", "nws=https://nws.example/active.atom")
        found = self._listed(*where, capsys=capsys)
        assert {one["id"] for one in found} >= {
            "jma.extra",
            "jma.eqvol",
            "canary",
            "cap.nws",
            "cap.meteoalarm",
            "cap.lalert",
        }
        assert all(one["terms"] and one["interval_s"] and one["age_limit_s"] and one["bytes_max"] for one in found)
        assert {one["id"]: one["on"] for one in found}["cap.nws"]
        assert not {one["id"]: one["on"] for one in found}["cap.meteoalarm"]
        assert {one["last_success"] for one in found} == {"never"}

    async def test_the_last_success_is_that_of_the_log(self, tmp_path: Path) -> None:
        values = settings.read({"data_dir": str(tmp_path), "feeds": "live"}, {})
        heard_at = datetime(2026, 9, 1, 11, tzinfo=UTC)
        said = StatusReport(
            subject="lease:jma.extra",
            condition=Condition.OK,
            since=heard_at,
            reported_at=heard_at,
            until=heard_at + timedelta(hours=3),
        )
        feed = replace(said, subject="feed:canary", until=None, message="heard, updated 09-01")
        wrong = replace(feed, subject="feed:jma.eqvol", condition=Condition.ALARM, code="E3202", message="HTTP 500")
        async with open_log(f"sqlite:///{tmp_path}/hansho.db") as log:
            reporter = Reporter("ingest", SystemClock())
            await log.append("status", [reporter.output(one).message for one in (said, feed, wrong)])
            out = io.StringIO()
            assert listing.main(values, out, as_json=False) == 0  # read while the log is open for writing
        lines = out.getvalue().split("\n")
        by_id = {line.split()[0]: "\n".join(lines[at : at + 4]) for at, line in enumerate(lines) if line[:1].strip()}
        assert "last success 2026-09-01T11:00:00+00:00" in by_id["jma.extra"]
        assert "last success 2026-09-01T11:00:00+00:00" in by_id["canary"]
        assert "last success never\n  now: alarm: E3202 HTTP 500" in by_id["jma.eqvol"]
