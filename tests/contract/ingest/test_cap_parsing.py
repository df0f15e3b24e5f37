"""CAP and L-Alert in the log: what becomes of messages and of chains of them, whatever the order they come in."""

from __future__ import annotations

import json
from itertools import permutations

import pytest

from schemas.alert import Alert, MsgType
from schemas.area import AreaCode
from schemas.lifecycle import Stream, StreamState, fold, standing
from schemas.telegram import RawTelegram
from services.eventlog.memory import MemoryLog
from services.eventlog.port import BEFORE_FIRST
from services.ingest.core.cap.geometry import Outline, outline
from services.ingest.core.cap.places import Places, places
from services.ingest.sources.chains import CapReader
from services.ingest.sources.parsing import GROUP, Parser
from services.runtime import records
from services.runtime.cities import deploy_dir, load_boundary
from services.runtime.clock import SystemClock
from services.runtime.reporting import Reporter
from tests.contract.ingest.cap_peers import ODAWARA, SENDER, cap
from tests.contract.ingest.peers import dead, everything, payloads
from tests.contract.ingest.test_parsing import raw
from tests.telegrams import table

STREAM = "cap:bosai_city.example-526caddeebcf:city-1"
CLEAR = "<responseType>AllClear</responseType>"
HERE = AreaCode("class20", "1420600")
HAKONE = "<geocode><valueName>JISX0402</valueName><value>143821</value></geocode>"


def outlines() -> dict[AreaCode, Outline]:
    """Odawara's."""
    return {HERE: outline(json.loads(load_boundary(deploy_dir(), "odawara")))}


async def taken(*bodies: bytes, source: str = "cap.city", log: MemoryLog | None = None) -> MemoryLog:
    """A log in which these messages were put and read one after the other."""
    log = log or MemoryLog()
    clock = SystemClock()
    parser = Parser(
        log=log,
        clock=clock,
        reporter=Reporter("ingest", clock),
        areas=table(),
        surfaces=(),
        canary_s=60.0,
        outlines=outlines(),
    )
    for number, body in enumerate(bodies):
        await log.append("telegrams", [raw(body, f"{number}-{hash(body)}.xml", source=source)])
        async with log.consume(GROUP, ("telegrams",)) as consumer:
            for record in await consumer.fetch(10):
                await parser.take(consumer, record)
    return log


async def streams(log: MemoryLog, topic: str = "alerts.emergency") -> dict[str, Stream]:
    """What the fold makes of the alerts in the log."""
    found: dict[str, Stream] = {}
    for record in await everything(log, topic):
        alert = records.payload(record)
        assert isinstance(alert, Alert)
        found[record.key] = fold(found.get(record.key), record.key, alert)
    return found


def said(stream: Stream) -> list[tuple[str, int | None, str]]:
    """Hazard, level and state of what stands."""
    alert = standing(stream)
    return [(info.hazard, info.level, info.state.value) for info in (alert.info if alert else ())]


def at(minute: int) -> str:
    """A time of that evening."""
    return f"2026-09-01T{19 + minute // 60:02}:{minute % 60:02}:00+09:00"


RISE = (
    cap(1, sent=at(1), event="高齢者等避難", level="3"),
    cap(2, sent=at(2), msg_type="Update", names=(1,)),
    cap(3, sent=at(3), msg_type="Update", names=(1, 2), event="緊急安全確保", level="5", severity="Extreme"),
)
END = cap(4, sent=at(4), msg_type="Cancel", names=(3,), responses=CLEAR, level="0", event="避難指示解除")


class TestAChain:
    @pytest.mark.parametrize("order", list(permutations(range(3))))
    async def test_says_what_its_newest_message_says_in_any_order(self, order: tuple[int, ...]) -> None:
        found = await streams(await taken(*(RISE[number] for number in order)))
        alive = {name: stream for name, stream in found.items() if stream.state is StreamState.ACTIVE}
        assert list(alive) == [STREAM]
        assert said(alive[STREAM]) == [("evacuation:city-1", 5, "active")]

    @pytest.mark.parametrize("order", list(permutations(range(4)))[::3])
    async def test_is_over_with_its_all_clear_in_any_order(self, order: tuple[int, ...]) -> None:
        found = await streams(await taken(*((*RISE, END)[number] for number in order)))
        assert {stream.state for stream in found.values()} == {StreamState.ENDED}
        assert said(found[STREAM]) == [("evacuation:city-1", None, "released")]

    @pytest.mark.parametrize("order", list(permutations(range(3))))
    async def test_that_was_a_mistake_is_cancelled_in_any_order(self, order: tuple[int, ...]) -> None:
        mistake = cap(3, sent=at(3), msg_type="Cancel", names=(2,))
        found = await streams(await taken(*((*RISE[:2], mistake)[number] for number in order)))
        assert found[STREAM].state is StreamState.CANCELLED
        assert not [one for one in found.values() if one.state is StreamState.ACTIVE]

    async def test_keeps_the_parts_it_was_renewed_in(self) -> None:
        """As NWS renews: two messages that each name the first, for a part of its area each."""
        parts = (
            cap(1, sent=at(1), area=ODAWARA + HAKONE),
            cap(2, sent=at(2), msg_type="Update", names=(1,), area=ODAWARA),
            cap(3, sent=at(3), msg_type="Update", names=(1,), area=HAKONE, level="5"),
        )
        found = await streams(await taken(*parts))
        alert = standing(found[STREAM])
        assert alert is not None
        assert {(info.level, area.code.code) for info in alert.info for area in info.area if area.code} == {
            (4, "1420600"),
            (5, "1438200"),
        }

    async def test_of_two_that_forgot_each_other_the_later_is_right(self) -> None:
        lower = cap(3, sent=at(3), msg_type="Update", names=(1,), event="高齢者等避難", level="3")
        found = await streams(await taken(*RISE[:2], lower))
        assert said(found[STREAM]) == [("evacuation:city-1", 3, "active")]

    async def test_the_same_identifier_sent_again_is_a_new_version(self) -> None:
        found = await streams(await taken(cap(1, sent=at(1)), cap(1, sent=at(2), names=(1,), level="5")))
        assert said(found[STREAM]) == [("evacuation:city-1", 5, "active")]

    async def test_a_restart_knows_what_was_said_before(self) -> None:
        log = await taken(*RISE)
        found = await streams(await taken(END, log=log))
        assert {stream.state for stream in found.values()} == {StreamState.ENDED}

    async def test_taken_twice_writes_the_same(self) -> None:
        log = await taken(*RISE)
        before = [(record.id, record.value) for record in await everything(log, "alerts.emergency")]
        await log.append("alerts.emergency", [])
        again = await streams(await taken(RISE[1], log=log))
        assert said(again[STREAM]) == [("evacuation:city-1", 5, "active")]
        after = [(record.id, record.value) for record in await everything(log, "alerts.emergency")]
        assert set(before) <= set(after)

    async def test_an_alert_names_the_telegram_it_was_made_of(self) -> None:
        log = await taken(cap())
        [record] = await everything(log, "alerts.emergency")
        assert record.headers["ce_causationid"].startswith("cap.city:")
        assert record.id == f"alert:{STREAM}@20260901T110000Z.1.city-1.0001"


class TestValidity:
    async def test_without_a_stated_end_it_holds_by_its_source(self) -> None:
        [alert] = await payloads(await taken(cap(expires="")), "alerts.emergency")
        assert isinstance(alert, Alert)
        assert alert.lease == "cap.city"

    async def test_with_one_it_does_not(self) -> None:
        [alert] = await payloads(await taken(cap()), "alerts.emergency")
        assert isinstance(alert, Alert)
        assert alert.lease == ""


class TestWhatGoesNoFurther:
    @pytest.mark.parametrize(
        "body",
        [
            cap(status="Test"),
            cap(status="System"),
            cap(status="Draft"),
            cap(msg_type="Ack"),
            cap(msg_type="Error"),
            cap().replace(b"Public", b"Private"),
            cap(area="<polygon>51.1,0.1 51.2,0.1 51.2,0.2 51.1,0.1</polygon>"),
            cap(area="<geocode><valueName>UGC</valueName><value>CAZ001</value></geocode>"),
        ],
        ids=["test", "system", "draft", "ack", "error", "private", "elsewhere", "another country"],
    )
    async def test_is_counted_and_that_is_all(self, body: bytes) -> None:
        log = await taken(body)
        assert [await everything(log, topic) for topic in ("alerts.emergency", "alerts.routine", "drills", "dead")] == [
            [],
            [],
            [],
            [],
        ]

    async def test_a_drill_is_one(self) -> None:
        log = await taken(cap(1, sent=at(1)), cap(2, sent=at(2), msg_type="Cancel", names=(1,), status="Exercise"))
        assert said((await streams(log))[STREAM]) == [("evacuation:city-1", 4, "active")]
        [drill] = await everything(log, "drills")
        assert drill.key == f"{STREAM}~2026-09-01"


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (cap(area=""), "E3147"),
            (cap(area=ODAWARA + "</area><area><areaDesc>どこか</areaDesc>"), "E3147"),
            (cap(area="<geocode><valueName>JISX0402</valueName><value>142068</value></geocode>"), "E3147"),
            (cap().replace(b"<sent>2026", b"<sent>soon"), "E3140"),
            (cap(status="Real"), "E3141"),
            (b"<alert><!DOCTYPE x>", "E3103"),
            (b"<!DOCTYPE alert><alert/>", "E3104"),
            (b"<alert>" * 100, "E3105"),
            (b"{}", "E3152"),
        ],
        ids=["no area", "one unknown", "wrong check digit", "no time", "status", "broken", "dtd", "deep", "json"],
    )
    async def test_is_in_dead_whole_with_its_origin_and_the_next_is_taken(self, body: bytes, code: str) -> None:
        log = await taken(body, cap(7))
        letters = await dead(log)
        assert [letter.code for letter in letters] == [code]
        assert letters[0].key.startswith("cap.city:")
        assert len(await everything(log, "alerts.emergency")) == 1

    async def test_what_is_wrong_with_one_that_is_used_is_a_notice(self) -> None:
        log = await taken(cap(severity="Dreadful"))
        assert [letter.code for letter in await dead(log)] == ["E3142"]
        assert len(await everything(log, "alerts.emergency")) == 1


async def test_a_polygon_means_the_municipalities_it_touches() -> None:
    square = "<polygon>35.25,139.15 35.26,139.15 35.26,139.16 35.25,139.16 35.25,139.15</polygon>"
    [alert] = await payloads(await taken(cap(area=square)), "alerts.emergency")
    assert isinstance(alert, Alert)
    assert [area.code for info in alert.info for area in info.area] == [HERE]


async def test_an_l_alert_series_is_replaced_by_its_next_revision() -> None:
    def order(number: int, word: str, kind: str) -> bytes:
        return (
            f"<e:EDXLDistribution xmlns:e='urn:oasis:names:tc:emergency:EDXL:DE:1.0'><e:senderID>{SENDER}</e:senderID>"
            f"<e:dateTimeSent>{at(number)}</e:dateTimeSent><e:distributionStatus>Actual</e:distributionStatus>"
            f"<e:distributionType>{kind}</e:distributionType><contentObject><Report><EvacuationOrder><Detail>"
            f"<Sort>避難指示</Sort><IssueOrLift>{word}</IssueOrLift><Areas><Area><Location><areaName>例示一丁目</areaName>"
            "<jisX0402>142069</jisX0402></Location></Area></Areas></Detail></EvacuationOrder></Report>"
            f"<documentRevision>{number}</documentRevision><documentID>doc-1</documentID><category>EvacuationOrder</category>"
            "</contentObject></e:EDXLDistribution>"
        ).encode()

    issued, lifted = order(1, "発令", "Report"), order(2, "解除", "Update")
    for bodies in ((issued, lifted), (lifted, issued)):
        found = await streams(await taken(*bodies, source="cap.lalert"))
        assert {name: stream.state for name, stream in found.items()} == {"lalert:doc-1": StreamState.ENDED}
    [alert] = await payloads(await taken(issued, source="cap.lalert"), "alerts.emergency")
    assert isinstance(alert, Alert)
    assert [(info.level, info.hazard, info.event) for info in alert.info] == [(4, "evacuation:doc-1", "避難指示")]
    cancelled = await streams(await taken(issued, order(2, "発令", "Cancel"), source="cap.lalert"))
    assert cancelled["lalert:doc-1"].state is StreamState.CANCELLED


async def test_what_is_no_cap_in_the_log_is_none_of_the_readers_business() -> None:
    log = await taken(cap())
    reader = CapReader(log=log, clock=SystemClock(), where=_where(), surfaces=())
    assert await reader.refresh() == 1
    assert await reader.refresh() == 0
    [record] = await log.read("telegrams", await _partition(log), after=BEFORE_FIRST)
    value = records.payload(record)
    assert isinstance(value, RawTelegram)
    readings, emissions = await reader.read(value)
    assert len(emissions) == 1
    assert not hasattr(readings, "code")
    assert isinstance(emissions[0].payload, Alert)
    assert emissions[0].payload.msg_type is MsgType.ALERT


def _where() -> Places:
    return places(table(), outlines())


async def _partition(log: MemoryLog) -> int:
    return next(one.partition for one in await everything(log, "telegrams"))
