"""The dispatcher on a real log: what it publishes, and that a new one goes on where the last one stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from schemas.alert import Alert
from schemas.codec import Payload
from schemas.lifecycle import Stream, StreamState
from schemas.situation import CANARY_STREAM, EPOCH_KEY
from schemas.status import StatusReport
from schemas.telegram import DeadLetter, Epoch
from services.dispatcher import app as dispatcher
from services.eventlog.open import open_log
from services.eventlog.port import BEFORE_FIRST, EventLog, Message
from services.runtime import records
from services.runtime.clock import SystemClock
from tests.factories import EVENING, ODAWARA, an_alert, an_info

WATCH = frozenset({ODAWARA})


def an_alert_message(alert: Alert) -> Message:
    stream = alert.streams[0]
    id_ = f"alert:{alert.identifier}@{stream}"
    return records.message(alert, key=stream, id=id_, source="ingest", at=EVENING, cause="telegram-1")


@asynccontextmanager
async def dispatching(log: EventLog) -> AsyncIterator[None]:
    async with asyncio.timeout(20):
        running = asyncio.create_task(dispatcher.build(log, SystemClock(), WATCH).run())
        yield
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def contents(log: EventLog, topic: str, partition: int = 0) -> dict[str, Payload]:
    """The newest payload of each key."""
    found: dict[str, Payload] = {}
    for record in await log.read(topic, partition):
        value = records.payload(record)
        assert not hasattr(value, "reason") or isinstance(value, DeadLetter)
        if value is None:
            found.pop(record.key, None)
        else:
            found[record.key] = value
    return found


async def settled(log: EventLog, **keys: str) -> dict[str, Payload]:
    """Contents of `situation` once it holds each key with this revision."""
    seen = BEFORE_FIRST
    while True:
        found = await contents(log, "situation")
        streams = {key: value.revision for key, value in found.items() if isinstance(value, Stream)}
        if all(streams.get(key) == revision for key, revision in keys.items()):
            return found
        await log.wait({("situation", 0): seen})
        seen = await log.head("situation", 0)


async def test_an_alert_becomes_the_situation_with_its_cause() -> None:
    async with open_log("memory:") as log, dispatching(log):
        alert = an_alert()
        await log.append("alerts.emergency", [an_alert_message(alert)])
        found = await settled(log, **{alert.streams[0]: alert.revision})
        assert isinstance(found[EPOCH_KEY], Epoch)
        records_ = [record for record in await log.read("situation", 0) if record.key == alert.streams[0]]
        assert records_[-1].headers["ce_causationid"] == f"alert:{alert.identifier}@{alert.streams[0]}"


async def test_the_epoch_is_made_once() -> None:
    async with open_log("memory:") as log:
        alert = an_alert()
        await log.append("alerts.emergency", [an_alert_message(alert)])
        async with dispatching(log):
            first = (await settled(log, **{alert.streams[0]: alert.revision}))[EPOCH_KEY]
        later = an_alert(9, an_info(level=5))
        await log.append("alerts.emergency", [an_alert_message(later)])
        async with dispatching(log):
            assert (await settled(log, **{later.streams[0]: later.revision}))[EPOCH_KEY] == first


async def test_the_next_dispatcher_knows_what_the_last_one_kept() -> None:
    rise, release = an_alert(0, an_info(level=3)), an_alert(20, an_info(released=True))
    stream = rise.streams[0]
    async with open_log("memory:") as log:
        await log.append("alerts.emergency", [an_alert_message(rise)])
        async with dispatching(log):
            await settled(log, **{stream: rise.revision})
        await log.append("alerts.emergency", [an_alert_message(release)])
        async with dispatching(log):
            found = await settled(log, **{stream: release.revision})
        assert isinstance(stream_state := found[stream], Stream)
        assert stream_state.state is StreamState.ENDED
        assert stream_state.kept == (rise, release)


async def test_a_record_that_is_no_alert_is_set_aside_and_the_next_is_taken() -> None:
    alert = an_alert()
    broken = Message(key=alert.streams[0], value=b"{", id="broken", headers={"ce_type": "jp.hansho.alert.v1"})
    strange = records.message(Epoch(epoch="x"), key=alert.streams[0], id="strange", source="test", at=EVENING)
    async with open_log("memory:") as log, dispatching(log):
        await log.append("alerts.emergency", [broken, strange, an_alert_message(alert)])
        await settled(log, **{alert.streams[0]: alert.revision})
        letters = [record for partition in range(4) for record in await log.read("dead", partition)]
        codes = {letter.code for record in letters if isinstance(letter := records.payload(record), DeadLetter)}
        assert codes == {"E1003", "E4001"}
        assert {record.headers["ce_causationid"] for record in letters} == {"broken", "strange"}


async def test_the_canary_is_reported_when_it_is_folded() -> None:
    canary = an_alert(0, test=True, stream=CANARY_STREAM)
    async with open_log("memory:") as log, dispatching(log):
        await log.append("alerts.emergency", [an_alert_message(canary)])
        await settled(log, **{CANARY_STREAM: canary.revision})
        status = await contents(log, "status")
        assert isinstance(status["canary:fold"], StatusReport)


async def test_a_second_dispatcher_on_one_log_is_refused() -> None:
    async with open_log("memory:") as log, dispatching(log):
        await log.append("alerts.emergency", [an_alert_message(an_alert())])
        await settled(log, **{an_alert().streams[0]: an_alert().revision})
        second = asyncio.create_task(dispatcher.build(log, SystemClock(), WATCH).run())
        await asyncio.wait([second])
        assert second.exception() is not None
