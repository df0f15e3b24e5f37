"""What the receipts say together: where work goes on, which addresses are dead, how far each send is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from schemas.alert import Alert, Category, Certainty, Drill, Info, InfoState, MsgType, Severity, Status, Urgency
from schemas.lifecycle import Stream
from schemas.lifecycle import fold as fold_stream
from schemas.notification import DeviceOutcome, Outcome, Receipt
from schemas.subscription import Channel
from services.gateway.core import sends as sends_module
from services.gateway.core.sends import Sends, Subject, answer, fold, progress, shown

NOW = datetime(2026, 9, 1, 13, 40, tzinfo=UTC)
SUBJECT = Subject("a1", "jma:VPWW56:140000", "r1")


def receipt(order: str = "o1", *, settled: int = 0, total: int = 4, minute: int = 0, **more: object) -> Receipt:
    said = Receipt(
        order=order,
        alert=SUBJECT.alert,
        stream=SUBJECT.stream,
        revision=SUBJECT.revision,
        channel=Channel.FCM,
        progress=settled,
        total=total,
        final=settled == total,
        accepted=settled,
        latency_ms_max=settled * 10,
        reported_at=NOW + timedelta(minutes=minute),
    )
    return replace(said, **more)  # type: ignore[arg-type]


def dead(device: str, address: str = "f" * 64) -> DeviceOutcome:
    return DeviceOutcome(device=device, outcome=Outcome.DEAD, address_sha256=address)


def test_the_newest_receipt_of_an_order_is_where_work_goes_on() -> None:
    sends = fold(fold(Sends(), [receipt(settled=1)]), [receipt(settled=3, minute=1)])
    found = sends.of(SUBJECT, "o1")
    assert found is not None
    assert found.accepted == 3
    assert sends.of(SUBJECT, "o2") is None
    assert sends.of(Subject("?", "?", "?"), "o1") is None


def test_of_two_workers_receipts_the_one_that_says_more_counts() -> None:
    sends = fold(Sends(), [receipt(settled=4), receipt(settled=2, minute=1)])
    found = sends.of(SUBJECT, "o1")
    assert found is not None
    assert found.final


def test_our_own_test_is_no_sending() -> None:
    assert fold(Sends(), [receipt(stream="canary")]) == Sends()


def test_somebody_who_tries_their_own_device_is_no_sending_but_a_dead_address_is_learnt_of() -> None:
    sends = fold(Sends(), [receipt(stream="test", others=(dead("d1"),))])
    assert sends == Sends(dead={"f" * 64: NOW})


def test_an_address_is_dead_from_when_it_was_first_said() -> None:
    first = receipt(others=(dead("d1"),), minute=1)
    again = receipt(others=(dead("d1"), dead("d2", "")), minute=9)
    assert fold(fold(Sends(), [first]), [again]).dead == {"f" * 64: NOW + timedelta(minutes=1)}


def test_an_address_that_dies_once_more_is_dead_from_then() -> None:
    first, other = receipt("o1", others=(dead("d1"),)), receipt("o2", others=(dead("d1"),), minute=5)
    assert fold(Sends(), [first, other]).dead == {"f" * 64: NOW + timedelta(minutes=5)}


def test_other_outcomes_kill_no_address() -> None:
    left_out = DeviceOutcome(device="d1", outcome=Outcome.EXPIRED)
    assert fold(Sends(), [receipt(others=(left_out,))]).dead == {}


def test_only_the_newest_sendings_are_known() -> None:
    many = [receipt(alert=f"a{number}") for number in range(sends_module.SENDINGS_MAX + 5)]
    kept = fold(Sends(), many).sendings
    assert len(kept) == sends_module.SENDINGS_MAX
    assert next(iter(kept)).alert == "a5"


def test_the_progress_of_a_sending_is_the_sum_of_its_orders() -> None:
    left_out = (dead("d1"), DeviceOutcome(device="d2", outcome=Outcome.NO_ADDRESS), dead("d3"))
    sends = fold(Sends(), [receipt("o1", settled=4), receipt("o2", settled=1, others=left_out, minute=2)])
    (one,) = progress(sends)
    assert (one.total, one.accepted, one.settled, one.orders, one.final) == (8, 5, 8, 2, False)
    assert one.others == {Outcome.DEAD: 2, Outcome.NO_ADDRESS: 1}
    assert (one.began_at, one.reported_at, one.latency_ms_max) == (NOW, NOW + timedelta(minutes=2), 40)


def test_the_operator_is_answered_the_newest_first() -> None:
    sends = fold(Sends(), [receipt(settled=4), receipt(alert="a2", settled=1, others=(dead("d1"),), minute=1)])
    body = answer(sends, 1)
    assert [one["alert"] for one in body["sends"]] == ["a2"]
    assert body["sends"][0]["others"] == {"dead": 1}
    assert body["dead_addresses"] == 1


# --- for the office ---


def stream(*events: str, drill: bool = False, headline: str = "") -> Stream:
    alert = Alert(
        identifier=SUBJECT.alert,
        sender="jma",
        sender_name="横浜地方気象台",
        sent=NOW,
        status=Status.EXERCISE if drill else Status.ACTUAL,
        msg_type=MsgType.ALERT,
        source="jma",
        streams=(SUBJECT.stream,),
        revision=SUBJECT.revision,
        drill=Drill(run="run-1") if drill else None,
        headline=headline,
        info=tuple(
            Info(
                category=Category.MET,
                event=event,
                hazard="landslide",
                state=InfoState.RELEASED,
                rank=rank,
                urgency=Urgency.UNKNOWN,
                severity=Severity.UNKNOWN,
                certainty=Certainty.UNKNOWN,
            )
            for rank, event in enumerate(events, 2)
        ),
    )
    return fold_stream(None, SUBJECT.stream, alert)


def titles(streams: dict[str, Stream]) -> list[tuple[str, bool]]:
    return [(one.title, one.drill) for one in shown(fold(Sends(), [receipt(settled=1)]), streams, 9)]


def test_the_office_sees_sends_by_the_name_of_what_was_sent() -> None:
    loud = stream("大雨注意報", "レベル４土砂災害危険警報", drill=True)
    assert titles({SUBJECT.stream: loud}) == [("土砂災害危険警報", True)]
    assert titles({SUBJECT.stream: stream("", headline="雨が弱まりました")}) == [("雨が弱まりました", False)]
    assert titles({SUBJECT.stream: stream()}) == [(SUBJECT.stream, False)]
    assert titles({}) == [(SUBJECT.stream, False)]


def test_the_office_sees_who_was_left_out() -> None:
    sends = fold(Sends(), [receipt(settled=2, others=(dead("d1"),))])
    (one,) = shown(sends, {}, 9)
    assert (one.accepted, one.left_out, one.total, one.percent, one.final) == (2, 1, 4, 75, False)


def test_an_alert_that_is_kept_no_more_is_shown_by_its_stream() -> None:
    other = replace(stream("大雨警報"), kept=(replace(stream("大雨警報").kept[0], identifier="other"),))
    assert titles({SUBJECT.stream: other}) == [(SUBJECT.stream, False)]
