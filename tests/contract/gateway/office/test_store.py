"""The office behind its pages: any number of gateways agree, nothing is issued twice, nothing unreadable passes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from schemas.office import Matter, Open, Renew
from services.eventlog.memory import MemoryLog
from services.eventlog.port import LogBroken, Message, Position
from services.gateway.core.answers import NotAccepted, NotKnown
from services.gateway.core.history import Entry
from services.gateway.core.incident import Standing
from services.gateway.core.issuing import Gone, Send
from services.gateway.store.issuing import Issuing
from services.gateway.store.office import OfficeStore
from services.runtime import records
from services.runtime.clock import ScaledClock, SystemClock
from tests.contract.gateway.conftest import WAIT_S, Door, Opener, TroubledLog
from tests.contract.gateway.office.conftest import Browser, Bureau, enrolled
from tests.office import a_content


async def test_two_gateways_fold_the_same_office_to_the_same_last_link(
    bureau: Bureau, opened: Opener, browsers: Callable[[Door], Awaitable[Browser]], tmp_path: Path
) -> None:
    second = await opened(bureau.log, feeds="http://127.0.0.1:9", data_dir=str(tmp_path))
    await second.begin()
    elsewhere = await browsers(second)
    await elsewhere.log_in("officer-b")
    await bureau.drafted(bureau.a)
    await elsewhere.see(f"{bureau.root()}/approve")
    await elsewhere.press("/approve", read="yes")
    assert "承認しました" in elsewhere.text
    offset = second.app.office.store.position
    await bureau.a.see(f"{bureau.root()}?at={offset}")
    assert "発令中" in bureau.a.text
    assert bureau.door.app.office.store.link == second.app.office.store.link
    assert bureau.door.app.office.store.office == second.app.office.store.office
    assert len(await bureau.alerts()) == 1


async def test_a_page_that_has_not_read_so_far_says_so(bureau: Bureau) -> None:
    await bureau.drafted(bureau.a)
    await bureau.a.see(f"{bureau.root()}?at={bureau.door.app.office.store.position + 1000}")
    assert "最新の操作をまだ読み込んでいます" in bureau.a.text


async def test_after_a_restart_nothing_is_issued_again(bureau: Bureau, opened: Opener, tmp_path: Path) -> None:
    await bureau.issued()
    await bureau.alerts()
    await bureau.door.stop()
    lags = {lag.group: lag.lag_records for lag in await bureau.log.groups() if lag.group == "issue"}
    assert lags == {"issue": 0}
    log = bureau.log
    assert isinstance(log, MemoryLog)
    log._standing.clear()  # as if the old records had left the log by age: no repeat would be seen as one
    second = await opened(bureau.log, feeds="http://127.0.0.1:9", data_dir=str(tmp_path))
    await second.begin()
    store = second.app.office.store
    while store.office != bureau.door.app.office.store.office:
        await store.bell().wait()
    assert len(await bureau.alerts()) == 1


async def test_when_the_gateway_that_issues_ends_another_takes_over(
    bureau: Bureau, opened: Opener, browsers: Callable[[Door], Awaitable[Browser]], tmp_path: Path
) -> None:
    second = await opened(bureau.log, feeds="http://127.0.0.1:9", data_dir=str(tmp_path))
    await second.begin()
    await bureau.drafted(bureau.a)
    elsewhere = await browsers(second)
    await elsewhere.log_in("officer-b")
    await elsewhere.see(f"{bureau.root()}/approve")
    await bureau.door.stop()
    await elsewhere.press("/approve", read="yes")
    assert len(await bureau.alerts()) == 1


# --- what cannot be read ---


async def test_a_record_that_cannot_be_judged_is_an_alarm_and_the_next_one_is_taken(bureau: Bureau) -> None:
    await bureau.log.append("office", [Message(key="20260901-aaaaaa", value=b"{}", id="strange")])
    report = await bureau.door.reported(f"office:unreadable:{await bureau.log.head('office', 0)}")
    assert report.code == "E5533"
    letters = [record for number in range(4) for record in await bureau.log.read("dead", number)]
    assert [letter.headers["ce_causationid"] for letter in letters] == ["strange"]
    await bureau.issued()
    assert len(await bureau.alerts()) == 1


async def test_a_command_under_another_incident_s_key_is_not_judged(bureau: Bureau) -> None:
    store = bureau.door.app.office.store
    command = store.command(id="0" * 32, incident="20260901-aaaaaa", actor="officer-a", body=Renew())
    await bureau.log.append(
        "office", [records.message(command, key="20260901-bbbbbb", id="x", source="test", at=command.at)]
    )
    while not store.unreadable:
        await store.bell().wait()
    assert store.judged("0" * 32) is None


async def test_while_the_log_cannot_be_read_the_office_says_so_and_goes_on_after(bureau: Bureau) -> None:
    assert isinstance(bureau.log, TroubledLog)
    store = bureau.door.app.office.store
    bureau.log.fails = LogBroken("unreadable")
    await bureau.log.append("registry", [Message(key="webhook:x", value=None, id="x")])
    async with asyncio.timeout(WAIT_S):
        while store.reading is None:
            await asyncio.sleep(0.01)
    bureau.log.fails = None
    async with asyncio.timeout(WAIT_S):
        while store.reading is not None:
            await asyncio.sleep(0.01)


# --- what becomes of a command ---


class Slow(TroubledLog):
    """Keeps what it is given, but says so only when it is told to."""

    answers = True

    async def append(self, topic: str, messages: list[Message]) -> list[Position]:  # type: ignore[override]
        kept = await super().append(topic, messages)
        while topic == "office" and not self.answers:
            await asyncio.sleep(0.01)
        return kept


async def a_store(log: MemoryLog) -> tuple[OfficeStore, asyncio.Task[None]]:
    await enrolled(log, "officer-a")
    store = OfficeStore(log=log, clock=SystemClock())
    return store, asyncio.create_task(store.follow_office())


async def test_a_command_that_nobody_answers_is_not_known_and_the_same_press_finds_it_out() -> None:
    log = Slow()
    store, following = await a_store(log)
    store.patience_s = 0.2
    body = Open(matter=Matter.ORDER, content=a_content())
    command = store.command(id="0" * 32, incident="20260901-aaaaaa", actor="officer-a", body=body)
    log.answers = False
    assert isinstance(await store.give(command), NotKnown)
    log.answers = True
    given = await store.give(command)
    assert isinstance(given, Entry)
    assert not given.refused
    assert len(await log.read("office", 0)) == 2
    following.cancel()


async def test_what_the_log_refuses_is_not_accepted() -> None:
    log = TroubledLog()
    store, following = await a_store(log)
    log.refuses = LogBroken("no")
    command = store.command(id="0" * 32, incident="20260901-aaaaaa", actor="officer-a", body=Renew())
    given = await store.give(command)
    assert isinstance(given, NotAccepted)
    assert given.code == "E2007"
    following.cancel()


def test_a_rehearsal_s_deadline_counts_in_the_machine_s_seconds() -> None:
    clock = ScaledClock(start=datetime.fromisoformat("2026-09-01T20:00:00+09:00"), speed=1000, origin_s=time.time())
    command = OfficeStore(log=MemoryLog(), clock=clock).command(id="c", incident="i", actor="a", body=Renew())
    assert command.deadline - command.at == timedelta(seconds=15_000)


# --- the last look before the log ---


async def test_an_area_that_has_left_the_city_since_is_not_sent_and_an_alarm_says_so(bureau: Bureau) -> None:
    bureau.door.app.office.issuing.own = frozenset()
    await bureau.issued()
    report = await bureau.door.reported(f"office:unsent:office:{bureau.only.id}")
    assert report.code == "E5531"
    assert bureau.only.standing is Standing.IN_FORCE
    assert [one for one in await bureau.records("alerts.emergency") if one.key.startswith("office:")] == []


async def test_an_issuer_gives_outputs_with_the_same_ids_however_often_it_is_asked(bureau: Bureau) -> None:
    await bureau.issued()
    await bureau.alerts()
    store = bureau.door.app.office.store
    record = (await bureau.log.read("office", 0))[-1]
    kinds = [type(effect) for effect in store.effects(record.offset)]
    assert kinds[0] is Send
    assert Gone not in kinds
    issuing = Issuing(log=bureau.log, clock=SystemClock(), store=store, own=bureau.door.app.office.issuing.own)
    first, second = await issuing.handle(record), await issuing.handle(record)
    assert [output.message for output in first] == [output.message for output in second]
    assert replace(first[0].message, headers={}) == replace(second[0].message, headers={})
