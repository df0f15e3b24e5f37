"""A push worker: who is told, who is not and why, what a receipt says, and how it goes on after a crash."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from schemas.alert import Status
from schemas.notification import Outcome, Receipt
from schemas.situation import CANARY_STREAM
from schemas.status import Condition
from schemas.subscription import Channel, Permission
from services.gateway.channels.lanes import EMERGENCY, ROUTINE
from services.gateway.channels.worker import SLICE, Worker
from services.gateway.core.push import fingerprint
from services.gateway.core.sending import Attempt, Verdict
from services.runtime import records
from tests.contract.push.bench import ACCEPTED, Bench, Held, ended, stream_of, working
from tests.unit.gateway.core.notices import item, notice

DOWN = Attempt(verdict=Verdict.RETRY, code="UNAVAILABLE")
DEAD = Attempt(verdict=Verdict.DEAD, code="UNREGISTERED")
MANY = tuple(f"d{number}" for number in range(95))


def outcomes(receipt: Receipt) -> dict[str, Outcome]:
    return {one.device: one.outcome for one in receipt.others}


# --- who is told ---


async def test_everybody_is_told_once_in_words_and_the_order_is_finished() -> None:
    phone = Held()
    async with working(channels={Channel.FCM: phone}) as bench:
        await bench.register(*MANY)
        order = await bench.order(*MANY)
        receipt = await bench.receipt(order)
        assert (receipt.accepted, receipt.others, receipt.progress, receipt.waiting) == (95, (), 95, ())
        assert sorted(phone.told) == sorted(MANY)
        assert phone.sent[0].push.title == "警戒レベル４相当 土砂災害危険警報 小田原市"
        assert phone.sent[0].push.urgent
        assert sum(lag.lag_records for lag in await bench.log.groups()) == 0


async def test_receipts_say_how_far_it_is_while_it_goes_on() -> None:
    phone = Held()
    phone.open.clear()
    async with working(channels={Channel.FCM: phone}) as bench:
        await bench.register(*MANY)
        order = await bench.order(*MANY)
        begun = await bench.receipt(order, final=False)
        assert (begun.total, begun.accepted, begun.final) == (95, 0, False)
        await bench.until(lambda: len(phone.sent) == phone.parallel)
        phone.open.set()
        receipt = await bench.receipt(order)
        said = [records.payload(record) for record in await bench.all_of("receipts", 4)]
        told = [one.accepted for one in said if isinstance(one, Receipt)]
        assert told == sorted(told)
        assert receipt.latency_ms_max > 0


async def test_who_has_no_address_or_wants_nothing_shown_is_not_told_and_named() -> None:
    phone = Held()
    async with working(channels={Channel.FCM: phone}) as bench:
        await bench.register("ok")
        await bench.register("none", address=None)
        await bench.register("mute", permission=Permission.DENIED)
        receipt = await bench.receipt(await bench.order("ok", "none", "mute", "gone"))
        assert receipt.accepted == 1
        assert outcomes(receipt) == dict.fromkeys(("none", "mute", "gone"), Outcome.NO_ADDRESS)
        assert phone.told == ["ok"]


async def test_whoever_unsubscribed_in_between_is_not_told() -> None:
    phone = Held()
    async with working(channels={Channel.FCM: phone}) as bench:
        await bench.register("d1")
        await bench.log.append("subscriptions", [records.tombstone(key="d1", id="gone")])
        receipt = await bench.receipt(await bench.order("d1"))
        assert outcomes(receipt) == {"d1": Outcome.NO_ADDRESS}
        assert phone.sent == []


# --- what does not hold any more ---


async def test_what_is_superseded_is_never_sent() -> None:
    phone = Held()
    async with working(channels={Channel.FCM: phone}) as bench:
        await bench.register("d1")
        await bench.say(stream_of(rank=5, revision="r3"))
        rank_4 = await bench.order("d1")
        end = await bench.order("d1", told=notice(ended()))
        for order in (rank_4, end):
            assert outcomes(await bench.receipt(order)) == {"d1": Outcome.SUPERSEDED}
        assert phone.sent == []


async def test_what_is_superseded_in_the_middle_is_sent_to_nobody_more() -> None:
    phone = Held(parallel=SLICE)
    phone.open.clear()
    async with working(channels={Channel.FCM: phone}) as bench:
        await bench.register(*MANY)
        order = await bench.order(*MANY)
        await bench.until(lambda: len(phone.sent) == SLICE)
        await bench.say(stream_of(active=False, revision="r3"))
        await bench.until(lambda: bench.projection.mirror.streams[notice().stream].revision == "r3")
        phone.open.set()
        receipt = await bench.receipt(order)
        assert (receipt.accepted, len(receipt.others)) == (SLICE, len(MANY) - SLICE)
        assert set(outcomes(receipt).values()) == {Outcome.SUPERSEDED}
        assert len(phone.sent) == SLICE


async def test_a_retry_is_held_against_the_situation_too() -> None:
    phone = Held(lambda _: replace(DOWN, retry_after_s=300.0))
    async with working(channels={Channel.FCM: phone}) as bench:
        await bench.register("d1")
        order = await bench.order("d1")
        await bench.until(lambda: len(phone.sent) == 1)
        await bench.say(stream_of(rank=3, revision="r3"))
        assert outcomes(await bench.receipt(order)) == {"d1": Outcome.SUPERSEDED}
        assert len(phone.sent) == 1


async def test_an_order_waits_for_the_situation_that_it_speaks_of() -> None:
    phone = Held()
    async with working(channels={Channel.FCM: phone}) as bench:
        await bench.register("d1")
        order = await bench.order("d1", told=replace(notice(item(rank=5)), revision="r3"))
        await bench.receipt(order, final=False)
        assert phone.sent == []
        await bench.say(stream_of(rank=5, revision="r3"))
        assert (await bench.receipt(order)).accepted == 1


async def test_where_the_situation_stays_behind_a_warning_that_nobody_could_check_is_better_than_none() -> None:
    phone = Held()
    async with working(channels={Channel.FCM: phone}) as bench:
        bench.worker.mirror_wait_s = 0.05
        await bench.register("d1")
        assert (await bench.receipt(await bench.order("d1", told=replace(notice(item()), revision="r9")))).accepted == 1


async def test_what_ran_out_is_not_sent_and_its_receipt_says_so() -> None:
    phone = Held()
    async with working(channels={Channel.FCM: phone}) as bench:
        await bench.register("d1")
        await bench.lease("jma.extra", 0)
        await bench.until(lambda: bool(bench.projection.view().leases()))
        over = await bench.order("d1", expires=bench.clock.now())
        lapsed = await bench.order("d1", lease="jma.extra")
        for order in (over, lapsed):
            assert outcomes(await bench.receipt(order)) == {"d1": Outcome.EXPIRED}
        assert phone.sent == []


async def test_what_fails_is_tried_until_its_validity_ends_and_then_told_as_expired() -> None:
    phone = Held(lambda _: DOWN)
    async with working(channels={Channel.FCM: phone}) as bench:
        await bench.register("d1")
        order = await bench.order("d1", expires=bench.clock.now() + timedelta(seconds=30))
        assert outcomes(await bench.receipt(order)) == {"d1": Outcome.EXPIRED}
        assert 3 <= len(phone.sent) <= 6


# --- addresses that are no more ---


async def test_a_dead_address_is_told_by_its_fingerprint_and_not_tried_again_until_there_is_a_new_one() -> None:
    phone = Held(lambda sending: DEAD if sending.address == "old" else ACCEPTED)
    async with working(channels={Channel.FCM: phone}) as bench:
        await bench.register("d1", address="old")
        first = await bench.receipt(await bench.order("d1"))
        assert [(one.outcome, one.address_sha256) for one in first.others] == [(Outcome.DEAD, fingerprint("old"))]
        second = await bench.receipt(await bench.order("d1"))
        assert [(one.outcome, one.address_sha256) for one in second.others] == [(Outcome.DEAD, fingerprint("old"))]
        assert len(phone.sent) == 1
        await bench.register("d1", address="new", at=bench.clock.now())
        assert (await bench.receipt(await bench.order("d1"))).accepted == 1


async def test_an_address_given_anew_after_it_was_found_dead_is_tried() -> None:
    phone = Held(lambda _: DEAD)
    async with working(channels={Channel.FCM: phone}) as bench:
        await bench.register("d1")
        await bench.receipt(await bench.order("d1"))
        phone.answer = lambda _: ACCEPTED
        await bench.register("d1", at=bench.clock.now())
        assert (await bench.receipt(await bench.order("d1"))).accepted == 1


# --- order among orders ---


async def test_the_loudest_goes_first() -> None:
    phone = Held(parallel=1)
    phone.open.clear()
    async with working(channels={Channel.FCM: phone}) as bench:
        await bench.say(stream_of("wind", rank=3, name="jma:wind"), stream_of("flood:1", rank=5, name="jma:flood"))
        await bench.register("d0", "d3", "d4", "d5")
        first = await bench.order("d0")
        await bench.until(lambda: len(phone.sent) == 1)
        quiet = await bench.order(
            "d3", told=replace(notice(item(hazard="wind", rank=3, level=None)), stream="jma:wind")
        )
        middle = await bench.order("d4")
        loud = await bench.order(
            "d5", told=replace(notice(item(hazard="flood:1", rank=5, level=5)), stream="jma:flood")
        )
        await bench.until(lambda: len(bench.worker.held) == 4)
        phone.open.set()
        for order in (first, quiet, middle, loud):
            await bench.receipt(order)
        assert phone.told == ["d0", "d5", "d4", "d3"]


async def test_while_the_urgent_lane_sends_the_other_keeps_to_one_slice() -> None:
    urgent, routine = Held(), Held()
    urgent.open.clear()
    routine.open.clear()
    async with working(channels={Channel.FCM: urgent}) as bench:
        other = bench.worker_of(ROUTINE, {Channel.FCM: routine})
        bench.start(other)
        await bench.register(*MANY)
        await bench.order(*MANY)
        await bench.until(lambda: len(urgent.sent) == urgent.parallel)
        order = await bench.order(*MANY, lane=ROUTINE)
        await bench.until(lambda: len(routine.sent) >= SLICE)
        assert len(routine.sent) == SLICE
        routine.open.set()
        urgent.open.set()
        assert (await bench.receipt(order)).accepted == len(MANY)
        assert not routine.sent[0].push.urgent


# --- after a crash ---


async def test_another_worker_goes_on_where_the_receipts_stand_and_tells_nobody_twice() -> None:
    phone = Held(lambda sending: replace(DOWN, retry_after_s=900.0) if sending.device == "d3" else ACCEPTED)
    bench = Bench(channels={Channel.FCM: phone})
    await bench.follow()
    await bench.say(stream_of())
    await bench.register(*MANY)
    bench.start()
    order = await bench.order(*MANY)
    await bench.until(lambda: (said := bench.receipts.of(order)) is not None and said.accepted == len(MANY) - 1)
    await bench.stop()

    again = Held()
    async with working(log=bench.log, channels={Channel.FCM: again}) as after:
        assert (await after.receipt(order)).accepted == len(MANY)
        assert again.told == ["d3"]


async def test_a_finished_order_that_comes_again_is_sent_to_nobody() -> None:
    phone = Held()
    async with working(channels={Channel.FCM: phone}) as bench:
        await bench.register("d1", "d2")
        order = await bench.order("d1", id="cause:3:0")
        done = await bench.receipt(order)
        message = records.message(order, key=order.id, id="the same in another copy", source="x", at=bench.clock.now())
        await bench.log.append(EMERGENCY.topic, [message])
        await bench.receipt(await bench.order("d2"))
        assert phone.told == ["d1", "d2"]
        assert bench.receipts.of(order) == done
        lags = await bench.log.groups()
        assert sum(lag.lag_records for lag in lags) == 0


async def test_a_worker_that_is_told_to_stop_lets_what_is_under_way_come_back_and_writes_it_down() -> None:
    phone = Held()
    phone.open.clear()
    bench = Bench(channels={Channel.FCM: phone})
    await bench.follow()
    await bench.say(stream_of())
    await bench.register(*MANY)
    bench.start()
    order = await bench.order(*MANY)
    await bench.until(lambda: len(phone.sent) == phone.parallel)
    asyncio.get_running_loop().call_later(0.1, phone.open.set)
    await bench.stop()
    again = Held()
    async with working(log=bench.log, channels={Channel.FCM: again}) as after:
        assert (await after.receipt(order)).accepted == len(MANY)
        assert len(again.sent) == len(MANY) - phone.parallel


# --- without a channel, and our own test ---


async def test_without_credentials_there_is_an_alarm_and_nobody_is_called_told() -> None:
    async with working() as bench:
        await bench.register("d1")
        order = await bench.order("d1", expires=bench.clock.now() + timedelta(seconds=120))
        alarm = await bench.report("push:emergency", Condition.ALARM)
        assert alarm.code == "E5401"
        assert "HANSHO_FCM_CREDENTIALS" in alarm.hint
        assert outcomes(await bench.receipt(order)) == {"d1": Outcome.EXPIRED}


async def test_the_canary_comes_through_to_its_channel_and_stands_in_no_sending() -> None:
    async with working() as bench:
        told = replace(notice(), status=Status.TEST, stream=CANARY_STREAM)
        await bench.order(CANARY_STREAM, told=told, channel=Channel.DRY_RUN)
        report = await bench.report("canary:push")
        assert report.condition is Condition.OK
        assert bench.receipts.sends.sendings == {}


async def test_a_test_of_ones_own_device_is_sent_without_any_situation() -> None:
    phone = Held()
    async with working(channels={Channel.FCM: phone}) as bench:
        await bench.register("d1")
        told = replace(notice(), status=Status.TEST, stream="test:d1", sender_name="小田原市")
        assert (await bench.receipt(await bench.order("d1", told=told, id="test:d1:1"))).accepted == 1
        assert phone.sent[0].push.title == "テスト通知"


async def test_a_second_worker_of_the_lane_stands_by_and_takes_over() -> None:
    first, second = Held(), Held()
    async with working(channels={Channel.FCM: first}) as bench:
        await bench.register("d1", "d2")
        await bench.receipt(await bench.order("d1"))
        bench.start(bench.worker_of(EMERGENCY, {Channel.FCM: second}))
        working_task = bench.tasks[-2]
        working_task.cancel()
        await asyncio.wait([working_task])
        bench.tasks.remove(working_task)
        await bench.receipt(await bench.order("d2"))
        assert (first.told, second.told) == (["d1"], ["d2"])


def test_a_worker_has_its_own_place_in_its_lane() -> None:
    bench = Bench()
    worker: Worker = bench.worker_of(ROUTINE)
    assert (worker.lane.group, worker.lane.topic) == ("push.routine", "deliveries.routine")
    assert (EMERGENCY.group, EMERGENCY.topic) == ("push.emergency", "deliveries.emergency")
