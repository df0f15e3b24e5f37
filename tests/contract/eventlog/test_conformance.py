"""What every engine promises (services/eventlog/port.py), one test a promise."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from itertools import pairwise

import pytest

from schemas.topics import DAY_S
from services.eventlog.partition import partition_of
from services.eventlog.port import (
    APPEND_MAX,
    BEFORE_FIRST,
    FETCH_BYTES_MAX,
    FETCH_MAX,
    EventLog,
    LogClosed,
    Message,
    MessageTooLarge,
    Position,
    Record,
    UnknownTopic,
)
from tests.contract.eventlog.engines import TOPICS, Bench, a_message, everything, fetched, places, values


class TestAppending:
    async def test_what_was_appended_is_read_back_as_it_was(self, log: EventLog, bench: Bench) -> None:
        message = Message(
            key="洪水:\x00相模川",
            value=bytes(range(256)),
            id="telegram/1",
            headers={"ce_type": "alert", "ce_名": "半鐘"},
        )
        [position] = await log.append("letters", [message])
        [record] = await log.read("letters", position.partition)
        assert record == Record(
            topic="letters",
            partition=partition_of(message.key, 3),
            offset=position.offset,
            key=message.key,
            value=message.value,
            id=message.id,
            headers=message.headers,
            appended_at=bench.clock.now,
        )

    async def test_headers_may_be_changed_by_the_caller_afterwards(self, log: EventLog) -> None:
        headers = {"a": "1"}
        await log.append("annals", [a_message(headers=headers)])
        headers["a"] = "2"
        [record] = await log.read("annals", 0)
        assert record.headers == {"a": "1"}

    async def test_positions_come_in_the_order_of_the_messages(self, log: EventLog) -> None:
        sent = [a_message(f"key {n}") for n in range(20)]
        positions = await log.append("letters", sent)
        assert [position.partition for position in positions] == [partition_of(message.key, 3) for message in sent]
        found = {(record.partition, record.offset): record.key for record in await everything(log, "letters")}
        assert [found[position.partition, position.offset] for position in positions] == [m.key for m in sent]

    async def test_offsets_rise_within_a_partition(self, log: EventLog) -> None:
        for n in range(10):
            await log.append("annals", [a_message(value=b"%d" % n), a_message(value=b"%d again" % n)])
        offsets = [record.offset for record in await log.read("annals", 0)]
        assert len(offsets) == 20
        assert all(earlier < later for earlier, later in pairwise(offsets))

    async def test_appending_nothing_keeps_nothing(self, log: EventLog) -> None:
        assert await log.append("letters", []) == []
        assert await everything(log, "letters") == []

    async def test_a_call_is_kept_all_or_none(self, log: EventLog) -> None:
        with pytest.raises(MessageTooLarge, match="too long") as refused:
            await log.append("notes", [a_message(value=b"short"), a_message(value=b"x" * 11, id="too long")])
        assert refused.value.code == "E2004"
        assert await everything(log, "notes") == []
        await log.append("notes", [a_message(value=b"x" * 10)])

    async def test_a_call_of_too_many_messages_is_refused_whole(self, log: EventLog) -> None:
        flood = [a_message(id=str(n)) for n in range(APPEND_MAX + 1)]
        with pytest.raises(MessageTooLarge, match=str(APPEND_MAX)):
            await log.append("annals", flood)
        assert await everything(log, "annals") == []

    async def test_a_repeated_id_is_answered_with_what_stands(self, log: EventLog, bench: Bench) -> None:
        first = await log.append("letters", [a_message("a", b"1", id="one")])
        again = await log.append("letters", [a_message("a", b"1", id="one"), a_message("b", b"2", id="two")])
        same_call = await log.append("letters", [a_message("c", id="three"), a_message("c", id="three")])
        if bench.engine.drops_repeats:
            assert again[0] == first[0]
            assert same_call[0] == same_call[1]
            assert sorted(record.id for record in await everything(log, "letters")) == ["one", "three", "two"]
        assert {record.id for record in await everything(log, "letters")} == {"one", "two", "three"}

    async def test_the_same_id_in_another_topic_is_another_record(self, log: EventLog) -> None:
        await log.append("letters", [a_message(id="one")])
        await log.append("annals", [a_message(id="one")])
        assert len(await everything(log, "letters", "annals")) == 2

    async def test_a_hundred_writers_keep_the_order_of_their_keys(self, log: EventLog) -> None:
        acknowledged: dict[str, list[Position]] = defaultdict(list)

        async def write(key: str) -> None:
            for n in range(20):
                acknowledged[key] += await log.append("letters", [a_message(key, b"%d" % n)])

        await asyncio.gather(*(write(f"writer {n}") for n in range(100)))
        found: dict[str, list[Record]] = defaultdict(list)
        for record in await everything(log, "letters"):
            found[record.key].append(record)
        assert len(found) == 100
        for key, records in found.items():
            assert values(records) == [b"%d" % n for n in range(20)]
            assert [record.offset for record in records] == [position.offset for position in acknowledged[key]]

    async def test_two_writers_of_one_key_stand_in_the_order_of_their_acknowledgements(self, log: EventLog) -> None:
        order: list[int] = []

        async def write(name: str) -> None:
            for n in range(50):
                [position] = await log.append("annals", [a_message("k", id=f"{name}{n}")])
                order.append(position.offset)

        await asyncio.gather(*(write(name) for name in "abcd"))
        assert order == sorted(order)


class TestNames:
    @pytest.mark.parametrize(("topic", "partition"), [("nowhere", 0), ("letters", 3), ("letters", -1)])
    async def test_what_does_not_exist_is_refused(self, log: EventLog, topic: str, partition: int) -> None:
        with pytest.raises(UnknownTopic) as refused:
            await log.read(topic, partition)
        assert refused.value.code == "E2003"
        with pytest.raises(UnknownTopic):
            await log.head(topic, partition)
        with pytest.raises(UnknownTopic):
            await log.wait({(topic, partition): BEFORE_FIRST})

    async def test_nothing_goes_to_a_topic_that_does_not_exist(self, log: EventLog) -> None:
        with pytest.raises(UnknownTopic, match="nowhere"):
            await log.append("nowhere", [a_message()])
        with pytest.raises(UnknownTopic):
            async with log.consume("group", ["letters", "nowhere"]):
                pass
        assert await log.groups() == []

    async def test_a_shard_is_named_by_the_writer(self, log: EventLog) -> None:
        sent = [a_message("same key", id=str(n), partition=n) for n in range(4)]
        assert [position.partition for position in await log.append("shards", sent)] == [0, 1, 2, 3]

    async def test_a_shard_that_does_not_exist_is_refused(self, log: EventLog) -> None:
        with pytest.raises(UnknownTopic, match="partition 4"):
            await log.append("shards", [a_message(partition=4)])

    async def test_whoever_names_a_partition_where_keys_do_is_wrong(self, log: EventLog) -> None:
        with pytest.raises(ValueError, match="by key"):
            await log.append("letters", [a_message(partition=0)])
        with pytest.raises(ValueError, match="by shard"):
            await log.append("shards", [a_message()])

    @pytest.mark.parametrize("wrong", [{"key": "\ud800"}, {"id": "\udfff"}, {"id": ""}], ids=["key", "id", "no id"])
    async def test_what_cannot_be_kept_is_refused_before_it_reaches_the_storage(
        self, log: EventLog, wrong: dict[str, str]
    ) -> None:
        good = {"key": "k", "id": "1", "value": b"v", "partition": 0}
        with pytest.raises(ValueError, match=r"surrogates|has no id"):
            await log.append("shards", [Message(**{**good, **wrong})])  # type: ignore[arg-type]
        assert await everything(log, "shards") == []


class TestReading:
    async def test_reading_goes_on_behind_an_offset(self, log: EventLog) -> None:
        positions = await log.append("annals", [a_message(value=b"%d" % n) for n in range(5)])
        page = await log.read("annals", 0, limit=2)
        assert values(page) == [b"0", b"1"]
        assert values(await log.read("annals", 0, after=page[-1].offset, limit=2)) == [b"2", b"3"]
        assert await log.read("annals", 0, after=positions[-1].offset) == []

    async def test_a_page_has_an_end_in_records_and_in_bytes(self, log: EventLog) -> None:
        await log.append("annals", [a_message(id=str(n)) for n in range(FETCH_MAX + 10)])
        assert len(await log.read("annals", 0, limit=10_000)) == FETCH_MAX
        big = b"x" * (FETCH_BYTES_MAX // 2 - 10)
        await log.append("parcels", [a_message(value=big, id=str(n)) for n in range(3)])
        assert [len(page) for page in (await log.read("parcels", 0), await everything(log, "parcels"))] == [2, 3]

    async def test_nobody_asks_for_nothing(self, log: EventLog) -> None:
        with pytest.raises(ValueError, match="limit"):
            await log.read("annals", 0, limit=0)

    async def test_the_head_is_the_last_offset(self, log: EventLog) -> None:
        assert await log.head("annals", 0) == BEFORE_FIRST
        positions = await log.append("annals", [a_message(value=b"1"), a_message(value=b"2")])
        assert await log.head("annals", 0) == positions[-1].offset
        assert [await log.head("letters", partition) for partition in range(3)] == [BEFORE_FIRST] * 3


class TestWaiting:
    async def test_what_is_there_already_is_news_at_once(self, log: EventLog) -> None:
        await log.append("annals", [a_message()])
        await log.wait({("letters", 0): BEFORE_FIRST, ("annals", 0): BEFORE_FIRST})

    async def test_an_append_wakes_who_waits(self, log: EventLog) -> None:
        seen = {("annals", 0): (await log.append("annals", [a_message(value=b"1")]))[0].offset}
        waiting = asyncio.create_task(log.wait(seen))
        await log.append("letters", [a_message()])
        await asyncio.sleep(0)
        assert not waiting.done()
        await log.append("annals", [a_message(value=b"2")])
        await waiting

    @pytest.mark.parametrize("topic", ["table", "letters"])
    async def test_a_head_without_a_record_is_no_news(self, log: EventLog, bench: Bench, topic: str) -> None:
        if topic == "table" and not bench.engine.by_our_clock:
            pytest.skip("tombstones go by the broker's clock")
        await log.append("annals", [a_message()])
        [position] = await log.append(topic, [a_message("gone", None)])
        bench.clock.advance(2 * DAY_S)
        assert await log.maintain(bench.clock.now) == 1
        place = (topic, position.partition)
        assert await log.read(*place) == []
        waiting = asyncio.create_task(log.wait({place: BEFORE_FIRST}))
        await log.append("annals", [a_message(value=b"2")])
        await asyncio.sleep(0)
        assert not waiting.done()
        await log.append(topic, [a_message("gone", b"back")])
        await waiting

    async def test_a_follower_sees_every_record_once_and_in_order(self, log: EventLog) -> None:
        followed: list[bytes | None] = []

        async def follow() -> None:
            after = BEFORE_FIRST
            while len(followed) < 200:
                records = await log.read("annals", 0, after=after, limit=7)
                if not records:
                    await log.wait({("annals", 0): after})
                    continue
                followed.extend(values(records))
                after = records[-1].offset

        following = asyncio.create_task(follow())
        for n in range(200):
            await log.append("annals", [a_message(value=b"%d" % n)])
        await following
        assert followed == [b"%d" % n for n in range(200)]


class TestClosing:
    async def test_a_closed_log_refuses_everything(self, log: EventLog) -> None:
        await log.close()
        await log.close()
        for call in (
            log.append("annals", [a_message()]),
            log.read("annals", 0),
            log.head("annals", 0),
            log.wait({("annals", 0): 0}),
            log.groups(),
            log.forget("group"),
        ):
            with pytest.raises(LogClosed) as refused:
                await call
            assert refused.value.code == "E2002"
        with pytest.raises(LogClosed):
            async with log.consume("group", ["annals"]):
                pass

    async def test_who_waits_is_told(self, log: EventLog) -> None:
        async with log.consume("group", ["annals"]) as consumer:
            waiting = [asyncio.create_task(consumer.fetch()), asyncio.create_task(log.wait({("annals", 0): 0}))]
            await asyncio.sleep(0)
            await log.close()
            for task in waiting:
                with pytest.raises(LogClosed):
                    await task

    async def test_what_is_under_way_is_finished(self, bench: Bench) -> None:
        async with bench.opened() as log:
            appending = [asyncio.create_task(log.append("annals", [a_message(id=str(n))])) for n in range(50)]
            await asyncio.sleep(0)
        answers = await asyncio.gather(*appending, return_exceptions=True)
        kept = {n for n, answer in enumerate(answers) if not isinstance(answer, BaseException)}
        assert all(isinstance(answers[n], LogClosed) for n in set(range(50)) - kept)
        if bench.engine.survives_closing:
            async with bench.opened() as log:
                assert {int(record.id) for record in await everything(log, "annals")} == kept

    async def test_everything_acknowledged_is_there_when_it_is_opened_again(self, bench: Bench) -> None:
        if not bench.engine.survives_closing:
            return
        async with bench.opened() as log, log.consume("group", ["letters"]) as consumer:
            await asyncio.gather(*(log.append("letters", [a_message(f"key {n}")]) for n in range(300)))
            finished = await fetched(consumer, 100)
            await consumer.commit(finished)
            before = await everything(log, *TOPICS)
            heads = [await log.head(*place) for place in places(*TOPICS)]
            lags = await log.groups()
        async with bench.opened() as log:
            assert await everything(log, *TOPICS) == before
            assert [await log.head(*place) for place in places(*TOPICS)] == heads
            assert await log.groups() == lags
            async with log.consume("group", ["letters"]) as consumer:
                keys = {record.key for record in await fetched(consumer, 200)}
                assert keys == {record.key for record in before} - {record.key for record in finished}
