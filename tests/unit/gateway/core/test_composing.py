from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from schemas.alert import Alert, Area, InfoState, MsgType, Origin, Scope, Status
from schemas.area import AreaCode
from schemas.office import Matter, Purpose
from services.gateway.core import composing
from services.gateway.core.composing import compose, compose_withdrawal, event_of, fault, over_of, read, text_of
from services.gateway.core.incident import Incident
from tests.factories import ODAWARA, at
from tests.office import DRILL, MESSAGE, REAL, SENDER, Play, a_content, a_drill, a_drill_order, a_real_order

FRESH = Incident(id=REAL, matter=Matter.ORDER)
FRESH_DRILL = Incident(id=DRILL, matter=Matter.ORDER, drill=a_drill())


def composed(incident: Incident = FRESH, purpose: Purpose = Purpose.ISSUE, **content: object) -> Alert:
    return compose(incident, purpose, a_content(**content), at=at(0.51), sender=SENDER)  # type: ignore[arg-type]


# --- what goes out ---


def test_an_order_is_a_full_alert_of_the_city() -> None:
    alert = composed()
    (info,) = alert.info
    assert (alert.status, alert.msg_type, alert.origin, alert.source) == (
        Status.ACTUAL,
        MsgType.ALERT,
        Origin.OFFICE,
        "office",
    )
    assert (alert.streams, alert.revision, alert.identifier) == (
        (f"office:{REAL}",),
        "000001",
        f"office:{REAL}:000001",
    )
    assert (alert.sender_name, alert.sent, alert.lease) == ("小田原市", at(0.5), f"office:{REAL}")
    assert alert.headline == "小田原市 避難指示（土砂災害） 早川・風祭"
    assert (info.event, info.hazard, info.level, info.rank, info.state) == (
        "避難指示",
        f"evacuation:{REAL}",
        4,
        4,
        InfoState.ACTIVE,
    )
    assert info.headline == "土砂災害"
    assert info.area == (Area(area_desc="小田原市 早川・風祭", code=ODAWARA),)
    assert (info.instruction, info.instruction_easy, info.instruction_en) == (MESSAGE.ja, MESSAGE.easy, MESSAGE.en)


def test_a_drill_says_so_first_and_has_its_own_stream() -> None:
    alert = composed(FRESH_DRILL, expires=at(90))
    assert (alert.status, alert.drill, alert.streams) == (Status.EXERCISE, a_drill(), (f"office:{DRILL}~{DRILL}",))
    assert alert.headline.startswith("【訓練】小田原市 避難指示")
    assert (alert.info[0].expires, alert.lease) == (at(90), "")


@pytest.mark.parametrize(("level", "event"), [(3, "高齢者等避難"), (4, "避難指示"), (5, "緊急安全確保")])
def test_an_order_is_called_by_its_level(level: int, event: str) -> None:
    assert composed(level=level).info[0].event == event


@pytest.mark.parametrize(
    ("matter", "event", "over", "rank", "hazard"),
    [
        (Matter.SHELTER, "避難所開設", "避難所閉鎖", 3, "shelter"),
        (Matter.NOTICE, "お知らせ", "お知らせ 終了", 2, "notice"),
    ],
)
def test_what_has_no_level_has_a_rank(matter: Matter, event: str, over: str, rank: int, hazard: str) -> None:
    alert = composed(Incident(id=REAL, matter=matter), level=None, cause="")
    (info,) = alert.info
    assert (info.event, info.level, info.rank, info.hazard) == (event, None, rank, f"{hazard}:{REAL}")
    assert alert.headline == f"小田原市 {event} 早川・風祭"
    assert over_of(matter, None) == over


def test_an_order_without_a_level_is_called_by_its_kind() -> None:
    assert event_of(Matter.ORDER, None).ja == "避難情報"


def test_an_area_without_a_name_is_named_by_its_code() -> None:
    strange = AreaCode("class20", "9999900")
    assert composed(areas=(strange,)).info[0].area[0].area_desc == "9999900 早川・風祭"


def test_an_end_releases_the_areas_and_needs_no_lease() -> None:
    play = a_real_order().issued()
    alert = compose(play.now, Purpose.END, a_content(), at=at(60), sender=SENDER)
    (info,) = alert.info
    assert (alert.msg_type, alert.revision, alert.lease) == (MsgType.UPDATE, "000002", "")
    assert (info.state, info.level, info.rank, info.event) == (InfoState.RELEASED, None, None, "避難指示 解除")
    assert alert.references == (f"jp.lg.142069,office:{REAL}:000001,{at(0).isoformat()}",)
    assert alert.headline == "小田原市 避難指示 解除（土砂災害） 早川・風祭"


def test_a_withdrawal_names_everything_and_has_fixed_words() -> None:
    play = a_real_order().issued().changed(Purpose.CHANGE, a_content(5))
    alert = compose_withdrawal(play.now, at=at(60), sender=SENDER)
    assert (alert.msg_type, alert.info, len(alert.references)) == (MsgType.CANCEL, (), 2)
    assert (alert.event, alert.headline) == (
        "緊急安全確保 取り消し",
        "先ほどの避難情報は誤りでした。取り消します。",
    )
    drill = a_drill_order().issued(a_content(expires=at(90)))
    assert compose_withdrawal(drill.now, at=at(60), sender=SENDER).headline.startswith("【訓練】先ほどの")
    assert compose_withdrawal(FRESH, at=at(0), sender=SENDER).event == "避難情報 取り消し"


def test_the_text_reads_back_and_nothing_else_does() -> None:
    alert = composed()
    assert read(text_of(alert)) == alert
    assert read("{}") is None


def test_a_broken_issue_is_not_referred_to() -> None:
    play = a_real_order().issued()
    broken = replace(play.now, issues=(replace(play.last, alert="{}"),))
    assert composing.references(broken) == ()


# --- the check of bytes ---


def faulty(change: Callable[[Alert], Alert], play: Play | None = None) -> str:
    """What is found wrong with the bytes of an order after a change to them."""
    incident = play.now if play else FRESH
    alert = composed(incident)
    return fault(incident, Purpose.ISSUE, a_content(), text_of(change(alert)), at(0.51))


def test_what_was_composed_from_the_draft_is_right() -> None:
    assert faulty(lambda alert: alert) == ""
    shelter = Incident(id=REAL, matter=Matter.SHELTER)
    text = text_of(composed(shelter, level=None))
    assert fault(shelter, Purpose.ISSUE, a_content(level=None), text, at(0.51)) == ""
    ended = a_real_order().issued()
    text = text_of(compose(ended.now, Purpose.END, a_content(), at=at(9), sender=SENDER))
    assert fault(ended.now, Purpose.END, a_content(), text, at(9)) == ""


def with_info(**changes: object) -> Callable[[Alert], Alert]:
    return lambda alert: replace(alert, info=(replace(alert.info[0], **changes),))  # type: ignore[arg-type]


def with_area(**changes: object) -> Callable[[Alert], Alert]:
    return lambda alert: with_info(area=(replace(alert.info[0].area[0], **changes),))(alert)  # type: ignore[arg-type]


WRONG: list[tuple[str, Callable[[Alert], Alert]]] = [
    ("status", lambda alert: replace(alert, status=Status.EXERCISE, drill=a_drill(REAL))),
    ("status", lambda alert: replace(alert, status=Status.TEST)),
    ("streams", lambda alert: replace(alert, streams=("office:other",))),
    ("streams", lambda alert: replace(alert, streams=(*alert.streams, "jma:VPWW56:140000"))),
    ("origin", lambda alert: replace(alert, origin=Origin.OFFICIAL)),
    ("source", lambda alert: replace(alert, source="jma")),
    ("scope", lambda alert: replace(alert, scope=Scope.PRIVATE)),
    ("revision", lambda alert: replace(alert, revision="000009")),
    ("identifier", lambda alert: replace(alert, identifier="x")),
    ("references", lambda alert: replace(alert, references=("a,b,c",))),
    ("sent", lambda alert: replace(alert, sent=at(7))),
    ("drill mark", lambda alert: replace(alert, headline="【訓練】" + alert.headline)),
    ("msgType", lambda alert: replace(alert, msg_type=MsgType.CANCEL)),
    ("lease", lambda alert: replace(alert, lease="")),
    ("info", lambda alert: replace(alert, info=())),
    ("info", lambda alert: replace(alert, info=alert.info * 2)),
    ("hazard", with_info(hazard="landslide")),
    ("state", with_info(state=InfoState.RELEASED)),
    ("level", with_info(level=5)),
    ("rank", with_info(rank=2)),
    ("rank", with_info(rank=None)),
    ("expires", with_info(expires=at(9))),
    ("instruction", with_info(instruction="何もしないでください")),
    ("instructionEasy", with_info(instruction_easy="")),
    ("instructionEn", with_info(instruction_en="")),
    ("areas", with_info(area=())),
    ("areas", with_area(code=AreaCode("class20", "1420800"))),
    ("areaDesc", with_area(area_desc="小田原市 全域")),
    ("polygon", with_area(polygon=("35,139 36,139 36,140 35,139",))),
    ("polygon", with_area(circle=("35,139 10",))),
]


@pytest.mark.parametrize(
    ("named", "change"), WRONG, ids=[f"{number} {named}" for number, (named, _) in enumerate(WRONG)]
)
def test_bytes_that_say_anything_else_are_found_out(named: str, change: Callable[[Alert], Alert]) -> None:
    assert named in faulty(change)


def test_what_is_no_alert_is_said_to_be_none() -> None:
    assert fault(FRESH, Purpose.ISSUE, a_content(), "[]", at(0)) == "they are no alert"


@pytest.mark.parametrize("content", [a_content(areas=()), a_content(districts=" ")], ids=["no area", "no district"])
def test_a_draft_that_names_no_place_gives_no_bytes(content: object) -> None:
    alert = compose(FRESH, Purpose.ISSUE, content, at=at(0), sender=SENDER)  # type: ignore[arg-type]
    assert "areas" in fault(FRESH, Purpose.ISSUE, content, text_of(alert), at(0))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("named", "change"),
    [
        ("msgType", {"msg_type": MsgType.UPDATE}),
        ("headline", {"headline": "間違えました"}),
        ("info", {"info": composed().info}),
        ("lease", {"lease": f"office:{REAL}"}),
        ("references", {"references": ()}),
    ],
)
def test_a_withdrawal_says_what_it_always_says(named: str, change: dict[str, object]) -> None:
    play = a_real_order().issued()
    alert = compose_withdrawal(play.now, at=at(9), sender=SENDER)
    assert fault(play.now, Purpose.WITHDRAW, None, text_of(alert), at(9)) == ""
    wrong = replace(alert, **change)  # type: ignore[arg-type]
    assert named in fault(play.now, Purpose.WITHDRAW, None, text_of(wrong), at(9))
