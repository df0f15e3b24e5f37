"""JMA's website against the log, over real HTTP: what it says, what it does wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import orjson
import pytest

from schemas.alert import Alert
from schemas.status import Condition, StatusReport
from services.eventlog.memory import MemoryLog
from services.ingest.core.letters import alert_records
from services.ingest.sources.bosai import PATH, CrossCheck
from services.ingest.sources.http import Http
from services.runtime import records
from services.runtime.cities import deploy_dir, load_table
from tests.contract.ingest.peers import Mood, MoodyServer, body, resets, status
from tests.factories import an_alert, an_info, at

OFFICE = PATH.format(office="140000")
STREAM = "jma:VPWW55:140000"


def website(code: str, said: str, minute: float = 0) -> Mood:
    kinds = [{"areaCode": "1420600", "kinds": [{"code": code, "status": said}]}]
    issue = {"reportDatetime": at(minute).isoformat(), "warning": {"class20Items": kinds}}
    return body(orjson.dumps([issue]), Content_Type="application/json")


@pytest.fixture
async def checked() -> AsyncIterator[tuple[CrossCheck, MoodyServer]]:
    with MoodyServer() as server:
        check = CrossCheck(
            log=MemoryLog(), http=Http(server.base_url), areas=load_table(deploy_dir()), offices=("140000",)
        )
        yield check, server
        await check.http.close()


async def hears(check: CrossCheck, alert: Alert) -> None:
    for emission in alert_records(alert, "alerts.emergency"):
        message = records.message(emission.payload, key=emission.key, id=emission.id, source="ingest", at=alert.sent)
        await check.log.append(emission.topic, [message])


async def twice(check: CrossCheck) -> list[StatusReport]:
    return [await check.check_once(at(minute)) for minute in (60, 65)]


async def test_they_agree(checked: tuple[CrossCheck, MoodyServer]) -> None:
    check, server = checked
    server.moods[OFFICE] = website("03", "継続")
    await hears(check, an_alert(0, an_info("heavy_rain", level=3), stream=STREAM))
    assert [report.condition for report in await twice(check)] == [Condition.OK] * 2


@pytest.mark.parametrize(("code", "said"), [("43", "発表"), ("03", "解除")])
async def test_a_disagreement_that_lasts_is_an_alarm_and_its_end_is_one(
    checked: tuple[CrossCheck, MoodyServer], code: str, said: str
) -> None:
    check, server = checked
    server.moods[OFFICE] = website(code, said)
    await hears(check, an_alert(0, an_info("heavy_rain", level=3), stream=STREAM))
    first, second = await twice(check)
    assert (first.condition, second.condition, second.code) == (Condition.OK, Condition.ALARM, "E3222")
    assert "class20:1420600 heavy_rain" in second.message
    server.moods[OFFICE] = website("03", "継続")
    assert (await check.check_once(at(70))).condition is Condition.OK


async def test_what_was_missed_is_found(checked: tuple[CrossCheck, MoodyServer]) -> None:
    check, server = checked
    server.moods[OFFICE] = website("33", "発表")
    _, second = await twice(check)
    assert (second.code, "telegrams none, website 5" in second.message) == ("E3222", True)


@pytest.mark.parametrize(
    "mood",
    [status(404), status(403), status(500), resets, body(b"<html/>"), body(b"{}")],
    ids=["404", "403", "500", "reset", "html", "object"],
)
async def test_a_website_that_cannot_be_read_is_said(checked: tuple[CrossCheck, MoodyServer], mood: Mood) -> None:
    check, server = checked
    server.moods[OFFICE] = mood
    report = await check.check_once(at(60))
    assert (report.condition, report.code) == (Condition.ALARM, "E3223")


async def test_a_frozen_one_is_too(checked: tuple[CrossCheck, MoodyServer]) -> None:
    check, server = checked
    server.moods[OFFICE] = website("03", "継続")
    assert (await check.check_once(at(0) + timedelta(hours=25))).code == "E3223"
