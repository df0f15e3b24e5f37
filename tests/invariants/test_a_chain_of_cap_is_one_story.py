"""Invariants 3 and 8 in CAP: a chain says one thing in whatever order it came, and a shape reaches who is inside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations

from shapely.geometry import box

from schemas.alert import Alert, InfoState, MsgType
from schemas.area import AreaCode
from services.ingest.core.cap.chains import Chains, snapshots
from services.ingest.core.cap.documents import read_document
from services.ingest.core.cap.places import places
from services.ingest.core.cap.reading import Reading, read_message
from services.ingest.core.defect import Defect
from tests.contract.ingest.cap_peers import ODAWARA, cap
from tests.invariants import Twin, hold
from tests.telegrams import table

Tell = Callable[[Sequence[Alert]], Alert | None]
"""The rule: what came of one chain, in the order it came → what the chain says."""
Read = Callable[[bytes], Reading]
"""The rule: a message's bytes → what was read."""

HERE = AreaCode("class20", "1420600")
WHERE = places(table(), {HERE: box(139.0, 35.2, 139.3, 35.35)})
NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
WEST = "35.24,139.05 35.34,139.05 35.34,139.14 35.24,139.14 35.24,139.05"
EAST = "35.24,139.15 35.34,139.15 35.34,139.24 35.24,139.24 35.24,139.15"


def read(body: bytes) -> Reading:
    found = read_document(body)
    assert not isinstance(found, Defect)
    return read_message(found[0], source="cap.city", url="", where=WHERE, surfaces=())


def tell(came: Sequence[Alert]) -> Alert | None:
    chains = Chains()
    whole: Alert | None = None
    for alert in came:
        found = snapshots(chains.add(alert, NOW))
        whole = found[0] if found else None
    return whole


def _alert(body: bytes) -> Alert:
    alert = read(body).alert
    assert alert is not None
    return alert


def _at(minute: int) -> str:
    return f"2026-09-01T19:{minute:02}:00+09:00"


FIRST = _alert(cap(1, sent=_at(1), level="3", event="高齢者等避難"))
SECOND = _alert(cap(2, sent=_at(2), msg_type="Update", names=(1,)))
THIRD = _alert(cap(3, sent=_at(3), msg_type="Update", names=(1, 2), level="5", severity="Extreme"))
MISTAKE = _alert(cap(4, sent=_at(4), msg_type="Cancel", names=(3,)))


def _says(alert: Alert | None) -> object:
    if alert is None:
        return None
    return alert.msg_type, sorted((info.level or 0, info.state.value) for info in alert.info if info.area)


def check_any_order_says_the_same(tell: Tell) -> None:
    for order in permutations((FIRST, SECOND, THIRD)):
        hold(3, _says(tell(order)) == (MsgType.UPDATE, [(5, "active")]), "a late Update lowers nothing")
    for order in permutations((FIRST, SECOND, THIRD, MISTAKE)):
        whole = tell(order)
        is_over = whole is not None and not any(one.state is InfoState.ACTIVE for one in whole.info)
        hold(
            3,
            is_over and _says(whole) == _says(tell(tuple(sorted(order, key=lambda one: one.sent)))),
            "nor undoes an end",
        )


def check_a_cancel_may_come_first(tell: Tell) -> None:
    cancel = _alert(cap(2, sent=_at(2), msg_type="Cancel", names=(1,)))
    whole = tell((cancel, FIRST))
    hold(3, whole is not None and whole.msg_type is MsgType.CANCEL, "what was cancelled before it came never stands")


def check_a_shape_reaches_who_is_inside(read: Read) -> None:
    alert = read(cap(1, area=f"<polygon>{WEST}</polygon>")).alert
    hold(
        8, alert is not None and [one.code for info in alert.info for one in info.area] == [HERE], "the town it touches"
    )
    drawn = [one.polygon for info in alert.info for one in info.area] if alert else []
    hold(8, drawn == [(WEST,)], "and of it what it draws")
    both = read(cap(1, area=f"<polygon>{EAST}</polygon>{ODAWARA}")).alert
    whole = [one.polygon for info in both.info for one in info.area] if both else []
    hold(8, whole == [()], "beside a code a shape narrows nothing: the area is the union of both")


def check_an_area_that_nobody_can_place_is_refused_whole(read: Read) -> None:
    unknown = f"{ODAWARA}</area><area><areaDesc>どこか</areaDesc>"
    reading = read(cap(1, area=unknown))
    hold(8, reading.topic is None and reading.ignored == "refused", "an unknown area is refused whole")
    hold(8, [one.code for one in reading.rows] == ["142069", None], "and every area that was named is still printed")


def test_any_order_says_the_same() -> None:
    check_any_order_says_the_same(tell)


def test_a_cancel_may_come_first() -> None:
    check_a_cancel_may_come_first(tell)


def test_a_shape_reaches_who_is_inside() -> None:
    check_a_shape_reaches_who_is_inside(read)


def test_an_area_that_nobody_can_place_is_refused_whole() -> None:
    check_an_area_that_nobody_can_place_is_refused_whole(read)


# --- wrong rules ---


def what_came_last_counts(came: Sequence[Alert]) -> Alert | None:
    return tell(came[-1:])


def only_what_is_named_is_replaced(came: Sequence[Alert]) -> Alert | None:
    """As if the oldest of all that stands were as good as the newest."""
    whole = tell(came)
    return replace(whole, info=(*whole.info, *came[0].info)) if whole is not None else None


def a_cancel_of_something_unknown_is_dropped(came: Sequence[Alert]) -> Alert | None:
    known: list[Alert] = []
    for alert in came:
        names = {one.split(",")[1] for one in alert.references}
        if alert.msg_type is not MsgType.CANCEL or names & {one.identifier for one in known}:
            known.append(alert)
    return tell(known)


def a_shape_is_its_whole_town(body: bytes) -> Reading:
    reading = read(body)
    assert reading.alert is not None
    infos = tuple(
        replace(info, area=tuple(replace(one, polygon=()) for one in info.area)) for info in reading.alert.info
    )
    return replace(reading, alert=replace(reading.alert, info=infos))


def a_shape_narrows_its_code_too(body: bytes) -> Reading:
    return read(body.replace(ODAWARA.encode(), b"") if b"<polygon>" in body else body)


def an_unknown_area_is_left_out(body: bytes) -> Reading:
    return read(body.replace("<area><areaDesc>どこか</areaDesc></area>".encode(), b""))


TWINS = [
    Twin(3, check_any_order_says_the_same, what_came_last_counts),
    Twin(3, check_any_order_says_the_same, only_what_is_named_is_replaced),
    Twin(3, check_a_cancel_may_come_first, a_cancel_of_something_unknown_is_dropped),
    Twin(8, check_a_shape_reaches_who_is_inside, a_shape_is_its_whole_town),
    Twin(8, check_a_shape_reaches_who_is_inside, a_shape_narrows_its_code_too),
    Twin(8, check_an_area_that_nobody_can_place_is_refused_whole, an_unknown_area_is_left_out),
]
