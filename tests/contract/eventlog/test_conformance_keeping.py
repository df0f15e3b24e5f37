"""What every engine keeps and what it lets go (services/eventlog/port.py), one test a promise."""

from __future__ import annotations

import pytest

from schemas.topics import DAY_S
from services.eventlog.port import (
    BEFORE_FIRST,
    EventLog,
    GroupInUse,
)
from tests.contract.eventlog.engines import Bench, a_message, compacted, everything, fetched, places, values


def needs_our_clock(bench: Bench) -> None:
    """Skip, saying why, what an engine does by a clock and an order of its own; the port says so too."""
    if not bench.engine.by_our_clock:
        pytest.skip("tombstones go by the broker's clock, and what is old is removed from the oldest record on")


class TestCompaction:
    async def test_only_the_newest_record_of_a_key_stays(self, log: EventLog, bench: Bench) -> None:
        for n in range(5):
            await log.append("table", [a_message("a", b"a%d" % n), a_message("b", b"b%d" % n)])
        found = {record.key: record.value for record in await everything(log, "table")}
        assert found == {"a": b"a4", "b": b"b4"}
        assert len(await compacted(bench, log, "table")) == 2

    async def test_the_last_of_one_call_is_the_newest(self, log: EventLog, bench: Bench) -> None:
        positions = await log.append("table", [a_message("a", b"%d" % n) for n in range(3)])
        [record] = await compacted(bench, log, "table")
        assert (record.value, record.offset) == (b"2", positions[2].offset)

    async def test_the_same_id_may_come_again(self, log: EventLog, bench: Bench) -> None:
        await log.append("table", [a_message("a", b"1", id="same")])
        await log.append("table", [a_message("a", b"2", id="same"), a_message("b", b"3", id="same")])
        assert sorted(values(await compacted(bench, log, "table")), key=str) == [b"2", b"3"]

    async def test_a_follower_sees_the_tombstone_for_a_day(self, log: EventLog, bench: Bench) -> None:
        needs_our_clock(bench)
        await log.append("table", [a_message("a", b"1"), a_message("b", b"1")])
        await log.append("table", [a_message("a", None)])
        bench.clock.advance(DAY_S - 1)
        assert await log.maintain(bench.clock.now) == 0
        assert {record.key: record.value for record in await everything(log, "table")} == {"a": None, "b": b"1"}
        bench.clock.advance(2)
        assert await log.maintain(bench.clock.now) == 1
        assert {record.key: record.value for record in await everything(log, "table")} == {"b": b"1"}

    async def test_heads_never_go_back(self, log: EventLog, bench: Bench) -> None:
        [position] = await log.append("table", [a_message("a", None)])
        bench.clock.advance(2 * DAY_S)
        await log.maintain(bench.clock.now)
        assert await log.head("table", position.partition) == position.offset
        [later] = await log.append("table", [a_message("a", b"again")])
        assert later.offset > position.offset

    async def test_a_consumer_gets_the_newest_and_only_gaps_for_the_rest(self, log: EventLog, bench: Bench) -> None:
        await log.append("table", [a_message("a", b"1")])
        async with log.consume("group", ["table"]) as consumer:
            old = await consumer.fetch()
            await log.append("table", [a_message("a", b"2")])
            await log.append("table", [a_message("a", b"3")])
            if not bench.engine.compacts_at_once:  # then it may see what was replaced a moment ago, before the newest
                assert values(await fetched(consumer, 2)) == [b"2", b"3"]
                return
            assert values(await consumer.fetch()) == [b"3"]
            await consumer.commit(old)
            assert sum(lag.lag_records for lag in await log.groups()) == 1

    async def test_a_tombstone_waits_for_a_group_that_has_not_seen_it(self, log: EventLog, bench: Bench) -> None:
        needs_our_clock(bench)
        async with log.consume("group", ["table"]) as consumer:
            [position] = await log.append("table", [a_message("a", None)])
            bench.clock.advance(2 * DAY_S)
            assert await log.maintain(bench.clock.now) == 0
            held = [lag.partition for lag in await log.groups() if lag.holds_back]
            assert held == [position.partition]
            await consumer.commit(await consumer.fetch())
        assert await log.maintain(bench.clock.now) == 1


class TestRetention:
    async def test_old_records_go_and_young_ones_stay(self, log: EventLog, bench: Bench) -> None:
        await log.append("letters", [a_message(f"old {n}") for n in range(500)])
        bench.clock.advance(DAY_S / 2)
        await log.append("letters", [a_message("young")])
        await log.append("annals", [a_message("for ever")])
        bench.clock.advance(DAY_S / 2 + 1)
        assert await log.maintain(bench.clock.now) == 500
        assert [record.key for record in await everything(log, "letters")] == ["young"]
        bench.clock.advance(1000 * DAY_S)
        assert await log.maintain(bench.clock.now) == 1
        assert [record.key for record in await everything(log, "letters", "annals")] == ["for ever"]

    async def test_after_its_record_went_an_id_is_new(self, log: EventLog, bench: Bench) -> None:
        [first] = await log.append("letters", [a_message(id="one")])
        bench.clock.advance(DAY_S + 1)
        await log.maintain(bench.clock.now)
        [second] = await log.append("letters", [a_message(id="one")])
        assert second.offset > first.offset
        assert len(await everything(log, "letters")) == 1

    async def test_nothing_goes_that_a_registered_group_has_not_committed(self, log: EventLog, bench: Bench) -> None:
        keys = [f"key {n}" for n in range(30)]
        await log.append("letters", [a_message(key) for key in keys])
        async with log.consume("slow", ["letters"]) as slow, log.consume("fast", ["letters"]) as fast:
            await fast.commit(await fetched(fast, 30))
            half = await fetched(slow, 12)
            await slow.commit(half)
        bench.clock.advance(DAY_S + 1)
        assert await log.maintain(bench.clock.now) == 12
        assert {record.key for record in await everything(log, "letters")} == set(keys) - {r.key for r in half}
        assert {lag.group for lag in await log.groups() if lag.holds_back} == {"slow"}
        assert sum(lag.lag_records for lag in await log.groups() if lag.group == "slow") == 18

    async def test_a_forgotten_group_holds_nothing_back(self, log: EventLog, bench: Bench) -> None:
        await log.append("letters", [a_message()])
        async with log.consume("dead", ["letters"]):
            pass
        bench.clock.advance(DAY_S + 1)
        assert await log.maintain(bench.clock.now) == 0
        assert await log.forget("dead")
        assert not await log.forget("dead")
        assert await log.groups() == []
        assert await log.maintain(bench.clock.now) == 1

    async def test_a_group_that_comes_back_after_it_was_forgotten_is_new(self, log: EventLog) -> None:
        await log.append("annals", [a_message(value=b"1")])
        async with log.consume("group", ["annals"]) as consumer:
            await consumer.commit(await consumer.fetch())
        await log.forget("group")
        async with log.consume("group", ["annals"]) as consumer:
            assert values(await consumer.fetch()) == [b"1"]

    async def test_a_group_is_not_forgotten_under_its_consumer(self, log: EventLog) -> None:
        async with log.consume("group", ["annals"]):
            with pytest.raises(GroupInUse):
                await log.forget("group")

    async def test_a_group_only_holds_back_its_own_topics(self, log: EventLog, bench: Bench) -> None:
        async with log.consume("group", ["letters"]):
            await log.append("bells", [a_message()])
        bench.clock.advance(DAY_S + 1)
        assert await log.maintain(bench.clock.now) == 1

    async def test_a_clock_that_was_wrong_for_a_while_holds_nothing_back(self, log: EventLog, bench: Bench) -> None:
        needs_our_clock(bench)
        bench.clock.advance(1000 * DAY_S)
        await log.append("shards", [a_message(value=b"from the future", partition=0)])
        bench.clock.advance(-1000 * DAY_S)
        await log.append("shards", [a_message(value=b"now", partition=0)])
        bench.clock.advance(DAY_S + 1)
        assert await log.maintain(bench.clock.now) == 1
        assert values(await everything(log, "shards")) == [b"from the future"]


class TestGroups:
    async def test_a_lag_tells_how_many_and_how_old(self, log: EventLog, bench: Bench) -> None:
        await log.append("annals", [a_message(value=b"1")])
        bench.clock.advance(10)
        [second, _] = await log.append("annals", [a_message(value=b"2"), a_message(value=b"3")])
        async with log.consume("group", ["annals"]) as consumer:
            bench.clock.advance(5)
            [lag] = await log.groups()
            assert (lag.committed, lag.lag_records, lag.lag_s, lag.holds_back) == (BEFORE_FIRST, 3, 15.0, False)
            await consumer.commit(await consumer.fetch(2))
            [lag] = await log.groups()
            assert (lag.committed, lag.lag_records, lag.lag_s) == (second.offset, 1, 5.0)
            await consumer.commit(await consumer.fetch())
            [lag] = await log.groups()
            assert (lag.lag_records, lag.lag_s) == (0, 0.0)

    async def test_groups_come_by_name_topic_and_partition(self, log: EventLog) -> None:
        async with log.consume("b", ["letters", "bells"]), log.consume("a", ["letters"]):
            listed = [(lag.group, lag.topic, lag.partition) for lag in await log.groups()]
        expected = [("a", *place) for place in places("letters")] + [("b", *p) for p in places("bells", "letters")]
        assert listed == expected
