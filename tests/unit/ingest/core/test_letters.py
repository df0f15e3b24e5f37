from __future__ import annotations

from base64 import b64decode
from dataclasses import replace

from schemas.telegram import DeadLetter
from services.ingest.core.defect import Code, Defect
from services.ingest.core.letters import (
    DEFECTS_NAMED_MAX,
    NOWHERE,
    VALUE_BYTES_MAX,
    Origin,
    alert_records,
    chain_record,
    dead_record,
    fatal,
    never_fetched,
    partial,
    refusal,
)
from services.ingest.core.trouble import Trouble, unfetched
from tests.factories import an_alert, at

ORIGIN = Origin(
    id="jma.extra:https://feeds.example/a.xml", key="the key", partition=2, offset=7, at=at(3), value=b"<x/>"
)
FOUND = Trouble(code="E3103", message="a.xml cannot be used", hint="compare it")


def letter(origin: Origin = ORIGIN) -> DeadLetter:
    payload = dead_record(origin, FOUND).payload
    assert isinstance(payload, DeadLetter)
    return payload


def test_an_alert_is_a_record_of_each_of_its_streams() -> None:
    alert = replace(an_alert(0), streams=("jma:VTSE41:1", "jma:VTSE41:2"))
    records = alert_records(alert, "alerts.emergency")
    assert [(one.topic, one.key, one.id) for one in records] == [
        ("alerts.emergency", stream, f"alert:{alert.identifier}@{stream}") for stream in alert.streams
    ]
    assert all(one.payload == alert for one in records)


def test_a_dead_letter_says_where_it_came_from_and_why() -> None:
    record = dead_record(ORIGIN, FOUND)
    assert (record.topic, record.key, record.id) == ("dead", "the key", f"dead:{ORIGIN.id}:E3103")
    assert (letter().topic, letter().partition, letter().offset, letter().key) == ("telegrams", 2, 7, "the key")
    assert (letter().code, letter().reason, letter().hint) == ("E3103", FOUND.message, FOUND.hint)
    assert b64decode(letter().value) == b"<x/>"


def test_the_same_record_gives_the_same_letter() -> None:
    assert dead_record(ORIGIN, FOUND) == dead_record(ORIGIN, FOUND)
    assert letter().died_at == ORIGIN.at


def test_of_a_huge_value_the_sum_is_kept() -> None:
    assert letter(replace(ORIGIN, value=b"x" * (VALUE_BYTES_MAX + 1))).value.startswith("sha256:")
    assert b64decode(letter(replace(ORIGIN, value=b"x" * VALUE_BYTES_MAX)).value) == b"x" * VALUE_BYTES_MAX


def test_what_never_came_in_has_its_address_and_no_place() -> None:
    record = never_fetched(
        "jma.extra:https://feeds.example/b.xml", unfetched("jma.extra", "/b.xml", 10, "HTTP 404"), at(9)
    )
    payload = record.payload
    assert isinstance(payload, DeadLetter)
    assert record.key == "jma.extra:https://feeds.example/b.xml"
    assert (payload.partition, payload.offset, payload.value, payload.died_at) == (NOWHERE, NOWHERE, "", at(9))


def test_a_fatal_defect_is_told_with_the_file_s_name() -> None:
    found = fatal("a.xml", Defect(code=Code.NOT_WELL_FORMED, reason="no element found"))
    assert found.code == "E3103"
    assert "a.xml" in found.message
    assert "no element found" in found.message


def test_what_was_left_out_is_named_up_to_a_limit() -> None:
    defects = [Defect(code=Code.UNKNOWN_AREA, reason=f"area {number}") for number in range(DEFECTS_NAMED_MAX + 5)]
    found = partial("a.xml", defects)
    assert found.code == "E3123"
    assert "E3123 area 0;" in found.message
    assert "and 5 more" in found.message
    assert found.hint == defects[0].hint
    assert "more" not in partial("a.xml", defects[:2]).message


def test_what_a_chain_says_is_named_by_stream_and_revision() -> None:
    alert = replace(an_alert(0), streams=("cap:s:a",), revision="r.0002")
    record = chain_record(alert, "alerts.emergency")
    assert (record.topic, record.key, record.id) == ("alerts.emergency", "cap:s:a", "alert:cap:s:a@r.0002")
    assert record.payload == alert


def test_a_message_is_refused_for_the_last_thing_that_refuses_it() -> None:
    order, area = Defect(code=Code.CAP_ORDER, reason="o"), Defect(code=Code.CAP_UNKNOWN_AREA, reason="a")
    assert refusal((area, order)) is area
    assert refusal((order,)) is order
