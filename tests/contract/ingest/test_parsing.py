"""From topic `telegrams` to alerts: what is read, what is dead, and that nothing stops the next one."""

from __future__ import annotations

import asyncio
import gzip
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256

import pytest

from schemas.alert import Alert, Status, Surface
from schemas.status import Condition, StatusReport
from schemas.telegram import RawTelegram
from schemas.topics import MESSAGE_BYTES_MAX
from services.eventlog.memory import MemoryLog
from services.eventlog.port import LogFull, Message, Output, Position, Record
from services.ingest.sources.parsing import GROUP, Parser
from services.runtime import records
from services.runtime.clock import SystemClock
from services.runtime.reporting import Reporter
from tests.contract.ingest.peers import RAIN, dead, everything, name, payloads
from tests.factories import EVENING
from tests.telegrams import heavy_rain, table, telegram

BASE = "http://feeds.example/developer/xml/data/"


def raw(body: bytes, file: str = "", *, source: str = "jma.extra", folder: str = "") -> Message:
    """A telegram as the poller appends it."""
    entry_id = f"{BASE}{folder}{file or name()}"
    value = RawTelegram(
        source=source,
        entry_id=entry_id,
        name=file or name(),
        fetched_at=EVENING,
        sha256=sha256(body).hexdigest(),
        body=b64encode(gzip.compress(body, mtime=0)).decode(),
    )
    key = f"{source}:{entry_id}"
    return records.message(value, key=key, id=key, source="ingest", at=EVENING)


@dataclass(kw_only=True)
class Stumbling(Parser):
    """Fails on telegrams of these names, as a fault of ours would; remembers what it was given."""

    stumbles_on: str = "?"
    too_much_of: str = "?"
    taken: list[str] = field(default_factory=list)

    async def handle(self, record: Record) -> list[Output]:
        self.taken.append(record.key.rpartition("/")[2])
        if self.stumbles_on in record.key:
            raise KeyError("a fault of ours")
        if self.too_much_of in record.key:
            huge = Message(key="k", value=b"x" * (MESSAGE_BYTES_MAX + 1), id="huge")
            return [Output(topic="alerts.routine", message=huge)]
        return await super().handle(record)


def parser(log: MemoryLog, **changes: object) -> Stumbling:
    clock = SystemClock()
    return Stumbling(
        log=log,
        clock=clock,
        reporter=Reporter("ingest", clock),
        areas=table(),
        surfaces=(Surface.SIGN,),
        canary_s=60.0,
        **changes,  # type: ignore[arg-type]
    )


@asynccontextmanager
async def running(made: Stumbling) -> AsyncIterator[Stumbling]:
    task = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def settled(log: MemoryLog) -> None:
    """Until the group has committed everything there is."""
    async with asyncio.timeout(10):
        while not (lags := [one for one in await log.groups() if one.group == GROUP]) or any(
            lag.lag_records for lag in lags
        ):
            await asyncio.sleep(0)


async def parsed(*messages: Message, log: MemoryLog | None = None, **changes: object) -> MemoryLog:
    """A log in which these telegrams were read."""
    log = log or MemoryLog()
    for message in messages:
        await log.append("telegrams", [message])
    async with running(parser(log, **changes)):
        await settled(log)
    return log


async def statuses(log: MemoryLog) -> dict[str, StatusReport]:
    return {one.subject: one for one in await payloads(log, "status") if isinstance(one, StatusReport)}


class TestWhatIsRead:
    async def test_becomes_an_alert_caused_by_its_telegram(self) -> None:
        message = raw(RAIN)
        log = await parsed(message)
        (record,) = await everything(log, "alerts.emergency")
        alert = records.payload(record)
        assert isinstance(alert, Alert)
        assert record.key == "jma:VPWW55:140000"
        assert record.id == f"alert:{alert.identifier}@jma:VPWW55:140000"
        assert record.headers["ce_causationid"] == message.id
        assert record.headers["ce_time"] == EVENING.isoformat()
        assert alert.lease == "jma.extra"
        assert await dead(log) == []

    async def test_a_drill_goes_to_the_drills_with_its_run_and_its_surfaces(self) -> None:
        drill = heavy_rain(("1420600", "03", "発表"), status="訓練")
        log = await parsed(raw(drill, folder="run-7/"))
        (alert,) = await payloads(log, "drills")
        assert isinstance(alert, Alert)
        assert alert.status is Status.EXERCISE
        assert alert.drill is not None
        assert (alert.drill.run, alert.drill.surfaces) == ("run-7", (Surface.SIGN,))
        assert await everything(log, "alerts.emergency") == []

    async def test_a_test_of_the_weather_service_goes_no_further(self) -> None:
        log = await parsed(raw(heavy_rain(("1420600", "03", "発表"), status="試験")))
        assert [await everything(log, topic) for topic in ("alerts.emergency", "drills", "dead")] == [[], [], []]

    async def test_a_type_whose_body_nobody_reads_goes_no_further(self) -> None:
        plume = telegram(title="推定噴煙流向報", event_id="20260901110000")
        log = await parsed(raw(plume, name(kind="VFVO60", suffix="010000")))
        assert [await everything(log, topic) for topic in ("alerts.emergency", "drills", "dead")] == [[], [], []]

    async def test_the_canary_is_an_alert_of_its_own_stream_and_reported(self) -> None:
        body = telegram(title="半鐘動作確認", status="試験", event_id="canary", serial="1")
        log = await parsed(raw(body, name(kind="HANSHO", suffix="canary"), source="canary"))
        (record,) = await everything(log, "alerts.emergency")
        assert record.key == "canary"
        assert (await statuses(log))["canary:parse"].condition is Condition.OK

    async def test_a_second_reading_after_a_crash_changes_nothing(self) -> None:
        log = await parsed(raw(RAIN))
        before = await everything(log, "alerts.emergency")
        assert await log.forget(GROUP)
        await parsed(log=log)
        assert await everything(log, "alerts.emergency") == before

    async def test_urgent_telegrams_overtake_the_others_that_wait(self) -> None:
        log = MemoryLog()
        quiet = [raw(RAIN, name(number, kind="VPWW61")) for number in range(5)]
        for message in (*quiet, raw(RAIN, name(9))):
            await log.append("telegrams", [message])
        made = parser(log)
        async with running(made):
            await settled(log)
        assert made.taken[0] == name(9)


BOMB = b'<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><Report>&b;</Report>'
BAD = {
    "cut": (RAIN[:400], "E3103"),
    "no bytes": (b"", "E3103"),
    "in another encoding": (RAIN.decode().encode("shift_jis", "replace"), "E3102"),
    "with a DTD": (b'<!DOCTYPE Report SYSTEM "http://127.0.0.1:1/x.dtd"><Report/>', "E3104"),
    "with entities": (BOMB, "E3104"),
    "too deep": (b"<Report>" + b"<a>" * 100, "E3105"),
    "a web page": (b"<html></html>", "E3106"),
    "no XML at all": (b"\x00\x01\x02", "E3103"),
    "of unknown status": (heavy_rain(("1420600", "03", "発表"), status="本番"), "E3112"),
}


class TestWhatIsBad:
    @pytest.mark.parametrize(("body", "code"), BAD.values(), ids=BAD)
    async def test_is_dead_with_its_origin_and_the_next_is_read(self, body: bytes, code: str) -> None:
        bad, good = raw(body, name(1)), raw(RAIN, name(2))
        log = await parsed(bad, good)
        (letter,) = await dead(log)
        assert (letter.code, letter.topic, letter.key) == (code, "telegrams", bad.key)
        (record,) = [one for one in await everything(log, "telegrams") if one.id == bad.id]
        assert (letter.partition, letter.offset) == (record.partition, record.offset)
        assert b64decode(letter.value) == bad.value
        assert letter.hint
        assert len(await everything(log, "alerts.emergency")) == 1
        report = (await statuses(log))["dead:jma.extra"]
        assert (report.condition, report.code) == (Condition.ALARM, code)

    async def test_a_type_that_nobody_knows_is_dead(self) -> None:
        log = await parsed(raw(telegram(title="新しい種類の情報"), "new.xml"))
        assert [letter.code for letter in await dead(log)] == ["E3110"]

    async def test_an_unknown_area_is_dropped_with_a_notice_and_the_rest_is_read(self) -> None:
        log = await parsed(raw(heavy_rain(("1420600", "03", "発表"), ("9999900", "03", "発表"))))
        (letter,) = await dead(log)
        assert letter.code == "E3123"
        assert "9999900" in letter.reason
        (alert,) = await payloads(log, "alerts.emergency")
        assert isinstance(alert, Alert)
        assert [str(area.code) for info in alert.info for area in info.area] == ["class20:1420600"]
        assert "dead:jma.extra" not in await statuses(log)

    async def test_a_record_that_is_no_telegram_is_dead(self) -> None:
        log = await parsed(Message(key="other", value=b"{}", id="1"), Message(key="jma.extra:x", value=None, id="2"))
        assert [letter.code for letter in await dead(log)] == ["E3215", "E3215"]

    @pytest.mark.parametrize(("fault", "word"), [("stumbles_on", "KeyError"), ("too_much_of", "E2004")])
    async def test_one_on_which_we_fail_is_tried_three_times_then_dead_and_the_next_is_read(
        self, fault: str, word: str
    ) -> None:
        log = MemoryLog()
        for message in (raw(RAIN, name(1)), raw(RAIN, name(2))):
            await log.append("telegrams", [message])
        made = parser(log, **{fault: name(1)})
        async with running(made):
            await settled(log)
        assert made.taken.count(name(1)) == 3
        (letter,) = await dead(log)
        assert (letter.code, letter.key.endswith(name(1))) == ("E3213", True)
        assert word in letter.reason
        assert (await statuses(log))["dead:jma.extra"].condition is Condition.ALARM
        assert len(await everything(log, "alerts.emergency")) == 1


class FullLog(MemoryLog):
    """Refuses the first commits of consumers, as a full disk does."""

    refusals = 2

    def commit(self, *arguments: object) -> list[Position]:
        if self.refusals:
            self.refusals -= 1
            raise LogFull("the disk is full")
        return super().commit(*arguments)  # type: ignore[arg-type]


class Impatient(SystemClock):
    """Does not wait."""

    async def sleep(self, span_s: float) -> None:
        del span_s
        await asyncio.sleep(0)


async def test_a_full_disk_is_waited_out_and_is_no_fault_of_the_telegram() -> None:
    log = FullLog()
    await log.append("telegrams", [raw(RAIN)])
    made = parser(log)
    made.clock = Impatient()
    async with running(made):
        await settled(log)
    assert len(await everything(log, "alerts.emergency")) == 1
    assert await dead(log) == []
