"""The harness itself: points are counted the same in every life, and a life ends exactly at its point."""

from __future__ import annotations

import pytest

from services.eventlog.open import open_log
from services.eventlog.port import EventLog, Message, Output
from tests.crash.counting import AFTER, BEFORE, CountingLog, Point


class Killed(Exception):
    """In place of the end of the process."""


def kill() -> None:
    raise Killed


async def live(log: EventLog) -> None:
    """Two appends, and a commit with an output."""
    await log.append("office", [Message(key="i", value=b"1", id="1")])
    await log.append("status", [Message(key="s", value=b"1", id="1")])
    async with log.consume("issue", ("office",)) as consumer:
        found = await consumer.fetch()
        await consumer.commit(
            found, [Output(topic="alerts.routine", message=Message(key="a", value=b"1", id=f"of {found[0].id}"))]
        )
    await log.append("office", [Message(key="i", value=b"2", id="2")])


POINTS = [
    Point(what, nth, side) for what, nth in (("office", 1), ("issue:", 1), ("office", 2)) for side in (BEFORE, AFTER)
]


async def test_every_append_and_commit_is_a_point_but_what_is_said_of_health() -> None:
    async with open_log("memory:") as log:
        counted = CountingLog(log)
        await live(counted)
        assert counted.seen == POINTS


@pytest.mark.parametrize(
    ("point", "kept"),
    list(zip(POINTS, [(0, 0), (1, 0), (1, 0), (1, 1), (1, 1), (2, 1)], strict=True)),
    ids=map(str, POINTS),
)
async def test_a_life_ends_at_its_point_with_what_was_kept_by_then(point: Point, kept: tuple[int, int]) -> None:
    async with open_log("memory:") as log:
        with pytest.raises(Killed):
            await live(CountingLog(log, kill_at=point, kill=kill))
        alerts = [record for partition in range(4) for record in await log.read("alerts.routine", partition)]
        assert (len(await log.read("office", 0)), len(alerts)) == kept
