"""A push worker among failures: of one phone, of the channel, of our message, of the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from schemas.alert import Status
from schemas.area import AreaCode
from schemas.notification import Outcome, Receipt
from schemas.status import Condition
from schemas.subscription import Channel
from schemas.text import Text
from services.eventlog.memory import MemoryLog
from services.eventlog.port import LogFull, Message, Position
from services.gateway.channels.lanes import EMERGENCY
from services.gateway.channels.worker import SLICE
from services.gateway.core.sending import Attempt, Sending, Verdict
from tests.contract.push.bench import ACCEPTED, Held, stream_of, working
from tests.unit.gateway.core.notices import HIRATSUKA, NAMES, item, notice

DOWN = Attempt(verdict=Verdict.RETRY, code="UNAVAILABLE")
REFUSED = Attempt(verdict=Verdict.REFUSED, code="BAD_REQUEST")
LOCKED = Attempt(verdict=Verdict.HOLD, code="HTTP_401")
MANY = tuple(f"d{number}" for number in range(95))


def outcomes(receipt: Receipt) -> dict[str, Outcome]:
    return {one.device: one.outcome for one in receipt.others}


# --- failures ---


async def test_one_that_fails_is_tried_again_alone_while_the_others_go_out() -> None:
    failing = iter([DOWN, DOWN])
    phone = Held(lambda sending: next(failing, ACCEPTED) if sending.device == "d0" else ACCEPTED)
    async with working(channels={Channel.FCM: phone}) as bench:
        await bench.register(*MANY)
        receipt = await bench.receipt(await bench.order(*MANY))
        assert receipt.accepted == len(MANY)
        assert phone.told.count("d0") == 3
        assert len(phone.sent) == len(MANY) + 2


async def test_while_one_waits_the_receipt_names_him() -> None:
    phone = Held(lambda sending: replace(DOWN, retry_after_s=600.0) if sending.device == "d0" else ACCEPTED)
    async with working(channels={Channel.FCM: phone}) as bench:
        await bench.register(*MANY)
        order = await bench.order(*MANY)
        await bench.until(lambda: (said := bench.receipts.of(order)) is not None and said.accepted == len(MANY) - 1)
        said = await bench.receipt(order, final=False)
        assert (said.waiting, said.progress, said.final) == (("d0",), len(MANY), False)


async def test_an_outage_is_met_with_one_message_at_a_time_and_everybody_is_told_afterwards() -> None:
    phone = Held(lambda _: DOWN)
    async with working(channels={Channel.FCM: phone}) as bench:
        await bench.register(*MANY)
        order = await bench.order(*MANY)
        await bench.until(lambda: len(phone.sent) >= phone.parallel + 3)
        assert len(phone.sent) <= phone.parallel + 6
        phone.answer = lambda _: ACCEPTED
        assert (await bench.receipt(order)).accepted == len(MANY)
        assert len(phone.sent) <= len(MANY) + phone.parallel + 10


async def test_too_many_at_once_pauses_the_lane_and_not_the_message() -> None:
    busy = Attempt(verdict=Verdict.RETRY, code="QUOTA_EXCEEDED", retry_after_s=20.0, pauses_all=True)
    answers = iter([busy])
    phone = Held(lambda _: next(answers, ACCEPTED))
    async with working(channels={Channel.FCM: phone}) as bench:
        began = bench.clock.monotonic()
        await bench.register(*MANY)
        assert (await bench.receipt(await bench.order(*MANY))).accepted == len(MANY)
        assert bench.clock.monotonic() - began >= 20
        assert len(phone.sent) == len(MANY) + 1


async def test_refused_credentials_stop_everything_and_say_so_until_they_are_mended() -> None:
    phone = Held(lambda _: LOCKED)
    async with working(channels={Channel.FCM: phone}) as bench:
        await bench.register(*MANY)
        order = await bench.order(*MANY)
        alarm = await bench.report("push:emergency", Condition.ALARM)
        assert (alarm.code, "credentials" in alarm.message) == ("E5403", True)
        assert len(phone.sent) <= phone.parallel + 3
        phone.answer = lambda _: ACCEPTED
        assert (await bench.receipt(order)).accepted == len(MANY)
        assert (await bench.report("push:emergency")).code == ""


async def test_a_channel_that_does_not_answer_for_a_minute_is_an_alarm() -> None:
    phone = Held(lambda _: DOWN)
    async with working(channels={Channel.FCM: phone}) as bench:
        await bench.register(*MANY)
        await bench.order(*MANY)
        assert (await bench.report("push:emergency", Condition.ALARM)).code == "E5404"


async def test_a_message_that_is_refused_is_tried_with_nobody_else_and_said() -> None:
    phone = Held(lambda _: REFUSED)
    async with working(channels={Channel.FCM: phone}) as bench:
        await bench.register(*MANY)
        first = await bench.receipt(await bench.order(*MANY))
        assert set(outcomes(first).values()) == {Outcome.REFUSED}
        tried = len(phone.sent)
        assert tried <= phone.parallel
        second = await bench.receipt(await bench.order(*MANY))
        assert set(outcomes(second).values()) == {Outcome.REFUSED}
        assert len(phone.sent) == tried
        assert (await bench.report("push:emergency", Condition.ALARM)).code == "E5402"


async def test_a_channel_that_raises_loses_nobody() -> None:
    class Broken(Held):
        async def send(self, batch: Sequence[Sending]) -> Sequence[Attempt]:
            if not self.sent:
                self.sent += batch
                raise RuntimeError
            return await Held.send(self, batch)

    phone = Broken()
    async with working(channels={Channel.FCM: phone}) as bench:
        await bench.register("d1")
        assert (await bench.receipt(await bench.order("d1"))).accepted == 1


async def test_an_order_that_cannot_be_worded_stops_nobody_else() -> None:
    class Torn(dict[AreaCode, Text]):
        def get(self, key: AreaCode, default: object = None) -> object:  # type: ignore[override]
            if key == HIRATSUKA:
                raise ValueError(key)
            return super().get(key, default)

    phone = Held()
    async with working(channels={Channel.FCM: phone}, names=Torn(NAMES)) as bench:
        await bench.register("d1", "d2")
        bad = await bench.order("d1", told=replace(notice(item(area=HIRATSUKA)), status=Status.ACTUAL))
        bench.worker.mirror_wait_s = 0
        await bench.say(replace(stream_of(revision="r3")))
        torn = await bench.order("d1", told=replace(notice(item(area=HIRATSUKA)), revision="r9"))
        good = await bench.order("d2", told=replace(notice(item()), revision="r3"))
        assert (await bench.receipt(good)).accepted == 1
        assert outcomes(await bench.receipt(torn)) == {"d1": Outcome.REFUSED}
        assert outcomes(await bench.receipt(bad)) == {"d1": Outcome.SUPERSEDED}


async def test_what_is_no_order_is_put_aside_and_the_next_one_goes_out() -> None:
    phone = Held()
    async with working(channels={Channel.FCM: phone}) as bench:
        await bench.register("d1")
        await bench.log.append(EMERGENCY.topic, [Message(key="k", value=b"{}", id="torn")])
        assert (await bench.receipt(await bench.order("d1"))).accepted == 1
        (letter,) = await bench.all_of("dead", 4)
        assert letter.key == "k"


# --- the log refuses ---


class FullLog(MemoryLog):
    """A log whose disk is full while `full` says so."""

    full = False

    async def append(self, topic: str, messages: Sequence[Message]) -> list[Position]:
        if self.full and topic == "receipts":
            raise LogFull
        return await super().append(topic, messages)


async def test_a_full_disk_stops_no_message_and_receipts_are_written_when_there_is_room() -> None:
    phone, log = Held(parallel=SLICE), FullLog()
    async with working(channels={Channel.FCM: phone}, log=log) as bench:
        await bench.register(*MANY)
        log.full = True
        phone.open.clear()
        order = await bench.order(*MANY)
        await bench.until(lambda: len(phone.sent) == SLICE)
        phone.open.set()
        await bench.until(lambda: len(phone.sent) == len(MANY))
        log.full = False
        assert (await bench.receipt(order)).accepted == len(MANY)
        assert len(phone.sent) == len(MANY)
