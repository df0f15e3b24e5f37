"""What the SQLite engine promises of its writer: urgent first, shared commits, whole or not at all, in slices."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from schemas.topics import DAY_S
from services.eventlog import groups, schema, sqlite, writer
from services.eventlog.port import LogBroken, LogClosed, LogInUse, LogMismatch, Output, Record
from services.eventlog.sqlite import SLICE_RECORDS_MAX, SqliteLog
from services.eventlog.writer import BATCH_MESSAGES_MAX, URGENT_BATCHES_MAX, Job
from tests.contract.eventlog.engines import TOPICS, Clock, a_message, everything, values
from tests.contract.eventlog.sqlite_files import (
    opened,
    refusing,
    size_bytes,
    writer_has_taken_all,
    writer_held,
)


class TestQueue:
    async def test_an_emergency_is_written_before_routine_that_came_first(self, path: Path) -> None:
        log = await opened(path)
        with writer_held(path):
            first = asyncio.create_task(log.append("letters", [a_message("first")]))
            await asyncio.sleep(0)
            await writer_has_taken_all(log)
            routine = [asyncio.create_task(log.append("letters", [a_message(f"routine {n}")])) for n in range(50)]
            await asyncio.sleep(0)
            emergency = asyncio.create_task(log.append("bells", [a_message("emergency")]))
            await asyncio.sleep(0)
        [[early], [rung], *later] = await asyncio.gather(first, emergency, *routine)
        await log.close()
        assert early.offset < rung.offset < min(position.offset for [position] in later)

    async def test_a_consumers_urgent_output_overtakes_as_well(self, path: Path) -> None:
        log = await opened(path)
        await log.append("bells", [a_message()])
        async with log.consume("group", ["bells"]) as consumer:
            rung = await consumer.fetch()
            with writer_held(path):
                first = asyncio.create_task(log.append("letters", [a_message("first")]))
                await asyncio.sleep(0)
                await writer_has_taken_all(log)
                routine = asyncio.create_task(log.append("letters", [a_message("routine")]))
                await asyncio.sleep(0)
                committing = asyncio.create_task(consumer.commit(rung))
                await asyncio.wait([committing, routine], return_when=asyncio.FIRST_COMPLETED, timeout=0)
            order: list[str] = []
            committing.add_done_callback(lambda _: order.append("emergency"))
            routine.add_done_callback(lambda _: order.append("routine"))
            await asyncio.gather(first, committing, routine)
        await log.close()
        assert order == ["emergency", "routine"]

    async def test_a_flood_of_emergencies_does_not_starve_routine(self, path: Path) -> None:
        log = await opened(path)
        flood = [a_message(id=str(n)) for n in range(BATCH_MESSAGES_MAX)]
        with writer_held(path):
            first = asyncio.create_task(log.append("letters", [a_message("first")]))
            await asyncio.sleep(0)
            await writer_has_taken_all(log)
            floods = [
                asyncio.create_task(log.append("bells", [replace(m, id=f"{m.id}/{n}") for m in flood[:200]]))
                for n in range(URGENT_BATCHES_MAX * 10 + 30)
            ]
            await asyncio.sleep(0)
            routine = asyncio.create_task(log.append("letters", [a_message("routine")]))
            await asyncio.sleep(0)
        [[_], [position], *rung] = await asyncio.gather(first, routine, *floods)
        await log.close()
        before = sum(1 for call in rung if call[0].offset < position.offset)
        assert 0 < before < len(rung)

    async def test_a_call_that_fails_fails_alone(self, path: Path) -> None:
        log = await opened(path)
        with refusing(path, "BEFORE INSERT ON record", "new.key = 'bad'"):
            with writer_held(path):
                calls = [asyncio.create_task(log.append("annals", [a_message(key)])) for key in ("a", "bad", "c")]
                await asyncio.sleep(0)
            answers = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(answer).__name__ for answer in answers] == ["list", "LogBroken", "list"]
        assert [record.key for record in await log.read("annals", 0)] == ["a", "c"]
        await log.close()

    async def test_a_call_cancelled_before_its_turn_is_never_written(self, path: Path) -> None:
        log = await opened(path)
        with writer_held(path):
            first = asyncio.create_task(log.append("letters", [a_message("first")]))
            await asyncio.sleep(0)
            await writer_has_taken_all(log)
            call = asyncio.create_task(log.append("annals", [a_message("cancelled")]))
            await asyncio.sleep(0)
            call.cancel()
            with suppress(asyncio.CancelledError):
                await call
        await first
        await log.append("annals", [a_message("next")])
        assert [record.key for record in await log.read("annals", 0)] == ["next"]
        await log.close()

    async def test_who_comes_when_the_queue_is_full_waits_before_it_but_no_emergency_does(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(writer, "WAITING_CALLS_MAX", 5)
        log = await opened(path)
        with writer_held(path):
            calls = [asyncio.create_task(log.append("annals", [a_message(id=str(n))])) for n in range(30)]
            await asyncio.sleep(0)
            await writer_has_taken_all(log)
            emergency = asyncio.create_task(log.append("bells", [a_message()]))
            await asyncio.sleep(0)
            assert [len(log._writer._waiting[urgent]) for urgent in (True, False)] == [1, 0]
            assert not any(call.done() for call in calls)
        await asyncio.gather(*calls, emergency)
        assert [record.id for record in await log.read("annals", 0)] == [str(n) for n in range(30)]
        await log.close()

    async def test_calls_share_commits(self, path: Path) -> None:
        log = await opened(path)
        with writer_held(path):
            calls = [asyncio.create_task(log.append("annals", [a_message(id=str(n))])) for n in range(500)]
            await asyncio.sleep(0)
        await asyncio.gather(*calls)
        records = [*await log.read("annals", 0)]
        await log.close()
        # one time stamp a commit
        assert len({record.appended_at for record in records}) <= 2

    async def test_who_holds_the_file_for_too_long_is_named_as_the_reason(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(schema, "BUSY_TIMEOUT_MS", 1)
        log = await opened(path)
        with writer_held(path), pytest.raises(LogInUse, match="works again by itself"):
            await log.append("annals", [a_message("refused")])
        await log.append("annals", [a_message("taken")])
        assert [record.key for record in await log.read("annals", 0)] == ["taken"]
        await log.close()

    async def test_closing_finishes_what_is_queued(self, path: Path) -> None:
        log = await opened(path)
        with writer_held(path):
            calls = [asyncio.create_task(log.append("annals", [a_message(id=str(n))])) for n in range(100)]
            await asyncio.sleep(0)
            closing_log = asyncio.create_task(log.close())
            await asyncio.sleep(0)
            with pytest.raises(LogClosed):
                await log.append("annals", [a_message()])
        answers = await asyncio.gather(*calls, closing_log)
        log = await opened(path)
        assert [[r.offset] for r in await log.read("annals", 0)] == [[p.offset for p in a] for a in answers[:-1] if a]
        await log.close()


class TestCommits:
    async def test_outputs_are_not_kept_without_the_position(self, path: Path) -> None:
        log = await opened(path)
        await log.append("annals", [a_message()])
        async with log.consume("group", ["annals"]) as consumer:
            records = await consumer.fetch()
            out = [Output(topic="letters", message=a_message("out"))]
            with refusing(path, "BEFORE UPDATE ON position", "true"), pytest.raises(LogBroken):
                await consumer.commit(records, out)
            assert await everything(log, "letters") == []
            await consumer.commit(records, out)
            assert len(await everything(log, "letters")) == 1
        await log.close()

    async def test_a_commit_that_failed_does_not_count_in_the_next_one(self, path: Path) -> None:
        log = await opened(path)
        [first, _] = await log.append("annals", [a_message(value=b"1"), a_message(value=b"2")])
        async with log.consume("group", ["annals"]) as consumer:
            records = await consumer.fetch()
            with refusing(path, "BEFORE UPDATE ON position", "true"), pytest.raises(LogBroken):
                await consumer.commit(records[1:])
            await consumer.commit(records[:1])
            assert [lag.committed for lag in await log.groups()] == [first.offset]
        async with log.consume("group", ["annals"]) as consumer:
            assert values(await consumer.fetch()) == [b"2"]
        await log.close()


class TestRetention:
    async def test_appends_go_between_slices(self, path: Path) -> None:
        clock = Clock()
        log = await SqliteLog.open(path, TOPICS, clock=clock)
        await log.append("shards", [a_message(id=str(n), partition=0) for n in range(5 * SLICE_RECORDS_MAX)])
        clock.advance(DAY_S + 1)
        maintaining = asyncio.create_task(log.maintain(clock.now))
        left: list[Record] = []
        while not maintaining.done():
            await log.append("bells", [a_message(id=str(len(left)))])
            left = await log.read("shards", 0, limit=1)
        assert await maintaining == 5 * SLICE_RECORDS_MAX
        assert await log.read("shards", 0) == []
        await log.close()

    async def test_a_group_that_registers_between_two_steps_of_retention_loses_nothing(self, path: Path) -> None:
        log = await opened(path)
        [position] = await log.append("shards", [a_message(partition=0)])
        where = (log._numbers["shards"], 0)
        removable = log._removable(where, 2**62)
        assert removable == [position.offset]
        async with log.consume("new", ["shards"]) as consumer:
            remove = partial(sqlite._remove, where=where, offsets=removable)
            assert await log._writer.submit(Job(doing="a test", work=remove)) == 0
            assert len(await consumer.fetch()) == 1
        await log.close()

    async def test_the_write_ahead_log_is_cut_when_the_log_is_idle(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(writer, "IDLE_S", 0.01)
        log = await opened(path)
        await log.append("annals", [a_message()])
        assert size_bytes(path.with_name("log.sqlite-wal")) > 0
        await log.maintain(Clock().now)
        while size_bytes(path.with_name("log.sqlite-wal")):
            await asyncio.sleep(0)
        await log.close()

    async def test_large_records_make_small_slices(self, path: Path) -> None:
        clock = Clock()
        log = await SqliteLog.open(path, TOPICS, clock=clock)
        for n in range(6):
            await log.append("parcels", [a_message(value=b"x" * 3_000_000, id=str(n))])
        clock.advance(DAY_S + 1)
        assert log._removable((log._numbers["parcels"], 0), 2**62) == [1]
        assert await log.maintain(clock.now) == 6
        await log.close()


class TestGroupsFromOutside:
    async def test_groups_are_listed_and_forgotten_while_a_process_has_the_log(self, path: Path) -> None:
        clock = Clock()
        log = await SqliteLog.open(path, TOPICS, clock=clock)
        async with log.consume("dead", ["annals"]):
            pass
        async with log.consume("alive", ["annals"]) as consumer:
            await log.append("annals", [a_message()])
            assert groups.list_groups(path, clock.now, TOPICS) == await log.groups()
            assert groups.forget_group(path, "dead")
            assert not groups.forget_group(path, "dead")
            assert [lag.group for lag in await log.groups()] == ["alive"]
            # a group that lives comes back with its next commit
            assert groups.forget_group(path, "alive")
            await consumer.commit(await consumer.fetch())
            assert [(lag.group, lag.lag_records) for lag in await log.groups()] == [("alive", 0)]
        await log.close()

    async def test_groups_are_listed_and_forgotten_when_no_process_has_it(self, path: Path) -> None:
        log = await opened(path)
        async with log.consume("dead", ["annals"]):
            pass
        await log.close()
        assert [lag.group for lag in groups.list_groups(path, Clock().now, TOPICS)] == ["dead"]
        assert groups.forget_group(path, "dead")
        assert groups.list_groups(path, Clock().now, TOPICS) == []

    def test_no_log_is_made_by_asking_for_its_groups(self, path: Path) -> None:
        with pytest.raises(LogMismatch, match="There is no log"):
            groups.list_groups(path, Clock().now)
        with pytest.raises(LogMismatch):
            groups.forget_group(path, "group")
        assert not path.exists()
