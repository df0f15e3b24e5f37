"""The pages' own tests (`node --test`, no packages), and their golden frames read by the Python side of the contract."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from schemas import codec
from schemas.alert import Drill, Info, InfoState, Status, Surface
from schemas.lifecycle import Stream, StreamState, Validity, standing, validity
from schemas.situation import digest

ROOT = Path(__file__).parents[2]
CASES = sorted((ROOT / "tests" / "fixtures" / "stream").glob("*.json"))
NODE_MAJOR_MIN = 20
DRILLS_YIELD_RANK = 3


def _node() -> str | None:
    node = shutil.which("node")
    if node is None:
        return None
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    return node if int(version.strip().removeprefix("v").split(".")[0]) >= NODE_MAJOR_MIN else None


def test_the_pages_logic_keeps_its_own_tests() -> None:
    node = _node()
    if node is None:
        pytest.skip(f"needs Node {NODE_MAJOR_MIN} or newer")
    files = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests" / "web").glob("*.test.mjs"))
    done = subprocess.run([node, "--test", *files], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


def _stream(value: dict[str, Any]) -> Stream:
    stream: Stream = codec.adapter("situation").validate_python(value)
    return stream


def _held(frames: list[dict[str, Any]]) -> dict[str, Stream]:
    """What a client holds at the end: a snapshot replaces all, an alert its stream unless it is late or of elsewhere."""
    epoch, offset = "", -1
    held: dict[str, Stream] = {}
    for frame in frames:
        if frame["type"] == "snapshot":
            epoch, offset = frame["epoch"], frame["offset"]
            held = {stream.stream: stream for stream in map(_stream, frame["streams"])}
        elif frame["type"] == "alert" and frame["epoch"] == epoch and frame["offset"] > offset:
            offset = frame["offset"]
            if "gone" in frame:
                held.pop(frame["gone"], None)
            else:
                stream = _stream(frame["stream"])
                before = held.get(stream.stream)
                held[stream.stream] = stream if before is None or before.revision <= stream.revision else before
    held.pop("canary", None)
    return held


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_frames_lead_both_sides_to_the_same_digest(path: Path) -> None:
    case = json.loads(path.read_text("utf-8"))

    held = _held(case["frames"])

    assert sorted([one.stream, one.revision, one.state] for one in held.values()) == case["expected"]["streams"]
    assert digest(held.values()) == case["expected"]["digest"]


@pytest.mark.parametrize(
    "path", [path for path in CASES if "view" in path.read_text("utf-8")], ids=lambda path: path.stem
)
def test_frames_lead_both_sides_to_the_same_validity(path: Path) -> None:
    case = json.loads(path.read_text("utf-8"))
    view = case["view"]

    real, drills, lapsed = _in_force(_held(case["frames"]), view)

    assert {"real": real, "drills": drills, "lapsed": lapsed} == {
        kind: sorted(rows, key=repr) for kind, rows in case["expected"]["in_force"].items()
    }


def _in_force(held: dict[str, Stream], view: dict[str, Any]) -> tuple[list[Any], list[Any], list[Any]]:
    now = datetime.fromisoformat(view["now"])
    leases = {source: datetime.fromisoformat(until) for source, until in view["leases"].items()}
    real: list[Any] = []
    drills: list[Any] = []
    lapsed: list[Any] = []
    for stream in held.values():
        alert = standing(stream) if stream.state is StreamState.ACTIVE else None
        if alert is None or not _reaches(stream.drill, alert.status, Surface(view["surface"])):
            continue
        for info in (info for info in alert.info if _concerns(info, set(view["areas"]))):
            judged = validity(info, alert.lease, now, leases)
            row = [stream.stream, info.hazard, info.level, info.rank or 1]
            if judged is Validity.IN_FORCE:
                (drills if stream.drill else real).append(row)
            elif judged is Validity.LAPSED and stream.drill is None:
                lapsed.append([*row, leases[alert.lease]])
    covers = any(row[3] >= DRILLS_YIELD_RANK for row in [*real, *lapsed])
    said = [[stream, hazard, until.isoformat().replace("+00:00", "Z")] for stream, hazard, _, _, until in lapsed]
    return sorted(real, key=repr), [] if covers else sorted(drills, key=repr), sorted(said, key=repr)


def _reaches(drill: Drill | None, status: Status, surface: Surface) -> bool:
    return status is Status.ACTUAL if drill is None else surface in drill.surfaces


def _concerns(info: Info, mine: set[str]) -> bool:
    return info.state is InfoState.ACTIVE and any(
        area.code is not None and str(area.code) in mine for area in info.area
    )
