"""kill -9 of the services at any moment of a run while the feed goes on: the sign ends with what an undisturbed run shows."""

from __future__ import annotations

import asyncio
import random
import re
from pathlib import Path

import pytest

from tests.e2e.processes import ROOT, Frame, hansho, running, started, the_situation

STORM = ROOT / "deploy" / "cities" / "odawara" / "storm.toml"
STEPS_CLOSER = 5
KILLS = 4


def a_quick_storm(folder: Path) -> Path:
    """The demo's storm with its steps closer together: telegrams are named by the second, so not closer than that."""
    text = STORM.read_text("utf-8")
    path = folder / "storm.toml"
    path.write_text(re.sub(r"at_s = (\d+)", lambda found: f"at_s = {int(found[1]) // STEPS_CLOSER}", text), "utf-8")
    return path


def whole(situation: dict[str, Frame]) -> dict[str, tuple[str, str, object]]:
    """What must be equal: every stream's revision, state and what stands."""
    return {name: (stream["revision"], stream["state"], stream["kept"]) for name, stream in situation.items()}


@pytest.mark.timeout(150)
async def test_a_killed_and_restarted_service_shows_what_an_undisturbed_one_does(tmp_path: Path) -> None:
    feed_options = ("--storm", str(a_quick_storm(tmp_path)), "--runs", "1", "--wait")
    with started(*hansho("feedserver", *feed_options)) as feed:
        url = feed.line_with(r"feedserver (http://\S+)")[1]
        options = ("--feeds", url, "--poll-every", "0.5", "--drills", "sign,page,public,push", "--lease", "600")
        with running(*options, "--data-dir", str(tmp_path / "calm")) as (_, calm):
            chance = random.Random(7)
            for _ in range(KILLS):
                with running(*options, "--data-dir", str(tmp_path / "killed")) as (program, _):
                    await asyncio.sleep(chance.uniform(0.3, 3.0))
                    program.kill()
            with running(*options, "--data-dir", str(tmp_path / "killed")) as (_, killed):
                async with asyncio.timeout(90):
                    while any(one["state"] == "active" for one in (await the_situation(calm)).values()) or not whole(
                        await the_situation(calm)
                    ):
                        await asyncio.sleep(0.5)
                    while whole(await the_situation(killed)) != whole(await the_situation(calm)):
                        await asyncio.sleep(0.2)
                assert len(whole(await the_situation(killed))) >= 4
